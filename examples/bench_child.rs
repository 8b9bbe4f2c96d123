//! The children of the benchmarks: one that writes and one that listens, both
//! cheap enough not to be what is measured. No part of the program and not
//! installed.

use std::fs;
use std::io::{self, Read, Write};
use std::process::ExitCode;

const USAGE: &str = "usage: bench_child spew BYTES CHUNK LINE STAMP [GATE] | bench_child listen";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let done = match *words.as_slice() {
        ["spew", bytes, chunk, line, stamp, ref gate @ ..] => match (bytes.parse(), chunk.parse(), line.parse()) {
            (Ok(bytes), Ok(chunk), Ok(line)) => wait_at(gate.first()).and_then(|()| spew(bytes, chunk, line, stamp)),
            _ => Err(io::Error::other(USAGE)),
        },
        ["listen"] => listen(),
        _ => Err(io::Error::other(USAGE)),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            drop(writeln!(io::stderr(), "bench_child: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Waits until somebody opens the FIFO `gate` for writing. A file beside it with
/// our number tells that we wait.
fn wait_at(gate: Option<&&str>) -> io::Result<()> {
    let Some(gate) = gate else { return Ok(()) };
    fs::write(format!("{gate}.{}", std::process::id()), [])?;
    fs::File::open(gate).map(drop)
}

/// Writes `bytes` bytes to stdout, `chunk` with each call, as lines of `line`
/// bytes that begin with their number. Before the first the file `stamp` is
/// made: its time is that of the beginning.
fn spew(bytes: usize, chunk: usize, line: usize, stamp: &str) -> io::Result<()> {
    let (line, chunk) = (line.max(22), chunk.max(1));
    let mut out = io::stdout().lock();
    // blocks of whole lines with their numbers; from one block to the next only the
    // first line changes, or most of the time would go into numbers
    let lines = (chunk / line).max(1);
    let mut block = vec![b'.'; lines * line];
    for (number, text) in (0..).zip(block.chunks_exact_mut(line)) {
        if let Some((end, rest)) = text.split_last_mut() {
            *end = b'\n';
            write_number(rest, number);
        }
    }
    fs::write(stamp, [])?;
    let (mut left, mut number) = (bytes, 0_u64);
    while left > 0 {
        write_number(&mut block, number);
        number += 1;
        let part = block.len().min(left);
        for piece in block.get(..part).unwrap_or_default().chunks(chunk) {
            raw_write(&mut out, piece)?;
        }
        left -= part;
    }
    Ok(())
}

/// Past the line buffer of `Stdout`: one call for one piece.
fn raw_write(out: &mut io::StdoutLock<'_>, mut piece: &[u8]) -> io::Result<()> {
    use std::os::fd::AsFd;
    while !piece.is_empty() {
        let count = nix::unistd::write(out.as_fd(), piece)?;
        piece = piece.get(count..).unwrap_or_default();
    }
    Ok(())
}

/// Twenty digits at the beginning of `text`, which has room for them.
fn write_number(text: &mut [u8], mut number: u64) {
    for digit in text.iter_mut().take(20).rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or(0);
        number /= 10;
    }
}

/// An event listener that says OK to everything.
fn listen() -> io::Result<()> {
    let (mut input, mut out) = (io::stdin().lock(), io::stdout().lock());
    loop {
        out.write_all(b"READY\n")?;
        out.flush()?;
        let mut header = Vec::new();
        let mut byte = [0];
        while byte != *b"\n" {
            if input.read(&mut byte)? == 0 {
                return Ok(());
            }
            header.extend_from_slice(&byte);
        }
        let header = String::from_utf8_lossy(&header);
        let len = header.split_whitespace().find_map(|word| word.strip_prefix("len:")?.parse().ok());
        let mut payload = vec![0; len.unwrap_or(0)];
        input.read_exact(&mut payload)?;
        out.write_all(b"RESULT 2\nOK")?;
    }
}
