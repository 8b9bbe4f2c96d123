//! The manager as a whole: orders, calls, events and the way out.

mod last_events;
mod world;

use super::testing::{group, pool, program};
use super::{Answer, CommandError, Input, Refusal, Target, Ticket, Wish};
use crate::config::{GroupConfig, ProcessConfig};
use crate::model::{ProcessState, Signal, SupervisorState};
use std::sync::Arc;
use std::time::Duration;
use world::World;

fn with_priority(name: &str, priority: i64) -> ProcessConfig {
    ProcessConfig { priority, ..program(name) }
}

fn one(name: &str, priority: i64) -> GroupConfig {
    group(name, priority, vec![program(name)])
}

fn named(name: &str) -> Target {
    Target::Named(name.to_owned())
}

const START: Wish = Wish::Start { wait: true };
const STOP: Wish = Wish::Stop { wait: true };

/// A4.85–A4.89: groups by priority, members as configured, no waiting between
#[test]
fn at_boot_all_autostart_processes_are_spawned_in_order() {
    let quiet = ProcessConfig { autostart: false, ..program("quiet") };
    let mut world = World::new(vec![
        one("early", 1),
        group("web", 20, vec![with_priority("w2", 7), with_priority("w1", 3), quiet]),
        one("late", 999),
    ]);
    assert_eq!(world.did(), ["spawn early", "spawn w2", "spawn w1", "spawn late"]);
}

/// A4.92, A4.133, B1.6.15: the last group first, each waited for
#[test]
fn a_shutdown_stops_group_after_group_from_the_highest_priority_down() {
    let mut world =
        World::new(vec![one("a", 1), group("g", 5, vec![with_priority("x", 1), with_priority("y", 2)]), one("z", 9)]);
    world.did();
    world.input(Input::Signalled(Signal::TERM));
    assert_eq!(world.did(), ["SIGTERM z"]);
    world.exit("z");
    assert_eq!(world.did(), ["SIGTERM y", "SIGTERM x"], "A4.91: descending inside a group");
    world.exit("g:x");
    assert_eq!(world.did(), [""; 0]);
    world.exit("g:y");
    assert_eq!(world.did(), ["SIGTERM a"]);
    world.exit("a");
    assert_eq!(world.did(), ["finish SHUTDOWN"]);
    assert!(world.logged.contains(&"received SIGTERM indicating exit request".to_owned()));
}

/// A4.133, A5.54: at once, without those that were given up, and every 3 s
#[test]
fn a_shutdown_says_whom_it_waits_for() {
    let mut world = World::new(vec![one("a", 1), group("g", 5, vec![program("x"), program("bad")])]);
    world.exit("g:bad");
    assert_eq!(world.state("g:bad"), ProcessState::Backoff);
    world.input(Input::Signalled(Signal::TERM));
    let said = |world: &World| world.logged.iter().filter(|line| *line == "waiting for a, x to die").count();
    world.pass(0);
    assert_eq!(said(&world), 1, "{:?}", world.logged);
    world.pass(2);
    assert_eq!(said(&world), 1);
    world.pass(1);
    assert_eq!(said(&world), 2);
}

/// Whatever a program leaves that ends by itself is its own business.
#[test]
fn only_behind_a_stop_somebody_looks_for_survivors() {
    let mut world = World::new(vec![one("a", 1), one("b", 2), one("c", 3)]);
    world.pass(2);
    world.exit("a");
    assert_eq!(world.looked, [""; 0]);
    world.request(1, Target::Named("b".into()), Wish::Stop { wait: false }).unwrap();
    assert_eq!(world.looked, [""; 0], "the child is there");
    world.exit("b");
    assert_eq!(world.looked, ["b 3"]);
    world.input(Input::Signalled(Signal::TERM));
    world.exit("c");
    assert_eq!(world.looked, ["b 3", "c 4"]);
}

