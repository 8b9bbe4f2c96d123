//! Rows that only `[fcgi-program:x]` has (A3.83).

super::keys! { KEYS:
    SOCKET "socket" Socket None, "3.0", "Where its processes listen; must be given.";
    SOCKET_BACKLOG "socket_backlog" Integer None, "3.4.0", "Connections that may wait; the system's most if unset.",
        "From 1 to 65535.";
    SOCKET_OWNER "socket_owner" UserGroup None, "3.0", "Owner of a unix socket; as `user` if unset.",
        "Only with a unix socket.";
    SOCKET_MODE "socket_mode" Octal None, "3.0", "Mode of a unix socket; 0700 if unset.",
        "Only with a unix socket.";
}

/// The mode of a unix socket whose section sets none. It is not the key's
/// default, since the key itself is refused for TCP sockets (A3.84).
pub const SOCKET_MODE_IF_UNSET: u32 = 0o700;
