//! Takes ANSI control sequences out of a child's output (`strip_ansi`, A5.27).
//!
//! Knows the whole grammar of CSI sequences (`ESC [`, parameters, intermediates,
//! one final byte) and remembers between chunks where it stands. Other escapes,
//! such as `ESC ]`, are left alone as upstream leaves them.

use memchr::memchr;
use std::borrow::Cow;

const ESC: u8 = 0x1b;

/// Where in a sequence the last chunk ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Place {
    #[default]
    Text,
    /// After an ESC that may begin a sequence.
    Escape,
    /// Among the parameters or intermediates of one.
    Sequence,
}

/// One stream's filter.
#[derive(Debug, Clone, Default)]
pub struct Stripper {
    place: Place,
}

impl Stripper {
    /// `chunk` without control sequences. An ESC at its end is kept back until
    /// the next chunk tells what it was.
    #[must_use]
    pub fn strip<'a>(&mut self, chunk: &'a [u8]) -> Cow<'a, [u8]> {
        // most chunks have none, and may go on as they are
        if self.place == Place::Text && memchr(ESC, chunk).is_none() {
            return chunk.into();
        }
        let mut out = Vec::with_capacity(chunk.len());
        for &byte in chunk {
            match (self.place, byte) {
                (Place::Text, ESC) => self.place = Place::Escape,
                (Place::Text, _) => out.push(byte),
                (Place::Escape, b'[') => self.place = Place::Sequence,
                (Place::Escape, ESC) => out.push(ESC),
                (Place::Escape, _) => {
                    out.extend([ESC, byte]);
                    self.place = Place::Text;
                }
                (Place::Sequence, 0x20..=0x3f) => {}
                (Place::Sequence, 0x40..=0x7e) => self.place = Place::Text,
                (Place::Sequence, ESC) => self.place = Place::Escape,
                // not a sequence after all: from here on it is text again
                (Place::Sequence, _) => {
                    out.push(byte);
                    self.place = Place::Text;
                }
            }
        }
        out.into()
    }

    /// What was kept back, when no more will come.
    #[must_use]
    pub fn finish(&mut self) -> Vec<u8> {
        match std::mem::take(&mut self.place) {
            Place::Escape => vec![ESC],
            Place::Text | Place::Sequence => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Stripper;
    use std::borrow::Cow;

    /// The output for each way to cut the input in two, which must not differ.
    fn strip(input: &[u8]) -> String {
        let cut = |at: usize| {
            let mut stripper = Stripper::default();
            let mut out = stripper.strip(&input[..at]).into_owned();
            out.extend_from_slice(&stripper.strip(&input[at..]));
            out.extend(stripper.finish());
            String::from_utf8(out).unwrap()
        };
        let whole = cut(0);
        for at in 1..=input.len() {
            assert_eq!(cut(at), whole, "cut at {at}");
        }
        whole
    }

    /// A5.27
    #[test]
    fn colours_go_and_text_stays() {
        assert_eq!(strip(b"\x1b[01;31mred\x1b[0m and \x1b[Kplain\n"), "red and plain\n");
        assert_eq!(strip(b"\x1b[mx"), "x");
    }

    #[test]
    fn text_is_not_copied() {
        let mut stripper = Stripper::default();
        assert!(matches!(stripper.strip(b"plain\n"), Cow::Borrowed(b"plain\n")));
        assert_eq!(stripper.strip(b"red\x1b[0"), b"red".as_slice());
        assert_eq!(stripper.strip(b"1;3"), b"".as_slice(), "still in the sequence");
    }

    /// A5.27: upstream knows only some final bytes and eats text up to the next.
    #[test]
    fn every_final_byte_ends_a_sequence() {
        assert_eq!(strip(b"a\x1b[10Gb\x1b[?25lc\x1b[1 qd\x1b[2~e"), "abcde");
    }

    /// A5.27
    #[test]
    fn other_escapes_are_left_alone() {
        assert_eq!(strip(b"\x1b]0;title\x07\x1bMx\x1b"), "\x1b]0;title\x07\x1bMx\x1b");
        assert_eq!(strip(b"\x1b\x1b[1mx"), "\x1bx");
    }

    #[test]
    fn a_broken_sequence_eats_no_text() {
        assert_eq!(strip(b"\x1b[31\ntext"), "\ntext");
        assert_eq!(strip("\x1b[1é".as_bytes()), "é");
        assert_eq!(strip(b"\x1b[1\x1b[2mx"), "x");
        assert_eq!(strip(b"end\x1b[1"), "end");
    }
}
