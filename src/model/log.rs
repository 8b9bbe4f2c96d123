//! A line for the activity log: what to say and how loud, not where.

use std::fmt;

/// Levels of the activity log, loudest first (A5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Something the operator must know.
    Critical,
    /// A failure that lost something.
    Error,
    /// Worth a look.
    Warn,
    /// Normal life.
    Info,
    /// Why things happen.
    Debug,
    /// Each request.
    Trace,
    /// Each turn of the loop.
    Blather,
}

impl Level {
    /// All levels, loudest first.
    pub const ALL: [Self; 7] =
        [Self::Critical, Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace, Self::Blather];

    /// The word used in `loglevel=` and `-e`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
            Self::Blather => "blather",
        }
    }

    /// The four letters in front of each log line.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::Critical => "CRIT",
            Self::Error => "ERRO",
            Self::Warn => "WARN",
            Self::Info => "INFO",
            Self::Debug => "DEBG",
            Self::Trace => "TRAC",
            Self::Blather => "BLAT",
        }
    }

    /// The level called `word`, in any case; `warning` and `crit` are none (A3.1).
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.word().eq_ignore_ascii_case(word))
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One message for the activity log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// How loud.
    pub level: Level,
    /// The text without time, level or final newline.
    pub text: String,
}

impl LogLine {
    /// A line of `level` saying `text`.
    #[must_use]
    pub fn new(level: Level, text: impl Into<String>) -> Self {
        Self { level, text: text.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::Level;

    #[test]
    fn level_words_are_read_in_any_case_and_no_others_are() {
        for level in Level::ALL {
            assert_eq!(Level::from_word(&level.word().to_uppercase()), Some(level));
        }
        for word in ["warning", "CRIT", "", "__dict__"] {
            assert_eq!(Level::from_word(word), None, "{word:?}");
        }
    }

    #[test]
    fn louder_levels_sort_first() {
        assert!(Level::ALL.is_sorted());
    }
}
