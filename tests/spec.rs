//! Holds the code to `rpc-spec/`: the generated table is current, every method
//! is parsed, and faults, states and events are the ones written there.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may fail where it stands"
)]

#[path = "spec/book.rs"]
mod book;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;
use supervisord::manager::event::{Change, Event, Output, Period, ProcessId};
use supervisord::model::event_names::EVENT_NAMES;
use supervisord::model::{Channel, ListenerState, ProcessState, SupervisorState};
use supervisord::rpc::table::Namespace;
use supervisord::rpc::{Dispatch, FaultCode, dispatch, table};
use supervisord::xmlrpc::Value;
use toml::{Table, Value as Toml};

const MEND: &str = "run UPDATE=1 cargo test --test spec";

/// The namespaces, and what a reader should know of them.
const NAMESPACES: [(&str, &str); 3] = [
    (
        "supervisor",
        "The daemon and its processes. It is there when an `[rpcinterface:supervisor]` is configured;\n\
         an `[rpcinterface:x]` serves the same methods as `x`.",
    ),
    ("system", "The interface about itself. Always there, also while the daemon stops."),
    ("ext", "What Supervisor has not. `system.listMethods` does not name it."),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The rows of one kind in a file of `rpc-spec/`.
fn rows(file: &str, kind: &str) -> Vec<Table> {
    let text = std::fs::read_to_string(root().join("rpc-spec").join(file)).unwrap();
    let table: Table = text.parse().unwrap();
    table[kind].as_array().unwrap().iter().map(|row| row.as_table().unwrap().clone()).collect()
}

fn text<'a>(row: &'a Table, key: &str) -> &'a str {
    row.get(key).and_then(Toml::as_str).unwrap_or_else(|| panic!("{row:?} has no text {key:?}"))
}

fn list<'a>(row: &'a Table, key: &str) -> &'a [Toml] {
    row.get(key).and_then(Toml::as_array).map_or(&[], Vec::as_slice)
}

