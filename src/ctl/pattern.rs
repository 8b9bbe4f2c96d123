//! Names with `*`, `?` and `[...]` where nothing is called so. Upstream knows
//! only `group:*`, which stays what it is.

use super::{CtlError, Session};
use crate::client::ProcessEntry;
use crate::config::glob::fnmatch;
use crate::model::{NameSpec, namespec};

/// The words with each pattern replaced by the names it matches. The daemon is
/// asked for names only when there is a pattern; one that matches nothing stays,
/// so that it is refused as any unknown name is.
///
/// # Errors
/// The call for the names failed.
pub fn expand(session: &mut Session, words: &[&str]) -> Result<Vec<String>, CtlError> {
    if !words.iter().any(|word| is_pattern(&NameSpec::parse(word))) {
        return Ok(words.iter().map(|word| (*word).to_owned()).collect());
    }
    let all = session.proxy()?.all_processes()?;
    Ok(words.iter().flat_map(|word| expand_word(word, &all)).collect())
}

/// What one word stands for.
#[must_use]
pub fn expand_word(word: &str, all: &[ProcessEntry]) -> Vec<String> {
    let spec = NameSpec::parse(word);
    if !is_pattern(&spec) || all.iter().any(|process| is_meant(&spec, process)) {
        return vec![word.to_owned()];
    }
    let fits = |p: &&ProcessEntry| match (word.contains(':'), &spec.process) {
        (false, _) => fnmatch(&p.name, word) || fnmatch(&namespec(&p.group, &p.name), word),
        (true, None) => fnmatch(&p.group, &spec.group),
        (true, Some(name)) => fnmatch(&p.group, &spec.group) && fnmatch(&p.name, name),
    };
    let found: Vec<String> = all.iter().filter(fits).map(|p| namespec(&p.group, &p.name)).collect();
    if found.is_empty() { vec![word.to_owned()] } else { found }
}

/// Whether a name means this process, by itself or with all of its group.
#[must_use]
pub fn is_meant(spec: &NameSpec, process: &ProcessEntry) -> bool {
    process.group == spec.group && spec.process.as_ref().is_none_or(|name| *name == process.name)
}

/// Whether a name has a wildcard that upstream does not know.
fn is_pattern(spec: &NameSpec) -> bool {
    let magic = |text: &str| text.contains(['*', '?', '[']);
    magic(&spec.group) || spec.process.as_deref().is_some_and(magic)
}

#[cfg(test)]
mod tests {
    use super::{expand_word, is_pattern};
    use crate::client::ProcessEntry;
    use crate::model::NameSpec;

    fn expanded(word: &str) -> Vec<String> {
        let entry = |(group, name): &(&str, &str)| ProcessEntry {
            name: (*name).to_owned(),
            group: (*group).to_owned(),
            ..ProcessEntry::default()
        };
        let names = [
            ("cat", "cat"),
            ("web", "web_0"),
            ("web", "web_1"),
            ("webby", "x"),
            ("odd*", "odd*"),
            ("oddity", "oddity"),
        ];
        expand_word(word, &names.iter().map(entry).collect::<Vec<_>>())
    }

    #[test]
    fn a_pattern_matches_shown_names_and_names_of_processes() {
        assert_eq!(expanded("web*:*"), ["web:web_0", "web:web_1", "webby:x"]);
        assert_eq!(expanded("web*"), ["web:web_0", "web:web_1", "webby:x"]);
        assert_eq!(expanded("web_?"), ["web:web_0", "web:web_1"]);
        assert_eq!(expanded("w*:*_1"), ["web:web_1"]);
        assert_eq!(expanded("[c]at"), ["cat"]);
    }

    #[test]
    fn literal_names_and_what_matches_nothing_stay_as_they_are() {
        assert_eq!(expanded("odd*"), ["odd*"]);
        assert_eq!(expanded("nobody*"), ["nobody*"]);
        assert_eq!(expanded("web:*"), ["web:*"]);
        let is_pattern = |word| is_pattern(&NameSpec::parse(word));
        assert!(!is_pattern("web:*") && !is_pattern("web:") && !is_pattern("cat") && is_pattern("w*:*"));
    }
}
