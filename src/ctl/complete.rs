//! What Tab offers (B3.6.9). Decides from the line and the names; fetches none.

use super::commands;
pub use super::commands::Completes;

/// A process as completion sees it: group, then name.
pub type Name = (String, String);

/// The word under the cursor and what may stand there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// Byte position where the word begins.
    pub start: usize,
    /// The word so far.
    pub word: &'a str,
    /// The kind of candidates.
    pub kind: Completes,
}

/// Looks at a line up to the cursor. Only blanks part words, so that names with
/// `:`, `*` and `-` stay whole (B3.6.10).
#[must_use]
pub fn wanted(line: &str) -> Wanted<'_> {
    let start = line.rfind(char::is_whitespace).map_or(0, |at| at.saturating_add(1));
    let word = line.get(start..).unwrap_or_default();
    let mut words = line.split_whitespace();
    let kind = match words.next() {
        None => Completes::Commands,
        Some(first) if words.next().is_none() && first == word => Completes::Commands,
        Some(first) => commands::find(first).map_or(Completes::Nothing, |command| command.completes),
    };
    Wanted { start, word, kind }
}

/// The candidates, sorted, each with a blank behind it.
#[must_use]
pub fn candidates(wanted: &Wanted<'_>, names: &[Name]) -> Vec<String> {
    let mut all: Vec<String> = match wanted.kind {
        Completes::Nothing => Vec::new(),
        Completes::Commands => commands::vocabulary().map(str::to_owned).collect(),
        Completes::Groups => names.iter().map(|(group, _)| group.clone()).collect(),
        Completes::Processes => names.iter().flat_map(|name| spellings(name, wanted.word)).collect(),
    };
    all.retain(|candidate| candidate.starts_with(wanted.word));
    all.sort();
    all.dedup();
    all.iter_mut().for_each(|candidate| candidate.push(' '));
    all
}

/// How a process may be typed: alone, or with its group once a colon is there.
fn spellings((group, name): &Name, word: &str) -> Vec<String> {
    if group == name && !word.contains(':') {
        return vec![name.clone()];
    }
    vec![format!("{group}:{name}"), format!("{group}:*")]
}

#[cfg(test)]
mod tests {
    use super::{candidates, wanted};

    fn offered(line: &str) -> Vec<String> {
        let name = |group: &str, name: &str| (group.to_owned(), name.to_owned());
        let names = [
            name("cat", "cat"),
            name("ctrl", "ctrl"),
            name("grp", "grp_a_00"),
            name("grp", "grp_b"),
            name("x-y", "x-y"),
        ];
        candidates(&wanted(line), &names)
    }

    /// B3.6.9
    #[test]
    fn an_unfinished_first_word_completes_to_commands() {
        let all = offered("");
        assert_eq!(all.len(), super::commands::vocabulary().count());
        assert!(all.contains(&"help ".to_owned()) && !all.contains(&"EOF ".to_owned()));
        assert_eq!(offered("  "), all);
        assert_eq!(offered("sta"), ["start ", "status "]);
        assert_eq!(offered("help m"), ["maintail "]);
        assert_eq!(offered("help "), all);
    }

    /// B3.6.9, B3.6.10
    #[test]
    fn processes_are_offered_as_they_are_typed() {
        assert_eq!(offered("stop c"), ["cat ", "ctrl "]);
        assert_eq!(offered("start g"), ["grp:* ", "grp:grp_a_00 ", "grp:grp_b "]);
        assert_eq!(offered("start cat:"), ["cat:* ", "cat:cat "]);
        assert_eq!(offered("tail -f x-"), ["x-y "]);
        assert_eq!(offered("stop ").len(), 6);
        // a quirk that is kept: the name of the signal completes like a process
        assert_eq!(offered("signal ct"), ["ctrl "]);
    }

    /// B3.6.9
    #[test]
    fn groups_are_offered_once_and_other_commands_offer_nothing() {
        assert_eq!(offered("add c"), ["cat ", "ctrl "]);
        assert_eq!(offered("update g"), ["grp "]);
        assert!(offered("avail c").is_empty() && offered("bogus c").is_empty() && offered("maintail ").is_empty());
    }
}
