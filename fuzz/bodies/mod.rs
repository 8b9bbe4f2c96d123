//! What the fuzz targets do with their bytes. A body returns when all is well
//! and panics when something is not; the ordinary tests run them as well.

mod capture;
mod config_load;
mod config_words;
mod http_requests;
mod listener;
mod manager_inputs;
mod xmlrpc_decode;

/// Returns when all is well.
type Body = fn(&[u8]);

/// A target's name, as its corpus folder and its binary have it, and its body.
pub(crate) const TARGETS: &[(&str, Body)] = &[
    ("capture", capture::run),
    ("config_load", config_load::run),
    ("config_words", config_words::run),
    ("http_requests", http_requests::run),
    ("listener", listener::run),
    ("manager_inputs", manager_inputs::run),
    ("xmlrpc_decode", xmlrpc_decode::run),
];

/// Runs one target's body.
pub(crate) fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|(known, _)| *known == name);
    let (_, body) = target.unwrap_or_else(|| panic!("no fuzz target {name}"));
    body(data);
}

/// What `data` says after its first byte, whole and in pieces: the first byte
/// tells where the cuts are.
fn cut(data: &[u8]) -> (&[u8], Vec<&[u8]>) {
    let Some((first, rest)) = data.split_first() else { return (data, vec![]) };
    let mut picks = u32::from(*first) | 1;
    let mut pieces = vec![];
    let mut left = rest;
    while !left.is_empty() {
        picks = picks.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (piece, after) = left.split_at(((picks >> 24) as usize % 40 + 1).min(left.len()));
        pieces.push(piece);
        left = after;
    }
    (rest, pieces)
}
