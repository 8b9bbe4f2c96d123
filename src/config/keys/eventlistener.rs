//! Rows that only `[eventlistener:x]` has (A3.70–A3.73).

super::keys! { KEYS:
    EVENTS "events" List Some(""), "3.0", "Event types it is told; must be given.",
        "Only known types.";
    BUFFER_SIZE "buffer_size" Integer Some("10"), "3.0", "Events kept while no listener is ready.",
        "At least 1.";
    LEN_UNIT "len_unit" LenUnit Some("characters"), "ours", "What the len of its event headers counts.";
    RESULT_HANDLER "result_handler" Factory Some("supervisor.dispatchers:default_handler"), "3.0",
        "What judges its answers.";
    PRIORITY "priority" Integer Some("-1"), "3.0", "Of the pool: listeners start first and stop last.";
}
