//! The house rule, kept by machine: who may see whom, and what stays pure.
//! It reads the sources as text, so a breach is told with file and line.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::{fs, path::Path};

/// The floors, bottom first: a module sees itself and the modules beside it.
/// Every name on the right stands in an earlier row, so a circle cannot be
/// written down. `a::b` gives sight of that one part only.
const MAY_SEE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("xmlrpc", &[]),
    ("config", &["model"]),
    ("manager", &["model", "config"]),
    ("rpc", &["model", "config", "manager", "xmlrpc"]),
    ("sys", &["model"]),
    ("logs", &["model", "sys"]),
    ("pump", &["model", "sys", "logs"]),
    ("engine", &["model", "config", "manager", "rpc", "sys", "logs", "pump"]),
    // A connection asks the engine and waits: it knows its door and the facts it
    // answers, never the loop.
    (
        "http",
        &["model", "config", "manager::info", "xmlrpc", "rpc", "sys", "logs", "engine::handle", "engine::EngineHandle"],
    ),
    ("client", &["model", "xmlrpc", "rpc"]),
    ("ctl", &["model", "config", "rpc", "client", "sys"]),
    ("daemon", &["model", "xmlrpc", "config", "manager", "rpc", "sys", "logs", "pump", "engine", "http", "client"]),
    ("tools", &["model", "config", "sys"]),
];

/// Modules that only think: no clock, no file, no socket, no runtime.
const PURE: &[&str] = &["model", "xmlrpc", "config", "manager", "rpc"];
const IMPURE: &[&str] = &[
    "tokio::",
    "nix::",
    "libc::",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::env",
    "Instant::now",
    "SystemTime::now",
];

/// The one file of a pure module that opens files: it follows `[include]`. And
/// the simulation, a test, whose dice can be told a seed from outside.
const EXCEPT: &[&str] = &["config/load.rs", "model/dice.rs", "manager/sim/mod.rs"];

const HOW_TO_MEND: &str = "Move the code to the floor that may do this, or pass the value in from above.
The floors are in MAY_SEE of tests/layers.rs; ARCHITECTURE.md says why.";

/// The paths after `crate::` in a line: `crate::{a, b::c}` gives `a` and `b::c`.
fn seen(line: &str) -> Vec<String> {
    let mut paths = vec![];
    for rest in line.split("crate::").skip(1) {
        let list = match rest.strip_prefix('{') {
            Some(inner) => top_level(inner),
            None => vec![rest.to_owned()],
        };
        paths.extend(list.iter().map(|path| {
            let end = path.find(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').unwrap_or(path.len());
            path[..end].trim_end_matches(':').to_owned()
        }));
    }
    paths
}

/// The members of a `{a, b::{c, d}}` list, its inner lists left whole.
fn top_level(inner: &str) -> Vec<String> {
    let (mut depth, mut members) = (0, vec![String::new()]);
    for c in inner.chars() {
        match c {
            '}' if depth == 0 => break,
            ',' if depth == 0 => members.push(String::new()),
            _ => {
                depth += i32::from(c == '{') - i32::from(c == '}');
                members.last_mut().unwrap().push(c);
            }
        }
    }
    members.iter().map(|member| member.trim().to_owned()).collect()
}

/// Whether `path` may be used by a module that sees `allowed`.
fn in_sight(path: &str, allowed: &[&str]) -> bool {
    allowed.iter().any(|sight| path == *sight || path.starts_with(&format!("{sight}::")))
}

fn check(module: &str, path: &Path, text: &str, bad: &mut Vec<String>) {
    let Some((_, allowed)) = MAY_SEE.iter().find(|(name, _)| *name == module) else {
        return bad.push(format!("{}: {module} has no row in MAY_SEE", path.display()));
    };
    let pure = PURE.contains(&module) && !EXCEPT.iter().any(|file| path.ends_with(file));
    // A `use crate::{` list may be folded over lines: read statements, not lines.
    let mut folded = String::new();
    let mut first = 0;
    for (number, line) in text.lines().enumerate() {
        let code = line.split("//").next().unwrap_or("");
        let at = |number: usize| format!("{}:{}", path.display(), number + 1);
        if pure {
            let words = IMPURE.iter().filter(|word| code.contains(*word));
            bad.extend(words.map(|word| format!("{}: {module} is pure and may not use {word}", at(number))));
        }
        if code.contains("super::super::") {
            bad.push(format!("{}: write crate:: instead of super::super::, so that this test can see it", at(number)));
        }
        if folded.is_empty() {
            first = number;
        }
        folded.push_str(code);
        if folded.contains("crate::{") && folded.matches('{').count() > folded.matches('}').count() {
            continue;
        }
        for used in seen(&folded) {
            let known = MAY_SEE.iter().any(|(name, _)| used == *name || used.starts_with(&format!("{name}::")));
            let own = used == module || used.starts_with(&format!("{module}::"));
            if known && !own && !in_sight(&used, allowed) {
                bad.push(format!("{}: {module} may not see {used}", at(first)));
            }
        }
        folded.clear();
    }
}

fn visit(dir: &Path, module: Option<&str>, bad: &mut Vec<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            visit(&path, Some(module.unwrap_or(&name)), bad);
        } else if let Some(module) = module
            && path.extension().is_some_and(|ext| ext == "rs")
        {
            check(module, &path, &fs::read_to_string(&path).unwrap(), bad);
        }
    }
}

#[test]
fn modules_only_look_down() {
    let mut bad = vec![];
    visit(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), None, &mut bad);
    assert!(bad.is_empty(), "\n{}\n{HOW_TO_MEND}\n", bad.join("\n"));
}

#[test]
fn the_floors_have_no_circle() {
    for (row, (module, sees)) in MAY_SEE.iter().enumerate() {
        for sight in *sees {
            let name = sight.split("::").next().unwrap();
            assert!(MAY_SEE[..row].iter().any(|(earlier, _)| *earlier == name), "{module} sees {sight} above it");
        }
    }
}

#[test]
fn lib_rs_lists_the_floors_in_this_order() {
    let text = include_str!("../src/lib.rs");
    let listed: Vec<&str> = text.lines().filter_map(|l| l.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let floors: Vec<&str> = MAY_SEE.iter().map(|(name, _)| *name).filter(|name| listed.contains(name)).collect();
    assert_eq!(listed, floors, "order the `pub mod` lines of src/lib.rs as MAY_SEE has them");
}

#[test]
fn the_check_sees_breaches() {
    let breaches = |module: &str, text: &str| {
        let mut bad = vec![];
        check(module, Path::new("src/x/y.rs"), text, &mut bad);
        bad.len()
    };
    assert_eq!(breaches("manager", "use crate::sys::spawn;"), 1);
    assert_eq!(breaches("manager", "use crate::{model::Now, engine, sys};"), 2);
    assert_eq!(breaches("manager", "use crate::{\n    model::{Now, Level},\n    sys::Fd,\n};"), 1);
    assert_eq!(breaches("http", "use crate::engine::turn;"), 1);
    assert_eq!(breaches("http", "use crate::engine::handle::EngineHandle;"), 0);
    assert_eq!(breaches("config", "let t = Instant::now(); // Instant::now"), 1);
    assert_eq!(breaches("sys", "use super::super::engine;"), 1);
    assert_eq!(breaches("attic", ""), 1);
    assert_eq!(breaches("manager", "use crate::{config::Config, model::Now};\n// crate::sys is not for us"), 0);
}
