//! `%(name)s` in values: Python's `text % mapping`, with its error texts
//! (A2.50–A2.66). Which names a value may use is the caller's business.

mod format;

use crate::model::py_repr;
use format::Spec;
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// The widest and most precise a number or text may be asked for, in
/// characters. Python has no such limit, but no value is that long. Rust's own
/// formats, which write the floats, panic near 65,536.
pub const MAX_WIDTH: usize = 32_768;

/// The longest value that an expansion may make, in bytes: more than the system
/// takes for all arguments and variables of a program. Many directives in one
/// value could fill the memory otherwise, each a short one.
pub const MAX_VALUE: usize = 4 << 20;

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Most names.
    Text(String),
    /// `process_num` and `numprocs`.
    Number(i64),
}

/// Names laid over other names.
#[derive(Debug, Clone, Default)]
pub struct Names<'a> {
    below: Option<&'a Names<'a>>,
    own: BTreeMap<String, Value>,
}

impl<'a> Names<'a> {
    /// An empty layer above `below`.
    #[must_use]
    pub fn over(below: &'a Names<'a>) -> Self {
        Self { below: Some(below), own: BTreeMap::new() }
    }

    /// The same with one more name for a text.
    #[must_use]
    pub fn with(mut self, name: &str, text: &str) -> Self {
        self.own.insert(name.to_owned(), Value::Text(text.to_owned()));
        self
    }

    /// The same with one more name for a number.
    #[must_use]
    pub fn with_number(mut self, name: &str, number: i64) -> Self {
        self.own.insert(name.to_owned(), Value::Number(number));
        self
    }

    /// Adds `ENV_NAME` for each variable.
    pub fn add_environment<'e>(&mut self, variables: impl IntoIterator<Item = &'e (String, String)>) {
        let named = |(name, value): &(String, String)| (format!("ENV_{name}"), Value::Text(value.clone()));
        self.own.extend(variables.into_iter().map(named));
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.own.get(name).or_else(|| self.below?.get(name))
    }

    /// All names, sorted, as the error lists them.
    fn available(&self) -> Vec<&str> {
        let mut all = BTreeSet::new();
        let mut layer = Some(self);
        while let Some(names) = layer {
            all.extend(names.own.keys().map(String::as_str));
            layer = names.below;
        }
        all.into_iter().collect()
    }
}

/// Why a value cannot be expanded.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ExpandError {
    /// A name that is not there (A2.57).
    #[error(
        "Format string {} for {} contains names ({}) which cannot be expanded. Available names: {available}",
        py_repr(text),
        py_repr(option),
        py_repr(name)
    )]
    UnknownName {
        /// The whole value.
        text: String,
        /// `section.option`, or what stands for it.
        option: String,
        /// As written.
        name: String,
        /// Sorted, with commas.
        available: String,
    },
    /// Anything else (A2.58).
    #[error("Format string {} for {} is badly formatted: {reason}", py_repr(text), py_repr(option))]
    BadFormat {
        /// The whole value.
        text: String,
        /// `section.option`, or what stands for it.
        option: String,
        /// Python's words.
        reason: String,
    },
    /// More than [`MAX_VALUE`].
    #[error("The value of {} is longer than {MAX_VALUE} bytes when it is expanded", py_repr(.0))]
    TooLong(String),
}

/// Writes what the names in `text` stand for; `option` names it in errors. The
/// result is not looked at again.
///
/// # Errors
/// [`ExpandError`] with Python's reasons.
pub fn expand(text: &str, names: &Names<'_>, option: &str) -> Result<String, ExpandError> {
    if !text.contains('%') {
        return Ok(text.to_owned());
    }
    let expansion =
        Expansion { names, text, at: 0, seen: 0, out: String::with_capacity(text.len()), spare: Spare::Mapping };
    let (text, option) = (text.to_owned(), option.to_owned());
    expansion.run().map_err(|failure| match failure {
        Failure::Unknown(name) => {
            ExpandError::UnknownName { text, option, name, available: names.available().join(", ") }
        }
        Failure::Bad(reason) => ExpandError::BadFormat { text, option, reason },
        Failure::TooLong => ExpandError::TooLong(option),
    })
}

enum Failure {
    Unknown(String),
    Bad(String),
    TooLong,
}

fn bad(reason: impl Into<String>) -> Failure {
    Failure::Bad(reason.into())
}

/// What a directive without a name would take, as in Python: the mapping
/// itself, once; after the first named directive, nothing.
#[derive(Clone, Copy, PartialEq)]
enum Spare {
    Mapping,
    Used,
}

/// What a directive formats.
enum Argument<'n> {
    Named(&'n Value),
    Mapping,
}

