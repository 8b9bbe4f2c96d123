//! Bytes that wait for a log that takes none now: in order, and bounded.
//!
//! When it is full the newest bytes are dropped, not the oldest: what explains a
//! failure was said first, the file stays in order with one gap, and to drop
//! costs no copying. A gap begins and ends at the end of a line where there is
//! one, so that no two halves are glued to a line that nobody wrote. Of a line whose
//! begin is out of reach its end is kept at least.

use memchr::{memchr, memrchr};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Bytes kept for one log (4 MiB).
pub const MAX_KEPT: usize = 4 << 20;
/// Bytes kept for all logs that share a [`Budget`] (256 MiB).
pub const MAX_KEPT_BY_ALL: usize = 256 << 20;
/// What the logs of a budget that have nothing waiting may take beyond it (64 MiB).
const SPARE: usize = 64 << 20;
/// Chunks grow to this many bytes by what comes behind them, as one read of
/// upstream's would have brought it: a log is rotated between two chunks (A5.16).
pub const CHUNK: usize = 128 << 10;
/// The most that is read at once.
pub const READ: usize = 2 * CHUNK;

/// So much over the most is kept of lines that are grave.
pub const BEYOND: usize = 256 << 10;

/// A longer line is none.
const LONGEST_LINE: usize = 256 << 10;

/// What several backlogs may hold in all.
#[derive(Debug, Clone)]
pub struct Budget {
    used: Arc<AtomicUsize>,
    max: usize,
}

impl Budget {
    /// A budget of `max` bytes.
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self { used: Arc::default(), max }
    }

    /// What they hold in all.
    #[cfg(test)]
    pub(crate) fn used(&self) -> usize {
        self.used.load(Relaxed)
    }

    /// Somebody else holds so many bytes `now`, and held others `before`.
    #[cfg(test)]
    pub(crate) fn lend(&self, before: usize, now: usize) {
        self.used.fetch_add(now, Relaxed);
        self.used.fetch_sub(before, Relaxed);
    }

    fn free(&self) -> usize {
        self.max.saturating_sub(self.used.load(Relaxed))
    }

    fn has_spare(&self) -> bool {
        self.used.load(Relaxed) < self.max.saturating_add(SPARE)
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self::new(MAX_KEPT_BY_ALL)
    }
}

/// The bytes.
#[derive(Debug)]
pub struct Backlog {
    chunks: VecDeque<Vec<u8>>,
    len: usize,
    max: usize,
    budget: Budget,
    gap: Gap,
    /// What was given to the log last is a line without its end.
    in_line: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gap {
    None,
    /// Full: everything is dropped until half of it is gone, or the cause is.
    /// Whether what was dropped last is the beginning of a line that goes on.
    Open(bool),
    /// There is room again: the line that was cut is dropped to its end, so many
    /// bytes of it at most.
    Closing(usize),
}

impl Backlog {
    /// An empty one for at most `max` bytes.
    #[must_use]
    pub fn new(max: usize, budget: Budget) -> Self {
        Self { chunks: VecDeque::new(), len: 0, max, budget, gap: Gap::None, in_line: false }
    }

    /// Bytes that wait.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether none wait.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// Whether what a read brings would be kept as a whole, and still the last words
    /// of a child behind it.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.len + READ + CHUNK <= self.max && self.budget.free() >= READ + CHUNK
    }

    /// Whether one read may be kept though those of other logs have taken all the
    /// room that they share.
    #[must_use]
    pub fn has_spare_room(&self) -> bool {
        self.is_empty() && self.budget.has_spare()
    }

    /// Whether something was dropped, and nothing kept since.
    #[must_use]
    pub fn has_gap(&self) -> bool {
        self.gap != Gap::None
    }

    /// Whether all is dropped that comes.
    fn is_full(&self) -> bool {
        matches!(self.gap, Gap::Open(_))
    }

    /// From now on all is kept again that has room, but the rest of a line that was
    /// cut.
    pub fn close_gap(&mut self) {
        if let Gap::Open(in_line) = self.gap {
            self.gap = if in_line { Gap::Closing(LONGEST_LINE) } else { Gap::None };
        }
    }

    /// Even that rest is kept.
    pub fn forget_gap(&mut self) {
        self.gap = Gap::None;
    }

    /// The most it holds.
    #[must_use]
    pub fn max(&self) -> usize {
        self.max
    }

    /// These bytes went past what waits, which is nothing.
    pub fn passed(&mut self, bytes: &[u8]) {
        self.in_line = !bytes.ends_with(b"\n");
    }

    /// How much at the beginning of `bytes` goes with a line that was cut.
    #[must_use]
    pub fn skip(&mut self, bytes: &[u8]) -> usize {
        let Gap::Closing(left) = self.gap else { return 0 };
        match line_end(bytes) {
            Some(end) => {
                self.gap = Gap::None;
                end - usize::from(self.in_line)
            }
            None if bytes.len() < left => {
                self.gap = Gap::Closing(left - bytes.len());
                bytes.len()
            }
            None => {
                self.gap = Gap::None;
                0
            }
        }
    }

    /// Keeps `bytes` behind what waits, as far as there is room; tells how many
    /// were dropped. With `apart` they stay a chunk of their own.
    pub fn push(&mut self, bytes: &[u8], apart: bool) -> usize {
        self.put(bytes, apart, self.own_room().min(self.budget.free()))
    }

