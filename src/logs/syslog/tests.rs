//! Ways to a socket that somebody reads, or nobody.

use super::{MUCH, Outages, PATIENCE, RETRY, ROOM, Syslog, datagram};
use crate::model::Now;
use crate::sys::clock::LocalTime;
use crate::sys::testdir::TestDir;
use std::os::unix::net::UnixDatagram;
use std::time::Duration;

/// A way to a daemon that listens.
fn heard() -> (TestDir, UnixDatagram, Syslog) {
    let dir = TestDir::new();
    let address = dir.path().join("log");
    let daemon = UnixDatagram::bind(&address).unwrap();
    (dir, daemon, Syslog::at("supervisord", address))
}

fn received(daemon: &UnixDatagram) -> Vec<String> {
    daemon.set_nonblocking(true).unwrap();
    let mut buffer = vec![0; 1 << 16];
    let mut lines = vec![];
    while let Ok(n) = daemon.recv(&mut buffer) {
        let text = String::from_utf8(buffer[..n].to_vec()).unwrap();
        lines.push(text.split_once(" supervisord: ").unwrap().1.to_owned());
    }
    lines
}

/// A5.6
#[test]
fn a_datagram_reads_as_the_c_library_writes_it() {
    let at = LocalTime { year: 2026, month: 11, day: 2, hour: 15, minute: 8, second: 1, weekday: 1, utc_offset: 0 };
    assert_eq!(datagram("supervisord", &at, "text"), "<14>Nov  2 15:08:01 supervisord: text");
}

/// A5.25
#[test]
fn output_goes_line_by_line_with_the_name_in_front() {
    let (_dir, daemon, mut syslog) = heard();
    syslog.send_output("a", b"one\n\ntwo\xff\n\n", Now::default());
    assert_eq!(received(&daemon), ["a one", "a ", "a two\u{fffd}"]);
    assert_eq!(syslog.lost, 0);
}

#[test]
fn what_is_said_while_the_daemon_is_away_is_sent_when_it_comes_back() {
    let dir = TestDir::new();
    let address = dir.path().join("log");
    let mut syslog = Syslog::at("supervisord", address.clone());
    let at = |secs| Now { mono: Duration::from_secs(secs), wall: Duration::from_secs(secs) };
    syslog.send("away", at(10));
    let daemon = UnixDatagram::bind(&address).unwrap();
    syslog.send("too soon", at(10));
    assert_eq!((received(&daemon).len(), syslog.deadline()), (0, Some(at(10).mono + RETRY)));
    assert!(!syslog.must_wait(at(10)), "nobody waits for it");
    syslog.flush(at(10 + RETRY.as_secs()));
    syslog.send("here", at(12));
    assert_eq!(received(&daemon), ["away", "too soon", "here"]);
    drop(daemon);
    std::fs::remove_file(&address).unwrap();
    let daemon = UnixDatagram::bind(&address).unwrap();
    syslog.send("and anew", at(20));
    assert_eq!((received(&daemon), syslog.lost), (vec!["and anew".to_owned()], 0));
}

/// A5.25: all comes, in order, however slowly it is read.
#[test]
fn a_burst_waits_for_a_daemon_that_reads() {
    let (_dir, daemon, mut syslog) = heard();
    let lines: Vec<String> = (0..1000).map(|n| format!("line {n}")).collect();
    syslog.send_output("a", lines.join("\n").as_bytes(), Now::default());
    assert!(syslog.waiting() > 0 && syslog.socket().is_some());
    let mut got = vec![];
    while syslog.waiting() > 0 {
        got.extend(received(&daemon));
        syslog.flush(Now::default());
    }
    got.extend(received(&daemon));
    assert_eq!(got, lines.iter().map(|line| format!("a {line}")).collect::<Vec<_>>());
    assert_eq!((syslog.lost, syslog.deadline()), (0, None));
}

#[test]
fn who_writes_waits_for_a_daemon_that_is_slow_and_not_for_one_that_is_stuck() {
    let (_dir, daemon, mut syslog) = heard();
    let at = |mono| Now { mono, wall: Duration::ZERO };
    let start = at(Duration::from_secs(1));
    let long = "x".repeat(60_000);
    while syslog.waiting() < MUCH {
        assert!(!syslog.must_wait(start));
        syslog.send(&long, start);
    }
    assert!(syslog.must_wait(start));
    let stuck = at(start.mono + PATIENCE);
    assert_eq!(syslog.deadline(), Some(stuck.mono));
    assert!(!syslog.must_wait(stuck));
    assert!(syslog.take_report(start).is_none());
    assert!(syslog.take_report(stuck).unwrap().contains("the syslog daemon reads nothing"));
    assert!(syslog.take_report(stuck).is_none() && syslog.deadline().is_none());
    while syslog.lost == 0 {
        syslog.send(&long, stuck);
    }
    assert!(syslog.waiting() <= ROOM);
    received(&daemon);
    syslog.flush(stuck);
    assert!(syslog.must_wait(stuck), "it reads again");
    while syslog.waiting() > 0 {
        received(&daemon);
        syslog.flush(stuck);
    }
    assert_eq!(syslog.deadline(), Some(Duration::ZERO), "there is something to tell");
    let told = syslog.take_report(stuck).unwrap();
    assert!(told.contains("again after 2.0 s") && told.ends_with("): 1 lines were dropped"), "{told}");
    assert!(syslog.take_report(stuck).is_none());
}

#[test]
fn what_no_daemon_would_take_holds_up_nothing() {
    let (_dir, daemon, mut syslog) = heard();
    let long = "x".repeat(4 << 20);
    syslog.send(&long, Now::default());
    syslog.send("next", Now::default());
    assert_eq!((received(&daemon), syslog.lost), (vec!["next".to_owned()], 0));
    let told = "1 lines were dropped: they are too long for syslog";
    assert_eq!(syslog.take_report(Now::default()).as_deref(), Some(told));
    syslog.send(&long, Now::default());
    assert_eq!(syslog.take_report(Now::default()), None, "not again so soon");
}

#[test]
fn an_outage_of_two_ways_is_told_once() {
    let dir = TestDir::new();
    let address = dir.path().join("log");
    let outages = Outages::default();
    let mut ways = [0, 1].map(|_| Syslog::at("supervisord", address.clone()));
    let at = |secs| Now { mono: Duration::from_secs(secs), wall: Duration::ZERO };
    let mut told = vec![];
    for way in &mut ways {
        way.share(&outages);
        way.send("away", at(10));
        told.extend(way.take_report(at(12)));
    }
    assert!(told.len() == 1 && told[0].contains("no syslog daemon"), "{told:?}");
    let daemon = UnixDatagram::bind(&address).unwrap();
    for way in &mut ways {
        way.flush(at(13));
        told.extend(way.take_report(at(13)));
    }
    assert_eq!(received(&daemon), ["away"; 2]);
    assert!(told.len() == 2 && told[1].contains("again after 3.0 s"), "{told:?}");
}
