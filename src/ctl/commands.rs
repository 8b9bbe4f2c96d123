//! The commands as a table (B3.7): name, what has to hold before, what Tab
//! offers, help, and the function that runs it. One file per family below.

use super::{CtlError, Session, exit};

mod avail;
mod clear;
mod daemon;
mod fg;
mod groups;
mod help;
mod open;
mod pid;
mod reread;
mod restart;
mod signal;
mod start;
mod status;
mod stop;
mod stream;
mod tail;
mod update;
mod verb;
mod version;

/// What a command's function gets and gives. The argument text is trimmed.
type Run = fn(&mut Session, &str) -> Result<(), CtlError>;

/// One command.
pub struct Command {
    /// As typed.
    pub name: &'static str,
    /// What is looked at first.
    pub check: Check,
    /// Whether arguments are refused.
    pub arguments: Arguments,
    /// What Tab offers behind it.
    pub completes: Completes,
    /// The lines of `help`, also shown after an argument error; empty for none.
    pub help: &'static str,
    /// Runs it.
    pub run: Run,
}

/// The check before a command (B3.5, column U of B3.7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// None.
    Nothing,
    /// A daemon of our API must answer.
    Up,
    /// The same, and the exit code when none does.
    UpOr(u8),
}

/// Whether a command takes arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arguments {
    /// The command looks at them itself.
    Any,
    /// Any is an error (B3.7.4).
    None,
}

/// What Tab offers behind a command (B3.6.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completes {
    /// Nothing.
    Nothing,
    /// Names of commands.
    Commands,
    /// Names of active groups.
    Groups,
    /// Names of processes.
    Processes,
}

const fn row(name: &'static str, check: Check, completes: Completes, run: Run, help: &'static str) -> Command {
    Command { name, check, arguments: Arguments::Any, completes, help, run }
}

const fn bare(name: &'static str, check: Check, run: Run, help: &'static str) -> Command {
    Command { name, check, arguments: Arguments::None, completes: Completes::Nothing, help, run }
}

