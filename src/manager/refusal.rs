//! Why a request is not carried out. `rpc::fault` gives each its number.

use thiserror::Error;

/// Why a command cannot be run, in upstream's words (A4.50–A4.55).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CommandError {
    /// The command does not split into words.
    #[error("can't parse command {}: {reason}", crate::model::py_repr(.command))]
    Unparsable {
        /// The command as configured.
        command: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing is left of it after splitting.
    #[error("command is empty")]
    Empty,
    /// No such file, neither as it stands nor along PATH.
    #[error("can't find command {}", crate::model::py_repr(.0))]
    NotFound(String),
    /// A directory stands there.
    #[error("command at {} is a directory", crate::model::py_repr(.0))]
    Directory(String),
    /// Nobody may execute it.
    #[error("command at {} is not executable", crate::model::py_repr(.0))]
    NotExecutable(String),
    /// We may not execute it.
    #[error("no permission to run command {}", crate::model::py_repr(.0))]
    NoPermission(String),
}

/// Why a request about a process or a group is refused (B1.6). Texts are the
/// part of the fault's string behind its name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// No such process or group; the name as given.
    #[error("{0}")]
    BadName(String),
    /// No such signal; the signal as given.
    #[error("{0}")]
    BadSignal(String),
    /// The command does not exist.
    #[error("{0}")]
    NoFile(CommandError),
    /// The command exists and cannot be run.
    #[error("{0}")]
    NotExecutable(CommandError),
    /// Something went wrong that has a sentence of its own.
    #[error("{0}")]
    Failed(String),
    /// It left STARTING for something other than RUNNING.
    #[error("{0}")]
    AbnormalTermination(String),
    /// It could not be spawned, or ended too quickly.
    #[error("{0}")]
    SpawnError(String),
    /// It is up, or on its way.
    #[error("{0}")]
    AlreadyStarted(String),
    /// It is not up.
    #[error("{0}")]
    NotRunning(String),
    /// The daemon is on the way out and starts nothing any more.
    #[error("")]
    ShutdownState,
    /// A group of that name is active.
    #[error("{0}")]
    AlreadyAdded(String),
    /// A member of the group has not stopped.
    #[error("{0}")]
    StillRunning(String),
}

impl From<CommandError> for Refusal {
    fn from(error: CommandError) -> Self {
        match error {
            CommandError::NotFound(_) => Self::NoFile(error),
            other => Self::NotExecutable(other),
        }
    }
}
