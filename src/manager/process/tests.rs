//! The life of one process on a clock that the test pushes.

mod bench;

use super::{Context, Effect, Input, Purpose};
use crate::config::AutoRestart;
use crate::model::{Level, LogLine, ProcessState, Signal};
use ProcessState::{Backoff, Exited, Fatal, Running, Starting, Stopped, Stopping, Unknown};
use bench::Bench;
use std::time::Duration;

/// A4.16, A5.60, A5.65
#[test]
fn a_process_is_running_when_it_stayed_up_for_startsecs() {
    let mut b = Bench::new(|c| c.startsecs = 5);
    assert_eq!(b.after(0, Input::Start), [Starting]);
    assert_eq!(b.wake_in(), Some(5000));
    assert_eq!(b.after(4999, Input::Wake), []);
    assert_eq!(b.after(1, Input::Wake), [Running]);
    assert_eq!(b.process.deadline(), None);
    assert_eq!(
        b.said,
        [
            "INFO spawned: 'p' with pid 101",
            "INFO success: p entered RUNNING state, process has stayed up for > than 5 seconds (startsecs)"
        ]
    );
}

/// A4.15, A4.20, A4.21, A4.29, A4.150, A8.21
#[test]
fn retries_wait_one_second_longer_each_and_then_it_is_fatal() {
    let mut b = Bench::new(|c| c.startretries = 2);
    b.after(0, Input::Start);
    assert_eq!(b.exit(10, 3), [Backoff]);
    assert_eq!(b.last_said(), "WARN exited: p (exit status 3; not expected)");
    assert_eq!(b.wake_in(), Some(1000));
    assert_eq!(b.after(999, Input::Wake), []);
    assert_eq!(b.after(1, Input::Wake), [Starting]);
    assert_eq!(b.exit(10, 3), [Backoff]);
    assert_eq!(b.wake_in(), Some(2000));
    assert_eq!(b.after(2000, Input::Wake), [Starting]);
    assert_eq!(b.exit(10, 3), [Backoff, Fatal]);
    assert_eq!(b.last_said(), "INFO gave up: p entered FATAL state, too many start retries too quickly");
    assert_eq!(b.process.deadline(), None);
    let tries: Vec<i64> = b.changes.iter().map(|change| change.tries).collect();
    assert_eq!(tries, [0, 1, 1, 2, 2, 3, 3], "STARTING 0..N, BACKOFF 1..N+1");
    assert_eq!(b.process.spawnerr.as_deref(), Some("Exited too quickly (process log may have details)"));
    assert_eq!(b.process.exitstatus, None, "B1.8.5");
}

/// A4.151
#[test]
fn without_retries_the_first_failure_is_the_last() {
    let mut b = Bench::new(|c| c.startretries = 0);
    b.after(0, Input::Start);
    assert_eq!(b.exit(10, 0), [Backoff, Fatal], "an expected code is too quick all the same");
}

/// A4.14, A4.152, A5.61
#[test]
fn a_spawn_that_fails_backs_off_like_a_quick_exit() {
    let mut b = Bench::new(|c| c.startretries = 1);
    let mut out = vec![];
    let cx = Context { now: b.now, may_start: true };
    b.process.step(Input::Start, cx, &mut out);
    out.clear();
    b.process.step(Input::SpawnFailed { error: "can't find command 'x'".into() }, cx, &mut out);
    assert_eq!(b.process.state, Backoff);
    let Some(Effect::Log(line)) = out.first() else { panic!("{out:?}") };
    assert_eq!(line.text, "spawnerr: can't find command 'x'", "said before the change (A4.9)");
    assert_eq!(b.process.spawnerr.as_deref(), Some("can't find command 'x'"));
}

/// A4.17: both events, no `success` line
#[test]
fn an_exit_seen_after_startsecs_passes_through_running() {
    let mut b = Bench::new(|c| c.autorestart = AutoRestart::Never);
    b.after(0, Input::Start);
    assert_eq!(b.exit(1000, 0), [Running, Exited]);
    assert!(!b.said.iter().any(|line| line.contains("success")), "{:?}", b.said);
}

