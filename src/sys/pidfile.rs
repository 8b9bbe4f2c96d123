//! The file that tells our pid to scripts. No lock (A1.37).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// More than any pid and its newline.
const LONGEST: u64 = 32;

/// Writes the pid and a newline; mode 0666 less the umask (A4.113).
///
/// # Errors
/// Whatever opening or writing says. A pipe without a reader is refused.
pub fn write(path: &Path, pid: u32) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).custom_flags(libc::O_NONBLOCK);
    options.open(path)?.write_all(format!("{pid}\n").as_bytes())
}

/// Removes the file if it is a regular one that still holds `pid`, and tells
/// whether it did: never a device, never the file of a successor (A4.114).
///
/// # Errors
/// Whatever looking or removing says; a file that is gone is no error.
pub fn remove(path: &Path, pid: u32) -> io::Result<bool> {
    match fs::metadata(path) {
        Ok(found) if !found.is_file() => return Ok(false),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    }
    let mut text = Vec::new();
    File::open(path)?.take(LONGEST).read_to_end(&mut text)?;
    if text.trim_ascii() != pid.to_string().as_bytes() {
        return Ok(false);
    }
    fs::remove_file(path).map(|()| true)
}

#[cfg(test)]
mod tests {
    use super::{remove, write};
    use crate::sys::testdir::TestDir;
    use std::fs;
    use std::path::Path;

    /// A4.113
    #[test]
    fn the_file_holds_the_pid_and_nothing_older() {
        let dir = TestDir::new();
        let path = dir.path().join("pid");
        fs::write(&path, "1234567 and more").unwrap();
        write(&path, 42).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "42\n");
        assert!(remove(&path, 42).unwrap());
        assert!(!path.exists());
        assert!(!remove(&path, 42).unwrap(), "gone already");
    }

    /// A4.114, A7.46
    #[test]
    fn a_foreign_pid_and_a_device_stay() {
        let dir = TestDir::new();
        let path = dir.path().join("pid");
        fs::write(&path, "420\n").unwrap();
        assert!(!remove(&path, 42).unwrap());
        assert!(path.exists());
        assert!(!remove(Path::new("/dev/null"), 42).unwrap());
        assert!(Path::new("/dev/null").exists());
    }
}
