//! Command lines as Python's `getopt` takes them apart: options first, up to
//! the first other word (A1.4). Shared by the daemon and its client.

use crate::model::wrapped;
use std::fmt::{Display, Write as _};
use thiserror::Error;

/// A line of the help: the option as written, its argument, what it does.
pub type Line = (&'static str, &'static str, &'static str);

/// The options one program knows.
#[derive(Debug, Clone, Copy)]
pub struct Known {
    /// Each letter; a colon behind it wants an argument.
    pub short: &'static str,
    /// Each word; `=` behind it wants an argument.
    pub long: &'static [&'static str],
    /// Words that upstream has not. They must be spelt out, so that they take no
    /// beginning from upstream's.
    pub own: &'static [&'static str],
}

/// An option as recognised: `-c` or `--configuration`, and its argument.
pub type Opt = (String, Option<String>);

/// What is wrong with a command line (A1.6).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GetoptError {
    /// No such option.
    #[error("option {0} not recognized")]
    NotRecognized(String),
    /// The last word is an option that wants an argument.
    #[error("option {0} requires argument")]
    RequiresArgument(String),
    /// A beginning of several options.
    #[error("option {0} not a unique prefix")]
    NotUnique(String),
    /// `--flag=x`
    #[error("option {0} must not have an argument")]
    NoArgument(String),
}

/// Blanks before what does not fit into the line of its option.
const INDENT: usize = 4;

/// The part of a help text that tells the options, each on a line of its own.
#[must_use]
pub fn help_lines(lines: &[Line]) -> String {
    let mut text = String::new();
    for (option, argument, does) in lines {
        let blank = if argument.is_empty() { "" } else { " " };
        let _ = writeln!(text, "{}", wrapped(&format!("{option}{blank}{argument} -- "), does, INDENT));
    }
    text
}

/// What stands on stderr before an end with 2 (A1.5, B3.1.4); `program` is the
/// path it was called by.
#[must_use]
pub fn refusal(program: &str, error: &dyn Display) -> String {
    format!("Error: {error}\nFor help, use {program} -h\n")
}

/// Takes the options off `args`; the words behind them are the second half.
///
/// # Errors
/// [`GetoptError`] about the first bad one.
pub fn getopt(args: &[String], known: Known) -> Result<(Vec<Opt>, Vec<String>), GetoptError> {
    let mut options = Vec::new();
    let mut rest = args;
    while let Some((word, after)) = rest.split_first() {
        if word == "--" {
            rest = after;
            break;
        }
        let used = match word.strip_prefix("--") {
            Some(long) => take_long(long, after, known, &mut options)?,
            None if word.len() > 1 && word.starts_with('-') => take_short(word, after, known.short, &mut options)?,
            None => break,
        };
        rest = after.get(used..).unwrap_or_default();
    }
    Ok((options, rest.to_vec()))
}

/// One long option; answers how many words its argument used.
fn take_long(word: &str, after: &[String], known: Known, options: &mut Vec<Opt>) -> Result<usize, GetoptError> {
    let (typed, attached) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
    let (name, wants) = find_long(typed, known)?;
    let option = format!("--{name}");
    match (wants, attached, after.first()) {
        (false, None, _) => options.push((option, None)),
        (false, Some(_), _) => return Err(GetoptError::NoArgument(option)),
        (true, Some(value), _) => options.push((option, Some(value.to_owned()))),
        (true, None, None) => return Err(GetoptError::RequiresArgument(option)),
        (true, None, Some(value)) => {
            options.push((option, Some(value.clone())));
            return Ok(1);
        }
    }
    Ok(0)
}

/// The whole name for a beginning, and whether it wants an argument.
fn find_long(typed: &str, known: Known) -> Result<(&'static str, bool), GetoptError> {
    let split = |word: &&'static str| word.strip_suffix('=').map_or((*word, false), |name| (name, true));
    let mut possible = known.long.iter().filter(|word| word.starts_with(typed)).map(split);
    if let Some(exact) = possible.clone().chain(known.own.iter().map(split)).find(|(name, _)| *name == typed) {
        return Ok(exact);
    }
    match (possible.next(), possible.next()) {
        (None, _) => Err(GetoptError::NotRecognized(format!("--{typed}"))),
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => Err(GetoptError::NotUnique(format!("--{typed}"))),
    }
}

/// A cluster of letters; answers how many words its last argument used.
fn take_short(word: &str, after: &[String], known: &str, options: &mut Vec<Opt>) -> Result<usize, GetoptError> {
    let mut letters = word.chars();
    letters.next();
    while let Some(letter) = letters.next() {
        let option = format!("-{letter}");
        let mut found = known.chars().skip_while(|c| *c != letter || letter == ':');
        if found.next().is_none() {
            return Err(GetoptError::NotRecognized(option));
        }
        if found.next() != Some(':') {
            options.push((option, None));
            continue;
        }
        let attached = letters.as_str();
        if !attached.is_empty() {
            options.push((option, Some(attached.to_owned())));
            return Ok(0);
        }
        let value = after.first().ok_or_else(|| GetoptError::RequiresArgument(option.clone()))?;
        options.push((option, Some(value.clone())));
        return Ok(1);
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::{Known, getopt};

    const KNOWN: Known = Known {
        short: "nc:hm:",
        long: &["nodaemon", "nocleanup", "configuration=", "help", "minprocs="],
        own: &["node", "color="],
    };

    fn take(line: &str) -> Result<String, String> {
        let args: Vec<String> = line.split_whitespace().map(|word| word.trim_matches('\'').to_owned()).collect();
        let (options, rest) = getopt(&args, KNOWN).map_err(|error| error.to_string())?;
        let shown: Vec<String> = options.into_iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        Ok(format!("{} | {}", shown.join(" "), rest.join(" ")))
    }

    /// A1.4, B3.1.1, B3.1.3
    #[test]
    fn options_are_taken_as_in_getopt() {
        for (line, expected) in [
            ("-nc x y", "-n=None -c=Some(\"x\") | y"),
            ("-cx -n", "-c=Some(\"x\") -n=None | "),
            ("-c -n", "-c=Some(\"-n\") | "),
            ("-cn=1", "-c=Some(\"n=1\") | "),
            ("--con=x --minp 5", "--configuration=Some(\"x\") --minprocs=Some(\"5\") | "),
            ("--con= x", "--configuration=Some(\"\") | x"),
            ("--node --color=x --color y", "--node=None --color=Some(\"x\") --color=Some(\"y\") | "),
            ("-n -- -h", "-n=None | -h"),
            ("-n x -h", "-n=None | x -h"),
            ("-n - -h", "-n=None | - -h"),
            ("-n '' -h", "-n=None |  -h"),
        ] {
            assert_eq!(take(line).as_deref(), Ok(expected), "{line}");
        }
    }

    /// A1.6
    #[test]
    fn bad_options_are_told_in_getopts_words() {
        for (line, expected) in [
            ("-Z", "option -Z not recognized"),
            ("-:", "option -: not recognized"),
            ("-nZ", "option -Z not recognized"),
            ("--bogus=1", "option --bogus not recognized"),
            ("-c", "option -c requires argument"),
            ("--conf", "option --configuration requires argument"),
            ("--no", "option --no not a unique prefix"),
            ("--colo", "option --colo not recognized"),
            ("--nod=1", "option --nodaemon must not have an argument"),
        ] {
            assert_eq!(take(line), Err(expected.to_owned()), "{line}");
        }
    }
}