/// A5.54, A5.55: a long turn may be cut before anybody was told to stop
#[test]
fn a_report_of_a_shutdown_comes_behind_the_signals_that_are_under_way() {
    let mut world = World::new(vec![one("a", 1), one("b", 2)]);
    let mut waiting = vec![];
    world.manager.input(Input::Signalled(Signal::TERM), world.now, &mut waiting);
    world.manager.input(Input::Wake, world.now, &mut waiting);
    world.logged.clear();
    world.perform(waiting);
    let said = world.logged.iter().filter(|line| line.contains("to die") || line.contains("state: "));
    assert_eq!(said.collect::<Vec<_>>(), ["waiting for a, b to die", "a state: STARTING", "b state: STOPPING"]);
}

/// A4.93, A7.52
#[test]
fn groups_with_nothing_to_stop_cost_no_time() {
    let quiet = |name: &str| group(name, 5, vec![ProcessConfig { autostart: false, ..program(name) }]);
    let mut world = World::new(vec![quiet("a"), quiet("b"), quiet("c")]);
    world.input(Input::Signalled(Signal::INT));
    assert_eq!(world.did(), ["finish SHUTDOWN"]);
}

/// A4.126, A4.132
#[test]
fn a_restart_becomes_a_shutdown_on_term_and_never_the_other_way_round() {
    let mut world = World::new(vec![one("a", 1)]);
    world.input(Input::Leave(SupervisorState::Restarting));
    world.input(Input::Signalled(Signal::TERM));
    assert_eq!(world.manager.state(), SupervisorState::Shutdown);
    world.input(Input::Signalled(Signal::HUP));
    assert_eq!(world.manager.state(), SupervisorState::Shutdown);
    let ignored = "ignored SIGHUP indicating restart request (shutdown in progress)";
    assert_eq!(world.logged.last().map(String::as_str), Some(ignored));
    world.exit("a");
    assert_eq!(world.did().last().map(String::as_str), Some("finish SHUTDOWN"));
}

/// B1.6.4, B1.12.3
#[test]
fn a_start_that_waits_is_answered_when_the_process_is_running() {
    let mut world = World::new(vec![group("a", 1, vec![ProcessConfig { autostart: false, ..program("a") }])]);
    assert_eq!(world.request(1, named("a"), START), Ok(()));
    assert!(world.answers.is_empty());
    world.pass(1);
    assert_eq!(world.answers.get(&1), Some(&Answer::One(Ok(()))));
    assert_eq!(world.request(2, named("a"), Wish::Start { wait: false }), Ok(()));
    assert_eq!(world.answers.get(&2), Some(&Answer::One(Err(Refusal::AlreadyStarted("a".into())))));
}

/// B1.6.4, B1.6.5: told at the first failure, while the retries go on
#[test]
fn a_start_that_fails_is_answered_at_once_and_tried_again() {
    let mut world = World::new(vec![group("a", 1, vec![ProcessConfig { autostart: false, ..program("a") }])]);
    world.request(1, named("a"), START).expect("begun");
    world.exit("a");
    assert_eq!(world.answers.get(&1), Some(&Answer::One(Err(Refusal::SpawnError("a".into())))));
    assert_eq!(world.state("a"), ProcessState::Backoff);
    world.pass(1);
    assert_eq!(world.state("a"), ProcessState::Starting);
}

/// B1.6.4: somebody else stopped it meanwhile
#[test]
fn a_start_overtaken_by_a_stop_is_an_abnormal_termination() {
    let mut world = World::new(vec![group("a", 1, vec![ProcessConfig { autostart: false, ..program("a") }])]);
    world.request(1, named("a"), START).expect("begun");
    world.request(2, named("a"), STOP).expect("begun");
    assert_eq!(world.answers.get(&1), Some(&Answer::One(Err(Refusal::AbnormalTermination("a".into())))));
    assert_eq!(world.answers.get(&2), None);
    world.exit("a");
    assert_eq!(world.answers.get(&2), Some(&Answer::One(Ok(()))));
}

/// B1.6.2: the file is looked at before the state
#[test]
fn a_missing_file_is_told_even_of_a_running_process() {
    let mut world = World::new(vec![one("a", 1)]);
    world.missing.push("a");
    world.request(1, named("a"), START).expect("begun");
    let missing = Refusal::NoFile(CommandError::NotFound("x".into()));
    assert_eq!(world.answers.get(&1), Some(&Answer::One(Err(missing))));
}

