//! From what a finding is about to the line and column where it stands.

use super::mended::Mended;
use super::{Draft, Excerpt, Finding, Mark};
use crate::config::ini::{Place, Sections};
use crate::config::number::strip;
use std::collections::BTreeMap;

/// Lines of a value that are searched for a text.
const MAX_VALUE_LINES: usize = 200;

/// Keys that hold these words, misspelt ones too, have values that are nobody's
/// business.
const SECRETS: &[&str] = &["pas", "pwd", "secret", "token", "env"];

/// Whether a key's value may not be shown.
pub(super) fn is_secret(key: Option<&str>) -> bool {
    key.is_some_and(|key| SECRETS.iter().any(|word| key.contains(word)))
}

/// Gives each draft its place, sorted by file and line.
pub(super) fn resolve(drafts: Vec<Draft>, sections: &Sections, world: &Mended<'_>) -> Vec<Finding> {
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut findings: Vec<Finding> = Vec::new();
    for draft in drafts {
        let place = place(&draft, sections);
        let excerpt = place.as_ref().and_then(|place| {
            let lines = files.entry(place.file.clone()).or_insert_with(|| world.lines(&place.file));
            excerpt(&draft, place, lines)
        });
        let (excerpt, place) = match (excerpt, place) {
            (Some((excerpt, line)), Some(place)) => (Some(excerpt), Some(Place { line, ..place })),
            (_, place) => (None, place),
        };
        let Draft { severity, section, key, message, hint, .. } = draft;
        findings.push(Finding { severity, place, section, key, message, hint, excerpt });
    }
    findings.sort_by_cached_key(|finding| {
        let place = finding.place.as_ref().map(|place| (sections.order_of(&place.file), place.line));
        (place, finding.severity, finding.excerpt.as_ref().map(|excerpt| excerpt.column))
    });
    findings
}

fn place(draft: &Draft, sections: &Sections) -> Option<Place> {
    if let Mark::Line(place) = &draft.mark {
        return Some(place.clone());
    }
    let section = draft.section.as_deref()?;
    let key = draft.key.as_deref().and_then(|key| sections.place(section, key));
    key.or_else(|| sections.header(section))
}

/// The line, where in it, and its number, which may be one of the lines below.
fn excerpt(draft: &Draft, place: &Place, lines: &[String]) -> Option<(Excerpt, usize)> {
    let text = lines.get(place.line.checked_sub(1)?)?;
    let is_header = strip(text).starts_with('[');
    let secret = is_secret(draft.key.as_deref()) && !is_header;
    if secret {
        let key = text.split(['=', ':']).next().unwrap_or_default();
        return Some((span(&format!("{key}=..."), key), place.line));
    }
    let whole = strip(without_comment(text));
    let key = strip(whole.split(['=', ':']).next().unwrap_or_default());
    let value = whole.split_once(['=', ':']).map_or("", |(_, value)| strip(value));
    let value_or_key = if value.is_empty() { key } else { value };
    let found = match &draft.mark {
        _ if is_header => span(text, whole),
        Mark::Section | Mark::Line(_) => span(text, whole),
        Mark::Key => span(text, key),
        Mark::Value => span_behind(text, key, value_or_key),
        Mark::Text(wanted) => {
            let below = lines.iter().enumerate().skip(place.line).take(MAX_VALUE_LINES);
            let below = below.take_while(|(_, line)| line.starts_with(char::is_whitespace) || line.is_empty());
            let here = Some((place.line - 1, text)).filter(|_| contains(value, wanted));
            match here.or_else(|| below.into_iter().find(|(_, line)| contains(line, wanted))) {
                Some((0.., line)) if std::ptr::eq(line, text) => span_behind(text, key, wanted),
                Some((index, line)) => return Some((span(line, wanted), index + 1)),
                None => span_behind(text, key, value_or_key),
            }
        }
    };
    Some((found, place.line))
}

fn without_comment(text: &str) -> &str {
    text.find(" ;").or_else(|| text.find(" #")).and_then(|at| text.get(..at)).unwrap_or(text)
}

fn contains(text: &str, wanted: &str) -> bool {
    text.to_lowercase().contains(&wanted.to_lowercase())
}

fn span_behind(text: &str, key: &str, wanted: &str) -> Excerpt {
    let from = if key == wanted { 0 } else { text.find(['=', ':']).map_or(0, |at| at + 1) };
    spanned(text, from, wanted)
}

fn span(text: &str, wanted: &str) -> Excerpt {
    spanned(text, 0, wanted)
}

/// `wanted` in `text`, looked for from the byte `from` on; else the whole line.
fn spanned(text: &str, from: usize, wanted: &str) -> Excerpt {
    let rest = text.get(from..).unwrap_or_default();
    let at = rest.find(wanted).or_else(|| rest.to_lowercase().find(&wanted.to_lowercase())).map_or(0, |at| at + from);
    let column = text.get(..at).unwrap_or_default().chars().count() + 1;
    Excerpt { text: text.to_owned(), column, width: wanted.chars().count().max(1) }
}
