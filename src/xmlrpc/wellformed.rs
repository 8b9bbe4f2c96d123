//! What an XML parser must refuse and quick-xml lets through: forbidden
//! characters, odd names, careless attributes. Judges texts, builds nothing.

use super::DecodeError;
use super::decode::refuse;

/// Attributes of one element; none is ever read, so more is only an attack on
/// the check for duplicates.
const MAX_ATTRIBUTES: usize = 64;

/// Whether XML 1.0 can carry `c` at all, raw or as a reference.
#[must_use]
pub fn is_xml_char(c: char) -> bool {
    !matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// Whether XML 1.0 can carry all of `text`. The bytes tell nearly always: but for
/// controls only what begins with 0xEF can be forbidden.
pub(super) fn is_all_xml(text: &str) -> bool {
    let plain = |byte: u8| byte != 0xef && (byte >= b' ' || matches!(byte, b'\t' | b'\n' | b'\r'));
    // whole pieces without a branch, which the compiler makes wide steps of
    let piece = |bytes: &[u8]| bytes.iter().fold(true, |all, byte| all & plain(*byte));
    text.as_bytes().chunks(256).all(piece) || text.chars().all(is_xml_char)
}

/// XML's white space; Unicode has more, which counts as text.
pub(super) fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

/// Whether `name` can name an element, an attribute or a target. Combining
/// marks are no letters here, though XML allows a few inside a name.
pub(super) fn is_name(name: &str) -> bool {
    // nearly every name is a word of plain letters
    if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return true;
    }
    let starts = |c: char| c.is_alphabetic() || c == '_' || c == ':';
    let goes_on = |c: char| starts(c) || c.is_alphanumeric() || c == '-' || c == '.';
    name.starts_with(starts) && name.chars().all(goes_on)
}

/// The character or the predefined entity that `&name;` stands for. No other
/// entity exists, since a DOCTYPE is refused (B2.1.11).
pub(super) fn reference(name: &str) -> Result<char, DecodeError> {
    let number = name.strip_prefix('#').map(|number| match number.strip_prefix('x') {
        Some(hex) if hex.bytes().all(|b| b.is_ascii_hexdigit()) => u32::from_str_radix(hex, 16).ok(),
        None if number.bytes().all(|b| b.is_ascii_digit()) => number.parse().ok(),
        _ => None,
    });
    let found = match (number, name) {
        (Some(code), _) => code.and_then(char::from_u32).filter(|c| is_xml_char(*c)),
        (None, "amp") => Some('&'),
        (None, "lt") => Some('<'),
        (None, "gt") => Some('>'),
        (None, "quot") => Some('"'),
        (None, "apos") => Some('\''),
        (None, _) => None,
    };
    found.ok_or(DecodeError::Unmarshallable("a reference to nothing"))
}

/// Checks a comment's inside: no `--`, and no `-` before the end.
pub(super) fn check_comment(inside: &str) -> Result<(), DecodeError> {
    if inside.contains("--") || inside.ends_with('-') { refuse("a comment with --") } else { Ok(()) }
}

/// Checks whom an instruction is for: anybody but XML itself.
pub(super) fn check_target(target: &str) -> Result<(), DecodeError> {
    let good = is_name(target) && !target.contains(':') && !target.eq_ignore_ascii_case("xml");
    if good { Ok(()) } else { refuse("an instruction for nobody") }
}

/// Checks what stands between an element's name and its `>`.
pub(super) fn check_attributes(raw: &str) -> Result<(), DecodeError> {
    for (_, value) in attributes(raw)? {
        check_attribute_value(value)?;
    }
    Ok(())
}

/// Checks an XML declaration: version, then perhaps encoding, then perhaps
/// standalone. What the encoding says is ignored: the body is UTF-8 (B2.1.3).
pub(super) fn check_declaration(raw: &str) -> Result<(), DecodeError> {
    // what nearly all clients write
    if matches!(raw, " version='1.0'" | " version=\"1.0\"") {
        return Ok(());
    }
    let found = attributes(raw)?;
    let mut rest = found.as_slice();
    let [("version", version), after @ ..] = rest else { return refuse("a declaration without a version") };
    rest = after;
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    if version.is_empty() || !version.chars().all(known) {
        return refuse("an unknown XML version");
    }
    if let [("encoding", encoding), after @ ..] = rest {
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if !encoding.starts_with(|c: char| c.is_ascii_alphabetic()) || !encoding.chars().all(known) {
            return refuse("an encoding without a name");
        }
        rest = after;
    }
    match rest {
        [] | [("standalone", "yes" | "no")] => Ok(()),
        _ => refuse("a declaration with more in it than XML has"),
    }
}

