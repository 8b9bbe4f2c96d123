//! What is doubtful about a command: there is no shell between the daemon and
//! the program, it must be found, and it must stay in the foreground.

use super::daemonising::{SHELLS, background};
use super::{Draft, Mark};
use crate::config::keys::program::COMMAND;
use crate::config::paths::{join, split};
use crate::config::shell_words::split_command;
use crate::config::world::World;
use crate::model::py_repr;

/// Where a program is looked for if there is no PATH.
const USUAL_PATH: &str = "/bin:/usr/bin:/usr/local/bin";

/// Commands that only a shell has, and what to write for them.
const BUILTINS: &[(&str, &str)] = &[
    ("cd", "write directory=, and only the program in command="),
    ("export", "write environment=NAME=\"value\""),
    ("set", "write environment=NAME=\"value\""),
    ("umask", "write umask="),
    ("source", "write bash -c \"source FILE && exec PROGRAM\""),
    (".", "write sh -c \". FILE && exec PROGRAM\""),
    ("exec", "leave exec out"),
    ("ulimit", "write sh -c \"ulimit ... && exec PROGRAM\""),
];

const SHELL_HINT: &str = "give the line to a shell: command=sh -c '... && exec PROGRAM'";

/// How a character of a word is protected.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quote {
    Plain,
    Double,
    /// In single quotes or behind a backslash.
    Full,
}

/// One word with the protection of each character.
type Word = Vec<(char, Quote)>;

/// Looks at an expanded command.
pub(super) fn look(section: &str, command: &str, world: &dyn World, drafts: &mut Vec<Draft>) {
    let doubt = |text: &str, message: String, hint: &str| {
        Draft::warning(message).value(section, COMMAND.name).mark(Mark::Text(text.to_owned())).hint(hint)
    };
    let words = match split_command(command) {
        Ok(words) => words,
        Err(error) => {
            let hint =
                "close the quote; if it is closed, look for a ; behind a blank, which begins a comment even there";
            drafts.push(doubt(command, format!("can't parse command {}: {error}", py_repr(command)), hint));
            return;
        }
    };
    let Some(first) = words.first().filter(|first| !first.is_empty()) else {
        drafts.push(Draft::warning("the command is empty").value(section, COMMAND.name).hint("write a program"));
        return;
    };
    let marked = marked(command);
    let in_shell = shell_script(&words);
    drafts.extend(operator(&marked, &words).map(|(text, what)| doubt(&text, what, SHELL_HINT)));
    if !in_shell {
        drafts.extend(for_a_shell(&marked).map(|(text, what, hint)| doubt(&text, what, hint)));
    }
    if let Some((word, why, right)) = background(&words) {
        drafts.push(doubt(&word, why, &right));
    }
    if let Some((what, hint)) = unfound(first, world) {
        drafts.push(doubt(first, what, &hint));
    }
}

/// Whether a shell is given the text, `sh -c ...`.
fn shell_script(words: &[String]) -> bool {
    let shell = words.iter().position(|word| SHELLS.contains(&split(word).1));
    let rest = shell.and_then(|at| words.get(at + 1..)).unwrap_or_default();
    rest.iter().any(|word| word.starts_with('-') && !word.starts_with("--") && word.ends_with('c'))
}

/// The words again, by the rules of [`split_command`].
fn marked(command: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut word: Option<Word> = None;
    let mut open: Option<char> = None;
    let mut chars = command.chars();
    while let Some(c) = chars.next() {
        match (open, c) {
            (Some(quote), c) if c == quote => open = None,
            (Some('\''), c) => word.get_or_insert_default().push((c, Quote::Full)),
            (Some(_), '\\') => word.get_or_insert_default().extend(chars.next().map(|c| (c, Quote::Full))),
            (Some(_), c) => word.get_or_insert_default().push((c, Quote::Double)),
            (None, '\'' | '"') => {
                open = Some(c);
                word.get_or_insert_default();
            }
            (None, '\\') => word.get_or_insert_default().extend(chars.next().map(|c| (c, Quote::Full))),
            (None, ' ' | '\t' | '\r' | '\n') => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push((c, Quote::Plain)),
        }
    }
    words.extend(word);
    words
}

fn plain(word: &Word) -> Option<String> {
    word.iter().all(|(_, quote)| *quote == Quote::Plain).then(|| word.iter().map(|(c, _)| *c).collect())
}

