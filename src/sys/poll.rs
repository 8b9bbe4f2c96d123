//! Our own set of watched descriptors: one epoll, level-triggered.
//!
//! Level-triggered on purpose: a descriptor that was read only in part is
//! reported again, so a byte budget per turn is all the fairness there is to
//! write. The set has a descriptor itself ([`AsRawFd`]), which a runtime can
//! watch, and so thousands of pipes cost it one registration.

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::{EfdFlags, EventFd};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::time::Duration;

/// Descriptors reported by one wait; the others are reported by the next.
pub const BATCH: usize = 256;

/// What to watch a descriptor for. An error or a hang-up is always reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interest {
    /// Bytes or the end can be read.
    Read,
    /// Bytes can be written.
    Write,
}

/// A set of watched descriptors.
#[derive(Debug)]
pub struct Poller {
    epoll: Epoll,
}

impl Poller {
    /// An empty set.
    ///
    /// # Errors
    /// `EMFILE` and `ENFILE`, mostly.
    pub fn new() -> io::Result<Self> {
        Ok(Self { epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)? })
    }

    /// Watches `fd` and reports it as `token`. Whoever adds must [`remove`]
    /// before closing: a descriptor that a child holds too would stay.
    ///
    /// # Errors
    /// `EPERM` for what cannot be watched (regular files), `EEXIST` for what
    /// is in the set already.
    ///
    /// [`remove`]: Self::remove
    pub fn add(&self, fd: impl AsFd, token: u64, interest: Interest) -> io::Result<()> {
        Ok(self.epoll.add(fd, EpollEvent::new(interest.flags(), token))?)
    }

    /// Stops watching `fd`.
    ///
    /// # Errors
    /// `ENOENT` when it is not in the set.
    pub fn remove(&self, fd: impl AsFd) -> io::Result<()> {
        Ok(self.epoll.delete(fd)?)
    }

    /// Waits until a descriptor can be used or `timeout` has passed (`None`
    /// waits for ever), and puts the tokens of at most [`BATCH`] into `ready`,
    /// which is emptied first. A signal ends the wait with none.
    ///
    /// # Errors
    /// Nothing that happens to a working set.
    pub fn wait(&self, timeout: Option<Duration>, ready: &mut Vec<u64>) -> io::Result<()> {
        ready.clear();
        let mut events = [EpollEvent::empty(); BATCH];
        let count = match self.epoll.wait(&mut events, millis(timeout)) {
            Err(nix::Error::EINTR) => 0,
            other => other?,
        };
        ready.extend(events.iter().take(count).map(EpollEvent::data));
        Ok(())
    }
}

impl AsFd for Poller {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.0.as_fd()
    }
}

impl AsRawFd for Poller {
    fn as_raw_fd(&self) -> RawFd {
        self.epoll.0.as_raw_fd()
    }
}

impl Interest {
    fn flags(self) -> EpollFlags {
        match self {
            Self::Read => EpollFlags::EPOLLIN,
            Self::Write => EpollFlags::EPOLLOUT,
        }
    }
}

/// Rounded up, so that a deadline has passed when the wait is over.
fn millis(timeout: Option<Duration>) -> EpollTimeout {
    let Some(timeout) = timeout else { return EpollTimeout::NONE };
    let millis = timeout.as_nanos().div_ceil(1_000_000);
    EpollTimeout::try_from(millis).unwrap_or(EpollTimeout::MAX)
}

/// Wakes a [`Poller`] on another thread: a counter that is readable while it
/// is not zero.
#[derive(Debug)]
pub struct Waker {
    counter: EventFd,
}

impl Waker {
    /// One that has not been woken.
    ///
    /// # Errors
    /// `EMFILE` and `ENFILE`, mostly.
    pub fn new() -> io::Result<Self> {
        let flags = EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK;
        Ok(Self { counter: EventFd::from_value_and_flags(0, flags)? })
    }

    /// Makes it readable. Never blocks; a counter at its end is readable anyway.
    pub fn wake(&self) {
        let _full_and_so_readable = self.counter.write(1);
    }

    /// Makes it unreadable until the next [`wake`](Self::wake).
    pub fn drain(&self) {
        let _was_not_woken = self.counter.read();
    }
}

impl AsFd for Waker {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.counter.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::{Interest, Poller, Waker};
    use crate::sys::fds::{pipe_cloexec, read, write};
    use std::time::Duration;

    fn ready_now(poller: &Poller) -> Vec<u64> {
        let mut ready = vec![];
        poller.wait(Some(Duration::ZERO), &mut ready).unwrap();
        ready
    }

    #[test]
    fn a_descriptor_is_reported_until_it_is_read_empty() {
        let (reader, writer) = pipe_cloexec().unwrap();
        let poller = Poller::new().unwrap();
        poller.add(&reader, 7, Interest::Read).unwrap();
        assert_eq!(ready_now(&poller), []);
        write(&writer, b"ab").unwrap();
        assert_eq!(ready_now(&poller), [7]);
        read(&reader, &mut [0; 1]).unwrap();
        assert_eq!(ready_now(&poller), [7]);
        read(&reader, &mut [0; 1]).unwrap();
        assert_eq!(ready_now(&poller), []);
    }

    #[test]
    fn a_hangup_is_reported_too_until_the_descriptor_is_removed() {
        let (reader, writer) = pipe_cloexec().unwrap();
        let poller = Poller::new().unwrap();
        poller.add(&reader, 1, Interest::Read).unwrap();
        assert_eq!(ready_now(&poller), []);
        drop(writer);
        assert_eq!(ready_now(&poller), [1]);
        poller.remove(&reader).unwrap();
        assert_eq!(ready_now(&poller), []);
    }

    #[test]
    fn room_in_a_pipe_is_reported_to_who_would_write() {
        let (_reader, writer) = pipe_cloexec().unwrap();
        let poller = Poller::new().unwrap();
        poller.add(&writer, 2, Interest::Write).unwrap();
        assert_eq!(ready_now(&poller), [2]);
    }

    #[test]
    fn a_waker_wakes_from_another_thread_until_it_is_drained() {
        let waker = Waker::new().unwrap();
        let poller = Poller::new().unwrap();
        poller.add(&waker, 9, Interest::Read).unwrap();
        let mut ready = vec![];
        std::thread::scope(|scope| {
            scope.spawn(|| {
                waker.wake();
                waker.wake();
            });
            poller.wait(None, &mut ready).unwrap();
        });
        assert_eq!(ready, [9]);
        waker.drain();
        assert_eq!(ready_now(&poller), []);
    }

    #[test]
    fn a_set_is_readable_itself_when_one_of_its_members_is() {
        let (outer, inner, waker) = (Poller::new().unwrap(), Poller::new().unwrap(), Waker::new().unwrap());
        inner.add(&waker, 1, Interest::Read).unwrap();
        outer.add(&inner, 2, Interest::Read).unwrap();
        assert_eq!(ready_now(&outer), []);
        waker.wake();
        assert_eq!(ready_now(&outer).len(), 1);
    }

    #[test]
    fn regular_files_are_refused() {
        let file = std::fs::File::open("/proc/self/exe").unwrap();
        let refused = Poller::new().unwrap().add(&file, 1, Interest::Read).unwrap_err();
        assert_eq!(refused.raw_os_error(), Some(libc::EPERM));
    }
}
