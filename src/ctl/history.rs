//! The file with the lines of earlier shells (B3.6.8): one line each, readable
//! by its owner only. What goes wrong with it is nobody's concern.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Lines kept.
pub const LINES_MAX: usize = 10_000;
/// Largest file read.
const BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The lines in the file; none when it cannot be read.
#[must_use]
pub fn load(path: &Path) -> Vec<String> {
    let small = fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() <= BYTES_MAX);
    let bytes = if small { fs::read(path).unwrap_or_default() } else { Vec::new() };
    let text = String::from_utf8_lossy(&bytes);
    text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Writes the lines anew.
pub fn save<'a>(path: &Path, lines: impl Iterator<Item = &'a str>) {
    let text: String = lines.flat_map(|line| [line, "\n"]).collect();
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    drop(file.and_then(|mut file| file.write_all(text.as_bytes())));
}

#[cfg(test)]
mod tests {
    use super::{load, save};
    use crate::sys::testdir::TestDir;
    use std::os::unix::fs::PermissionsExt;

    /// B3.6.8
    #[test]
    fn lines_are_found_again_and_the_file_is_private() {
        let dir = TestDir::new();
        let path = dir.path().join("history");
        assert!(load(&path).is_empty());
        save(&path, ["status", "tail -f a"].into_iter());
        assert_eq!(load(&path), ["status", "tail -f a"]);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
