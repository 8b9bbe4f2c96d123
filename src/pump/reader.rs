//! How what a stream gives gets into memory. Knows no stream and keeps nothing:
//! what was read is there until the next read.

use crate::logs::backlog::READ;
use crate::sys::fds;
use crate::sys::scoop::Scoop;
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

/// Of one thread that works the loop.
pub(super) struct Reader {
    buffer: Vec<u8>,
    /// For writers that do not pause.
    scoop: Option<Scoop>,
    /// Whether the loop lets output gather.
    gathers: bool,
}

impl Reader {
    pub(super) fn new() -> Self {
        Self { buffer: vec![0; READ], scoop: None, gathers: false }
    }

    /// The loop naps before the next reads, or does not.
    pub(super) fn after(&mut self, nap: Duration) {
        self.gathers = !nap.is_zero();
        if self.gathers && self.scoop.is_none() {
            // without descriptors it is done in the plain way
            self.scoop = Scoop::new(READ).ok();
        }
    }

    /// Most bytes that one read brings.
    pub(super) fn room(&self) -> usize {
        self.buffer.len()
    }

    /// Reads once, `room` bytes at most. A pipe that fills up while the loop naps has
    /// a writer that would have to stand still while it is copied.
    pub(super) fn read(&mut self, fd: impl AsFd, room: usize) -> io::Result<usize> {
        let buffer = self.buffer.get_mut(..room).unwrap_or_default();
        match &self.scoop {
            Some(scoop) if self.gathers => scoop.read(fd, buffer),
            _ => fds::read(fd, buffer),
        }
    }

    /// The first `count` bytes of what was read last.
    pub(super) fn chunk(&self, count: usize) -> &[u8] {
        self.buffer.get(..count).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::Reader;
    use crate::sys::fds::{pipe_cloexec, set_nonblocking, write};
    use std::io::ErrorKind;
    use std::time::Duration;

    #[test]
    fn both_ways_bring_the_same() {
        let mut reader = Reader::new();
        for nap in [Duration::ZERO, Duration::from_micros(1), Duration::ZERO] {
            reader.after(nap);
            assert_eq!(reader.gathers, !nap.is_zero());
            let (from, into) = pipe_cloexec().unwrap();
            set_nonblocking(&from, true).unwrap();
            assert_eq!(reader.read(&from, reader.room()).unwrap_err().kind(), ErrorKind::WouldBlock);
            write(&into, b"one two").unwrap();
            let first = reader.read(&from, 4).unwrap();
            assert_eq!(reader.chunk(first), b"one ");
            let second = reader.read(&from, 4).unwrap();
            assert_eq!(reader.chunk(second), b"two");
            drop(into);
            assert_eq!(reader.read(&from, reader.room()).unwrap(), 0);
        }
    }
}