/// B1.6.7, F21
#[test]
fn a_process_that_is_stopping_cannot_be_started() {
    let mut world = World::new(vec![one("a", 1)]);
    world.request(1, named("a"), Wish::Stop { wait: false }).expect("begun");
    assert_eq!(world.answers.get(&1), Some(&Answer::One(Ok(()))), "asked for, not reached");
    for (ticket, wait) in [(2, true), (3, false)] {
        world.request(ticket, named("a"), Wish::Start { wait }).expect("begun");
        let refused = Answer::One(Err(Refusal::AbnormalTermination("a".into())));
        assert_eq!(world.answers.get(&ticket), Some(&refused));
    }
}

/// B1.6.8, B1.6.16, B1.4
#[test]
fn names_and_states_that_do_not_fit_are_refused_at_once() {
    let mut world = World::new(vec![one("a", 1)]);
    let bad_name = |name: &str| Err(Refusal::BadName(name.to_owned()));
    for name in ["nope", "", "*", " a", "a:b", "nope:*", "a:a:x"] {
        assert_eq!(world.request(1, named(name), START), bad_name(name));
    }
    assert_eq!(world.request(1, Target::Group("a:*".into()), START), bad_name("a:*"));
    world.request(2, named("a:a"), STOP).expect("begun");
    assert_eq!(world.request(3, named("a"), STOP), Err(Refusal::NotRunning("a".into())));
    let signal = |text: &str| Wish::Signal(text.to_owned());
    assert_eq!(world.request(4, named("a"), signal("FOO")), Err(Refusal::BadSignal("FOO".into())));
    assert_eq!(world.request(5, named("a"), signal("HUP")), Ok(()), "while STOPPING");
    world.exit("a");
    assert_eq!(world.request(6, named("a"), signal("HUP")), Err(Refusal::NotRunning("a".into())));
    assert_eq!(world.request(7, named("a"), signal("FOO")), Err(Refusal::BadSignal("FOO".into())));
}

/// B1.6.11, B1.6.13–B1.6.15, B1.7.3, B1.7.4, B7.7
#[test]
fn a_group_call_acts_on_those_that_qualify_in_priority_order() {
    let quiet = |name: &str, priority| ProcessConfig { autostart: false, priority, ..program(name) };
    let mut world = World::new(vec![group("g", 1, vec![quiet("b", 2), quiet("a", 1), program("up"), quiet("bad", 3)])]);
    world.pass(1);
    world.did();
    world.missing.push("bad");
    world.request(1, named("g:*"), START).expect("begun");
    assert_eq!(world.did(), ["spawn a", "spawn b"]);
    world.pass(1);
    let Some(Answer::Many(outcomes)) = world.answers.get(&1) else { panic!("{:?}", world.answers) };
    let told: Vec<(&str, bool)> = outcomes.iter().map(|o| (o.name.as_str(), o.result.is_ok())).collect();
    assert_eq!(told, [("bad", false), ("a", true), ("b", true)], "in the order of completion");

    world.request(2, Target::All, Wish::Signal("nonsense".into())).expect("begun");
    let Some(Answer::Many(outcomes)) = world.answers.get(&2) else { panic!("{:?}", world.answers) };
    assert!(outcomes.iter().all(|o| o.result == Err(Refusal::BadSignal("nonsense".into()))), "B1.6.17");

    world.request(3, Target::All, START).expect("begun");
    let Some(Answer::Many(outcomes)) = world.answers.get(&3) else { panic!("{:?}", world.answers) };
    assert_eq!(outcomes.len(), 1, "only the one that is down: {outcomes:?}");
    world.request(4, Target::All, STOP).expect("begun");
    assert_eq!(world.did(), ["SIGTERM a", "SIGTERM b", "SIGTERM up"], "ascending, as upstream");
}

