//! The engine with a real child or two and no turns but those that a test takes.

mod feeding;
mod restarting;

use crate::config::load_text;
use crate::engine::exits::Drain;
use crate::engine::handle::Command;
use crate::engine::{Engine, EngineHandle, Parts, Prepared};
use crate::logs::{Limits, MainLog};
use crate::manager::process::Purpose;
use crate::manager::{Action, Input, ProcessId, Target, Ticket, Wish};
use crate::model::{ExitStatus, Level, LogLine, Now, Signal, SupervisorState};
use crate::pump::{Pump, PumpEvent};
use crate::rpc::{Fault, FaultCode, Reply, Request};
use crate::sys::clock;
use crate::sys::signals::Signals;
use crate::sys::testdir::TestDir;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// An engine whose programs `cat` and `talk` and listener `ear` are not started yet.
fn engine(dir: &TestDir) -> Engine {
    let text = "[supervisord]\nnocleanup=true\nloglevel=debug\n[program:cat]\ncommand=/bin/cat\nstartsecs=0\nautostart=false\n\
                stdout_logfile=NONE\nstderr_logfile=NONE\n\
                [program:talk]\ncommand=/bin/sh -c 'echo said'\nautostart=false\nstdout_logfile=NONE\n\
                stderr_logfile=NONE\n[eventlistener:ear]\ncommand=/bin/cat\nevents=REMOTE_COMMUNICATION\nautostart=false\nstderr_logfile=NONE\n";
    engine_of(dir, text, Level::Debug)
}

fn engine_of(dir: &TestDir, text: &str, quietest: Level) -> Engine {
    let (source, config) = load_text(dir.path(), text);
    let log = MainLog::file(&dir.path().join("s.log"), Limits::new(0, 0), quietest).unwrap();
    let (tell, pump_events) = tokio::sync::mpsc::channel(8);
    let (_, inbox) = EngineHandle::channel(Level::Info);
    let prepared = Prepared::new(&config, 0, &mut vec![]).unwrap();
    let (pump, signals) = (Pump::start(log, tell).unwrap(), Signals::take().unwrap());
    Engine::new(Parts { prepared, config, source, rehearse: |_, _| Ok(()), signals, pump, pump_events, inbox }).unwrap()
}

/// Inside the runtime, with an engine whose turn does not end.
fn in_engine(live: impl FnOnce(&mut Engine) + Send + 'static) {
    let lived = std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let _inside = runtime.enter();
        let dir = TestDir::new();
        let mut engine = engine(&dir);
        engine.turn_end = Duration::MAX;
        live(&mut engine);
    });
    lived.join().unwrap();
}

fn start(engine: &mut Engine, ticket: u64) -> Vec<Action> {
    start_of("cat", engine, ticket)
}

fn start_of(name: &str, engine: &mut Engine, ticket: u64) -> Vec<Action> {
    let mut out = vec![];
    let (target, wish) = (Target::Named(name.to_owned()), Wish::Start { wait: false });
    engine.manager.request(&target, &wish, Ticket(ticket), &mut out).unwrap();
    out
}

/// Starts the program; its pid.
fn begin(name: &str, engine: &mut Engine, now: Now) -> (ProcessId, i32) {
    let begun = start_of(name, engine, 1);
    engine.carry_out(begun, now);
    let id = engine.manager.process_named(name).unwrap();
    (id, engine.manager.process(id).unwrap().pid.unwrap())
}

/// A start that waits in a long queue may come to its turn between the exit
/// of a child and what is done about that.
#[test]
fn what_a_new_child_holds_is_not_released_for_the_old_one() {
    in_engine(|engine| {
        let now = clock::now();
        let (id, pid) = begin("cat", engine, now);
        let mut waiting = start(engine, 2);
        engine.manager.input(Input::Exited { pid, status: ExitStatus::Code(0) }, now, &mut waiting);
        engine.carry_out(waiting, now);
        assert_ne!(engine.manager.process(id).unwrap().pid, Some(pid));
        assert!(engine.attached.contains(&id));
        assert_eq!(engine.stdins.send(id, b"x", engine.poller.get_ref()), Ok(()));
    });
}

/// A5.60, A5.75: however soon a child says something.
#[test]
fn what_a_child_says_comes_behind_the_line_that_tells_of_it() {
    in_engine(|engine| {
        let id = engine.manager.process_named("talk").unwrap();
        let log = engine.source.path.as_ref().unwrap().with_file_name("s.log");
        let pid = engine.spawn(id).unwrap();
        let stat = format!("/proc/{pid}/stat");
        while !std::fs::read_to_string(&stat).unwrap().contains(") Z ") {
            std::thread::yield_now();
        }
        let settled = |engine: &Engine| {
            let (answer, answered) = std::sync::mpsc::channel();
            engine.pump.count(move |_| answer.send(()).unwrap());
            answered.recv().unwrap();
            std::fs::read_to_string(&log).unwrap()
        };
        assert_eq!(settled(engine), "", "it is not read yet");
        engine.queue.push_back(Action::Log(LogLine::new(Level::Info, "spawned")));
        engine.read_newborn();
        while !settled(engine).contains("said") {
            std::thread::yield_now();
        }
        let lines = settled(engine);
        assert!(lines.find("spawned") < lines.find("said"), "{lines}");
    });
}

