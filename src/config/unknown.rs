//! Keys and sections that the table does not know, each with what was probably
//! meant. They are worth a warning and never an error: one file may serve two
//! releases. Keys that go to plug-ins are theirs.

use super::ini::{Place, Sections};
use super::keys::{self, SECTIONS, Section};
use std::fmt;

/// Warnings in the activity log; the rest is one line with their number.
pub const MAX_TOLD: usize = 100;

/// Longer texts are like nothing.
const MAX_COMPARED: usize = 40;

/// What people write who know other programs, and what it is called here.
const ALIASES: &[(&str, &str)] = &[
    ("args", "command"),
    ("capture_maxbytes", "stdout_capture_maxbytes"),
    ("chdir", "directory"),
    ("cmd", "command"),
    ("cwd", "directory"),
    ("env", "environment"),
    ("error_log", "stderr_logfile"),
    ("events_enabled", "stdout_events_enabled"),
    ("exec", "command"),
    ("execstart", "command"),
    ("instances", "numprocs"),
    ("killsignal", "stopsignal"),
    ("log", "stdout_logfile"),
    ("log_level", "loglevel"),
    ("log_stderr", "redirect_stderr"),
    ("log_stdout", "stdout_logfile"),
    ("logfile", "stdout_logfile"),
    ("logfile_backups", "stdout_logfile_backups"),
    ("logfile_maxbytes", "stdout_logfile_maxbytes"),
    ("name", "process_name"),
    ("pid_file", "pidfile"),
    ("processes", "numprocs"),
    ("program", "programs"),
    ("restart", "autorestart"),
    ("retries", "startretries"),
    ("run", "command"),
    ("runas", "user"),
    ("socket", "file"),
    ("socket", "port"),
    ("start", "autostart"),
    ("stderr", "stderr_logfile"),
    ("stdout", "stdout_logfile"),
    ("stop_timeout", "stopwaitsecs"),
    ("timeout", "stopwaitsecs"),
    ("url", "serverurl"),
    ("wait", "stopwaitsecs"),
    ("workdir", "directory"),
    ("working_directory", "directory"),
    ("workingdirectory", "directory"),
    ("workers", "numprocs"),
];

/// One key or section that means nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// Where it stands.
    pub place: Place,
    /// The whole name.
    pub section: String,
    /// `None` if it is the section itself.
    pub key: Option<String>,
    /// The key or section that was probably meant.
    pub meant: Option<String>,
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, section, key, meant } = self;
        write!(f, "{}:{}: ", place.file, place.line)?;
        match (key, meant) {
            (Some(key), Some(meant)) => write!(f, "unknown key \"{key}\" in [{section}]; did you mean \"{meant}\"?"),
            (Some(key), None) if key.starts_with('[') => {
                write!(f, "unknown key \"{key}\" in [{section}]; is there a ] missing?")
            }
            (Some(key), None) => write!(f, "unknown key \"{key}\" in [{section}]"),
            (None, Some(meant)) => write!(f, "unknown section [{section}]; did you mean [{meant}]?"),
            (None, None) => write!(f, "unknown section [{section}]"),
        }
    }
}

/// All of them, in the order of the sections; inside a section by place.
pub fn unknown(sections: &Sections) -> impl Iterator<Item = Unknown> {
    found(sections).map(|found| {
        let meant = match &found.key {
            Some(key) => meant_key(key, &kinds(&found.section)).map(str::to_owned),
            None => meant_section(&found.section),
        };
        Unknown { meant, ..found }
    })
}

/// How many there are; guesses nothing, so it is quick however many.
#[must_use]
pub fn count(sections: &Sections) -> usize {
    found(sections).count()
}

