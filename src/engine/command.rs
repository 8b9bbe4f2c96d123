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