/// The pid of a child whose exit is not told yet may come again at once.
#[test]
fn an_exit_is_told_before_its_pid_is_anothers() {
    in_engine(|engine| {
        let now = clock::now();
        let (id, pid) = begin("cat", engine, now);
        let status = ExitStatus::Code(0);
        engine.draining.insert(id, Drain { pid, status, limit: now.mono });
        let namesake = Input::Spawned { id: ProcessId(99), pid };
        assert_eq!(engine.exit_of_namesake(&namesake), Some(Input::Exited { pid, status }));
        assert_eq!(engine.exit_of_namesake(&namesake), None, "told once");
    });
}

/// A4.39: a log disk that hangs does not hold up what follows an exit.
#[test]
fn an_exit_is_told_at_its_limit_though_the_last_output_is_not_read() {
    in_engine(|engine| {
        let now = clock::now();
        let (id, pid) = begin("cat", engine, now);
        let limit = now.mono + Duration::from_millis(1);
        engine.draining.insert(id, Drain { pid, status: ExitStatus::Code(0), limit });
        engine.take_overdue_drains(now);
        assert_eq!(engine.manager.process(id).unwrap().pid, Some(pid), "it may still be read");
        engine.take_overdue_drains(Now { mono: limit, ..now });
        assert_eq!(engine.manager.process(id).unwrap().pid, None);
    });
}

/// A6.72: an engine that is busy hears its last words late.
#[test]
fn the_end_of_a_listener_that_has_an_event_waits_for_its_last_words() {
    in_engine(|engine| {
        let now = clock::now();
        let (ear, pid) = begin("ear", engine, now);
        let later = |millis| Now { mono: now.mono + Duration::from_millis(millis), ..now };
        let said = |bytes: &[u8]| PumpEvent::Listener { process: ear.0, pid, bytes: bytes.to_vec() };
        engine.feed(Input::Wake, later(1100));
        engine.take_output(said(b"READY\n"), later(1100));
        let mut out = vec![];
        engine.manager.remote_communication("kind", "data", &mut out);
        engine.carry_out(out, later(1100));
        assert!(engine.manager.has_event(ear));
        engine.drain(ear, pid, ExitStatus::Code(0), later(1200));
        engine.take_overdue_drains(later(1500));
        engine.take_output(said(b"RESULT 2\nOK"), later(1600));
        assert!(!engine.manager.has_event(ear));
        assert_eq!(engine.manager.process(ear).unwrap().pid, Some(pid), "its end is not told yet");
        engine.take_overdue_drains(later(6300));
        assert_eq!(engine.manager.process(ear).unwrap().pid, None, "that was long enough");
    });
}

/// A4.77: told as what it is, a child that has just gone.
#[test]
fn a_signal_that_comes_too_late_hits_nobody_else() {
    in_engine(|engine| {
        let now = clock::now();
        let ear = engine.manager.process_named("ear").unwrap();
        let (cat, pid) = begin("cat", engine, now);
        let mut hits = |id, pid, group| {
            let (signal, purpose) = (Signal::from_number(0).unwrap(), Purpose::Stop);
            let failed = engine.perform(Action::Kill { id, pid, signal, group, purpose });
            assert!(failed.iter().all(|input| matches!(input, Input::SignalFailed { gone: true, .. })));
            failed.is_empty()
        };
        assert!(hits(cat, pid, false) && hits(cat, pid, true));
        assert!(!hits(ear, pid, false) && !hits(ear, pid, true), "another child");
        let ours = i32::try_from(std::process::id()).unwrap();
        assert!(!hits(cat, ours, false), "a stranger");
    });
}

/// A6.71: only a new child begins anew.
#[test]
fn the_late_words_of_a_listener_are_not_the_next_ones() {
    in_engine(|engine| {
        let now = clock::now();
        let (id, pid) = begin("ear", engine, now);
        let before = engine.manager.to_lines();
        let said = |pid| PumpEvent::Listener { process: id.0, pid, bytes: b"READY\n".to_vec() };
        engine.take_output(said(pid + 1), now);
        assert_eq!(engine.manager.to_lines(), before);
        engine.take_output(said(pid), now);
        assert_ne!(engine.manager.to_lines(), before);
    });
}

/// B1.12.6
#[test]
fn nothing_is_kept_for_a_caller_that_has_gone() {
    in_engine(|engine| {
        let now = clock::now();
        begin("cat", engine, now);
        let (answer, receiver) = tokio::sync::oneshot::channel();
        let request = Request::StopProcess { name: "cat".to_owned(), wait: true };
        engine.take_command(Command::Call { request, answer }, now);
        engine.forget_gone_callers();
        assert_eq!(engine.answers.len(), 1, "it waits");
        drop(receiver);
        engine.forget_gone_callers();
        assert!(engine.answers.is_empty());
    });
}

