//! A call as Python's client and our own write it, when nothing in it needs a
//! parser: the same tags and line ends each time, with plain texts between them.
//! Nearly all calls are such. Whatever looks otherwise is the decoder's, which
//! gives the same for these: the tests hold one against the other.

use super::{Call, Value};

/// Calls of more bytes are left to the decoder and its bounds.
const MOST_BYTES: usize = 4 << 10;

/// Digits that every reader takes for the same number.
const PLAIN_DIGITS: usize = 9;

const HEAD: &str = "<?xml version='1.0'?>\n<methodCall>\n<methodName>";
const PARAMS: &str = "</methodName>\n<params>\n";
const PARAM: &str = "<param>\n<value><";
const PARAM_END: &str = "></value>\n</param>\n";
const TAIL: &str = "</params>\n</methodCall>\n";

/// The call in `body` if it is a usual one.
pub(super) fn read(body: &[u8]) -> Option<Call> {
    if body.len() > MOST_BYTES {
        return None;
    }
    let text = std::str::from_utf8(body).ok()?.strip_prefix(HEAD)?;
    let (method, text) = plain(text)?;
    let mut rest = text.strip_prefix(PARAMS)?;
    let mut params = Vec::new();
    while let Some(text) = rest.strip_prefix(PARAM) {
        let (value, text) = value(text)?;
        params.push(value);
        rest = text.strip_prefix(PARAM_END)?;
    }
    (rest == TAIL && !method.is_empty()).then(|| Call { method: method.to_owned(), params })
}

/// A scalar between the brackets of its tags, and what is behind it.
fn value(text: &str) -> Option<(Value, &str)> {
    if let Some(text) = text.strip_prefix("string>") {
        let (string, rest) = plain(text)?;
        return Some((Value::Text(string.to_owned()), rest.strip_prefix("</string")?));
    }
    if let Some(text) = text.strip_prefix("boolean>") {
        let (flag, rest) = plain(text)?;
        return Some((Value::Bool(flag == "1"), rest.strip_prefix("</boolean")?));
    }
    let (digits, rest) = plain(text.strip_prefix("int>")?)?;
    let is_number = digits.len() <= PLAIN_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits.parse().ok().filter(|_| is_number)?;
    Some((Value::Int(number), rest.strip_prefix("</int")?))
}

/// What stands before the next tag, if it means what it says: ASCII without
/// controls, references and the end of a CDATA section.
fn plain(text: &str) -> Option<(&str, &str)> {
    let end = text.bytes().position(|byte| byte == b'<')?;
    let (plain, rest) = text.split_at_checked(end)?;
    plain.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'&' && byte != b']').then_some((plain, rest))
}

#[cfg(test)]
mod tests {
    use super::{MOST_BYTES, read};
    use crate::xmlrpc::decode::decode_any_call;
    use crate::xmlrpc::{Call, Value, encode_call};

    fn usual() -> Call {
        let params = ["up", "", " a:b, c "].map(|text| Value::Text(text.to_owned())).into_iter();
        let scalars = [Value::Int(0), Value::Int(12), Value::Bool(true), Value::Bool(false)];
        Call { method: "supervisor.startProcess".to_owned(), params: params.chain(scalars).collect() }
    }

    /// B2.1.9
    #[test]
    fn what_is_usual_is_read_as_the_decoder_reads_it() {
        let call = usual();
        for params in [&[][..], &call.params[..1], &call.params] {
            let body = encode_call(&call.method, params);
            let found = read(body.as_bytes());
            assert_eq!(found, Some(Call { method: call.method.clone(), params: params.to_vec() }));
            assert_eq!(found, decode_any_call(body.as_bytes()).ok());
        }
    }

    /// B2.1.3, B2.1.8, B2.1.11
    #[test]
    fn what_is_changed_in_a_usual_call_never_makes_a_difference() {
        let body = encode_call(&usual().method, &usual().params).into_bytes();
        let agree = |body: &[u8]| {
            let found = read(body);
            assert!(found.is_none() || found == decode_any_call(body).ok(), "{}", String::from_utf8_lossy(body));
            found.is_some()
        };
        let mut read_all_the_same = 0;
        for at in 0..body.len() {
            let (before, rest) = body.split_at(at);
            assert!(!agree(before));
            for other in [
                &b""[..],
                b"<",
                b">",
                b"&",
                b"]]>",
                b"/",
                b"9",
                b" ",
                b"\t",
                b"\r",
                b"\n",
                b"\0",
                b"\xff",
                "é".as_bytes(),
            ] {
                let inserted = [before, other, rest].concat();
                let replaced = [before, other, &rest[1..]].concat();
                read_all_the_same += usize::from(agree(&inserted)) + usize::from(agree(&replaced));
            }
        }
        assert!(read_all_the_same > 100, "texts may be any");
    }

    /// B2.1.6, B2.1.9, B2.1.13
    #[test]
    fn what_needs_a_closer_look_is_left_to_the_decoder() {
        let one = |value: Value| read(encode_call("m", &[value]).as_bytes());
        for value in [
            Value::Text("a & b".to_owned()),
            Value::Text("é".to_owned()),
            Value::Text("a\nb".to_owned()),
            Value::Int(-1),
            Value::Int(1_234_567_890),
            Value::Double(1.5),
            Value::Array(vec![]),
            Value::Text("x".repeat(MOST_BYTES)),
        ] {
            assert_eq!(one(value.clone()), None, "{value:?}");
        }
        assert_eq!(read(encode_call("", &[]).as_bytes()), None);
    }
}
