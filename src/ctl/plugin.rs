//! `[ctlplugin:x]` sections name Python code, which only upstream's client can
//! run. If that is installed, it takes over with the same words; it speaks to
//! any daemon of this API (B4.2.4).

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Names the Python client, if it is not the first script in PATH.
pub const SETTING: &str = "SUPERVISORCTL_PYTHON";
/// Set when we have handed over: a wrapper around ourselves must not loop.
const MARK: &str = "SUPERVISORCTL_HANDED_OVER";
/// What to look for in PATH.
const NAME: &str = "supervisorctl";

/// Runs the Python client in our place. Comes back only if there is none, or
/// with why it could not be run.
#[must_use]
pub fn hand_over(args: &[String]) -> Option<io::Error> {
    if std::env::var_os(MARK).is_some() {
        return None;
    }
    let client = find()?;
    Some(Command::new(client).args(args).env(MARK, "1").exec())
}

fn find() -> Option<PathBuf> {
    let ourselves = fs::metadata("/proc/self/exe").ok().map(|meta| (meta.dev(), meta.ino()));
    let other = |path: &PathBuf| {
        fs::metadata(path).is_ok_and(|meta| {
            let runs = meta.is_file() && meta.permissions().mode() & 0o111 != 0;
            runs && Some((meta.dev(), meta.ino())) != ourselves
        })
    };
    if let Some(setting) = std::env::var_os(SETTING) {
        return Some(PathBuf::from(setting)).filter(other);
    }
    let path = std::env::var_os("PATH")?;
    // a copy of ourselves is no script
    std::env::split_paths(&path).map(|folder| folder.join(NAME)).find(|file| other(file) && is_script(file))
}

fn is_script(path: &Path) -> bool {
    let mut start = [0; 2];
    File::open(path).is_ok_and(|mut file| file.read_exact(&mut start).is_ok()) && start == *b"#!"
}