/// Splits `  a="1" b='2'` into names and raw values: white space before each,
/// a quoted value, no name twice.
fn attributes(raw: &str) -> Result<Vec<(&str, &str)>, DecodeError> {
    let mut found: Vec<(&str, &str)> = Vec::new();
    let mut rest = raw;
    loop {
        let after_space = rest.trim_start_matches(is_space);
        if after_space.is_empty() {
            return Ok(found);
        }
        if after_space.len() == rest.len() {
            return refuse("no space before an attribute");
        }
        let Some((name, value)) = after_space.split_once('=') else { return refuse("an attribute without a value") };
        let name = name.trim_end_matches(is_space);
        let value = value.trim_start_matches(is_space);
        let quote = if value.starts_with('\'') { '\'' } else { '"' };
        let quoted = value.strip_prefix(quote).and_then(|inside| inside.split_once(quote));
        let Some((value, after)) = quoted else { return refuse("an attribute without quotes") };
        if !is_name(name) || found.iter().any(|(known, _)| *known == name) || found.len() == MAX_ATTRIBUTES {
            return refuse("an attribute twice, misnamed or one too many");
        }
        found.push((name, value));
        rest = after;
    }
}

fn check_attribute_value(value: &str) -> Result<(), DecodeError> {
    if value.contains('<') {
        return refuse("a < in an attribute");
    }
    for part in value.split('&').skip(1) {
        let Some((name, _)) = part.split_once(';') else { return refuse("a bare & in an attribute") };
        reference(name)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{check_attributes, check_comment, check_declaration, check_target, is_name, reference};

    /// B2.1.4, B2.1.8
    #[test]
    fn attributes_are_checked_though_never_read() {
        for good in ["", "  ", r#" a="1""#, " a='1'\n\tb = \"<!-- '\" ".replace('<', "&lt;").as_str(), " x:y='&#65;'"] {
            assert_eq!(check_attributes(good), Ok(()), "{good:?}");
        }
        let bad = [
            " a",
            " a=1",
            " a='1'b='2'",
            " a='1' a='2'",
            " a='<'",
            " a='&'",
            " a='&x;'",
            " 1='2'",
            " a='1",
            " /",
            " a='&#27;'",
        ];
        for bad in bad {
            assert!(check_attributes(bad).is_err(), "{bad:?}");
        }
        let many: String = (0..100).map(|n| format!(" a{n}=''")).collect();
        assert!(check_attributes(&many).is_err());
    }

    /// B2.1.3
    #[test]
    fn a_declaration_may_name_any_encoding_but_has_a_form() {
        for good in [" version='1.0'", r#" version="1.0" encoding="iso-8859-1" standalone='no' "#] {
            assert_eq!(check_declaration(good), Ok(()), "{good:?}");
        }
        for bad in [
            "",
            " encoding='utf-8'",
            " version='1.0' encoding=''",
            " version=''",
            " version='1.0' standalone='x'",
            " version='1.0' a='b'",
        ] {
            assert!(check_declaration(bad).is_err(), "{bad:?}");
        }
    }

    /// B2.1.11
    #[test]
    fn only_characters_and_the_five_entities_are_known() {
        assert_eq!(reference("#8364"), Ok('€'));
        assert_eq!(reference("#x41"), Ok('A'));
        assert_eq!(reference("apos"), Ok('\''));
        for bad in ["e", "nbsp", "#27", "#0", "#xFFFE", "#xD800", "#X41", "#+65", "#x+41", "#", "#x", ""] {
            assert!(reference(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names_targets_and_comments_have_a_form() {
        assert!(check_target("php").is_ok());
        assert!(check_target("XML").is_err() && check_target("a:b").is_err() && check_target("").is_err());
        assert!(is_name("dateTime.iso8601") && is_name("a:b-1") && is_name("é"));
        assert!(
            !is_name("") && !is_name("1a") && !is_name("-a") && !is_name("a/") && !is_name("a€") && !is_name("a\"b")
        );
        assert!(check_comment(" a - b ").is_ok());
        assert!(check_comment("a--b").is_err() && check_comment("a-").is_err());
    }
}