struct Expansion<'a> {
    names: &'a Names<'a>,
    text: &'a str,
    /// In bytes.
    at: usize,
    /// In characters, as Python's errors count.
    seen: usize,
    out: String,
    spare: Spare,
}

impl<'a> Expansion<'a> {
    fn run(mut self) -> Result<String, Failure> {
        loop {
            self.plain();
            let more = self.next().is_some();
            if more && self.peek() == Some('%') {
                self.next();
                self.out.push('%');
            } else if more {
                self.directive()?;
            }
            if self.out.len() > MAX_VALUE {
                return Err(Failure::TooLong);
            }
            if !more {
                return Ok(self.out);
            }
        }
    }

    /// Everything up to the next percent sign.
    fn plain(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let plain = rest.split('%').next().unwrap_or_default();
        self.out.push_str(plain);
        self.at += plain.len();
        self.seen += plain.chars().count();
    }

    fn directive(&mut self) -> Result<(), Failure> {
        let mut named = None;
        if self.peek() == Some('(') {
            self.next();
            named = Some(Argument::Named(self.name()?));
            self.spare = Spare::Used;
        }
        let mut spec = Spec::default();
        let mut c = self.flags(&mut spec)?;
        if c == '*' {
            spec.width = self.starred(&mut named)?.map_or(0, |n| spec.signed_width(n));
            c = self.must()?;
        } else if c.is_ascii_digit() {
            (spec.width, c) = self.count(c, "width too big")?;
        }
        if c == '.' {
            c = self.must()?;
            spec.precision = Some(0);
            if c == '*' {
                let wanted = self.starred(&mut named)?.unwrap_or(0);
                spec.precision = usize::try_from(wanted).ok().or(Some(0));
                c = self.must()?;
            } else if c.is_ascii_digit() {
                let (digits, after) = self.count(c, "precision too big")?;
                (spec.precision, c) = (Some(digits), after);
            }
        }
        if matches!(c, 'h' | 'l' | 'L') {
            c = self.must()?;
        }
        spec.check().map_err(bad)?;
        let argument = self.argument(&mut named)?;
        let index = self.seen - 1;
        let text = match argument {
            Argument::Named(Value::Text(text)) => spec.text(c, text, index),
            Argument::Named(Value::Number(number)) => spec.number(c, *number, index),
            Argument::Mapping => Err(format::nameless(c, index)),
        };
        self.out.push_str(&text.map_err(bad)?);
        Ok(())
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        self.seen += 1;
        Some(c)
    }

    fn must(&mut self) -> Result<char, Failure> {
        self.next().ok_or_else(|| bad("incomplete format"))
    }

    /// The name up to its own closing parenthesis (A2.56), and its value.
    fn name(&mut self) -> Result<&'a Value, Failure> {
        let (start, mut end, mut depth) = (self.at, self.at, 1);
        while depth > 0 {
            end = self.at;
            match self.next().ok_or_else(|| bad("incomplete format key"))? {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
        }
        let name = self.text.get(start..end).unwrap_or_default();
        self.names.get(name).ok_or_else(|| Failure::Unknown(name.to_owned()))
    }

    fn flags(&mut self, spec: &mut Spec) -> Result<char, Failure> {
        loop {
            match self.must()? {
                '-' => spec.left = true,
                '+' => spec.plus = true,
                ' ' => spec.blank = true,
                '#' => spec.alternate = true,
                '0' => spec.zero = true,
                other => return Ok(other),
            }
        }
    }

    /// Digits from `first` on, and the character after them.
    fn count(&mut self, first: char, too_big: &str) -> Result<(usize, char), Failure> {
        let mut total = 0_usize;
        let mut c = first;
        while let Some(digit) = c.to_digit(10) {
            total = total.saturating_mul(10).saturating_add(digit as usize);
            if total > MAX_WIDTH {
                return Err(bad(too_big));
            }
            c = self.must()?;
        }
        Ok((total, c))
    }

    /// `*` takes a whole argument, which must be a number.
    fn starred(&mut self, named: &mut Option<Argument<'a>>) -> Result<Option<i64>, Failure> {
        match self.argument(named)? {
            Argument::Named(Value::Number(number)) => Ok(Some(*number)),
            _ => Err(bad("* wants int")),
        }
    }

    fn argument(&mut self, named: &mut Option<Argument<'a>>) -> Result<Argument<'a>, Failure> {
        if let Some(argument) = named.take() {
            return Ok(argument);
        }
        if self.spare == Spare::Mapping {
            self.spare = Spare::Used;
            return Ok(Argument::Mapping);
        }
        Err(bad("not enough arguments for format string"))
    }
}

#[cfg(test)]
mod tests;
