//! The path we were called by, as a script would see it (B3.2.1): it leads to
//! the configuration file and stands in messages.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// `prog` if it has a slash; else the first program of that name in `path`.
/// Links are left alone: one in `X/bin` means the configuration below `X`.
#[must_use]
pub fn full_path(prog: &str, path: Option<&OsStr>) -> String {
    if prog.contains('/') {
        return prog.to_owned();
    }
    let mut folders = path.map(std::env::split_paths).into_iter().flatten();
    let found = folders.find_map(|folder| Some(folder.join(prog)).filter(|file| runs(file)));
    found.map_or_else(|| prog.to_owned(), |file| file.to_string_lossy().into_owned())
}

fn runs(file: &Path) -> bool {
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::full_path;
    use std::ffi::OsStr;

    /// B3.1.9, B3.2.1
    #[test]
    fn a_bare_name_is_looked_up_and_a_path_is_kept() {
        assert_eq!(full_path("./bin/ctl", Some(OsStr::new("/bin"))), "./bin/ctl");
        assert_eq!(full_path("sh", Some(OsStr::new("/nonexistent:/bin"))), "/bin/sh");
        assert_eq!(full_path("no-such-program", Some(OsStr::new("/bin"))), "no-such-program");
        assert_eq!(full_path("sh", None), "sh");
    }
}
