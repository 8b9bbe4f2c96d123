//! From values to bytes: what Python's `xmlrpc.client.dumps` writes, to the
//! line end (B2.2.2–B2.2.5). Decides nothing about what is worth sending.

use super::wellformed::is_xml_char;
use super::{Value, WireFault};

/// What envelope and tags of a small answer come to.
const SMALL: usize = 512;

const RESPONSE: &str = "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n";
const RESPONSE_END: &str = "</param>\n</params>\n</methodResponse>\n";
const FAULT: &str = "<?xml version='1.0'?>\n<methodResponse>\n<fault>\n";
const FAULT_END: &str = "</fault>\n</methodResponse>\n";

/// A `<methodResponse>` with a value (B2.2.2).
#[must_use]
pub fn encode_response(value: &Value) -> String {
    let mut response = Encoder::response(size_of_value(value));
    response.value(value);
    response.finish()
}

/// A `<methodResponse>` with a fault (B2.2.3).
#[must_use]
pub fn encode_fault(fault: &WireFault) -> String {
    let mut encoder = Encoder { out: String::with_capacity(SMALL + fault.text.len()) };
    encoder.out.push_str(FAULT);
    encoder.value(&fault.to_value());
    encoder.out.push_str(FAULT_END);
    encoder.out
}

/// A `<methodCall>`.
#[must_use]
pub fn encode_call(method: &str, params: &[Value]) -> String {
    let mut encoder = Encoder { out: String::with_capacity(SMALL + params.iter().map(size_of_value).sum::<usize>()) };
    encoder.out.push_str("<?xml version='1.0'?>\n<methodCall>\n<methodName>");
    push_text(&mut encoder.out, method);
    encoder.out.push_str("</methodName>\n<params>\n");
    for param in params {
        encoder.out.push_str("<param>\n");
        encoder.value(param);
        encoder.out.push_str("</param>\n");
    }
    encoder.out.push_str("</params>\n</methodCall>\n");
    encoder.out
}

