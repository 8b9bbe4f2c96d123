//! A report as text for people and as JSON for tools. Prints nothing.

use super::{Excerpt, Finding, Report, Severity};
use crate::model::Json;
use std::fmt::Write as _;

/// Characters of a line that are shown on either side of what is meant.
const AROUND: usize = 60;

/// One paragraph for each finding, and how many there were.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    for finding in &report.findings {
        paragraph(&mut out, finding);
    }
    let file = report.file.as_deref().unwrap_or("configuration");
    let (errors, warnings) = (report.count(Severity::Error), report.count(Severity::Warning));
    let _ = match (errors, warnings) {
        (0, 0) => writeln!(out, "{file}: nothing wrong"),
        _ => writeln!(out, "{file}: {}, {}", counted(errors, "error"), counted(warnings, "warning")),
    };
    out
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn paragraph(out: &mut String, finding: &Finding) {
    let Finding { severity, place, section, key, message, hint, excerpt } = finding;
    if let Some(place) = place {
        let _ = write!(out, "{}:{}: ", place.file, place.line);
    }
    let _ = match (section, key) {
        (Some(section), Some(key)) => write!(out, "[{section}], {key}: "),
        (Some(section), None) => write!(out, "[{section}]: "),
        _ => Ok(()),
    };
    let _ = match hint {
        Some(hint) => writeln!(out, "{}: {}; {hint}", word(*severity), message.trim_end_matches('.')),
        None => writeln!(out, "{}: {message}", word(*severity)),
    };
    if let Some(excerpt) = excerpt {
        caret(out, excerpt);
    }
}

/// The line, or what of it fits, and carets under what is meant.
fn caret(out: &mut String, excerpt: &Excerpt) {
    let skipped = (excerpt.column - 1).saturating_sub(AROUND);
    let shown = AROUND + excerpt.column - skipped;
    let visible = |c: char| if c.is_control() { ' ' } else { c };
    let line: String = excerpt.text.chars().skip(skipped).take(shown + AROUND).map(visible).collect();
    let before = excerpt.column - 1 - skipped;
    let width = excerpt.width.min(line.chars().count().saturating_sub(before)).max(1);
    let _ = writeln!(out, "    {}\n    {}{}", line.trim_end(), " ".repeat(before), "^".repeat(width));
}

/// An array of objects: file, line, column, section, key, level, message, hint.
#[must_use]
pub fn json(report: &Report) -> String {
    let objects: Vec<String> = report.findings.iter().map(|finding| object(finding).to_string()).collect();
    if objects.is_empty() { "[]\n".to_owned() } else { format!("[\n  {}\n]\n", objects.join(",\n  ")) }
}

fn object(finding: &Finding) -> Json {
    let Finding { severity, place, section, key, message, hint, excerpt } = finding;
    let number = |number: Option<usize>| Json::or_null(number.and_then(|number| i64::try_from(number).ok()));
    Json::Object(vec![
        ("file", Json::or_null(place.as_ref().map(|place| place.file.as_str()))),
        ("line", number(place.as_ref().map(|place| place.line))),
        ("column", number(excerpt.as_ref().map(|excerpt| excerpt.column))),
        ("section", Json::or_null(section.as_deref())),
        ("key", Json::or_null(key.as_deref())),
        ("level", Json::text(word(*severity))),
        ("message", Json::text(message)),
        ("hint", Json::or_null(hint.as_deref())),
    ])
}

#[cfg(test)]
mod tests {
    use super::{Excerpt, Finding, Report, Severity, json, text};
    use crate::config::ini::Place;

    fn finding() -> Finding {
        Finding {
            severity: Severity::Error,
            place: Some(Place { file: "s.conf".to_owned(), line: 7 }),
            section: Some("program:x".to_owned()),
            key: Some("startsecs".to_owned()),
            message: "not \"one\"".to_owned(),
            hint: Some("write 1\\2".to_owned()),
            excerpt: Some(Excerpt { text: "startsecs=é\tb".to_owned(), column: 11, width: 3 }),
        }
    }

    #[test]
    fn people_get_a_line_with_a_caret_and_a_count() {
        let report = Report { file: Some("s.conf".to_owned()), findings: vec![finding()] };
        let expected = "s.conf:7: [program:x], startsecs: error: not \"one\"; write 1\\2\n    startsecs=é b\n    \
                        \u{20}         ^^^\ns.conf: 1 error, 0 warnings\n";
        assert_eq!(text(&report), expected);
        let none = Report { file: Some("s.conf".to_owned()), findings: vec![] };
        assert_eq!((text(&none).as_str(), json(&none).as_str()), ("s.conf: nothing wrong\n", "[]\n"));
    }

    #[test]
    fn of_a_long_line_only_the_neighbourhood_is_shown() {
        let excerpt = Excerpt { text: "x".repeat(100_000), column: 50_000, width: 90_000 };
        let shown = text(&Report { file: None, findings: vec![Finding { excerpt: Some(excerpt), ..finding() }] });
        assert!(shown.len() < 500, "{}", shown.len());
    }

    #[test]
    fn tools_get_strict_json() {
        let bare = Finding { place: None, section: None, key: None, hint: None, excerpt: None, ..finding() };
        let report = Report { file: None, findings: vec![finding(), bare] };
        let expected = "[\n  {\"file\": \"s.conf\", \"line\": 7, \"column\": 11, \"section\": \"program:x\", \"key\": \
                        \"startsecs\", \"level\": \"error\", \"message\": \"not \\\"one\\\"\", \"hint\": \"write 1\\\\2\"},\n  \
                        {\"file\": null, \"line\": null, \"column\": null, \"section\": null, \"key\": null, \"level\": \
                        \"error\", \"message\": \"not \\\"one\\\"\", \"hint\": null}\n]\n";
        assert_eq!(json(&report), expected);
    }
}
