//! Whether another life could begin: asked while the present one still runs, so
//! that a restart is refused before anything is stopped (A4.139).
//!
//! Only what can be tried without being noticed is tried; whatever this life
//! holds itself will be free by then. What goes wrong all the same is answered
//! by going back to the configuration before.

use super::boot::{self, BootError};
use crate::config::{Address, ChildLog, Config, FcgiAddress, FcgiSocket, MainLog as Target, ProcessConfig};
use crate::engine::EngineError;
use crate::logs::autolog;
use crate::model::Channel;
use crate::sys::socket::fcgi;
use crate::sys::user::{self, DropError};
use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::Path;

/// The name in the log that is made to see whether one can be made.
const TRIAL: &str = "rehearsal";

/// Tries the steps of a start on `next` that a running `now` does not stand in
/// the way of.
///
/// # Errors
/// What the start would end with.
pub(super) fn rehearse(next: &Config, now: &Config) -> Result<(), Box<dyn Error>> {
    become_user(next)?;
    open_log(next, now)?;
    open_servers(next, now)?;
    open_fcgi(next, now)?;
    make_auto_log(next)?;
    Ok(())
}

fn become_user(next: &Config) -> Result<(), BootError> {
    let current = user::current_uid();
    let other = next.supervisord.user.is_some_and(|wanted| wanted.0 != current);
    if other && current != 0 { Err(DropError::NotRoot.into()) } else { Ok(()) }
}

/// Even the log of this life: its disk may be read-only by now. But that one is not
/// removed, since this life may open it anew at the same moment.
fn open_log(next: &Config, now: &Config) -> Result<(), BootError> {
    let (new, old) = (&next.supervisord.logfile, &now.supervisord.logfile);
    let absent = match new {
        Target::File(path) if new != old && !path.exists() => Some(path),
        _ => None,
    };
    drop(boot::open_log(&next.supervisord)?);
    // What was made, which is where a link leads to.
    let made = absent.and_then(|path| path.canonicalize().ok());
    made.iter().for_each(|file| remove(file));
    Ok(())
}

/// Servers that are new. One at a port or path of ours cannot be tried.
fn open_servers(next: &Config, now: &Config) -> Result<(), BootError> {
    let (ports, paths) = (ports(now), paths(now));
    for server in &next.servers {
        match &server.address {
            Address::Inet { port, .. } if ports.contains(port) => {}
            Address::Unix { path, .. } if paths.contains(path.as_path()) => {}
            // Both are closed again, and the file of a unix socket is removed.
            _ => drop(boot::open_servers([server])?),
        }
    }
    Ok(())
}

/// TCP sockets of FastCGI programs; a unix socket would take the place of the
/// one that is there.
fn open_fcgi(next: &Config, now: &Config) -> Result<(), BootError> {
    let mut tried = ports(now);
    for socket in sockets(next) {
        let FcgiAddress::Tcp { host, port } = &socket.address else { continue };
        if tried.insert(*port) {
            let failed = |error| BootError::Engine(EngineError::Fcgi { url: socket.address.url(), error });
            drop(fcgi::listen_tcp(host, *port, socket.backlog).map_err(failed)?);
        }
    }
    Ok(())
}

fn make_auto_log(next: &Config) -> Result<(), BootError> {
    let settings = &next.supervisord;
    if !processes(next).any(has_auto_log) {
        return Ok(());
    }
    let directory = &settings.childlogdir;
    let failed = |error| BootError::Engine(EngineError::AutoLog { directory: directory.display().to_string(), error });
    let log = autolog::name(directory, TRIAL, Channel::Stdout, &settings.identifier).map_err(failed)?;
    autolog::make(&log).map_err(failed)?;
    remove(&log);
    Ok(())
}

fn has_auto_log(process: &ProcessConfig) -> bool {
    let streams = [Channel::Stdout, Channel::Stderr];
    streams.into_iter().any(|channel| process.channel(channel).logfile == ChildLog::Auto)
}

/// Every port that this configuration listens at.
fn ports(config: &Config) -> BTreeSet<u16> {
    let servers = config.servers.iter().filter_map(|server| match server.address {
        Address::Inet { port, .. } => Some(port),
        Address::Unix { .. } => None,
    });
    let programs = sockets(config).filter_map(|socket| match socket.address {
        FcgiAddress::Tcp { port, .. } => Some(port),
        FcgiAddress::Unix { .. } => None,
    });
    servers.chain(programs).collect()
}

fn paths(config: &Config) -> BTreeSet<&Path> {
    let servers = config.servers.iter().filter_map(|server| match &server.address {
        Address::Unix { path, .. } => Some(path.as_path()),
        Address::Inet { .. } => None,
    });
    servers.collect()
}

fn sockets(config: &Config) -> impl Iterator<Item = &FcgiSocket> {
    processes(config).filter_map(|process| process.fcgi.as_ref())
}