/// A4.18, A4.81, A5.63, A5.64
#[test]
fn an_exit_is_expected_only_with_one_of_the_exitcodes() {
    for (code, expected) in [(0, true), (2, true), (1, false)] {
        let mut b = Bench::new(|c| {
            c.exitcodes = vec![0, 2];
            c.autorestart = AutoRestart::Never;
        });
        b.after(0, Input::Start);
        b.after(1000, Input::Wake);
        assert_eq!(b.exit(10, code), [Exited]);
        assert_eq!(b.changes.last().map(|change| change.expected), Some(expected));
        let line = if expected {
            "INFO exited: p (exit status 2; expected)"
        } else {
            "WARN exited: p (exit status 1; not expected)"
        };
        assert_eq!(b.last_said().replace("status 0", "status 2"), line);
        assert_eq!(b.process.spawnerr.is_some(), !expected);
    }
    let mut b = Bench::new(|c| c.autorestart = AutoRestart::Never);
    b.after(0, Input::Start);
    b.after(1000, Input::Wake);
    assert_eq!(b.killed(10, 9), [Exited]);
    assert_eq!(b.process.spawnerr.as_deref(), Some("Bad exit code -1"), "A4.7");
}

/// A4.19, A8.38
#[test]
fn autorestart_says_which_exits_are_followed_by_a_start() {
    for (rule, code, again) in [
        (AutoRestart::Always, 0, true),
        (AutoRestart::Always, 1, true),
        (AutoRestart::Unexpected, 0, false),
        (AutoRestart::Unexpected, 1, true),
        (AutoRestart::Never, 1, false),
    ] {
        let mut b = Bench::new(|c| c.autorestart = rule);
        b.after(0, Input::Start);
        b.after(1000, Input::Wake);
        b.exit(5000, code);
        assert_eq!(b.wake_in(), again.then_some(0), "{rule:?} {code}");
        assert_eq!(b.after(0, Input::Wake), if again { vec![Starting] } else { vec![] });
    }
}

/// A4.19: at once, but a crash loop only once a second
#[test]
fn a_restart_never_comes_sooner_than_a_second_after_the_last_start() {
    let mut b = Bench::new(|c| {
        c.startsecs = 0;
        c.autorestart = AutoRestart::Always;
    });
    assert_eq!(b.after(0, Input::Start), [Starting, Running], "B1.6.3: up at once");
    assert_eq!(b.exit(5, 1), [Exited]);
    assert_eq!(b.wake_in(), Some(995));
}

/// A4.24, A4.25, A4.75, A5.62
#[test]
fn a_stop_sends_the_stopsignal_and_ends_in_stopped() {
    let mut b = Bench::new(|c| c.stopsignal = Signal::INT);
    b.after(0, Input::Start);
    b.after(1000, Input::Wake);
    assert_eq!(b.after(10, Input::Stop), [Stopping]);
    assert_eq!(b.signals, [(Signal::INT, false)]);
    assert_eq!(b.after(10, Input::Stop), [], "a second stop changes nothing");
    assert_eq!(b.killed(10, 2), [Stopped]);
    assert_eq!(b.last_said(), "WARN stopped: p (terminated by SIGINT)");
    assert_eq!(b.process.exitstatus, Some(-1));

    b.after(0, Input::Start);
    b.after(10, Input::Stop);
    assert_eq!(b.exit(10, 0), [Stopped], "while STARTING too");
    assert_eq!(b.last_said(), "INFO stopped: p (exit status 0)");
}

/// A4.26, A4.76, A4.153, A5.68
#[test]
fn a_stop_that_is_ignored_ends_in_sigkill_again_and_again() {
    let mut b = Bench::new(|c| {
        c.stopwaitsecs = 2;
        c.killasgroup = true;
    });
    b.after(0, Input::Start);
    b.after(1000, Input::Wake);
    b.after(0, Input::Stop);
    assert_eq!(b.after(1999, Input::Wake), []);
    for _ in 0..2 {
        b.after(1, Input::Wake);
        assert_eq!(b.last_said(), "WARN killing 'p' (101) with SIGKILL");
        b.after(1999, Input::Wake);
    }
    let kills = [(Signal::TERM, false), (Signal::KILL, true), (Signal::KILL, true)];
    assert_eq!(b.signals, kills, "the stop to the pid, the kill to the group");
    assert_eq!(b.killed(0, 9), [Stopped]);
}

