//! Texts and names, compared to the contract's.

use super::{Change, Event, EventKind, Output, Period, ProcessId, header, payload_len};
use crate::config::LenUnit;
use crate::model::event_names::{EVENT_NAMES, is_event_name};
use crate::model::{Channel, ProcessState};

fn process() -> ProcessId {
    ProcessId { name: "p".to_owned(), group: "g".to_owned() }
}

fn output(channel: Channel, data: &[u8]) -> Output {
    Output { process: process(), pid: 7, channel, data: data.to_vec() }
}

/// One event of each concrete type.
fn one_of_each() -> Vec<Event> {
    let from = ProcessState::Starting;
    let changes = [
        Change::Starting { tries: 0 },
        Change::Backoff { tries: 1 },
        Change::Running { pid: 7 },
        Change::Stopping { pid: 7 },
        Change::Stopped { pid: 7 },
        Change::Exited { expected: true, pid: 7 },
        Change::Fatal,
        Change::Unknown,
    ];
    let mut events: Vec<Event> = changes.map(|to| Event::ProcessState { process: process(), from, to }).into();
    for channel in [Channel::Stdout, Channel::Stderr] {
        events.push(Event::ProcessLog(output(channel, b"")));
        events.push(Event::ProcessCommunication(output(channel, b"")));
    }
    events.extend(Period::ALL.map(|period| Event::Tick { period, when: 0 }));
    events.extend([Event::SupervisorRunning, Event::SupervisorStopping]);
    events.push(Event::RemoteCommunication { kind: String::new(), data: String::new() });
    events.extend([Event::GroupAdded(String::new()), Event::GroupRemoved(String::new())]);
    events
}

/// A6.2–A6.33
#[test]
fn every_type_without_children_is_the_name_of_one_event_and_no_other_is() {
    let mut sent: Vec<&str> = one_of_each().iter().map(|event| event.kind().name()).collect();
    let leaf = |name: &str| EVENT_NAMES.iter().all(|(_, parent)| *parent != name);
    let mut leaves: Vec<&str> = EVENT_NAMES.iter().map(|(name, _)| *name).filter(|name| leaf(name)).collect();
    sent.sort_unstable();
    leaves.sort_unstable();
    assert_eq!(sent, leaves);
    assert!(sent.iter().all(|name| is_event_name(name)));
}

/// A6.11–A6.18
#[test]
fn state_events_name_process_group_old_state_and_what_belongs_to_the_new() {
    let said = |from, to| Event::ProcessState { process: process(), from, to }.payload();
    use ProcessState::{Backoff, Exited, Running, Starting, Stopping};
    let common = "processname:p groupname:g from_state:";
    let cases = [
        (Exited, Change::Starting { tries: 0 }, "EXITED tries:0"),
        (Starting, Change::Backoff { tries: 3 }, "STARTING tries:3"),
        (Starting, Change::Running { pid: 18965 }, "STARTING pid:18965"),
        (Running, Change::Stopping { pid: 7 }, "RUNNING pid:7"),
        (Stopping, Change::Stopped { pid: 7 }, "STOPPING pid:7"),
        (Backoff, Change::Stopped { pid: 0 }, "BACKOFF pid:0"),
        (Running, Change::Exited { expected: true, pid: 7 }, "RUNNING expected:1 pid:7"),
        (Running, Change::Exited { expected: false, pid: 7 }, "RUNNING expected:0 pid:7"),
        (Backoff, Change::Fatal, "BACKOFF"),
        (Stopping, Change::Unknown, "STOPPING"),
    ];
    for (from, to, rest) in cases {
        assert_eq!(said(from, to), format!("{common}{rest}"));
    }
}

/// A6.21–A6.25
#[test]
fn output_events_have_a_line_and_then_the_data() {
    let log = |channel| Event::ProcessLog(output(channel, b"a\nb\n")).payload();
    assert_eq!(log(Channel::Stdout), "processname:p groupname:g pid:7 channel:stdout\na\nb\n");
    assert_eq!(log(Channel::Stderr), "processname:p groupname:g pid:7 channel:stderr\na\nb\n");
    for channel in [Channel::Stdout, Channel::Stderr] {
        let said = Event::ProcessCommunication(output(channel, b"x")).payload();
        assert_eq!(said, "processname:p groupname:g pid:7\nx");
    }
}

/// A6.46
#[test]
fn bytes_that_are_no_text_are_shown_as_python_shows_bytes() {
    let said = |data: &[u8]| Event::ProcessCommunication(output(Channel::Stdout, data)).payload();
    assert!(said(b"\xff\xfe").ends_with(r"Undecodable: b'\xff\xfe'"));
    assert!(said(b"caf\xc3").ends_with(r"Undecodable: b'caf\xc3'"), "a character that was cut");
    assert!(said("café".as_bytes()).ends_with("\ncafé"));
}

/// A6.26–A6.33, A8.23
#[test]
fn the_other_events_say_what_the_contract_says() {
    let remote = Event::RemoteCommunication { kind: "a\nb".to_owned(), data: "c\n".to_owned() };
    assert_eq!(remote.payload(), "type:a\nb\nc\n");
    assert_eq!(Event::SupervisorRunning.payload(), "");
    assert_eq!(Event::SupervisorStopping.payload(), "");
    assert_eq!(Event::Tick { period: Period::Five, when: 1_795_360_225 }.payload(), "when:1795360225");
    assert_eq!(Event::GroupAdded("g".to_owned()).payload(), "groupname:g\n");
    assert_eq!(Event::GroupRemoved("g".to_owned()).payload(), "groupname:g\n");
}

/// A6.57, A6.84
#[test]
fn a_header_reads_as_the_sample() {
    let process = ProcessId { name: "p".to_owned(), group: "p".to_owned() };
    let event = Event::ProcessState { process, from: ProcessState::Starting, to: Change::Running { pid: 18965 } };
    let payload = event.payload();
    let len = payload_len(&payload, LenUnit::Characters);
    assert_eq!(
        header("supervisor", 3, "a", 3, event.kind(), len) + &payload,
        "ver:3.0 server:supervisor serial:3 pool:a poolserial:3 eventname:PROCESS_STATE_RUNNING len:55\n\
         processname:p groupname:p from_state:STARTING pid:18965"
    );
}

/// A6.58
#[test]
fn len_counts_characters_unless_bytes_are_wanted() {
    assert_eq!(payload_len("type:é\n", LenUnit::Characters), 7);
    assert_eq!(payload_len("type:é\n", LenUnit::Bytes), 8);
}

/// A6.1
#[test]
fn a_subscription_covers_its_own_type_and_those_below() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let tick = EventKind::Tick(Period::Minute);
    for wanted in [&["TICK_60"][..], &["TICK"], &["EVENT"], &["PROCESS_LOG", "TICK"]] {
        assert!(tick.is_subscribed(&names(wanted)), "{wanted:?}");
    }
    for wanted in [&[][..], &["TICK_5"], &["PROCESS_LOG", "PROCESS_STATE"]] {
        assert!(!tick.is_subscribed(&names(wanted)), "{wanted:?}");
    }
}
