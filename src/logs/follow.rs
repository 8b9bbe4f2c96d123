//! `tail -f` of a log, pulled (B2.9.5–B2.9.13): the caller asks when it has room
//! for more, so nothing piles up here. Waits for nothing.

use super::rotate::{MAX_BACKUPS, part};
use super::tail::{Stretch, fetch, open};
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What a follower sees first (B2.9.5).
const LAST_BYTES: u64 = 1024;
/// Most bytes that are looked through for the last lines.
const LINES_BYTES: u64 = 16 << 20;
/// Bytes looked through at once.
const PIECE_BYTES: u64 = 64 << 10;
/// Said when a file has shrunk under the follower (B2.9.10).
const TRUNCATED: &[u8] = b"==> File truncated <==\n";

/// Where a follower begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum From {
    /// At the last 1024 bytes (B2.9.5).
    #[default]
    LastBytes,
    /// At the last so many lines, as far as they are in the last 16 MiB.
    Lines(usize),
    /// At this byte, or at the end of a shorter log.
    Offset(u64),
}

/// A reader that stays with a log through growth, rotation and truncation.
#[derive(Debug)]
pub struct Follow {
    path: PathBuf,
    file: File,
    position: u64,
    /// How many files came before this one.
    turns: u32,
    /// Where it is: what hangs, hangs for all on it.
    device: u64,
    /// The last look found all there was.
    drained: bool,
}

impl Follow {
    /// Follows the log at `path`.
    ///
    /// # Errors
    /// It is not there, not readable or no regular file.
    pub fn open(path: &Path, from: From) -> io::Result<Self> {
        let (file, size) = open(path)?;
        let position = match from {
            From::LastBytes => size.saturating_sub(LAST_BYTES),
            From::Lines(count) => last_lines(&file, size, count)?,
            From::Offset(offset) => offset.min(size),
        };
        let device = file.metadata()?.dev();
        Ok(Self { path: path.to_owned(), file, position, turns: 0, device, drained: false })
    }

    /// When the file was last written to, for a header (B2.9.4).
    ///
    /// # Errors
    /// The file cannot be looked at.
    pub fn modified(&self) -> io::Result<std::time::SystemTime> {
        self.file.metadata()?.modified()
    }

    /// The file that is read now, and a number that changes with it.
    #[must_use]
    pub fn file(&self) -> (&File, u32) {
        (&self.file, self.turns)
    }

    /// The number of the file system it is on.
    #[must_use]
    pub fn device(&self) -> u64 {
        self.device
    }

    /// Whether the last look found all there was, so that another is for when
    /// something has happened to the file.
    #[must_use]
    pub fn is_drained(&self) -> bool {
        self.drained
    }

    /// The next bytes, at most `max` of them but for the notice of a truncation;
    /// `None` when there is nothing new yet.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn next_chunk(&mut self, max: usize) -> io::Result<Option<Vec<u8>>> {
        // Looked up before the old file is read to its end: what is written to
        // the old one after that, its writer has not seen rotated.
        let successor = self.successor()?;
        if let Some(bytes) = self.grown(max)? {
            self.drained &= successor.is_none();
            return Ok(Some(bytes));
        }
        let Some(file) = successor else { return Ok(None) };
        self.file = file;
        self.turns += 1;
        self.position = 0;
        self.grown(max)
    }

    fn grown(&mut self, max: usize) -> io::Result<Option<Vec<u8>>> {
        let size = self.file.metadata()?.len();
        if size < self.position {
            self.position = 0;
            self.drained = false;
            return Ok(Some(TRUNCATED.to_vec()));
        }
        let length = (size - self.position).min(max as u64);
        let bytes = fetch(&self.file, Stretch { start: self.position, length })?;
        self.position += bytes.len() as u64;
        self.drained = bytes.len() < max;
        Ok(if bytes.is_empty() { None } else { Some(bytes) })
    }

    /// The file that comes after ours: usually the one that has the log's name
    /// now, but if the log was rotated more than once, the part one younger.
    fn successor(&self) -> io::Result<Option<File>> {
        let ours = self.file.metadata()?;
        let is_ours = |path: &Path| fs::metadata(path).is_ok_and(|now| same(&now, &ours));
        if is_ours(&self.path) {
            return Ok(None);
        }
        let place = self.place(is_ours);
        // not there yet: the old file is followed until it is (B2.9.9)
        let next = open(&part(&self.path, place.map_or(0, |n| n - 1))).ok().map(|(file, _)| file);
        // Parts only move up, the oldest first: while ours is where it was, so is
        // the one behind it.
        let settled = place.is_none_or(|n| is_ours(&part(&self.path, n)));
        Ok(next.filter(|_| settled))
    }

    /// Which part of the log is ours by now. During a rotation one number has no
    /// file; behind two of these come no more.
    fn place(&self, is_ours: impl Fn(&Path) -> bool) -> Option<u32> {
        let mut gap = false;
        for number in 1..MAX_BACKUPS {
            let path = part(&self.path, number);
            if is_ours(&path) {
                return Some(number);
            }
            let missing = fs::symlink_metadata(&path).is_err();
            if gap && missing {
                break;
            }
            gap = missing;
        }
        None
    }
}

