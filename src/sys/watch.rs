//! Some signals as a descriptor, for a while: the short-lived programs of the
//! house wait for a Ctrl-C or a SIGTERM next to their other descriptors.
//!
//! Unlike [`super::signals`] it leaves dispositions alone and gives the signals
//! back when dropped.

use crate::model::Signal;
use nix::sys::signal::{SigSet, SigmaskHow, Signal as Kind};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Signals held back from this thread and readable here instead.
#[derive(Debug)]
pub struct SignalWatch {
    fd: SignalFd,
    before: SigSet,
}

impl SignalWatch {
    /// Holds `signals` back from the calling thread. Other threads must not be
    /// there, or they would be hit the old way.
    ///
    /// # Errors
    /// A number that is no signal; `EMFILE` and `ENFILE`.
    pub fn new(signals: &[Signal]) -> io::Result<Self> {
        let mut set = SigSet::empty();
        for signal in signals {
            set.add(Kind::try_from(signal.number())?);
        }
        let fd = SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        let before = set.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
        Ok(Self { fd, before })
    }

    /// The next signal that came, if one did.
    #[must_use]
    pub fn next(&self) -> Option<Signal> {
        let info = self.fd.read_signal().ok()??;
        Signal::from_number(i64::from(info.ssi_signo))
    }

    /// A second descriptor of the watch, to be polled by others.
    ///
    /// # Errors
    /// `EMFILE`.
    pub fn try_clone_fd(&self) -> io::Result<OwnedFd> {
        self.fd.as_fd().try_clone_to_owned()
    }

    /// The mask from before the watch, for a child to be spawned.
    #[must_use]
    pub fn mask_before(&self) -> SigSet {
        self.before
    }
}

impl AsFd for SignalWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl Drop for SignalWatch {
    /// Signals nobody read are gone: they were meant for what has just ended.
    fn drop(&mut self) {
        while self.next().is_some() {}
        let _ = self.before.thread_set_mask();
    }
}

#[cfg(test)]
mod tests {
    use super::SignalWatch;
    use crate::model::Signal;
    use nix::sys::signal::{SigSet, Signal as Kind, raise};

    #[test]
    fn watched_signals_are_read_and_unread_ones_die_with_the_watch() {
        // raise() is for the calling thread, so other tests' threads are safe
        let watch = SignalWatch::new(&[Signal::INT, Signal::TERM]).unwrap();
        assert_eq!(watch.next(), None);
        raise(Kind::SIGINT).unwrap();
        assert_eq!(watch.next(), Some(Signal::INT));
        raise(Kind::SIGTERM).unwrap();
        drop(watch);
        assert!(!SigSet::thread_get_mask().unwrap().contains(Kind::SIGTERM));
    }
}
