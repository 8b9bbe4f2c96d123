//! Whose turn it is at a disk: who closes files, and who writes into them.

use super::{Call, NewLog, Sinks, closes_at};
use crate::logs::file::{Limits, LogFile};
use crate::model::{Channel, Now};
use crate::pump::ChannelId;
use crate::pump::hands::Report;
use crate::sys::testdir::TestDir;
use std::time::Duration;

const NOW: Now = Now { mono: Duration::ZERO, wall: Duration::ZERO };

#[test]
fn on_a_slow_disk_each_turn_of_a_busy_log_is_followed_by_a_close() {
    let dir = TestDir::new();
    let open = |name: &str| LogFile::open(&dir.path().join(name), Limits::new(0, 0)).unwrap();
    let mut sinks = Sinks::default();
    let owner = ChannelId { process: 0, channel: Channel::Stdout };
    let busy = sinks.begin(7, owner, NewLog::Open(open("busy")), NOW);
    let place = closes_at(&open("dead"));
    let report = |done| Report { place: place.clone(), took: Duration::ZERO, done, panic: None };
    // two waits are not forgiven
    for _ in 0..2 {
        sinks.lanes.suspect(place.clone(), NOW.mono);
        sinks.reported(report(None), NOW);
    }
    sinks.closing.extend([open("dead"), open("dead, too")]);
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
