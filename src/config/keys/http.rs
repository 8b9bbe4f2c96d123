//! Rows of the two server sections (A3.25–A3.29).

use super::Key;

super::keys! { UNIX_ONLY:
    FILE "file" Path None, "3.0", "Path of the socket; must be given.",
        "Nothing but a socket may stand there already.";
    CHMOD "chmod" Octal Some("0700"), "3.0", "Mode of the socket.";
    CHOWN "chown" UserGroup None, "3.0", "Owner of the socket; unchanged if unset.";
}

super::keys! { INET_ONLY:
    PORT "port" InetAddress None, "3.0", "Address and port, or `*:port` for all addresses; must be given.",
        "Port from 1 to 65535.";
}

super::keys! { ACCESS:
    USERNAME "username" Text None, "3.0", "Name a client must give; everybody is served if unset.",
        "Both of username and password, or none.";
    PASSWORD "password" Text None, "3.0", "Password a client must give, or `{SHA}` and its digest.",
        "Both of username and password, or none.";
}

/// All rows of `[unix_http_server]`.
pub const UNIX: &[Key] = &[FILE, CHMOD, CHOWN, USERNAME, PASSWORD];

/// All rows of `[inet_http_server]`.
pub const INET: &[Key] = &[PORT, USERNAME, PASSWORD];
