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

use super::number::{is_space, strip};
use crate::model::py_repr;
use configparser::ini::Ini;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use thiserror::Error;

/// More sections than any machine can run programs.
pub const MAX_SECTIONS: usize = 100_000;

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
    #[error("Source contains parsing errors: {}{}", py_repr(file), listed(lines))]
    BadLines {
        /// The file as opened.
        file: String,
        /// Each with its number, in order.
        lines: Vec<(usize, String)>,
    },
    /// Above [`MAX_SECTIONS`].
    #[error("{file} brings the number of sections above {MAX_SECTIONS}")]
    TooManySections {
        /// The file as opened.
        file: String,
    },
}

fn listed(lines: &[(usize, String)]) -> String {
    let mut out = String::new();
    for (number, text) in lines {
        let _ = write!(out, "\n\t[line {number:2}]: {}", py_repr(text));
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
    files: Vec<String>,
    places: BTreeMap<String, BTreeMap<String, At>>,
    /// The first header of each section.
    headers: BTreeMap<String, At>,
    repeats: Vec<(String, Option<String>, At, At)>,
    /// Section and key of each `%(here)s` that the last text brought.
    latest: Vec<(String, String)>,
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
            files: Vec::new(),
            places: BTreeMap::new(),
            headers: BTreeMap::new(),
            repeats: Vec::new(),
            latest: Vec::new(),
        }
    }

    /// Reads one more text, named `file` in messages and places.
    ///
    /// # Errors
    /// [`IniError`]; what was read until then stays and is of no use.
    pub fn read(&mut self, text: &str, file: &str) -> Result<(), IniError> {
        self.files.push(file.to_owned());
        self.latest.clear();
        let mut reader = Reader { into: self, file, section: None, option: None, indent: 0, bad: Vec::new() };
        for (index, line) in universal(text).split_inclusive('\n').enumerate() {
            reader.line(index + 1, line)?;
        }
        reader.close_option();
        let lines = reader.bad;
        if lines.is_empty() { Ok(()) } else { Err(IniError::BadLines { file: file.to_owned(), lines }) }
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
        self.own(section, key).or_else(|| self.own(Self::DEFAULT, key))
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
        let of = |name: &str| self.places.get(name).and_then(|keys| keys.get(key));
        let (file, line) = of(section).or_else(|| of(Self::DEFAULT))?;
        self.shown((*file, *line))
    }

    /// Where a section's first header stands.
    #[must_use]
    pub fn header(&self, section: &str) -> Option<Place> {
        self.shown(*self.headers.get(section)?)
    }

    /// The options that were written in the section itself, by their places.
    #[must_use]
    pub fn written(&self, section: &str) -> Vec<(&str, Place)> {
        let mut written: Vec<_> = self.places.get(section).into_iter().flatten().collect();
        written.sort_by_key(|(_, at)| **at);
        written.into_iter().filter_map(|(key, at)| Some((key.as_str(), self.shown(*at)?))).collect()
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
        self.headers.get(section).and_then(|(file, _)| self.files.get(*file)).map(String::as_str)
    }

    /// Writes `directory` for the text `%(here)s` in what the last text brought:
    /// done after each file of a set with an `[include]` (A2.39). `%%(here)s` is
    /// a percent sign and stays (A7.64).
    pub fn replace_here(&mut self, directory: &str) {
        let directory = directory.replace('%', "%%");
        let map = self.store.get_mut_map();
        for (section, key) in &self.latest {
            if let Some(Some(value)) = map.get_mut(section).and_then(|options| options.get_mut(key)) {
                *value = with_here(value, &directory);
            }
        }
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

/// An option whose value may go on in the next line.
struct Open {
    key: String,
    line: usize,
    parts: Vec<String>,
}

struct Reader<'a> {
    into: &'a mut Sections,
    file: &'a str,
    section: Option<String>,
    option: Option<Open>,
    indent: usize,
    bad: Vec<(usize, String)>,
}