/// The first word that would join, end or redirect commands.
fn operator(marked: &[Word], words: &[String]) -> Option<(String, String)> {
    let runs_commands = words.iter().any(|word| word.starts_with("-exec") || word.starts_with("-ok"));
    for (index, word) in marked.iter().enumerate().skip(1) {
        let text: String = word.iter().map(|(c, _)| *c).collect();
        let first_plain = word.first().is_some_and(|(_, quote)| *quote == Quote::Plain);
        let is_last = index + 1 == marked.len();
        let joins = plain(word).is_some_and(|text| matches!(text.as_str(), "&&" | "||" | "|" | "&"));
        let redirects = first_plain && {
            let rest = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '&');
            rest.starts_with(['<', '>']) && !rest.starts_with(">=") && !text.ends_with('>')
                || matches!(&*text, ">" | ">>" | "<" | "2>")
        };
        let ends = !runs_commands && word.last() == Some(&(';', Quote::Plain));
        let backgrounds = is_last && word.len() > 1 && word.last() == Some(&('&', Quote::Plain));
        if joins && text == "&" && is_last || backgrounds {
            return Some((
                text,
                "without a shell, & is an argument like any other; nothing goes into the background".to_owned(),
            ));
        }
        if joins || redirects || ends {
            let program = words.first().map_or("", String::as_str);
            return Some((text.clone(), format!("there is no shell: {text} is handed to {program} as an argument")));
        }
    }
    None
}

