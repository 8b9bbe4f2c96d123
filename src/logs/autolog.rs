//! Logs that nobody named: `stdout_logfile=AUTO` (A4.116–A4.119). Makes them in
//! the childlogdir and removes those of an earlier life; writes none.

use crate::model::{Channel, Level, LogLine, py_repr};
use std::collections::hash_map::RandomState;
use std::fs::{self, OpenOptions};
use std::hash::BuildHasher;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Characters that make one name differ from the next; 37^8 make it rare that one
/// is taken.
const TAIL: usize = 8;
const ALPHABET: &[u8; 37] = b"abcdefghijklmnopqrstuvwxyz0123456789_";

/// A name for a log in `dir` that nobody can foretell (A4.118).
///
/// # Errors
/// `InvalidInput` for one that would lead out of it.
pub fn name(dir: &Path, process: &str, channel: Channel, identifier: &str) -> io::Result<PathBuf> {
    let stem = format!("{process}-{channel}---{identifier}-");
    if stem.contains('/') {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            format!("{} cannot be part of a file name", py_repr(&stem)),
        ));
    }
    Ok(dir.join(format!("{stem}{}.log", tail())))
}

/// Makes an empty log that only we may read and write (A4.118).
///
/// # Errors
/// `AlreadyExists`, and what else the directory answers.
pub fn make(path: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map(drop)
}

/// Makes all of these, or none.
///
/// # Errors
/// As [`make`].
pub fn make_all(paths: &[PathBuf]) -> io::Result<()> {
    for (count, path) in paths.iter().enumerate() {
        make(path).inspect_err(|_| remove(paths.get(..count).unwrap_or_default()))?;
    }
    Ok(())
}

/// Removes logs that nobody needs after all. What cannot be removed stays until
/// the next start.
pub fn remove(paths: &[PathBuf]) {
    paths.iter().for_each(|path| drop(fs::remove_file(path)));
}

/// Removes the logs in `dir` that were made for `identifier`, with their
/// rotated parts, and says what could not be done (A4.116, A5.40, A5.41).
#[must_use]
pub fn clean(dir: &Path, identifier: &str) -> Vec<LogLine> {
    let Ok(entries) = fs::read_dir(dir) else {
        return vec![LogLine::new(Level::Warn, "Could not clear childlog dir")];
    };
    entries
        .flatten()
        .filter(|entry| is_auto(&entry.file_name().to_string_lossy(), identifier))
        .map(|entry| entry.path())
        .filter(|path| fs::remove_file(path).is_err_and(|error| error.kind() != io::ErrorKind::NotFound))
        .map(|path| LogLine::new(Level::Warn, format!("Failed to clean up {}", py_repr(&path.to_string_lossy()))))
        .collect()
}

/// Whether `name` is `ANYTHING---IDENTIFIER-NOBLANKS.log`, perhaps with `.` and
/// up to four digits behind. Unlike upstream the identifier is no pattern, and
/// nothing may follow.
fn is_auto(name: &str, identifier: &str) -> bool {
    let bare = name.trim_end_matches(|c: char| c.is_ascii_digit());
    if name.len() - bare.len() > 4 {
        return false;
    }
    let Some(body) = bare.strip_suffix(".log").or_else(|| bare.strip_suffix(".log.")) else {
        return false;
    };
    let mark = format!("---{identifier}-");
    body.match_indices(&mark).any(|(at, _)| {
        let tail = body.get(at + mark.len()..).unwrap_or_default();
        at > 0 && !tail.is_empty() && !tail.contains(char::is_whitespace)
    })
}

/// Letters that differ from call to call: the keys of a new hasher do.
fn tail() -> String {
    let mut bits = RandomState::new().hash_one(std::process::id());
    (0..TAIL)
        .filter_map(|_| {
            let letter = ALPHABET.get((bits % 37) as usize);
            bits /= 37;
            letter.map(|byte| char::from(*byte))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{clean, is_auto, make, make_all, name};
    use crate::model::Channel;
    use crate::sys::testdir::TestDir;
    use std::ffi::OsStr;
    use std::fs;
    use std::io::ErrorKind;
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    /// A4.118
    #[test]
    fn an_auto_log_is_private_and_named_for_its_process() {
        let dir = TestDir::new();
        let [one, two] = [(), ()].map(|()| name(dir.path(), "cat", Channel::Stderr, "supervisor").unwrap());
        assert_ne!(one, two);
        make(&one).unwrap();
        assert_eq!(make(&one).unwrap_err().kind(), ErrorKind::AlreadyExists, "never somebody else's");
        let name = one.file_name().unwrap().to_str().unwrap();
        let tail = name.strip_prefix("cat-stderr---supervisor-").unwrap().strip_suffix(".log").unwrap();
        assert_eq!(tail.len(), 8);
        assert!(tail.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "{tail}");
        let meta = fs::metadata(&one).unwrap();
        assert_eq!((meta.permissions().mode() & 0o777, meta.len()), (0o600, 0));
    }

    #[test]
    fn a_name_cannot_lead_out_of_the_directory() {
        assert!(name(Path::new("/logs"), "../x", Channel::Stdout, "supervisor").is_err());
    }

    #[test]
    fn of_several_logs_there_are_all_or_none() {
        let dir = TestDir::new();
        let logs = ["a", "none/b"].map(|name| dir.path().join(name));
        assert_eq!(make_all(&logs).unwrap_err().kind(), ErrorKind::NotFound);
        assert!(!logs[0].exists());
        make_all(&logs[..1]).unwrap();
        assert!(logs[0].exists());
    }

    /// A4.116
    #[test]
    fn only_our_own_logs_are_taken_for_old() {
        for ours in ["a-stdout---id-abc.log", "a---id-x.log", "a---id-x.log.1", "a---id-x.log.", "a---id-x.log1234"] {
            assert!(is_auto(ours, "id"), "{ours}");
        }
        let foreign = [
            "a---id-x.log.12345",
            "a---id-x.log.gz",
            "a---id-x.log.1x",
            "---id-x.log",
            "a---id-.log",
            "a---id-x y.log",
            "a---other-x.log",
            "a.log",
        ];
        for foreign in foreign {
            assert!(!is_auto(foreign, "id"), "{foreign}");
        }
    }

    /// A4.116: the identifier is text, not a pattern.
    #[test]
    fn a_dot_in_the_identifier_is_a_dot() {
        assert!(is_auto("a---my.id-x.log", "my.id"));
        assert!(!is_auto("a---myXid-x.log", "my.id"));
    }

    /// A4.116, A5.40, A5.41
    #[test]
    fn clean_up_removes_ours_and_tells_what_it_could_not() {
        let dir = TestDir::new();
        let log = name(dir.path(), "p", Channel::Stdout, "id").unwrap();
        make(&log).unwrap();
        fs::write(dir.path().join("keep.log"), "").unwrap();
        fs::create_dir(dir.path().join("p---id-x.log")).unwrap();
        let no_text = dir.path().join(OsStr::from_bytes(b"\xff---id-x.log"));
        fs::write(&no_text, "").unwrap();
        let told = clean(dir.path(), "id");
        assert_eq!(told.len(), 1);
        assert_eq!(told[0].text, format!("Failed to clean up '{}'", dir.path().join("p---id-x.log").display()));
        assert!(!log.exists() && !no_text.exists() && dir.path().join("keep.log").exists());
        assert_eq!(clean(&dir.path().join("none"), "id")[0].text, "Could not clear childlog dir");
    }
}