/// All of them, without what was meant.
fn found(sections: &Sections) -> impl Iterator<Item = Unknown> {
    let of = move |name: &str| -> Vec<Unknown> {
        let kinds = kinds(name);
        if kinds.is_empty() {
            let section = |place| Unknown { place, section: name.to_owned(), key: None, meant: None };
            return sections.header(name).into_iter().map(section).collect();
        }
        let known = |key: &str| kinds.iter().any(|kind| kind.key(key).is_some());
        if kinds.iter().all(|kind| takes_arguments(kind)) || sections.keys(name).all(known) {
            return Vec::new();
        }
        let unknown = sections.written(name).into_iter().filter(|(key, _)| !known(key));
        let key = |(key, place): (&str, Place)| Unknown {
            place,
            section: name.to_owned(),
            key: Some(key.to_owned()),
            meant: None,
        };
        unknown.map(key).collect()
    };
    std::iter::once(Sections::DEFAULT).chain(sections.names()).flat_map(of)
}

/// What a section may be: one kind, or none; the keys of `[DEFAULT]` are those
/// of all.
fn kinds(section: &str) -> Vec<&'static Section> {
    if section == Sections::DEFAULT { SECTIONS.iter().collect() } else { keys::section(section).into_iter().collect() }
}

/// The other keys of a plug-in's section are its arguments.
fn takes_arguments(kind: &Section) -> bool {
    matches!(kind.name, "rpcinterface" | "ctlplugin")
}

