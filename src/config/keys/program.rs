//! Rows of `[program:x]`, shared by listeners and FastCGI programs (A3.40–A3.63).

super::keys! { KEYS:
    COMMAND "command" Text None, "3.0", "Command line to run; must be given.";
    PROCESS_NAME "process_name" Name Some("%(program_name)s"), "3.0", "Name of each process.",
        "No blank, colon or slash.";
    NUMPROCS "numprocs" Integer Some("1"), "3.0", "How many processes of it to run.",
        "Above 1, `process_name` must contain `%(process_num)`. 0 or less is none.";
    NUMPROCS_START "numprocs_start" Integer Some("0"), "3.0", "Number of the first process.";
    PRIORITY "priority" Integer Some("999"), "3.0", "Lower ones start earlier and stop later.";
    AUTOSTART "autostart" Boolean Some("true"), "3.0", "Start together with the daemon.";
    STARTSECS "startsecs" Integer Some("1"), "3.0", "Seconds it must stay up to count as running.";
    STARTRETRIES "startretries" Integer Some("3"), "3.0", "Further tries after a failed start.";
    AUTORESTART "autorestart" AutoRestart Some("unexpected"), "3.0", "Whether to start it again when it ends.";
    EXITCODES "exitcodes" ExitCodes Some("0"), "3.0", "Exit codes that are no surprise.";
    STOPSIGNAL "stopsignal" Signal Some("TERM"), "3.0", "Signal that asks it to stop.";
    STOPWAITSECS "stopwaitsecs" Integer Some("10"), "3.0", "Seconds until it is killed.";
    STOPASGROUP "stopasgroup" Boolean Some("false"), "3.0b1", "Ask its whole process group to stop.";
    KILLASGROUP "killasgroup" Boolean None, "3.0a11", "Kill its whole process group; as stopasgroup if unset.",
        "Not false while stopasgroup is true.";
    USER "user" User None, "3.0", "Account to run it as.",
        "Only root can become somebody else.";
    REDIRECT_STDERR "redirect_stderr" Boolean Some("false"), "3.0", "Send its errors where its output goes.",
        "`stderr_logfile` has no effect then; an event listener cannot have it.";
    STDOUT_LOGFILE "stdout_logfile" LogfileName Some("AUTO"), "3.0", "File for its output; AUTO or NONE.";
    STDOUT_LOGFILE_MAXBYTES "stdout_logfile_maxbytes" ByteSize Some("50MB"), "3.0",
        "Size at which that file rotates; 0 is never.";
    STDOUT_LOGFILE_BACKUPS "stdout_logfile_backups" Integer Some("10"), "3.0", "Rotated parts of it to keep.";
    STDOUT_CAPTURE_MAXBYTES "stdout_capture_maxbytes" ByteSize Some("0"), "3.0",
        "Bytes kept of a captured message; 0 turns capturing off.";
    STDOUT_EVENTS_ENABLED "stdout_events_enabled" Boolean Some("false"), "3.0a7",
        "Send its output to event listeners, too.";
    STDOUT_SYSLOG "stdout_syslog" Boolean Some("false"), "4.0.0", "Send its output to syslog, too.";
    STDERR_LOGFILE "stderr_logfile" LogfileName Some("AUTO"), "3.0", "File for its errors; AUTO or NONE.";
    STDERR_LOGFILE_MAXBYTES "stderr_logfile_maxbytes" ByteSize Some("50MB"), "3.0",
        "Size at which that file rotates; 0 is never.";
    STDERR_LOGFILE_BACKUPS "stderr_logfile_backups" Integer Some("10"), "3.0", "Rotated parts of it to keep.";
    STDERR_CAPTURE_MAXBYTES "stderr_capture_maxbytes" ByteSize Some("0"), "3.0",
        "Bytes kept of a captured message; 0 turns capturing off.";
    STDERR_EVENTS_ENABLED "stderr_events_enabled" Boolean Some("false"), "3.0a7",
        "Send its errors to event listeners, too.";
    STDERR_SYSLOG "stderr_syslog" Boolean Some("false"), "4.0.0", "Send its errors to syslog, too.";
    ENVIRONMENT "environment" Environment Some(""), "3.0", "Variables for this program, over those of the daemon.";
    DIRECTORY "directory" Path None, "3.0", "Directory it starts in.";
    UMASK "umask" Octal None, "3.0", "Mask for files it makes; the daemon's if unset.";
    SERVERURL "serverurl" Text Some("AUTO"), "3.0", "What it finds in SUPERVISOR_SERVER_URL.",
        "AUTO is the first server of this daemon; empty sets no variable.";
}