    /// The same for bytes that were read because [`has_room`](Self::has_room) or
    /// [`has_spare_room`](Self::has_spare_room) said so: they stay whatever other
    /// logs took since.
    pub fn push_granted(&mut self, bytes: &[u8], apart: bool) -> usize {
        self.put(bytes, apart, self.own_room())
    }

    /// Keeps a whole line though others are dropped, while there is not much over the
    /// most; tells whether it was kept.
    pub fn push_beyond(&mut self, line: &[u8]) -> bool {
        let has_room = self.len + line.len() <= self.max + BEYOND;
        if has_room {
            self.append(line, true);
        }
        has_room
    }

    fn own_room(&self) -> usize {
        self.max.saturating_sub(self.len)
    }

    fn put(&mut self, bytes: &[u8], apart: bool, room: usize) -> usize {
        if self.len <= self.max / 2 && room >= bytes.len() {
            self.close_gap();
        }
        let goes_on = bytes.last().is_some_and(|last| *last != b'\n');
        if self.is_full() {
            self.gap = Gap::Open(goes_on);
            return self.drop_all(bytes, apart);
        }
        let begin = self.skip(bytes);
        let wanted = bytes.get(begin..).unwrap_or_default();
        if wanted.len() <= room {
            self.append(wanted, apart);
            return begin;
        }
        let dropped = self.push_last(wanted, room, apart);
        if dropped > 0 {
            self.gap = Gap::Open(goes_on);
        }
        begin + dropped
    }

    /// Takes chunks from the front, at least one and about `most` bytes.
    #[must_use]
    pub fn take(&mut self, most: usize) -> VecDeque<Vec<u8>> {
        let mut taken = VecDeque::new();
        let mut len = 0;
        while let Some(chunk) = self.chunks.front()
            && (len == 0 || len + chunk.len() <= most)
        {
            len += chunk.len();
            taken.extend(self.chunks.pop_front());
        }
        self.shrink(len);
        taken
    }

    /// Puts chunks in front again; they were counted once and always fit.
    pub fn put_back(&mut self, chunks: VecDeque<Vec<u8>>) {
        for chunk in chunks.into_iter().rev().filter(|chunk| !chunk.is_empty()) {
            self.grow(chunk.len());
            self.chunks.push_front(chunk);
        }
    }

    /// What fits of the first bytes that do not: up to the end of a line.
    fn push_last(&mut self, bytes: &[u8], room: usize, apart: bool) -> usize {
        let fits = bytes.get(..room).unwrap_or_default();
        if let Some(end) = last_line_end(fits) {
            self.append(fits.get(..end).unwrap_or_default(), apart);
            return bytes.len() - end;
        }
        // the line begins in an earlier chunk: it goes from there on
        if let Some((index, end, cut)) = self.begin_of_last_line() {
            self.chunks.truncate(index + 1);
            if let Some(chunk) = self.chunks.back_mut() {
                chunk.truncate(end);
            }
            self.shrink(cut);
            self.in_line = false;
            return bytes.len() + cut;
        }
        // no lines, as it seems, or its begin is written: any place is as good
        self.append(fits, apart);
        self.drop_all(bytes.get(room..).unwrap_or_default(), apart && fits.is_empty())
    }

    /// Drops `bytes`, but the end of a line of which something is written or waits:
    /// what is kept next is another line. That byte has no need of room.
    fn drop_all(&mut self, bytes: &[u8], apart: bool) -> usize {
        if !self.in_line || line_end(bytes).is_none() {
            return bytes.len();
        }
        self.append(b"\n", apart);
        bytes.len() - 1
    }

    /// The chunk that it is in, its place there, and the bytes from there on.
    fn begin_of_last_line(&self) -> Option<(usize, usize, usize)> {
        let mut behind = 0;
        for (index, chunk) in self.chunks.iter().enumerate().rev() {
            if let Some(end) = last_line_end(chunk) {
                return Some((index, end, behind + chunk.len() - end));
            }
            behind += chunk.len();
            if behind > LONGEST_LINE {
                return None;
            }
        }
        None
    }

    fn append(&mut self, bytes: &[u8], apart: bool) {
        if bytes.is_empty() {
            return;
        }
        self.grow(bytes.len());
        self.in_line = !bytes.ends_with(b"\n");
        match self.chunks.back_mut() {
            Some(last) if !apart && last.len() + bytes.len() <= CHUNK => last.extend_from_slice(bytes),
            _ => self.chunks.push_back(bytes.to_vec()),
        }
    }

    fn grow(&mut self, count: usize) {
        self.len += count;
        self.budget.used.fetch_add(count, Relaxed);
    }

    fn shrink(&mut self, count: usize) {
        self.len -= count;
        self.budget.used.fetch_sub(count, Relaxed);
    }
}

impl Drop for Backlog {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.len, Relaxed);
    }
}

fn line_end(bytes: &[u8]) -> Option<usize> {
    memchr(b'\n', bytes).map(|at| at + 1)
}

fn last_line_end(bytes: &[u8]) -> Option<usize> {
    memrchr(b'\n', bytes).map(|at| at + 1)
}

#[cfg(test)]
mod tests;
