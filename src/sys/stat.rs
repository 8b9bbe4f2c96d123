//! The line that the kernel has about a process or a thread, `/proc/…/stat`: a
//! name that may hold anything, and fields by number. What they mean is the
//! business of who asks.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::str::FromStr;

/// Longer than any such line, in bytes.
const LONGEST: u64 = 4096;

/// The number of the first field behind the name, as in proc(5).
const FIRST: usize = 3;

/// One letter: `R` runs, `Z` is dead and not buried.
pub(super) const STATE: usize = 3;

/// Such a line.
#[derive(Debug)]
pub(super) struct Stat {
    line: String,
}

impl Stat {
    /// Reads the line at `path`. What of the name is no UTF-8 is replaced.
    ///
    /// # Errors
    /// `NotFound` or `ESRCH` when there is no such process any more.
    pub(super) fn read(path: impl AsRef<Path>) -> io::Result<Self> {
        let mut line = vec![];
        File::open(path)?.take(LONGEST).read_to_end(&mut line)?;
        Ok(Self::of(&line))
    }

    /// The line as such.
    pub(super) fn of(line: &[u8]) -> Self {
        Self { line: String::from_utf8_lossy(line).into_owned() }
    }

    /// The name, without its brackets.
    pub(super) fn name(&self) -> &str {
        self.halves().0.split_once('(').map_or("", |(_, name)| name)
    }

    /// A field behind the name, by its number in proc(5).
    pub(super) fn field(&self, number: usize) -> Option<&str> {
        self.halves().1.split_ascii_whitespace().nth(number.checked_sub(FIRST)?)
    }

    /// The same, read as a number.
    pub(super) fn number<T: FromStr>(&self, number: usize) -> Option<T> {
        self.field(number)?.parse().ok()
    }

    /// Whether the process is dead, buried or not.
    pub(super) fn is_dead(&self) -> bool {
        matches!(self.field(STATE), Some("Z" | "X" | "x"))
    }

    /// What stands before the end of the name, and what behind it.
    fn halves(&self) -> (&str, &str) {
        self.line.rsplit_once(')').unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{STATE, Stat};

    #[test]
    fn a_name_may_hold_what_separates_the_fields() {
        for name in ["sh", "a) R (b", "two\nlines", ""] {
            let stat = Stat::of(format!("12 ({name}) S 1 7 7 0 -1\n").as_bytes());
            assert_eq!((stat.name(), stat.field(STATE), stat.number(5)), (name, Some("S"), Some(7)));
        }
        assert_eq!(Stat::of(b"12 (\xff) S 1 7").number(5), Some(7), "a name that is no text");
    }

    #[test]
    fn a_line_that_is_none_has_nothing() {
        for line in ["", "12 (sh", "12 sh S 1 7"] {
            let stat = Stat::of(line.as_bytes());
            assert_eq!((stat.name(), stat.field(STATE), stat.number::<i32>(5)), ("", None, None), "{line:?}");
        }
        assert_eq!(Stat::of(b"12 (sh) S x").number::<i32>(4), None);
    }
}
