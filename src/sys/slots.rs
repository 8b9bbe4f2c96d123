//! Three low descriptors that a child's stdio passes through.
//!
//! A child that shares our table of descriptors until it has a small one of its
//! own costs the same however many pipes the daemon holds; with a copy, every
//! start would copy and close them all. Its own table keeps what is below a
//! number, so what the child needs has to be below it.

use nix::fcntl::OFlag;
use nix::unistd::dup3;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd, RawFd};

/// The places, empty but for `/dev/null` between two starts.
#[derive(Debug)]
pub(super) struct Slots {
    places: [OwnedFd; 3],
    nothing: OwnedFd,
}

impl Slots {
    /// Takes the lowest numbers that are free, so it is to be called early.
    ///
    /// # Errors
    /// `ENOSYS` where a table cannot be cut (Linux before 5.9); `EMFILE`.
    pub(super) fn reserve() -> io::Result<Self> {
        // SAFETY: takes numbers, and closes nothing: no descriptor is this high.
        let probe = unsafe { libc::syscall(libc::SYS_close_range, u32::MAX, u32::MAX, 0) };
        if probe != 0 {
            return Err(io::Error::last_os_error());
        }
        let nothing = OwnedFd::from(File::open("/dev/null")?);
        let place = || nothing.try_clone();
        Ok(Self { places: [place()?, place()?, place()?], nothing })
    }

    /// The numbers of the places.
    pub(super) fn numbers(&self) -> [RawFd; 3] {
        self.places.each_ref().map(AsRawFd::as_raw_fd)
    }

    /// The first number that a child's own table need not have.
    pub(super) fn end(&self) -> RawFd {
        self.numbers().into_iter().fold(2, RawFd::max) + 1
    }

    /// Puts `stdio` into the places.
    pub(super) fn fill(&mut self, stdio: [BorrowedFd<'_>; 3]) -> io::Result<()> {
        for (place, fd) in self.places.iter_mut().zip(stdio) {
            dup3(fd, place, OFlag::O_CLOEXEC)?;
        }
        Ok(())
    }

    /// Lets go of what was put there, or pipes would never be seen to end.
    pub(super) fn empty(&mut self) {
        for place in &mut self.places {
            // Both are open, so there is nothing that could fail.
            let _ = dup3(&self.nothing, place, OFlag::O_CLOEXEC);
        }
    }
}
