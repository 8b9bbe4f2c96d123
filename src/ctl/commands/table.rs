//! All commands, by name. Not what they do: that is in the file of each.
//!
//! It is long because it is one table, from which the help, the manual page and
//! the completions of three shells are made.

use super::{Arguments, Check, Command, Completes, Origin};
use super::{
    avail, clear, daemon, fg, groups, help, logs, open, pid, quit, reread, restart, signal, start, status, stop,
};
use super::{tail, top, update, version, wait};
use crate::ctl::exit;

/// What a row does not say.
const PLAIN: Command = Command {
    name: "",
    origin: Origin::Upstream,
    check: Check::Nothing,
    arguments: Arguments::Any,
    completes: Completes::Nothing,
    json: None,
    flags: &[],
    summary: "",
    forms: &[],
    notes: "",
    run: quit,
};

/// A row about processes of a daemon that is up.
const PROCESSES: Command = Command { check: Check::Up, completes: Completes::Processes, ..PLAIN };

const JSON: (&str, &str) = (super::JSON_WORD, "tell it as one JSON document");
const PATTERNS: &str = "Where nothing has exactly that name, a name may be a pattern with * ? and [...].";

/// See the module.
pub const COMMANDS: &[Command] = &[
    Command {
        name: "add",
        completes: Completes::Groups,
        summary: "make groups of the last reread configuration active",
        forms: &[("add <group>...", "Make groups of the last reread configuration active.")],
        run: groups::add,
        ..PLAIN
    },
    Command {
        name: "avail",
        arguments: Arguments::None,
        json: Some("processes"),
        flags: &[JSON],
        summary: "list what the configuration has, in use or not",
        forms: &[
            ("avail", "List all processes of the configuration, in use or not, with their priorities."),
            ("avail --json", "The same as one JSON document."),
        ],
        run: avail::run,
        ..PLAIN
    },
    Command {
        name: "clear",
        summary: "empty the logs of processes",
        forms: &[
            ("clear <name>...", "Empty the logs of processes."),
            ("clear <group>:*", "Empty the logs of all processes of a group."),
            ("clear all", "Empty the logs of all processes."),
        ],
        notes: PATTERNS,
        run: clear::run,
        ..PROCESSES
    },
    Command { name: "EOF", origin: Origin::Hidden, ..PLAIN },
    Command { name: "exit", summary: "leave the prompt", forms: &[("exit", "Leave the prompt.")], ..PLAIN },
    Command {
        name: "fg",
        summary: "show the output of a process and send it what is typed",
        forms: &[("fg <name>", "Show the output of a running process and send it what is typed; Ctrl-C leaves it.")],
        run: fg::run,
        ..PROCESSES
    },
    Command {
        name: "help",
        completes: Completes::Commands,
        summary: "list the commands, or explain one",
        forms: &[("help", "List the commands."), ("help <command>", "Explain one.")],
        run: help::run,
        ..PLAIN
    },
    Command {
        name: "logs",
        origin: Origin::Ours,
        flags: &[
            ("-f", "go on with what is written from now on"),
            ("-n", "the number of lines to begin with"),
            ("--since", "only logs that were written to in this time"),
        ],
        summary: "show the last lines of several processes, stdout and stderr",
        forms: &[
            ("logs <name>...", "Show the last 10 lines of both logs of each process."),
            ("logs -n <lines> <name>...", "Show that many."),
            ("logs -f <name>...", "Go on with what is written from now on; Ctrl-C ends it."),
            ("logs --since=10m <name>...", "Show the logs that were written to in the last 10 minutes (s, m, h, d)."),
        ],
        notes: "Several processes are told apart by their names in front of each line: | is stdout, ! is stderr. \
                Logs hold no times, so --since goes by that of the file: a log that was written to since is \
                shown whole, one that was not is left out. Rotated parts are not shown.",
        run: logs::run,
        ..PROCESSES
    },
    Command {
        name: "maintail",
        check: Check::Up,
        flags: &[("-f", "go on with what is written from now on")],
        summary: "show the end of the daemon's own log",
        forms: &[
            ("maintail", "Show the last 1600 bytes of the daemon's own log."),
            ("maintail -<bytes>", "Show that many."),
            ("maintail -f", "Show the last bytes and what is written from now on; Ctrl-C ends it."),
        ],
        run: tail::run_main,
        ..PLAIN
    },
    Command {
        name: "open",
        summary: "go on with another daemon",
        forms: &[("open <url>", "Go on with the daemon at http://HOST:PORT or unix://PATH.")],
        run: open::run,
        ..PLAIN
    },
    Command {
        name: "pid",
        summary: "tell the pid of the daemon or of processes",
        forms: &[
            ("pid", "Tell the pid of the daemon."),
            ("pid <name>...", "Tell the pids of processes, 0 for one that is not there."),
            ("pid all", "Tell the pid of every process, one on each line."),
        ],
        notes: PATTERNS,
        run: pid::run,
        ..PROCESSES
    },
    Command { name: "quit", summary: "leave the prompt", forms: &[("quit", "Leave the prompt.")], ..PLAIN },
    Command {
        name: "reload",
        arguments: Arguments::None,
        summary: "restart the daemon and all its processes",
        forms: &[("reload", "Restart the daemon and all its processes.")],
        run: daemon::reload,
        ..PLAIN
    },
    Command {
        name: "remove",
        completes: Completes::Groups,
        summary: "take stopped groups out of use",
        forms: &[("remove <group>...", "Take groups out of use, whose processes have to be stopped.")],
        run: groups::remove,
        ..PLAIN
    },
    Command {
        name: "reread",
        arguments: Arguments::None,
        json: Some("changes"),
        flags: &[JSON],
        summary: "read the configuration and tell what is new, without a change",
        forms: &[
            ("reread", "Have the configuration read again and tell what is new; nothing is started or stopped."),
            ("reread --json", "The same as one JSON document."),
        ],
        run: reread::run,
        ..PLAIN
    },
    Command {
        name: "restart",
        json: Some("results"),
        flags: &[JSON],
        summary: "stop processes and start them again",
        forms: &[
            ("restart <name>...", "Stop processes and start them again."),
            ("restart <group>:*", "Stop and start all processes of a group."),
            ("restart all", "Stop and start all processes."),
            ("restart --json ...", "The same, with the results as one JSON document."),
        ],
        notes: "Changes of the configuration are not looked at: that is what reread and update do. \
                Where nothing has exactly that name, a name may be a pattern with * ? and [...].",
        run: restart::run,
        ..PROCESSES
    },
    Command {
        name: "shutdown",
        arguments: Arguments::None,
        summary: "stop all processes and end the daemon",
        forms: &[("shutdown", "Stop all processes and end the daemon.")],
        run: daemon::shutdown,
        ..PLAIN
    },
    Command {
        name: "signal",
        summary: "send processes a signal",
        forms: &[
            ("signal <signal> <name>...", "Send processes a signal, named like HUP or by its number."),
            ("signal <signal> <group>:*", "Send it to all processes of a group."),
            ("signal <signal> all", "Send it to all processes."),
        ],
        notes: PATTERNS,
        run: signal::run,
        ..PROCESSES
    },
    Command {
        name: "start",
        json: Some("results"),
        flags: &[JSON],
        summary: "start processes and wait until they are up",
        forms: &[
            ("start <name>...", "Start processes and wait until each is up or has failed."),
            ("start <group>:*", "Start all processes of a group."),
            ("start all", "Start all processes."),
            ("start --json ...", "The same, with the results as one JSON document."),
        ],
        notes: PATTERNS,
        run: start::run,
        ..PROCESSES
    },
    Command {
        name: "status",
        check: Check::UpOr(exit::STATUS_UNKNOWN),
        json: Some("processes"),
        flags: &[JSON],
        summary: "tell how processes are",
        forms: &[
            ("status", "Tell how every process is."),
            ("status <name>...", "Tell how these processes are."),
            ("status <group>:*", "Tell how the processes of a group are."),
            ("status --json ...", "The same as one JSON document."),
        ],
        notes: PATTERNS,
        run: status::run,
        ..PROCESSES
    },
    Command {
        name: "stop",
        json: Some("results"),
        flags: &[JSON],
        summary: "stop processes and wait until they are gone",
        forms: &[
            ("stop <name>...", "Stop processes and wait until each is gone."),
            ("stop <group>:*", "Stop all processes of a group."),
            ("stop all", "Stop all processes."),
            ("stop --json ...", "The same, with the results as one JSON document."),
        ],
        notes: PATTERNS,
        run: stop::run,
        ..PROCESSES
    },
    Command {
        name: "tail",
        flags: &[("-f", "go on with what is written from now on")],
        summary: "show the end of a log of a process",
        forms: &[
            ("tail <name> [stdout|stderr]", "Show the last 1600 bytes of a log, of stdout if none is named."),
            ("tail -<bytes> <name> [stdout|stderr]", "Show that many."),
            ("tail -f <name> [stdout|stderr]", "Show the last bytes and what is written from now on; Ctrl-C ends it."),
        ],
        run: tail::run,
        ..PROCESSES
    },
    Command {
        name: "top",
        origin: Origin::Ours,
        flags: &[("-1", "print the table once")],
        summary: "show what processes use, again and again",
        forms: &[
            ("top", "Show states, uptimes, processor shares, memory and restarts, anew every 2 s; q ends it."),
            ("top <name>...", "The same of these processes alone."),
            ("top <group>:*", "The same of the processes of a group."),
            ("top -1 ...", "Print the table once, as it is done where there is no terminal."),
        ],
        notes: "The keys n, c and m sort by name, processor and memory. What a process uses is told without \
                its children; restarts are counted since the daemon began.",
        run: top::run,
        ..PROCESSES
    },
    Command {
        name: "update",
        completes: Completes::Groups,
        json: Some("changes"),
        flags: &[JSON],
        summary: "read the configuration and make the daemon follow it",
        forms: &[
            ("update", "Have the configuration read again; add, restart and remove groups as it says."),
            ("update all", "The same."),
            ("update <group>...", "The same for these groups alone."),
            ("update --json ...", "The same, with the changes as one JSON document."),
        ],
        run: update::run,
        ..PLAIN
    },
    Command {
        name: "version",
        check: Check::Up,
        arguments: Arguments::None,
        summary: "tell the Supervisor release whose behaviour the daemon has",
        forms: &[("version", "Tell the Supervisor release whose behaviour the daemon has.")],
        run: version::run,
        ..PLAIN
    },
    Command {
        name: "wait",
        origin: Origin::Ours,
        flags: &[
            ("--for", "running (if nothing is said), stopped or exited"),
            ("--timeout", "give up after this time"),
        ],
        summary: "wait until processes are running, stopped or have exited",
        forms: &[
            ("wait <name>...", "Wait until all of these processes are RUNNING."),
            ("wait --for=stopped <name>...", "Wait until none of them runs."),
            ("wait --for=exited <name>...", "Wait until each has ended at least once from now on, or is EXITED."),
            (
                "wait --timeout=10s ...",
                "Give up after this time (ms, s, m, h); without it, wait however long it takes.",
            ),
        ],
        notes: "Exit status: 0 all there, 1 an unknown name, 7 one is FATAL and will not run, 124 out of time.",
        run: wait::run,
        ..PROCESSES
    },
];
