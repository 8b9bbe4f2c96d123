//! The steps of a start, each one function, in upstream's order (A1.22) but for
//! the sockets, which are opened before any AUTO log is touched.
//!
//! Everything that can go wrong goes wrong here, before the daemon leaves the
//! foreground: with a sentence on stderr and a status that scripts can see.

use crate::config::{Address, Config, ConfigError, HttpServer, MainLog as Target, Supervisord};
use crate::http::{Listener, Socket};
use crate::logs::stream::Stream;
use crate::logs::{Limits, MainLog};
use crate::model::{Level, LogLine};
use crate::sys::errno::os_error_text;
use crate::sys::socket::{SocketError, tcp, unix};
use crate::sys::{clock, daemonize, fds, limits, pidfile, user};
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Why the daemon does not start. The texts are upstream's where it has one.
#[derive(Debug, Error)]
pub(super) enum BootError {
    /// The user cannot be become (A1.26).
    #[error(transparent)]
    User(#[from] user::DropError),
    /// `minfds` is more than the system allows (A1.29).
    #[error(
        "The minimum number of file descriptors required to run this process is {min} as per the \"minfds\" \
         command-line argument or config file setting. The current environment will only allow you to open {hard} \
         file descriptors.  Either raise the number of usable file descriptors in your environment (see README.rst) \
         or lower the minfds setting in the config file to allow the process to start."
    )]
    TooFewFiles {
        /// Wanted.
        min: i64,
        /// Allowed.
        hard: u64,
    },
    /// `minprocs` is more than the system allows (A1.29).
    #[error(
        "The minimum number of available processes required to run this program is {min} as per the \"minprocs\" \
         command-line argument or config file setting. The current environment will only allow you to open {hard} \
         processes.  Either raise the number of usable processes in your environment (see README.rst) or lower the \
         minprocs setting in the config file to allow the program to start."
    )]
    TooFewProcesses {
        /// Wanted.
        min: i64,
        /// Allowed.
        hard: u64,
    },
    /// The activity log cannot be opened (A1.31).
    #[error("Could not open the log file {}: {}", .path.display(), os_error_text(.error))]
    Log {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The configuration can be read, but not be started (A3.85).
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A server cannot listen (A1.32).
    #[error(transparent)]
    Socket(#[from] SocketError),
    /// The groups cannot be made ready.
    #[error(transparent)]
    Engine(#[from] crate::engine::EngineError),
    /// The system refuses something basic.
    #[error("Could not start: {}", os_error_text(.0))]
    System(#[from] io::Error),
}

/// Becomes the configured user, and says what the log should tell (A1.26).
///
/// # Errors
/// [`BootError::User`]
pub(super) fn become_user(settings: &Supervisord) -> Result<Option<LogLine>, BootError> {
    let Some(wanted) = settings.user else {
        let text = "Supervisor is running as root.  Privileges were not dropped because no user is specified in the \
                    config file.  If you intend to run as root, you can set user=root in the config file to avoid \
                    this message.";
        return Ok((user::current_uid() == 0).then(|| LogLine::new(Level::Critical, text)));
    };
    if wanted.0 != user::current_uid() {
        user::drop_privileges(wanted.0)?;
    }
    Ok(Some(LogLine::new(Level::Info, format!("Set uid to user {} succeeded", wanted.0))))
}

/// Raises the limits on descriptors and processes (A1.28).
///
/// # Errors
/// [`BootError::TooFewFiles`], [`BootError::TooFewProcesses`]
pub(super) fn raise_limits(settings: &Supervisord) -> Result<Vec<LogLine>, BootError> {
    let mut lines = vec![];
    for (resource, name, min) in [
        (limits::Resource::Files, "RLIMIT_NOFILE", settings.minfds),
        (limits::Resource::Processes, "RLIMIT_NPROC", settings.minprocs),
    ] {
        // Nothing wanted is no check (A1.30).
        let Ok(wanted) = u64::try_from(min) else { continue };
        match limits::raise(resource, wanted) {
            limits::Outcome::Enough => {}
            limits::Outcome::Raised => {
                lines.push(LogLine::new(Level::Info, format!("Increased {name} limit to {min}")));
            }
            limits::Outcome::Refused { hard } => {
                return Err(match resource {
                    limits::Resource::Files => BootError::TooFewFiles { min, hard },
                    limits::Resource::Processes => BootError::TooFewProcesses { min, hard },
                });
            }
        }
    }
    Ok(lines)
}

/// Opens the activity log, with its echo on stdout in the foreground (A1.24).
///
/// # Errors
/// [`BootError::Log`]
pub(super) fn open_log(settings: &Supervisord) -> Result<MainLog, BootError> {
    let limits = Limits::new(settings.logfile_maxbytes, settings.logfile_backups);
    let log = match &settings.logfile {
        Target::Syslog => MainLog::syslog(settings.loglevel),
        Target::File(path) => MainLog::file(path, limits, settings.loglevel)
            .map_err(|error| BootError::Log { path: path.clone(), error })?,
    };
    if settings.nodaemon && !settings.silent {
        // Without a stdout there is nobody to echo to.
        if let Ok(stdout) = Stream::stdout() {
            // children may have the same file as their log, /dev/stdout
            drop(fds::append_to_file(io::stdout()));
            return Ok(log.with_echo(stdout));
        }
    }
    Ok(log)
}

/// What was stored while reading and starting: all CRIT, then WARN, then INFO.
pub(super) fn say_stored(log: &mut MainLog, stored: &[LogLine]) {
    for level in [Level::Critical, Level::Warn, Level::Info] {
        for line in stored.iter().filter(|line| line.level == level) {
            log.write(line, clock::now());
        }
    }
}

/// Says why there will be no life, when the log is in other hands already.
pub(super) fn say_last(settings: &Supervisord, error: &BootError) {
    // What cannot be logged either is told on stderr alone.
    if let Ok(mut log) = open_log(settings) {
        log.write(&LogLine::new(Level::Critical, error.to_string()), clock::now());
    }
}

/// Opens the sockets of `servers`.
///
/// # Errors
/// [`BootError::Socket`]
pub(super) fn open_servers<'a>(
    servers: impl IntoIterator<Item = &'a HttpServer>,
) -> Result<(Vec<Listener>, SocketFiles), BootError> {
    let (mut listeners, mut files) = (vec![], SocketFiles::default());
    for server in servers {
        listeners.push(Listener { socket: open_server(server)?, server: server.clone() });
        if let Address::Unix { path, .. } = &server.address {
            files.0.push(path.clone());
        }
    }
    Ok((listeners, files))
}

/// Says of each server what upstream says (A5.43, A5.44).
pub(super) fn say_servers(config: &Config, log: &mut MainLog) {
    for server in &config.servers {
        for namespace in &config.rpc_namespaces {
            let text = format!("RPC interface '{namespace}' initialized");
            log.write(&LogLine::new(Level::Info, text), clock::now());
        }
        if server.auth.is_none() {
            let text = format!("Server '{}' running without any HTTP authentication checking", server.section);
            log.write(&LogLine::new(Level::Critical, text), clock::now());
        }
    }
}

fn open_server(server: &HttpServer) -> Result<Socket, SocketError> {
    match &server.address {
        Address::Inet { host, port } => tcp::listen(host, *port).map(Socket::Tcp),
        Address::Unix { path, chmod, chown } => {
            let opened = unix::listen(path, *chmod, chown.uid, chown.gid)?;
            if opened.removed_stale {
                super::complain(&format!("Unlinking stale socket {}", path.display()));
            }
            Ok(Socket::Unix(opened.listener))
        }
    }
}

/// The files of the unix sockets; removed when the life that made them is
/// over, or does not come about (A3.35).
#[derive(Debug, Default)]
pub(super) struct SocketFiles(Vec<PathBuf>);

impl Drop for SocketFiles {
    fn drop(&mut self) {
        self.0.iter().for_each(|file| drop(std::fs::remove_file(file)));
    }
}

/// Leaves the foreground: the launcher ends with status 0 and the daemon goes
/// on behind it (A4.110).
///
/// # Errors
/// [`BootError::System`]
pub(super) fn daemonize(settings: &Supervisord, log: &mut MainLog) -> Result<(), BootError> {
    if daemonize::split()? == daemonize::Side::Launcher {
        daemonize::leave_at_once();
    }
    let mut say = |level, text: String| log.write(&LogLine::new(level, text), clock::now());
    say(Level::Info, "daemonizing the supervisord process".to_owned());
    if let Some(directory) = &settings.directory {
        let shown = crate::model::py_repr(&directory.to_string_lossy());
        match std::env::set_current_dir(directory) {
            Ok(()) => say(Level::Info, format!("set current directory: {shown}")),
            Err(error) => {
                let error = os_error_text(&error);
                say(Level::Critical, format!("can't chdir into {shown}: {error}: {shown}"));
            }
        }
    }
    daemonize::detach()?;
    daemonize::set_umask(settings.umask);
    Ok(())
}

/// The pidfile; removed when the life that wrote it is over, or does not come
/// about. `None` where it could not be written.
#[derive(Debug)]
pub(super) struct Pidfile(Option<PathBuf>);

impl Drop for Pidfile {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            drop(pidfile::remove(path, std::process::id()));
        }
    }
}

/// Writes the pidfile; without one the daemon goes on (A1.36, A4.113).
pub(super) fn write_pidfile(path: &Path, log: &mut MainLog) -> Pidfile {
    let pid = std::process::id();
    let (line, written) = match pidfile::write(path, pid) {
        Ok(()) => (LogLine::new(Level::Info, format!("supervisord started with pid {pid}")), Some(path.to_owned())),
        Err(_) => (LogLine::new(Level::Critical, format!("could not write pidfile {}", path.display())), None),
    };
    log.write(&line, clock::now());
    Pidfile(written)
}
