//! Sections and options out of text, by the rules of Python's `RawConfigParser`
//! with inline comments `;` and `#` (A2.1–A2.29). Knows no key and no type.
//!
//! The reader is ours, the store behind it is the `configparser` crate's
//! ordered map. The crate's own reader has no setting for the rules that
//! decide what a real file means: a comment mark counts only after white space
//! (A2.5: `sh -c 'a; b'` and `password=ab#cd` are whole values), an indented
//! `[x]` may belong to a value (A2.12), a line without delimiter is an error
//! and all of them are listed (A2.17), keys fold their case while sections do
//! not (A2.15, A2.16). Line numbers are kept beside the store.

mod edit;
mod reader;

pub(super) use reader::universal;

use crate::model::py_repr;
use configparser::ini::Ini;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use thiserror::Error;

/// More sections than any machine can run programs.
pub const MAX_SECTIONS: usize = 100_000;

/// Options of all sections together.
pub const MAX_OPTIONS: usize = 1_000_000;

/// Bytes of one line, and of one value, which may have several.
pub const MAX_VALUE: usize = 4 << 20;

/// Bad lines that an error tells one by one.
const MAX_BAD_LINES: usize = 1_000;

/// Repetitions that are remembered for [`Sections::repeats`].
const MAX_REPEATS: usize = 1_000;

/// The text that is replaced in files of a set with an `[include]` (A2.39).
const HERE: &str = "%(here)s";

/// Why a text cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum IniError {
    /// Something stands before the first section (A2.24).
    #[error("File contains no section headers.\nfile: {}, line: {line}\n{}", py_repr(file), py_repr(text))]
    NoSectionHeader {
        /// The file as opened.
        file: String,
        /// Counted from 1.
        line: usize,
        /// The whole line with its end.
        text: String,
    },
    /// Lines that are neither header, option nor continuation (A2.17).
    #[error("Source contains parsing errors: {}{}", py_repr(file), listed(lines, *more))]
    BadLines {
        /// The file as opened.
        file: String,
        /// Each with its number, in order.
        lines: Vec<(usize, String)>,
        /// How many there are beyond those.
        more: usize,
    },
    /// Above [`MAX_SECTIONS`].
    #[error("{file} brings the number of sections above {MAX_SECTIONS}")]
    TooManySections {
        /// The file as opened.
        file: String,
    },
    /// Above [`MAX_OPTIONS`].
    #[error("{file} brings the number of options above {MAX_OPTIONS}")]
    TooManyOptions {
        /// The file as opened.
        file: String,
    },
    /// Above [`MAX_VALUE`].
    #[error("What begins in line {line} of {file} is longer than {MAX_VALUE} bytes")]
    TooLong {
        /// The file as opened.
        file: String,
        /// Of the key, if it is a value of several lines.
        line: usize,
    },
}

fn listed(lines: &[(usize, String)], more: usize) -> String {
    let mut out = String::new();
    for (number, text) in lines {
        let _ = write!(out, "\n\t[line {number:2}]: {}", py_repr(text));
    }
    if more > 0 {
        let _ = write!(out, "\n\tand {more} more");
    }
    out
}

/// Where an option was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file as opened.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
}

/// A section or option that was written once more (A2.18).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeat {
    /// The whole name.
    pub section: String,
    /// `None` if it is the section's header.
    pub key: Option<String>,
    /// The one before.
    pub first: Place,
    /// The one that is laid over it.
    pub again: Place,
}

/// The index of a file and a line of it.
type At = (usize, usize);

/// All sections of a set of files, later ones laid over earlier ones (A2.18).
#[derive(Debug, Clone)]
pub struct Sections {
    store: Ini,
    count: usize,
    options: usize,
    has_default: bool,
    files: Vec<String>,
    /// Of each section and option in the store's order; none for an option that
    /// stands in `[DEFAULT]`.
    places: Vec<Vec<Option<At>>>,
    /// The first header of each section, in the store's order; none if a check
    /// added it.
    headers: Vec<Option<At>>,
    repeats: Vec<(String, Option<String>, At, At)>,
    /// Section and key of each `%(here)s` that the last text brought.
    latest: Vec<(String, String)>,
    /// How many sections, the first ones, have `[DEFAULT]`'s `%(here)s` as their own.
    inherited: usize,
}

impl Default for Sections {
    fn default() -> Self {
        Self::new()
    }
}

