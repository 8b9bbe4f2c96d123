//! Why a daemon cannot be reached and what to do, in one line for people: the
//! line that upstream's client has no words for. [`gather`] looks at this
//! machine, [`advice`] decides what that means.

use super::server::Server;
use crate::client::CallError;
use crate::client::endpoint::Endpoint;
use crate::config::{Address, Config, Source, load};
use crate::sys;
use nix::errno::Errno;
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// More than any pid and its newline.
const PID_BYTES: u64 = 32;

/// What this machine tells about a daemon that does not answer.
#[derive(Debug, Default)]
pub struct Facts {
    /// The file that was read, if it is one for a daemon too.
    config: Option<Config>,
    /// What stands at the socket's path: whether it is a socket, its mode and owner.
    found: Option<Found>,
    /// The nearest folder above the socket that may not be entered.
    closed_folder: Option<PathBuf>,
    /// What the pidfile of the configuration says.
    pid: Option<Pid>,
    /// Who we are.
    uid: u32,
    /// A user name and a password are sent.
    has_login: bool,
}

#[derive(Debug, Clone, Copy)]
struct Found {
    is_socket: bool,
    mode: u32,
    uid: u32,
}

#[derive(Debug, Clone, Copy)]
struct Pid {
    number: i32,
    alive: bool,
}

/// Looks at the machine, as far as it may.
#[must_use]
pub fn gather(server: &Server, config_file: Option<&Path>) -> Facts {
    let source = |path: &Path| Source {
        path: Some(path.to_owned()),
        argv0: PathBuf::new(),
        cwd: std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/")),
        ..Source::default()
    };
    let config = config_file.and_then(|path| load(&source(path)).ok());
    let has_login = server.credentials().is_some();
    let mut facts = Facts { uid: nix::unistd::geteuid().as_raw(), has_login, ..Facts::default() };
    facts.pid = config.as_ref().and_then(|config| read_pid(&config.supervisord.pidfile));
    if let Ok(Endpoint::Unix(path)) = Endpoint::parse(&server.url) {
        facts.found = std::fs::metadata(&path).ok().map(|meta| Found {
            is_socket: meta.file_type().is_socket(),
            mode: meta.mode() & 0o777,
            uid: meta.uid(),
        });
        let denied = |folder: &Path| {
            std::fs::metadata(folder.join(".")).is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied)
        };
        facts.closed_folder = path.ancestors().skip(1).filter(|folder| denied(folder)).last().map(Path::to_owned);
    }
    facts.config = config;
    facts
}

fn read_pid(path: &Path) -> Option<Pid> {
    if !std::fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut text = String::new();
    std::fs::File::open(path).ok()?.take(PID_BYTES).read_to_string(&mut text).ok()?;
    let number = text.trim().parse().ok()?;
    Some(Pid { number, alive: sys::kill::is_alive(number) })
}

/// What to tell; `None` when the error says all there is to say.
#[must_use]
pub fn advice(url: &str, error: &CallError, facts: &Facts) -> Option<String> {
    let endpoint = Endpoint::parse(url).ok()?;
    match (&endpoint, error) {
        (Endpoint::Unix(path), error) if error.is_errno(Errno::ENOENT) => Some(no_socket(path, facts)),
        (Endpoint::Unix(path), error) if error.is_errno(Errno::ECONNREFUSED) => Some(dead_socket(path, facts)),
        (Endpoint::Unix(path), error) if error.is_errno(Errno::EACCES) => Some(closed_socket(path, facts)),
        (Endpoint::Inet { host, port }, error) if error.is_errno(Errno::ECONNREFUSED) => {
            Some(nobody_listens(host, *port, facts))
        }
        (Endpoint::Inet { host, .. }, CallError::Lookup { .. }) => {
            Some(format!("{host} is no host that is known here; look at serverurl in [supervisorctl], or use -s"))
        }
        (_, error) if error.wants_login() && facts.has_login => Some(
            "this server has another user name or password: look at username= and password= in [supervisorctl], or at \
             -u and -p"
                .to_owned(),
        ),
        (_, error) if error.wants_login() => Some(
            "this server wants a user name and a password: username= and password= in [supervisorctl], or -u and -p"
                .to_owned(),
        ),
        _ => None,
    }
}

