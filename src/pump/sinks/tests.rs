//! Whose turn it is at a disk: who closes files, and who writes into them.

use super::{Call, NewLog, Sinks, closes_at};
use crate::logs::backlog::{Budget, READ};
use crate::logs::file::{Limits, LogFile};
use crate::logs::job::Job;
use crate::logs::outage::PATIENCE;
use crate::model::{Channel, Now};
use crate::pump::ChannelId;
use crate::pump::hands::Report;
use crate::sys::testdir::TestDir;
use std::path::Path;
use std::time::Duration;

const NOW: Now = Now { mono: Duration::ZERO, wall: Duration::ZERO };
const OWNER: ChannelId = ChannelId { process: 0, channel: Channel::Stdout };

fn open(dir: &TestDir, name: &str) -> LogFile {
    LogFile::open(&dir.path().join(name), Limits::new(0, 0)).unwrap()
}

/// A call of `token` that is made aside, and does not come back for now.
fn aside(sinks: &mut Sinks, token: u64) -> Job {
    match sinks.call(token, false, NOW) {
        Some(Call::Aside(_, _, job)) => job,
        _ => panic!("no call aside"),
    }
}

#[test]
fn on_a_slow_disk_each_turn_of_a_busy_log_is_followed_by_a_close() {
    let dir = TestDir::new();
    let mut sinks = Sinks::default();
    let busy = sinks.begin(7, OWNER, NewLog::Open(open(&dir, "busy")), NOW);
    let place = closes_at(&open(&dir, "dead"));
    let report = |done| Report { place: place.clone(), took: Duration::ZERO, done, panic: None };
    // two waits are not forgiven
    for _ in 0..2 {
        sinks.lanes.suspect(place.clone(), NOW.mono);
        sinks.reported(report(None), NOW);
    }
    sinks.closing.extend([open(&dir, "dead"), open(&dir, "dead, too")]);
    let mut turns = String::new();
    for _ in 0..5 {
        sinks.push(busy, b"x", NOW);
        match sinks.call(busy, true, NOW) {
            Some(Call::Aside(sink, _, job)) => {
                turns.push('w');
                sinks.reported(report(Some((sink, job.run()))), NOW);
            }
            Some(Call::Direct(..)) => turns.push('!'),
            None => {
                turns.push('c');
                drop(sinks.closing.pop());
                sinks.lanes.begin_close(place.clone(), NOW.mono);
                sinks.reported(report(None), NOW);
            }
        }
    }
    assert_eq!(turns, "cwcww");
}

/// Who has nothing waiting needs none of the room that all share.
#[test]
fn logs_that_hang_leave_a_healthy_one_alone() {
    let dir = TestDir::new();
    let mut sinks = Sinks::new(Budget::new(2 * READ));
    let hung = sinks.begin(
        7,
        OWNER,
        NewLog::Opening(Path::new("/hung").to_owned(), Limits::new(0, 0), std::sync::mpsc::channel().1),
        NOW,
    );
    sinks.push(hung, &vec![b'\n'; READ], NOW);
    let healthy = sinks.begin(8, OWNER, NewLog::Open(open(&dir, "healthy")), NOW);
    assert!(sinks.must_wait(hung), "it takes nothing");
    for _ in 0..10 {
        assert!(!sinks.must_wait(healthy));
        sinks.push(healthy, &vec![b'\n'; READ], NOW);
        assert!(sinks.must_wait(healthy));
        let Some(Call::Direct(_, _, job)) = sinks.call(healthy, true, NOW) else { panic!("no call") };
        sinks.done(healthy, job.run(), NOW);
    }
    assert_eq!(std::fs::metadata(dir.path().join("healthy")).unwrap().len(), 10 * READ as u64);
}

