//! Bugs, planted: what panics costs no more than itself.

use super::{ChannelSetup, LONG, Rig, STDERR, STDOUT, output, setup};
use crate::logs::Limits;
use std::ffi::OsStr;
use std::fs;
use std::io::{ErrorKind, Write};
use std::panic;
use std::path::Path;
use std::sync::mpsc;

/// Stands for a bug: what begins with `trigger` panics.
pub(in crate::pump) fn panic_if(bytes: &[u8], trigger: &[u8]) {
    assert!(!bytes.starts_with(trigger), "planted");
}

/// The same for a file of this name. Somebody waits for it for milliseconds only, and
/// the usual report, with a backtrace, may take longer: there is none.
pub(in crate::pump) fn panic_if_named(path: &Path, trigger: &str) {
    if path.file_name() == Some(OsStr::new(trigger)) {
        panic::resume_unwind(Box::new("planted"));
    }
}

#[test]
fn a_panic_of_a_stream_costs_the_chunk_that_it_happened_to() {
    let mut rig = Rig::new(16);
    let (one, two) = (rig.open("one"), rig.open("two"));
    let mut bad = rig.attach(STDOUT, ChannelSetup { log: Some(one), events: true, ..setup() });
    let mut good = rig.attach(STDERR, ChannelSetup { log: Some(two), events: true, ..setup() });
    for round in ["first", "second"] {
        fs::write(rig.path("main"), "").unwrap();
        bad.write_all(b"a stream panics").unwrap();
        rig.wait_said("CRIT panic while logging: planted; a part of stdout of 'cat' is lost");
        for (child, id) in [(&mut bad, STDOUT), (&mut good, STDERR)] {
            child.write_all(round.as_bytes()).unwrap();
            assert_eq!(rig.event(), output(id, round.as_bytes()));
        }
    }
    drop((bad, good));
    assert_eq!(rig.drained(), []);
    for log in ["one", "two"] {
        rig.holds(log, b"firstsecond");
    }
}

#[test]
fn a_stream_that_panics_for_ever_is_given_up_and_its_child_can_be_drained() {
    let mut rig = Rig::new(16);
    let mut bad = rig.attach(STDOUT, setup());
    let mut good = rig.attach(STDERR, ChannelSetup { events: true, ..setup() });
    // each is a chunk of its own only once the one before was read
    let mut given_up = 0;
    while bad.write_all(b"a stream panics").is_ok() {
        rig.settled();
        given_up += 1;
        assert!(given_up < 1000, "{:?}", rig.said());
    }
    rig.wait_said("CRIT panic while logging: planted; stdout of 'cat' is read no more");
    good.write_all(b"here").unwrap();
    assert_eq!(rig.event(), output(STDERR, b"here"));
    drop(good);
    assert_eq!(rig.drained(), []);
}

#[test]
fn a_panic_of_a_log_costs_what_was_being_written() {
    let mut rig = Rig::new(16);
    let log = Some(rig.open("log"));
    let mut child = rig.attach(STDOUT, ChannelSetup { log, events: true, ..setup() });
    child.write_all(b"before,").unwrap();
    assert_eq!(rig.event(), output(STDOUT, b"before,"));
    rig.holds("log", b"before,");
    child.write_all(b"a log panics").unwrap();
    assert_eq!(rig.event(), output(STDOUT, b"a log panics"));
    let path = rig.path("log");
    rig.wait_said(&format!("CRIT panic while logging: planted; what waited for '{}' is lost", path.display()));
    child.write_all(b"after").unwrap();
    assert_eq!(rig.event(), output(STDOUT, b"after"));
    drop(child);
    assert_eq!(rig.drained(), []);
    rig.holds("log", b"before,after");
}

#[test]
fn a_panic_of_an_order_costs_that_order() {
    let rig = Rig::new(16);
    rig.pump.count(|_| panic!("planted"));
    rig.wait_said("CRIT panic while logging: planted; one thing that was under way is lost");
    let (tell, told) = mpsc::channel();
    rig.pump.count(move |counts| tell.send(counts.len()).unwrap());
    assert_eq!(told.recv_timeout(LONG), Ok(1));
}

#[test]
fn a_panic_while_logs_are_made_or_opened_is_told() {
    let rig = Rig::new(16);
    // who waits is told, unless the machine is too busy for it within milliseconds
    let refused = (0..100).find_map(|_| rig.pump.make(vec![rig.path("a making panics")]).err());
    assert_eq!(refused.unwrap().kind(), ErrorKind::Interrupted);
    rig.wait_said("CRIT panic while logging: planted; one thing that was under way is lost");
    rig.pump.make(vec![rig.path("made")]).unwrap();
    assert!(rig.path("made").exists());
    fs::write(rig.path("main"), "").unwrap();
    let open = || rig.pump.open(super::PROCESS, rig.path("an opening panics"), Limits::default());
    assert_eq!((0..100).find_map(|_| open().err()).unwrap().to_string(), "planted");
    rig.wait_said("CRIT panic while logging: planted; one thing that was under way is lost");
}
