//! Pieces of a log for clients: what readLog and the tail methods return. Waits
//! for nothing: what has no places to count from, as a pipe or a terminal, is
//! refused, and a device without a size has nothing to read.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use thiserror::Error;

/// Most bytes that one call returns; who wants more asks again from there.
/// Above the default size of a log, so that a whole one still fits.
const MAX_READ: u64 = 64 << 20;

/// Why there is nothing to read.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ReadError {
    /// Offset and length do not go together (B1.10.1).
    #[error("offset and length do not go together")]
    BadArguments,
    /// Nothing has that name (B1.10.3).
    #[error("there is no such file")]
    NoFile,
    /// It cannot be opened or read, or is a pipe, a terminal or a directory (B1.10.5).
    #[error("the file cannot be read")]
    Failed,
}

/// A stretch of a file, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    /// Where it begins.
    pub(super) start: u64,
    /// How long it is.
    pub(super) length: u64,
}

/// What readLog gives of a file of `size` bytes (B1.10.1); `None` for arguments
/// that do not go together.
fn read_stretch(size: u64, offset: i64, length: i64) -> Option<Stretch> {
    let start = match (offset, length) {
        (..0, 0) => size.saturating_sub(offset.unsigned_abs()),
        (0.., 0..) => offset.unsigned_abs().min(size),
        (..0, _) | (_, ..0) => return None,
    };
    let rest = size - start;
    let length = if length == 0 { rest } else { rest.min(length.unsigned_abs()) };
    Some(Stretch { start, length })
}

/// What the tail methods give of a file of `size` bytes (B1.10.7): the bytes,
/// the new offset and whether some were passed over.
fn tail_stretch(size: u64, offset: i64, length: i64) -> (Stretch, i64, bool) {
    let end = i64::try_from(size).unwrap_or(i64::MAX);
    let (mut start, mut wanted) = (i128::from(offset), i128::from(length));
    let size = i128::from(end);
    let overflow = size > start + wanted;
    if overflow {
        start = size - 1;
    }
    if start + wanted > size {
        if start > size - 1 {
            wanted = 0;
        }
        start = size - wanted;
    }
    let start = start.clamp(0, size);
    let wanted = wanted.clamp(0, size - start);
    let bytes = |n: i128| u64::try_from(n).unwrap_or_default();
    (Stretch { start: bytes(start), length: bytes(wanted) }, end, overflow)
}

/// readLog and readProcess…Log: bytes of the file at `path`, at most [`MAX_READ`].
///
/// # Errors
/// See [`ReadError`]; a missing file goes before bad arguments (B1.10.4).
pub fn read(path: &Path, offset: i64, length: i64) -> Result<Vec<u8>, ReadError> {
    let opened = measured(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => ReadError::NoFile,
        _ => ReadError::Failed,
    });
    // a pipe has no size to count from, but the arguments are still judged first
    let size = match &opened {
        Ok((_, size)) => *size,
        Err(ReadError::Failed) => 0,
        Err(_) => return Err(ReadError::NoFile),
    };
    let stretch = read_stretch(size, offset, length).ok_or(ReadError::BadArguments)?;
    let (file, _) = opened?;
    fetch(&file, stretch).map_err(|_| ReadError::Failed)
}

/// The tail methods: bytes, the new offset, overflow; never fails (B1.10.9).
#[must_use]
pub fn tail(path: &Path, offset: i64, length: i64) -> (Vec<u8>, i64, bool) {
    let nothing = |error: &io::Error| {
        let offset = if error.kind() == io::ErrorKind::NotFound { 0 } else { offset };
        (Vec::new(), offset, false)
    };
    let (file, size) = match measured(path) {
        Ok(opened) => opened,
        Err(error) => return nothing(&error),
    };
    let (stretch, end, overflow) = tail_stretch(size, offset, length);
    match fetch(&file, stretch) {
        Ok(bytes) => (bytes, end, overflow),
        Err(error) => nothing(&error),
    }
}

/// Opens for reading, and waits for nothing: `O_NONBLOCK` keeps a FIFO from
/// waiting for a writer before it can be looked at.
pub(super) fn open(path: &Path) -> io::Result<(File, Metadata)> {
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let meta = file.metadata()?;
    Ok((file, meta))
}

/// Opens what has a size. That of a device such as `/dev/null` is 0.
fn measured(path: &Path) -> io::Result<(File, u64)> {
    let (mut file, meta) = open(path)?;
    if meta.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let size = if meta.is_file() { meta.len() } else { file.seek(SeekFrom::End(0))? };
    Ok((file, size))
}

