//! Descriptors: making pipes, reading and writing them. Knows no contents.

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::stat::{SFlag, fstat};
use std::io;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

/// A pipe as (read end, write end). Both block, and neither survives an exec.
///
/// # Errors
/// `EMFILE` and `ENFILE`, mostly.
pub fn pipe_cloexec() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(nix::unistd::pipe2(OFlag::O_CLOEXEC)?)
}

/// Makes reads and writes say `WouldBlock` instead of waiting, or wait again.
///
/// # Errors
/// Whatever `fcntl` says.
pub fn set_nonblocking(fd: impl AsFd, on: bool) -> io::Result<()> {
    let mut flags = OFlag::from_bits_retain(fcntl(&fd, FcntlArg::F_GETFL)?);
    flags.set(OFlag::O_NONBLOCK, on);
    fcntl(&fd, FcntlArg::F_SETFL(flags))?;
    Ok(())
}

/// Makes each write to a file go to its end, wherever others have written meanwhile.
/// What is no file is left as it is.
///
/// # Errors
/// Whatever `fstat` and `fcntl` say.
pub fn append_to_file(fd: impl AsFd) -> io::Result<()> {
    let kind = SFlag::from_bits_truncate(fstat(&fd)?.st_mode) & SFlag::S_IFMT;
    if kind == SFlag::S_IFREG {
        let flags = OFlag::from_bits_retain(fcntl(&fd, FcntlArg::F_GETFL)?);
        fcntl(&fd, FcntlArg::F_SETFL(flags | OFlag::O_APPEND))?;
    }
    Ok(())
}

/// Gives a pipe room for `bytes`.
///
/// # Errors
/// `EPERM` when that is more than the user may have, `EBADF` when it is no pipe.
pub fn widen_pipe(fd: impl AsFd, bytes: usize) -> io::Result<()> {
    let bytes = i32::try_from(bytes).unwrap_or(i32::MAX);
    fcntl(&fd, FcntlArg::F_SETPIPE_SZ(bytes))?;
    Ok(())
}

/// What is lifted is above what a new child's table of descriptors begins with
/// (`Spawner`).
const HIGH: i32 = 64;

/// Gives `fd` a number that no new child gets a copy of, if there is one. To close
/// a copy may mean to wait for the disk: some file systems write then.
#[must_use]
pub fn lifted(fd: OwnedFd) -> OwnedFd {
    if fd.as_raw_fd() >= HIGH {
        return fd;
    }
    match fcntl(&fd, FcntlArg::F_DUPFD_CLOEXEC(HIGH)) {
        // SAFETY: the call has just made this descriptor, and nobody else knows it.
        Ok(number) => unsafe { OwnedFd::from_raw_fd(number) },
        // a low limit leaves no such number
        Err(_) => fd,
    }
}

/// Reads once into `buffer`; 0 is the end. A read that a signal broke is
/// begun again.
///
/// # Errors
/// `WouldBlock` when there is nothing yet and `fd` does not block.
pub fn read(fd: impl AsFd, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match nix::unistd::read(&fd, buffer) {
            Err(nix::Error::EINTR) => {}
            other => return Ok(other?),
        }
    }
}

/// Writes once and tells how many bytes were taken. A write that a signal
/// broke before its first byte is begun again.
///
/// # Errors
/// `WouldBlock` when there is no room and `fd` does not block; `BrokenPipe`.
pub fn write(fd: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    loop {
        match nix::unistd::write(&fd, bytes) {
            Err(nix::Error::EINTR) => {}
            other => return Ok(other?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{HIGH, lifted, pipe_cloexec, read, set_nonblocking, write};
    use nix::fcntl::{FcntlArg, FdFlag, fcntl};
    use std::io::ErrorKind;
    use std::os::fd::AsRawFd;

    #[test]
    fn both_ends_of_a_pipe_are_closed_by_an_exec() {
        let (reader, writer) = pipe_cloexec().unwrap();
        for end in [&reader, &writer] {
            assert_eq!(fcntl(end, FcntlArg::F_GETFD).unwrap(), FdFlag::FD_CLOEXEC.bits());
        }
    }

    #[test]
    fn a_nonblocking_pipe_says_so_when_empty_and_zero_at_its_end() {
        let (reader, writer) = pipe_cloexec().unwrap();
        set_nonblocking(&reader, true).unwrap();
        let mut buffer = [0; 8];
        assert_eq!(read(&reader, &mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
        assert_eq!(write(&writer, b"abc").unwrap(), 3);
        assert_eq!(read(&reader, &mut buffer).unwrap(), 3);
        drop(writer);
        assert_eq!(read(&reader, &mut buffer).unwrap(), 0);
    }

    #[test]
    fn what_is_lifted_is_the_same_with_a_high_number() {
        let (reader, writer) = pipe_cloexec().unwrap();
        let writer = lifted(writer);
        assert!(writer.as_raw_fd() >= HIGH);
        assert_eq!(fcntl(&writer, FcntlArg::F_GETFD).unwrap(), FdFlag::FD_CLOEXEC.bits());
        let number = writer.as_raw_fd();
        let writer = lifted(writer);
        assert_eq!(writer.as_raw_fd(), number);
        write(&writer, b"x").unwrap();
        drop(writer);
        assert_eq!(read(&reader, &mut [0; 8]).unwrap(), 1);
        assert_eq!(read(&reader, &mut [0; 8]).unwrap(), 0);
    }

    #[test]
    fn a_full_pipe_takes_what_fits_and_then_nothing() {
        let (_reader, writer) = pipe_cloexec().unwrap();
        set_nonblocking(&writer, true).unwrap();
        let taken = write(&writer, &vec![0; 1 << 20]).unwrap();
        assert!(taken > 0 && taken < 1 << 20);
        assert_eq!(write(&writer, b"x").unwrap_err().kind(), ErrorKind::WouldBlock);
    }
}
