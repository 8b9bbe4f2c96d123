//! Whole numbers as Python's `int()` reads them (A3.1). Nothing else.

/// Code points of every decimal zero that `int()` knows; nine digits follow each.
const ZEROS: [u32; 66] = [
    0x30, 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xde6, 0xe50, 0xed0,
    0xf20, 0x1040, 0x1090, 0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40, 0x1c50, 0xa620,
    0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10, 0x104a0, 0x10d30, 0x11066, 0x110f0, 0x11136, 0x111d0,
    0x112f0, 0x11450, 0x114d0, 0x11650, 0x116c0, 0x11730, 0x118e0, 0x11950, 0x11c50, 0x11d50, 0x11da0, 0x16a60,
    0x16ac0, 0x16b50, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e140, 0x1e2f0, 0x1e950, 0x1fbf0,
];

/// What Python calls white space: Unicode's, and the four separators of ASCII.
#[must_use]
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// `str.strip()`
#[must_use]
pub fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// Reads `text` as `int(text)` does: blanks around, a sign, single underscores
/// between digits. Beyond 64 bits the nearest end stands for the number.
#[must_use]
pub fn integer(text: &str) -> Option<i64> {
    let (negative, body) = sign(strip(text));
    digits(body, 10).map(|magnitude| signed(negative, magnitude))
}

/// Reads `text` as `int(text, 8)` does: the same, and `0o` may lead.
#[must_use]
pub fn octal(text: &str) -> Option<i64> {
    let (negative, body) = sign(strip(text));
    let body = match body.strip_prefix("0o").or_else(|| body.strip_prefix("0O")) {
        Some(rest) => rest.strip_prefix('_').unwrap_or(rest),
        None => body,
    };
    digits(body, 8).map(|magnitude| signed(negative, magnitude))
}

fn sign(text: &str) -> (bool, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

fn signed(negative: bool, magnitude: i64) -> i64 {
    if negative { -magnitude } else { magnitude }
}

fn digits(body: &str, base: u32) -> Option<i64> {
    let mut total: i64 = 0;
    let mut after_digit = false;
    for c in body.chars() {
        if c == '_' && after_digit {
            after_digit = false;
            continue;
        }
        let digit = digit(c).filter(|digit| *digit < base)?;
        total = total.saturating_mul(i64::from(base)).saturating_add(i64::from(digit));
        after_digit = true;
    }
    after_digit.then_some(total)
}

fn digit(c: char) -> Option<u32> {
    let code = u32::from(c);
    let zero = *ZEROS.iter().rev().find(|zero| **zero <= code)?;
    (code - zero < 10).then_some(code - zero)
}

#[cfg(test)]
mod tests {
    use super::{integer, octal};

    /// A3.1
    #[test]
    fn numbers_are_read_as_pythons_int_does() {
        for (text, number) in [("5", 5), (" 7\n", 7), ("+1", 1), ("-3", -3), ("1_0", 10), ("007", 7), ("٣", 3)] {
            assert_eq!(integer(text), Some(number), "{text:?}");
        }
        for text in ["", " ", "1.5", "0x10", "1__0", "_1", "1_", "--1", "- 1", "1 0", "²"] {
            assert_eq!(integer(text), None, "{text:?}");
        }
        assert_eq!(integer("99999999999999999999"), Some(i64::MAX));
    }

    /// A3.1
    #[test]
    fn octal_numbers_may_carry_pythons_prefix() {
        for text in ["22", "022", "0o22", "0O22", "0o_22", " 2_2 "] {
            assert_eq!(octal(text), Some(0o22), "{text:?}");
        }
        for text in ["9", "0x1", "", "0o", "o22", "0o__22"] {
            assert_eq!(octal(text), None, "{text:?}");
        }
    }
}
