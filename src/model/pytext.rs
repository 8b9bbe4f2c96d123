//! Texts as Python's `repr()` writes them, since upstream's messages do.

/// A string as `repr()` shows it (A2.60): single quotes unless only they occur
/// inside; backslashes and control characters escaped; printable text kept.
#[must_use]
pub fn py_repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if is_printable(c) => out.push(c),
            c => push_escape(&mut out, c),
        }
    }
    out.push(quote);
    out
}

/// Bytes as `repr()` shows them: `b'...'` with everything but ASCII escaped.
#[must_use]
pub fn py_repr_bytes(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let mut out = format!("b{quote}");
    for byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b if char::from(*b) == quote => {
                out.push('\\');
                out.push(quote);
            }
            0x20..=0x7e => out.push(char::from(*byte)),
            other => out.push_str(&format!("\\x{other:02x}")),
        }
    }
    out.push(quote);
    out
}

/// Whether it is printed as it is, by `str.isprintable`: everything but controls,
/// formats, separators other than the blank, and what is private or unassigned.
/// The standard library escapes by the same rule when it debugs a text, but for
/// what combines with the character before it; hence one stands before it here.
fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_control();
    }
    format!("x{c}").escape_debug().nth(1) == Some(c)
}

fn push_escape(out: &mut String, c: char) {
    let code = u32::from(c);
    let text = match code {
        0..=0xff => format!("\\x{code:02x}"),
        0x100..=0xffff => format!("\\u{code:04x}"),
        _ => format!("\\U{code:08x}"),
    };
    out.push_str(&text);
}

#[cfg(test)]
mod tests {
    use super::{py_repr, py_repr_bytes};

    /// A2.60
    #[test]
    fn strings_are_quoted_as_python_does() {
        assert_eq!(py_repr("foo bar\n"), r"'foo bar\n'");
        assert_eq!(py_repr("it's"), r#""it's""#);
        assert_eq!(py_repr(r#"it's "x""#), r#"'it\'s "x"'"#);
        assert_eq!(py_repr("a\\b\u{1}\u{feff}é"), "'a\\\\b\\x01\\ufeffé'");
    }

    /// A2.60
    #[test]
    fn what_python_does_not_print_is_escaped() {
        for kept in ["\u{301}", "e\u{301}", "😀", "日", "\u{fe0f}", "\u{ac00}"] {
            assert_eq!(py_repr(kept), format!("'{kept}'"));
        }
        let escaped =
            "\u{7f}\u{85}\u{a0}\u{ad}\u{600}\u{2028}\u{3000}\u{e000}\u{fff9}\u{fffe}\u{10078}\u{e0041}\u{10ffff}";
        let shown = r"\x7f\x85\xa0\xad\u0600\u2028\u3000\ue000\ufff9\ufffe\U00010078\U000e0041\U0010ffff";
        assert_eq!(py_repr(escaped), format!("'{shown}'"));
    }

    #[test]
    fn bytes_are_quoted_as_python_does() {
        assert_eq!(py_repr_bytes(b"\xff\xfeok\n"), r"b'\xff\xfeok\n'");
        assert_eq!(py_repr_bytes(b"it's"), r#"b"it's""#);
    }
}
