//! `tail -f` of a log, pulled (B2.9.5–B2.9.13): the caller asks when it has room
//! for more, so nothing piles up here. Waits for nothing.

use super::rotate::{MAX_BACKUPS, part};
use super::tail::{Stretch, fetch, open};
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
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
    /// It can grow.
    regular: bool,
    /// The last look found all there was.
    drained: bool,
}

impl Follow {
    /// Follows the log at `path`.
    ///
    /// # Errors
    /// It is not there, not readable or a directory.
    pub fn open(path: &Path, from: From) -> io::Result<Self> {
        let (file, meta) = attach(path)?;
        let size = meta.len();
        let position = match from {
            From::LastBytes => size.saturating_sub(LAST_BYTES),
            From::Lines(count) => last_lines(&file, size, count)?,
            From::Offset(offset) => offset.min(size),
        };
        let (device, regular) = (meta.dev(), meta.is_file());
        Ok(Self { path: path.to_owned(), file, position, turns: 0, device, regular, drained: false })
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

    /// Whether it is a file that grows, and not a device or a pipe, of which
    /// nothing ever comes.
    #[must_use]
    pub fn is_regular(&self) -> bool {
        self.regular
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
        loop {
            // Looked up before the old file is read to its end: what is written to
            // the old one after that, its writer has not seen rotated.
            let successor = self.successor()?;
            if let Some(bytes) = self.grown(max)? {
                self.drained &= successor.is_none();
                return Ok(Some(bytes));
            }
            let Some((file, meta)) = successor else { return Ok(None) };
            (self.file, self.device, self.regular) = (file, meta.dev(), meta.is_file());
            self.turns += 1;
            self.position = 0;
        }
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
    fn successor(&self) -> io::Result<Option<(File, Metadata)>> {
        let ours = self.file.metadata()?;
        let is_ours = |path: &Path| fs::metadata(path).is_ok_and(|now| same(&now, &ours));
        if is_ours(&self.path) {
            return Ok(None);
        }
        let place = self.place(is_ours);
        let look = |number| fs::metadata(part(&self.path, number)).ok();
        // Others may count up instead: then the next number is younger, the last older.
        let up = || place.map(|n| n + 1).filter(|above| look(*above).is_some_and(|next| before(&ours, &next)));
        // A number without a file is one whose file was removed, or is about to come
        // from the next number: either way the next file is what came after ours.
        // None is there yet: the old one is followed until there is (B2.9.9).
        let down = (0..place.unwrap_or(1)).rev().find(|number| !self.is_missing(*number));
        let younger = up();
        let Some(next) = younger.or(down) else { return Ok(None) };
        if younger.is_some() || next > 0 && look(next).is_some_and(|next| before(&next, &ours)) {
            let found = attach(&part(&self.path, younger.unwrap_or(0))).ok();
            return Ok(found.filter(|_| up() == younger));
        }
        let found = attach(&part(&self.path, next)).ok();
        // Parts only move up, the oldest first: while ours is where it was and nothing
        // has come behind it, so is the next one.
        let settled =
            place.is_none_or(|n| is_ours(&part(&self.path, n)) && (next + 1..n).all(|gap| self.is_missing(gap)));
        Ok(found.filter(|_| settled))
    }

    /// Which part of the log is ours by now. During a rotation one number has no
    /// file; behind two of these come no more.
    fn place(&self, is_ours: impl Fn(&Path) -> bool) -> Option<u32> {
        let mut gap = false;
        for number in 1..MAX_BACKUPS {
            if is_ours(&part(&self.path, number)) {
                return Some(number);
            }
            let missing = self.is_missing(number);
            if gap && missing {
                break;
            }
            gap = missing;
        }
        None
    }

    fn is_missing(&self, number: u32) -> bool {
        fs::symlink_metadata(part(&self.path, number)).is_err()
    }
}

/// Opens what a follower reads. Of a device or a pipe only the name is held: who
/// had it open for reading would keep its writer from learning that nobody reads.
fn attach(path: &Path) -> io::Result<(File, Metadata)> {
    let (file, meta) = open(path)?;
    if meta.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if meta.is_file() {
        return Ok((file, meta));
    }
    drop(file);
    let file = OpenOptions::new().read(true).custom_flags(libc::O_PATH).open(path)?;
    let meta = file.metadata()?;
    Ok((file, meta))
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

/// Whether a file was made and written before another one was, as far as file
/// times tell.
fn before(one: &Metadata, other: &Metadata) -> bool {
    let made = |meta: &Metadata| meta.created().or_else(|_| meta.modified()).ok();
    made(one) < made(other) && one.modified().ok() <= other.modified().ok()
}

fn same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(test)]
mod sim;
#[cfg(test)]
mod tests;
