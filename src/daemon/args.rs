//! The daemon's command line: options to an [`Action`] (A1.1–A1.15). Prints and
//! exits nowhere.

use crate::config::getopt::{GetoptError, Known, Line, getopt, help_lines};
use crate::config::values::{ValueError, byte_size, existing_directory, existing_dirpath, integer, log_level, octal};
use crate::config::{Overrides, World};
use crate::model::py_repr;
use std::path::PathBuf;
use thiserror::Error;

/// What a command line asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Print [`help_text`] and end with 0.
    Help,
    /// Print the version and end with 0 (A1.11).
    Version,
    /// Print [`about_text`] and end with 0.
    About,
    /// Print [`crate::rpc::SPEC_JSON`] and end with 0.
    RpcSpec,
    /// Be the daemon.
    Run(Box<Options>),
    /// Look for what is wrong with the configuration, and end.
    Check(Box<Options>, Check),
}

/// How to check a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Check {
    /// Warnings count, too.
    pub strict: bool,
    /// For whom the answer is.
    pub format: Format,
}

/// For whom the findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// People.
    #[default]
    Text,
    /// Tools.
    Json,
}

/// How to be the daemon.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Options {
    /// `-c` as typed.
    pub configuration: Option<PathBuf>,
    /// What goes over the file.
    pub overrides: Overrides,
    /// `--profile_options`: old command lines have it, but there is no Python to
    /// profile; worth a warning (A1.13).
    pub profile_options: Option<String>,
}

/// What is wrong with a command line. Ends the program with 2.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UsageError {
    /// The options themselves (A1.6).
    #[error(transparent)]
    Getopt(#[from] GetoptError),
    /// Words that are no options (A1.7).
    #[error("positional arguments are not supported: [{}]", shown(.0))]
    Positional(Vec<String>),
    /// The same thing twice, under the name of the second (A1.8).
    #[error("conflicting command line option {}", py_repr(.0))]
    Conflict(String),
    /// A value that is none (A1.9).
    #[error("invalid value for {option} {}: {reason}", py_repr(value))]
    Invalid {
        /// As recognised.
        option: String,
        /// As typed.
        value: String,
        /// The converter's complaint.
        reason: ValueError,
    },
    /// Neither of the two.
    #[error("invalid value for --format {}: write text or json", py_repr(.0))]
    Format(String),
    /// Options that only change a check.
    #[error("--strict and --format go with --check-config")]
    NothingToCheck,
}

fn shown(words: &[String]) -> String {
    words.iter().map(|word| py_repr(word)).collect::<Vec<_>>().join(", ")
}

/// What goes to stderr when root starts without `-c` (A1.18).
pub(super) const SEARCHING_AS_ROOT: &str = "UserWarning: Supervisord is running as root and it is searching for its \
     configuration file in default locations (including its current working directory); you probably want to specify \
     a \"-c\" argument specifying an absolute path to a configuration file for improved security.";

/// What goes to stderr when process 1 is about to leave the foreground, which
/// ends its container with status 0 and no other sign.
pub(super) const LEAVING_AS_FIRST_PROCESS: &str = "Warning: this is process 1, and going to the background ends it and \
     everything else with it; in a container use nodaemon=true or -n";

/// All options, in the order of the help.
pub const LINES: [Line; 26] = [
    ("-c/--configuration", "FILENAME", "read this file; without it, look at the usual places"),
    ("-n/--nodaemon", "", "stay in the foreground"),
    ("-s/--silent", "", "in the foreground, do not copy the activity log to stdout"),
    ("-h/--help", "", "print this text and exit"),
    ("-v/--version", "", "print the Supervisor release that is offered and exit"),
    ("--about", "", "print the name and version of this program and exit"),
    ("--rpc-spec", "", "print every method, fault, state and event of the interface as JSON and exit"),
    (
        "--check-config",
        "",
        "print what is wrong with the configuration and exit: 2 on errors, else 0; nothing is started",
    ),
    ("--strict", "", "with --check-config, exit with 1 on warnings"),
    ("--format", "FORMAT", "with --check-config, write text for people or json for tools"),
    ("-u/--user", "USER", "become this user, by name or number"),
    ("-m/--umask", "UMASK", "mask for new files in the background, in octal (022)"),
    ("-d/--directory", "DIRECTORY", "enter this directory in the background"),
    ("-l/--logfile", "FILENAME", "write the activity log there"),
    ("-y/--logfile_maxbytes", "BYTES", "rotate the activity log at this size"),
    ("-z/--logfile_backups", "NUM", "keep so many rotated activity logs"),
    ("-e/--loglevel", "LEVEL", "log from here on: critical, error, warn, info, debug, trace or blather"),
    ("-j/--pidfile", "FILENAME", "write the process id there"),
    ("-i/--identifier", "STR", "name of this daemon for its clients"),
    ("-q/--childlogdir", "DIRECTORY", "make automatic logs of programs there"),
    ("-k/--nocleanup", "", "leave automatic logs of earlier runs alone"),
    ("-a/--minfds", "NUM", "open files that must be possible"),
    ("-t/--strip_ansi", "", "remove terminal colours from the logs of programs"),
    ("--minprocs", "NUM", "processes that must be possible"),
    ("--profile_options", "LIST", "accepted for old command lines; there is nothing to profile"),
    ("-?", "", "same as -h"),
];

const KNOWN: Known = Known {
    short: "c:nsh?vu:m:d:l:y:z:e:j:i:q:ka:t",
    long: &[
        "configuration=",
        "nodaemon",
        "silent",
        "help",
        "version",
        "user=",
        "umask=",
        "directory=",
        "logfile=",
        "logfile_maxbytes=",
        "logfile_backups=",
        "loglevel=",
        "pidfile=",
        "identifier=",
        "childlogdir=",
        "nocleanup",
        "minfds=",
        "strip_ansi",
        "minprocs=",
        "profile_options=",
    ],
    own: &["about", "rpc-spec", "check-config", "strict", "format="],
};

