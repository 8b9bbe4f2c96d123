//! The last events of a daemon: its listeners have them before they are told to
//! stop, unless they take too long.

use super::World;
use crate::config::ProcessConfig;
use crate::manager::testing::{group, pool, program};
use crate::manager::{Input, ProcessId, Target, Wish};
use crate::model::Signal;
use std::time::Duration;

const OK: &str = "RESULT 2\nOK";

/// A program `p`, and a listener `l` to these events that is up.
fn with_listener(events: &[&str]) -> World {
    let at_once = |name| ProcessConfig { startsecs: 0, ..program(name) };
    let mut world = World::new(vec![pool("l", 10, events, vec![at_once("l")]), group("p", 999, vec![at_once("p")])]);
    world.did();
    world.fed.clear();
    world
}

fn listener(world: &World) -> ProcessId {
    world.manager.process_named("l").expect("a listener")
}

fn say(world: &mut World, text: &str) {
    world.input(Input::ListenerSaid { id: listener(world), bytes: text.as_bytes().to_vec() });
}

/// Lets milliseconds pass.
fn pass(world: &mut World, millis: u64) {
    world.now.mono += Duration::from_millis(millis);
    world.input(Input::Wake);
}

/// The names of the events that the listener got.
fn heard(world: &mut World) -> Vec<String> {
    let name = |text: String| text.split_once("eventname:")?.1.split_once(' ').map(|(name, _)| name.to_owned());
    world.fed.drain(..).filter_map(name).collect()
}

/// A4.93
#[test]
fn a_listener_has_the_last_events_before_it_is_told_to_stop() {
    let mut world = with_listener(&["SUPERVISOR_STATE_CHANGE_STOPPING", "PROCESS_STATE_STOPPED"]);
    say(&mut world, "READY\n");
    world.input(Input::Signalled(Signal::TERM));
    world.exit("p");
    assert_eq!(world.did(), ["SIGTERM p"], "it has an event");
    assert_eq!(heard(&mut world), ["SUPERVISOR_STATE_CHANGE_STOPPING"]);
    say(&mut world, OK);
    assert_eq!(world.did(), [""; 0], "another waits for it to be ready again");
    say(&mut world, "READY\n");
    assert_eq!(heard(&mut world), ["PROCESS_STATE_STOPPED"]);
    assert_eq!(world.did(), [""; 0]);
    say(&mut world, OK);
    assert_eq!(world.did(), ["SIGTERM l"], "with the last result, in the same moment");
}

/// A4.93
#[test]
fn a_listener_that_is_ready_is_fed_before_it_is_told() {
    let mut world = with_listener(&["SUPERVISOR_STATE_CHANGE"]);
    world.exit("p");
    say(&mut world, "READY\n");
    say(&mut world, "RESULT 2\nOKREADY\n");
    assert_eq!(heard(&mut world), ["SUPERVISOR_STATE_CHANGE_RUNNING"], "from the early time");
    world.input(Input::Signalled(Signal::TERM));
    assert_eq!(heard(&mut world), ["SUPERVISOR_STATE_CHANGE_STOPPING"]);
    assert_eq!(world.did(), [""; 0]);
}

/// A4.93
#[test]
fn a_listener_that_does_not_answer_has_a_second() {
    let mut world = with_listener(&["SUPERVISOR_STATE_CHANGE_STOPPING"]);
    say(&mut world, "READY\n");
    world.input(Input::Signalled(Signal::TERM));
    pass(&mut world, 700);
    world.exit("p");
    assert_eq!(world.did(), ["SIGTERM p"]);
    let deadline = world.manager.deadline(world.now).expect("it wants to be woken");
    assert_eq!(deadline, world.now.mono + Duration::from_secs(1), "from its own turn on");
    pass(&mut world, 999);
    assert_eq!(world.did(), [""; 0]);
    pass(&mut world, 1);
    assert_eq!(world.did(), ["SIGTERM l"]);
    let next = world.manager.deadline(world.now).expect("a report at least");
    assert!(next > world.now.mono, "that moment was the last");
}

/// A4.93
#[test]
fn a_listener_that_owes_nothing_is_told_at_once() {
    for (events, said) in [
        // Has no event, and there is none for it.
        (&["TICK_3600"], "READY\n"),
        // Was never ready.
        (&["EVENT"], ""),
        (&["EVENT"], "REA"),
        // Has fallen.
        (&["EVENT"], "READY\nnonsense"),
    ] {
        let mut world = with_listener(events);
        say(&mut world, said);
        world.input(Input::Signalled(Signal::TERM));
        world.exit("p");
        assert_eq!(world.did(), ["SIGTERM p", "SIGTERM l"], "{events:?} {said:?}");
    }
}

/// A4.93
#[test]
fn a_listener_that_dies_falls_or_reads_no_more_is_not_waited_for() {
    type End = fn(&mut World);
    let ends: [(End, &[&str]); 3] = [
        (|world| world.exit("l"), &["finish SHUTDOWN"]),
        (|world| say(world, "nonsense\n"), &["SIGTERM l"]),
        (|world| world.input(Input::ListenerDeaf { id: listener(world) }), &["SIGTERM l"]),
    ];
    for (end, did) in ends {
        let mut world = with_listener(&["SUPERVISOR_STATE_CHANGE_STOPPING"]);
        say(&mut world, "READY\n");
        world.exit("p");
        world.input(Input::Signalled(Signal::TERM));
        assert_eq!(world.did(), [""; 0]);
        end(&mut world);
        assert_eq!(world.did(), did);
    }
}

/// A4.22: only the end of the daemon is patient
#[test]
fn a_plain_stop_of_a_listener_waits_for_no_event() {
    let mut world = with_listener(&["PROCESS_STATE"]);
    say(&mut world, "READY\n");
    world.did();
    world.request(1, Target::Named("l".into()), Wish::Stop { wait: false }).expect("it runs");
    assert_eq!(world.did(), ["SIGTERM l"]);
}