fn texts(row: &Table, key: &str) -> Vec<String> {
    list(row, key).iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

/// The methods of a namespace by bare name, aliases filled in from their main
/// method: (alias_of, row).
fn methods(namespace: &str) -> BTreeMap<String, (Option<String>, Table)> {
    let prefix = format!("{namespace}.");
    let bare =
        |name: &str| name.strip_prefix(&prefix).unwrap_or_else(|| panic!("{name} is not in {namespace}")).to_owned();
    let rows = rows(&format!("{namespace}.toml"), "method");
    let find =
        |name: &str| rows.iter().find(|row| text(row, "name") == name).unwrap_or_else(|| panic!("no {name}")).clone();
    let entries = rows.iter().map(|row| match row.get("alias_of") {
        Some(main) => (bare(text(row, "name")), (Some(bare(main.as_str().unwrap())), find(main.as_str().unwrap()))),
        None => (bare(text(row, "name")), (None, row.clone())),
    });
    let found: BTreeMap<_, _> = entries.collect();
    assert_eq!(found.len(), rows.len(), "a name stands twice in {namespace}.toml");
    found
}

fn render_help(row: &Table) -> String {
    let mut help = format!("{}\n", text(row, "help"));
    for param in list(row, "params") {
        let param = param.as_table().unwrap();
        let _ = write!(help, "\n@param {} {} {}", text(param, "type"), text(param, "name"), text(param, "text"));
    }
    let _ = write!(help, "\n@return {} {}", text(row, "returns"), text(row, "returns_text"));
    help
}

fn render_table(namespace: &str, out: &mut String) {
    let constant = namespace.to_uppercase();
    let _ = writeln!(out, "\n/// The methods of the `{namespace}` namespace, sorted by name.");
    let _ = writeln!(out, "#[rustfmt::skip]\npub const {constant}: &[Method] = &[");
    for (name, (alias_of, row)) in methods(namespace) {
        let _ = writeln!(
            out,
            "    Method {{\n        name: {name:?},\n        alias_of: {alias_of:?},\n        params: &["
        );
        for param in list(&row, "params") {
            let param = param.as_table().unwrap();
            let (name, kind, optional) = (text(param, "name"), text(param, "type"), param.contains_key("default"));
            let _ = writeln!(out, "            Param {{ name: {name:?}, kind: {kind:?}, optional: {optional} }},");
        }
        let (returns, help) = (text(&row, "returns"), render_help(&row));
        let _ = writeln!(out, "        ],\n        returns: {returns:?},\n        help: {help:?},\n    }},");
    }
    out.push_str("];\n");
}

/// `src/rpc/spec.rs` as it should be.
fn render_spec() -> String {
    let mut out = format!("//! GENERATED from rpc-spec/ by tests/spec.rs, do not edit: {MEND}.\n");
    out.push_str("//!\n//! The methods of the API. What the words mean is told in `rpc-spec/README.md`.\n");
    out.push_str("//! Long because it is one table.\n");
    out.push_str("\nuse super::table::{Method, Param};\n");
    render_table("ext", &mut out);
    render_table("supervisor", &mut out);
    render_table("system", &mut out);
    out
}

/// B1.5, B1.5.1, B1.14.2
#[test]
fn the_generated_table_is_current() {
    is_current("src/rpc/spec.rs", &render_spec());
}

/// B1.5, B2.2.2
#[test]
fn the_page_and_the_data_for_tools_are_current() {
    is_current("docs/rpc.md", &book::page());
    is_current("rpc-spec/spec.json", &book::data());
}

fn is_current(file: &str, wanted: &str) {
    let path = root().join(file);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let line = found.lines().zip(wanted.lines()).position(|(a, b)| a != b);
    assert!(found == wanted, "{file} is stale from line {:?} on: {MEND}", line.map(|line| line + 1));
}

/// A value of the type that a parameter wants.
fn sample(kind: &str) -> Value {
    match kind {
        "string" => Value::Text("x".to_owned()),
        "int" => Value::Int(1),
        "boolean" => Value::Bool(true),
        "array" => Value::Array(vec![]),
        other => panic!("no sample of {other}"),
    }
}

/// Every method of the spec is answered, as the request the spec names, and no
/// parameter can be missing or too many.
#[test]
fn every_method_is_parsed_as_the_spec_says() {
    let namespaces = ["supervisor".to_owned()];
    let of =
        |namespace: &'static str| methods(namespace).into_iter().map(move |(name, found)| (namespace, name, found));
    for (namespace, name, (_, row)) in of("supervisor").chain(of("ext")) {
        let params: Vec<Value> =
            list(&row, "params").iter().map(|param| sample(text(param.as_table().unwrap(), "type"))).collect();
        let full = format!("{namespace}.{name}");
        let call = |params: Vec<Value>| dispatch(&full, params, &namespaces);
        let Ok(Dispatch::Call(request)) = call(params.clone()) else {
            panic!("{full} is in rpc-spec/ but rpc::parse does not read it: {:?}", call(params));
        };
        let shown = format!("{request:?}");
        let variant = shown.split([' ', '(', '{']).next().unwrap();
        assert_eq!(variant, text(&row, "request"), "{full}");
        let mut longer = params;
        longer.push(Value::Bool(true));
        assert_eq!(call(longer).unwrap_err().code, FaultCode::IncorrectParameters, "{full}");
    }
}

/// Every method of `system` is answered without the engine.
#[test]
fn every_system_method_is_answered() {
    for (name, (_, row)) in methods("system") {
        let params: Vec<Value> = match list(&row, "params").first() {
            None => vec![],
            Some(_) if name == "multicall" => vec![Value::Array(vec![])],
            Some(_) => vec![Value::Text("system.listMethods".to_owned())],
        };
        let method = format!("system.{name}");
        assert_eq!(table::find(&method, &[]).map(|(namespace, _)| namespace), Some(Namespace::System));
        let answer = dispatch(&method, params, &[]);
        assert!(matches!(answer, Ok(Dispatch::System(_) | Dispatch::Multicall(_))), "{method}: {answer:?}");
    }
}

/// The names of an enum's variants, read from its source.
fn variants(file: &str, name: &str) -> BTreeSet<String> {
    let source = std::fs::read_to_string(root().join(file)).unwrap();
    let (_, body) =
        source.split_once(&format!("pub enum {name} {{\n")).unwrap_or_else(|| panic!("no {name} in {file}"));
    let (body, _) = body.split_once("\n}").unwrap();
    let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
    let named = lines.filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()));
    named.map(|line| line.split([' ', '(', '{', ',']).next().unwrap().to_owned()).collect()
}

/// A request that no method makes is dead; a method needs its request.
#[test]
fn requests_are_those_of_the_spec() {
    let rows = ["supervisor", "ext"].map(methods);
    let named: BTreeSet<String> =
        rows.iter().flat_map(BTreeMap::values).map(|(_, row)| text(row, "request").to_owned()).collect();
    assert_eq!(variants("src/rpc/mod.rs", "Request"), named);
}

/// B1.2.1, B1.2.2
#[test]
fn faults_are_those_of_the_spec() {
    let spec: Vec<_> = rows("faults.toml", "fault")
        .iter()
        .map(|row| (row["code"].as_integer().unwrap(), text(row, "name").to_owned(), text(row, "variant").to_owned()))
        .collect();
    let code: Vec<_> = FaultCode::ALL
        .into_iter()
        .map(|fault| (i64::from(fault.code()), fault.name().to_owned(), format!("{fault:?}")))
        .collect();
    assert_eq!(code, spec);
    assert_eq!(variants("src/rpc/fault.rs", "FaultCode").len(), spec.len(), "FaultCode::ALL lacks one");
    let known: BTreeSet<String> = spec.into_iter().map(|(_, name, _)| name).collect();
    for namespace in ["supervisor", "system", "ext"] {
        for (name, (_, row)) in methods(namespace) {
            for fault in texts(&row, "faults") {
                assert!(known.contains(&fault), "{name} names an unknown fault {fault}");
            }
        }
    }
}