/// Understands the words behind the program's name. Values are converted as
/// those of the file are; `world` knows the directories and homes they name.
///
/// # Errors
/// [`UsageError`] about the first bad word, in upstream's order: all of getopt,
/// then words that are no options, then each value from the left (A1.7, A1.10).
pub fn parse(args: &[String], world: &dyn World) -> Result<Action, UsageError> {
    let (given, rest) = getopt(args, KNOWN)?;
    if !rest.is_empty() {
        return Err(UsageError::Positional(rest));
    }
    let mut options = Options::default();
    let (mut wanted, mut strict, mut format) = (false, false, None);
    for (option, value) in given {
        match option.as_str() {
            "-h" | "-?" | "--help" => return Ok(Action::Help),
            "-v" | "--version" => return Ok(Action::Version),
            "--about" => return Ok(Action::About),
            "--rpc-spec" => return Ok(Action::RpcSpec),
            "--check-config" => Given { option: &option, value: String::new() }.raise(&mut wanted)?,
            "--strict" => Given { option: &option, value: String::new() }.raise(&mut strict)?,
            "--format" => {
                if format.replace(self::format(value.as_deref().unwrap_or_default())?).is_some() {
                    return Err(UsageError::Conflict(option));
                }
            }
            _ => options.take(&option, value.unwrap_or_default(), world)?,
        }
    }
    match (wanted, strict || format.is_some()) {
        (true, _) => Ok(Action::Check(Box::new(options), Check { strict, format: format.unwrap_or_default() })),
        (false, true) => Err(UsageError::NothingToCheck),
        (false, false) => Ok(Action::Run(Box::new(options))),
    }
}

fn format(word: &str) -> Result<Format, UsageError> {
    match word {
        "text" => Ok(Format::Text),
        "json" => Ok(Format::Json),
        _ => Err(UsageError::Format(word.to_owned())),
    }
}

impl Options {
    fn take(&mut self, option: &str, value: String, world: &dyn World) -> Result<(), UsageError> {
        let over = &mut self.overrides;
        let directory = |text: &str| existing_directory(text, world);
        let dirpath = |text: &str| existing_dirpath(text, world);
        let one = Given { option, value };
        match option {
            "-c" | "--configuration" => one.set(&mut self.configuration, |text| Ok(PathBuf::from(text))),
            "-n" | "--nodaemon" => one.raise(&mut over.nodaemon),
            "-s" | "--silent" => one.raise(&mut over.silent),
            "-u" | "--user" => one.set(&mut over.user, text),
            "-m" | "--umask" => one.set(&mut over.umask, octal),
            "-d" | "--directory" => one.set(&mut over.directory, directory),
            "-l" | "--logfile" => one.set(&mut over.logfile, dirpath),
            "-y" | "--logfile_maxbytes" => one.set(&mut over.logfile_maxbytes, byte_size),
            "-z" | "--logfile_backups" => one.set(&mut over.logfile_backups, integer),
            "-e" | "--loglevel" => one.set(&mut over.loglevel, log_level),
            "-j" | "--pidfile" => one.set(&mut over.pidfile, dirpath),
            "-i" | "--identifier" => one.set(&mut over.identifier, text),
            "-q" | "--childlogdir" => one.set(&mut over.childlogdir, directory),
            "-k" | "--nocleanup" => one.raise(&mut over.nocleanup),
            "-a" | "--minfds" => one.set(&mut over.minfds, integer),
            "-t" | "--strip_ansi" => one.raise(&mut over.strip_ansi),
            "--minprocs" => one.set(&mut over.minprocs, integer),
            "--profile_options" => one.set(&mut self.profile_options, text),
            other => Err(GetoptError::NotRecognized(other.to_owned()).into()),
        }
    }
}

fn text(value: &str) -> Result<String, ValueError> {
    Ok(value.to_owned())
}

/// An option and its raw value.
struct Given<'a> {
    option: &'a str,
    value: String,
}

impl Given<'_> {
    /// The value is converted before it can conflict, as upstream does.
    fn set<T>(
        self,
        field: &mut Option<T>,
        convert: impl FnOnce(&str) -> Result<T, ValueError>,
    ) -> Result<(), UsageError> {
        let Self { option, value } = self;
        let invalid = |reason| UsageError::Invalid { option: option.to_owned(), value: value.clone(), reason };
        let converted = convert(&value).map_err(invalid)?;
        if field.replace(converted).is_some() {
            return Err(UsageError::Conflict(option.to_owned()));
        }
        Ok(())
    }

    fn raise(self, flag: &mut bool) -> Result<(), UsageError> {
        if std::mem::replace(flag, true) {
            return Err(UsageError::Conflict(self.option.to_owned()));
        }
        Ok(())
    }
}

/// The answer to `-h` (A1.12); `program` is the path it was called by (A1.5).
#[must_use]
pub fn help_text(program: &str) -> String {
    let options = help_lines(&LINES);
    format!(
        "supervisord -- run a set of applications as daemons.\n\nUsage: {program} [options]\n\nOptions:\n{options}\n"
    )
}

/// The answer to `--about`.
#[must_use]
pub fn about_text() -> String {
    format!(
        "{} {}, offers Supervisor {}\n",
        env!("CARGO_PKG_NAME"),
        env!("CARGO_PKG_VERSION"),
        crate::model::SUPERVISOR_VERSION
    )
}

#[cfg(test)]
mod tests;
