//! The head of a request on its way to hyper, which gets one head at a time.
//!
//! Joins folded header lines, and refuses what a proxy in front may have read as
//! something else: a line that ends in a bare LF. Says where the head ends, so
//! that nothing behind it is looked at. Knows no socket; any cut of the input
//! into pieces gives the same output.

use super::limits::HEAD_BYTES;
use hyper::StatusCode;
use memchr::memchr2;

/// How far into a head the input is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum At {
    /// Before its first byte; empty lines in front are skipped (B2.4.3).
    #[default]
    Start,
    /// The same behind a CR.
    StartCr,
    /// Within a line.
    Line,
    /// Behind the CR that may end it.
    Cr,
    /// Behind a line's end.
    LineEnd,
    /// Behind a line's end and a CR: most likely the end.
    LineEndCr,
}

/// What became of a piece of input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scanned {
    /// All of it belongs to the head, which goes on.
    More,
    /// The head ends behind so many bytes of the input.
    End(usize),
    /// It is refused.
    Refused(StatusCode),
}

/// One head after the other.
#[derive(Debug, Default)]
pub(super) struct Head {
    at: At,
    length: usize,
}

impl Head {
    /// Whether no byte of a head has come yet.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self.at, At::Start | At::StartCr)
    }

    /// Puts what hyper shall see of `input` behind `out`. The end of a line waits
    /// until it is known that the next does not continue it.
    pub(super) fn scan(&mut self, input: &[u8], out: &mut Vec<u8>) -> Scanned {
        let before = out.len();
        let mut rest = input;
        let ended = loop {
            if self.at == At::Line {
                let line = memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
                let (line, behind) = rest.split_at_checked(line).unwrap_or((rest, b""));
                out.extend_from_slice(line);
                rest = behind;
            }
            let Some((byte, behind)) = rest.split_first() else { break false };
            rest = behind;
            match self.step(*byte, out) {
                Ok(true) => break true,
                Ok(false) => {}
                Err(status) => return Scanned::Refused(status),
            }
        };
        self.length += out.len() - before;
        if self.length > HEAD_BYTES {
            return Scanned::Refused(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
        }
        if !ended {
            return Scanned::More;
        }
        *self = Self::default();
        Scanned::End(input.len() - rest.len())
    }

    /// True when this byte ends the head.
    fn step(&mut self, byte: u8, out: &mut Vec<u8>) -> Result<bool, StatusCode> {
        self.at = match (self.at, byte) {
            (At::Start, b'\r') => At::StartCr,
            (At::StartCr, b'\n') => At::Start,
            (At::Line, b'\r') => At::Cr,
            (At::Cr, b'\n') => At::LineEnd,
            (At::LineEnd, b'\r') => At::LineEndCr,
            (At::LineEndCr, b'\n') => {
                out.extend_from_slice(b"\r\n\r\n");
                return Ok(true);
            }
            // The CR stays where it is, for hyper to refuse.
            (At::StartCr | At::Cr, b'\r') => {
                out.push(b'\r');
                self.at
            }
            (At::Start | At::Line | At::LineEnd, b'\n') => return Err(StatusCode::BAD_REQUEST),
            (at, byte) => {
                out.extend_from_slice(match at {
                    At::Start | At::Line => &b""[..],
                    At::StartCr | At::Cr => b"\r",
                    // B2.4.2
                    At::LineEnd if matches!(byte, b' ' | b'\t') => b"  ",
                    At::LineEnd => b"\r\n",
                    At::LineEndCr => b"\r\n\r",
                });
                out.push(byte);
                At::Line
            }
        };
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::{Head, Scanned};
    use crate::http::limits::HEAD_BYTES;
    use hyper::StatusCode;

    const BAD: Scanned = Scanned::Refused(StatusCode::BAD_REQUEST);

    /// What comes out when the input comes in pieces of that size.
    fn scan(input: &str, size: usize) -> (Scanned, String) {
        let (mut head, mut out, mut before) = (Head::default(), vec![], 0);
        for piece in input.as_bytes().chunks(size) {
            match head.scan(piece, &mut out) {
                Scanned::More => before += piece.len(),
                Scanned::End(place) => return (Scanned::End(before + place), String::from_utf8(out).unwrap()),
                refused => return (refused, String::new()),
            }
        }
        (Scanned::More, String::from_utf8(out).unwrap())
    }

    fn in_pieces(input: &str) -> (Scanned, String) {
        let whole = scan(input, input.len().max(1));
        for size in 1..input.len() {
            assert_eq!(scan(input, size), whole, "{input:?} in pieces of {size}");
        }
        whole
    }

    /// B2.4.4
    #[test]
    fn a_head_ends_at_its_empty_line_however_it_comes() {
        let head = "GET / HTTP/1.1\r\nA: b\r\n\r\n";
        let input = format!("{head}body\r\n c\nd");
        assert_eq!(in_pieces(&input), (Scanned::End(head.len()), head.to_owned()));
        assert_eq!(in_pieces("GET / HTTP/1.1\r\nA: b").0, Scanned::More);
    }

    /// B2.4.2, B2.4.4
    #[test]
    fn folded_lines_are_joined_wherever_a_packet_ends() {
        let (scanned, out) = in_pieces("GET / HTTP/1.1\r\nA: b\r\n c\r\n\td\r\nE: f\r\n\r\n g");
        assert_eq!(out, "GET / HTTP/1.1\r\nA: b   c  \td\r\nE: f\r\n\r\n");
        assert_eq!(scanned, Scanned::End("GET / HTTP/1.1\r\nA: b\r\n c\r\n\td\r\nE: f\r\n\r\n".len()));
    }

    /// B2.4.3
    #[test]
    fn empty_lines_in_front_are_skipped() {
        let (scanned, out) = in_pieces("\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n");
        assert_eq!((scanned, out.as_str()), (Scanned::End(24), "GET / HTTP/1.1\r\n\r\n"));
        let mut head = Head::default();
        assert_eq!(head.scan(b"\r\n\r", &mut vec![]), Scanned::More);
        assert!(head.is_empty());
    }

    /// B2.3 (header block with bare LF)
    #[test]
    fn a_line_that_ends_in_a_bare_lf_is_refused() {
        for input in [
            "GET / HTTP/1.1\n\n",
            "GET / HTTP/1.1\r\nA: b\nContent-Length: 5\r\n\r\n",
            "GET / HTTP/1.1\r\n\n",
            "\nGET / HTTP/1.1\r\n\r\n",
        ] {
            assert_eq!(in_pieces(input).0, BAD, "{input:?}");
        }
    }

    /// A CR alone is for hyper to refuse, and must reach it.
    #[test]
    fn a_bare_cr_stays_where_it_is() {
        for input in ["A: b\rc\r\n\r\n", "A\r\r\n\r\n", "A\r\n\rB\r\n\r\n", "\rA\r\n\r\n"] {
            assert_eq!(in_pieces(input), (Scanned::End(input.len()), input.to_owned()));
        }
    }

    /// B2.4.1
    #[test]
    fn a_head_without_end_is_refused() {
        let (mut head, mut out) = (Head::default(), vec![]);
        let piece = [b'a'; 4096];
        for _ in 0..HEAD_BYTES / piece.len() {
            assert_eq!(head.scan(&piece, &mut out), Scanned::More);
        }
        let refused = Scanned::Refused(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
        assert_eq!(head.scan(&piece, &mut out), refused);
    }
}