/// B1.10.15: who was told that a log could not be emptied finds it as it was.
#[test]
fn an_answer_that_comes_too_late_withdraws_the_order() {
    let dir = TestDir::new();
    let mut sinks = Sinks::default();
    let log = sinks.begin(7, OWNER, NewLog::Open(open(&dir, "log")), NOW);
    sinks.push(log, b"old", NOW);
    let job = aside(&mut sinks, log);
    let (tell, told) = std::sync::mpsc::channel();
    let ask = |sinks: &mut Sinks, mono| {
        let tell = tell.clone();
        let answer = Box::new(move |outcome: std::io::Result<()>| tell.send(outcome.is_ok()).unwrap());
        sinks.clear([log].into(), answer, Now { mono, ..NOW });
    };
    let hour = Duration::from_secs(3600);
    ask(&mut sinks, Duration::ZERO);
    ask(&mut sinks, hour);
    sinks.answer_clearings(Now { mono: hour, ..NOW });
    assert_eq!(told.try_recv(), Ok(false));
    assert!(sinks.get(log).unwrap().deadline().is_some(), "somebody else waits for it");
    sinks.answer_clearings(Now { mono: 2 * hour, ..NOW });
    assert_eq!(told.try_recv(), Ok(false));
    sinks.done(log, job.run(), Now { mono: 2 * hour, ..NOW });
    assert!(sinks.call(log, true, Now { mono: 2 * hour, ..NOW }).is_none());
    assert_eq!(std::fs::read(dir.path().join("log")).unwrap(), b"old");
}

/// Room that another loop gives back rings no bell here, and nothing else may either.
#[test]
fn who_waits_for_the_room_of_others_alone_is_known() {
    let dir = TestDir::new();
    let budget = Budget::new(2 * READ);
    let (mut sinks, mut others) = (Sinks::new(budget.clone()), Sinks::new(budget));
    let log = sinks.begin(7, OWNER, NewLog::Open(open(&dir, "log")), NOW);
    let place = closes_at(&open(&dir, "log"));
    for _ in 0..2 {
        sinks.lanes.suspect(place.clone(), NOW.mono);
        sinks.reported(Report { place: place.clone(), took: Duration::ZERO, done: None, panic: None }, NOW);
    }
    let other = others.begin(7, OWNER, NewLog::Open(open(&dir, "other")), NOW);
    others.push(other, &vec![b'\n'; READ], NOW);
    sinks.call(log, true, NOW);
    assert!(sinks.must_wait(log) && sinks.waits_for_others(log) && sinks.deadline().is_none());
    others.close(other, NOW);
    assert!(!sinks.must_wait(log) && !sinks.waits_for_others(log));
    sinks.push(log, b"x", NOW);
    assert!(!sinks.waits_for_others(log), "it waits for its own");
}

/// A program that comes back while its log hangs goes on with it, though what its
/// last life said is not even read: one log has one outage.
#[test]
fn all_lives_of_a_program_share_a_log_that_hangs() {
    let dir = TestDir::new();
    let mut sinks = Sinks::default();
    let first = sinks.begin(7, OWNER, NewLog::Open(open(&dir, "log")), NOW);
    sinks.push(first, b"first life\n", NOW);
    let job = aside(&mut sinks, first);
    let mut lives = vec![first];
    for token in 8..18 {
        sinks.mourn(lives[lives.len() - 1]);
        sinks.sweep(NOW);
        lives.push(sinks.begin(token, OWNER, NewLog::Open(open(&dir, "log")), NOW));
        sinks.push(first, b"its end, and another life\n", NOW);
    }
    assert_eq!(lives, [first; 11]);
    let later = Now { mono: PATIENCE, wall: PATIENCE };
    assert!(sinks.call(first, false, later).is_none());
    assert_eq!(sinks.reports.len(), 1, "{:?}", sinks.reports);
    sinks.reported(
        Report { place: closes_at(&open(&dir, "log")), took: PATIENCE, done: Some((first, job.run())), panic: None },
        later,
    );
    // all lives but the last are read to their ends
    for _ in 0..10 {
        sinks.let_go(first);
    }
    sinks.sweep(later);
    assert!(sinks.get(first).is_some(), "it is written still");
    let Some(Call::Direct(_, _, job)) = sinks.call(first, true, later) else { panic!("no call") };
    sinks.done(first, job.run(), later);
    sinks.mourn(first);
    sinks.sweep(later);
    assert!(sinks.get(first).is_some(), "it is not read to its end");
    sinks.let_go(first);
    sinks.sweep(later);
    assert!(sinks.get(first).is_none());
    assert_eq!(sinks.reports.len(), 2, "{:?}", sinks.reports);
    assert_eq!(std::fs::read(dir.path().join("log")).unwrap().len(), 11 + 10 * 26);
}
