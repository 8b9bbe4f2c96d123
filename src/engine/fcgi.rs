//! The shared listening sockets of FastCGI programs (A4.99–A4.106).
//!
//! A socket exists while some process uses it: made for the first, closed
//! behind the last.

use crate::config::{FcgiAddress, FcgiSocket};
use crate::manager::ProcessId;
use crate::model::{Level, LogLine};
use crate::sys::socket::fcgi as socket;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::fd::OwnedFd;
use thiserror::Error;

/// A program's socket cannot be made or handed on.
#[derive(Debug, Error)]
#[error("Could not create FastCGI socket {url}: {error}")]
pub(super) struct FcgiError {
    pub(super) url: String,
    pub(super) error: socket::FcgiError,
}

impl FcgiError {
    pub(super) fn into_engine(self) -> super::EngineError {
        super::EngineError::Fcgi { url: self.url, error: self.error }
    }
}

/// A program inside a group; its processes share one socket.
type Key = (String, String);

/// The sockets in use.
#[derive(Debug, Default)]
pub(super) struct FcgiSockets {
    open: BTreeMap<Key, Open>,
    users: BTreeMap<ProcessId, Key>,
}

#[derive(Debug)]
struct Open {
    fd: OwnedFd,
    url: String,
    users: BTreeSet<ProcessId>,
}

impl FcgiSockets {
    /// Makes the socket and closes it again, so that an address that cannot be
    /// had is told when the group becomes active (A4.101). Adds to `lines` what
    /// the log should say, also about the one that fails.
    pub(super) fn try_out(&self, group: &str, socket: &FcgiSocket, lines: &mut Vec<LogLine>) -> Result<(), FcgiError> {
        if self.open.contains_key(&key(group, socket)) {
            return Ok(());
        }
        let url = socket.address.url();
        lines.push(creating(&url));
        drop(listen(socket)?);
        lines.push(closing(&url));
        Ok(())
    }

    /// A descriptor of the socket for a process that is about to be spawned.
    /// `lines` as for [`Self::try_out`].
    pub(super) fn share(
        &mut self,
        id: ProcessId,
        group: &str,
        socket: &FcgiSocket,
        lines: &mut Vec<LogLine>,
    ) -> Result<OwnedFd, FcgiError> {
        let key = key(group, socket);
        if !self.open.contains_key(&key) {
            let url = socket.address.url();
            lines.push(creating(&url));
            self.open.insert(key.clone(), Open { fd: listen(socket)?, url, users: BTreeSet::new() });
        }
        let failed = |error: io::Error| FcgiError { url: socket.address.url(), error: error.into() };
        let open = self.open.get_mut(&key).ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
        // Before anything can fail: who gives it back must be known as a user.
        open.users.insert(id);
        self.users.insert(id, key);
        open.fd.try_clone().map_err(failed)
    }

    /// `id` needs its socket no more; the last one closes it.
    pub(super) fn release(&mut self, id: ProcessId) -> Vec<LogLine> {
        let Some(key) = self.users.remove(&id) else { return vec![] };
        let Some(open) = self.open.get_mut(&key) else { return vec![] };
        open.users.remove(&id);
        if !open.users.is_empty() {
            return vec![];
        }
        self.open.remove(&key).map(|open| closing(&open.url)).into_iter().collect()
    }
}

fn key(group: &str, socket: &FcgiSocket) -> Key {
    (group.to_owned(), socket.program.clone())
}

fn listen(settings: &FcgiSocket) -> Result<OwnedFd, FcgiError> {
    let made = match &settings.address {
        FcgiAddress::Tcp { host, port } => socket::listen_tcp(host, *port, settings.backlog),
        FcgiAddress::Unix { path, mode, owner } => {
            let access = socket::Access { mode: *mode, uid: owner.uid, gid: owner.gid };
            socket::listen_unix(path, access, settings.backlog)
        }
    };
    made.map_err(|error| FcgiError { url: settings.address.url(), error })
}

fn creating(url: &str) -> LogLine {
    LogLine::new(Level::Info, format!("Creating socket {url}"))
}

fn closing(url: &str) -> LogLine {
    LogLine::new(Level::Info, format!("Closing socket {url}"))
}
