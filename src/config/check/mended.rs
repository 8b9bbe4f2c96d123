//! The files as far as they can be read: what the grammar refuses is noted and
//! blanked out, so that what stands behind it is looked at, too.

use super::{Draft, Mark};
use crate::config::ConfigError;
use crate::config::files::{self, Files};
use crate::config::ini::{self, IniError, Place};
use crate::config::paths::abspath;
use crate::config::world::{Unread, User, World};
use crate::model::Level;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

/// Files with bad lines that are mended one by one; the rest stays untold.
const MAX_MENDED: usize = 100;

/// The world with the texts that were read, as mended. Each file is read once,
/// so a pipe can be checked as well.
pub(super) struct Mended<'w> {
    world: &'w dyn World,
    texts: RefCell<BTreeMap<String, Text>>,
    /// Bytes that are no text: where, and what a start says.
    undecoded: RefCell<Vec<(Place, ConfigError)>>,
}

/// What is read of a file, and what it says, if that is something else.
struct Text {
    mended: String,
    original: Option<String>,
}

impl<'w> Mended<'w> {
    pub(super) fn over(world: &'w dyn World) -> Self {
        let (texts, undecoded) = Default::default();
        Self { world, texts, undecoded }
    }

    /// The lines of a file as they were found.
    pub(super) fn lines(&self, file: &str) -> Vec<String> {
        let texts = self.texts.borrow();
        let text = texts.get(&abspath(file, self)).map(|text| text.original.as_ref().unwrap_or(&text.mended));
        text.map(|text| text.split('\n').map(str::to_owned).collect()).unwrap_or_default()
    }

    /// Blanks out the lines, counted from 1, of which `bad` says so.
    fn blank(&self, file: &str, mut bad: impl FnMut(usize, &str) -> bool) {
        if let Some(text) = self.texts.borrow_mut().get_mut(&abspath(file, self)) {
            let blanked = |(index, line)| if bad(index + 1, line) { "#" } else { line };
            let mended = text.mended.split('\n').enumerate().map(blanked).collect::<Vec<_>>().join("\n");
            let before = std::mem::replace(&mut text.mended, mended);
            text.original.get_or_insert(before);
        }
    }
}

/// Reads all files; `None` if there is nothing to go on with.
pub(super) fn read(shown: &str, world: &Mended<'_>, drafts: &mut Vec<Draft>) -> Option<Files> {
    let mut found = None;
    for _ in 0..MAX_MENDED {
        match files::read_all(shown, world) {
            Ok(files) => found = Some(files),
            Err(ConfigError::Ini(IniError::BadLines { file, lines, more })) => {
                world.blank(&file, |number, _| lines.binary_search_by_key(&number, |(bad, _)| *bad).is_ok());
                drafts.extend(lines.iter().map(|(line, text)| bad_line(&file, *line, text)));
                if more == 0 {
                    continue;
                }
                drafts.push(Draft::error(format!("{file} has {more} more such lines")).hint("is it a configuration?"));
            }
            Err(ConfigError::Ini(IniError::NoSectionHeader { file, line, .. })) => {
                drafts.push(headless(&file, line));
                let mut above = true;
                world.blank(&file, |number, text| {
                    above &= number <= line || !text.trim_start().starts_with('[');
                    above && number >= line
                });
                continue;
            }
            Err(error) => {
                let root = files::read_root(shown, world).ok();
                drafts.push(match &root {
                    Some(root) => super::errors::told(&error, "include", &root.sections),
                    None => Draft::error(error.to_string()),
                });
                found = root;
            }
        }
        break;
    }
    for (place, error) in world.undecoded.take() {
        let hint = "save the file as plain text in UTF-8";
        drafts.push(Draft::error(error.to_string()).mark(Mark::Line(place)).hint(hint));
    }
    let root = files::read_root(shown, world).ok();
    let patterns = root.and_then(|root| root.sections.place("include", "files"));
    let included = |message: String| {
        let draft = Draft::warning(message).value("include", "files");
        if let Some(place) = &patterns { draft.mark(Mark::Line(place.clone())) } else { draft }
    };
    let said = found.iter().flat_map(|files| &files.messages).filter(|line| line.level == Level::Warn);
    drafts.extend(said.map(|line| {
        included(line.text.clone()).hint(if line.text.starts_with("No file") {
            "patterns without a leading slash start at the directory of this file"
        } else {
            "make it readable, or let no pattern match it"
        })
    }));
    found
}