impl Sections {
    /// The section whose options stand in for missing ones of every other (A2.19).
    pub const DEFAULT: &str = "DEFAULT";

    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            store: Ini::new_cs(),
            count: 0,
            options: 0,
            has_default: false,
            files: Vec::new(),
            places: Vec::new(),
            headers: Vec::new(),
            repeats: Vec::new(),
            latest: Vec::new(),
            inherited: 0,
        }
    }

    /// Reads one more text, named `file` in messages and places.
    ///
    /// # Errors
    /// [`IniError`]; what was read until then stays and is of no use.
    pub fn read(&mut self, text: &str, file: &str) -> Result<(), IniError> {
        self.files.push(file.to_owned());
        self.latest.clear();
        reader::read(self, text, file)
    }

    /// The sections in the order of their first header, without `[DEFAULT]`.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.store.get_map_ref().keys().map(String::as_str).filter(|name| *name != Self::DEFAULT)
    }

    /// Whether there is a section of this exact name.
    #[must_use]
    pub fn has(&self, section: &str) -> bool {
        section != Self::DEFAULT && self.store.get_map_ref().contains_key(section)
    }

    /// The value of an option, else `[DEFAULT]`'s. `key` is in lower case.
    #[must_use]
    pub fn get(&self, section: &str, key: &str) -> Option<&str> {
        let default = || if self.has_default { self.own(Self::DEFAULT, key) } else { None };
        self.own(section, key).or_else(default)
    }

    /// The options of a section, its own first, then `[DEFAULT]`'s.
    #[must_use]
    pub fn options(&self, section: &str) -> Vec<&str> {
        let of = |name: &str| self.store.get_map_ref().get(name).into_iter().flat_map(|map| map.keys());
        let mut seen = BTreeSet::new();
        of(section).chain(of(Self::DEFAULT)).map(String::as_str).filter(|key| seen.insert(*key)).collect()
    }

    /// Where the value that [`Sections::get`] gives was written.
    #[must_use]
    pub fn place(&self, section: &str, key: &str) -> Option<Place> {
        let of = |name: &str| -> Option<At> {
            let (index, _, options) = self.store.get_map_ref().get_full(name)?;
            *self.places.get(index)?.get(options.get_index_of(key)?)?
        };
        self.shown(of(section).or_else(|| of(Self::DEFAULT))?)
    }

    /// Where a section's first header stands.
    #[must_use]
    pub fn header(&self, section: &str) -> Option<Place> {
        self.shown(self.first_header(section)?)
    }

    /// The options that were written in the section itself.
    pub fn keys(&self, section: &str) -> impl Iterator<Item = &str> {
        self.placed(section).map(|(key, _)| key)
    }

    fn placed(&self, section: &str) -> impl Iterator<Item = (&str, At)> {
        let full = self.store.get_map_ref().get_full(section);
        full.into_iter().flat_map(|(index, _, options)| {
            let places = self.places.get(index).into_iter().flatten();
            options.keys().zip(places).filter_map(|(key, at)| Some((key.as_str(), (*at)?)))
        })
    }

    /// The options that were written in the section itself, by their places.
    #[must_use]
    pub fn written(&self, section: &str) -> Vec<(&str, Place)> {
        let mut written: Vec<_> = self.placed(section).collect();
        written.sort_by_key(|(_, at)| *at);
        written.into_iter().filter_map(|(key, at)| Some((key, self.shown(at)?))).collect()
    }

    /// What was written more than once; the first thousand.
    pub fn repeats(&self) -> impl Iterator<Item = Repeat> {
        self.repeats.iter().filter_map(|(section, key, first, again)| {
            let (first, again) = (self.shown(*first)?, self.shown(*again)?);
            Some(Repeat { section: section.clone(), key: key.clone(), first, again })
        })
    }

    /// The file in which a section's name first stood (A2.41).
    #[must_use]
    pub fn file_of(&self, section: &str) -> Option<&str> {
        let (file, _) = self.first_header(section)?;
        self.files.get(file).map(String::as_str)
    }

    /// Writes `directory` for the text `%(here)s` in what the last text brought:
    /// done after each file of a set with an `[include]` (A2.39). `%%(here)s` is
    /// a percent sign and stays (A7.64). What `[DEFAULT]` has of it becomes each
    /// new section's own, so it is the directory of the file that began the section.
    pub fn replace_here(&mut self, directory: &str) {
        let directory = directory.replace('%', "%%");
        let map = self.store.get_mut_map();
        let mut known = self.inherited;
        for (section, key) in &self.latest {
            if section == Self::DEFAULT {
                known = 0;
            } else if let Some(Some(value)) = map.get_mut(section).and_then(|options| options.get_mut(key)) {
                *value = with_here(value, &directory);
            }
        }
        let defaults = map.get(Self::DEFAULT).into_iter().flatten();
        let defaults = defaults.filter_map(|(key, value)| Some((key, value.as_ref()?)));
        let with_here = |(key, value): (&String, &String)| (key.clone(), with_here(value, &directory));
        let inherited: Vec<_> = defaults.filter(|(_, value)| value.contains(HERE)).map(with_here).collect();
        if !inherited.is_empty() {
            for (_, options) in map.iter_mut().skip(known).filter(|(section, _)| *section != Self::DEFAULT) {
                for (key, value) in &inherited {
                    options.entry(key.clone()).or_insert_with(|| Some(value.clone()));
                }
            }
        }
        self.inherited = map.len();
    }

    fn first_header(&self, section: &str) -> Option<At> {
        *self.headers.get(self.store.get_map_ref().get_index_of(section)?)?
    }

    fn shown(&self, (file, line): At) -> Option<Place> {
        self.files.get(file).map(|file| Place { file: file.clone(), line })
    }

    fn repeated(&mut self, section: &str, key: Option<&str>, first: At, again: At) {
        if self.repeats.len() < MAX_REPEATS {
            self.repeats.push((section.to_owned(), key.map(str::to_owned), first, again));
        }
    }

    fn own(&self, section: &str, key: &str) -> Option<&str> {
        self.store.get_map_ref().get(section)?.get(key)?.as_deref()
    }
}

/// `value` with `%(here)s` replaced, but not where its `%` is itself quoted.
fn with_here(value: &str, directory: &str) -> String {
    let mut out = String::with_capacity(value.len() + directory.len());
    let mut rest = value;
    while let Some(at) = rest.find('%') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        if let Some(after) = from.strip_prefix(HERE) {
            out.push_str(directory);
            rest = after;
        } else {
            let quoted = if from.starts_with("%%") { 2 } else { 1 };
            let (kept, after) = from.split_at(quoted);
            out.push_str(kept);
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests;