/// B1.3.1, B1.3.2, B1.3.3, A4.1, A4.2, A4.4
#[test]
fn states_are_those_of_the_spec() {
    let spec = |kind: &str| -> Vec<(i64, String)> {
        let named = |row: &Table| (row["code"].as_integer().unwrap(), text(row, "name").to_owned());
        rows("states.toml", kind).iter().map(named).collect()
    };
    let states = ProcessState::ALL.map(|state| (i64::from(state.code()), state.name().to_owned()));
    assert_eq!(states.to_vec(), spec("process"));
    for (state, row) in ProcessState::ALL.into_iter().zip(rows("states.toml", "process")) {
        let sets = texts(&row, "sets");
        let is_in = |set: &str| sets.iter().any(|name| name == set);
        assert_eq!(state.is_running(), is_in("running"), "{state}");
        assert_eq!(state.is_stopped(), is_in("stopped"), "{state}");
        assert_eq!(state.is_signallable(), is_in("signallable"), "{state}");
    }
    let supervisor = [SupervisorState::Shutdown, SupervisorState::Restarting, SupervisorState::Running];
    assert_eq!(supervisor.map(|state| (i64::from(state.code()), state.name().to_owned())).to_vec(), spec("supervisor"));
    let listener = [ListenerState::Ready, ListenerState::Busy, ListenerState::Acknowledged, ListenerState::Unknown];
    assert_eq!(listener.map(|state| (state as i64, state.name().to_owned())).to_vec(), spec("listener"));
    for (name, kind) in [("ProcessState", "process"), ("SupervisorState", "supervisor"), ("ListenerState", "listener")]
    {
        assert_eq!(variants("src/model/state.rs", name).len(), spec(kind).len(), "{name}");
    }
}

/// A6.1 to A6.33: the types and their parents, in one order.
#[test]
fn event_types_are_those_of_the_spec() {
    let spec: Vec<(String, String)> = rows("events.toml", "event")
        .iter()
        .map(|row| (text(row, "name").to_owned(), row.get("parent").map_or("", |_| text(row, "parent")).to_owned()))
        .collect();
    let code: Vec<_> = EVENT_NAMES.iter().map(|(name, parent)| ((*name).to_owned(), (*parent).to_owned())).collect();
    assert_eq!(code, spec);
}

/// One event of each type that is raised.
fn events() -> Vec<Event> {
    let process = || ProcessId { name: "p".to_owned(), group: "g".to_owned() };
    let changes = [
        Change::Starting { tries: 1 },
        Change::Backoff { tries: 1 },
        Change::Running { pid: 1 },
        Change::Stopping { pid: 1 },
        Change::Stopped { pid: 1 },
        Change::Exited { expected: true, pid: 1 },
        Change::Fatal,
        Change::Unknown,
    ];
    let state = |to| Event::ProcessState { process: process(), from: ProcessState::Running, to };
    let output = |channel| Output { process: process(), pid: 1, channel, data: b"data".to_vec() };
    let mut events: Vec<Event> = changes.into_iter().map(state).collect();
    for channel in [Channel::Stdout, Channel::Stderr] {
        events.push(Event::ProcessLog(output(channel)));
        events.push(Event::ProcessCommunication(output(channel)));
    }
    events.push(Event::RemoteCommunication { kind: "k".to_owned(), data: "data".to_owned() });
    events.extend([Event::SupervisorRunning, Event::SupervisorStopping]);
    events.extend(Period::ALL.map(|period| Event::Tick { period, when: 1 }));
    events.extend([Event::GroupAdded("g".to_owned()), Event::GroupRemoved("g".to_owned())]);
    events
}

/// A6.10 to A6.34: what is raised, and the keys of its first line.
#[test]
fn payloads_have_the_keys_of_the_spec() {
    let raised: BTreeMap<String, (Vec<String>, bool)> = rows("events.toml", "event")
        .iter()
        .filter(|row| row.contains_key("keys"))
        .map(|row| (text(row, "name").to_owned(), (texts(row, "keys"), row.contains_key("data"))))
        .collect();
    let sent: BTreeMap<String, (Vec<String>, bool)> = events()
        .iter()
        .map(|event| {
            let payload = event.payload();
            let line = payload.lines().next().unwrap_or_default();
            let keys = line.split_whitespace().map(|pair| pair.split(':').next().unwrap().to_owned()).collect();
            (event.kind().name().to_owned(), (keys, payload.contains('\n')))
        })
        .collect();
    assert_eq!(sent, raised);
}