/// B1.12.6: its going was told while its call still waited in the queue.
#[test]
fn nothing_is_kept_for_a_caller_that_has_gone_before_its_call_was_taken() {
    in_engine(|engine| {
        let now = clock::now();
        begin("cat", engine, now);
        let (answer, receiver) = tokio::sync::oneshot::channel();
        drop(receiver);
        engine.forget_gone_callers();
        let request = Request::StopProcess { name: "cat".to_owned(), wait: true };
        engine.take_command(Command::Call { request, answer }, now);
        assert!(engine.answers.is_empty());
        let id = engine.manager.process_named("cat").unwrap();
        assert!(engine.manager.process(id).unwrap().killing, "it is done all the same");
    });
}

#[test]
fn a_panic_costs_what_was_being_done_and_no_more() {
    in_engine(|engine| {
        let now = clock::now();
        engine.guarded(|_| panic!("planted"));
        assert!(engine.pause.is_zero());
        let begun = start(engine, 1);
        engine.carry_out(begun, now);
        let id = engine.manager.process_named("cat").unwrap();
        assert!(engine.manager.process(id).unwrap().pid.is_some());
        for _ in 0..100 {
            engine.guarded(|_| panic!("planted"));
        }
        assert_eq!(engine.pause, Duration::from_secs(1), "it does not spin");
    });
}

#[test]
fn a_call_that_is_given_up_for_a_panic_has_failed() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let (handle, mut inbox) = EngineHandle::channel(Level::Info);
        let give_up = async { drop(inbox.next().await) };
        let (answer, ()) = tokio::join!(handle.call(Request::GetPid), give_up);
        assert_eq!(answer, Err(Fault::new(FaultCode::Failed)));
        drop(inbox);
        assert_eq!(handle.call(Request::GetPid).await, Err(Fault::new(FaultCode::ShutdownState)));
    });
}

/// B1.11.1: what is read for one may be old for the next.
#[test]
fn each_reread_reads_anew_and_is_answered_in_order() {
    in_engine(|engine| {
        let file = engine.source.path.clone().unwrap();
        let (answers, callers): (Vec<_>, Vec<_>) = (0..3).map(|_| tokio::sync::oneshot::channel()).unzip();
        answers.into_iter().for_each(|answer| engine.reread(answer));
        let next = |engine: &mut Engine, text: &str| {
            let read = tokio::runtime::Handle::current().block_on(engine.rereads.result());
            std::fs::write(&file, text).unwrap();
            engine.take_read(read);
        };
        next(engine, "[supervisord]\n[program:new]\ncommand=/bin/cat\n");
        next(engine, "[supervisord\n");
        next(engine, "");
        let told: Vec<_> = callers.into_iter().map(|mut caller| caller.try_recv().unwrap()).collect();
        let none = Vec::<String>::new;
        assert_eq!(told[0], Ok(Reply::Reread { added: none(), changed: none(), removed: none() }));
        let removed = ["ear", "cat", "talk"].map(str::to_owned).to_vec();
        assert_eq!(told[1], Ok(Reply::Reread { added: vec!["new".to_owned()], changed: none(), removed }));
        assert!(told[2].as_ref().is_err_and(|fault| fault.code == FaultCode::CantReread), "{:?}", told[2]);
        assert!(pin!(engine.rereads.result()).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    });
}

/// B1.13.1
#[test]
fn a_reread_that_is_over_when_the_daemon_ends_is_refused() {
    in_engine(|engine| {
        let (answer, mut caller) = tokio::sync::oneshot::channel();
        engine.reread(answer);
        let read = tokio::runtime::Handle::current().block_on(engine.rereads.result());
        engine.feed(Input::Leave(SupervisorState::Shutdown), clock::now());
        engine.give_up_reading();
        engine.take_read(read);
        assert_eq!(caller.try_recv().unwrap(), Err(Fault::new(FaultCode::ShutdownState)));
    });
}

/// B1.13.1: a call that came in the last moment.
#[test]
fn who_calls_at_the_end_is_turned_away_at_once() {
    in_engine(|engine| {
        let (handle, inbox) = EngineHandle::channel(Level::Info);
        engine.inbox = inbox;
        let mut context = Context::from_waker(Waker::noop());
        let mut call = pin!(handle.call(Request::GetState));
        assert!(call.as_mut().poll(&mut context).is_pending());
        engine.turn_away();
        let away = Poll::Ready(Err(Fault::new(FaultCode::ShutdownState)));
        assert_eq!(call.as_mut().poll(&mut context), away);
        assert_eq!(pin!(handle.call(Request::GetState)).poll(&mut context), away, "and who comes later");
    });
}

/// Nothing comes from what is closed, and that at once, again and again.
#[test]
fn a_pump_and_callers_that_are_gone_are_noticed_once() {
    in_engine(|engine| {
        engine.pump_events = tokio::sync::mpsc::channel(1).1;
        let mut turns = 0;
        let mut context = Context::from_waker(Waker::noop());
        while pin!(engine.turn()).poll(&mut context).is_ready() {
            turns += 1;
            assert!(turns < 100, "it spins");
        }
        assert!(engine.pump_gone && engine.callers_gone);
    });
}
