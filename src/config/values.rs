//! Converters: one text to one value, with upstream's error texts (A3.1–A3.3).

use super::number::{self, strip};
use super::paths;
use super::world::World;
use super::{AutoRestart, ChildLog, LenUnit, Ownership, UserId};
use crate::model::{Level, Signal, py_repr, signal::BadSignal};
use std::path::PathBuf;
use thiserror::Error;

/// Why a text is not the value it should be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ValueError {
    /// Not a whole number.
    #[error("invalid literal for int() with base 10: {}", cut(&py_repr(.0)))]
    Integer(String),
    /// None of the eight words.
    #[error("not a valid boolean value: {}", py_repr(.0))]
    Boolean(String),
    /// Not octal, or negative, or beyond 32 bits.
    #[error("{0} can not be converted to an octal type")]
    Octal(String),
    /// No signal of this system.
    #[error(transparent)]
    Signal(#[from] BadSignal),
    /// Not a list of numbers from 0 to 255.
    #[error("not a valid list of exit codes: {}", py_repr(.0))]
    ExitCodes(String),
    /// Neither a boolean nor `unexpected`.
    #[error("invalid 'autorestart' value {}", py_repr(.0))]
    AutoRestart(String),
    /// Neither `characters` nor `bytes`.
    #[error("len_unit must be characters or bytes, not {}", py_repr(.0))]
    LenUnit(String),
    /// No level of the activity log.
    #[error("bad logging level name {}", py_repr(.0))]
    LogLevel(String),
    /// Nobody is called so.
    #[error("Invalid user name {0}")]
    UserName(String),
    /// Nobody has this number.
    #[error("Invalid user id {0}")]
    UserId(String),
    /// `user:group` with a half that does not exist.
    #[error("Invalid user:group definition {0}")]
    UserGroup(String),
    /// Not there, or no directory.
    #[error("{0} is not an existing directory")]
    Directory(String),
    /// A path into a directory that is not there.
    #[error("The directory named as part of the path {0} does not exist")]
    DirPath(String),
    /// `host:` without a port.
    #[error("no port number specified in {}", py_repr(.0))]
    NoPort(String),
    /// A lone text that is no port.
    #[error("not a valid port number: {} ", py_repr(.0))]
    Port(String),
    /// Too small.
    #[error("{value} is below lower bound ({bound})")]
    BelowBound {
        /// As read.
        value: i64,
        /// The least.
        bound: i64,
    },
    /// Too large.
    #[error("{value} is above upper bound ({bound})")]
    AboveBound {
        /// As read.
        value: i64,
        /// The most.
        bound: i64,
    },
    /// A character that would break the event protocol or the web pages.
    #[error("Invalid name: {} because of character: {}", py_repr(name), py_repr(&character.to_string()))]
    Name {
        /// As written.
        name: String,
        /// The first hit, in the order blank, colon, slash.
        character: char,
    },
    /// No scheme, or nothing behind it.
    #[error("value {} is not a URL", py_repr(.0))]
    Url(String),
}

/// Python shows no more of a bad number.
fn cut(shown: &str) -> String {
    shown.chars().take(200).collect()
}

/// A whole number.
///
/// # Errors
/// [`ValueError::Integer`]
pub fn integer(text: &str) -> Result<i64, ValueError> {
    number::integer(text).ok_or_else(|| ValueError::Integer(text.to_owned()))
}

/// `yes`, `true`, `on`, `1` or their opposites, in any case.
///
/// # Errors
/// [`ValueError::Boolean`]
pub fn boolean(text: &str) -> Result<bool, ValueError> {
    truth(&text.to_lowercase()).ok_or_else(|| ValueError::Boolean(text.to_owned()))
}

