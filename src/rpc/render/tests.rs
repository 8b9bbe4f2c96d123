//! Keys, their order and their types, against what upstream was seen to send.

use crate::config::{AutoRestart, ChannelConfig, ChildLog, ProcessConfig, ServerUrl, UserId};
use crate::manager::info::{ProcessInfo, ResultEntry};
use crate::manager::testing::program;
use crate::model::{Channel, ProcessState, Signal, SupervisorState};
use crate::rpc::{ConfigInfo, Infos, LogState, Reply};
use crate::xmlrpc::{Encoder, Value, decode_response};
use std::sync::Arc;
use std::time::Duration;

/// What a client reads.
fn render(reply: &Reply) -> Value {
    let mut encoder = Encoder::response(super::size_hint(reply));
    super::render(reply, &mut encoder);
    decode_response(encoder.finish().as_bytes()).unwrap().unwrap()
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn members(value: &Value) -> &[(String, Value)] {
    match value {
        Value::Struct(members) => members,
        other => panic!("{other:?}"),
    }
}

fn get<'a>(value: &'a Value, name: &str) -> &'a Value {
    &members(value).iter().find(|(known, _)| known == name).unwrap().1
}

fn keys(value: &Value) -> String {
    members(value).iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(" ")
}

fn info() -> ProcessInfo {
    ProcessInfo {
        name: "p".to_owned(),
        group: "g".to_owned(),
        start: 1 << 40,
        stop: 0,
        now: 1_700_000_000,
        state: ProcessState::Fatal,
        spawnerr: String::new(),
        exitstatus: -1,
        stdout_logfile: "/out".to_owned(),
        stderr_logfile: String::new(),
        pid: 0,
        description: "d".to_owned(),
    }
}

fn channel(logfile: ChildLog) -> ChannelConfig {
    ChannelConfig { logfile, maxbytes: 3 << 30, backups: 10, capture_maxbytes: 0, events_enabled: false, syslog: false }
}

fn config() -> ConfigInfo {
    let process = ProcessConfig {
        stdout: channel(ChildLog::File("/out".into())),
        stderr: channel(ChildLog::Auto),
        stopsignal: Signal::QUIT,
        killasgroup: true,
        exitcodes: vec![0, 2],
        environment: vec![("SECRET".to_owned(), "x".to_owned())],
        ..program("p")
    };
    ConfigInfo {
        group: "g".to_owned(),
        group_priority: -1,
        in_use: true,
        stdout_auto: None,
        stderr_auto: None,
        process: process.into(),
    }
}

fn render_config(config: ConfigInfo) -> Value {
    match render(&Reply::Configs(vec![config])) {
        Value::Array(mut items) => items.remove(0),
        other => panic!("{other:?}"),
    }
}

/// B1.8.1, B1.8.2, B1.8.11
#[test]
fn process_info_has_fourteen_keys_in_order() {
    let value = render(&Reply::Info(Box::new(info())));
    let expected = "name group start stop now state statename spawnerr exitstatus logfile stdout_logfile stderr_logfile pid description";
    assert_eq!(keys(&value), expected);
    assert_eq!(get(&value, "start"), &Value::Int(2_147_483_647));
    assert_eq!(get(&value, "state"), &Value::Int(200));
    assert_eq!(get(&value, "statename"), &text("FATAL"));
    assert_eq!(get(&value, "logfile"), &text("/out"));
    let infos = Infos::new(vec![info()]);
    let all = Value::Array(vec![value]);
    assert_eq!(decode_response(infos.response().as_bytes()).unwrap().unwrap(), all);
    assert_eq!(render(&Reply::Infos(infos)), all);
}

/// B1.9.2, B1.9.3, B1.9.5
#[test]
fn config_info_has_thirty_keys_in_order() {
    let value = render_config(config());
    let expected = "autostart autorestart directory uid command exitcodes group group_prio inuse killasgroup name \
        process_prio redirect_stderr startretries startsecs stdout_capture_maxbytes stdout_events_enabled stdout_logfile \
        stdout_logfile_backups stdout_logfile_maxbytes stdout_syslog stopsignal stopwaitsecs stderr_capture_maxbytes \
        stderr_events_enabled stderr_logfile stderr_logfile_backups stderr_logfile_maxbytes stderr_syslog serverurl";
    assert_eq!(keys(&value), expected);
    assert_eq!(get(&value, "exitcodes"), &Value::Array(vec![Value::Int(0), Value::Int(2)]));
    assert_eq!(get(&value, "stopsignal"), &Value::Int(3));
    assert_eq!(get(&value, "stdout_logfile_maxbytes"), &Value::Int(3_221_225_472));
    assert_eq!(get(&value, "group_prio"), &Value::Int(-1));
}