fn processes(config: &Config) -> impl Iterator<Item = &ProcessConfig> {
    config.groups.iter().flat_map(|group| &group.processes).map(AsRef::as_ref)
}

/// What cannot be removed stays; the next start may use or clean it.
fn remove(path: &Path) {
    drop(fs::remove_file(path));
}

#[cfg(test)]
mod tests {
    use super::rehearse;
    use crate::config::{Config, load_text};
    use crate::sys::testdir::TestDir;
    use std::fs;
    use std::net::TcpListener;
    use std::os::unix::net::UnixListener;

    fn read(dir: &TestDir, supervisord: &str, rest: &str) -> Config {
        let here = dir.path().display();
        let head = format!("[supervisord]\nlogfile={here}/s.log\nchildlogdir={here}/logs\n");
        fs::create_dir_all(dir.path().join("logs")).unwrap();
        load_text(dir.path(), &format!("{head}{supervisord}\n{rest}").replace("HERE", &here.to_string())).1
    }

    fn refusal(next: &Config, now: &Config) -> String {
        rehearse(next, now).map_or_else(|error| error.to_string(), |()| String::new())
    }

    /// A4.139
    #[test]
    fn what_could_begin_leaves_no_trace() {
        let dir = TestDir::new();
        let now = read(&dir, "", "");
        let server = "[unix_http_server]\nfile=HERE/new.sock\n[program:x]\ncommand=x\n";
        let next = read(&dir, "logfile=HERE/new.log", server);
        assert_eq!(refusal(&next, &now), "");
        let mut left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["logs", "s.conf"]);
        assert_eq!(fs::read_dir(dir.path().join("logs")).unwrap().count(), 0);
    }

    /// A4.139: the link is the administrator's, not ours.
    #[test]
    fn a_link_to_where_no_log_is_yet_stays() {
        let dir = TestDir::new();
        let link = dir.path().join("new.log");
        std::os::unix::fs::symlink("elsewhere.log", &link).unwrap();
        let (now, next) = (read(&dir, "", ""), read(&dir, "logfile=HERE/new.log", ""));
        assert_eq!(refusal(&next, &now), "");
        assert_eq!(fs::read_link(&link).unwrap().to_str(), Some("elsewhere.log"));
        assert!(!dir.path().join("elsewhere.log").exists());
    }

    /// A4.139
    #[test]
    fn an_address_that_somebody_else_has_is_told() {
        let dir = TestDir::new();
        let now = read(&dir, "", "");
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let _alive = UnixListener::bind(dir.path().join("alive.sock")).unwrap();
        for server in [
            format!("[inet_http_server]\nport=127.0.0.1:{port}"),
            "[unix_http_server]\nfile=HERE/alive.sock".to_owned(),
        ] {
            let told = refusal(&read(&dir, "", &server), &now);
            assert!(told.starts_with("Another program is already listening"), "{server}: {told}");
        }
        let fcgi = format!("[fcgi-program:x]\ncommand=x\nsocket=tcp://127.0.0.1:{port}\n");
        let told = refusal(&read(&dir, "", &fcgi), &now);
        assert!(told.starts_with(&format!("Could not create FastCGI socket tcp://127.0.0.1:{port}: ")), "{told}");
    }

    /// A4.136: what this life listens at is free when the next one begins.
    #[test]
    fn what_this_life_holds_itself_does_not_stand_in_the_way() {
        let dir = TestDir::new();
        let inet = TcpListener::bind("127.0.0.1:0").unwrap();
        let _unix = UnixListener::bind(dir.path().join("s.sock")).unwrap();
        let port = inet.local_addr().unwrap().port();
        let servers = format!("[inet_http_server]\nport=127.0.0.1:{port}\n[unix_http_server]\nfile=HERE/s.sock\n");
        let now = read(&dir, "", &servers);
        assert_eq!(refusal(&now, &now), "");
        let moved = read(&dir, "", &format!("[fcgi-program:x]\ncommand=x\nsocket=tcp://localhost:{port}\n"));
        assert_eq!(refusal(&moved, &now), "");
    }

    /// A4.139
    #[test]
    fn logs_that_cannot_be_made_are_told() {
        let dir = TestDir::new();
        let now = read(&dir, "", "[program:x]\ncommand=x\n");
        fs::create_dir(dir.path().join("folder")).unwrap();
        let other = read(&dir, "logfile=HERE/folder", "");
        for (next, now) in [(&other, &now), (&other, &other)] {
            let told = refusal(next, now);
            assert!(told.starts_with("Could not open the log file"), "{told}");
        }
        fs::remove_dir(dir.path().join("logs")).unwrap();
        let told = refusal(&now, &now);
        assert!(told.starts_with("Could not create a log file in"), "{told}");
    }
}
