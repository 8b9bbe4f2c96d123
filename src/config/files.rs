//! Which files make up a configuration: the search list and `[include]`
//! (A1.16–A1.20, A2.30–A2.41). Reads through a [`World`].

use super::error::ConfigError;
use super::expand::{Names, expand};
use super::glob::glob;
use super::ini::Sections;
use super::keys::group::FILES;
use super::number::is_space;
use super::paths::{abspath, dirname, join};
use super::world::{Unread, World};
use crate::model::{Level, LogLine};
use std::time::Duration;

/// All text of a configuration together.
pub const MAX_BYTES: u64 = 64 << 20;

/// How long the root file may say nothing, if it is a pipe: `-c <(template)`
/// takes a moment, and nobody may write to it at all.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// Files that one `[include]` may bring.
pub const MAX_FILES: usize = 10_000;

/// What was read.
#[derive(Debug)]
pub struct Files {
    /// The sections of all files.
    pub sections: Sections,
    /// The root file as typed or found.
    pub shown: String,
    /// The root file, absolute.
    pub path: String,
    /// The directory of the root file, for `%(here)s`.
    pub here: String,
    /// Files that were included, patterns that matched nothing (A5.31, A5.32).
    pub messages: Vec<LogLine>,
}

/// Where a file is looked for without `-c`, in order (A1.16).
#[must_use]
pub fn search_list(argv0: &str) -> Vec<String> {
    let prefix = dirname(dirname(argv0));
    let mut list = vec![join(&join(prefix, "etc"), "supervisord.conf"), join(prefix, "supervisord.conf")];
    let fixed =
        ["supervisord.conf", "etc/supervisord.conf", "/etc/supervisord.conf", "/etc/supervisor/supervisord.conf"];
    list.extend(fixed.map(str::to_owned));
    list
}

/// The first file of the search list that exists.
///
/// # Errors
/// [`ConfigError::NowhereFound`]
pub fn find(argv0: &str, world: &dyn World) -> Result<String, ConfigError> {
    let searched = search_list(argv0);
    let found = searched.iter().find(|path| world.exists(&join(&world.cwd(), path))).cloned();
    found.ok_or(ConfigError::NowhereFound { searched })
}

/// The root file alone, as the control client sees it (B3.2.7).
///
/// # Errors
/// [`ConfigError`] about the file or its grammar.
pub fn read_root(shown: &str, world: &dyn World) -> Result<Files, ConfigError> {
    read(shown, world).map(|(files, _)| files)
}

/// The root file and what it includes (A2.30).
///
/// # Errors
/// [`ConfigError`] about a file or its grammar.
pub fn read_all(shown: &str, world: &dyn World) -> Result<Files, ConfigError> {
    let (mut files, mut left) = read(shown, world)?;
    if !files.sections.has("include") {
        return Ok(files);
    }
    files.sections.replace_here(&files.here);
    let mut count = 0;
    for pattern in patterns(&files, world)? {
        let pattern = join(&files.here, &pattern);
        let mut matches = glob(&pattern, world);
        if matches.is_empty() {
            files.messages.push(LogLine::new(Level::Warn, format!("No file matches via include \"{pattern}\"")));
        }
        matches.sort();
        for path in matches {
            count += 1;
            if count > MAX_FILES {
                return Err(ConfigError::TooManyFiles(MAX_FILES));
            }
            let text = format!("Included extra file \"{path}\" during parsing");
            files.messages.push(LogLine::new(Level::Info, text));
            if !include(&mut files.sections, &path, &mut left, world)? {
                let text = format!("Included file \"{path}\" cannot be read and is left out");
                files.messages.push(LogLine::new(Level::Warn, text));
            }
        }
    }
    Ok(files)
}

fn read(shown: &str, world: &dyn World) -> Result<(Files, u64), ConfigError> {
    let path = abspath(shown, world);
    let bytes = world.read(&path, MAX_BYTES, PATIENCE).map_err(|why| match why {
        Unread::Missing => ConfigError::Missing(shown.to_owned()),
        Unread::Unreadable => ConfigError::Unreadable(shown.to_owned()),
        Unread::TooLarge => ConfigError::TooLarge { path: shown.to_owned(), limit: MAX_BYTES },
        Unread::Endless => ConfigError::Endless(shown.to_owned()),
    })?;
    let left = MAX_BYTES.saturating_sub(bytes.len() as u64);
    let mut sections = Sections::new();
    sections.read(&text(bytes, shown)?, shown)?;
    let here = dirname(&path).to_owned();
    Ok((Files { sections, shown: shown.to_owned(), path, here, messages: Vec::new() }, left))
}

fn patterns(files: &Files, world: &dyn World) -> Result<Vec<String>, ConfigError> {
    let raw = files.sections.get("include", FILES.name).ok_or(ConfigError::NoFiles)?;
    let mut environment = Names::default();
    environment.add_environment(&world.environment());
    let names = environment.with("here", &files.here).with("host_node_name", &world.hostname());
    let place = files.sections.place("include", FILES.name);
    let text = expand(raw, &names, "include.files")
        .map_err(|error| ConfigError::Option { place, source: Box::new(error.into()) })?;
    Ok(text.split(is_space).filter(|word| !word.is_empty()).map(str::to_owned).collect())
}

/// A file that cannot be read is passed over, as a directory is (A2.35). False
/// if that is worth a word.
fn include(sections: &mut Sections, path: &str, left: &mut u64, world: &dyn World) -> Result<bool, ConfigError> {
    let bytes = match world.read(path, *left, Duration::ZERO) {
        Ok(bytes) => bytes,
        Err(Unread::TooLarge) => return Err(ConfigError::TooLarge { path: path.to_owned(), limit: MAX_BYTES }),
        Err(Unread::Missing | Unread::Unreadable | Unread::Endless) => return Ok(world.is_dir(path)),
    };
    *left = left.saturating_sub(bytes.len() as u64);
    sections.read(&text(bytes, path)?, path)?;
    sections.replace_here(dirname(&abspath(path, world)));
    Ok(true)
}

/// Bytes as text, or Python's words about the first that is none (A2.1). Python
/// takes a NUL, but no command, path or variable can have one.
pub(super) fn text(bytes: Vec<u8>, path: &str) -> Result<String, ConfigError> {
    if let Some(before) = bytes.iter().position(|byte| *byte == 0).and_then(|at| bytes.get(..at)) {
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        return Err(ConfigError::Nul { path: path.to_owned(), line });
    }
    String::from_utf8(bytes).map_err(|error| {
        let (at, length) = (error.utf8_error().valid_up_to(), error.utf8_error().error_len());
        let rest = error.as_bytes().get(at..).unwrap_or_default();
        let first = rest.first().copied().unwrap_or_default();
        let reason = match length {
            None => "unexpected end of data",
            Some(_) if matches!(first, 0x80..=0xc1 | 0xf5..) => "invalid start byte",
            Some(_) => "invalid continuation byte",
        };
        let length = length.unwrap_or(rest.len());
        ConfigError::NotUtf8(if length == 1 {
            format!("byte 0x{first:02x} in position {at}: {reason}")
        } else {
            format!("bytes in position {at}-{}: {reason}", at + length - 1)
        })
    })
}

#[cfg(test)]
mod tests;