/// Reads a stretch, or less if the file ends before it does; of one that is too
/// long, the first [`MAX_READ`] bytes.
pub(super) fn fetch(file: &File, stretch: Stretch) -> io::Result<Vec<u8>> {
    let wanted = usize::try_from(stretch.length.min(MAX_READ)).unwrap_or(usize::MAX);
    let mut bytes = vec![0; wanted];
    let mut done = 0;
    while let Some(room) = bytes.get_mut(done..).filter(|room| !room.is_empty()) {
        match file.read_at(room, stretch.start + done as u64) {
            Ok(0) => break,
            Ok(n) => done += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(done);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::{ReadError, Stretch, read, read_stretch, tail, tail_stretch};
    use crate::sys::testdir::TestDir;
    use std::fs;
    use std::path::Path;

    /// B1.10.1
    #[test]
    fn read_arguments_choose_a_stretch() {
        let of_nine = |offset, length| read_stretch(9, offset, length).map(|s| (s.start, s.length));
        assert_eq!(of_nine(-4, 0), Some((5, 4)));
        assert_eq!(of_nine(-100, 0), Some((0, 9)));
        assert_eq!(of_nine(-4, 1), None);
        assert_eq!(of_nine(-4, -1), None);
        assert_eq!(of_nine(0, -1), None);
        assert_eq!(of_nine(3, 0), Some((3, 6)));
        assert_eq!(of_nine(3, 4), Some((3, 4)));
        assert_eq!(of_nine(3, 100), Some((3, 6)));
        assert_eq!(of_nine(100, 0), Some((9, 0)));
        assert_eq!(of_nine(i64::MAX, i64::MAX), Some((9, 0)));
        assert_eq!(of_nine(i64::MIN, 0), Some((0, 9)));
    }

    /// B1.10.7, with the cases that the contract took from 4.3.0
    #[test]
    fn tail_arguments_choose_a_stretch() {
        let whole = "out-line\n";
        let cases = [
            (0, 5, "line\n", true),
            (0, 9, whole, false),
            (0, 100, whole, false),
            (4, 3, "ne\n", true),
            (4, 100, whole, false),
            (9, 0, "", false),
            (9, 5, "", false),
            (100, 5, "", false),
            (0, 0, "", true),
            (0, -5, "", true),
            (5, -2, "", true),
            (-5, 3, "ne\n", true),
            (-5, 100, whole, false),
        ];
        let dir = TestDir::new();
        let log = dir.path().join("log");
        fs::write(&log, whole).unwrap();
        for (offset, length, bytes, overflow) in cases {
            assert_eq!(tail(&log, offset, length), (bytes.into(), 9, overflow), "({offset}, {length})");
        }
    }

    /// B1.10.10
    #[test]
    fn offsets_beyond_32_bits_are_numbers_like_others() {
        let (stretch, end, overflow) = tail_stretch(5_000_000_000, 0, 10);
        assert_eq!((stretch.start, stretch.length), (4_999_999_990, 10));
        assert_eq!((end, overflow), (5_000_000_000, true));
        let (stretch, end, _) = tail_stretch(9, i64::MAX, i64::MAX);
        assert_eq!((stretch, end), (Stretch { start: 9, length: 0 }, 9));
        assert!(tail_stretch(9, i64::MIN, i64::MIN).2);
    }

    /// B1.10.3, B1.10.4, B1.10.5, B1.10.6, B1.10.9
    #[test]
    fn what_is_no_file_is_told_apart_and_never_waited_for() {
        let dir = TestDir::new();
        let (missing, fifo) = (dir.path().join("missing"), dir.path().join("fifo"));
        nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(read(&missing, -1, -1), Err(ReadError::NoFile));
        assert_eq!(tail(&missing, 7, 3), (vec![], 0, false));
        for other in [fifo.as_path(), dir.path()] {
            assert_eq!(read(other, 0, 0), Err(ReadError::Failed), "{}", other.display());
            assert_eq!(tail(other, 7, 3), (vec![], 7, false), "{}", other.display());
        }
    }

    /// B1.10.5, B1.10.9: what can be sought is read; `/dev/zero` would never end
    #[test]
    fn a_device_without_a_size_has_nothing_to_read() {
        for device in [Path::new("/dev/null"), Path::new("/dev/zero")] {
            for (offset, length) in [(0, 0), (0, 10), (5, 5), (-3, 0)] {
                assert_eq!(read(device, offset, length), Ok(vec![]), "({offset}, {length})");
            }
            assert_eq!(read(device, -3, 1), Err(ReadError::BadArguments));
            for (offset, length, overflow) in [(0, 0, false), (7, 3, false), (-5, 3, true), (0, -5, true)] {
                assert_eq!(tail(device, offset, length), (vec![], 0, overflow), "({offset}, {length})");
            }
        }
    }

    /// B1.10.1
    #[test]
    fn bytes_come_as_they_are() {
        let dir = TestDir::new();
        let log = dir.path().join("log");
        fs::write(&log, b"ab\xff\x00cd").unwrap();
        assert_eq!(read(&log, 1, 3).unwrap(), b"b\xff\x00");
        assert_eq!(read(&log, -2, 0).unwrap(), b"cd");
        assert_eq!(read(&log, 0, -1), Err(ReadError::BadArguments));
    }
}
