//! Configuration: from text to typed values, and nothing else.
//!
//! Plain structs with `PartialEq`, since a reread compares them. Everything is
//! pure but [`mod@load`]: what has to be asked of the machine goes through a
//! [`World`]. No default is written here: [`keys`] has them all.

pub mod build;
pub mod check;
pub mod ctl;
pub mod diff;
pub mod environment;
pub mod error;
pub mod expand;
#[cfg(test)]
pub(crate) mod fake;
pub mod files;
pub mod getopt;
pub mod glob;
pub mod ini;
pub mod keys;
pub mod load;
pub mod number;
pub mod paths;
mod reading;
pub mod shell_words;
pub mod source;
pub mod unknown;
pub mod values;
pub mod world;

pub use ctl::{CtlConfig, CtlPlugin};
pub use error::ConfigError;
#[cfg(test)]
pub(crate) use load::load_text;
pub use load::{System, load, load_ctl, load_from};
pub use shell_words::{ShlexError, split_command};
pub use source::{Overrides, Source};
pub use world::World;

use crate::model::{Level, LogLine, Signal};
use std::path::PathBuf;
use std::sync::Arc;

/// One whole configuration, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The root file, absolute.
    pub path: PathBuf,
    /// `[supervisord]`, with the command line laid over it.
    pub supervisord: Supervisord,
    /// Servers in the order they open: inet sections, then unix sections (A3.31).
    pub servers: Vec<HttpServer>,
    /// The `x` of each `[rpcinterface:x]` with the standard factory (A3.85).
    pub rpc_namespaces: Vec<String>,
    /// The first of them whose section has further keys, see [`Config::check_start`].
    pub rpc_with_arguments: Option<String>,
    /// Groups by (priority, name) (A4.87).
    pub groups: Vec<GroupConfig>,
    /// What reading had to say, for the activity log: CRIT, WARN, INFO (A1.22).
    pub messages: Vec<LogLine>,
}

impl Config {
    /// What is wrong with it for a start, though it can be read: the standard
    /// interface takes no arguments, which shows when it is made for a server
    /// (A2.19, A3.85).
    ///
    /// # Errors
    /// [`ConfigError::RpcInterface`]
    pub fn check_start(&self) -> Result<(), ConfigError> {
        match &self.rpc_with_arguments {
            Some(name) if !self.servers.is_empty() => Err(ConfigError::RpcInterface(name.clone())),
            _ => Ok(()),
        }
    }
}

/// `[supervisord]` (A3.10–A3.22).
#[derive(Debug, Clone, PartialEq)]
pub struct Supervisord {
    /// Where the activity log goes.
    pub logfile: MainLog,
    /// Bytes at which it rotates; 0 is never.
    pub logfile_maxbytes: i64,
    /// Rotated parts kept.
    pub logfile_backups: i64,
    /// The quietest level written.
    pub loglevel: Level,
    /// Absolute.
    pub pidfile: PathBuf,
    /// Applied when daemonizing.
    pub umask: u32,
    /// Stay in the foreground.
    pub nodaemon: bool,
    /// No echo on stdout in the foreground.
    pub silent: bool,
    /// Keep AUTO logs of earlier lives.
    pub nocleanup: bool,
    /// Remove ANSI escapes from child output.
    pub strip_ansi: bool,
    /// Wanted soft limit of descriptors; not above 0 is no check.
    pub minfds: i64,
    /// Wanted soft limit of processes; negative is no check.
    pub minprocs: i64,
    /// The user to become, resolved.
    pub user: Option<UserId>,
    /// Entered when daemonizing.
    pub directory: Option<PathBuf>,
    /// Where AUTO logs are made.
    pub childlogdir: PathBuf,
    /// Shown to clients and in event headers.
    pub identifier: String,
    /// For every child, under its own `environment`.
    pub environment: Vec<(String, String)>,
    /// Pages of other sites may call and act (B2.12.2).
    pub cross_origin: bool,
    /// Bytes of a call's body; more are refused (B2.1.13).
    pub request_maxbytes: usize,
}

/// Where the activity log goes (A3.10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MainLog {
    /// `logfile=syslog`
    Syslog,
    /// An absolute path; may name a device.
    File(PathBuf),
}

/// A user of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UserId(pub u32);

/// One `[inet_http_server]` or `[unix_http_server]` section (A3.25–A3.35).
#[derive(Debug, Clone, PartialEq)]
pub struct HttpServer {
    /// The section's whole name, as log lines show it.
    pub section: String,
    /// Where it listens.
    pub address: Address,
    /// Who may use it; `None` is everybody.
    pub auth: Option<Credentials>,
}

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// `port=`; an empty host is every interface.
    Inet {
        /// Lower case, brackets of IPv6 removed; empty for all.
        host: String,
        /// 1 to 65535.
        port: u16,
    },
    /// `file=`
    Unix {
        /// Absolute and normal.
        path: PathBuf,
        /// Mode of the socket file.
        chmod: u32,
        /// Owner of the socket file; `None` leaves it.
        chown: Ownership,
    },
}

impl Address {
    /// The URL that a client on this machine reaches it by: `unix:///run/s.sock`,
    /// `http://localhost:9001`.
    #[must_use]
    pub fn url(&self) -> String {
        match self {
            Self::Unix { path, .. } => format!("unix://{}", path.display()),
            Self::Inet { host, port } if host.is_empty() => format!("http://localhost:{port}"),
            Self::Inet { host, port } if host.contains(':') => format!("http://[{host}]:{port}"),
            Self::Inet { host, port } => format!("http://{host}:{port}"),
        }
    }
}

/// `user:group` as numbers; `None` leaves that half as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ownership {
    /// The owner.
    pub uid: Option<u32>,
    /// The group.
    pub gid: Option<u32>,
}

