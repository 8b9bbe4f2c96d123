//! Rows of `[supervisorctl]` (B3.2.4).

super::keys! { KEYS:
    SERVERURL "serverurl" Url Some("http://localhost:9001"), "3.0",
        "Where the daemon is reached: `http://host:port` or `unix:///path`.";
    USERNAME "username" Text None, "3.0", "Name to give to the daemon.";
    PASSWORD "password" Text None, "3.0", "Password to give to the daemon.";
    PROMPT "prompt" Text Some("supervisor"), "3.0", "What the shell shows in front of a command.";
    HISTORY_FILE "history_file" Path None, "3.0a5", "File that keeps the shell's commands.";
}
