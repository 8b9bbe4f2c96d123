//! What a command is, and finding one (B3.7). The rows stand in [`table`]; help,
//! manual page and completions are made of them. One file per family below.

use super::{CtlError, Session};
use crate::model::wrapped;

mod avail;
mod clear;
mod daemon;
mod fg;
mod groups;
mod help;
mod logs;
mod open;
mod pid;
mod reread;
mod restart;
mod signal;
mod start;
mod status;
mod stop;
mod stream;
pub mod table;
mod tail;
mod top;
mod update;
mod verb;
mod version;
mod wait;

/// What a command's function gets and gives. The argument text is trimmed.
type Run = fn(&mut Session, &str) -> Result<(), CtlError>;

/// The word that asks for JSON, anywhere among the arguments.
pub const JSON_WORD: &str = "--json";

/// One command.
pub struct Command {
    /// As typed.
    pub name: &'static str,
    /// Whose it is.
    pub origin: Origin,
    /// What is looked at first.
    pub check: Check,
    /// Whether arguments are refused.
    pub arguments: Arguments,
    /// What Tab offers behind it.
    pub completes: Completes,
    /// With `--json` it answers with one document, whose list has this name.
    pub json: Option<&'static str>,
    /// Its words of its own that begin with a dash, each with what it does.
    pub flags: &'static [(&'static str, &'static str)],
    /// What it is for, in one line.
    pub summary: &'static str,
    /// How it is written, each with what that does.
    pub forms: &'static [(&'static str, &'static str)],
    /// What else there is to know.
    pub notes: &'static str,
    /// Runs it.
    pub run: Run,
}

/// Whose command it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Upstream has it; `help` lists it in upstream's block.
    Upstream,
    /// Only we have it.
    Ours,
    /// Upstream has it and tells nobody.
    Hidden,
}

/// The check before a command (B3.5, column U of B3.7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// None.
    Nothing,
    /// A daemon of our API must answer.
    Up,
    /// The same, and the exit code when none does.
    UpOr(u8),
}

/// Whether a command takes arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arguments {
    /// The command looks at them itself.
    Any,
    /// Any is an error (B3.7.4).
    None,
}

/// What Tab offers behind a command (B3.6.9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completes {
    /// Nothing.
    Nothing,
    /// Names of commands.
    Commands,
    /// Names of active groups.
    Groups,
    /// Names of processes.
    Processes,
}

impl Command {
    /// Its help: a line for each way to write it, and the notes; also shown
    /// after an argument error. Empty for a command that nobody is told of.
    #[must_use]
    pub fn help(&self) -> String {
        let width = self.forms.iter().map(|(usage, _)| usage.chars().count()).max().unwrap_or_default();
        let form = |(usage, does): &(&str, &str)| wrapped(&format!("{usage:<width$}  "), does, width + 2);
        let mut paragraphs: Vec<String> = self.forms.iter().map(form).collect();
        if !self.notes.is_empty() {
            paragraphs.push(wrapped("", self.notes, 0));
        }
        paragraphs.join("\n")
    }

    /// The argument text without [`JSON_WORD`], if it holds one and the command
    /// knows it.
    #[must_use]
    pub fn without_json(&self, argument: &str) -> Option<String> {
        let wanted = self.json.is_some() && argument.split_whitespace().any(|word| word == JSON_WORD);
        wanted.then(|| argument.split_whitespace().filter(|word| *word != JSON_WORD).collect::<Vec<_>>().join(" "))
    }
}

/// The command of exactly this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Command> {
    table::COMMANDS.iter().find(|command| command.name == name)
}

/// The names that Tab offers, by name.
pub fn vocabulary() -> impl Iterator<Item = &'static str> {
    visible().map(|command| command.name)
}

/// All that people are told of, by name.
pub fn visible() -> impl Iterator<Item = &'static Command> {
    table::COMMANDS.iter().filter(|command| command.origin != Origin::Hidden)
}

/// The names that `help` lists of this origin, by name.
pub fn topics(origin: Origin) -> impl Iterator<Item = &'static str> {
    visible().filter(move |command| command.origin == origin && command.name != "help").map(|command| command.name)
}

fn quit(session: &mut Session, _argument: &str) -> Result<(), CtlError> {
    session.say("");
    session.ended = true;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Arguments, Completes, Origin, find, table, topics};
    use crate::model::wrap::COLUMNS;

    /// B3.7.116
    #[test]
    fn commands_stand_by_name_and_say_what_they_do() {
        let names: Vec<String> = table::COMMANDS.iter().map(|command| command.name.to_lowercase()).collect();
        assert!(names.is_sorted(), "{names:?}");
        for command in table::COMMANDS.iter().filter(|command| command.origin != Origin::Hidden) {
            assert!(!command.summary.is_empty() && !command.summary.ends_with('.'), "{}", command.name);
            for (usage, does) in command.forms {
                assert!(usage.split(' ').next() == Some(command.name) && does.ends_with('.'), "{usage}: {does}");
            }
            assert!(command.help().lines().all(|line| line.chars().count() <= COLUMNS), "{}", command.help());
        }
        assert_eq!(topics(Origin::Upstream).count(), 21);
    }

    #[test]
    fn json_is_asked_for_anywhere_among_the_words_of_those_that_know_it() {
        let status = find("status").unwrap();
        assert_eq!(status.without_json("a --json b").as_deref(), Some("a b"));
        assert_eq!(status.without_json("--json").as_deref(), Some(""));
        assert_eq!(status.without_json("a --jso"), None);
        assert_eq!(find("pid").unwrap().without_json("--json"), None);
        assert_eq!(
            (find("avail").unwrap().arguments, find("wait").unwrap().completes),
            (Arguments::None, Completes::Processes)
        );
    }
}