/// A4.22, A4.30
#[test]
fn a_stop_during_backoff_goes_straight_to_stopped_and_forgets_the_count() {
    let mut b = Bench::new(|_| {});
    b.after(0, Input::Start);
    b.exit(10, 1);
    assert_eq!(b.after(10, Input::Stop), [Stopped]);
    assert_eq!(b.changes.last().map(|change| (change.from, change.pid)), Some((Backoff, 0)));
    assert!(b.signals.is_empty());
    b.after(0, Input::Start);
    assert_eq!(b.changes.last().map(|change| change.tries), Some(0));
}

/// A4.23, A4.32
#[test]
fn a_shutdown_gives_up_on_retries_without_a_line() {
    let mut b = Bench::new(|_| {});
    b.after(0, Input::Start);
    b.exit(10, 1);
    b.may_start = false;
    assert_eq!(b.after(1000, Input::Wake), [], "no spawn while shutting down");
    let said = b.said.len();
    assert_eq!(b.after(0, Input::GiveUp), [Fatal]);
    assert_eq!(b.said.len(), said);
}

/// A4.27, A4.35, A7.40
#[test]
fn an_undeliverable_signal_makes_it_unknown_and_its_exit_does_no_harm() {
    let mut b = Bench::new(|_| {});
    b.after(0, Input::Start);
    b.after(1000, Input::Wake);
    b.after(0, Input::Stop);
    assert_eq!(
        b.after(0, Input::SignalFailed { purpose: Purpose::Stop, error: "EPERM".into(), gone: false }),
        [Unknown]
    );
    assert_eq!(b.last_said(), "CRIT unknown problem killing p (101):EPERM");
    assert_eq!(b.after(0, Input::Start), [], "A4.35: it cannot be started");
    assert_eq!(b.killed(10, 9), [Exited]);
    assert_eq!(b.process.deadline(), None, "nobody knows whether it shall run");
    assert_eq!(b.changes.last().map(|change| (change.pid, change.expected)), Some((101, false)), "as any exit");
    assert_eq!(b.last_said(), "WARN exited: p (terminated by SIGKILL; not expected)");
    assert_eq!(b.process.spawnerr.as_deref(), Some("Bad exit code -1"));
}

/// A4.79, A5.71: the line tells what the signal was for, whatever the state
#[test]
fn a_plain_signal_that_fails_during_a_stop_is_not_called_a_kill() {
    let mut b = Bench::new(|_| {});
    b.after(0, Input::Start);
    b.after(1000, Input::Wake);
    b.after(0, Input::Stop);
    b.after(0, Input::SignalFailed { purpose: Purpose::Plain, error: "EPERM".into(), gone: false });
    assert_eq!(b.last_said(), "CRIT unknown problem sending sig p (101):EPERM");
}

/// A4.36, A4.37: whatever the wall clock says, all deadlines stay
#[test]
fn a_wall_clock_that_is_set_changes_no_deadline() {
    const DAY: Duration = Duration::from_secs(86_400);
    for set in [|b: &mut Bench| b.now.wall -= DAY, |b: &mut Bench| b.now.wall += DAY] {
        let mut b = Bench::new(|c| {
            c.startsecs = 5;
            c.stopwaitsecs = 3;
        });
        b.after(0, Input::Start);
        set(&mut b);
        assert_eq!(b.after(4999, Input::Wake), [], "STARTING");
        assert_eq!(b.exit(0, 0), [Backoff], "too quickly, whenever that was");
        set(&mut b);
        assert_eq!(b.after(999, Input::Wake), [], "BACKOFF");
        assert_eq!(b.after(1, Input::Wake), [Starting]);
        set(&mut b);
        assert_eq!(b.after(5000, Input::Wake), [Running]);
        set(&mut b);
        assert_eq!(b.after(0, Input::Stop), [Stopping]);
        b.after(0, Input::Watch);
        let (said, killed) = (b.said.len(), b.signals.len());
        set(&mut b);
        b.after(1999, Input::Wake);
        assert_eq!((b.said.len(), b.signals.len()), (said, killed), "STOPPING");
        b.after(1001, Input::Wake);
        assert_eq!(b.signals.last(), Some(&(Signal::KILL, false)));
        assert_eq!(b.killed(0, 9), [Stopped]);
        assert!(!b.said.iter().any(|line| line.contains("in the future")), "A4.37: there is no such case");
    }
}

