//! Percent coding of paths, queries and form bodies. Knows no route.

use std::borrow::Cow;

/// The most fields of a form that are looked at; the rest is ignored.
const MAX_FIELDS: usize = 64;

/// A path as meant: `%XX` replaced, bytes that are not UTF-8 shown as U+FFFD.
/// A `%` without two digits stays as it is (B2.4.7).
pub(super) fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return text.into();
    }
    String::from_utf8_lossy(&decode_bytes(text.as_bytes(), false)).into_owned().into()
}

/// Text for a link: everything but letters, digits and `_.-~/` as `%XX`.
pub(super) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"_.-~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The values a page is asked with: those of the query, overridden by those of
/// an url-encoded body. Of a repeated key the query's first and the body's last
/// counts; blank values count as missing (B2.11.1).
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads both sources.
    pub(super) fn read(query: Option<&str>, body: &[u8]) -> Self {
        let mut fields: Vec<(String, String)> = Vec::new();
        for (key, value) in pairs(query.unwrap_or_default().as_bytes()) {
            if !fields.iter().any(|(known, _)| *known == key) {
                fields.push((key, value));
            }
        }
        for (key, value) in pairs(body) {
            match fields.iter_mut().find(|(known, _)| *known == key) {
                Some(field) => field.1 = value,
                None => fields.push((key, value)),
            }
        }
        Self(fields)
    }

    /// The value of `key`, never empty.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }
}

fn pairs(bytes: &[u8]) -> impl Iterator<Item = (String, String)> + '_ {
    bytes.split(|byte| *byte == b'&').take(MAX_FIELDS).filter_map(|pair| {
        let cut = pair.iter().position(|byte| *byte == b'=')?;
        let (key, value) = pair.split_at_checked(cut)?;
        let value = value.get(1..).filter(|value| !value.is_empty())?;
        let text = |bytes| String::from_utf8_lossy(&decode_bytes(bytes, true)).into_owned();
        Some((text(key), text(value)))
    })
}

fn decode_bytes(mut bytes: &[u8], plus_is_blank: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    while let Some((first, rest)) = bytes.split_first() {
        bytes = rest;
        match first {
            b'%' => match rest.first_chunk::<2>().and_then(|digits| hex_byte(*digits)) {
                Some(byte) => {
                    out.push(byte);
                    bytes = rest.get(2..).unwrap_or_default();
                }
                None => out.push(b'%'),
            },
            b'+' if plus_is_blank => out.push(b' '),
            other => out.push(*other),
        }
    }
    out
}

fn hex_byte([high, low]: [u8; 2]) -> Option<u8> {
    let high = char::from(high).to_digit(16)?;
    let low = char::from(low).to_digit(16)?;
    u8::try_from(high * 16 + low).ok()
}

#[cfg(test)]
mod tests {
    use super::{Form, decode, encode};

    /// B2.4.7
    #[test]
    fn paths_are_decoded_and_stray_percent_signs_kept() {
        assert_eq!(decode("/%52PC2"), "/RPC2");
        assert_eq!(decode("/logtail/caf%C3%A9%3a0"), "/logtail/café:0");
        assert_eq!(decode("/a%2Gb%4"), "/a%2Gb%4");
        assert_eq!(decode("/a+b%ff"), "/a+b\u{fffd}");
    }

    /// B2.11.5
    #[test]
    fn links_are_encoded_as_upstream_does() {
        assert_eq!(encode("grp:a_0.b-c~d/é *"), "grp%3Aa_0.b-c~d/%C3%A9%20%2A");
        let every: String = ('\0'..='\u{3ff}').collect();
        assert_eq!(decode(&encode(&every)), every);
    }

    /// B2.11.1
    #[test]
    fn the_body_overrides_the_query_and_blanks_are_missing() {
        let form = Form::read(Some("a=1&a=2&b=&c=x+y&d"), b"c=3&c=4&e=%26");
        assert_eq!(form.get("a"), Some("1"));
        assert_eq!(form.get("b"), None);
        assert_eq!(form.get("c"), Some("4"));
        assert_eq!(form.get("d"), None);
        assert_eq!(form.get("e"), Some("&"));
        assert_eq!(Form::read(Some("c=x+y"), b"").get("c"), Some("x y"));
    }
}
