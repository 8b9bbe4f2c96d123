//! The daemon's signals, taken from a descriptor instead of by handlers.
//!
//! Blocked signals cannot interrupt anything and cannot be lost between two
//! waits. Children get a clean slate in `child`.

use crate::model::Signal;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal as Kind, sigaction};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

/// Those that mean something to the daemon (A4.125–A4.128).
const TAKEN: [Kind; 6] = [Kind::SIGTERM, Kind::SIGINT, Kind::SIGQUIT, Kind::SIGHUP, Kind::SIGUSR2, Kind::SIGCHLD];

/// Those that would end us for a mere failed write; we look at its result.
const IGNORED: [Kind; 2] = [Kind::SIGPIPE, Kind::SIGXFSZ];

/// The daemon's signals, readable when one has come.
#[derive(Debug)]
pub struct Signals {
    fd: SignalFd,
}

/// What has come.
#[derive(Debug, Default)]
pub struct Came {
    /// Each once, in the order of their coming.
    pub signals: Vec<Signal>,
    /// Children that SIGCHLD named. One signal may stand for more of them.
    pub children: Vec<i32>,
}

impl Signals {
    /// Takes the signals over. To be called before any other thread exists,
    /// since a thread that does not block them would be hit the old way.
    ///
    /// # Errors
    /// `EMFILE` and `ENFILE`, mostly.
    pub fn take() -> io::Result<Self> {
        for kind in TAKEN {
            // A parent may have had them ignored (nohup), and an ignored
            // SIGCHLD would make the kernel reap behind our back.
            dispose(kind, SigHandler::SigDfl)?;
        }
        for kind in IGNORED {
            dispose(kind, SigHandler::SigIgn)?;
        }
        let set: SigSet = TAKEN.into_iter().collect();
        set.thread_block()?;
        Ok(Self { fd: SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)? })
    }

    /// The signals that came since the last call, each once (A4.131).
    ///
    /// # Errors
    /// `WouldBlock` when none has: a runtime that watches the descriptor takes
    /// that, and nothing else, for a reason to sleep.
    pub fn read(&self) -> io::Result<Came> {
        let mut came = Came::default();
        while let Some(info) = self.fd.read_signal()? {
            let Some(signal) = Signal::from_number(i64::from(info.ssi_signo)) else { continue };
            if signal == Signal::CHLD {
                came.children.extend(i32::try_from(info.ssi_pid));
            }
            if !came.signals.contains(&signal) {
                came.signals.push(signal);
            }
        }
        if came.signals.is_empty() { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(came) }
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl AsRawFd for Signals {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

fn dispose(kind: Kind, handler: SigHandler) -> io::Result<()> {
    let action = SigAction::new(handler, SaFlags::empty(), SigSet::empty());
    // SAFETY: neither default nor ignore runs any code of ours.
    unsafe { sigaction(kind, &action) }?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Signals;
    use crate::model::Signal;
    use nix::sys::signal::{Signal as Kind, raise};
    use std::io;

    /// A4.131
    #[test]
    fn signals_are_read_from_the_descriptor_each_once() {
        // raise() is for the calling thread, and its mask ends with it
        let came = std::thread::spawn(|| {
            let signals = Signals::take().unwrap();
            for kind in [Kind::SIGHUP, Kind::SIGUSR2, Kind::SIGHUP] {
                raise(kind).unwrap();
            }
            let mut first = signals.read().unwrap().signals;
            // other tests have children, so a SIGCHLD may come at any time
            first.retain(|signal| *signal != Signal::CHLD);
            first.sort_unstable();
            (first, until_none(&signals))
        });
        let (first, rest) = came.join().unwrap();
        assert_eq!(first, [Signal::HUP, Signal::USR2]);
        assert_eq!(rest, io::ErrorKind::WouldBlock);
    }

    /// Reads until no SIGCHLD of other tests is left; answers how that is told.
    fn until_none(signals: &Signals) -> io::ErrorKind {
        loop {
            match signals.read() {
                Ok(came) => assert_eq!(came.signals, [Signal::CHLD]),
                Err(error) => return error.kind(),
            }
        }
    }

    #[test]
    fn a_broken_pipe_is_an_error_and_no_death() {
        let refused = std::thread::spawn(|| {
            let _signals = Signals::take().unwrap();
            let (reader, writer) = crate::sys::fds::pipe_cloexec().unwrap();
            drop(reader);
            crate::sys::fds::write(&writer, b"x").unwrap_err().kind()
        });
        assert_eq!(refused.join().unwrap(), std::io::ErrorKind::BrokenPipe);
    }
}