impl Reader<'_> {
    fn line(&mut self, number: usize, raw: &str) -> Result<(), IniError> {
        let comment = comment_start(raw);
        let value = strip(comment.and_then(|at| raw.get(..at)).unwrap_or(raw));
        if value.is_empty() {
            if let (None, Some(open)) = (comment, &mut self.option) {
                open.parts.push(String::new());
            }
            return Ok(());
        }
        let indent = raw.chars().take_while(|c| is_space(*c)).count();
        if let Some(open) = &mut self.option
            && indent > self.indent
        {
            open.parts.push(value.to_owned());
            return Ok(());
        }
        self.indent = indent;
        if let Some(name) = header(value) {
            return self.open_section(number, name);
        }
        if self.section.is_none() {
            let text = raw.to_owned();
            return Err(IniError::NoSectionHeader { file: self.file.to_owned(), line: number, text });
        }
        self.open_option(number, raw, value);
        Ok(())
    }

    fn open_section(&mut self, number: usize, name: &str) -> Result<(), IniError> {
        self.close_option();
        let at = (self.into.files.len() - 1, number);
        if let Some(first) = self.into.headers.get(name) {
            self.into.repeated(name, None, *first, at);
        }
        let map = self.into.store.get_mut_map();
        if !map.contains_key(name) {
            self.into.count += 1;
            if self.into.count > MAX_SECTIONS {
                return Err(IniError::TooManySections { file: self.file.to_owned() });
            }
            map.entry(name.to_owned()).or_default();
            self.into.headers.insert(name.to_owned(), at);
        }
        self.section = Some(name.to_owned());
        Ok(())
    }

    /// A line without delimiter leaves the option before it open, so deeper
    /// lines below still belong to that one, as in Python.
    fn open_option(&mut self, number: usize, raw: &str, value: &str) {
        let Some((key, text)) = value.split_once(['=', ':']) else {
            self.bad.push((number, raw.to_owned()));
            return;
        };
        self.close_option();
        let key = key.trim_end_matches(is_space).to_lowercase();
        if key.is_empty() {
            self.bad.push((number, raw.to_owned()));
        } else {
            self.option = Some(Open { key, line: number, parts: vec![strip(text).to_owned()] });
        }
    }

    fn close_option(&mut self) {
        let (Some(open), Some(section)) = (self.option.take(), &self.section) else { return };
        let value = open.parts.join("\n").trim_end_matches(is_space).to_owned();
        let place = (self.into.files.len() - 1, open.line);
        let before = self.into.places.entry(section.clone()).or_default().insert(open.key.clone(), place);
        if let Some(before) = before {
            self.into.repeated(section, Some(&open.key), before, place);
        }
        if value.contains(HERE) {
            self.into.latest.push((section.clone(), open.key.clone()));
        }
        if let Some(options) = self.into.store.get_mut_map().get_mut(section) {
            options.insert(open.key, Some(value));
        }
    }
}

/// The name in `[name]`: up to the last bracket, at least one character (A2.13).
fn header(value: &str) -> Option<&str> {
    let inside = value.strip_prefix('[')?;
    inside.get(..inside.rfind(']')?).filter(|name| !name.is_empty())
}

/// The byte at which a comment starts (A2.4): in round n the n-th `;` and the
/// n-th `#` are looked at, and the first round with a mark at the line's start
/// or after white space decides.
fn comment_start(line: &str) -> Option<usize> {
    if strip(line).starts_with([';', '#']) {
        return Some(0);
    }
    let marks = |mark: char| line.match_indices(mark).map(|(at, _)| at);
    let (mut semicolons, mut hashes) = (marks(';'), marks('#'));
    let qualifies = |at: &usize| line.get(..*at).is_some_and(|before| before.chars().next_back().is_none_or(is_space));
    loop {
        let round = [semicolons.next(), hashes.next()];
        if round == [None, None] {
            return None;
        }
        if let Some(at) = round.into_iter().flatten().filter(qualifies).min() {
            return Some(at);
        }
    }
}

/// Every line end as one `\n` (A2.3), without a byte order mark in front (A2.2).
fn universal(text: &str) -> String {
    text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n")
}

#[cfg(test)]
mod tests;
