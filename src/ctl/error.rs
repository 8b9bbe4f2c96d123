//! What ends a command early. Printed as `error: TYPE, TEXT: file: ... line: ...`
//! (B3.4.2), where TYPE is the name Python gives such an error.

use crate::client::CallError;
use crate::sys::errno::os_error_text;
use std::io;
use thiserror::Error;

/// Why a command could not go on.
#[derive(Debug, Error)]
pub enum CtlError {
    /// A call failed in a way the command has no sentence for.
    #[error(transparent)]
    Call(CallError),
    /// A result has a status that its command has no sentence for.
    #[error("Unknown result code {code} for {name}")]
    UnknownResult {
        /// The status.
        code: i32,
        /// The process, as shown.
        name: String,
    },
    /// Input ended where an answer was asked for.
    #[error("EOF when reading a line")]
    EndOfInput,
    /// The terminal or a descriptor failed.
    #[error("{}", os_error_text(.0))]
    Io(#[from] io::Error),
    /// The user pressed Ctrl-C.
    #[error("interrupted")]
    Interrupted,
}

impl From<CallError> for CtlError {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Interrupted => Self::Interrupted,
            other => Self::Call(other),
        }
    }
}

impl CtlError {
    /// The name upstream's client shows for this kind of error.
    #[must_use]
    pub fn python_type(&self) -> &'static str {
        match self {
            Self::Call(error) => error.python_type(),
            Self::UnknownResult { .. } => "<class 'ValueError'>",
            Self::EndOfInput => "<class 'EOFError'>",
            Self::Io(_) => "<class 'OSError'>",
            Self::Interrupted => "<class 'KeyboardInterrupt'>",
        }
    }

    /// Whether the server wants a user name and password.
    #[must_use]
    pub fn wants_login(&self) -> bool {
        matches!(self, Self::Call(error) if error.wants_login())
    }
}
