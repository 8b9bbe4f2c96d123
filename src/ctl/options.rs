//! The command line (B3.1): options up to the first other word, then an action.

use super::style::When;
use crate::config::getopt::{GetoptError, Known, Line, getopt, help_lines};
use crate::config::values::{ValueError, url};
use crate::model::py_repr;
use thiserror::Error;

/// As upstream's parser knows them, then as its help names the last one. Each is
/// tried alone, so that both spellings can be shortened (B3.1.3).
const KNOWN: [Known; 2] = [
    Known {
        short: SHORT,
        long: &[CONFIG, HELP, INTERACTIVE, SERVERURL, USERNAME, PASSWORD, "history_file="],
        own: &[COLOR],
    },
    Known {
        short: SHORT,
        long: &[CONFIG, HELP, INTERACTIVE, SERVERURL, USERNAME, PASSWORD, "history-file="],
        own: &[COLOR],
    },
];
const SHORT: &str = "c:h?is:u:p:r:";
const CONFIG: &str = "configuration=";
const HELP: &str = "help";
const INTERACTIVE: &str = "interactive";
const SERVERURL: &str = "serverurl=";
const USERNAME: &str = "username=";
const PASSWORD: &str = "password=";
/// Not upstream's; it has to be spelt out.
const COLOR: &str = "color=";

/// What the command line asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// The help text.
    Help,
    /// An action or a shell.
    Run(Box<CommandLine>),
}

/// Options and action.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandLine {
    /// `-c`
    pub configuration: Option<String>,
    /// `-i`
    pub interactive: bool,
    /// `-s`
    pub serverurl: Option<String>,
    /// `-u`
    pub username: Option<String>,
    /// `-p`
    pub password: Option<String>,
    /// `-r`
    pub history_file: Option<String>,
    /// `--color`
    pub color: Option<When>,
    /// The action and its arguments.
    pub words: Vec<String>,
}

/// What is wrong with a command line (B3.1.4).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OptionError {
    /// Not an option, or not in the way it is written.
    #[error(transparent)]
    Getopt(#[from] GetoptError),
    /// The same option twice, in either spelling.
    #[error("conflicting command line option {}", py_repr(.0))]
    Twice(String),
    /// `--color` with another word.
    #[error("invalid value for --color {}: it is auto, always or never", py_repr(.0))]
    NotColor(String),
    /// `-s` with something that is no URL.
    #[error("invalid value for {option} {}: {source}", py_repr(.value))]
    NotUrl {
        /// As recognised.
        option: String,
        /// As given.
        value: String,
        /// What is wrong with it.
        source: ValueError,
    },
}

/// Reads the words behind the program's name.
///
/// # Errors
/// [`OptionError`] about the first bad one.
pub fn parse(args: &[String]) -> Result<Wish, OptionError> {
    let [first, second] = KNOWN.map(|known| getopt(args, known));
    let (options, words) = first.or_else(|error| second.map_err(|_| error))?;
    let mut line = CommandLine { words, ..CommandLine::default() };
    for (option, value) in options {
        let value = value.unwrap_or_default();
        let place = match option.as_str() {
            "-h" | "-?" | "--help" => return Ok(Wish::Help),
            "-i" | "--interactive" => {
                if line.interactive {
                    return Err(OptionError::Twice(option));
                }
                line.interactive = true;
                continue;
            }
            "-c" | "--configuration" => &mut line.configuration,
            "-s" | "--serverurl" => {
                if let Err(source) = url(&value) {
                    return Err(OptionError::NotUrl { option, value, source });
                }
                &mut line.serverurl
            }
            "--color" => {
                let when = When::parse(&value).ok_or(OptionError::NotColor(value))?;
                if line.color.replace(when).is_some() {
                    return Err(OptionError::Twice(option));
                }
                continue;
            }
            "-u" | "--username" => &mut line.username,
            "-p" | "--password" => &mut line.password,
            _ => &mut line.history_file,
        };
        if place.is_some() {
            return Err(OptionError::Twice(option));
        }
        *place = Some(value);
    }
    Ok(Wish::Run(Box::new(line)))
}

