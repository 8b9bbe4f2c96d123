//! From values to bytes: what Python's `xmlrpc.client.dumps` writes, to the
//! line end (B2.2.2–B2.2.5). Decides nothing about what is worth sending.

use super::wellformed::is_xml_char;
use super::{Value, WireFault};
use std::fmt::Write;

/// What envelope and tags of a small answer come to.
const SMALL: usize = 512;

/// A `<methodResponse>` with a value (B2.2.2).
#[must_use]
pub fn encode_response(value: &Value) -> String {
    let mut out = String::with_capacity(SMALL + size_of_value(value));
    out.push_str("<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n");
    push_value(&mut out, value);
    out.push_str("</param>\n</params>\n</methodResponse>\n");
    out
}

/// A `<methodResponse>` with a fault (B2.2.3).
#[must_use]
pub fn encode_fault(fault: &WireFault) -> String {
    let mut out = String::with_capacity(SMALL + fault.text.len());
    out.push_str("<?xml version='1.0'?>\n<methodResponse>\n<fault>\n");
    push_value(&mut out, &fault.to_value());
    out.push_str("</fault>\n</methodResponse>\n");
    out
}

/// A `<methodCall>`.
#[must_use]
pub fn encode_call(method: &str, params: &[Value]) -> String {
    let mut out = String::with_capacity(SMALL + params.iter().map(size_of_value).sum::<usize>());
    out.push_str("<?xml version='1.0'?>\n<methodCall>\n<methodName>");
    push_text(&mut out, method);
    out.push_str("</methodName>\n<params>\n");
    for param in params {
        out.push_str("<param>\n");
        push_value(&mut out, param);
        out.push_str("</param>\n");
    }
    out.push_str("</params>\n</methodCall>\n");
    out
}

/// A float as Python's `repr()` shows it: `1.5`, `1.0`, `1e+16`, `1e-05`.
#[must_use]
pub fn double_text(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    // Both languages print the shortest digits that read back the same; they
    // differ in when an exponent is used and in how it looks.
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let plain = format!("{value}");
        if plain.contains('.') { plain } else { plain + ".0" }
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
    }
}

/// One value with its tags and the line end behind them (B2.2.4). Integers
/// stay `<int>` at any width: Python and most clients read them, `<i8>` they
/// do not know (B1.9.5).
fn push_value(out: &mut String, value: &Value) {
    match value {
        Value::Int(number) => push_printed(out, "int", number),
        Value::Wide(digits) => push_tagged(out, "int", digits),
        Value::Bool(flag) => push_printed(out, "boolean", &u8::from(*flag)),
        Value::Double(number) => push_printed(out, "double", &double_text(*number)),
        Value::Text(text) => push_tagged(out, "string", text),
        Value::DateTime(text) => push_tagged(out, "dateTime.iso8601", text),
        // Strict clients do not know <nil/> (B2.2.6).
        Value::Nil => push_tagged(out, "string", ""),
        Value::Array(items) => {
            out.push_str("<value><array><data>\n");
            for item in items {
                push_value(out, item);
            }
            out.push_str("</data></array></value>\n");
        }
        Value::Struct(members) => {
            out.push_str("<value><struct>\n");
            for (name, value) in members {
                out.push_str("<member>\n<name>");
                push_text(out, name);
                out.push_str("</name>\n");
                push_value(out, value);
                out.push_str("</member>\n");
            }
            out.push_str("</struct></value>\n");
        }
    }
}

fn push_printed(out: &mut String, tag: &str, value: &impl std::fmt::Display) {
    // Writing to a String cannot fail.
    let _ = writeln!(out, "<value><{tag}>{value}</{tag}></value>");
}

fn push_tagged(out: &mut String, tag: &str, text: &str) {
    let _ = write!(out, "<value><{tag}>");
    push_text(out, text);
    let _ = writeln!(out, "</{tag}></value>");
}

