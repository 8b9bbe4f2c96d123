//! A child's output with tokens and colours in it. Where the reads cut it must
//! not matter, and nothing but tokens and control sequences may be lost.

use supervisord::pump::ansi::Stripper;
use supervisord::pump::capture::{Captured, Piece, Scanner};

/// What `capture_maxbytes` is here.
const BOUND: usize = 64;

const TOKENS: [&[u8]; 2] = [b"<!--XSUPERVISOR:BEGIN-->", b"<!--XSUPERVISOR:END-->"];

pub(super) fn run(data: &[u8]) {
    let (whole, pieces) = super::cut(data);
    let scanned = scan(&[whole]);
    assert_eq!(scan(&pieces), scanned, "the cuts made a difference to the capture");
    let stripped = strip(&[whole]);
    assert_eq!(strip(&pieces), stripped, "the cuts made a difference to the colours");
    assert!(stripped.len() <= whole.len(), "stripping added something");
    let lost = whole.len() - scanned.plain.len() - scanned.captures.concat().len();
    // Each capture but the last has both its tokens, the last at most one.
    let pairs = scanned.captures.len() - 1;
    let both = TOKENS[0].len() + TOKENS[1].len();
    let last = lost.checked_sub(pairs * both);
    assert!(last == Some(0) || last == Some(TOKENS[0].len()), "{lost} bytes went with {pairs} captures");
    if !whole.contains(&0x1b) {
        assert_eq!(stripped, whole);
    }
}

#[derive(Debug, PartialEq)]
struct Scanned {
    plain: Vec<u8>,
    /// The last one never ended.
    captures: Vec<Vec<u8>>,
    /// What a bounded buffer handed over at each end.
    kept: Vec<Vec<u8>>,
}

fn scan(chunks: &[&[u8]]) -> Scanned {
    let mut scanner = Scanner::default();
    let mut buffer = Captured::new(BOUND);
    let mut scanned = Scanned { plain: vec![], captures: vec![vec![]], kept: vec![] };
    let mut pieces: Vec<Piece> = chunks.iter().flat_map(|chunk| scanner.feed(chunk)).collect();
    pieces.extend(scanner.finish());
    for piece in pieces {
        match piece {
            Piece::Plain(bytes) => scanned.plain.extend(bytes),
            Piece::Inside(bytes) => {
                buffer.push(&bytes);
                scanned.captures.last_mut().unwrap().extend(bytes);
            }
            Piece::End => {
                let kept = buffer.take();
                let captured = scanned.captures.last().unwrap();
                assert!(kept.len() == captured.len().min(BOUND) && captured.ends_with(&kept), "not its last bytes");
                scanned.kept.push(kept);
                scanned.captures.push(vec![]);
            }
        }
    }
    scanned
}

fn strip(chunks: &[&[u8]]) -> Vec<u8> {
    let mut stripper = Stripper::default();
    let mut out: Vec<u8> = chunks.iter().flat_map(|chunk| stripper.strip(chunk).into_owned()).collect();
    out.extend(stripper.finish());
    out
}
