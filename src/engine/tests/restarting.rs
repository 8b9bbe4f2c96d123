//! Restarts that are wanted, looked at aside, and done or refused.

use super::in_engine;
use crate::engine::Engine;
use crate::engine::restart::Seen;
use crate::manager::Input;
use crate::model::SupervisorState;
use crate::rpc::{Fault, FaultCode, Reply};
use crate::sys::clock;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Waker};
use tokio::sync::oneshot;

const GOOD: &str = "[supervisord]\n[program:new]\ncommand=/bin/cat\nstdout_logfile=NONE\nstderr_logfile=NONE\n";

type Answer = oneshot::Receiver<Result<Reply, Fault>>;

/// A call of `restart`.
fn call(engine: &mut Engine) -> Answer {
    let (caller, answer) = oneshot::channel();
    engine.want_restart(Some(caller));
    answer
}

fn write(engine: &Engine, text: &str) {
    std::fs::write(engine.source.path.as_ref().unwrap(), text).unwrap();
}

/// What the look under way comes to.
fn seen(engine: &mut Engine) -> Option<Seen> {
    tokio::runtime::Handle::current().block_on(engine.restarts.result())
}

fn refused(code: FaultCode) -> Result<Reply, Fault> {
    Err(Fault::new(code))
}

/// A4.139, B1.6.21
#[test]
fn a_restart_is_answered_and_done_when_it_is_seen_that_it_can_be() {
    in_engine(|engine| {
        write(engine, GOOD);
        let mut answer = call(engine);
        assert_eq!(engine.manager.state(), SupervisorState::Running);
        assert!(answer.try_recv().is_err(), "nothing is known yet");
        let seen = seen(engine);
        engine.take_seen(seen, clock::now());
        assert_eq!(engine.manager.state(), SupervisorState::Restarting);
        assert_eq!(answer.try_recv().unwrap(), Ok(Reply::Done));
        assert_eq!(engine.next.as_ref().unwrap().groups[0].name, "new");
        assert!(pin!(engine.restarts.result()).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    });
}

/// A4.139: what was seen may be old for who asks behind its beginning, and one more
/// look is enough for all of them.
#[test]
fn those_who_ask_during_a_look_share_the_next_one() {
    static LOOKS: AtomicU32 = AtomicU32::new(0);
    in_engine(|engine| {
        engine.rehearse = |_, _| {
            LOOKS.fetch_add(1, Ordering::Relaxed);
            Ok(())
        };
        write(engine, "[supervisord\n");
        let mut first = call(engine);
        let broken = seen(engine);
        write(engine, GOOD);
        let mut others: Vec<Answer> = (0..3).map(|_| call(engine)).collect();
        engine.want_restart(None);
        engine.take_seen(broken, clock::now());
        assert!(first.try_recv().unwrap().is_err_and(|fault| fault.code == FaultCode::CantReread));
        assert_eq!(engine.manager.state(), SupervisorState::Running);
        let good = seen(engine);
        engine.take_seen(good, clock::now());
        assert!(others.iter_mut().all(|answer| answer.try_recv().unwrap() == Ok(Reply::Done)));
        assert_eq!(LOOKS.load(Ordering::Relaxed), 1);
        assert!(!engine.restarts.is_looking());
    });
}

/// B1.13.1: as if one call had been made behind the other.
#[test]
fn who_asks_during_a_look_that_goes_well_is_too_late() {
    in_engine(|engine| {
        let mut first = call(engine);
        let mut second = call(engine);
        let seen = seen(engine);
        engine.take_seen(seen, clock::now());
        assert_eq!(first.try_recv().unwrap(), Ok(Reply::Done));
        assert_eq!(second.try_recv().unwrap(), refused(FaultCode::ShutdownState));
        assert!(!engine.restarts.is_looking());
    });
}

/// A4.132: the signal that comes later counts.
#[test]
fn a_shutdown_during_a_look_wins_and_does_not_wait_for_it() {
    in_engine(|engine| {
        let mut answers = [call(engine), call(engine)];
        let late = seen(engine);
        engine.feed(Input::Leave(SupervisorState::Shutdown), clock::now());
        engine.give_up_reading();
        for answer in &mut answers {
            assert_eq!(answer.try_recv().unwrap(), refused(FaultCode::ShutdownState));
        }
        assert!(!engine.restarts.is_looking());
        engine.take_seen(late, clock::now());
        engine.want_restart(None);
        assert_eq!(engine.manager.state(), SupervisorState::Shutdown);
        assert!(engine.next.is_none() && !engine.restarts.is_looking());
    });
}

#[test]
fn a_look_that_panics_refuses_the_restart() {
    in_engine(|engine| {
        engine.rehearse = |_, _| panic!("planted");
        let mut answer = call(engine);
        let seen = seen(engine);
        engine.take_seen(seen, clock::now());
        assert_eq!(answer.try_recv().unwrap(), refused(FaultCode::Failed));
        assert_eq!(engine.manager.state(), SupervisorState::Running);
        engine.want_restart(None);
        assert!(engine.restarts.is_looking(), "another may go well");
    });
}

/// B1.12.6: but the restart is done all the same.
#[test]
fn no_caller_of_a_restart_is_kept_that_has_gone() {
    in_engine(|engine| {
        drop((call(engine), call(engine)));
        engine.forget_gone_callers();
        assert_eq!(engine.restarts.waiting(), 0);
        let seen = seen(engine);
        engine.take_seen(seen, clock::now());
        assert_eq!(engine.manager.state(), SupervisorState::Restarting);
    });
}

/// A4.136: sockets of groups that were added since the start will be free, too.
#[test]
fn a_rehearsal_knows_what_is_active_now() {
    in_engine(|engine| {
        engine.rehearse = |next, now| if next.groups == now.groups { Ok(()) } else { Err("differs".into()) };
        write(engine, GOOD);
        let read = crate::config::load(&engine.source).unwrap();
        for name in ["cat", "talk", "ear"] {
            engine.manager.remove_group(name, &mut vec![]).unwrap();
        }
        engine.activate(read.groups[0].clone(), clock::now()).unwrap();
        let mut answer = call(engine);
        let seen = seen(engine);
        engine.take_seen(seen, clock::now());
        assert_eq!(answer.try_recv().unwrap(), Ok(Reply::Done));
    });
}
