//! Renders `rpc-spec/` for readers: the page `docs/rpc.md` for people and
//! `rpc-spec/spec.json` for tools. Checks nothing.

use super::{MEND, NAMESPACES, list, methods, rows, text, texts};
use std::fmt::Write;
use supervisord::xmlrpc::{Value, encode_call, encode_response};
use toml::{Table, Value as Toml};

/// What stands on the page before the methods.
const INTRO: &str = include_str!("rpc.md");

/// A value of an example as the wire carries it.
fn value(toml: &Toml) -> Value {
    match toml {
        Toml::String(text) => Value::Text(text.clone()),
        Toml::Integer(number) => Value::Int(*number),
        Toml::Float(number) => Value::Double(*number),
        Toml::Boolean(flag) => Value::Bool(*flag),
        Toml::Datetime(time) => panic!("no example needs the time {time}"),
        Toml::Array(items) => Value::Array(items.iter().map(value).collect()),
        Toml::Table(members) => Value::Struct(members.iter().map(|(name, item)| (name.clone(), value(item))).collect()),
    }
}

/// `docs/rpc.md` as it should be.
pub(crate) fn page() -> String {
    let mut out = format!("<!-- GENERATED from rpc-spec/ by tests/spec.rs, do not edit: {MEND}. -->\n\n{INTRO}");
    for (namespace, about) in NAMESPACES {
        let _ = writeln!(out, "\n## The namespace `{namespace}`\n\n{about}");
        for (name, (alias_of, row)) in methods(namespace) {
            let _ = writeln!(out, "\n### {namespace}.{name}\n");
            match alias_of {
                Some(main) => drop(writeln!(
                    out,
                    "The same as [{namespace}.{main}](#{}), under an older name.",
                    anchor(namespace, &main)
                )),
                None => method(&mut out, &format!("{namespace}.{name}"), &row),
            }
        }
    }
    out.push_str("\n## Faults\n\n| code | name | when | behind the colon |\n| --- | --- | --- | --- |\n");
    for row in rows("faults.toml", "fault") {
        let extra = texts(&row, "extra").join("; ");
        let _ = writeln!(out, "| {} | `{}` | {} | {extra} |", row["code"], text(&row, "name"), text(&row, "when"));
    }
    out.push_str("\n## States\n");
    for (kind, title) in [("process", "a process"), ("supervisor", "the daemon")] {
        let _ = writeln!(out, "\n| code | state of {title} |\n| --- | --- |");
        for row in rows("states.toml", kind) {
            let _ = writeln!(out, "| {} | `{}` |", row["code"], text(&row, "name"));
        }
    }
    out
}

/// The place of a heading, as forges make it.
fn anchor(namespace: &str, name: &str) -> String {
    format!("{namespace}{name}").to_lowercase()
}

fn method(out: &mut String, name: &str, row: &Table) {
    let _ = writeln!(out, "{}\n", text(row, "help"));
    if !list(row, "params").is_empty() {
        out.push_str("| parameter | type | |\n| --- | --- | --- |\n");
        for param in list(row, "params") {
            let param = param.as_table().unwrap();
            let default = param.get("default").map_or_else(String::new, |value| format!("; `{value}` if left out"));
            let (name, kind, about) = (text(param, "name"), text(param, "type"), text(param, "text"));
            let _ = writeln!(out, "| `{name}` | {kind} | {about}{default} |");
        }
        out.push('\n');
    }
    let _ = writeln!(out, "Answers {}: {}.", text(row, "returns"), text(row, "returns_text"));
    if row.contains_key("waits") {
        let _ = writeln!(out, "The answer waits for this: {}.", text(row, "waits"));
    }
    let faults: Vec<String> = texts(row, "faults").iter().map(|fault| format!("`{fault}`")).collect();
    let faults = if faults.is_empty() { "none of its own".to_owned() } else { faults.join(", ") };
    let _ = writeln!(out, "Faults: {faults}.");
    let example = row["example"].as_table().unwrap();
    let params: Vec<Value> = list(example, "params").iter().map(value).collect();
    let _ = writeln!(out, "\n```xml\n{}```", encode_call(name, &params));
    let _ = writeln!(out, "\n```xml\n{}```", encode_response(&value(&example["answer"])));
}

/// `rpc-spec/spec.json` as it should be.
pub(crate) fn data() -> String {
    let mut out = String::from("{\n\"api\": \"3.0\",\n\"methods\": [\n");
    let mut lines = vec![];
    for (namespace, _) in NAMESPACES {
        for (name, (alias_of, row)) in methods(namespace) {
            lines.push(json(&Toml::Table(described(namespace, &name, alias_of, &row))));
        }
    }
    out.push_str(&lines.join(",\n"));
    for (title, file, kind) in [
        ("faults", "faults.toml", "fault"),
        ("process_states", "states.toml", "process"),
        ("daemon_states", "states.toml", "supervisor"),
        ("listener_states", "states.toml", "listener"),
        ("events", "events.toml", "event"),
    ] {
        let _ = write!(out, "\n],\n\"{title}\": [\n");
        let lines: Vec<String> = rows(file, kind)
            .into_iter()
            .map(|mut row| {
                // What the source calls it is no one's business outside.
                row.remove("variant");
                json(&Toml::Table(row))
            })
            .collect();
        out.push_str(&lines.join(",\n"));
    }
    out.push_str("\n]\n}\n");
    out
}

/// A method as a tool wants it: every list is there, an alias has what its main
/// method has.
fn described(namespace: &str, name: &str, alias_of: Option<String>, row: &Table) -> Table {
    let mut out = Table::new();
    let mut put = |key: &str, value: Toml| drop(out.insert(key.to_owned(), value));
    put("name", format!("{namespace}.{name}").into());
    if let Some(main) = alias_of {
        put("alias_of", format!("{namespace}.{main}").into());
    }
    put("params", list(row, "params").to_vec().into());
    for key in ["returns", "returns_text"] {
        put(key, text(row, key).into());
    }
    put("faults", list(row, "faults").to_vec().into());
    for key in ["waits", "help", "example"] {
        if let Some(value) = row.get(key) {
            put(key, value.clone());
        }
    }
    out
}

fn json(toml: &Toml) -> String {
    match toml {
        Toml::String(text) => quoted(text),
        Toml::Array(items) => format!("[{}]", items.iter().map(json).collect::<Vec<_>>().join(", ")),
        Toml::Table(members) => {
            let members = members.iter().map(|(name, value)| format!("{}: {}", quoted(name), json(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c => out.push(c),
        }
    }
    out + "\""
}
