//! One directive of a format: flags, width, precision and what they do to a
//! text or a number, as in Python (A2.55).

use super::MAX_WIDTH;
use crate::model::py_repr;

/// What stands between `%` and the type.
#[derive(Debug, Default)]
pub(super) struct Spec {
    pub(super) left: bool,
    pub(super) plus: bool,
    pub(super) blank: bool,
    pub(super) alternate: bool,
    pub(super) zero: bool,
    pub(super) width: usize,
    pub(super) precision: Option<usize>,
}

/// The reason a directive without a name is refused. Python would print the
/// whole mapping for `s`, `r` and `a` (A2.59), which nobody can want.
pub(super) fn nameless(kind: char, index: usize) -> String {
    match kind {
        's' | 'r' | 'a' => "a name in parentheses must follow the percent sign".to_owned(),
        'c' => "%c requires int or char".to_owned(),
        other => wrong_type(other, "dict", index),
    }
}

fn wrong_type(kind: char, given: &str, index: usize) -> String {
    match kind {
        'd' | 'i' | 'u' => format!("%{kind} format: a real number is required, not {given}"),
        'o' | 'x' | 'X' => format!("%{kind} format: an integer is required, not {given}"),
        'e' | 'E' | 'f' | 'F' | 'g' | 'G' => format!("must be real number, not {given}"),
        other => unsupported(other, index),
    }
}

fn unsupported(kind: char, index: usize) -> String {
    let shown = if ('\u{1f}'..='~').contains(&kind) { kind } else { '?' };
    format!("unsupported format character '{shown}' (0x{:x}) at index {index}", u32::from(kind))
}

impl Spec {
    /// A width from `*`: negative ones align to the left.
    pub(super) fn signed_width(&mut self, width: i64) -> usize {
        self.left |= width < 0;
        usize::try_from(width.unsigned_abs()).unwrap_or(usize::MAX)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let fits = self.width <= MAX_WIDTH && self.precision.unwrap_or(0) <= MAX_WIDTH;
        if fits { Ok(()) } else { Err("width too big".to_owned()) }
    }

    pub(super) fn text(&self, kind: char, text: &str, index: usize) -> Result<String, String> {
        let shown = match kind {
            's' => text.to_owned(),
            'r' => py_repr(text),
            'a' => ascii(text),
            'c' if text.chars().count() == 1 => return Ok(self.pad("", "", text.to_owned())),
            'c' => return Err("%c requires int or char".to_owned()),
            other => return Err(wrong_type(other, "str", index)),
        };
        Ok(self.cut(shown))
    }

    pub(super) fn number(&self, kind: char, number: i64, index: usize) -> Result<String, String> {
        let magnitude = number.unsigned_abs();
        let (prefix, digits) = match kind {
            's' | 'r' | 'a' => return Ok(self.cut(number.to_string())),
            'c' => return self.character(number),
            'd' | 'i' | 'u' => ("", magnitude.to_string()),
            'o' => ("0o", format!("{magnitude:o}")),
            'x' => ("0x", format!("{magnitude:x}")),
            'X' => ("0X", format!("{magnitude:X}")),
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' => ("", self.float(kind, magnitude)),
            other => return Err(unsupported(other, index)),
        };
        let whole = matches!(kind, 'd' | 'i' | 'u' | 'o' | 'x' | 'X');
        let least = if whole { self.precision.unwrap_or(0) } else { 0 };
        let digits = format!("{}{digits}", "0".repeat(least.saturating_sub(digits.len())));
        let sign = match number < 0 {
            true => "-",
            false if self.plus => "+",
            false if self.blank => " ",
            false => "",
        };
        Ok(self.pad_number(sign, if self.alternate { prefix } else { "" }, digits))
    }

    fn character(&self, number: i64) -> Result<String, String> {
        let c = u32::try_from(number).ok().and_then(char::from_u32);
        let c = c.ok_or_else(|| "%c arg not in range(0x110000)".to_owned())?;
        Ok(self.pad("", "", c.to_string()))
    }

    fn cut(&self, text: String) -> String {
        let text = match self.precision {
            Some(most) => text.chars().take(most).collect(),
            None => text,
        };
        self.pad("", "", text)
    }

    /// Zeros go between sign and digits, and win over blanks on the left only.
    fn pad_number(&self, sign: &str, prefix: &str, digits: String) -> String {
        let length = sign.len() + prefix.len() + digits.len();
        if self.zero && !self.left && self.width > length {
            return format!("{sign}{prefix}{}{digits}", "0".repeat(self.width - length));
        }
        self.pad(sign, prefix, digits)
    }

    fn pad(&self, sign: &str, prefix: &str, body: String) -> String {
        let text = format!("{sign}{prefix}{body}");
        let blanks = " ".repeat(self.width.saturating_sub(text.chars().count()));
        if self.left { text + &blanks } else { blanks + &text }
    }

    /// A whole number as a float; the sign is the caller's.
    fn float(&self, kind: char, magnitude: u64) -> String {
        #[allow(clippy::cast_precision_loss, reason = "Python rounds to a double here, too")]
        let value = magnitude as f64;
        let precision = self.precision.unwrap_or(6);
        let text = match kind.to_ascii_lowercase() {
            'f' => self.fixed(value, precision),
            'e' => self.scientific(value, precision),
            _ => self.general(value, precision.max(1)),
        };
        if kind.is_ascii_uppercase() { text.to_uppercase() } else { text }
    }

    fn fixed(&self, value: f64, precision: usize) -> String {
        let point = if self.alternate && precision == 0 { "." } else { "" };
        format!("{value:.precision$}{point}")
    }

    fn scientific(&self, value: f64, precision: usize) -> String {
        let text = format!("{value:.precision$e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let point = if self.alternate && precision == 0 { "." } else { "" };
        format!("{digits}{point}e+{exponent:0>2}")
    }

    fn general(&self, value: f64, precision: usize) -> String {
        let text = format!("{value:.*e}", precision - 1);
        let exponent: usize = text.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
        if exponent < precision {
            let text = self.fixed(value, precision - 1 - exponent);
            return if self.alternate { text } else { without_trailing_zeros(&text) };
        }
        let text = self.scientific(value, precision - 1);
        match (self.alternate, text.split_once('e')) {
            (false, Some((digits, exponent))) => format!("{}e{exponent}", without_trailing_zeros(digits)),
            _ => text,
        }
    }
}

fn without_trailing_zeros(text: &str) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text.to_owned() }
}

/// `repr()` with everything beyond ASCII escaped.
fn ascii(text: &str) -> String {
    let mut out = String::new();
    for c in py_repr(text).chars() {
        match u32::from(c) {
            0..0x80 => out.push(c),
            code @ 0x80..=0xff => out.push_str(&format!("\\x{code:02x}")),
            code @ 0x100..=0xffff => out.push_str(&format!("\\u{code:04x}")),
            code => out.push_str(&format!("\\U{code:08x}")),
        }
    }
    out
}