/// Text with the three escapes that Python writes; characters that XML cannot
/// carry in any form become U+FFFD, so that every client can parse the answer
/// (B2.2.5, B1.10.12).
fn push_text(out: &mut String, text: &str) {
    let mut copied = 0;
    for (at, c) in text.char_indices() {
        let instead = match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            c if !is_xml_char(c) => "\u{fffd}",
            _ => continue,
        };
        out.push_str(text.get(copied..at).unwrap_or_default());
        out.push_str(instead);
        copied = at + c.len_utf8();
    }
    out.push_str(text.get(copied..).unwrap_or_default());
}

/// Near enough to the encoded size that a big answer is not copied ten times.
fn size_of_value(value: &Value) -> usize {
    match value {
        Value::Text(text) | Value::DateTime(text) | Value::Wide(text) => 40 + text.len(),
        Value::Int(_) | Value::Bool(_) | Value::Double(_) | Value::Nil => 40,
        Value::Array(items) => 60 + items.iter().map(size_of_value).sum::<usize>(),
        Value::Struct(members) => {
            40 + members.iter().map(|(name, value)| 40 + name.len() + size_of_value(value)).sum::<usize>()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{double_text, encode_call, encode_fault, encode_response};
    use crate::xmlrpc::{Value, WireFault};

    /// B2.2.2, B2.2.4
    #[test]
    fn responses_are_pythons_bytes() {
        let state = Value::Struct(vec![
            ("statecode".to_owned(), Value::Int(1)),
            ("list".to_owned(), Value::Array(vec![Value::Bool(true), Value::Text(String::new())])),
        ]);
        let expected = "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><struct>\n<member>\n\
            <name>statecode</name>\n<value><int>1</int></value>\n</member>\n<member>\n<name>list</name>\n\
            <value><array><data>\n<value><boolean>1</boolean></value>\n<value><string></string></value>\n\
            </data></array></value>\n</member>\n</struct></value>\n</param>\n</params>\n</methodResponse>\n";
        assert_eq!(encode_response(&state), expected);
    }

    /// B2.2.3
    #[test]
    fn faults_are_pythons_bytes() {
        let fault = WireFault { code: 1, text: "UNKNOWN_METHOD".to_owned() };
        let expected = "<?xml version='1.0'?>\n<methodResponse>\n<fault>\n<value><struct>\n<member>\n\
            <name>faultCode</name>\n<value><int>1</int></value>\n</member>\n<member>\n<name>faultString</name>\n\
            <value><string>UNKNOWN_METHOD</string></value>\n</member>\n</struct></value>\n</fault>\n</methodResponse>\n";
        assert_eq!(encode_fault(&fault), expected);
    }

    /// B2.2.9
    #[test]
    fn calls_are_pythons_bytes() {
        let expected = "<?xml version='1.0'?>\n<methodCall>\n<methodName>supervisor.x</methodName>\n<params>\n\
            <param>\n<value><string>a</string></value>\n</param>\n</params>\n</methodCall>\n";
        assert_eq!(encode_call("supervisor.x", &[Value::Text("a".to_owned())]), expected);
        assert!(encode_call("x", &[]).contains("<params>\n</params>\n"));
    }

    /// B2.2.5, B1.10.12, B1.10.13
    #[test]
    fn text_is_escaped_and_made_fit_for_xml() {
        let body = encode_response(&Value::Text("<a>&\"'é\u{1b}[0m\0\u{ffff}\t\r\n\u{7f}".to_owned()));
        assert!(body.contains("<string>&lt;a&gt;&amp;\"'é\u{fffd}[0m\u{fffd}\u{fffd}\t\r\n\u{7f}</string>"), "{body}");
    }

    /// B1.9.5, B1.10.10
    #[test]
    fn wide_integers_stay_int() {
        assert!(encode_response(&Value::Int(3 << 30)).contains("<int>3221225472</int>"));
    }

    /// B2.2.4
    #[test]
    fn doubles_look_as_in_python() {
        let cases = [(1.5, "1.5"), (1.0, "1.0"), (0.0, "0.0"), (-0.0, "-0.0"), (1e15, "1000000000000000.0")];
        let more =
            [(1e16, "1e+16"), (1.25e-5, "1.25e-05"), (0.0001, "0.0001"), (1e100, "1e+100"), (f64::INFINITY, "inf")];
        for (value, text) in cases.into_iter().chain(more) {
            assert_eq!(double_text(value), text);
        }
    }
}
