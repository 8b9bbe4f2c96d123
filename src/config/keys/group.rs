//! Rows of `[group:x]` (A3.80) and `[include]` (A2.30).

super::keys! { KEYS:
    PROGRAMS "programs" List Some(""), "3.0", "Programs that belong to it, with commas.",
        "Each must be a `[program:x]` or `[fcgi-program:x]`, and not both.";
    PRIORITY "priority" Integer Some("999"), "3.0", "Lower groups start earlier and stop later.";
}

super::keys! { INCLUDE:
    FILES "files" Patterns None, "3.0", "Further files to read, with blanks between the patterns; must be given.";
}