fn no_socket(path: &Path, facts: &Facts) -> String {
    let shown = path.display();
    let Some(config) = &facts.config else {
        return format!(
            "there is no socket {shown}: is a supervisord running that has file={shown} in [unix_http_server]?"
        );
    };
    let file = config.path.display();
    let sockets: Vec<&PathBuf> = config
        .servers
        .iter()
        .filter_map(|server| match &server.address {
            Address::Unix { path, .. } => Some(path),
            Address::Inet { .. } => None,
        })
        .collect();
    if sockets.iter().any(|socket| *socket == path) {
        return format!("there is no socket {shown}, which [unix_http_server] of {file} would make: {}", life(facts));
    }
    match sockets.first() {
        Some(other) => format!(
            "there is no socket {shown}; [unix_http_server] of {file} makes {}: make serverurl in [supervisorctl] the \
             same, or use -s unix://{}",
            other.display(),
            other.display()
        ),
        None => format!(
            "there is no socket {shown}, and {file} has no [unix_http_server] that would make it: add one with \
             file={shown}, or use -s"
        ),
    }
}

fn dead_socket(path: &Path, facts: &Facts) -> String {
    let shown = path.display();
    if facts.found.is_some_and(|found| !found.is_socket) {
        return format!("{shown} is no socket: look at serverurl in [supervisorctl], or use -s");
    }
    if let Some(Pid { alive: true, .. }) = facts.pid {
        return format!("nobody listens at {shown} any more: {}", life(facts));
    }
    format!("nobody listens at {shown} any more, the socket was left by a supervisord that has gone: {}", life(facts))
}

fn closed_socket(path: &Path, facts: &Facts) -> String {
    let shown = path.display();
    let way_out = "run this as another user, or set chmod= and chown= in [unix_http_server]";
    if let Some(folder) = &facts.closed_folder {
        return format!("user {} may not enter {}: {way_out}", facts.uid, folder.display());
    }
    match facts.found {
        Some(found) => format!(
            "user {} may not use {shown}, which has mode {:04o} and belongs to user {}: {way_out}",
            facts.uid, found.mode, found.uid
        ),
        None => format!("user {} may not use {shown}: {way_out}", facts.uid),
    }
}

fn nobody_listens(host: &str, port: u16, facts: &Facts) -> String {
    let start = format!("nobody listens at {host}, port {port}");
    let Some(config) = &facts.config else {
        return format!("{start}: is a supervisord running that has port={port} in [inet_http_server]?");
    };
    let file = config.path.display();
    let mut addresses = config.servers.iter().map(|server| &server.address);
    if addresses.clone().any(|address| matches!(address, Address::Inet { port: own, .. } if *own == port)) {
        return format!("{start}, where [inet_http_server] of {file} would: {}", life(facts));
    }
    match addresses.next() {
        Some(Address::Unix { path, .. }) => {
            format!("{start}; the supervisord of {file} listens at unix://{}: use that with -s", path.display())
        }
        Some(Address::Inet { port: other, .. }) => {
            format!("{start}; the supervisord of {file} listens at port {other}")
        }
        None => format!("{start}, and {file} has no [inet_http_server] that would"),
    }
}

/// Whether the daemon of the configuration is alive, and what to do.
fn life(facts: &Facts) -> String {
    let Some(config) = &facts.config else { return "start it again".to_owned() };
    let (file, pidfile) = (config.path.display(), config.supervisord.pidfile.display());
    match facts.pid {
        None => format!("it is not running, start it with supervisord -c {file}"),
        Some(Pid { number, alive: false }) => format!(
            "its pidfile {pidfile} names process {number}, which is gone; look at the end of its log, and start it \
             with supervisord -c {file}"
        ),
        Some(Pid { number, alive: true }) => format!(
            "its pidfile {pidfile} names process {number}, which is alive; it may be starting, ending or \
             have lost its socket, look at its log"
        ),
    }
}

#[cfg(test)]
mod tests;