/// A6.37, A6.57, A6.59, A6.11, A6.13: what a listener hears of a start
#[test]
fn a_listener_hears_of_everything_since_its_own_group_was_added() {
    let listener = ProcessConfig { startsecs: 0, ..program("l") };
    let mut world = World::new(vec![pool("l", 10, &["EVENT"], vec![listener]), one("p", 5)]);
    let id = world.manager.process_named("l").expect("a listener");
    let mut heard = vec![];
    for _ in 0..20 {
        world.input(Input::ListenerSaid { id, bytes: b"READY\n".to_vec() });
        let Some(event) = world.fed.pop() else { break };
        let (header, payload) = event.split_once('\n').expect("a header");
        let name = header.split("eventname:").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_default();
        heard.push(format!("{name} {}", payload.trim_end()));
        world.input(Input::ListenerSaid { id, bytes: b"RESULT 2\nOK".to_vec() });
    }
    assert_eq!(
        heard,
        [
            "PROCESS_GROUP_ADDED groupname:l",
            "PROCESS_GROUP_ADDED groupname:p",
            "SUPERVISOR_STATE_CHANGE_RUNNING ",
            "PROCESS_STATE_STARTING processname:l groupname:l from_state:STOPPED tries:0",
            "PROCESS_STATE_RUNNING processname:l groupname:l from_state:STARTING pid:2",
            "PROCESS_STATE_STARTING processname:p groupname:p from_state:STOPPED tries:0",
        ]
    );
    assert_eq!(world.manager.serial(), 6);
}

/// A6.33: with numprocs=0 no process is there whose start would bring it.
#[test]
fn a_group_without_processes_is_told_of_at_once() {
    let ear = ProcessConfig { startsecs: 0, ..program("l") };
    let mut world = World::new(vec![pool("l", 10, &["PROCESS_GROUP"], vec![ear])]);
    let listener = world.manager.process_named("l").unwrap();
    let say = |text: &str| Input::ListenerSaid { id: listener, bytes: text.as_bytes().to_vec() };
    world.input(say("READY\n"));
    world.input(say("RESULT 2\nOKREADY\n"));
    world.add(group("empty", 999, vec![]));
    assert!(world.fed.last().unwrap().ends_with("groupname:empty\n"), "{:?}", world.fed);
}

/// A6.70: events for a listener that waits for them are none of the start, the first
/// of all neither.
#[test]
fn a_pool_with_a_ready_listener_has_its_start_behind_it() {
    let ear = ProcessConfig { startsecs: 0, ..program("l") };
    let mut world = World::new(vec![pool("l", 1, &["REMOTE_COMMUNICATION"], vec![ear])]);
    let id = world.manager.process_named("l").unwrap();
    world.input(Input::ListenerSaid { id, bytes: b"READY\n".to_vec() });
    for data in ["one", "two", "three"] {
        let mut out = vec![];
        world.manager.remote_communication("kind", data, &mut out);
        world.perform(out);
    }
    world.logged.clear();
    world.exit("l");
    let overflows = world.logged.iter().filter(|line| line.contains("overflowed, discarding event 2"));
    assert_eq!(overflows.count(), 1, "what it had is put back for the last: {:?}", world.logged);
}

/// A6.41: woken at its own deadline, a listener hears of each piece of time
#[test]
fn ticks_come_when_the_manager_asks_to_be_woken() {
    let listener = ProcessConfig { startsecs: 0, ..program("l") };
    let mut world = World::new(vec![pool("l", 10, &["TICK"], vec![listener])]);
    let id = world.manager.process_named("l").expect("a listener");
    for _ in 0..3 {
        world.input(Input::ListenerSaid { id, bytes: b"READY\n".to_vec() });
        let wait = world.manager.deadline(world.now).expect("a deadline").saturating_sub(world.now.mono);
        assert!(wait <= Duration::from_secs(5), "{wait:?}");
        world.now.mono += wait;
        world.now.wall += wait;
        assert!(world.manager.deadline(world.now).is_some_and(|at| at <= world.now.mono), "it is due");
        world.input(Input::Wake);
        world.input(Input::ListenerSaid { id, bytes: b"RESULT 2\nOK".to_vec() });
    }
    let whens: Vec<&str> = world.fed.iter().filter_map(|event| event.split("when:").nth(1)).collect();
    assert_eq!(whens, ["1700000005", "1700000010", "1700000015"]);
}

