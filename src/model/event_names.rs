//! Names of event types and what each is a kind of (A6.1–A6.33).
//!
//! The one table: a configuration is checked against it, and subscriptions are
//! decided by it. What an event carries is decided elsewhere.

/// Each type and the one it is a kind of; the root has none. A parent stands
/// before its children, and types that have children are never sent.
pub const EVENT_NAMES: &[(&str, &str)] = &[
    ("EVENT", ""),
    ("PROCESS_STATE", "EVENT"),
    ("PROCESS_STATE_STARTING", "PROCESS_STATE"),
    ("PROCESS_STATE_BACKOFF", "PROCESS_STATE"),
    ("PROCESS_STATE_RUNNING", "PROCESS_STATE"),
    ("PROCESS_STATE_STOPPING", "PROCESS_STATE"),
    ("PROCESS_STATE_STOPPED", "PROCESS_STATE"),
    ("PROCESS_STATE_EXITED", "PROCESS_STATE"),
    ("PROCESS_STATE_FATAL", "PROCESS_STATE"),
    ("PROCESS_STATE_UNKNOWN", "PROCESS_STATE"),
    ("PROCESS_LOG", "EVENT"),
    ("PROCESS_LOG_STDOUT", "PROCESS_LOG"),
    ("PROCESS_LOG_STDERR", "PROCESS_LOG"),
    ("PROCESS_COMMUNICATION", "EVENT"),
    ("PROCESS_COMMUNICATION_STDOUT", "PROCESS_COMMUNICATION"),
    ("PROCESS_COMMUNICATION_STDERR", "PROCESS_COMMUNICATION"),
    ("REMOTE_COMMUNICATION", "EVENT"),
    ("SUPERVISOR_STATE_CHANGE", "EVENT"),
    ("SUPERVISOR_STATE_CHANGE_RUNNING", "SUPERVISOR_STATE_CHANGE"),
    ("SUPERVISOR_STATE_CHANGE_STOPPING", "SUPERVISOR_STATE_CHANGE"),
    ("TICK", "EVENT"),
    ("TICK_5", "TICK"),
    ("TICK_60", "TICK"),
    ("TICK_3600", "TICK"),
    ("PROCESS_GROUP", "EVENT"),
    ("PROCESS_GROUP_ADDED", "PROCESS_GROUP"),
    ("PROCESS_GROUP_REMOVED", "PROCESS_GROUP"),
];

/// Whether `events=` may hold this name; upper case, as it is on the wire.
#[must_use]
pub fn is_event_name(name: &str) -> bool {
    EVENT_NAMES.iter().any(|(known, _)| *known == name)
}

/// Whether an event called `name` is what a subscriber of `wanted` gets: the
/// same type, or any below it (A6.1).
#[must_use]
pub fn is_kind_of(name: &str, wanted: &str) -> bool {
    let mut current = name;
    while current != wanted {
        match EVENT_NAMES.iter().find(|(known, _)| *known == current) {
            Some((_, parent)) => current = parent,
            None => return false,
        }
    }
    is_event_name(wanted)
}

#[cfg(test)]
mod tests {
    use super::{EVENT_NAMES, is_event_name, is_kind_of};

    /// A6.1
    #[test]
    fn a_type_is_a_kind_of_itself_and_of_all_above_it() {
        for wanted in ["PROCESS_STATE_FATAL", "PROCESS_STATE", "EVENT"] {
            assert!(is_kind_of("PROCESS_STATE_FATAL", wanted), "{wanted}");
        }
        for wanted in ["PROCESS_STATE_EXITED", "PROCESS_LOG", "PROCESS", "process_state", ""] {
            assert!(!is_kind_of("PROCESS_STATE_FATAL", wanted), "{wanted}");
        }
        assert!(!is_kind_of("PROCESS_STATE", "PROCESS_STATE_FATAL"));
        assert!(!is_kind_of("NO_SUCH", "NO_SUCH"));
    }

    #[test]
    fn each_parent_stands_above_its_children() {
        for (row, (name, parent)) in EVENT_NAMES.iter().enumerate() {
            let above = EVENT_NAMES[..row].iter().any(|(known, _)| known == parent);
            assert!(above || (*name == "EVENT" && parent.is_empty()), "{name} is a kind of {parent}");
            assert!(is_event_name(name));
        }
    }
}