/// `username=` and `password=` of a server; the password may be `{SHA}` + hex.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Never empty.
    pub username: String,
    /// As in the file.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials").field("username", &self.username).finish_non_exhaustive()
    }
}

/// One process group: a `[group:x]`, or a program that stands alone (A4.85).
#[derive(Debug, Clone, PartialEq)]
pub struct GroupConfig {
    /// Unique among active groups.
    pub name: String,
    /// Lower starts earlier and stops later.
    pub priority: i64,
    /// What is special about it.
    pub kind: GroupKind,
    /// In starting order (A4.88). Shared with whoever runs them: of thousands
    /// there is one copy.
    pub processes: Vec<Arc<ProcessConfig>>,
}

/// What kind of group it is.
#[derive(Debug, Clone, PartialEq)]
pub enum GroupKind {
    /// Programs.
    Programs,
    /// `[eventlistener:x]`
    Listeners {
        /// Events kept while no listener is ready.
        buffer_size: usize,
        /// Upper-case names as subscribed, in order, each once.
        events: Vec<String>,
        /// What `len` in the header of an event counts.
        len_unit: LenUnit,
    },
}

/// `len_unit=` of a listener (A6.58).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LenUnit {
    /// As upstream: for listeners that read text.
    Characters,
    /// For listeners that read bytes.
    Bytes,
}

/// One process to be: a `[program:x]` section with its number filled in.
#[derive(Debug, Clone, PartialEq)]
pub struct ProcessConfig {
    /// Unique in its group.
    pub name: String,
    /// The command line as words for `execve`'s caller to split.
    pub command: String,
    /// Entered by the child, as its user.
    pub directory: Option<String>,
    /// Of the child; `None` inherits.
    pub umask: Option<u32>,
    /// Order inside the group.
    pub priority: i64,
    /// Start with the daemon.
    pub autostart: bool,
    /// What to do when it ends by itself.
    pub autorestart: AutoRestart,
    /// Seconds it must stay up to count as RUNNING.
    pub startsecs: i64,
    /// Further tries after a failed start.
    pub startretries: i64,
    /// Standard output.
    pub stdout: ChannelConfig,
    /// Standard error.
    pub stderr: ChannelConfig,
    /// Sent to stop it.
    pub stopsignal: Signal,
    /// Seconds until SIGKILL.
    pub stopwaitsecs: i64,
    /// Send `stopsignal` to the process group.
    pub stopasgroup: bool,
    /// Send SIGKILL to the process group.
    pub killasgroup: bool,
    /// Codes that are expected.
    pub exitcodes: Vec<i32>,
    /// Both streams into stdout.
    pub redirect_stderr: bool,
    /// The user to run as.
    pub user: Option<UserId>,
    /// `[supervisord] environment` with the program's own laid over it.
    pub environment: Vec<(String, String)>,
    /// What SUPERVISOR_SERVER_URL says.
    pub serverurl: ServerUrl,
    /// The shared listening socket of an `[fcgi-program:x]`.
    pub fcgi: Option<FcgiSocket>,
}

impl ProcessConfig {
    /// The settings of one output stream.
    #[must_use]
    pub fn channel(&self, channel: crate::model::Channel) -> &ChannelConfig {
        match channel {
            crate::model::Channel::Stdout => &self.stdout,
            crate::model::Channel::Stderr => &self.stderr,
        }
    }
}

/// `autorestart=`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AutoRestart {
    /// `false`
    Never,
    /// `unexpected`
    Unexpected,
    /// `true`
    Always,
}

/// `serverurl=` of a program (A3.63).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerUrl {
    /// `AUTO`: the first server of this daemon (A3.34).
    Auto,
    /// Empty: the variable is not set.
    Unset,
    /// As given.
    Url(String),
}

/// Settings of one output stream (A3.49–A3.54).
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelConfig {
    /// Where its bytes go.
    pub logfile: ChildLog,
    /// Bytes at which the file rotates; 0 is never.
    pub maxbytes: i64,
    /// Rotated parts kept.
    pub backups: i64,
    /// Capture mode's buffer; 0 is off.
    pub capture_maxbytes: i64,
    /// Raise PROCESS_LOG events.
    pub events_enabled: bool,
    /// Also to syslog.
    pub syslog: bool,
}

/// Where a stream's bytes go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChildLog {
    /// Read and thrown away.
    None,
    /// The same, but told as the empty text that was written (B1.9.2).
    Empty,
    /// A file of our naming in `childlogdir` (A4.118).
    Auto,
    /// This file; relative to the daemon's directory.
    File(PathBuf),
}

/// `socket=` and friends of an `[fcgi-program:x]` (A3.83).
#[derive(Debug, Clone, PartialEq)]
pub struct FcgiSocket {
    /// The section's suffix; programs of one section share the socket.
    pub program: String,
    /// Where it listens.
    pub address: FcgiAddress,
    /// `listen()`'s second argument; `None` is the system's most.
    pub backlog: Option<i32>,
}

/// Where a FastCGI socket listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FcgiAddress {
    /// `tcp://host:port`
    Tcp {
        /// Lower case.
        host: String,
        /// 1 to 65535.
        port: u16,
    },
    /// `unix:///path`
    Unix {
        /// Absolute.
        path: PathBuf,
        /// Mode of the socket file.
        mode: u32,
        /// Owner of the socket file.
        owner: Ownership,
    },
}

impl FcgiAddress {
    /// The address as written in `socket=`, a path made absolute.
    #[must_use]
    pub fn url(&self) -> String {
        match self {
            Self::Tcp { host, port } => format!("tcp://{host}:{port}"),
            Self::Unix { path, .. } => format!("unix://{}", path.display()),
        }
    }
}
