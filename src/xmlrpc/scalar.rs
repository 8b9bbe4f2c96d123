//! The texts inside `<int>`, `<double>`, `<dateTime.iso8601>` and `<base64>`,
//! read as Python reads them (B2.1.9). Knows no XML.

use super::decode::refuse;
use super::{DecodeError, Value};

/// Digits that always fit 64 bits.
const PLAIN_DIGITS: usize = 18;

const NO_NUMBER: &str = "an <int> that is no number";

/// An integer as `int()` takes it: blanks around, a sign, single underscores
/// between digits, any width.
pub(super) fn int(text: &str) -> Result<Value, DecodeError> {
    // nearly every number is a few plain digits
    if (1..=PLAIN_DIGITS).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().map(Value::Int).or_else(|_| refuse(NO_NUMBER));
    }
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let digits = without_underscores(digits)?;
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return refuse(NO_NUMBER);
    }
    let sign = if text.starts_with('-') { "-" } else { "" };
    let shown = format!("{sign}{}", digits.trim_start_matches('0'));
    // Only zeros leave no digit.
    let number = if shown == sign { Ok(0) } else { shown.parse() };
    Ok(number.map_or(Value::Wide(shown), Value::Int))
}

/// A number as `float()` takes it; `inf` and `nan` are numbers there.
pub(super) fn double(text: &str) -> Result<f64, DecodeError> {
    let text = without_underscores(text.trim())?;
    text.parse().or_else(|_| refuse("a <double> that is no number"))
}

/// Checks the one form that upstream reads, `20260102T03:04:05`, to the day of
/// the month.
pub(super) fn date_time(text: &str) -> Result<String, DecodeError> {
    let bad = DecodeError::Unmarshallable("a <dateTime.iso8601> that is no time");
    let shape = text.bytes().map(|b| if b.is_ascii_digit() { b'0' } else { b });
    if !shape.eq(*b"00000000T00:00:00") {
        return Err(bad);
    }
    let number = |from: usize, to: usize| text.get(from..to).and_then(|part| part.parse::<u32>().ok());
    let (Some(year), Some(month), Some(day)) = (number(0, 4), number(4, 6), number(6, 8)) else { return Err(bad) };
    let (Some(hour), Some(minute), Some(second)) = (number(9, 11), number(12, 14), number(15, 17)) else {
        return Err(bad);
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    let real = year > 0 && (1..=days).contains(&day) && hour < 24 && minute < 60 && second < 60;
    if real { Ok(text.to_owned()) } else { Err(bad) }
}

/// Base64 as `binascii` reads it: foreign bytes are skipped, the first full
/// padding ends it. Upstream makes a string of the bytes, so they are UTF-8.
pub(super) fn base64(text: &str) -> Result<String, DecodeError> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut filled, mut pads) = (0_u32, 0_u32, 0_u32);
    for byte in text.bytes() {
        if byte == b'=' {
            pads += 1;
            if filled >= 2 && filled + pads >= 4 {
                filled = 0;
                break;
            }
            continue;
        }
        let Some(six) = sextet(byte) else { continue };
        pads = 0;
        bits = (bits << 6 | six) & 0x00ff_ffff;
        filled = (filled + 1) % 4;
        match filled {
            1 => {}
            2 => bytes.push((bits >> 4 & 0xff) as u8),
            3 => bytes.push((bits >> 2 & 0xff) as u8),
            _ => bytes.push((bits & 0xff) as u8),
        }
    }
    if filled != 0 {
        return refuse("a <base64> that is cut");
    }
    String::from_utf8(bytes).or_else(|_| refuse("a <base64> that is no UTF-8"))
}

fn sextet(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

/// Python lets single underscores stand between digits.
fn without_underscores(text: &str) -> Result<String, DecodeError> {
    let mut before = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
        if c == '_' && !(digit(before) && digit(chars.peek().copied())) {
            return refuse("an underscore outside a number");
        }
        before = Some(c);
    }
    Ok(text.replace('_', ""))
}

#[cfg(test)]
mod tests {
    use super::{base64, date_time, double, int};
    use crate::xmlrpc::Value;

    /// B2.1.9
    #[test]
    fn integers_are_what_pythons_int_takes() {
        assert_eq!(int(" 12 "), Ok(Value::Int(12)));
        assert_eq!(int("-12"), Ok(Value::Int(-12)));
        assert_eq!(int("007"), Ok(Value::Int(7)));
        assert_eq!(int("999999999999999999"), Ok(Value::Int(999_999_999_999_999_999)));
        assert_eq!(int("9223372036854775807"), Ok(Value::Int(i64::MAX)));
        assert_eq!(int("9223372036854775808"), Ok(Value::Wide("9223372036854775808".to_owned())));
        assert_eq!(int("+1_0"), Ok(Value::Int(10)));
        assert_eq!(int("-9223372036854775808"), Ok(Value::Int(i64::MIN)));
        for bad in ["", " ", "x", "1.5", "--1", "1__0", "_1", "1_", "0x10", "1 2"] {
            assert!(int(bad).is_err(), "{bad:?}");
        }
    }

    /// B2.1.9
    #[test]
    fn integers_too_wide_for_us_keep_their_digits() {
        let wide = |digits: &str| Ok(Value::Wide(digits.to_owned()));
        assert_eq!(int(" +0099_999999999999999999 "), wide("99999999999999999999"));
        assert_eq!(int("-9223372036854775809"), wide("-9223372036854775809"));
        assert_eq!(int(&format!("-{}", "9".repeat(100))), wide(&format!("-{}", "9".repeat(100))));
        assert_eq!(int(&"0".repeat(100)), Ok(Value::Int(0)));
    }

    /// B2.1.9
    #[test]
    fn doubles_are_what_pythons_float_takes() {
        assert_eq!(double(" 1.50\n"), Ok(1.5));
        assert_eq!(double("1_0e1_0"), Ok(10e10));
        assert_eq!(double("-Infinity"), Ok(f64::NEG_INFINITY));
        for bad in ["", "x", "1,5", "1_.5", "e5", "."] {
            assert!(double(bad).is_err(), "{bad:?}");
        }
    }

    /// B2.1.9
    #[test]
    fn times_have_one_form_and_must_exist() {
        assert_eq!(date_time("20240229T23:59:59").as_deref(), Ok("20240229T23:59:59"));
        let bad = ["", "2026-01-02T03:04:05Z", "20260102T030405", "20260102T24:00:00", "20250229T00:00:00"];
        for bad in
            bad.into_iter().chain(["20261301T00:00:00", "00000101T00:00:00", "20260102T03:04:60", "2026010éT0:04:05"])
        {
            assert!(date_time(bad).is_err(), "{bad:?}");
        }
    }

    /// B2.1.9, B1.6.25; the cases and their outcomes are those of `binascii`.
    #[test]
    fn base64_skips_junk_and_must_be_utf8() {
        let good = [
            ("", ""),
            ("!!!", ""),
            ("aGk=", "hi"),
            ("aG k\n=", "hi"),
            ("aGk=junk", "hi"),
            ("4oKs", "€"),
            ("=aGk=", "hi"),
        ];
        for (text, bytes) in good {
            assert_eq!(base64(text).as_deref(), Ok(bytes), "{text:?}");
        }
        for bad in ["a", "aG", "aGk", "aG=k", "//79"] {
            assert!(base64(bad).is_err(), "{bad:?}");
        }
    }
}
