//! One text into sections, line by line (A2.3–A2.17, A2.24). What it fills is
//! the parent's.

use super::{HERE, IniError, MAX_BAD_LINES, MAX_OPTIONS, MAX_SECTIONS, MAX_VALUE, Sections};
use crate::config::number::{is_space, strip};
use std::borrow::Cow;

/// Reads `text` into the last of the sections' files, named `file` in errors.
pub(super) fn read(into: &mut Sections, text: &str, file: &str) -> Result<(), IniError> {
    let mut reader = Reader { into, file, section: None, option: None, indent: 0, bad: Vec::new(), more: 0 };
    for (index, line) in universal(text).split_inclusive('\n').enumerate() {
        reader.line(index + 1, line)?;
    }
    reader.close_option()?;
    let (lines, more) = (reader.bad, reader.more);
    if lines.is_empty() { Ok(()) } else { Err(IniError::BadLines { file: file.to_owned(), lines, more }) }
}

/// An option whose value may go on in the next line.
struct Open {
    key: String,
    line: usize,
    /// Of all its lines.
    value: String,
}

struct Reader<'a> {
    into: &'a mut Sections,
    file: &'a str,
    /// Its index in the store, and its name.
    section: Option<(usize, String)>,
    option: Option<Open>,
    indent: usize,
    bad: Vec<(usize, String)>,
    more: usize,
}

impl Reader<'_> {
    fn line(&mut self, number: usize, raw: &str) -> Result<(), IniError> {
        if raw.len() > MAX_VALUE {
            return Err(self.too_long(number));
        }
        let comment = comment_start(raw);
        let value = strip(comment.and_then(|at| raw.get(..at)).unwrap_or(raw));
        if value.is_empty() {
            return if comment.is_none() { self.go_on("") } else { Ok(()) };
        }
        let indent = raw.chars().take_while(|c| is_space(*c)).count();
        if self.option.is_some() && indent > self.indent {
            return self.go_on(value);
        }
        self.indent = indent;
        if let Some(name) = header(value) {
            return self.open_section(number, name);
        }
        if self.section.is_none() {
            let text = raw.to_owned();
            return Err(IniError::NoSectionHeader { file: self.file.to_owned(), line: number, text });
        }
        self.open_option(number, raw, value)
    }

    /// One more line of the open value, if there is one.
    fn go_on(&mut self, line: &str) -> Result<(), IniError> {
        let Some(open) = &mut self.option else { return Ok(()) };
        open.value.push('\n');
        open.value.push_str(line);
        let (length, line) = (open.value.len(), open.line);
        if length > MAX_VALUE { Err(self.too_long(line)) } else { Ok(()) }
    }

    fn too_long(&self, line: usize) -> IniError {
        IniError::TooLong { file: self.file.to_owned(), line }
    }

    fn bad_line(&mut self, number: usize, raw: &str) {
        if self.bad.len() < MAX_BAD_LINES {
            self.bad.push((number, raw.to_owned()));
        } else {
            self.more += 1;
        }
    }

    fn open_section(&mut self, number: usize, name: &str) -> Result<(), IniError> {
        self.close_option()?;
        let at = (self.into.files.len() - 1, number);
        let index = self.into.store.get_map_ref().get_index_of(name);
        if let Some(index) = index {
            if let Some(first) = self.into.headers.get(index).copied().flatten() {
                self.into.repeated(name, None, first, at);
            }
        } else {
            self.into.count += 1;
            if self.into.count > MAX_SECTIONS {
                return Err(IniError::TooManySections { file: self.file.to_owned() });
            }
            self.into.headers.push(Some(at));
            self.into.places.push(Vec::new());
            self.into.has_default |= name == Sections::DEFAULT;
        }
        let new = || self.into.store.get_mut_map().insert_full(name.to_owned(), Default::default()).0;
        self.section = Some((index.unwrap_or_else(new), name.to_owned()));
        Ok(())
    }

    /// A line without delimiter leaves the option before it open, so deeper
    /// lines below still belong to that one, as in Python.
    fn open_option(&mut self, number: usize, raw: &str, value: &str) -> Result<(), IniError> {
        let Some((key, text)) = value.split_once(['=', ':']) else {
            self.bad_line(number, raw);
            return Ok(());
        };
        self.close_option()?;
        let key = key.trim_end_matches(is_space).to_lowercase();
        if key.is_empty() {
            self.bad_line(number, raw);
        } else {
            self.option = Some(Open { key, line: number, value: strip(text).to_owned() });
        }
        Ok(())
    }

    fn close_option(&mut self) -> Result<(), IniError> {
        let (Some(open), Some((index, section))) = (self.option.take(), &self.section) else { return Ok(()) };
        let Open { key, line, mut value } = open;
        value.truncate(value.trim_end_matches(is_space).len());
        let into = &mut *self.into;
        if value.contains(HERE) {
            into.latest.push((section.clone(), key.clone()));
        }
        let Some((_, options)) = into.store.get_mut_map().get_index_mut(*index) else { return Ok(()) };
        let Some(places) = into.places.get_mut(*index) else { return Ok(()) };
        let (option, _) = options.insert_full(key, Some(value));
        if places.len() <= option {
            places.resize(option + 1, None);
        }
        let place = (into.files.len() - 1, line);
        let before = places.get_mut(option).and_then(|known| known.replace(place));
        match before {
            Some(before) => {
                let key = options.get_index(option).map(|(key, _)| key.clone());
                into.repeated(section, key.as_deref(), before, place);
            }
            None => into.options += 1,
        }
        if into.options > MAX_OPTIONS {
            return Err(IniError::TooManyOptions { file: self.file.to_owned() });
        }
        Ok(())
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
pub(in crate::config) fn universal(text: &str) -> Cow<'_, str> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")) } else { Cow::Borrowed(text) }
}