/// All options, in the order of the help.
pub const LINES: &[Line] = &[
    ("-c/--configuration", "FILENAME", "read this configuration file instead of searching for one"),
    ("-h/--help", "", "print this text and exit"),
    ("-i/--interactive", "", "ask for what is missing, and before a shutdown or reload"),
    (
        "-s/--serverurl",
        "URL",
        "where supervisord listens, http://HOST:PORT or unix://PATH (default \"http://localhost:9001\")",
    ),
    ("-u/--username", "USERNAME", "name for a server that wants one"),
    ("-p/--password", "PASSWORD", "password for a server that wants one"),
    ("-r/--history-file", "FILENAME", "keep the lines typed at the prompt in this file"),
    ("--color", "WHEN", "colours: auto (on a terminal, unless NO_COLOR is set), always or never"),
];

/// The help text (B3.1.5).
#[must_use]
pub fn help(prog: &str) -> String {
    let options = help_lines(LINES);
    format!(
        "supervisorctl -- look after the programs of a supervisord.\n\n\
         Usage: {prog} [options] [action [arguments]]\n\nOptions:\n{options}\n\
         Actions are commands like \"status\" or \"tail\"; the action \"help\" lists them all.\n\
         Without an action they are read from a prompt.\n"
    )
}

#[cfg(test)]
mod tests {
    use super::{CommandLine, Wish, help, parse};
    use crate::ctl::style::When;

    fn read(line: &str) -> Result<CommandLine, String> {
        let args: Vec<String> = line.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect();
        match parse(&args).map_err(|error| error.to_string())? {
            Wish::Run(line) => Ok(*line),
            Wish::Help => Err("help".to_owned()),
        }
    }

    /// B3.1.1, B3.1.2
    #[test]
    fn options_end_at_the_action() {
        let line = read("-c f -i -s unix:///x -u me --password= status --foo -x").unwrap();
        assert_eq!((line.configuration.as_deref(), line.interactive), (Some("f"), true));
        assert_eq!((line.serverurl.as_deref(), line.username.as_deref()), (Some("unix:///x"), Some("me")));
        assert_eq!(line.password.as_deref(), Some(""));
        assert_eq!(line.words, ["status", "--foo", "-x"]);
        for help in ["-h", "-?", "--help", "-i --he status"] {
            assert_eq!(read(help).unwrap_err(), "help");
        }
    }

    /// B3.1.3: a name of our own takes no beginning from upstream's.
    #[test]
    fn color_is_spelt_out() {
        assert_eq!(read("--color=never status").unwrap().color, Some(When::Never));
        assert_eq!(read("--c f").unwrap().configuration.as_deref(), Some("f"));
    }

    /// B3.1.5
    #[test]
    fn the_help_shows_the_call_and_every_option() {
        let text = help("/usr/bin/supervisorctl");
        assert!(text.contains("\nUsage: /usr/bin/supervisorctl [options] [action [arguments]]\n"), "{text}");
        for option in
            ["-c/--conf", "-h/--help", "-i/--interactive", "-s/--serverurl", "-u/--user", "-p/--pass", "-r/--hist"]
        {
            assert!(text.lines().any(|line| line.starts_with(option)), "{option}");
        }
    }

    /// B3.1.2, B3.1.3: upstream reads the file's name and forgets it.
    #[test]
    fn the_history_file_has_two_spellings_that_can_be_shortened() {
        for line in ["-r h", "--history_file=h", "--history-file h", "--history=h", "--history-f=h", "--hi h"] {
            assert_eq!(read(line).unwrap().history_file.as_deref(), Some("h"), "{line}");
        }
    }

    /// B3.1.4
    #[test]
    fn bad_options_are_told_as_upstream_tells_them() {
        for (line, expected) in [
            ("-x", "option -x not recognized"),
            ("--bogus", "option --bogus not recognized"),
            ("-c", "option -c requires argument"),
            ("-s http://a -s http://b", "conflicting command line option '-s'"),
            ("-s http://a --server=http://b", "conflicting command line option '--serverurl'"),
            ("-i --inter", "conflicting command line option '--interactive'"),
            ("-s foo status", "invalid value for -s 'foo': value 'foo' is not a URL"),
            ("--color=red", "invalid value for --color 'red': it is auto, always or never"),
            ("--color auto --color auto", "conflicting command line option '--color'"),
            ("--col auto", "option --col not recognized"),
        ] {
            assert_eq!(read(line).unwrap_err(), expected, "{line}");
        }
    }
}
