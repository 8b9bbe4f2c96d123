//! What the fuzz targets do with their bytes. A body returns when all is well
//! and panics when something is not; the ordinary tests run them as well.

mod config_load;
mod config_words;
mod xmlrpc_decode;

/// Returns when all is well.
type Body = fn(&[u8]);

/// A target's name, as its corpus folder and its binary have it, and its body.
pub(crate) const TARGETS: &[(&str, Body)] =
    &[("config_load", config_load::run), ("config_words", config_words::run), ("xmlrpc_decode", xmlrpc_decode::run)];

/// Runs one target's body.
pub(crate) fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|(known, _)| *known == name);
    let (_, body) = target.unwrap_or_else(|| panic!("no fuzz target {name}"));
    body(data);
}