/// A8.6, B1.9.2, B0.6
#[test]
fn settings_without_a_value_have_a_word() {
    let mut config = config();
    let value = render_config(config.clone());
    for key in ["directory", "uid", "serverurl"] {
        assert_eq!(get(&value, key), &text("none"), "{key}");
    }
    assert_eq!(get(&value, "autorestart"), &text("unexpected"));
    assert_eq!(get(&value, "stderr_logfile"), &text("auto"));

    let process = Arc::make_mut(&mut config.process);
    process.autorestart = AutoRestart::Always;
    process.serverurl = ServerUrl::Unset;
    process.user = Some(UserId(65534));
    process.stdout.logfile = ChildLog::None;
    config.stderr_auto = Some("/auto".to_owned());
    let value = render_config(config.clone());
    assert_eq!(get(&value, "autorestart"), &Value::Bool(true));
    assert_eq!(get(&value, "serverurl"), &text(""), "an empty one is no missing one");
    assert_eq!(get(&value, "uid"), &Value::Int(65534));
    assert_eq!(get(&value, "stdout_logfile"), &text("none"));
    assert_eq!(get(&value, "stderr_logfile"), &text("/auto"));

    Arc::make_mut(&mut config.process).stdout.logfile = ChildLog::Empty;
    assert_eq!(get(&render_config(config.clone()), "stdout_logfile"), &text(""));

    let process = Arc::make_mut(&mut config.process);
    process.autorestart = AutoRestart::Never;
    process.redirect_stderr = true;
    let value = render_config(config);
    assert_eq!(get(&value, "autorestart"), &Value::Bool(false));
    assert_eq!(get(&value, "stderr_logfile"), &text("none"));
}

/// B1.7.1
#[test]
fn result_entries_have_four_keys_in_order() {
    let entry = ResultEntry { name: "p".to_owned(), group: "g".to_owned(), status: 80, description: "OK".to_owned() };
    let value = match render(&Reply::Results(vec![entry])) {
        Value::Array(mut items) => items.remove(0),
        other => panic!("{other:?}"),
    };
    assert_eq!(keys(&value), "name group status description");
    assert_eq!(get(&value, "status"), &Value::Int(80));
}

/// B1.3.3, B1.5, B1.10.7, B1.11.1
#[test]
fn small_replies_are_what_the_method_table_says() {
    assert_eq!(render(&Reply::Done), Value::Bool(true));
    let state = render(&Reply::State(SupervisorState::Running));
    assert_eq!(keys(&state), "statecode statename");
    assert_eq!(get(&state, "statecode"), &Value::Int(1));
    let reread = Reply::Reread { added: vec!["a".to_owned()], changed: vec![], removed: vec![] };
    let lists = vec![Value::Array(vec![text("a")]), Value::Array(vec![]), Value::Array(vec![])];
    assert_eq!(render(&reread), Value::Array(vec![Value::Array(lists)]));
    let tail = Reply::Tail { text: "x".to_owned(), offset: 5_000_000_000, overflow: true };
    assert_eq!(render(&tail), Value::Array(vec![text("x"), Value::Int(5_000_000_000), Value::Bool(true)]));
}

#[test]
fn the_state_of_a_log_has_its_outage_as_seconds_of_the_epoch_or_0() {
    let state = |out_since| LogState {
        group: "g".to_owned(),
        name: "p".to_owned(),
        channel: Channel::Stderr,
        path: "/err".to_owned(),
        written: 1 << 40,
        dropped: 2,
        waiting: 3,
        outages: 4,
        out_since,
    };
    let since = Duration::from_millis(1_700_000_000_900);
    let rendered = render(&Reply::LogStates(vec![state(Some(since)), state(None)]));
    let Value::Array(states) = rendered else { panic!("{rendered:?}") };
    assert_eq!(keys(&states[0]), "group name channel path written dropped waiting outages since");
    assert_eq!(get(&states[0], "channel"), &Value::Text("stderr".to_owned()));
    assert_eq!(get(&states[0], "written"), &Value::Int(1 << 40));
    assert_eq!(get(&states[0], "since"), &Value::Int(1_700_000_000));
    assert_eq!(get(&states[1], "since"), &Value::Int(0));
}

/// B1.10.11, B1.10.12, B1.10.13
#[test]
fn a_log_as_text_has_nothing_that_xml_forbids() {
    use super::log_text;
    assert_eq!(log_text(b"\x1b[31m\t\r\n\xc3\xa9\xff\x00z".to_vec()), "\u{fffd}[31m\t\r\né\u{fffd}\u{fffd}z");
    assert_eq!(log_text("\u{ffff}\u{fffe}\u{1f600}\u{7f}".into()), "\u{fffd}\u{fffd}\u{1f600}\u{7f}");
    assert_eq!(log_text(b"\xc3".to_vec()), "\u{fffd}");
}
