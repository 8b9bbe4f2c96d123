//! What the two sides of the pump share: the bell that wakes its thread, and the
//! count of lines on their way. The orders themselves go through a queue.

use crate::sys::poll::Waker;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::task::Wake;

/// Lines that may wait for the activity log.
const MAX_LINES: usize = 64 << 10;
/// Bytes of text that they may have in all.
const MAX_BYTES: usize = 16 << 20;

#[derive(Debug)]
pub(super) struct Shared {
    waker: Waker,
    rung: AtomicBool,
    lines: AtomicUsize,
    bytes: AtomicUsize,
    dropped: AtomicU64,
}

impl Shared {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            waker: Waker::new()?,
            rung: AtomicBool::new(false),
            lines: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            dropped: AtomicU64::new(0),
        })
    }

    /// Makes the thread look at its orders; one bell serves many of them.
    pub(super) fn nudge(&self) {
        if !self.rung.swap(true, SeqCst) {
            self.waker.wake();
        }
    }

    /// The thread has heard. To be called before it looks at its orders: in this
    /// order no bell is lost.
    pub(super) fn heard(&self) {
        self.waker.drain();
        self.rung.store(false, SeqCst);
    }

    /// Whether there is room for one more line; if not, it is counted.
    pub(super) fn admit(&self, text: &str) -> bool {
        let room = self.lines.load(SeqCst) < MAX_LINES && self.bytes.load(SeqCst) + text.len() <= MAX_BYTES;
        if room {
            self.lines.fetch_add(1, SeqCst);
            self.bytes.fetch_add(text.len(), SeqCst);
        } else {
            self.dropped.fetch_add(1, SeqCst);
        }
        room
    }

    /// A line that was let in has arrived.
    pub(super) fn arrived(&self, text: &str) {
        self.lines.fetch_sub(1, SeqCst);
        self.bytes.fetch_sub(text.len(), SeqCst);
    }

    /// How many lines found no room since this was last asked.
    pub(super) fn take_dropped(&self) -> u64 {
        self.dropped.swap(0, SeqCst)
    }
}

impl AsFd for Shared {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.waker.as_fd()
    }
}

impl Wake for Shared {
    fn wake(self: Arc<Self>) {
        self.nudge();
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_BYTES, MAX_LINES, Shared};

    #[test]
    fn lines_are_let_in_until_there_are_too_many() {
        let shared = Shared::new().unwrap();
        let admitted = (0..MAX_LINES + 5).filter(|_| shared.admit("x")).count();
        assert_eq!((admitted, shared.take_dropped(), shared.take_dropped()), (MAX_LINES, 5, 0));
        shared.arrived("x");
        assert!(shared.admit("x") && !shared.admit("x"));
    }

    #[test]
    fn long_lines_are_let_in_until_they_are_too_much() {
        let shared = Shared::new().unwrap();
        let line = "x".repeat(MAX_BYTES / 4 + 1);
        assert_eq!((0..5).filter(|_| shared.admit(&line)).count(), 3);
        assert_eq!(shared.take_dropped(), 2);
    }
}
