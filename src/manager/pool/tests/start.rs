//! Events of the start: from before a listener could take one, and until it has
//! caught up with them.

use super::Rig;
use crate::manager::event::{Event, Output, ProcessId};
use crate::manager::pool::{EARLY_EVENTS, publish};
use crate::model::{Channel, Level};

/// A6.37: upstream loses all but `buffer_size` of these.
#[test]
fn what_happens_before_a_listener_is_ready_is_kept_and_comes_first() {
    let mut rig = Rig::new(2, &["TICK"], &["a"]);
    for when in 0..50 {
        rig.tick(when);
    }
    rig.hear(0, "READY\n");
    let mut got = vec![];
    for _ in 0..49 {
        rig.dispatch();
        rig.hear(0, "RESULT 2\nOKREADY\n");
        got.extend(rig.sent().into_iter().map(|(_, when)| when));
    }
    for when in 50..52 {
        rig.tick(when);
    }
    assert_eq!(rig.logged(Level::Info), [""; 0], "one is left of the start");
    for _ in 0..3 {
        rig.dispatch();
        rig.hear(0, "RESULT 2\nOK");
        if rig.pool.waiting() > 0 {
            rig.hear(0, "READY\n");
        }
    }
    got.extend(rig.sent().into_iter().map(|(_, when)| when));
    for when in 52..55 {
        rig.tick(when);
    }
    assert_eq!(rig.logged(Level::Info), ["ERRO pool p event buffer overflowed, discarding event 52"]);
    rig.hear(0, "READY\n");
    rig.dispatch();
    got.extend(rig.sent().into_iter().map(|(_, when)| when));
    assert_eq!(got, (0..52).chain([53]).collect::<Vec<_>>());
}

/// A6.37: it says READY at once, and gets no event before `startsecs` are over.
#[test]
fn what_happens_before_a_ready_listener_runs_is_kept() {
    let mut rig = Rig::new(2, &["TICK"], &["a"]);
    rig.hear(0, "READY\n");
    for when in 0..50 {
        rig.tick(when);
        rig.pool.dispatch("supervisor", |_| false, &mut rig.out);
    }
    assert_eq!((rig.pool.waiting(), rig.logged(Level::Info)), (50, vec![]));
}

/// A6.70: back to the head of all that waits.
#[test]
fn an_event_put_back_while_the_start_waits_comes_first() {
    let mut rig = Rig::new(2, &["TICK"], &["a", "b"]);
    rig.tick(0);
    rig.hear(0, "READY\n");
    rig.dispatch();
    rig.tick(1);
    rig.hear(1, "READY\n");
    rig.dispatch();
    rig.hear(0, "RESULT 4\nFAIL");
    rig.hear(1, "RESULT 4\nFAIL");
    rig.tick(2);
    rig.out.clear();
    for _ in 0..3 {
        rig.hear(0, "READY\n");
        rig.dispatch();
        rig.hear(0, "RESULT 2\nOK");
    }
    assert_eq!(rig.sent(), [(0, 1), (0, 0), (0, 2)]);
}

#[test]
fn a_rejected_early_event_is_still_the_first() {
    let mut rig = Rig::new(1, &["TICK"], &["a"]);
    for when in 0..3 {
        rig.tick(when);
    }
    rig.hear(0, "READY\n");
    rig.dispatch();
    rig.hear(0, "RESULT 4\nFAILREADY\n");
    rig.dispatch();
    rig.hear(0, "RESULT 2\nOKREADY\n");
    rig.dispatch();
    assert_eq!(rig.sent(), [(0, 0), (0, 0), (0, 1)]);
}

#[test]
fn early_events_are_bounded_by_number_and_said_once() {
    let mut rig = Rig::new(10, &["TICK"], &["a"]);
    for when in 0..EARLY_EVENTS as u64 + 3 {
        rig.tick(when);
    }
    assert_eq!(rig.pool.waiting(), EARLY_EVENTS);
    let each = [0, 1, 2].map(|serial| format!("ERRO pool p event buffer overflowed, discarding event {serial}"));
    assert_eq!(rig.logged(Level::Info), each);
    rig.hear(0, "READY\n");
    rig.pool.end(&mut rig.out);
    let all = "WARN pool p: events lost because no listener took them in time: 3 (serials 0 to 2)";
    assert_eq!(rig.logged(Level::Info), [all]);
    rig.dispatch();
    assert_eq!(rig.sent(), [(0, 3)]);
}

#[test]
fn early_events_are_bounded_by_size() {
    let mut rig = Rig::new(10, &["PROCESS_LOG"], &["a"]);
    let process = ProcessId { name: "p".to_owned(), group: "g".to_owned() };
    for _ in 0..5 {
        let data = vec![0; 20 * 1024 * 1024];
        let event = Event::ProcessLog(Output { process: process.clone(), pid: 1, channel: Channel::Stdout, data });
        publish(event, [&mut rig.pool], &mut rig.serials, &mut rig.out);
    }
    assert_eq!(rig.pool.waiting(), 3);
}
