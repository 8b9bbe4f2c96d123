//! The socket file of `[unix_http_server]`.
//!
//! It is bound under another name and linked to its own when mode and owner are
//! right, so nobody can connect earlier (A3.32, B2.8.6). A name that is taken
//! is probed: who listens keeps it, a dead socket is removed, and anything
//! that is no socket is left alone, a link too.

use super::{BACKLOG, SocketError, path_is_too_long};
use crate::sys::user::{User, current_uid};
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, connect, listen as set_backlog, socket,
};
use nix::sys::stat::{Mode, fchmod};
use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, PermissionsExt, chown};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

/// Dead sockets removed before we give up: somebody keeps putting them there.
const ATTEMPTS: usize = 5;

/// The socket of a server, open.
#[derive(Debug)]
pub struct Opened {
    /// Accepting does not block.
    pub listener: UnixListener,
    /// A dead socket was removed first, which upstream tells on stderr (A1.33).
    pub removed_stale: bool,
}

/// Listens at `file` with this mode and owner; `None` leaves that half.
///
/// # Errors
/// [`SocketError`] with upstream's sentence. No file of ours is left then.
pub fn listen(file: &Path, mode: u32, uid: Option<u32>, gid: Option<u32>) -> Result<Opened, SocketError> {
    let temporary = Temporary::beside(file);
    let mut removed_stale = false;
    for _ in 0..ATTEMPTS {
        let socket = temporary.bind(mode)?;
        temporary.own(file, uid, gid)?;
        // Whoever is chowned loses bits.
        fs::set_permissions(&temporary.0, Permissions::from_mode(mode))?;
        // Before it has its name, or another daemon would take it for dead.
        set_backlog(&socket, Backlog::new(BACKLOG).map_err(io::Error::from)?).map_err(io::Error::from)?;
        if !temporary.give_name(file)? {
            removed_stale |= clear(file)?;
            continue;
        }
        return Ok(Opened { listener: socket.into(), removed_stale });
    }
    Err(SocketError::InUse)
}

/// The name that the socket is bound under at first; gone when this is dropped.
struct Temporary(PathBuf);

impl Temporary {
    fn beside(file: &Path) -> Self {
        let mut name = file.as_os_str().to_owned();
        name.push(format!(".{}", std::process::id()));
        Self(name.into())
    }

    /// A socket that does not listen yet. The kernel gives its file the mode that
    /// the socket has, less the umask: never for a moment more than is wanted.
    fn bind(&self, mode: u32) -> Result<OwnedFd, SocketError> {
        if path_is_too_long(&self.0) {
            return Err(SocketError::PathTooLong);
        }
        remove_socket(&self.0)?;
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let made = socket(AddressFamily::Unix, SockType::Stream, flags, None).map_err(io::Error::from)?;
        fchmod(&made, Mode::from_bits_truncate(mode)).map_err(io::Error::from)?;
        let address = UnixAddr::new(&self.0).map_err(io::Error::from)?;
        bind(made.as_raw_fd(), &address).map_err(|error| SocketError::from_bind(error.into()))?;
        Ok(made)
    }

    /// An error is about `file`, which is what people know.
    fn own(&self, file: &Path, uid: Option<u32>, gid: Option<u32>) -> Result<(), SocketError> {
        match chown(&self.0, uid, gid) {
            Err(error) if error.raw_os_error() == Some(libc::EPERM) => {
                let us = current_uid();
                let user = User::by_uid(us).map_or_else(|| us.to_string(), |user| user.name);
                Err(SocketError::Chown { path: file.to_owned(), uid, gid, user })
            }
            other => Ok(other?),
        }
    }

    /// Whether the socket is called `file` now; not when that name is taken.
    fn give_name(&self, file: &Path) -> Result<bool, SocketError> {
        match fs::hard_link(&self.0, file) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
            // Some file systems have no links. Here is a gap in which somebody
            // else can take the name, but to go on trying would be for ever.
            Err(error) if has_no_links(&error) => match fs::symlink_metadata(file) {
                Ok(_) => Ok(false),
                Err(_) => Ok(fs::rename(&self.0, file).map(|()| true)?),
            },
            Err(error) => Err(error.into()),
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // What cannot be removed stays; there is nobody to tell.
        drop(remove_socket(&self.0));
    }
}

