//! Tells what the configuration reader makes of texts, for the comparison with
//! the reference in `compat-tests/`. No part of the program and not installed.
//!
//! A request is a line on stdin: a word, and hexadecimal texts behind it. The
//! answer is a line of JSON on stdout, with `error` in it if the text was
//! refused.

mod json;
mod show;

use json::{Json, list, map};
use std::io::{self, BufWriter, Write};
use supervisord::config::expand::{Names, expand};
use supervisord::config::ini::Sections;
use supervisord::config::{Source, environment, load, split_command};

fn main() -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lines() {
        let line = line?;
        let mut words = line.split(' ');
        let verb = words.next().unwrap_or_default();
        let Some(texts) = words.map(text).collect::<Option<Vec<String>>>() else {
            return Err(io::Error::other("a text is not hexadecimal UTF-8"));
        };
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let answer = answer(verb, &texts).ok_or_else(|| io::Error::other(format!("no such request: {verb}")))?;
        writeln!(out, "{answer}")?;
    }
    out.flush()
}

/// Two digits to a byte.
fn text(hex: &str) -> Option<String> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    String::from_utf8(hex.as_bytes().chunks(2).map(byte).collect::<Option<_>>()?).ok()
}

fn answer(verb: &str, texts: &[&str]) -> Option<Json> {
    let result = match (verb, texts) {
        ("ini", [text, file]) => sections(text, file),
        ("environment", [text]) => variables(text),
        ("expand", [text, option, names @ ..]) => expanded(text, option, names),
        ("words", [text]) => split_command(text).map(|words| map([("words", list(words))])).map_err(said),
        ("load", [path]) => loaded(path),
        ("keys", []) => Ok(show::keys()),
        _ => return None,
    };
    Some(result.unwrap_or_else(|error| map([("error", error.into())])))
}

fn said(error: impl std::error::Error) -> String {
    error.to_string()
}

/// All sections in order, each with its options, `[DEFAULT]`'s behind its own.
fn sections(text: &str, file: &str) -> Result<Json, String> {
    let mut sections = Sections::new();
    sections.read(text, file).map_err(said)?;
    let option = |section: &str, key: &str| list([key, sections.get(section, key).unwrap_or_default()]);
    let section = |name: &str| {
        let options = sections.options(name).into_iter().map(|key| option(name, key));
        list([Json::from(name), list(options)])
    };
    Ok(map([("sections", list(sections.names().map(section)))]))
}

fn variables(text: &str) -> Result<Json, String> {
    let environment = environment::parse(text).map_err(said)?;
    let variables: Vec<_> = environment.variables.into_iter().collect();
    Ok(map([("variables", show::pairs(&variables)), ("ambiguous", list(environment.ambiguous))]))
}

/// Names come in pairs; `#` in front of one makes its value a number.
fn expanded(text: &str, option: &str, pairs: &[&str]) -> Result<Json, String> {
    let mut names = Names::default();
    for pair in pairs.chunks(2) {
        let [name, value] = pair else { return Err("a name has no value".to_owned()) };
        names = match name.strip_prefix('#') {
            Some(name) => names.with_number(name, value.parse().map_err(said)?),
            None => names.with(name, value),
        };
    }
    Ok(map([("text", expand(text, &names, option).map_err(said)?.into())]))
}

/// A whole configuration, in this process's directory and environment.
fn loaded(path: &str) -> Result<Json, String> {
    let cwd = std::env::current_dir().map_err(said)?;
    let source = Source { path: Some(path.into()), cwd, ..Source::default() };
    Ok(show::config(&load(&source).map_err(said)?))
}
