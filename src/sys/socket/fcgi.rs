//! The sockets that `[fcgi-program:x]` children share as their fd 0.
//!
//! They block, since children accept on them. A unix socket's file is replaced
//! without asking who holds it, and stays when the socket is closed (A4.103).

use super::{path_is_too_long, resolve, tcp::widen};
use crate::sys::errno::os_error_text;
use std::fs::{self, Permissions};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixListener;
use std::path::Path;
use thiserror::Error;

/// Why a FastCGI socket cannot be made, in upstream's words; the caller puts
/// `Could not create FastCGI socket URL: ` in front (A1.34).
#[derive(Debug, Error)]
pub enum FcgiError {
    /// The system said no.
    #[error("{}", os_error_text(.0))]
    Os(#[from] io::Error),
    /// The host has no address. Holds the resolver's number.
    #[error("[Errno {0}] host name cannot be resolved")]
    Resolve(i32),
    /// Longer than the kernel takes.
    #[error("AF_UNIX path too long")]
    PathTooLong,
    /// `socket_owner=` was refused.
    #[error("Could not change ownership of socket file: {}", os_error_text(.0))]
    Chown(#[source] io::Error),
    /// `socket_mode=` was refused.
    #[error("Could not change permissions of socket file: {}", os_error_text(.0))]
    Chmod(#[source] io::Error),
}

/// Listens at `host` and `port` with SO_REUSEADDR, IPv4 as upstream (A4.102).
/// A `backlog` of `None` is the most that the system allows.
///
/// # Errors
/// [`FcgiError`]
pub fn listen_tcp(host: &str, port: u16, backlog: Option<i32>) -> Result<OwnedFd, FcgiError> {
    let address = match host {
        "" => Ipv4Addr::UNSPECIFIED,
        host => resolve::ipv4(host).map_err(FcgiError::Resolve)?,
    };
    let listener = TcpListener::bind((address, port))?;
    widen(&listener, backlog.unwrap_or(libc::SOMAXCONN))?;
    Ok(listener.into())
}

/// Who owns a socket file and what they may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Mode bits.
    pub mode: u32,
    /// `None` leaves it.
    pub uid: Option<u32>,
    /// `None` leaves it.
    pub gid: Option<u32>,
}

/// Listens at the file `path`, whatever was there (A4.103).
///
/// # Errors
/// [`FcgiError`]; no file is left then.
pub fn listen_unix(path: &Path, access: Access, backlog: Option<i32>) -> Result<OwnedFd, FcgiError> {
    if path_is_too_long(path) {
        return Err(FcgiError::PathTooLong);
    }
    if path.exists() {
        fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    let ready = open_up(path, access).and_then(|()| Ok(widen(&listener, backlog.unwrap_or(libc::SOMAXCONN))?));
    match ready {
        Ok(()) => Ok(listener.into()),
        Err(error) => {
            drop(fs::remove_file(path));
            Err(error)
        }
    }
}

fn open_up(path: &Path, access: Access) -> Result<(), FcgiError> {
    if access.uid.is_some() || access.gid.is_some() {
        chown(path, access.uid, access.gid).map_err(FcgiError::Chown)?;
    }
    fs::set_permissions(path, Permissions::from_mode(access.mode)).map_err(FcgiError::Chmod)
}

#[cfg(test)]
mod tests {
    use super::{Access, listen_tcp, listen_unix};
    use crate::sys::testdir::TestDir;
    use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixStream;

    const PRIVATE: Access = Access { mode: 0o700, uid: None, gid: None };

    /// A4.99, A4.102
    #[test]
    fn the_socket_blocks_and_is_not_inherited_by_accident() {
        let socket = listen_tcp("127.0.0.1", 0, Some(7)).unwrap();
        assert_eq!(fcntl(&socket, FcntlArg::F_GETFL).unwrap() & OFlag::O_NONBLOCK.bits(), 0);
        assert_eq!(fcntl(&socket, FcntlArg::F_GETFD).unwrap(), FdFlag::FD_CLOEXEC.bits());
    }

    /// A1.34
    #[test]
    fn a_refused_address_reads_as_upstreams() {
        let refused = listen_tcp("192.0.2.1", 0, None).unwrap_err();
        assert_eq!(refused.to_string(), "[Errno 99] Cannot assign requested address");
    }

    /// A4.103, A8.37
    #[test]
    fn a_unix_socket_replaces_its_file_and_leaves_it_behind() {
        let dir = TestDir::new();
        let path = dir.path().join("s");
        fs::write(&path, "old").unwrap();
        let socket = listen_unix(&path, Access { mode: 0o640, ..PRIVATE }, None).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o640);
        UnixStream::connect(&path).unwrap();
        drop(socket);
        assert!(path.exists());
    }

    /// A4.103
    #[test]
    fn a_failure_after_the_bind_leaves_no_file() {
        if nix::unistd::getuid().is_root() {
            return; // root may give files to anybody
        }
        let dir = TestDir::new();
        let path = dir.path().join("s");
        let refused = listen_unix(&path, Access { uid: Some(0), ..PRIVATE }, None).unwrap_err();
        let text = "Could not change ownership of socket file: [Errno 1] Operation not permitted";
        assert_eq!(refused.to_string(), text);
        assert!(!path.exists());
    }
}