/// A4.78: between the start and the child there is nobody to signal
#[test]
fn a_stop_without_a_child_only_says_so() {
    let mut b = Bench::new(|_| {});
    let cx = Context { now: b.now, may_start: true };
    let mut out = vec![];
    b.process.step(Input::Start, cx, &mut out);
    out.clear();
    b.process.step(Input::Stop, cx, &mut out);
    let text = "attempted to kill p with sig SIGTERM but it wasn't running";
    assert_eq!(out, [Effect::Log(LogLine::new(Level::Debug, text))]);
}

/// A4.72, A5.70
#[test]
fn a_start_before_the_child_is_gone_only_says_so() {
    let mut b = Bench::new(|_| {});
    b.after(0, Input::Start);
    b.after(10, Input::Stop);
    assert_eq!(b.after(0, Input::Start), []);
    assert_eq!(b.last_said(), "WARN process 'p' already running");
    assert_eq!(b.exit(10, 0), [Stopped]);
}

/// A4.77, A4.79: upstream's words differ
#[test]
fn a_signal_that_comes_too_late_is_told_by_what_it_was_for() {
    for (purpose, words) in [(Purpose::Stop, "just exited"), (Purpose::Plain, "just now exited")] {
        let mut b = Bench::new(|_| {});
        b.after(0, Input::Start);
        let mut out = vec![];
        let failed = Input::SignalFailed { purpose, error: "[Errno 3] No such process".into(), gone: true };
        b.process.step(failed, Context { now: b.now, may_start: true }, &mut out);
        let text = format!("unable to signal p (pid 101), it probably {words} on its own: [Errno 3] No such process");
        assert_eq!(out, [Effect::Log(LogLine::new(Level::Debug, text))]);
    }
}

/// A4.77
#[test]
fn a_signal_to_a_child_that_just_died_leaves_the_state_to_its_exit() {
    let mut b = Bench::new(|_| {});
    b.after(0, Input::Start);
    b.after(1000, Input::Wake);
    b.after(0, Input::Stop);
    assert_eq!(b.after(0, Input::SignalFailed { purpose: Purpose::Stop, error: "ESRCH".into(), gone: true }), []);
    assert_eq!(b.exit(1, 0), [Stopped]);
}

/// A4.79, B1.6.18
#[test]
fn a_plain_signal_goes_to_the_pid_alone_and_changes_nothing() {
    let mut b = Bench::new(|c| {
        c.stopasgroup = true;
        c.killasgroup = true;
    });
    b.after(0, Input::Start);
    assert_eq!(b.after(0, Input::Signal(Signal::HUP)), []);
    assert_eq!(b.signals, [(Signal::HUP, false)]);
}

/// A4.80, A5.69
#[test]
fn a_stop_that_somebody_waits_for_is_mentioned_every_two_seconds() {
    let mut b = Bench::new(|_| {});
    b.after(0, Input::Start);
    b.after(1000, Input::Wake);
    b.after(0, Input::Stop);
    b.after(0, Input::Watch);
    b.after(0, Input::Watch);
    b.after(2000, Input::Wake);
    let reports = b.said.iter().filter(|line| *line == "INFO waiting for p to stop").count();
    assert_eq!(reports, 2);
    assert_eq!(b.wake_in(), Some(2000));
}