fn bad_line(file: &str, line: usize, text: &str) -> Draft {
    let message = "Source contains parsing errors: this line is neither [section] nor key=value";
    let hint = if text.trim_start().starts_with('[') {
        "write a ] at its end, if it begins a section"
    } else if text.starts_with([' ', '\t']) {
        "give it a = sign, or join it to the line above"
    } else {
        "indent it if it goes on from the line above, begin it with ; if it is a comment"
    };
    Draft::error(message).mark(Mark::Line(Place { file: file.to_owned(), line })).hint(hint)
}

fn headless(file: &str, line: usize) -> Draft {
    Draft::error("File contains no section headers.")
        .mark(Mark::Line(Place { file: file.to_owned(), line }))
        .hint("write a [section] above the first key")
}

/// The line of the first byte that is no text.
fn bad_byte(bytes: &[u8]) -> usize {
    let decoded = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    let nul = bytes.iter().position(|byte| *byte == 0).unwrap_or(decoded);
    bytes.iter().take(nul).filter(|byte| **byte == b'\n').count() + 1
}

impl World for Mended<'_> {
    fn read(&self, path: &str, limit: u64, patience: Duration) -> Result<Vec<u8>, Unread> {
        let known = abspath(path, self);
        if let Some(text) = self.texts.borrow().get(&known) {
            let fits = text.mended.len() as u64 <= limit;
            return if fits { Ok(text.mended.clone().into_bytes()) } else { Err(Unread::TooLarge) };
        }
        let bytes = self.world.read(path, limit, patience)?;
        let text = match files::text(bytes.clone(), path) {
            Ok(text) => text,
            Err(error) => {
                let place = Place { file: path.to_owned(), line: bad_byte(&bytes) };
                self.undecoded.borrow_mut().push((place, error));
                String::from_utf8_lossy(&bytes).replace('\0', "\u{fffd}")
            }
        };
        let text = ini::universal(&text).into_owned();
        self.texts.borrow_mut().insert(known, Text { mended: text.clone(), original: None });
        Ok(text.into_bytes())
    }

    fn exists(&self, path: &str) -> bool {
        self.world.exists(path)
    }

    fn lexists(&self, path: &str) -> bool {
        self.world.lexists(path)
    }

    fn is_dir(&self, path: &str) -> bool {
        self.world.is_dir(path)
    }

    fn is_executable(&self, path: &str) -> bool {
        self.world.is_executable(path)
    }

    fn list(&self, directory: &str) -> Vec<String> {
        self.world.list(directory)
    }

    fn user_by_name(&self, name: &str) -> Option<User> {
        self.world.user_by_name(name)
    }

    fn user_by_id(&self, uid: u32) -> Option<User> {
        self.world.user_by_id(uid)
    }

    fn group_by_name(&self, name: &str) -> Option<u32> {
        self.world.group_by_name(name)
    }

    fn group_exists(&self, gid: u32) -> bool {
        self.world.group_exists(gid)
    }

    fn hostname(&self) -> String {
        self.world.hostname()
    }

    fn temp_dir(&self) -> String {
        self.world.temp_dir()
    }

    fn cwd(&self) -> String {
        self.world.cwd()
    }

    fn uid(&self) -> u32 {
        self.world.uid()
    }

    fn environment(&self) -> Vec<(String, String)> {
        self.world.environment()
    }
}
