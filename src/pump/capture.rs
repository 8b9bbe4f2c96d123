//! Capture mode (A6.47–A6.53): finds the two tokens in a child's output and
//! keeps what stands between them. Knows nothing of logs or events.

use memchr::memmem;
use std::collections::VecDeque;

/// Begins a capture.
const BEGIN: &[u8] = b"<!--XSUPERVISOR:BEGIN-->";
/// Ends it.
const END: &[u8] = b"<!--XSUPERVISOR:END-->";

/// What a stretch of output is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Ordinary output.
    Plain(Vec<u8>),
    /// Output between the tokens.
    Inside(Vec<u8>),
    /// The end token: one capture is complete.
    End,
}

/// Splits a stream at the tokens, which may be cut anywhere by reads.
///
/// Only the token that can come next counts, the other one is data (A6.50).
/// Kept back is nothing but what may be the beginning of that token, so unlike
/// upstream a short output need not wait for a longer one (A6.49).
#[derive(Debug, Default)]
pub struct Scanner {
    held: Vec<u8>,
    inside: bool,
}

impl Scanner {
    /// The pieces that `chunk` completes, none of them empty.
    #[must_use]
    pub fn feed(&mut self, chunk: &[u8]) -> Vec<Piece> {
        let mut data = std::mem::take(&mut self.held);
        data.extend_from_slice(chunk);
        let mut rest = data.as_slice();
        let mut pieces = Vec::new();
        loop {
            let token = if self.inside { END } else { BEGIN };
            let Some((before, after)) = split_at_token(rest, token) else {
                let (ready, held) = rest.split_at(rest.len() - prefix_at_end(rest, token));
                self.push(&mut pieces, ready);
                self.held = held.to_vec();
                return pieces;
            };
            self.push(&mut pieces, before);
            if self.inside {
                pieces.push(Piece::End);
            }
            self.inside = !self.inside;
            rest = after;
        }
    }

    /// What was kept back, when no more will come; an open capture stays
    /// unfinished (A6.52).
    #[must_use]
    pub fn finish(&mut self) -> Vec<Piece> {
        let held = std::mem::take(&mut self.held);
        let mut pieces = Vec::new();
        self.push(&mut pieces, &held);
        self.inside = false;
        pieces
    }

    fn push(&self, pieces: &mut Vec<Piece>, bytes: &[u8]) {
        if !bytes.is_empty() {
            pieces.push(if self.inside { Piece::Inside(bytes.to_vec()) } else { Piece::Plain(bytes.to_vec()) });
        }
    }
}

/// The last bytes of a capture, at most so many (A6.51).
#[derive(Debug)]
pub struct Captured {
    bytes: VecDeque<u8>,
    max: usize,
}

impl Captured {
    /// An empty buffer for at most `max` bytes.
    #[must_use]
    pub fn new(max: usize) -> Self {
        Self { bytes: VecDeque::new(), max }
    }

    /// Appends, dropping the oldest bytes beyond the bound.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
        self.bytes.drain(..self.bytes.len().saturating_sub(self.max));
    }

    /// Takes everything out.
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes).into()
    }
}

fn split_at_token<'a>(data: &'a [u8], token: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = memmem::find(data, token)?;
    Some((data.get(..at)?, data.get(at + token.len()..)?))
}

/// The length of the longest end of `data` that `token` begins with.
fn prefix_at_end(data: &[u8], token: &[u8]) -> usize {
    (1..token.len()).rev().find(|n| token.get(..*n).is_some_and(|prefix| data.ends_with(prefix))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{Captured, Piece, Scanner};

    /// What is plain and what each capture holds; the last is unfinished unless
    /// empty.
    type Sorted = (String, Vec<String>);

    fn sort(pieces: impl IntoIterator<Item = Piece>) -> Sorted {
        let (mut plain, mut captures) = (String::new(), vec![String::new()]);
        for piece in pieces {
            match piece {
                Piece::Plain(bytes) => plain.push_str(&String::from_utf8(bytes).unwrap()),
                Piece::Inside(bytes) => captures.last_mut().unwrap().push_str(&String::from_utf8(bytes).unwrap()),
                Piece::End => captures.push(String::new()),
            }
        }
        (plain, captures)
    }

    /// The pieces for each way to cut the input in two, which must not differ.
    fn scan(input: &str) -> Sorted {
        let cut = |at: usize| {
            let mut scanner = Scanner::default();
            let mut pieces = scanner.feed(&input.as_bytes()[..at]);
            pieces.extend(scanner.feed(&input.as_bytes()[at..]));
            pieces.extend(scanner.finish());
            sort(pieces)
        };
        let whole = cut(0);
        for at in 1..=input.len() {
            assert_eq!(cut(at), whole, "cut at {at}");
        }
        let mut scanner = Scanner::default();
        let mut pieces: Vec<_> = input.bytes().flat_map(|byte| scanner.feed(&[byte])).collect();
        pieces.extend(scanner.finish());
        assert_eq!(sort(pieces), whole, "byte by byte");
        whole
    }

    fn sorted(plain: &str, captures: &[&str]) -> Sorted {
        (plain.to_owned(), captures.iter().map(|&c| c.to_owned()).collect())
    }

    /// A6.47, A6.48
    #[test]
    fn what_stands_between_the_tokens_is_captured() {
        let text =
            "a\n<!--XSUPERVISOR:BEGIN-->one<!--XSUPERVISOR:END-->b<!--XSUPERVISOR:BEGIN--><!--XSUPERVISOR:END-->c";
        assert_eq!(scan(text), sorted("a\nbc", &["one", "", ""]));
    }

    /// A6.49
    #[test]
    fn a_short_output_waits_for_nothing() {
        let mut scanner = Scanner::default();
        assert_eq!(scanner.feed(b"bye\n"), [Piece::Plain(b"bye\n".to_vec())]);
        assert_eq!(scanner.feed(b"<!--XS"), []);
        assert_eq!(scanner.finish(), [Piece::Plain(b"<!--XS".to_vec())]);
    }

    /// A6.50
    #[test]
    fn the_other_token_is_data() {
        let text = "<!--XSUPERVISOR:END-->x<!--XSUPERVISOR:BEGIN-->y<!--XSUPERVISOR:BEGIN-->z<!--XSUPERVISOR:END-->";
        assert_eq!(scan(text), sorted("<!--XSUPERVISOR:END-->x", &["y<!--XSUPERVISOR:BEGIN-->z", ""]));
    }

    #[test]
    fn almost_a_token_is_text() {
        let text = "<!--XSUPERVISOR:BEG<!--XSUPERVISOR:BEGIN-><<!--XSUPERVISOR:BEGIN-->";
        assert_eq!(scan(text), sorted("<!--XSUPERVISOR:BEG<!--XSUPERVISOR:BEGIN-><", &[""]));
    }

    /// A6.52
    #[test]
    fn an_unfinished_capture_never_ends() {
        assert_eq!(scan("<!--XSUPERVISOR:BEGIN-->half<!--XSUP"), sorted("", &["half<!--XSUP"]));
    }

    /// A6.51, A7.55
    #[test]
    fn a_capture_keeps_its_last_bytes() {
        let mut captured = Captured::new(10);
        captured.push(b"0123456789abcdef");
        captured.push(b"X");
        assert_eq!(captured.take(), b"789abcdefX");
        captured.push(b"new");
        assert_eq!(captured.take(), b"new");
    }
}