fn truth(lower: &str) -> Option<bool> {
    match lower {
        "yes" | "true" | "on" | "1" => Some(true),
        "no" | "false" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// Bytes, with `KB`, `MB` or `GB` behind the number.
///
/// # Errors
/// [`ValueError::Integer`] about what stands before the unit.
pub fn byte_size(text: &str) -> Result<i64, ValueError> {
    let lower = text.to_lowercase();
    for (unit, factor) in [("kb", 1 << 10), ("mb", 1 << 20), ("gb", 1 << 30)] {
        if let Some(count) = lower.strip_suffix(unit) {
            return integer(count).map(|count| count.saturating_mul(factor));
        }
    }
    integer(&lower)
}

/// A mode or mask in octal.
///
/// # Errors
/// [`ValueError::Octal`]
pub fn octal(text: &str) -> Result<u32, ValueError> {
    let number = number::octal(text).and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| ValueError::Octal(text.to_owned()))
}

/// A signal by name or number.
///
/// # Errors
/// [`ValueError::Signal`]
pub fn signal(text: &str) -> Result<Signal, ValueError> {
    Ok(Signal::parse(text)?)
}

/// Exit codes with commas; an empty text is an empty list.
///
/// # Errors
/// [`ValueError::ExitCodes`]
pub fn exit_codes(text: &str) -> Result<Vec<i32>, ValueError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let code = |word: &str| number::integer(word).and_then(|code| u8::try_from(code).ok()).map(i32::from);
    text.split(',').map(code).collect::<Option<_>>().ok_or_else(|| ValueError::ExitCodes(text.to_owned()))
}

/// A boolean or `unexpected`.
///
/// # Errors
/// [`ValueError::AutoRestart`]
pub fn auto_restart(text: &str) -> Result<AutoRestart, ValueError> {
    let lower = text.to_lowercase();
    match truth(&lower) {
        Some(true) => Ok(AutoRestart::Always),
        Some(false) => Ok(AutoRestart::Never),
        None if lower == "unexpected" => Ok(AutoRestart::Unexpected),
        None => Err(ValueError::AutoRestart(lower)),
    }
}

/// What the `len` of an event header counts.
///
/// # Errors
/// [`ValueError::LenUnit`]
pub fn len_unit(text: &str) -> Result<LenUnit, ValueError> {
    match text.to_lowercase().as_str() {
        "characters" => Ok(LenUnit::Characters),
        "bytes" => Ok(LenUnit::Bytes),
        _ => Err(ValueError::LenUnit(text.to_owned())),
    }
}

/// A level of the activity log.
///
/// # Errors
/// [`ValueError::LogLevel`]
pub fn log_level(text: &str) -> Result<Level, ValueError> {
    Level::from_word(text).ok_or_else(|| ValueError::LogLevel(text.to_owned()))
}

/// A user by name or number.
///
/// # Errors
/// [`ValueError::UserName`] or [`ValueError::UserId`]
pub fn user(text: &str, world: &dyn World) -> Result<UserId, ValueError> {
    let found = match number::integer(text) {
        Some(number) => u32::try_from(number).ok().and_then(|uid| world.user_by_id(uid)),
        None => world.user_by_name(text),
    };
    let unknown = if number::integer(text).is_some() { ValueError::UserId } else { ValueError::UserName };
    found.map(|user| UserId(user.uid)).ok_or_else(|| unknown(text.to_owned()))
}

fn group(text: &str, world: &dyn World) -> Option<u32> {
    match number::integer(text) {
        Some(number) => u32::try_from(number).ok().filter(|gid| world.group_exists(*gid)),
        None => world.group_by_name(text),
    }
}

/// `user` or `user:group`, names or numbers.
///
/// # Errors
/// [`ValueError::UserGroup`]
pub fn user_group(text: &str, world: &dyn World) -> Result<Ownership, ValueError> {
    let unknown = || ValueError::UserGroup(text.to_owned());
    let (name, rest) = text.split_once(':').map_or((text, None), |(name, rest)| (name, Some(rest)));
    let uid = user(name, world).map_err(|_| unknown())?.0;
    let gid = rest.map(|rest| group(rest, world).ok_or_else(unknown)).transpose()?;
    Ok(Ownership { uid: Some(uid), gid })
}

/// A directory that exists; `~` is a home. Not made absolute.
///
/// # Errors
/// [`ValueError::Directory`]
pub fn existing_directory(text: &str, world: &dyn World) -> Result<String, ValueError> {
    let path = paths::expanduser(text, world);
    let found = !path.is_empty() && world.is_dir(&paths::join(&world.cwd(), &path));
    if found { Ok(path) } else { Err(ValueError::Directory(text.to_owned())) }
}

