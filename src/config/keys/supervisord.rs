//! Rows of `[supervisord]` (A3.10–A3.22).

super::keys! { KEYS:
    LOGFILE "logfile" DirPath Some("supervisord.log"), "3.0", "File of the activity log; `syslog` sends it there.";
    LOGFILE_MAXBYTES "logfile_maxbytes" ByteSize Some("50MB"), "3.0",
        "Size at which the activity log rotates; 0 is never.";
    LOGFILE_BACKUPS "logfile_backups" Integer Some("10"), "3.0", "Rotated parts to keep; 0 starts the file anew.";
    LOGLEVEL "loglevel" LogLevel Some("info"), "3.0", "The quietest messages that are still written.";
    PIDFILE "pidfile" DirPath Some("supervisord.pid"), "3.0", "File that holds the process id.";
    UMASK "umask" Octal Some("022"), "3.0", "Mask for new files once in the background.";
    NODAEMON "nodaemon" Boolean Some("false"), "3.0", "Stay in the foreground.";
    SILENT "silent" Boolean Some("false"), "4.2.0", "No copy of the activity log on the terminal.";
    MINFDS "minfds" Integer Some("1024"), "3.0", "Open files that must be possible.",
        "0 or less is no check.";
    MINPROCS "minprocs" Integer Some("200"), "3.0", "Processes that must be possible.",
        "Less than 0 is no check.";
    NOCLEANUP "nocleanup" Boolean Some("false"), "3.0", "Keep the AUTO logs of earlier runs.";
    CHILDLOGDIR "childlogdir" Directory None, "3.0",
        "Directory for AUTO logs; the system's place for temporary files if unset.";
    USER "user" User None, "3.0", "Account to change to after a start by root.",
        "Only root can become somebody else.";
    DIRECTORY "directory" Directory None, "3.0", "Directory to enter once in the background.";
    STRIP_ANSI "strip_ansi" Boolean Some("false"), "3.0", "Remove terminal colours from the logs of programs.";
    ENVIRONMENT "environment" Environment Some(""), "3.0", "Variables for all programs.";
    IDENTIFIER "identifier" Text Some("supervisor"), "3.0", "Name of this daemon, for clients and event listeners.";
    FOREIGN_RPCINTERFACES "foreign_rpcinterfaces" Foreign Some("refuse"), "ours",
        "What happens to Python plug-ins, event result handlers and event types: `refuse` to start, or `ignore` them.";
    CROSS_ORIGIN "cross_origin" Boolean Some("false"), "ours",
        "Whether web pages of other sites may call this daemon from a browser.";
    REQUEST_MAXBYTES "request_maxbytes" ByteSize Some("64MB"), "ours",
        "Longest body of a call that is read; a longer one is refused.", "From 64KB to 1GB.";
}
