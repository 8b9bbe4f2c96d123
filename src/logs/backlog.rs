//! Bytes that wait for a log that takes none now: in order, and bounded.
//!
//! When it is full the newest bytes are dropped, not the oldest: what explains a
//! failure was said first, the file stays in order with one gap, and to drop
//! costs no copying. A gap begins and ends at the end of a line where there is
//! one, so that no two halves are glued to a line that nobody wrote.

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
        Self { chunks: VecDeque::new(), len: 0, max, budget, gap: Gap::None }
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

    /// How much at the beginning of `bytes` goes with a line that was cut.
    #[must_use]
    pub fn skip(&mut self, bytes: &[u8]) -> usize {
        let Gap::Closing(left) = self.gap else { return 0 };
        match line_end(bytes) {
            Some(end) => {
                self.gap = Gap::None;
                end
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
            return bytes.len();
        }
        let begin = self.skip(bytes);
        let wanted = bytes.get(begin..).unwrap_or_default();
        if wanted.len() <= room {
            self.append(wanted, apart);
            return begin;
        }
        self.gap = Gap::Open(goes_on);
        begin + self.push_last(wanted, room, apart)
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
            return bytes.len() + cut;
        }
        // no lines, as it seems: any place is as good
        self.append(fits, apart);
        bytes.len() - fits.len()
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
    bytes.iter().position(|&byte| byte == b'\n').map(|at| at + 1)
}

fn last_line_end(bytes: &[u8]) -> Option<usize> {
    bytes.iter().rposition(|&byte| byte == b'\n').map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::{Backlog, Budget, CHUNK, READ};

    fn backlog(max: usize) -> Backlog {
        Backlog::new(max, Budget::default())
    }

    fn text(backlog: &mut Backlog) -> String {
        let bytes: Vec<u8> = backlog.take(usize::MAX).into_iter().flatten().collect();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn bytes_come_out_as_they_went_in() {
        let mut kept = backlog(100);
        assert_eq!(kept.push(b"one\n", false) + kept.push(b"two\n", false) + kept.push(b"three", true), 0);
        let mut first = kept.take(1);
        assert_eq!(first, [b"one\ntwo\n"]);
        first[0].drain(..4);
        kept.put_back(first);
        assert_eq!((kept.len(), text(&mut kept)), (9, "two\nthree".to_owned()));
        assert!(kept.is_empty());
    }

    #[test]
    fn the_newest_are_dropped_and_no_line_is_cut() {
        let mut kept = backlog(20);
        assert_eq!(kept.push(b"first line\nsec", false), 0);
        assert_eq!(kept.push(b"ond line\nthird", false), 3 + 14, "the second line does not fit");
        assert_eq!(kept.push(b"x", false), 1, "nor does anything until there is room");
        assert_eq!(text(&mut kept), "first line\n");
        assert_eq!(kept.push(b" tail of the x\nnext\n", false), 15);
        assert_eq!(kept.push(b"two lines\nthat do not fit\n", false), 16);
        assert_eq!(text(&mut kept), "next\ntwo lines\n");
        assert_eq!(kept.push(b"a line of its own\n", false), 0);
    }

    #[test]
    fn a_line_that_fits_to_its_end_is_kept() {
        let mut kept = backlog(10);
        assert_eq!(kept.push(b"12\n456\n89abc\n", false), 6);
        assert_eq!(text(&mut kept), "12\n456\n");
    }

    #[test]
    fn bytes_without_lines_are_cut_anywhere_and_come_back() {
        let mut kept = backlog(CHUNK * 2);
        assert_eq!(kept.push(&vec![b'x'; CHUNK * 3], false), CHUNK);
        assert_eq!(kept.take(usize::MAX).len(), 1);
        assert_eq!(kept.push(&vec![b'x'; CHUNK], false), CHUNK);
        assert_eq!(kept.push(&vec![b'x'; CHUNK - 1], false), CHUNK - 1);
        assert_eq!(kept.push(b"yz", false), 0);
        assert_eq!(text(&mut kept), "yz");
    }

    #[test]
    fn what_was_granted_is_kept_whatever_others_took() {
        let budget = Budget::new(READ + CHUNK);
        let mut kept = [0, 1].map(|_| Backlog::new(2 * READ, budget.clone()));
        assert!(kept[0].has_room());
        assert_eq!(kept[1].push(&vec![b'\n'; READ], false), 0);
        assert!(!kept[0].has_room() && kept[0].has_spare_room() && !kept[1].has_spare_room());
        assert_eq!(kept[0].push_granted(&vec![b'\n'; READ], false), 0);
        assert!(!kept[0].has_room() && !kept[0].has_spare_room(), "there is one such read");
        assert_eq!(kept[1].push(b"no room\n", false), 8);
    }

    #[test]
    fn a_gap_is_closed_to_the_end_of_the_line_that_it_cut() {
        let mut kept = backlog(10);
        assert_eq!(kept.push(b"one\ntwo and so on", false), 13);
        assert!(kept.is_full());
        kept.close_gap();
        assert!(!kept.is_full() && kept.has_gap());
        assert_eq!((kept.skip(b"and on"), kept.skip(b"end\nthree")), (6, 4));
        assert!(!kept.has_gap() && kept.skip(b"three\n") == 0);
        assert_eq!(kept.push(b"three\n", false), 0);
        assert_eq!(kept.push(b"line\n", false), 5);
        kept.close_gap();
        assert!(!kept.has_gap(), "no line was cut");
    }

    #[test]
    fn a_long_line_goes_with_all_its_chunks() {
        let mut kept = backlog(CHUNK * 2);
        kept.push(b"one\ntwo", false);
        kept.push(&vec![b'2'; CHUNK], false);
        assert_eq!(kept.push(&vec![b'2'; CHUNK], false), 3 + 2 * CHUNK);
        assert_eq!(text(&mut kept), "one\n");
    }

    #[test]
    fn all_together_are_bounded_too() {
        let budget = Budget::new(3 * CHUNK);
        let mut kept = [0, 1].map(|_| Backlog::new(2 * CHUNK, budget.clone()));
        assert_eq!(kept[0].push(&vec![b'\n'; 2 * CHUNK], false), 0);
        assert_eq!(kept[1].push(&vec![b'\n'; 2 * CHUNK], false), CHUNK);
        let [first, mut second] = kept;
        drop(first);
        assert_eq!(budget.free(), 2 * CHUNK);
        assert_eq!(second.take(usize::MAX).len(), 1);
        assert_eq!(budget.free(), 3 * CHUNK);
    }
}
