//! A log that outlives its process: another one, of another number, goes on with it.

use super::{LONG, PID, Rig, setup};
use crate::logs::Counts;
use crate::model::Channel;
use crate::pump::{ChannelId, ChannelSetup, PumpEvent};
use std::fs;
use std::io::Write;
use std::sync::mpsc;

fn stdout(process: u32) -> ChannelId {
    ChannelId { process, channel: Channel::Stdout }
}

/// Has `process` write `bytes` to the log called `log`, and die.
fn life(rig: &mut Rig, process: u32, bytes: &[u8]) {
    let log = rig.pump.open(process, rig.path("log"), Default::default()).unwrap();
    let mut child = rig.attach(stdout(process), ChannelSetup { log: Some(log), ..setup() });
    child.write_all(bytes).unwrap();
    drop(child);
    rig.pump.drain(process, PID);
    while !matches!(rig.event(), PumpEvent::Drained { .. }) {}
}

fn counts(rig: &Rig, process: u32) -> Counts {
    let (tell, told) = mpsc::channel();
    rig.pump.count(move |counts| tell.send(counts).unwrap());
    told.recv_timeout(LONG).unwrap().get(&Some(stdout(process))).copied().unwrap_or_default()
}

/// A5.20: a program that is removed and added again has a new number.
#[test]
fn a_log_in_an_outage_stays_one_when_its_program_is_added_anew() {
    let mut rig = Rig::new(10);
    std::os::unix::fs::symlink("/dev/full", rig.path("log")).unwrap();
    life(&mut rig, 1, b"one ");
    rig.until("the outage", || counts(&rig, 1).outages == 1);
    for process in 2..8 {
        life(&mut rig, process, format!("{process} ").as_bytes());
    }
    let now = counts(&rig, 7);
    assert_eq!((now.waiting, now.dropped, now.out_since.is_some()), (16, 0, true), "{now:?}");
    let begun = |said: &[String]| said.iter().filter(|line| line.contains("could not write")).count();
    fs::remove_file(rig.path("log")).unwrap();
    rig.pump.reopen_all();
    rig.holds("log", b"one 2 3 4 5 6 7 ");
    rig.until("the end", || rig.said().iter().any(|line| line.contains("16 bytes were kept, 0 bytes were dropped")));
    assert_eq!(begun(&rig.said()), 1, "{:?}", rig.said());
    let sum: u64 = (1..8).map(|process| counts(&rig, process).written).sum();
    assert_eq!((counts(&rig, 7).written, sum), (16, 16));
}