/// A4.98, B1.11.2, B1.11.3, B1.11.10
#[test]
fn groups_come_and_go_and_a_reread_tells_the_difference() {
    let mut world = World::new(vec![one("a", 1), one("b", 2)]);
    let mut changed = one("b", 2);
    Arc::make_mut(&mut changed.processes[0]).command = "/bin/other".into();
    let found = world.manager.reread(vec![one("new", 1), changed]);
    assert_eq!((found.added, found.removed), (vec!["new".to_owned()], vec!["a".to_owned()]));
    let [(name, reasons)] = found.changed.as_slice() else { panic!("{:?}", found.changed) };
    let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
    assert_eq!((name.as_str(), reasons), ("b", vec!["b: command: /bin/cat -> /bin/other".to_owned()]));

    let mut out = vec![];
    assert_eq!(world.manager.remove_group("a", &mut out), Err(Refusal::StillRunning("a".into())));
    assert_eq!(world.manager.remove_group("nope", &mut out), Err(Refusal::BadName("nope".into())));
    world.request(1, named("a"), STOP).expect("begun");
    world.exit("a");
    assert!(world.manager.remove_group("a", &mut out).is_ok());
    assert!(!world.manager.is_active("a"));
    assert!(!world.add(one("b", 2)), "active already");
    world.did();
    assert!(world.add(one("new", 1)));
    assert_eq!(world.did(), ["spawn new"], "A4.31");
}

/// B1.12.6, F36: a group call is completed though nobody waits for it
#[test]
fn what_was_asked_for_is_done_though_the_caller_has_gone() {
    let quiet = |name: &str| ProcessConfig { autostart: false, ..program(name) };
    let mut world = World::new(vec![group("g", 1, vec![quiet("a"), quiet("b")])]);
    for (ticket, wish, done) in [
        (1, START, ["spawn a", "spawn b"]),
        (2, Wish::Signal("HUP".into()), ["SIGHUP a", "SIGHUP b"]),
        (3, STOP, ["SIGTERM a", "SIGTERM b"]),
    ] {
        let mut out = vec![];
        world.manager.request(&named("g:*"), &wish, Ticket(ticket), &mut out).expect("begun");
        world.manager.forget(Ticket(ticket));
        world.perform(out);
        assert_eq!(world.did(), done);
    }
    assert!(world.answers.is_empty());
}

/// A4.78: between the start and the child there is nobody to signal
#[test]
fn a_stop_that_finds_no_child_is_refused_with_the_line_of_the_log() {
    let mut world = World::new(vec![group("a", 1, vec![ProcessConfig { autostart: false, ..program("a") }])]);
    let id = world.manager.process_named("a").expect("a process");
    let mut begun = vec![];
    world.manager.request(&named("a"), &START, Ticket(1), &mut begun).expect("begun");
    begun.clear();
    world.manager.input(Input::StartMember { ticket: Ticket(1), id, command: Ok(()) }, world.now, &mut begun);
    world.request(2, named("a"), Wish::Stop { wait: false }).expect("begun");
    let text = "attempted to kill a with sig SIGTERM but it wasn't running".to_owned();
    assert_eq!(world.logged.last(), Some(&text));
    assert_eq!(world.answers.get(&2), Some(&Answer::One(Err(Refusal::Failed(text)))));
    world.perform(begun);
    assert_eq!(world.did(), ["spawn a"]);
}

/// A4.80: while someone waits for a stop, and no longer
#[test]
fn a_stop_is_not_mentioned_any_more_when_nobody_waits_for_it() {
    let mut world = World::new(vec![one("a", 1)]);
    world.request(1, named("a"), STOP).expect("begun");
    let said = |world: &World| world.logged.iter().filter(|line| *line == "waiting for a to stop").count();
    world.pass(2);
    assert_eq!(said(&world), 2);
    world.manager.forget(Ticket(1));
    world.pass(4);
    assert_eq!(said(&world), 2);
}
