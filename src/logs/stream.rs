//! Writing to what may be slow: a pipe, a terminal, a socket. Never waits for a
//! reader: what does not fit now is kept, within bounds, for the next try.
//!
//! The descriptor may be shared with other programs (a shell has the same
//! terminal), so it is not made non-blocking: each write is small enough that
//! it cannot block once `poll` has found room.

use crate::sys::fds;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A pipe that has room at all has room for this much (`PIPE_BUF`).
const PIECE: usize = 4096;
/// Bytes kept for a slow reader; a writer that can should pause long before.
const MAX_WAITING: usize = 2 << 20;

/// A slow target and what still waits for it.
#[derive(Debug)]
pub struct Stream {
    fd: OwnedFd,
    waiting: Vec<u8>,
    /// Bytes that all of us wrote to the same pipe.
    taken: Arc<AtomicU64>,
    /// How many there were when this was last asked.
    seen: u64,
}

/// Counters of pipes that are written, by device and inode.
static TAKEN: Mutex<BTreeMap<(u64, u64), Weak<AtomicU64>>> = Mutex::new(BTreeMap::new());

impl Stream {
    /// Writes to `fd`.
    #[must_use]
    pub fn new(fd: OwnedFd) -> Self {
        let taken = counter(&fd);
        Self { fd, waiting: Vec::new(), taken, seen: 0 }
    }

    /// The standard output of this program, by a descriptor of its own.
    ///
    /// # Errors
    /// There is none, or no descriptor is left.
    pub fn stdout() -> io::Result<Self> {
        Ok(Self::new(io::stdout().as_fd().try_clone_to_owned()?))
    }

    /// Writes what there is room for and keeps the rest; tells how many bytes
    /// there was no place for.
    ///
    /// # Errors
    /// The reader is gone, or the device says no; nothing is kept then.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.flush()?;
        let taken = if self.waiting.is_empty() { self.push(bytes).map_err(|(_, error)| error)? } else { 0 };
        let rest = bytes.get(taken..).unwrap_or_default();
        let (kept, lost) = rest.split_at(rest.len().min(MAX_WAITING.saturating_sub(self.waiting.len())));
        self.waiting.extend_from_slice(kept);
        Ok(lost.len())
    }

    /// Whether anything was written to the pipe since this was last asked, by
    /// whichever of our streams: then it has a reader that reads.
    pub fn is_read(&mut self) -> bool {
        let taken = self.taken.load(Ordering::Relaxed);
        std::mem::replace(&mut self.seen, taken) != taken
    }

    /// Writes what was kept, as far as there is room.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn flush(&mut self) -> io::Result<()> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let pushed = self.push(&self.waiting);
        match &pushed {
            Ok(taken) => drop(self.waiting.drain(..*taken)),
            Err(_) => self.waiting.clear(),
        }
        pushed.map(drop).map_err(|(_, error)| error)
    }

    /// Whether something waits for the reader.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Writes what there is room for now and keeps nothing; tells how many bytes
    /// were taken.
    ///
    /// # Errors
    /// As [`write`](Self::write), with what was taken before.
    pub fn push(&self, bytes: &[u8]) -> Result<usize, (usize, io::Error)> {
        let mut taken = 0;
        while let Some(rest) = bytes.get(taken..).filter(|rest| !rest.is_empty()) {
            if !self.has_room() {
                break;
            }
            match fds::write(&self.fd, piece(rest)) {
                Ok(0) => break,
                Ok(n) => {
                    taken += n;
                    self.taken.fetch_add(n as u64, Ordering::Relaxed);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err((taken, error)),
            }
        }
        Ok(taken)
    }

    /// Room, or an error that the write will tell.
    fn has_room(&self) -> bool {
        let mut fds = [PollFd::new(self.fd.as_fd(), PollFlags::POLLOUT)];
        poll(&mut fds, PollTimeout::ZERO).is_ok_and(|count| count > 0)
    }
}

/// The counter of all streams that write to what `fd` writes to.
fn counter(fd: &OwnedFd) -> Arc<AtomicU64> {
    let mut all = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    all.retain(|_, counter| counter.strong_count() > 0);
    let meta = fd.try_clone().and_then(|fd| File::from(fd).metadata());
    let Ok(meta) = meta else { return Arc::default() };
    let known = all.entry((meta.dev(), meta.ino())).or_default();
    let counter = known.upgrade().unwrap_or_default();
    *known = Arc::downgrade(&counter);
    counter
}

/// What is written at once: whole lines, if they are no longer than that. Others may
/// write to the same pipe (`/dev/stdout`), and come in between where there is no room.
fn piece(bytes: &[u8]) -> &[u8] {
    let Some(most) = bytes.get(..PIECE) else { return bytes };
    let end = most.iter().rposition(|byte| *byte == b'\n').map_or(PIECE, |at| at + 1);
    most.get(..end).unwrap_or(most)
}

impl From<File> for Stream {
    fn from(file: File) -> Self {
        Self::new(file.into())
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_WAITING, Stream};
    use crate::sys::fds::{pipe_cloexec, read};

    #[test]
    fn what_others_write_to_a_full_pipe_comes_between_lines() {
        let (reader, writer) = pipe_cloexec().unwrap();
        let others = Stream::new(writer.try_clone().unwrap());
        let stream = Stream::new(writer);
        let line = [&b"x".repeat(98)[..], b"\n"].concat();
        let lines = line.repeat(3000);
        let (mut taken, mut got, mut buffer) = (0, vec![], vec![0; 8192]);
        while got.len() < lines.len() {
            taken += stream.push(&lines[taken..]).unwrap();
            let count = read(&reader, &mut buffer).unwrap();
            got.extend_from_slice(&buffer[..count]);
            others.push(b"o\n").unwrap();
        }
        let whole = |text: &[u8]| text == b"o" || text == &line[..98];
        let torn = got.split(|byte| *byte == b'\n').filter(|text| !whole(text) && !text.is_empty()).count();
        assert!(torn <= 1, "{torn} but that which is not read to its end");
    }

    #[test]
    fn a_reader_that_does_not_read_delays_nothing_and_loses_nothing() {
        let (reader, writer) = pipe_cloexec().unwrap();
        let mut stream = Stream::new(writer);
        let sent: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();
        assert_eq!(stream.write(&sent).unwrap(), 0);
        assert!(stream.is_behind());
        let mut got = vec![];
        let mut buffer = vec![0; 65536];
        while got.len() < sent.len() {
            let n = read(&reader, &mut buffer).unwrap();
            got.extend_from_slice(&buffer[..n]);
            stream.flush().unwrap();
        }
        assert_eq!(got, sent);
        assert!(!stream.is_behind());
    }

    #[test]
    fn what_waits_is_bounded_and_the_rest_is_counted() {
        let (_reader, writer) = pipe_cloexec().unwrap();
        let mut stream = Stream::new(writer);
        let lost = stream.write(&vec![b'x'; MAX_WAITING]).unwrap() + stream.write(&vec![b'y'; MAX_WAITING]).unwrap();
        assert!(lost > 0 && lost < MAX_WAITING, "{lost}");
        assert_eq!(stream.waiting.len(), MAX_WAITING);
    }

    #[test]
    fn a_reader_that_is_gone_is_an_error() {
        let (reader, writer) = pipe_cloexec().unwrap();
        drop(reader);
        assert_eq!(Stream::new(writer).write(b"x").unwrap_err().kind(), std::io::ErrorKind::BrokenPipe);
    }
}