/// Where the last `count` lines of `size` bytes begin. The line end at the very
/// end belongs to the last of them.
fn last_lines(file: &File, size: u64, count: usize) -> io::Result<u64> {
    let (mut end, mut missing) = (size, count);
    let first = size.saturating_sub(LINES_BYTES);
    while end > first && count > 0 {
        let start = end.saturating_sub(PIECE_BYTES).max(first);
        let bytes = fetch(file, Stretch { start, length: end - start })?;
        for (at, _) in bytes.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n') {
            let after = start + at as u64 + 1;
            if after == size {
                continue;
            }
            missing -= 1;
            if missing == 0 {
                return Ok(after);
            }
        }
        end = start;
    }
    Ok(if count == 0 { size } else { first })
}

fn same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(test)]
mod tests {
    use super::{Follow, From, TRUNCATED};
    use crate::logs::testdir::TestDir;
    use std::fs::{self, OpenOptions};
    use std::io::Write;
    use std::path::Path;

    fn append(path: &Path, text: &str) {
        OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn all(follow: &mut Follow) -> String {
        let mut text = String::new();
        while let Some(bytes) = follow.next_chunk(7).unwrap() {
            text.push_str(std::str::from_utf8(&bytes).unwrap());
        }
        text
    }

    /// B2.9.5, B2.9.6
    #[test]
    fn the_last_1024_bytes_come_first_and_then_what_grows() {
        let dir = TestDir::new();
        let log = dir.path().join("log");
        append(&log, &"x".repeat(2000));
        let mut follow = Follow::open(&log, From::LastBytes).unwrap();
        assert_eq!(follow.next_chunk(5000).unwrap().unwrap().len(), 1024);
        assert_eq!(follow.next_chunk(5000).unwrap(), None);
        append(&log, "one\n");
        assert_eq!(all(&mut follow), "one\n");
    }

    #[test]
    fn it_may_begin_at_the_last_lines_or_at_a_byte() {
        let dir = TestDir::new();
        let log = dir.path().join("log");
        append(&log, &"0123456789\n".repeat(20_000));
        append(&log, "a\nb\nc");
        let from = |from| all(&mut Follow::open(&log, from).unwrap());
        assert_eq!(from(From::Lines(0)), "");
        assert_eq!(from(From::Lines(1)), "c");
        assert_eq!(from(From::Lines(3)), "a\nb\nc");
        append(&log, "\n");
        assert_eq!(from(From::Lines(2)), "b\nc\n");
        assert_eq!(from(From::Lines(10_003)).lines().count(), 10_003);
        assert_eq!(from(From::Lines(usize::MAX)).lines().count(), 20_003);
        assert_eq!(from(From::Offset(220_002)), "b\nc\n");
        assert_eq!(from(From::Offset(u64::MAX)), "");
    }

    /// B2.9.5
    #[test]
    fn an_empty_file_has_no_chunk_yet() {
        let dir = TestDir::new();
        let log = dir.path().join("log");
        append(&log, "");
        assert_eq!(Follow::open(&log, From::LastBytes).unwrap().next_chunk(10).unwrap(), None);
        assert!(Follow::open(&dir.path().join("missing"), From::LastBytes).is_err());
        assert!(Follow::open(dir.path(), From::LastBytes).is_err());
    }

    /// B2.9.13
    #[test]
    fn no_chunk_is_longer_than_asked() {
        let dir = TestDir::new();
        let log = dir.path().join("log");
        append(&log, &"y".repeat(100));
        let mut follow = Follow::open(&log, From::LastBytes).unwrap();
        assert_eq!(follow.next_chunk(30).unwrap().unwrap().len(), 30);
        assert_eq!(follow.next_chunk(300).unwrap().unwrap().len(), 70);
    }

    /// B2.9.8
    #[test]
    fn a_rotated_file_is_read_to_its_end_before_the_new_one() {
        let dir = TestDir::new();
        let log = dir.path().join("log");
        append(&log, "a\n");
        let mut follow = Follow::open(&log, From::LastBytes).unwrap();
        assert_eq!(all(&mut follow), "a\n");
        append(&log, "late\n");
        fs::rename(&log, dir.path().join("log.1")).unwrap();
        append(&log, "new\n");
        assert_eq!(all(&mut follow), "late\nnew\n");
    }

    /// B2.9.8
    #[test]
    fn two_rotations_between_two_looks_lose_nothing() {
        let dir = TestDir::new();
        let (log, one, two) = (dir.path().join("log"), dir.path().join("log.1"), dir.path().join("log.2"));
        append(&log, "a\n");
        let mut follow = Follow::open(&log, From::LastBytes).unwrap();
        fs::rename(&log, &two).unwrap();
        append(&one, "b\n");
        append(&log, "c\n");
        assert_eq!(all(&mut follow), "a\nb\nc\n");
    }

    /// B2.9.9
    #[test]
    fn a_removed_file_is_followed_until_there_is_another() {
        let dir = TestDir::new();
        let log = dir.path().join("log");
        append(&log, "a\n");
        let mut held = OpenOptions::new().append(true).open(&log).unwrap();
        let mut follow = Follow::open(&log, From::LastBytes).unwrap();
        fs::remove_file(&log).unwrap();
        held.write_all(b"b\n").unwrap();
        assert_eq!(all(&mut follow), "a\nb\n");
        append(&log, "c\n");
        assert_eq!(all(&mut follow), "c\n");
    }

    /// B2.9.10
    #[test]
    fn a_shrunk_file_is_told_and_read_from_its_beginning() {
        let dir = TestDir::new();
        let log = dir.path().join("log");
        append(&log, "long enough\n");
        let mut follow = Follow::open(&log, From::LastBytes).unwrap();
        assert_eq!(all(&mut follow), "long enough\n");
        fs::write(&log, "s\n").unwrap();
        assert_eq!(all(&mut follow), "==> File truncated <==\ns\n");
    }

    /// Whoever waits for the next change of the file must not miss what is there.
    #[test]
    fn a_follower_is_drained_only_when_another_look_finds_nothing() {
        let dir = TestDir::new();
        let log = dir.path().join("log");
        append(&log, "0123456789");
        let mut follow = Follow::open(&log, From::LastBytes).unwrap();
        let mut look = |most| (follow.next_chunk(most).unwrap().map(|bytes| bytes.len()), follow.is_drained());
        assert_eq!(look(4), (Some(4), false));
        assert_eq!(look(4), (Some(4), false));
        assert_eq!(look(4), (Some(2), true));
        assert_eq!(look(4), (None, true));
        fs::write(&log, "abc").unwrap();
        assert_eq!(look(4), (Some(TRUNCATED.len()), false));
        assert_eq!(look(4), (Some(3), true));
        append(&log, "de");
        fs::rename(&log, dir.path().join("log.1")).unwrap();
        append(&log, "new");
        assert_eq!(look(4), (Some(2), false), "another file comes behind it");
        assert_eq!(look(4), (Some(3), true));
    }

    /// B2.9.8: in the middle of a rotation one part has no file
    #[test]
    fn a_rotation_under_way_is_waited_for() {
        let dir = TestDir::new();
        let log = dir.path().join("log");
        let part = |number| super::part(&log, number);
        append(&log, "a\n");
        let mut follow = Follow::open(&log, From::LastBytes).unwrap();
        assert_eq!(all(&mut follow), "a\n");
        fs::rename(&log, part(3)).unwrap();
        append(&part(1), "b\n");
        append(&log, "c\n");
        assert_eq!(all(&mut follow), "", "its successor has no name that is known");
        fs::rename(part(1), part(2)).unwrap();
        assert_eq!(all(&mut follow), "b\n");
        fs::rename(&log, part(1)).unwrap();
        append(&log, "d\n");
        assert_eq!(all(&mut follow), "c\nd\n");
    }
}