/// What only a shell would replace.
fn for_a_shell(marked: &[Word]) -> impl Iterator<Item = (String, String, &'static str)> {
    let mut found = Vec::new();
    if let Some(first) = marked.first().and_then(plain)
        && let Some((name, value)) = first.split_once('=')
        && is_name(name)
    {
        let what = format!("there is no shell: {name}={value} is taken for the program");
        found.push((first.clone(), what, "write it into environment= and begin the command with the program"));
    }
    for word in marked {
        let text: String = word.iter().map(|(c, _)| *c).collect();
        if let Some(variable) = variable(word) {
            let what = format!("there is no shell: {variable} stays as it is");
            let hint = if variable == "`" || variable == "$(" {
                SHELL_HINT
            } else {
                "write %(ENV_NAME)s for the variable NAME"
            };
            found.push((variable, what, hint));
        }
        let home = word.first() == Some(&('~', Quote::Plain)) && text.chars().nth(1).is_none_or(|c| c == '/');
        if home {
            found.push((
                text.clone(),
                format!("there is no shell: the ~ in {text} stays as it is"),
                "write %(ENV_HOME)s, or the whole path",
            ));
        }
        if globs(word, &text) {
            found.push((
                text.clone(),
                format!("there is no shell: {text} is not replaced by the names of files"),
                SHELL_HINT,
            ));
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|(_, _, hint)| seen.insert(*hint));
    found.into_iter()
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// `$NAME`, `${NAME}`, `$(` or a backquote that a shell would see.
fn variable(word: &Word) -> Option<String> {
    let open = |quote: Quote| quote != Quote::Full;
    for (index, (c, quote)) in word.iter().enumerate().filter(|(_, (_, quote))| open(*quote)) {
        let rest: String = word.iter().skip(index + 1).map(|(c, _)| *c).collect();
        match c {
            '`' if open(*quote) => return Some("`".to_owned()),
            '$' if rest.starts_with('(') => return Some("$(".to_owned()),
            '$' if rest.starts_with('{') => {
                return Some(format!("${}", rest.split_inclusive('}').next().unwrap_or(&rest)));
            }
            '$' if rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') => {
                let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                return Some(format!("${name}"));
            }
            _ => {}
        }
    }
    None
}

/// A pattern for files: a star in something that looks like a path. Addresses
/// such as `*:80` and options such as `--allow=*` are none.
fn globs(word: &Word, text: &str) -> bool {
    let star = word.iter().any(|(c, quote)| *c == '*' && *quote == Quote::Plain);
    let path = text.contains('/') || text.contains("*.") && !text.contains("*:");
    star && path && !text.contains("://") && !text.starts_with('-')
}

/// Why the program cannot be started, in the words of a spawn error.
fn unfound(first: &str, world: &dyn World) -> Option<(String, String)> {
    if let Some((_, hint)) = BUILTINS.iter().find(|(name, _)| *name == first) {
        return Some((format!("{first} is a command of the shell, and there is no shell"), (*hint).to_owned()));
    }
    let missing = || format!("can't find command '{first}'");
    if first.starts_with('/') {
        return if !world.exists(first) {
            Some((missing(), "install it, or mend the path".to_owned()))
        } else if world.is_dir(first) {
            Some((format!("command at '{first}' is a directory"), "write the program in it".to_owned()))
        } else if !world.is_executable(first) {
            Some((format!("command at '{first}' is not executable"), format!("run chmod +x {first}")))
        } else {
            None
        };
    }
    if first.starts_with(['~', '$', '`']) {
        return None;
    }
    if first.contains('/') {
        let what =
            "a relative command is looked for where supervisord runs, not in directory= and not beside this file";
        let bare = first.trim_start_matches("./");
        return Some((what.to_owned(), format!("write the whole path, or %(here)s/{bare}")));
    }
    if first.contains('=') {
        return None;
    }
    let variables = world.environment();
    let path = variables.iter().find(|(name, _)| name == "PATH").map_or(USUAL_PATH, |(_, value)| value);
    let found = path.split(':').any(|directory| world.is_executable(&join(&join(&world.cwd(), directory), first)));
    (!found).then(|| (missing(), "it is in no directory of PATH; install it, or write the whole path".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::look;
    use crate::config::fake::Fake;

    fn doubts(command: &str) -> Vec<String> {
        let world = ["/bin/a", "/bin/sh", "/bin/bash", "/bin/find", "/srv/bin/x", "/etc/plain"];
        let world = world.iter().fold(Fake::new().env("PATH", "/bin"), |world, path| world.file(path, ""));
        let mut drafts = Vec::new();
        look("program:p", command, &world, &mut drafts);
        drafts.into_iter().map(|draft| draft.message).collect()
    }

    #[test]
    fn shell_syntax_is_found_where_there_is_no_shell() {
        for (command, expected) in [
            ("a && b", "there is no shell: && is handed to a as an argument"),
            ("a | b", "there is no shell: | is handed to a as an argument"),
            ("a > /x", "there is no shell: > is handed to a as an argument"),
            ("a 2>&1", "there is no shell: 2>&1 is handed to a as an argument"),
            ("a >/dev/null", "there is no shell: >/dev/null is handed to a as an argument"),
            ("a x; b", "there is no shell: x; is handed to a as an argument"),
            ("a &", "without a shell, & is an argument like any other; nothing goes into the background"),
            ("a $HOME/x", "there is no shell: $HOME stays as it is"),
            ("a \"${X}y\"", "there is no shell: ${X} stays as it is"),
            ("a `b`", "there is no shell: ` stays as it is"),
            ("a $(b)", "there is no shell: $( stays as it is"),
            ("a ~/x", "there is no shell: the ~ in ~/x stays as it is"),
            ("a logs/*.log", "there is no shell: logs/*.log is not replaced by the names of files"),
            ("A=1 a", "there is no shell: A=1 is taken for the program"),
            ("bash -c a && b", "there is no shell: && is handed to bash as an argument"),
        ] {
            assert_eq!(doubts(command), [expected], "{command}");
        }
    }

    #[test]
    fn quoted_text_and_arguments_that_only_look_like_it_are_left_alone() {
        for command in [
            "sh -c 'a && b > x; $HOME *'",
            "bash -lc \"exec a $HOME/*.x\"",
            "a '$1' \\$x \"a && b\" 'x;' --bind *:80 --allow=* http://x/?a=b&c=* -x >=1 <b>",
            "find . -exec x {} ;",
            "/srv/bin/x",
        ] {
            assert_eq!(doubts(command), Vec::<String>::new(), "{command}");
        }
    }

    /// A4.41, A4.43
    #[test]
    fn a_command_that_cannot_be_started_is_told() {
        for (command, expected) in [
            ("", "the command is empty"),
            ("nosuch -x", "can't find command 'nosuch'"),
            ("/nosuch", "can't find command '/nosuch'"),
            ("/etc/plain", "command at '/etc/plain' is not executable"),
            ("/etc", "command at '/etc' is a directory"),
            ("cd /x", "cd is a command of the shell, and there is no shell"),
            (
                "./run",
                "a relative command is looked for where supervisord runs, not in directory= and not beside this file",
            ),
            ("a 'x", "can't parse command \"a 'x\": No closing quotation"),
        ] {
            assert_eq!(doubts(command), [expected], "{command}");
        }
    }
}
