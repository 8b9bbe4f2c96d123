//! Listening sockets, and upstream's sentences for why there is none.
//!
//! Opens and nothing more: who is let in, and what is said to them, is decided
//! above. All are CLOEXEC. The daemon's own do not block; those for FastCGI
//! children do.

pub mod fcgi;
mod resolve;
pub mod tcp;
pub mod unix;

use super::errno::errno_name;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Connections that may wait to be accepted (A3.33).
const BACKLOG: i32 = 1024;

/// One more than the bytes of the longest path of a socket.
const PATH_END: usize = 108;

/// Why a server's socket cannot be opened (A1.32, B2.8.10–B2.8.12).
#[derive(Debug, Error)]
pub enum SocketError {
    /// Somebody answers there, or at least holds the address.
    #[error(
        "Another program is already listening on a port that one of our HTTP servers is configured to use.  \
         Shut this program down first before starting supervisord."
    )]
    InUse,
    /// The system said no.
    #[error("Cannot open an HTTP server: socket.error reported {}", reported(.0))]
    Os(#[from] io::Error),
    /// The host has no address. Holds the resolver's number.
    #[error("Cannot open an HTTP server: socket.error reported {0}")]
    Resolve(i32),
    /// Longer than the kernel takes, with the pid that is put behind it.
    #[error("Cannot open an HTTP server: socket.error reported AF_UNIX path too long")]
    PathTooLong,
    /// Something else has the name; it is left alone (A3.32).
    #[error("Cannot open an HTTP server: {} exists and is not a socket", .0.display())]
    NotASocket(PathBuf),
    /// `chown=` names somebody whom we may not give files to.
    #[error(
        "Not permitted to chown {} to uid/gid ({}, {}); adjust \"sockchown\" value in config file or on command line \
         to values that the current user ({user}) can successfully chown",
        .path.display(), id(*.uid), id(*.gid)
    )]
    Chown {
        /// The socket.
        path: PathBuf,
        /// Wanted owner.
        uid: Option<u32>,
        /// Wanted group.
        gid: Option<u32>,
        /// Name of the user we run as, or its number.
        user: String,
    },
}

impl SocketError {
    /// An address that is taken is its own case.
    fn from_bind(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::AddrInUse { Self::InUse } else { Self::Os(error) }
    }
}

fn reported(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => format!("errno.{} ({number})", errno_name(number)),
        None => error.to_string(),
    }
}

/// −1 is how upstream writes "leave it".
fn id(id: Option<u32>) -> i64 {
    id.map_or(-1, i64::from)
}

/// Bytes written to a connected stream socket that its peer has not read, or that
/// have not come to the peer's host yet; 0 when that cannot be told.
#[must_use]
pub fn unread_bytes(socket: impl AsFd) -> usize {
    let mut count: libc::c_int = 0;
    // SAFETY: the kernel writes one int to the place given, which is one.
    let answer = unsafe { libc::ioctl(socket.as_fd().as_raw_fd(), libc::TIOCOUTQ, &raw mut count) };
    if answer == 0 { usize::try_from(count).unwrap_or(0) } else { 0 }
}

fn path_is_too_long(path: &Path) -> bool {
    path.as_os_str().as_bytes().len() >= PATH_END
}

#[cfg(test)]
mod tests {
    use super::{SocketError, unread_bytes};
    use std::io::{self, Read, Write};
    use std::os::unix::net::UnixStream;

    #[test]
    fn what_a_peer_has_not_read_is_told_before_the_socket_takes_more() {
        let (mut ours, mut theirs) = UnixStream::pair().unwrap();
        assert_eq!(unread_bytes(&ours), 0);
        ours.write_all(&[0; 8192]).unwrap();
        ours.write_all(&[0; 8192]).unwrap();
        let before = unread_bytes(&ours);
        theirs.read_exact(&mut [0; 8192]).unwrap();
        assert!((1..before).contains(&unread_bytes(&ours)));
    }

    /// A1.32, B2.8.11, B2.8.12
    #[test]
    fn errors_read_as_upstreams() {
        let os = SocketError::from_bind(io::Error::from_raw_os_error(libc::EADDRNOTAVAIL));
        let prefix = "Cannot open an HTTP server: socket.error reported";
        assert_eq!(os.to_string(), format!("{prefix} errno.EADDRNOTAVAIL (99)"));
        assert_eq!(SocketError::Resolve(-2).to_string(), format!("{prefix} -2"));
        assert_eq!(SocketError::PathTooLong.to_string(), format!("{prefix} AF_UNIX path too long"));
        let in_use = SocketError::from_bind(io::Error::from_raw_os_error(libc::EADDRINUSE));
        assert_eq!(
            in_use.to_string(),
            "Another program is already listening on a port that one of our HTTP servers is configured to use.  \
             Shut this program down first before starting supervisord."
        );
        let chown = SocketError::Chown { path: "/run/s".into(), uid: Some(0), gid: None, user: "joe".into() };
        assert_eq!(
            chown.to_string(),
            "Not permitted to chown /run/s to uid/gid (0, -1); adjust \"sockchown\" value in config file or on \
             command line to values that the current user (joe) can successfully chown"
        );
    }
}
