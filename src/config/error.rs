//! Why a configuration is refused: upstream's sentence, and where it happened.

use super::environment::EnvironmentError;
use super::expand::ExpandError;
use super::ini::{IniError, Place};
use super::values::ValueError;
use crate::model::py_repr;
use thiserror::Error;

/// Everything that can be wrong with a configuration. The text may have
/// several lines.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// No `-c`, and nothing at the usual places (A1.17).
    #[error(
        "No config file found at default paths ({}); use the -c option to specify a config file at a different path",
        searched.join(", ")
    )]
    NowhereFound {
        /// The places, in order.
        searched: Vec<String>,
    },
    /// The file of `-c` is not there (A1.19).
    #[error("could not find config file {0}")]
    Missing(String),
    /// It is there but cannot be read (A1.19).
    #[error("could not read config file {0}")]
    Unreadable(String),
    /// A pipe or terminal that says nothing for [`super::files::PATIENCE`].
    #[error("config file {0} is a pipe or a terminal, and its end did not come")]
    Endless(String),
    /// A byte that no text file has.
    #[error("config file {path} has a NUL byte in line {line}, so it is no text file")]
    Nul {
        /// The file.
        path: String,
        /// Counted from 1.
        line: usize,
    },
    /// More text than [`super::files::MAX_BYTES`].
    #[error("config file {path} brings the configuration above {limit} bytes")]
    TooLarge {
        /// The file that was too much.
        path: String,
        /// What is allowed.
        limit: u64,
    },
    /// More files than [`super::files::MAX_FILES`].
    #[error("[include] names more than {0} files")]
    TooManyFiles(usize),
    /// Bytes that are no text (A2.1).
    #[error("'utf-8' codec can't decode {0}")]
    NotUtf8(String),
    /// The grammar of sections and options.
    #[error(transparent)]
    Ini(#[from] IniError),
    /// A converter's complaint.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// An expansion that fails.
    #[error(transparent)]
    Expand(#[from] ExpandError),
    /// A list of variables that is none.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// `[include]` without `files` (A2.30).
    #[error(".ini file has [include] section, but no files setting")]
    NoFiles,
    /// The section that the program needs (A2.25, B3.2.3).
    #[error(".ini file does not include {0} section")]
    NoSection(&'static str),
    /// `[program:]` and the like (A3.64).
    #[error("section [{0}] does not have a name")]
    Nameless(String),
    /// A program without a command (A3.40).
    #[error("program section {0} does not specify a command")]
    NoCommand(String),
    /// Several processes that could not be told apart (A3.42).
    #[error("%(process_num) must be present within process_name when numprocs > 1")]
    NoProcessNum,
    /// More processes than [`super::build::MAX_PROCESSES`].
    #[error("numprocs brings the number of processes above {0}")]
    TooManyProcesses(i64),
    /// A stop that would leave the group (A3.59).
    #[error("Cannot set stopasgroup=true and killasgroup=false")]
    StopNotKill,
    /// A group names a program that is not there (A3.80).
    #[error("[{section}] names unknown program or fcgi-program {program}")]
    UnknownProgram {
        /// Of the group.
        section: String,
        /// As named.
        program: String,
    },
    /// A group names one of two (A3.80).
    #[error("[{section}] name {program} is ambiguous (exists as program and fcgi-program)")]
    AmbiguousProgram {
        /// Of the group.
        section: String,
        /// As named.
        program: String,
    },
    /// A listener that listens to nothing (A3.70).
    #[error("[{0}] section requires an \"events\" line")]
    NoEvents(String),
    /// No event of ours (A3.70).
    #[error("Unknown event type {event} in [{section}] events")]
    UnknownEvent {
        /// Of the listener.
        section: String,
        /// In upper case.
        event: String,
    },
    /// Less than one (A3.71).
    #[error("[{section}] section sets invalid buffer_size ({size})")]
    BufferSize {
        /// Of the listener.
        section: String,
        /// As read.
        size: i64,
    },
    /// A listener whose errors would mix with its answers (A3.76).
    #[error(
        "[{0}] section sets redirect_stderr=true but this is not allowed because it will interfere with the \
         eventlistener protocol"
    )]
    ListenerRedirects(String),
    /// A Python object that is not built in (A3.72, A3.85, B4.1.8).
    #[error(
        "{factory} cannot be resolved within [{section}]: Python plug-ins are not supported; remove it, or set \
         foreign_rpcinterfaces=ignore in [supervisord] to start without it"
    )]
    Foreign {
        /// As written.
        factory: String,
        /// The section that names it.
        section: String,
    },
    /// Neither `refuse` nor `ignore`.
    #[error("foreign_rpcinterfaces must be refuse or ignore, not {}", py_repr(.0))]
    BadForeign(String),
    /// Not a size that a call may be bounded to (B2.1.13).
    #[error("request_maxbytes must be between 64KB and 1GB, not {}", py_repr(.0))]
    BadRequestBytes(String),
    /// A plug-in section without its factory (A3.85, B4.2.1).
    #[error("section [{section}] does not specify a {key}")]
    NoFactory {
        /// The whole name.
        section: String,
        /// The key that is missing.
        key: &'static str,
    },
    /// The standard interface takes no further keys (A3.85).
    #[error("Could not make {0} rpc interface")]
    RpcInterface(String),
    /// One of user name and password (A3.27).
    #[error(
        "Section [{0}] contains incomplete authentication: If a username or a password is specified, both the \
         username and password must be specified"
    )]
    HalfAuthentication(String),
    /// A password without a name, which upstream takes for an open server (A7.76).
    #[error("Section [{0}] has a password but an empty username: nobody could be asked for it")]
    EmptyUsername(String),
    /// A server without an address (A3.25, A3.29).
    #[error("section [{section}] has no {key} value")]
    NoAddress {
        /// The whole name.
        section: String,
        /// `port` or `file`.
        key: &'static str,
    },
    /// A value whose message names only the key (A3.29, A3.83).
    #[error("Invalid {key} value {value}")]
    Invalid {
        /// As upstream calls it.
        key: &'static str,
        /// As read.
        value: String,
    },
    /// A FastCGI program without its socket (A3.83).
    #[error("[{0}] section requires a \"socket\" line")]
    NoSocket(String),
    /// A socket that is none (A3.84).
    #[error("{reason} in [{section}] socket")]
    Socket {
        /// What is wrong with it.
        reason: SocketError,
        /// Of the program.
        section: String,
    },
    /// An error of one option, with where it was written. Adds no text.
    #[error("{source}")]
    Option {
        /// File and line, unless it is a default.
        place: Option<Place>,
        /// What is wrong.
        source: Box<ConfigError>,
    },
    /// An error while the processes of a section were built (A3.5).
    #[error("{source} in section {} (file: {})", py_repr(section), py_repr(file))]
    InSection {
        /// The whole name.
        section: String,
        /// Where the section first stood.
        file: String,
        /// What is wrong.
        source: Box<ConfigError>,
    },
}

/// What is wrong with the `socket` of a FastCGI program (A3.84).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SocketError {
    /// Neither of the two forms.
    #[error("Bad socket format {0}")]
    Format(String),
    /// `unix://` without a slash behind.
    #[error("Unix socket path {0} is not an absolute path")]
    Relative(String),
    /// Keys that only a unix socket can have.
    #[error("socket_owner and socket_mode params should only be used with a Unix domain socket")]
    NotUnix,
    /// No port.
    #[error(transparent)]
    Port(#[from] ValueError),
}

impl ConfigError {
    /// Where the text stands that is wrong, if it is one option's.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        match self {
            Self::Option { place, source } => place.as_ref().or_else(|| source.place()),
            Self::InSection { source, .. } => source.place(),
            _ => None,
        }
    }
}
