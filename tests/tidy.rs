//! House rules that a reader should never have to enforce: headers, lengths,
//! words that must not stay, where `unsafe` may live. Reads the sources as text.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A file this long needs a reason in its header: `//! Long because ...`.
const LONG_LINES: usize = 400;
/// main.rs only picks the program by its name.
const MAIN_LINES: usize = 60;
/// Marks of unfinished work. Split, so that this file does not hold them.
const UNFINISHED: &[&str] = &[concat!("todo", "!("), concat!("unimplemented", "!("), concat!("dbg", "!(")];
/// Folders of one machine or one person.
const MACHINE_PATHS: &[&str] =
    &[concat!("/ho", "me/"), concat!("/wo", "rk/"), concat!("/tmp/", "wt"), concat!("/Us", "ers/")];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below `folder` with one of the endings, as (path from the root, text).
fn texts(folder: &str, endings: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = vec![];
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries.map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|ext| endings.iter().any(|wanted| ext == *wanted)) {
                let text = fs::read_to_string(&entry).unwrap();
                found.push((entry.strip_prefix(root()).unwrap().to_owned(), text));
            }
        }
    }
    found.sort();
    found
}

fn rust() -> Vec<(PathBuf, String)> {
    ["src", "tests", "benches", "examples"].iter().flat_map(|folder| texts(folder, &["rs"])).collect()
}

/// Fails with one line per breach and the way to mend them.
fn expect_none(breaches: Vec<String>, how_to_mend: &str) {
    assert!(breaches.is_empty(), "\n{}\nTo mend: {how_to_mend}\n", breaches.join("\n"));
}

/// One breach per line of code that holds one of `words`.
fn holding(files: &[(PathBuf, String)], words: &[&str]) -> Vec<String> {
    let mut found = vec![];
    for (path, text) in files {
        for (number, line) in text.lines().enumerate() {
            let words = words.iter().filter(|word| line.contains(*word));
            found.extend(words.map(|word| format!("{}:{}: {word}", path.display(), number + 1)));
        }
    }
    found
}

#[test]
fn each_file_says_what_it_is_for() {
    let bare = rust().into_iter().filter(|(_, text)| !text.starts_with("//! "));
    let names = bare.map(|(path, _)| path.display().to_string()).collect();
    expect_none(names, "start the file with `//! What it is for, and what it is not.`");
}

#[test]
fn long_files_give_a_reason() {
    let mut long = vec![];
    for (path, text) in rust() {
        let lines = text.lines().count();
        let mut header = text.lines().take_while(|line| line.starts_with("//!"));
        if lines > LONG_LINES && !header.any(|line| line.contains("Long because ")) {
            long.push(format!("{}: {lines} lines", path.display()));
        }
    }
    expect_none(long, "split the file by nouns, or say `//! Long because ...` in its header");
}

#[test]
fn nothing_is_left_unfinished() {
    expect_none(holding(&rust(), UNFINISHED), "finish it, or take it out until it is");
}

#[test]
fn unsafe_lives_in_sys_only() {
    let elsewhere: Vec<_> =
        texts("src", &["rs"]).into_iter().filter(|(path, _)| !path.starts_with("src/sys")).collect();
    let words = ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern", "allow(unsafe_code"];
    expect_none(holding(&elsewhere, &words), "put the call behind a safe function in src/sys/");
}

#[test]
fn each_unsafe_block_says_why_it_is_safe() {
    let mut silent = vec![];
    for (path, text) in texts("src/sys", &["rs"]) {
        let lines: Vec<&str> = text.lines().collect();
        for (number, line) in lines.iter().enumerate() {
            // The comment stands above, past attributes and the head of the statement.
            let above = &lines[number.saturating_sub(8)..=number];
            if line.contains("unsafe {") && !above.iter().any(|line| line.contains("SAFETY:")) {
                silent.push(format!("{}:{}", path.display(), number + 1));
            }
        }
    }
    expect_none(silent, "say in `// SAFETY:` which contract holds and why");
}

#[test]
fn main_only_picks_the_program() {
    let lines = include_str!("../src/main.rs").lines().count();
    assert!(lines < MAIN_LINES, "src/main.rs has {lines} lines: move what it does into daemon/, ctl/ or tools/");
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    let mut files = rust();
    for folder in ["docs", "conf", "compat-tests/cases", "scripts"] {
        files.extend(texts(folder, &["md", "rs", "py", "sh", "conf", "toml"]));
    }
    expect_none(holding(&files, MACHINE_PATHS), "use a relative path, or one the test makes");
}

#[test]
fn no_tabs_in_sources() {
    expect_none(holding(&rust(), &["\t"]), "run `cargo fmt`; write \\t in strings");
}

/// A deliberate difference is a table row: what, why, who could notice, the way back.
#[test]
fn differences_are_told_in_full() {
    let text =
        fs::read_to_string(root().join("docs/differences.md")).expect("docs/differences.md, which the README names");
    let mut broken = vec![];
    for (number, line) in text.lines().enumerate() {
        let cells = line.trim().trim_matches('|').split('|').map(str::trim).collect::<Vec<_>>();
        if line.starts_with('|') && (cells.len() < 4 || cells.iter().any(|cell| cell.is_empty())) {
            broken.push(format!("docs/differences.md:{}: {line}", number + 1));
        }
    }
    expect_none(broken, "fill every column: item, what differs, why, who could notice and the way back");
}