/// By another program's word for it, else by the fewest slips, else by its beginning.
fn meant_key(typed: &str, kinds: &[&'static Section]) -> Option<&'static str> {
    if typed.starts_with('[') {
        return None;
    }
    let names = || kinds.iter().flat_map(|kind| kind.keys.iter()).flat_map(|rows| rows.iter()).map(|key| key.name);
    let aliased = ALIASES.iter().filter(|(alias, _)| *alias == typed).find_map(|(_, name)| names().find(|n| n == name));
    let begun = || names().find(|name| typed.len() >= 3 && name.starts_with(typed));
    aliased.or_else(|| nearest(typed, names())).or_else(begun)
}

/// The kind from what stands before a colon or blank, the name from behind it.
fn meant_section(typed: &str) -> Option<String> {
    let typed = typed.trim().to_lowercase().replace(['[', ']'], "");
    let (head, name) = typed.split_once([':', ' ', '.', '/', '=']).unwrap_or((&typed, ""));
    let (head, name) = (head.trim(), name.trim_matches(|c: char| c == ':' || c.is_whitespace()));
    let begun = || SECTIONS.iter().map(|kind| kind.name).find(|kind| !kind.is_empty() && head.starts_with(kind));
    let kind = nearest(head, SECTIONS.iter().map(|kind| kind.name)).or_else(begun)?;
    let named = SECTIONS.iter().any(|section| section.name == kind && section.named);
    let shown = if name.is_empty() { "NAME" } else { name };
    Some(if named { format!("{kind}:{shown}") } else { kind.to_owned() })
}

/// The known word with the fewest slips, if these are few for its length.
fn nearest(typed: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    let most = (typed.len() / 3).clamp(1, 3);
    if typed.len() > MAX_COMPARED {
        return None;
    }
    known
        .map(|name| (slips(typed, name), name))
        .filter(|(count, _)| *count <= most)
        .min_by_key(|(c, _)| *c)
        .map(|x| x.1)
}

/// Letters that were left out, put in, mistaken or swapped with their neighbour.
fn slips(typed: &str, known: &str) -> usize {
    let known: Vec<char> = known.chars().collect();
    let (mut before, mut last) = (Vec::new(), (0..=known.len()).collect::<Vec<usize>>());
    let mut previous = None;
    for (row, c) in typed.chars().enumerate() {
        let mut this = vec![row + 1];
        for (column, k) in known.iter().enumerate() {
            let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX - 1);
            let mistaken = at(&last, column) + usize::from(c != *k);
            let mut least = mistaken.min(at(&last, column + 1) + 1).min(at(&this, column) + 1);
            let swapped = column.checked_sub(1).is_some_and(|c0| previous == Some(*k) && known.get(c0) == Some(&c));
            if swapped {
                least = least.min(at(&before, column - 1) + 1);
            }
            this.push(least);
        }
        before = std::mem::replace(&mut last, this);
        previous = Some(c);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{slips, unknown};
    use crate::config::ini::Sections;

    fn told(text: &str) -> Vec<String> {
        let mut sections = Sections::new();
        sections.read(text, "s.conf").unwrap();
        unknown(&sections).map(|unknown| unknown.to_string()).collect()
    }

    #[test]
    fn unknown_keys_are_told_with_what_was_meant() {
        for (text, expected) in [
            (
                "[program:x]\nstopwaitsec=1",
                "2: unknown key \"stopwaitsec\" in [program:x]; did you mean \"stopwaitsecs\"?",
            ),
            (
                "[program:x]\n\nAutoRestrat=1",
                "3: unknown key \"autorestrat\" in [program:x]; did you mean \"autorestart\"?",
            ),
            ("[program:x]\nlogfile=a", "2: unknown key \"logfile\" in [program:x]; did you mean \"stdout_logfile\"?"),
            ("[program:x]\ncwd=/", "2: unknown key \"cwd\" in [program:x]; did you mean \"directory\"?"),
            ("[program:x]\nenviron=", "2: unknown key \"environ\" in [program:x]; did you mean \"environment\"?"),
            ("[program:x]\nzzz=", "2: unknown key \"zzz\" in [program:x]"),
            ("[program:x]\nevents=TICK", "2: unknown key \"events\" in [program:x]"),
            ("[program:x]\n[program:y", "2: unknown key \"[program\" in [program:x]; is there a ] missing?"),
            ("[group:x]\nprogram=a", "2: unknown key \"program\" in [group:x]; did you mean \"programs\"?"),
            (
                "[supervisorctl]\nserver_url=a",
                "2: unknown key \"server_url\" in [supervisorctl]; did you mean \"serverurl\"?",
            ),
            ("[DEFAULT]\nstarsecs=1", "2: unknown key \"starsecs\" in [DEFAULT]; did you mean \"startsecs\"?"),
        ] {
            assert_eq!(told(text), [format!("s.conf:{expected}")], "{text}");
        }
        let all = told("[program:x]\nb=1\na=2\n[group:y]\nc=3\n");
        assert_eq!(all.len(), 3);
        assert!(all[0].contains("\"b\"") && all[1].contains("\"a\"") && all[2].contains("[group:y]"), "{all:?}");
    }

    /// A3.30
    #[test]
    fn known_keys_and_those_of_plug_ins_are_not_told() {
        let text = "[DEFAULT]\ncommand=a\nfile=b\n[rpcinterface:x]\nretries=1\n[ctlplugin:y]\nz=1\n[eventlistener:l]\n\
                    events=TICK\nstartsecs=1\n[inet_http_server2]\nport=1\n[fcgi-program:f]\nsocket=s\n[include]\nfiles=\n";
        assert_eq!(told(text), Vec::<String>::new());
    }

    #[test]
    fn unknown_sections_are_told_with_what_was_meant() {
        for (name, meant) in [
            ("Program:x", "program:x"),
            ("programs:x", "program:x"),
            ("program x", "program:x"),
            (" program:x ", "program:x"),
            ("program", "program:NAME"),
            ("eventlistner:l", "eventlistener:l"),
            ("supervisor", "supervisord"),
            ("unix_http_sever", "unix_http_server"),
            ("include:x", "include"),
        ] {
            let expected = [format!("s.conf:1: unknown section [{name}]; did you mean [{meant}]?")];
            assert_eq!(told(&format!("[{name}]\nany=1")), expected, "{name}");
        }
        assert_eq!(told("[x]\n[mine:a]\n"), ["s.conf:1: unknown section [x]", "s.conf:2: unknown section [mine:a]"]);
    }

    #[test]
    fn slips_are_counted() {
        for (a, b, count) in [("", "ab", 2), ("ab", "ba", 1), ("abc", "abc", 0), ("abd", "abc", 1), ("xabc", "abc", 1)]
        {
            assert_eq!(slips(a, b), count, "{a} {b}");
        }
    }
}