/// A path whose directory part, if any, exists; `~` is a home. Not made absolute.
///
/// # Errors
/// [`ValueError::DirPath`]
pub fn existing_dirpath(text: &str, world: &dyn World) -> Result<String, ValueError> {
    let path = paths::expanduser(text, world);
    let directory = paths::dirname(&path);
    let found = directory.is_empty() || world.is_dir(&paths::join(&world.cwd(), directory));
    if found { Ok(path) } else { Err(ValueError::DirPath(text.to_owned())) }
}

/// What `stdout_logfile` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogfileName {
    /// A file, none, or one of our naming.
    Log(ChildLog),
    /// The old way to say `stdout_syslog=true`.
    Syslog,
}

/// A child's log: `NONE`, `AUTO`, `syslog` or a file whose directory exists. An
/// empty text is no log.
///
/// # Errors
/// [`ValueError::DirPath`]
pub fn logfile_name(text: &str, world: &dyn World) -> Result<LogfileName, ValueError> {
    Ok(LogfileName::Log(match text.to_lowercase().as_str() {
        "none" | "off" => ChildLog::None,
        "" => ChildLog::Empty,
        "auto" => ChildLog::Auto,
        "syslog" => return Ok(LogfileName::Syslog),
        _ => ChildLog::File(PathBuf::from(existing_dirpath(text, world)?)),
    }))
}

/// A TCP port.
///
/// # Errors
/// [`ValueError::Integer`], [`ValueError::BelowBound`] or [`ValueError::AboveBound`]
pub fn port_number(text: &str) -> Result<u16, ValueError> {
    let value = integer(text)?;
    let above = || ValueError::AboveBound { value, bound: i64::from(u16::MAX) };
    match value {
        ..1 => Err(ValueError::BelowBound { value, bound: 1 }),
        _ => u16::try_from(value).map_err(|_| above()),
    }
}

/// `host:port`, `:port`, `*:port` or `port`; the host in lower case, empty for
/// all addresses. `[::1]:9001` is IPv6, which upstream cannot bind (A3.26).
///
/// # Errors
/// As [`port_number`], [`ValueError::NoPort`] or [`ValueError::Port`].
pub fn inet_address(text: &str) -> Result<(String, u16), ValueError> {
    let Some((host, port)) = text.rsplit_once(':') else {
        let port = port_number(text).map_err(|_| ValueError::Port(text.to_owned()))?;
        return Ok((String::new(), port));
    };
    if port.is_empty() {
        return Err(ValueError::NoPort(port.to_owned()));
    }
    let port = port_number(port)?;
    let host = host.to_lowercase();
    let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let host = bare.unwrap_or(if host == "*" { "" } else { &host }).to_owned();
    Ok((host, port))
}

/// Words between commas, without the blanks around them; an empty text is an
/// empty list, a last comma an empty word.
#[must_use]
pub fn list(text: &str) -> Vec<&str> {
    if text.is_empty() { Vec::new() } else { text.split(',').map(strip).collect() }
}

/// The name of a program, group or process: no blank, colon or slash inside.
///
/// # Errors
/// [`ValueError::Name`]
pub fn name(text: &str) -> Result<String, ValueError> {
    let stripped = strip(text);
    match [' ', ':', '/'].into_iter().find(|c| stripped.contains(*c)) {
        Some(character) => Err(ValueError::Name { name: text.to_owned(), character }),
        None => Ok(stripped.to_owned()),
    }
}

/// A URL with a scheme and something behind it, as it is (B3.1.4).
///
/// # Errors
/// [`ValueError::Url`]
pub fn url(text: &str) -> Result<String, ValueError> {
    let scheme = |s: &&str| {
        s.starts_with(|c: char| c.is_ascii_alphabetic())
            && s.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    };
    let rest = text.split_once(':').filter(|(s, _)| scheme(s)).map(|(_, rest)| rest);
    let target = rest.and_then(|rest| rest.strip_prefix("//").or(Some(rest)));
    let present = target.is_some_and(|target| !target.is_empty() && !target.starts_with(['?', '#']));
    if present { Ok(text.to_owned()) } else { Err(ValueError::Url(text.to_owned())) }
}

#[cfg(test)]
mod tests;
