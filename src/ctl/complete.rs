//! What Tab offers (B3.6.9). Decides from the line and the names; fetches none.

use super::commands;
pub use super::commands::Completes;

/// A process as completion sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its group.
    pub group: String,
    /// Its own name.
    pub name: String,
    /// How it is.
    pub state: String,
}

/// Something that may stand there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Offer {
    /// What is typed, with a blank behind it.
    pub text: String,
    /// What it is, for the list; may be empty.
    pub about: String,
}

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
    let start = line.trim_end_matches(|c: char| !c.is_whitespace()).len();
    let word = line.get(start..).unwrap_or_default();
    let mut words = line.split_whitespace();
    let kind = match words.next() {
        None => Completes::Commands,
        Some(first) if words.next().is_none() && first == word => Completes::Commands,
        Some(first) => commands::find(first).map_or(Completes::Nothing, |command| command.completes),
    };
    Wanted { start, word, kind }
}

/// The candidates, sorted: what begins with the word, or, if nothing does, what
/// holds it anywhere.
#[must_use]
pub fn candidates(wanted: &Wanted<'_>, names: &[Known]) -> Vec<Offer> {
    let offer = |text: &str, about: &str| Offer { text: format!("{text} "), about: about.to_owned() };
    let mut all: Vec<Offer> = match wanted.kind {
        Completes::Nothing => Vec::new(),
        Completes::Commands => commands::visible().map(|command| offer(command.name, command.summary)).collect(),
        Completes::Groups => names.iter().map(|known| offer(&known.group, "")).collect(),
        Completes::Processes => names.iter().flat_map(|known| spellings(known, wanted.word)).collect(),
    };
    all.sort();
    all.dedup_by(|a, b| a.text == b.text);
    let begins = |offer: &Offer| offer.text.starts_with(wanted.word);
    if all.iter().any(begins) {
        all.retain(begins);
    } else {
        all.retain(|offer| offer.text.contains(wanted.word));
    }
    all
}

/// How a process may be typed: alone, or with its group once a colon is there.
fn spellings(Known { group, name, state }: &Known, word: &str) -> Vec<Offer> {
    let offer = |text: String, about: &str| Offer { text: text + " ", about: about.to_owned() };
    if group == name && !word.contains(':') {
        return vec![offer(name.clone(), state)];
    }
    vec![offer(format!("{group}:{name}"), state), offer(format!("{group}:*"), "all of the group")]
}

#[cfg(test)]
mod tests {
    use super::{Known, candidates, wanted};

    fn offered(line: &str) -> Vec<String> {
        let name = |group: &str, name: &str| Known {
            group: group.to_owned(),
            name: name.to_owned(),
            state: "RUNNING".to_owned(),
        };
        let names = [
            name("cat", "cat"),
            name("ctrl", "ctrl"),
            name("grp", "grp_a_00"),
            name("grp", "grp_b"),
            name("x-y", "x-y"),
        ];
        candidates(&wanted(line), &names).into_iter().map(|offer| offer.text).collect()
    }

    #[test]
    fn what_holds_the_word_anywhere_is_offered_when_nothing_begins_with_it() {
        assert_eq!(offered("stop trl"), ["ctrl "]);
        assert_eq!(offered("stop _b"), ["grp:grp_b "]);
        assert_eq!(offered("tart"), ["restart ", "start "]);
        assert!(offered("stop zz").is_empty());
        // a blank ends every candidate and is no part of one
        assert_eq!(offered("stop ctrl"), ["ctrl "]);
    }

    #[test]
    fn the_list_says_what_each_is() {
        let known = Known { group: "g".to_owned(), name: "p".to_owned(), state: "FATAL".to_owned() };
        let about = |line| {
            candidates(&wanted(line), std::slice::from_ref(&known)).into_iter().map(|o| o.about).collect::<Vec<_>>()
        };
        assert_eq!(about("stop "), ["all of the group", "FATAL"]);
        assert_eq!(about("versio"), [super::commands::find("version").unwrap().summary]);
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

    /// B3.6.9, B3.6.10, B3.6.11
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

    /// A keyboard gives such a blank where AltGr is still down.
    #[test]
    fn a_blank_may_have_more_than_one_byte() {
        let line = "stop\u{a0}ct";
        assert_eq!(wanted(line).start, line.len() - 2);
        assert_eq!(wanted("stop\u{3000}").start, "stop\u{3000}".len());
        assert_eq!(offered(line), ["ctrl "]);
    }
}