/// The name of a member with the tags around it: it is ours, so there is nothing in
/// it to escape, and all of it is known before the program runs. `key!` makes one.
#[derive(Debug, Clone, Copy)]
pub struct Key(pub(crate) &'static str);

/// Makes a `Key` of a name.
macro_rules! key {
    ($name:literal) => {
        $crate::xmlrpc::Key(concat!("<member>\n<name>", $name, "</name>\n"))
    };
}
pub(crate) use key;

/// A response that is written value by value, for answers too large to be built
/// first: to have a million values in memory takes longer than to write them.
#[derive(Debug)]
pub struct Encoder {
    out: String,
}

impl Encoder {
    /// A response whose value is about to be written; `size` is a guess at its bytes.
    #[must_use]
    pub fn response(size: usize) -> Self {
        Self::response_in(String::new(), size)
    }

    /// The same in a text that is empty but may have room.
    #[must_use]
    pub fn response_in(mut room: String, size: usize) -> Self {
        room.reserve(SMALL + size);
        room.push_str(RESPONSE);
        Self { out: room }
    }

    /// Bytes written so far.
    #[expect(clippy::len_without_is_empty, reason = "there always is a beginning")]
    #[must_use]
    pub fn len(&self) -> usize {
        self.out.len()
    }

    /// The whole response.
    #[must_use]
    pub fn finish(mut self) -> String {
        self.out.push_str(RESPONSE_END);
        self.out
    }

    /// Any value with its tags and the line end behind them (B2.2.4). Integers
    /// stay `<int>` at any width: Python and most clients read them, `<i8>` they
    /// do not know (B1.9.5).
    pub fn value(&mut self, value: &Value) {
        match value {
            Value::Int(number) => self.int(*number),
            Value::Wide(digits) => self.tagged("<value><int>", digits, "</int></value>\n"),
            Value::Bool(flag) => self.boolean(*flag),
            Value::Double(number) => self.tagged("<value><double>", &double_text(*number), "</double></value>\n"),
            Value::Text(text) => self.text(text),
            Value::DateTime(text) => {
                self.tagged("<value><dateTime.iso8601>", text, "</dateTime.iso8601></value>\n");
            }
            // Strict clients do not know <nil/> (B2.2.6).
            Value::Nil => self.text(""),
            Value::Array(items) => self.array(|to| items.iter().for_each(|item| to.value(item))),
            Value::Struct(members) => self.structure(|to| {
                for (name, value) in members {
                    to.out.push_str("<member>\n<name>");
                    push_text(&mut to.out, name);
                    to.out.push_str("</name>\n");
                    to.value(value);
                    to.out.push_str("</member>\n");
                }
            }),
        }
    }

    /// A `<string>`.
    pub fn text(&mut self, text: &str) {
        self.tagged("<value><string>", text, "</string></value>\n");
    }

    /// An `<int>`.
    pub fn int(&mut self, number: i64) {
        self.out.push_str("<value><int>");
        self.out.push_str(itoa::Buffer::new().format(number));
        self.out.push_str("</int></value>\n");
    }

    /// A `<boolean>`.
    pub fn boolean(&mut self, flag: bool) {
        let whole =
            if flag { "<value><boolean>1</boolean></value>\n" } else { "<value><boolean>0</boolean></value>\n" };
        self.out.push_str(whole);
    }

    /// An `<array>` of the values that `items` writes.
    pub fn array(&mut self, items: impl FnOnce(&mut Self)) {
        self.begin_array();
        items(self);
        self.end_array();
    }

    /// An `<array>` of the values that are written until [`Encoder::end_array`].
    pub fn begin_array(&mut self) {
        self.out.push_str("<value><array><data>\n");
    }

    /// The end of the array that was begun last.
    pub fn end_array(&mut self) {
        self.out.push_str("</data></array></value>\n");
    }

    /// A `<struct>` of the members that `members` writes.
    pub fn structure(&mut self, members: impl FnOnce(&mut Self)) {
        self.out.push_str("<value><struct>\n");
        members(self);
        self.out.push_str("</struct></value>\n");
    }

    /// A `<member>` with the one value that `value` writes.
    pub fn member(&mut self, key: Key, value: impl FnOnce(&mut Self)) {
        self.out.push_str(key.0);
        value(self);
        self.out.push_str("</member>\n");
    }

    fn tagged(&mut self, before: &str, text: &str, behind: &str) {
        self.out.push_str(before);
        push_text(&mut self.out, text);
        self.out.push_str(behind);
    }
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
    // Both languages print the fewest digits that read back the same. They differ
    // in when an exponent is used, in how it looks, and in the last digit when two
    // are equally near: exact printing rounds to the even one, as Python does.
    let shortest = format!("{value:e}");
    let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let behind_point = digits.bytes().filter(u8::is_ascii_digit).count().saturating_sub(1);
    if (-4..16).contains(&exponent) {
        let places = i32::try_from(behind_point).unwrap_or(0) - exponent;
        format!("{value:.*}", usize::try_from(places).unwrap_or(0).max(1))
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        let exact = format!("{value:.behind_point$e}");
        let digits = exact.split_once('e').map_or(digits, |(digits, _)| digits);
        format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
    }
}

/// Text with the three escapes that Python writes; characters that XML cannot
/// carry in any form become U+FFFD, so that every client can parse the answer
/// (B2.2.5, B1.10.12).
fn push_text(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = find_special(rest.as_bytes()) {
        let (plain, behind) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(plain);
        let mut chars = behind.chars();
        match chars.next() {
            Some('&') => out.push_str("&amp;"),
            Some('<') => out.push_str("&lt;"),
            Some('>') => out.push_str("&gt;"),
            Some(c) if is_xml_char(c) => out.push(c),
            Some(_) => out.push('\u{fffd}'),
            None => {}
        }
        rest = chars.as_str();
    }
    out.push_str(rest);
}

/// The first byte that may begin a character that is not written as it is. Looks
/// at a piece at a time without leaving it early, which compiles to vectors.
fn find_special(bytes: &[u8]) -> Option<usize> {
    const PIECE: usize = 16;
    let pieces = bytes.chunks_exact(PIECE);
    let has_special = |piece: &[u8]| piece.iter().fold(false, |found, byte| found | is_special(*byte));
    let plain = pieces.take_while(|piece| !has_special(piece)).count() * PIECE;
    let rest = bytes.get(plain..)?;
    rest.iter().position(|byte| is_special(*byte)).map(|at| plain + at)
}

/// One to escape, a control character, or U+FFFE and U+FFFF, which begin with 0xEF.
fn is_special(byte: u8) -> bool {
    (byte < b' ') | (byte == b'&') | (byte == b'<') | (byte == b'>') | (byte == 0xef)
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
        let long = "0123456789abcdef".repeat(3);
        let encoded = encode_response(&Value::Text(format!("{long}&{long}\u{feff}é{long}\u{fffe}")));
        assert!(encoded.contains(&format!("<string>{long}&amp;{long}\u{feff}é{long}\u{fffd}</string>")), "{encoded}");
        let body = encode_response(&Value::Text("<a>&\"'é\u{1b}[0m\0\u{ffff}\t\r\n\u{7f}".to_owned()));
        assert!(body.contains("<string>&lt;a&gt;&amp;\"'é\u{fffd}[0m\u{fffd}\u{fffd}\t\r\n\u{7f}</string>"), "{body}");
    }

    #[test]
    fn integers_have_all_their_digits() {
        for number in [0, 7, -7, 10, 1_000, i64::from(i32::MAX), i64::MAX, i64::MIN, -1_234_567_890_123] {
            assert!(encode_response(&Value::Int(number)).contains(&format!("<int>{number}</int>")));
        }
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
        let even =
            [(-1_401_799_856_198_349.0 / 8.0, "-175224982024793.62"), (9_007_199_254_740_993.0, "9007199254740992.0")];
        for (value, text) in cases.into_iter().chain(more).chain(even) {
            assert_eq!(double_text(value), text);
        }
    }
}