/// All commands, by name. The help lines are upstream's: they are what a script
/// sees after a wrong argument (B3.7.119).
const TABLE: &[Command] = &[
    row(
        "add",
        Check::Nothing,
        Completes::Groups,
        groups::add,
        "add <name> [...]\tActivates any updates in config for process/group",
    ),
    bare("avail", Check::Nothing, avail::run, "avail\t\t\tDisplay all configured processes"),
    row(
        "clear",
        Check::Up,
        Completes::Processes,
        clear::run,
        "clear <name>\t\tClear a process' log files.\n\
         clear <name> <name>\tClear multiple process' log files\n\
         clear all\t\tClear all process' log files",
    ),
    row("EOF", Check::Nothing, Completes::Nothing, quit, ""),
    row("exit", Check::Nothing, Completes::Nothing, quit, "exit\tExit the supervisor shell."),
    row(
        "fg",
        Check::Up,
        Completes::Processes,
        fg::run,
        "fg <process>\tConnect to a process in foreground mode\n\
         \t\tCtrl-C to exit",
    ),
    row(
        "help",
        Check::Nothing,
        Completes::Commands,
        help::run,
        "help\t\tPrint a list of available actions\n\
         help <action>\tPrint help for <action>",
    ),
    row(
        "maintail",
        Check::Up,
        Completes::Nothing,
        tail::run_main,
        "maintail -f \tContinuous tail of supervisor main log file (Ctrl-C to exit)\n\
         maintail -100\tlast 100 *bytes* of supervisord main log file\n\
         maintail\tlast 1600 *bytes* of supervisor main log file\n",
    ),
    row(
        "open",
        Check::Nothing,
        Completes::Nothing,
        open::run,
        "open <url>\tConnect to a remote supervisord process.\n\
         \t\t(for UNIX domain socket, use unix:///socket/path)",
    ),
    row(
        "pid",
        Check::Up,
        Completes::Processes,
        pid::run,
        "pid\t\t\tGet the PID of supervisord.\n\
         pid <name>\t\tGet the PID of a single child process by name.\n\
         pid all\t\t\tGet the PID of every child process, one per line.",
    ),
    row("quit", Check::Nothing, Completes::Nothing, quit, "quit\tExit the supervisor shell."),
    bare("reload", Check::Nothing, daemon::reload, "reload \t\tRestart the remote supervisord."),
    row(
        "remove",
        Check::Nothing,
        Completes::Groups,
        groups::remove,
        "remove <name> [...]\tRemoves process/group from active config",
    ),
    bare(
        "reread",
        Check::Nothing,
        reread::run,
        "reread \t\t\tReload the daemon's configuration files without add/remove",
    ),
    row(
        "restart",
        Check::Up,
        Completes::Processes,
        restart::run,
        "restart <name>\t\tRestart a process\n\
         restart <gname>:*\tRestart all processes in a group\n\
         restart <name> <name>\tRestart multiple processes or groups\n\
         restart all\t\tRestart all processes\n\
         Note: restart does not reread config files. For that, see reread and update.",
    ),
    bare("shutdown", Check::Nothing, daemon::shutdown, "shutdown \tShut the remote supervisord down."),
    row(
        "signal",
        Check::Up,
        Completes::Processes,
        signal::run,
        "signal <signal name> <name>\t\tSignal a process\n\
         signal <signal name> <gname>:*\t\tSignal all processes in a group\n\
         signal <signal name> <name> <name>\tSignal multiple processes or groups\n\
         signal <signal name> all\t\tSignal all processes",
    ),
    row(
        "start",
        Check::Up,
        Completes::Processes,
        start::run,
        "start <name>\t\tStart a process\n\
         start <gname>:*\t\tStart all processes in a group\n\
         start <name> <name>\tStart multiple processes or groups\n\
         start all\t\tStart all processes",
    ),
    row(
        "status",
        Check::UpOr(exit::STATUS_UNKNOWN),
        Completes::Processes,
        status::run,
        "status <name>\t\tGet status for a single process\n\
         status <gname>:*\tGet status for all processes in a group\n\
         status <name> <name>\tGet status for multiple named processes\n\
         status\t\t\tGet all process status info",
    ),
    row(
        "stop",
        Check::Up,
        Completes::Processes,
        stop::run,
        "stop <name>\t\tStop a process\n\
         stop <gname>:*\t\tStop all processes in a group\n\
         stop <name> <name>\tStop multiple processes or groups\n\
         stop all\t\tStop all processes",
    ),
    row(
        "tail",
        Check::Up,
        Completes::Processes,
        tail::run,
        "tail [-f] <name> [stdout|stderr] (default stdout)\n\
         Ex:\n\
         tail -f <name>\t\tContinuous tail of named process stdout\n\
         \t\t\tCtrl-C to exit.\n\
         tail -100 <name>\tlast 100 *bytes* of process stdout\n\
         tail <name> stderr\tlast 1600 *bytes* of process stderr",
    ),
    row(
        "update",
        Check::Nothing,
        Completes::Groups,
        update::run,
        "update\t\t\tReload config and add/remove as necessary, and will restart affected programs\n\
         update all\t\tReload config and add/remove as necessary, and will restart affected programs\n\
         update <gname> [...]\tUpdate specific groups",
    ),
    bare("version", Check::Up, version::run, "version\t\t\tShow the version of the remote supervisord process"),
];

/// The command of exactly this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Command> {
    TABLE.iter().find(|command| command.name == name)
}

/// The names that Tab offers, by name.
pub fn vocabulary() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|command| command.name).filter(|name| *name != "EOF")
}

/// The names that `help` lists, by name.
pub fn topics() -> impl Iterator<Item = &'static str> {
    vocabulary().filter(|name| *name != "help")
}

fn quit(session: &mut Session, _argument: &str) -> Result<(), CtlError> {
    session.say("");
    session.ended = true;
    Ok(())
}
