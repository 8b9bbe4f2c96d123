//! Signals by number and by name, as upstream reads and prints them.

use std::fmt;
use thiserror::Error;

/// A signal number that this system has. Zero is allowed where a client sends
/// it: it only tests the pid (B1.6.19).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signal(i32);

/// Names first, so that the preferred one is printed; aliases follow (A4.84).
const NAMES: &[(&str, i32)] = &[
    ("SIGHUP", 1),
    ("SIGINT", 2),
    ("SIGQUIT", 3),
    ("SIGILL", 4),
    ("SIGTRAP", 5),
    ("SIGABRT", 6),
    ("SIGBUS", 7),
    ("SIGFPE", 8),
    ("SIGKILL", 9),
    ("SIGUSR1", 10),
    ("SIGSEGV", 11),
    ("SIGUSR2", 12),
    ("SIGPIPE", 13),
    ("SIGALRM", 14),
    ("SIGTERM", 15),
    ("SIGSTKFLT", 16),
    ("SIGCHLD", 17),
    ("SIGCONT", 18),
    ("SIGSTOP", 19),
    ("SIGTSTP", 20),
    ("SIGTTIN", 21),
    ("SIGTTOU", 22),
    ("SIGURG", 23),
    ("SIGXCPU", 24),
    ("SIGXFSZ", 25),
    ("SIGVTALRM", 26),
    ("SIGPROF", 27),
    ("SIGWINCH", 28),
    ("SIGPOLL", 29),
    ("SIGPWR", 30),
    ("SIGSYS", 31),
    ("SIGRTMIN", 34),
    ("SIGRTMAX", 64),
    ("SIGIOT", 6),
    ("SIGCLD", 17),
    ("SIGIO", 29),
];

/// Why a text is no signal; the sentences are upstream's (A3.1).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadSignal {
    /// Neither a number nor a name we know. Holds the text as given.
    #[error("value {} is not a valid signal name", crate::model::py_repr(.0))]
    Name(String),
    /// A number that is no signal here. Holds the text as given.
    #[error("value {} is not a valid signal number", crate::model::py_repr(.0))]
    Number(String),
}

impl Signal {
    /// SIGHUP
    pub const HUP: Self = Self(1);
    /// SIGINT
    pub const INT: Self = Self(2);
    /// SIGQUIT
    pub const QUIT: Self = Self(3);
    /// SIGKILL
    pub const KILL: Self = Self(9);
    /// SIGUSR2
    pub const USR2: Self = Self(12);
    /// SIGTERM
    pub const TERM: Self = Self(15);
    /// SIGCHLD
    pub const CHLD: Self = Self(17);

    /// The signal of a number: 0 to 31, 34 and 64 are known, as to upstream.
    #[must_use]
    pub fn from_number(number: i64) -> Option<Self> {
        let number = i32::try_from(number).ok()?;
        (number == 0 || NAMES.iter().any(|(_, known)| *known == number)).then_some(Self(number))
    }

    /// Reads a number or a name, in any case, with or without `SIG`.
    ///
    /// # Errors
    /// [`BadSignal`] with upstream's sentence.
    pub fn parse(text: &str) -> Result<Self, BadSignal> {
        let trimmed = text.trim();
        let digits = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed);
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            let known = trimmed.parse().ok().and_then(Self::from_number);
            return known.ok_or_else(|| BadSignal::Number(text.to_owned()));
        }
        let mut name = trimmed.to_uppercase();
        if !name.starts_with("SIG") {
            name.insert_str(0, "SIG");
        }
        let found = NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, number)| Self(*number)).ok_or_else(|| BadSignal::Name(text.to_owned()))
    }

    /// The number.
    #[must_use]
    pub fn number(self) -> i32 {
        self.0
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&signal_name(self.0))
    }
}

/// `SIGTERM`, or `signal 35` for one without a name (A4.84).
#[must_use]
pub fn signal_name(number: i32) -> String {
    let known = NAMES.iter().find(|(_, n)| *n == number);
    known.map_or_else(|| format!("signal {number}"), |(name, _)| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::{Signal, signal_name};

    /// A3.1, B1.6.19
    #[test]
    fn signals_are_read_by_name_and_by_number() {
        for text in ["TERM", "term", "SIGTERM", " sigterm ", "15"] {
            assert_eq!(Signal::parse(text), Ok(Signal::TERM), "{text:?}");
        }
        assert_eq!(Signal::parse("RTMIN").map(Signal::number), Ok(34));
        assert_eq!(Signal::parse("0").map(Signal::number), Ok(0));
    }

    /// A3.1, A3.3, B1.6.20
    #[test]
    fn nonsense_is_refused_with_upstreams_sentence() {
        let said = |text: &str| Signal::parse(text).map_err(|e| e.to_string()).err();
        assert_eq!(said("FOO").as_deref(), Some("value 'FOO' is not a valid signal name"));
        assert_eq!(said("35").as_deref(), Some("value '35' is not a valid signal number"));
        assert_eq!(said("-1").as_deref(), Some("value '-1' is not a valid signal number"));
        let huge = "9".repeat(20);
        assert_eq!(said(&huge), Some(format!("value '{huge}' is not a valid signal number")));
        assert_eq!(said("_DFL").as_deref(), Some("value '_DFL' is not a valid signal name"));
    }

    /// A4.84
    #[test]
    fn aliases_print_as_their_main_name() {
        assert_eq!(signal_name(6), "SIGABRT");
        assert_eq!(signal_name(17), "SIGCHLD");
        assert_eq!(signal_name(29), "SIGPOLL");
        assert_eq!(signal_name(35), "signal 35");
    }
}
