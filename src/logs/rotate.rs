//! Which parts of a log move where when it is full (A5.15), and moving them.
//! Opens and truncates nothing; that is the log's own doing.

use crate::sys::errno::os_error_text;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Parts above this number are not kept, whatever the configuration says: each
/// of them costs a look at the disk at every rotation.
pub(super) const MAX_BACKUPS: u32 = 10_000;

/// One move. Part 0 is the log itself, part `n` is `LOG.n`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shift {
    /// The part that moves.
    from: u32,
    /// Its new number; a part that has it is replaced.
    to: u32,
}

/// A part could not be moved; the parts behind it were, those before it were not.
#[derive(Debug, Error)]
#[error("could not rename {} to {}: {}", from.display(), to.display(), os_error_text(source))]
pub struct RotateError {
    /// The part that should have moved.
    pub from: PathBuf,
    /// The name it should have got.
    pub to: PathBuf,
    /// Why not.
    pub source: io::Error,
}

/// The moves that make room for a new log, oldest part first (A5.15).
///
/// The oldest part is replaced by its younger neighbour; parts beyond `backups`
/// are never touched (A5.18), and with none to keep nothing moves (A5.17).
fn plan(parts: &BTreeSet<u32>, backups: u32) -> Vec<Shift> {
    (0..backups).rev().filter(|n| parts.contains(n)).map(|n| Shift { from: n, to: n + 1 }).collect()
}

/// Finds the parts of `log`, plans and moves them. A part that is gone
/// meanwhile is passed over (A5.20).
///
/// # Errors
/// The first move that failed for another reason.
pub fn rotate(log: &Path, backups: u32) -> Result<(), RotateError> {
    let backups = backups.min(MAX_BACKUPS);
    let parts = (0..backups).filter(|n| part(log, *n).symlink_metadata().is_ok()).collect();
    for shift in plan(&parts, backups) {
        let (from, to) = (part(log, shift.from), part(log, shift.to));
        match std::fs::rename(&from, &to) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => return Err(RotateError { from, to, source }),
            _ => {}
        }
    }
    Ok(())
}

/// The name of a part of `log`.
#[must_use]
pub fn part(log: &Path, number: u32) -> PathBuf {
    if number == 0 {
        return log.to_owned();
    }
    let mut name = OsString::from(log);
    name.push(format!(".{number}"));
    name.into()
}

#[cfg(test)]
mod tests {
    use super::{Shift, part, plan, rotate};
    use crate::sys::testdir::TestDir;
    use std::fs;

    fn moves(parts: &[u32], backups: u32) -> Vec<(u32, u32)> {
        let parts = parts.iter().copied().collect();
        plan(&parts, backups).into_iter().map(|Shift { from, to }| (from, to)).collect()
    }

    /// A5.15, A5.18
    #[test]
    fn the_oldest_part_moves_first_and_foreign_parts_never() {
        assert_eq!(moves(&[0, 1, 2, 3, 4], 3), [(2, 3), (1, 2), (0, 1)]);
        assert_eq!(moves(&[0], 3), [(0, 1)]);
        assert_eq!(moves(&[0, 1], 1), [(0, 1)]);
    }

    /// A5.17
    #[test]
    fn without_backups_nothing_moves() {
        assert_eq!(moves(&[0, 1, 2], 0), []);
    }

    /// A5.20
    #[test]
    fn gaps_stay_gaps() {
        assert_eq!(moves(&[0, 2, 5], 10), [(5, 6), (2, 3), (0, 1)]);
        assert_eq!(moves(&[1], 3), [(1, 2)]);
    }

    /// A5.15, A5.18
    #[test]
    fn parts_move_on_the_disk() {
        let dir = TestDir::new();
        let log = dir.path().join("log");
        for n in 0..4 {
            fs::write(part(&log, n), n.to_string()).unwrap();
        }
        rotate(&log, 2).unwrap();
        let text = |n| fs::read_to_string(part(&log, n)).ok();
        assert_eq!([text(0), text(1), text(2), text(3)], [None, Some("0".into()), Some("1".into()), Some("3".into())]);
    }

    #[test]
    fn a_move_that_fails_names_both_sides() {
        let dir = TestDir::new();
        let log = dir.path().join("log");
        fs::write(&log, "x").unwrap();
        fs::create_dir(part(&log, 1)).unwrap();
        let told = rotate(&log, 1).unwrap_err().to_string();
        assert!(told.contains("log to ") && told.contains("log.1: "), "{told}");
        assert_eq!(fs::read(&log).unwrap(), b"x");
    }
}
