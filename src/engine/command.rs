//! From a `command=` to the file that runs: splitting and looking along PATH.
//!
//! As the daemon's user and in the daemon's directory, which is what upstream
//! does, though the child will run as another user elsewhere (A4.44).

use crate::config::{self, ProcessConfig};
use crate::manager::CommandError;
use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Where commands are looked for when nobody sets PATH.
const DEFAULT_PATH: &str = "/bin:/usr/bin:/usr/local/bin";

/// A command that can be run, as far as can be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Executable {
    /// The file to execute.
    pub(super) path: PathBuf,
    /// The words as written; the first is not replaced by the path (A4.41).
    pub(super) argv: Vec<String>,
}

/// Finds the file of `process`; `daemon_path` is the daemon's own PATH.
///
/// # Errors
/// Why it cannot be run, in upstream's words and order (B1.6.1).
pub(super) fn find(process: &ProcessConfig, daemon_path: Option<&OsStr>) -> Result<Executable, CommandError> {
    let argv = config::split_command(&process.command)
        .map_err(|error| CommandError::Unparsable { command: process.command.clone(), reason: error.to_string() })?;
    let word = argv.first().ok_or(CommandError::Empty)?;
    let path = if word.contains('/') { PathBuf::from(word) } else { search(word, &search_path(process, daemon_path)) };
    let shown = path.to_string_lossy().into_owned();
    let found = std::fs::metadata(&path).map_err(|_| CommandError::NotFound(shown.clone()))?;
    if found.is_dir() {
        return Err(CommandError::Directory(shown));
    }
    if !has_execute_bit(&found) {
        return Err(CommandError::NotExecutable(shown));
    }
    if nix::unistd::access(&path, nix::unistd::AccessFlags::X_OK).is_err() {
        return Err(CommandError::NoPermission(shown));
    }
    Ok(Executable { path, argv })
}

// A4.43
fn search_path(process: &ProcessConfig, daemon_path: Option<&OsStr>) -> OsString {
    let own = process.environment.iter().rev().find(|(key, _)| key == "PATH");
    match (own, daemon_path) {
        (Some((_, path)), _) => OsString::from(path),
        (None, Some(path)) if !path.is_empty() => path.to_owned(),
        (None, _) => OsString::from(DEFAULT_PATH),
    }
}

/// The first entry that can be executed. When there is none, the first that
/// exists, whose fault the caller then tells; else the bare word.
fn search(word: &str, path: &OsStr) -> PathBuf {
    let mut first = None;
    for directory in std::env::split_paths(path) {
        let candidate = directory.join(word);
        let Ok(found) = std::fs::metadata(&candidate) else { continue };
        if found.is_file() && has_execute_bit(&found) {
            return candidate;
        }
        first.get_or_insert(candidate);
    }
    first.unwrap_or_else(|| Path::new(word).to_owned())
}

fn has_execute_bit(found: &Metadata) -> bool {
    found.permissions().mode() & 0o111 != 0
}

#[cfg(test)]
mod tests {
    use super::{Executable, find};
    use crate::config::load_text;
    use crate::manager::CommandError;
    use crate::sys::testdir::TestDir;
    use std::ffi::OsStr;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::{Path, PathBuf};

    /// Finds `command` of a program with more `settings`; the daemon has `path`.
    fn found(dir: &TestDir, command: &str, settings: &str, path: Option<&str>) -> Result<Executable, CommandError> {
        let text = format!("[supervisord]\n[program:x]\ncommand={command}\n{settings}\n");
        let (_, config) = load_text(dir.path(), &text);
        find(&config.groups[0].processes[0], path.map(OsStr::new))
    }

    /// A file `name` with these mode bits in a folder of `dir`.
    fn put(dir: &TestDir, folder: &str, name: &str, mode: u32) -> PathBuf {
        let path = dir.path().join(folder).join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path
    }

    /// A4.41
    #[test]
    fn the_words_stay_as_written_and_the_path_is_apart() {
        let found = found(&TestDir::new(), "sh -c 'a  b'", "", Some("/bin")).unwrap();
        assert_eq!(found.path, Path::new("/bin/sh"));
        assert_eq!(found.argv, ["sh", "-c", "a  b"]);
    }

    /// A4.43
    #[test]
    fn the_programs_path_goes_before_the_daemons_and_that_before_the_usual_one() {
        let dir = TestDir::new();
        let own = put(&dir, "own", "sh", 0o755);
        let path = own.parent().unwrap().to_str().unwrap();
        let at = |settings: &str, path| found(&dir, "sh", settings, path).map(|found| found.path);
        assert_eq!(at(&format!("environment=PATH=\"{path}\""), Some("/bin")), Ok(own.clone()));
        assert_eq!(at("", Some(path)), Ok(own.clone()));
        for usual in [None, Some("")] {
            assert_eq!(at("", usual), Ok("/bin/sh".into()));
        }
        assert_eq!(at("environment=PATH=\"\"", Some("/bin")), Err(CommandError::NotFound("sh".to_owned())));
    }

    /// A4.43: the search goes on behind what cannot be executed, and that is told
    /// when nothing better comes.
    #[test]
    fn the_first_that_can_be_executed_wins_and_else_the_first_that_is_there() {
        let dir = TestDir::new();
        fs::create_dir_all(dir.path().join("first/run")).unwrap();
        let plain = put(&dir, "second", "run", 0o644);
        let path = ["none", "first", "second", "third"].map(|folder| dir.path().join(folder).display().to_string());
        let found = || found(&dir, "run", "", Some(&path.join(":")));
        assert_eq!(found(), Err(CommandError::Directory(dir.path().join("first/run").display().to_string())));
        fs::remove_dir(dir.path().join("first/run")).unwrap();
        assert_eq!(found(), Err(CommandError::NotExecutable(plain.display().to_string())));
        let good = put(&dir, "third", "run", 0o755);
        assert_eq!(found().map(|found| found.path), Ok(good));
    }

    /// A4.42, B1.6.1
    #[test]
    fn a_word_with_a_slash_is_taken_as_it_is() {
        let dir = TestDir::new();
        let at = |command: String| found(&dir, &command, "", Some("/bin")).map(|found| found.path);
        let here = dir.path().display().to_string();
        let plain = put(&dir, "", "plain", 0o644).display().to_string();
        assert_eq!(at(format!("{here}/sh")), Err(CommandError::NotFound(format!("{here}/sh"))));
        assert_eq!(at(here.clone()), Err(CommandError::Directory(here)));
        assert_eq!(at(plain.clone()), Err(CommandError::NotExecutable(plain)));
        assert!(matches!(at("sh 'x".to_owned()), Err(CommandError::Unparsable { .. })));
    }
}