fn has_no_links(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EPERM | libc::EOPNOTSUPP | libc::ENOSYS | libc::EMLINK))
}

/// Makes a name free that only a socket may have, and tells whether one had it.
fn remove_socket(path: &Path) -> Result<bool, SocketError> {
    match fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => return Err(SocketError::NotASocket(path.to_owned())),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Makes the name free if a dead socket has it, and tells whether one had. A
/// link to a listener is in use; any other link is no socket, and stays.
fn clear(file: &Path) -> Result<bool, SocketError> {
    let leads_to_socket = fs::metadata(file).is_ok_and(|found| found.file_type().is_socket());
    if leads_to_socket && is_alive(file)? {
        return Err(SocketError::InUse);
    }
    remove_socket(file)
}

/// Whether anybody listens at a socket. To be let into its queue is answer
/// enough: nothing is sent, so a stuck daemon cannot hold us up (B2.8.9), and
/// one that hangs up on strangers does not count as dead.
fn is_alive(file: &Path) -> io::Result<bool> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let probe = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    match connect(probe.as_raw_fd(), &UnixAddr::new(file)?) {
        // EAGAIN is a full queue, and somebody has made that queue.
        Ok(()) | Err(Errno::EAGAIN) => Ok(true),
        Err(Errno::ECONNREFUSED | Errno::ENOENT) => Ok(false),
        Err(other) => Err(other.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Opened, listen};
    use crate::sys::socket::SocketError;
    use crate::sys::testdir::TestDir;
    use nix::sys::socket::Backlog;
    use std::fs;
    use std::io::ErrorKind;
    use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::path::Path;

    fn names(dir: &TestDir) -> Vec<String> {
        fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    fn open(file: &Path) -> Result<Opened, SocketError> {
        listen(file, 0o700, None, None)
    }

    /// A3.32, B2.8.6
    #[test]
    fn the_file_has_its_mode_and_its_temporary_name_is_gone() {
        let dir = TestDir::new();
        let file = dir.path().join("s");
        for mode in [0o700, 0o770, 0o666] {
            let opened = listen(&file, mode, None, None).unwrap();
            let found = fs::metadata(&file).unwrap();
            assert!(found.file_type().is_socket());
            assert_eq!(found.permissions().mode() & 0o7777, mode);
            assert_eq!(names(&dir), ["s"]);
            assert!(!opened.removed_stale);
            assert_eq!(opened.listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
            UnixStream::connect(&file).unwrap();
            fs::remove_file(&file).unwrap();
        }
    }

    /// B2.8.6
    #[test]
    fn a_new_socket_has_no_more_rights_than_wanted_and_nobody_gets_in() {
        let dir = TestDir::new();
        let temporary = super::Temporary::beside(&dir.path().join("s"));
        for mode in [0o700, 0o770, 0o600, 0o000] {
            let _socket = temporary.bind(mode).unwrap();
            let found = fs::metadata(&temporary.0).unwrap().permissions().mode() & 0o7777;
            assert_eq!(found & !mode, 0, "{found:o}");
            assert_eq!(UnixStream::connect(&temporary.0).unwrap_err().kind(), ErrorKind::ConnectionRefused);
        }
    }

    /// A1.33
    #[test]
    fn a_dead_socket_is_replaced() {
        let dir = TestDir::new();
        let file = dir.path().join("s");
        drop(UnixListener::bind(&file).unwrap());
        assert!(open(&file).unwrap().removed_stale);
        assert_eq!(names(&dir), ["s"]);
    }

    /// A1.32, B2.8.7, B2.8.9
    #[test]
    fn a_socket_that_somebody_listens_at_is_kept() {
        let dir = TestDir::new();
        let file = dir.path().join("s");
        let alive = UnixListener::bind(&file).unwrap();
        assert!(matches!(open(&file), Err(SocketError::InUse)));
        // The queue of its own would take thousands of descriptors.
        nix::sys::socket::listen(&alive, Backlog::new(1).unwrap()).unwrap();
        let _waiting = fill(&file);
        assert!(matches!(open(&file), Err(SocketError::InUse)), "a full queue is somebody's");
        assert_eq!(names(&dir), ["s"]);
    }

    /// Connects until the queue of a listener is full.
    fn fill(file: &Path) -> Vec<std::os::fd::OwnedFd> {
        use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, socket};
        use std::os::fd::AsRawFd;
        let mut waiting = vec![];
        loop {
            let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
            let fd = socket(AddressFamily::Unix, SockType::Stream, flags, None).unwrap();
            if connect(fd.as_raw_fd(), &UnixAddr::new(file).unwrap()).is_err() {
                return waiting;
            }
            waiting.push(fd);
        }
    }

    /// A3.32, A7.69, B2.8.8
    #[test]
    fn what_is_no_socket_is_left_alone() {
        let dir = TestDir::new();
        let file = dir.path().join("s");
        fs::write(&file, "precious").unwrap();
        let refused = open(&file).unwrap_err().to_string();
        assert!(refused.ends_with("s exists and is not a socket"), "{refused}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
        assert_eq!(names(&dir), ["s"]);
    }

    /// B2.8.6, B2.8.8
    #[test]
    fn the_temporary_name_is_taken_from_a_dead_socket_only() {
        let dir = TestDir::new();
        let file = dir.path().join("s");
        let own = super::Temporary::beside(&file).0.clone();
        drop(UnixListener::bind(&own).unwrap());
        drop(open(&file).unwrap());
        assert_eq!(names(&dir), ["s"]);
        fs::write(&own, "precious").unwrap();
        let refused = open(&file).unwrap_err().to_string();
        assert!(refused.ends_with(&format!("{} exists and is not a socket", own.display())), "{refused}");
        assert_eq!(fs::read_to_string(&own).unwrap(), "precious");
    }

    /// A1.32, B2.8.8
    #[test]
    fn a_link_is_no_socket_wherever_it_leads() {
        let dir = TestDir::new();
        let (file, target) = (dir.path().join("s"), dir.path().join("target"));
        symlink(&target, &file).unwrap();
        assert!(matches!(open(&file), Err(SocketError::NotASocket(path)) if path == file), "to nowhere");
        let alive = UnixListener::bind(&target).unwrap();
        assert!(matches!(open(&file), Err(SocketError::InUse)), "to who listens");
        drop(alive);
        assert!(matches!(open(&file), Err(SocketError::NotASocket(path)) if path == file), "to a dead socket");
        assert_eq!(fs::read_link(&file).unwrap(), target);
    }

    /// A1.32
    #[test]
    fn a_missing_directory_and_a_long_path_are_told() {
        let dir = TestDir::new();
        let refused = open(&dir.path().join("no/s")).unwrap_err().to_string();
        assert!(refused.ends_with("socket.error reported errno.ENOENT (2)"), "{refused}");
        let long = dir.path().join("x".repeat(108));
        assert!(matches!(open(&long), Err(SocketError::PathTooLong)));
    }

    /// B2.8.6, B2.8.12
    #[test]
    fn the_owner_is_set_or_refused_without_leaving_a_file() {
        let dir = TestDir::new();
        let file = dir.path().join("s");
        let opened = listen(&file, 0o700, Some(65_534), Some(65_533));
        if nix::unistd::getuid().is_root() {
            let found = fs::metadata(&file).unwrap();
            assert_eq!((found.uid(), found.gid()), (65_534, 65_533));
        } else {
            assert!(matches!(opened, Err(SocketError::Chown { .. })));
            assert_eq!(names(&dir), [""; 0]);
        }
    }
}
