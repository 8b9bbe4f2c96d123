//! The thread at work, on real pipes. Nothing sleeps: each test waits for what
//! the pump tells, and gives up after a long time.
//!
//! Long because what the pump promises is one list.

mod panics;
mod removed;

pub(super) use panics::{panic_if, panic_if_named};

use super::state::DRAIN_PATIENCE;
use super::width::WIDE;
use super::{ChannelId, ChannelSetup, Left, NewLog, Pump, PumpEvent};
use crate::logs::backlog::{CHUNK, MAX_KEPT, READ};
use crate::logs::rotate::part;
use crate::logs::{Limits, MainLog};
use crate::model::{Channel, Level, LogLine, Now};
use crate::sys::fds::{pipe_cloexec, set_nonblocking, widen_pipe};
use crate::sys::testdir::TestDir;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Receiver;

const LONG: Duration = Duration::from_secs(30);
/// Its streams are not of the loop that has the activity log.
const PROCESS: u32 = 7;
const LOOPS: usize = 3;
const PID: i32 = 4242;
const STDOUT: ChannelId = ChannelId { process: PROCESS, channel: Channel::Stdout };
const STDERR: ChannelId = ChannelId { process: PROCESS, channel: Channel::Stderr };

/// A pump with its directory, its events and its activity log.
struct Rig {
    dir: TestDir,
    pump: Pump,
    events: Receiver<PumpEvent>,
}

impl Rig {
    fn new(room: usize) -> Self {
        let dir = TestDir::new();
        let main = MainLog::file(&dir.path().join("main"), Limits::default(), Level::Debug).unwrap();
        let (sender, events) = tokio::sync::mpsc::channel(room);
        Self { dir, pump: Pump::with_loops(LOOPS, main, sender).unwrap(), events }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn open(&self, name: &str) -> NewLog {
        self.pump.open(PROCESS, self.path(name), Limits::default()).unwrap()
    }

    /// Attaches a stream and gives the child's end of it.
    fn attach(&self, id: ChannelId, setup: ChannelSetup) -> File {
        let (reader, writer) = pipe_cloexec().unwrap();
        self.pump.attach(id, PID, reader, setup);
        writer.into()
    }

    fn event(&mut self) -> PumpEvent {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async { tokio::time::timeout(LONG, self.events.recv()).await.unwrap().unwrap() })
    }

    /// Drains the process and collects its events up to the answer.
    fn drained(&mut self) -> Vec<PumpEvent> {
        self.pump.drain(PROCESS, PID);
        let mut events = vec![];
        loop {
            match self.event() {
                PumpEvent::Drained { process: PROCESS, pid: PID } => return events,
                PumpEvent::Ended { pid: PID } => {}
                other => events.push(other),
            }
        }
    }

    /// Everything ordered so far is done, and said; another log may be slow.
    fn settled(&self) {
        let (tell, told) = mpsc::channel();
        self.pump.count(move |_| tell.send(()).unwrap());
        told.recv_timeout(LONG).unwrap();
    }

    /// Waits until `check` holds: what is told may be a moment ahead of a busy disk.
    fn until(&self, what: &str, check: impl Fn() -> bool) {
        let end = Instant::now() + LONG;
        while !check() {
            assert!(Instant::now() < end, "{what}: {:?}", self.said());
            self.settled();
        }
    }

    /// Waits until a log holds exactly `bytes`.
    fn holds(&self, name: &str, bytes: &[u8]) {
        self.until(name, || fs::read(self.path(name)).is_ok_and(|held| held == bytes));
    }

    fn ask(&self, order: impl FnOnce(&Pump, super::Answer)) -> std::io::Result<()> {
        let (sender, receiver) = mpsc::channel();
        order(&self.pump, Box::new(move |outcome| sender.send(outcome).unwrap()));
        receiver.recv_timeout(LONG).unwrap()
    }

    /// Waits until the activity log says `line`.
    fn wait_said(&self, line: &str) {
        self.until(line, || self.said().iter().any(|said| said == line));
    }

    /// The activity log, without the stamps.
    fn said(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("main")).unwrap();
        text.lines().map(|line| line.split_once(',').map_or(line, |(_, rest)| &rest[4..]).to_owned()).collect()
    }
}

fn setup() -> ChannelSetup {
    ChannelSetup {
        name: "cat".to_owned(),
        log: None,
        syslog: false,
        capture_maxbytes: 0,
        events: false,
        listener: false,
        echo: false,
    }
}

fn output(id: ChannelId, bytes: &[u8]) -> PumpEvent {
    PumpEvent::Output { id, pid: PID, bytes: bytes.to_vec() }
}

fn joined(log: &Path, parts: u32) -> Vec<u8> {
    (0..=parts).rev().filter_map(|n| fs::read(part(log, n)).ok()).flatten().collect()
}

/// A5.23, A6.42
#[test]
fn output_goes_to_the_log_and_to_the_engine() {
    let mut rig = Rig::new(16);
    let log = Some(rig.open("out"));
    let mut child = rig.attach(STDOUT, ChannelSetup { log, events: true, ..setup() });
    child.write_all(b"one\xff").unwrap();
    assert_eq!(rig.event(), output(STDOUT, b"one\xff"));
    drop(child);
    assert_eq!(rig.drained(), []);
    rig.holds("out", b"one\xff");
}

#[test]
fn the_end_of_the_standard_output_is_told_after_all_of_it() {
    let mut rig = Rig::new(16);
    let (mut out, err) = (rig.attach(STDOUT, ChannelSetup { events: true, ..setup() }), rig.attach(STDERR, setup()));
    drop(err);
    out.write_all(b"last").unwrap();
    drop(out);
    assert_eq!(rig.event(), output(STDOUT, b"last"));
    assert_eq!(rig.event(), PumpEvent::Ended { pid: PID });
}

/// A5.16, A5.23: no byte is lost, doubled or moved, whatever the reads and rotations.
#[test]
fn ten_megabytes_arrive_byte_for_byte_over_rotations() {
    let mut rig = Rig::new(16);
    let path = rig.path("out");
    let log = Some(rig.pump.open(PROCESS, path.clone(), Limits::new(300_000, 100)).unwrap());
    let mut child = rig.attach(STDOUT, ChannelSetup { log, ..setup() });
    let sent: Vec<u8> = (0..10_u32 << 20).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    for piece in sent.chunks(77_777) {
        child.write_all(piece).unwrap();
    }
    drop(child);
    assert_eq!(rig.drained(), []);
    rig.until("all bytes", || joined(&path, 100).len() == sent.len());
    assert!(joined(&path, 100) == sent, "other bytes");
    assert!(part(&path, 20).exists());
    let sizes = (1..=20).map(|number| fs::metadata(part(&path, number)).unwrap().len());
    assert!(sizes.into_iter().all(|size| (300_000..300_000 + CHUNK as u64).contains(&size)));
}

/// A6.42: nobody who hears of output gets more of it at once than from upstream.
#[test]
fn an_event_holds_what_upstream_would_read_at_most() {
    let mut rig = Rig::new(16);
    let (reader, writer) = pipe_cloexec().unwrap();
    widen_pipe(&writer, WIDE).unwrap();
    File::from(writer).write_all(&[b'x'; WIDE]).unwrap();
    rig.pump.attach(STDOUT, PID, reader, ChannelSetup { events: true, ..setup() });
    let mut left = WIDE;
    while left > 0 {
        let PumpEvent::Output { bytes, .. } = rig.event() else { panic!("no output") };
        assert!(bytes.len() <= CHUNK, "{}", bytes.len());
        left -= bytes.len();
    }
}

/// A6.47, A6.44, A8.20, A5.76
#[test]
fn a_capture_is_told_and_kept_out_of_the_log() {
    let mut rig = Rig::new(16);
    let log = Some(rig.open("out"));
    let mut child = rig.attach(STDOUT, ChannelSetup { log, capture_maxbytes: 100, events: true, ..setup() });
    child.write_all(b"a<!--XSUPERVISOR:BEGIN-->secret<!--XSUPERVISOR:END-->b").unwrap();
    drop(child);
    let captured = PumpEvent::Captured { id: STDOUT, pid: PID, bytes: b"secret".to_vec() };
    let expected = [output(STDOUT, b"a"), output(STDOUT, b"secret"), captured, output(STDOUT, b"b")];
    for expected in expected {
        assert_eq!(rig.event(), expected);
    }
    rig.drained();
    rig.holds("out", b"ab");
    rig.wait_said("DEBG 'cat' stdout emitted a comm event");
}

/// A6.49, A7.54
#[test]
fn short_output_with_capture_on_is_not_lost() {
    let mut rig = Rig::new(16);
    let log = Some(rig.open("out"));
    let mut child = rig.attach(STDOUT, ChannelSetup { log, capture_maxbytes: 100, ..setup() });
    child.write_all(b"bye <!--XSUPER").unwrap();
    drop(child);
    rig.drained();
    rig.holds("out", b"bye <!--XSUPER");
}

/// A5.28, A5.29, A6.45
#[test]
fn a_listener_is_heard_unfiltered_and_logged() {
    let mut rig = Rig::new(16);
    rig.pump.set_strip_ansi(true);
    let log = Some(rig.open("out"));
    let listener = ChannelSetup { log, listener: true, events: true, capture_maxbytes: 9, ..setup() };
    let mut child = rig.attach(STDOUT, listener);
    child.write_all(b"\x1b[1mREADY\n").unwrap();
    assert_eq!(rig.event(), PumpEvent::Listener { process: PROCESS, pid: PID, bytes: b"\x1b[1mREADY\n".to_vec() });
    rig.drained();
    rig.holds("out", b"READY\n");
}

/// A5.27, A4.120
#[test]
fn ansi_escapes_go_while_that_is_wished() {
    let mut rig = Rig::new(16);
    let mut child = rig.attach(STDERR, ChannelSetup { events: true, ..setup() });
    child.write_all(b"\x1b[1ma").unwrap();
    assert_eq!(rig.event(), output(STDERR, b"\x1b[1ma"));
    rig.pump.set_strip_ansi(true);
    rig.settled();
    child.write_all(b"\x1b[1mb\x1b[").unwrap();
    assert_eq!(rig.event(), output(STDERR, b"b"));
    child.write_all(b"0m").unwrap();
    assert_eq!(rig.event(), output(STDERR, b""));
}

/// A5.11, A5.73
#[test]
fn output_is_copied_to_the_activity_log_when_asked() {
    let mut rig = Rig::new(16);
    let mut child = rig.attach(STDOUT, ChannelSetup { echo: true, events: true, ..setup() });
    child.write_all(b"text\n").unwrap();
    rig.event();
    child.write_all(b"\xff'").unwrap();
    rig.event();
    drop(child);
    rig.drained();
    rig.until("all lines", || rig.said().len() >= 6);
    let said = rig.said();
    let expected = ["DEBG 'cat' stdout output:", "text", "", "DEBG 'cat' stdout output:", "Undecodable: b\"\\xff'\""];
    assert_eq!(said[..5], expected);
    let closed = said[5].strip_prefix("DEBG fd ").unwrap();
    assert!(closed.ends_with(" closed, stopped monitoring stdout of 'cat'"), "{closed}");
}

/// A5.12
#[test]
fn what_a_listener_says_is_copied_as_bytes() {
    let mut rig = Rig::new(16);
    let mut child = rig.attach(STDOUT, ChannelSetup { echo: true, listener: true, ..setup() });
    child.write_all(b"READY\n\xe9'").unwrap();
    rig.event();
    rig.wait_said("DEBG 'cat' stdout output:");
    assert_eq!(rig.said(), ["DEBG 'cat' stdout output:", "b\"READY\\n\\xe9'\""]);
}

#[test]
fn a_drain_reads_what_is_left_though_others_hold_the_pipe() {
    let mut rig = Rig::new(16);
    let log = Some(rig.open("out"));
    let mut child = rig.attach(STDOUT, ChannelSetup { log, ..setup() });
    child.write_all(b"last words\n").unwrap();
    assert_eq!(rig.drained(), []);
    rig.holds("out", b"last words\n");
    assert_eq!(child.write_all(b"x").unwrap_err().kind(), std::io::ErrorKind::BrokenPipe);
    assert_eq!(rig.drained(), [], "a process without streams is answered too");
}

#[test]
fn one_that_never_stops_writing_keeps_neither_others_nor_the_drain_waiting() {
    let mut rig = Rig::new(16);
    let mut chatty = rig.attach(STDOUT, setup());
    let writer = std::thread::spawn(move || while chatty.write_all(&[b'x'; 65536]).is_ok() {});
    let other = ChannelId { process: 8, channel: Channel::Stdout };
    let mut child = rig.attach(other, ChannelSetup { events: true, ..setup() });
    child.write_all(b"heard").unwrap();
    assert_eq!(rig.event(), output(other, b"heard"));
    assert_eq!(rig.drained(), []);
    writer.join().unwrap();
}

#[test]
fn an_engine_that_does_not_listen_holds_up_only_those_who_speak_to_it() {
    let mut rig = Rig::new(1);
    let mut talker = rig.attach(STDERR, ChannelSetup { events: true, ..setup() });
    for text in [b"1", b"2", b"3"] {
        talker.write_all(text).unwrap();
        rig.settled();
    }
    let log = Some(rig.open("out"));
    let quiet = ChannelId { process: 8, channel: Channel::Stdout };
    let mut child = rig.attach(quiet, ChannelSetup { log, ..setup() });
    for _ in 0..100 {
        // more than the pipe holds, so it ends only if somebody reads
        child.write_all(&[b'x'; 10_000]).unwrap();
    }
    drop(child);
    rig.pump.log(LogLine::new(Level::Info, "still here"), Now::default());
    rig.settled();
    rig.wait_said("INFO still here");
    let mut heard = vec![];
    while heard.len() < 3 {
        if let PumpEvent::Output { bytes, .. } = rig.event() {
            heard.extend(bytes);
        }
    }
    assert_eq!(heard, b"123");
}

#[test]
fn an_engine_that_is_gone_holds_up_nothing() {
    let mut rig = Rig::new(1);
    let log = Some(rig.open("out"));
    let mut child = rig.attach(STDOUT, ChannelSetup { log, events: true, ..setup() });
    rig.events.close();
    for _ in 0..100 {
        child.write_all(&[b'x'; 10_000]).unwrap();
    }
    drop(child);
    let path = rig.path("out");
    let Rig { pump, dir: _dir, .. } = rig;
    assert!(pump.stop(LONG, |_| ()).is_some());
    assert_eq!(fs::metadata(path).unwrap().len(), 1_000_000);
}

/// A5.26: a full pipe behind `/dev/stdout` and the like makes its own child wait.
#[test]
fn a_slow_reader_of_a_log_delays_one_child_and_loses_nothing() {
    let mut rig = Rig::new(16);
    let fifo = rig.path("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let mut reader = File::options().read(true).write(true).open(&fifo).unwrap();
    let log = Some(rig.pump.open(PROCESS, fifo, Limits::new(1000, 1)).unwrap());
    let mut child = rig.attach(STDOUT, ChannelSetup { log, ..setup() });
    let writer = std::thread::spawn(move || child.write_all(&[b'x'; 1_000_000]).unwrap());
    rig.pump.log(LogLine::new(Level::Info, "not held up"), Now::default());
    rig.settled();
    let mut got = 0;
    let mut buffer = vec![0; 50_000];
    while got < 1_000_000 {
        got += std::io::Read::read(&mut reader, &mut buffer).unwrap();
    }
    writer.join().unwrap();
    assert_eq!(rig.drained(), []);
    assert_eq!(rig.said()[0], "INFO not held up");
}

/// A6.69: its log takes nothing, and all that it said is for the pool.
#[test]
fn a_dead_listener_is_heard_to_its_end_before_its_end_is_told() {
    let mut rig = Rig::new(16);
    let fifo = rig.path("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let mut reader = File::options().read(true).write(true).open(&fifo).unwrap();
    let log = Some(rig.pump.open(PROCESS, fifo, Limits::new(0, 0)).unwrap());
    let mut child = rig.attach(STDOUT, ChannelSetup { log, listener: true, ..setup() });
    set_nonblocking(&child, true).unwrap();
    let (mut said, mut heard) = (0, 0);
    let count = |event: &PumpEvent| match event {
        PumpEvent::Listener { bytes, .. } => bytes.len(),
        _ => 0,
    };
    let mut stuck = false;
    while heard < MAX_KEPT - READ - CHUNK || !stuck {
        let (written, event) = (child.write(&[b'x'; 1000]), rig.events.try_recv());
        stuck = written.is_err() && event.is_err();
        said += written.unwrap_or(0);
        heard += event.map_or(0, |event| count(&event));
    }
    drop(child);
    rig.pump.drain(PROCESS, PID);
    let (mut buffer, mut read) = (vec![0; 50_000], 0);
    // Any other child's end is told by then.
    let late = Instant::now() + 5 * DRAIN_PATIENCE;
    set_nonblocking(&reader, true).unwrap();
    while heard < said || read < said {
        assert!(Instant::now() < late + LONG, "of {said} bytes {heard} were heard and {read} logged");
        if let Ok(event) = rig.events.try_recv() {
            assert!(heard == said || count(&event) > 0, "{event:?} though {} bytes were not heard", said - heard);
            heard += count(&event);
        } else if Instant::now() > late {
            read += std::io::Read::read(&mut reader, &mut buffer).unwrap_or(0);
        }
    }
}

/// B1.10.15, B1.10.16
#[test]
fn logs_are_cleared_in_order_with_what_is_written() {
    let mut rig = Rig::new(16);
    let log = Some(rig.open("out"));
    let mut child = rig.attach(STDOUT, ChannelSetup { log, events: true, ..setup() });
    child.write_all(b"old").unwrap();
    rig.event();
    rig.ask(|pump, answer| pump.clear(PROCESS, answer)).unwrap();
    child.write_all(b"new").unwrap();
    rig.event();
    rig.holds("out", b"new");
    rig.pump.log(LogLine::new(Level::Info, "reopening log file"), Now::default());
    rig.ask(|pump, answer| pump.clear_main(answer)).unwrap();
    rig.pump.log(LogLine::new(Level::Info, "next"), Now::default());
    rig.settled();
    assert_eq!(rig.said(), ["INFO next"]);
}

/// A5.10
#[test]
fn all_logs_are_reopened_by_their_names() {
    let mut rig = Rig::new(16);
    let log = Some(rig.open("out"));
    let mut child = rig.attach(STDOUT, ChannelSetup { log, events: true, ..setup() });
    fs::rename(rig.path("out"), rig.path("out.old")).unwrap();
    fs::rename(rig.path("main"), rig.path("main.old")).unwrap();
    rig.pump.log(LogLine::new(Level::Info, "supervisord logreopen"), Now::default());
    rig.pump.reopen_all();
    rig.settled();
    child.write_all(b"new").unwrap();
    rig.event();
    rig.holds("out", b"new");
    rig.holds("main", b"");
    assert!(fs::read_to_string(rig.path("main.old")).unwrap().ends_with("INFO supervisord logreopen\n"));
}

#[test]
fn a_stop_writes_what_was_handed_over_before() {
    let rig = Rig::new(16);
    let log = Some(rig.open("out"));
    let mut child = rig.attach(STDOUT, ChannelSetup { log, ..setup() });
    child.write_all(b"words").unwrap();
    for n in 0..5000 {
        rig.pump.log(LogLine::new(Level::Info, n.to_string()), Now::default());
    }
    rig.pump.log(LogLine::new(Level::Blather, "too quiet"), Now::default());
    let Rig { pump, dir, events: _events } = rig;
    assert!(pump.stop(LONG, |_| ()).is_some());
    assert_eq!(fs::read(dir.path().join("out")).unwrap(), b"words");
    let said = fs::read_to_string(dir.path().join("main")).unwrap();
    assert_eq!(said.lines().filter(|line| line.contains(" INFO ")).count(), 5000);
    assert!(!said.contains("quiet"));
}

/// A5.20
#[test]
fn a_stop_that_waits_for_a_full_disk_says_so() {
    let rig = Rig::new(16);
    let full = rig.pump.open(PROCESS, "/dev/full".into(), Limits::default()).unwrap();
    let mut child = rig.attach(STDOUT, ChannelSetup { log: Some(full), ..setup() });
    child.write_all(b"words").unwrap();
    let Rig { pump, dir, events: _events } = rig;
    let mut waited = None;
    let left = pump.stop(LONG, |left| waited = Some(left));
    assert_eq!((waited, left), (Some(Left { logs: 1, bytes: 5 }), waited));
    let said = fs::read_to_string(dir.path().join("main")).unwrap();
    assert!(said.contains("WARN waiting for disk or syslog: 5 bytes for 1 log may be lost\n"), "{said}");
}

/// Who asks for the counters may then read the activity log.
#[test]
fn the_counters_are_told_behind_what_was_said_before() {
    let rig = Rig::new(16);
    for round in 1..=20 {
        for _ in 0..50 {
            rig.pump.log(LogLine::new(Level::Info, "a line"), Now::default());
        }
        let path = rig.path("main");
        let (tell, told) = mpsc::channel();
        rig.pump.count(move |_| tell.send(fs::read_to_string(path).unwrap()).unwrap());
        assert_eq!(told.recv_timeout(LONG).unwrap().lines().count(), round * 50);
    }
}

/// Streams of several loops and the activity log have one end, and none of it is lost.
#[test]
fn all_loops_end_together() {
    let rig = Rig::new(16);
    let children: Vec<File> = (0..7)
        .map(|process| {
            let (reader, writer) = pipe_cloexec().unwrap();
            let log = rig.pump.open(process, rig.path(&format!("out{process}")), Limits::default()).unwrap();
            let id = ChannelId { process, channel: Channel::Stdout };
            rig.pump.attach(id, PID, reader, ChannelSetup { log: Some(log), ..setup() });
            File::from(writer)
        })
        .collect();
    for mut child in &children {
        child.write_all(&[b'x'; 60_000]).unwrap();
    }
    let Rig { pump, dir, events: _events } = rig;
    assert_eq!(pump.stop(LONG, |_| ()), Some(Left::default()));
    for process in 0..7 {
        assert_eq!(fs::metadata(dir.path().join(format!("out{process}"))).unwrap().len(), 60_000);
    }
    let said = fs::read_to_string(dir.path().join("main")).unwrap();
    assert_eq!(said.matches("closed, stopped monitoring stdout of 'cat'").count(), 7, "{said}");
}

/// What each of several loops waits for at the end is told as one.
#[test]
fn a_stop_tells_once_what_all_loops_wait_for() {
    let rig = Rig::new(16);
    for process in 0..LOOPS {
        let process = u32::try_from(process).unwrap();
        let (reader, writer) = pipe_cloexec().unwrap();
        let log = rig.pump.open(process, "/dev/full".into(), Limits::default()).unwrap();
        let id = ChannelId { process, channel: Channel::Stdout };
        rig.pump.attach(id, PID, reader, ChannelSetup { log: Some(log), ..setup() });
        File::from(writer).write_all(b"words").unwrap();
    }
    let Rig { pump, dir, events: _events } = rig;
    let mut waited = vec![];
    let left = pump.stop(LONG, |left| waited.push(left));
    assert_eq!((left, waited), (Some(Left { logs: 3, bytes: 15 }), vec![Left { logs: 3, bytes: 15 }]));
    let said = fs::read_to_string(dir.path().join("main")).unwrap();
    assert_eq!(said.matches("WARN waiting for disk or syslog").count(), 1, "{said}");
}

/// The counters of all loops are told as one answer.
#[test]
fn the_counters_of_all_loops_are_put_together() {
    let mut rig = Rig::new(64);
    for process in 0..5 {
        let (reader, writer) = pipe_cloexec().unwrap();
        let log = rig.pump.open(process, rig.path(&format!("out{process}")), Limits::default()).unwrap();
        let id = ChannelId { process, channel: Channel::Stdout };
        rig.pump.attach(id, PID, reader, ChannelSetup { log: Some(log), ..setup() });
        File::from(writer).write_all(b"words").unwrap();
        rig.pump.drain(process, PID);
        while rig.event() != (PumpEvent::Drained { process, pid: PID }) {}
    }
    let (tell, told) = mpsc::channel();
    rig.pump.count(move |counts| tell.send(counts).unwrap());
    let counts = told.recv_timeout(LONG).unwrap();
    let written = |process| counts[&Some(ChannelId { process, channel: Channel::Stdout })].written;
    assert_eq!((0..5).map(written).collect::<Vec<_>>(), [5; 5]);
}

/// Who writes without a pause is read without being watched, and watched again behind that.
#[test]
fn lines_without_a_pause_come_whole_and_so_does_what_follows_a_pause() {
    let mut rig = Rig::new(16);
    let log = Some(rig.open("out"));
    let mut child = rig.attach(STDOUT, ChannelSetup { log, ..setup() });
    let mut wanted = vec![];
    for round in 0..3 {
        for line in 0..30_000 {
            let line = format!("{round} {line}\n");
            child.write_all(line.as_bytes()).unwrap();
            wanted.extend_from_slice(line.as_bytes());
        }
        rig.holds("out", &wanted);
    }
    drop(child);
    assert_eq!(rig.drained(), []);
    rig.holds("out", &wanted);
}

/// Nothing else may have to happen first.
#[test]
fn the_log_of_a_dead_child_is_closed_at_once() {
    let mut rig = Rig::new(16);
    for round in 0..100 {
        let name = format!("out{round}");
        let log = Some(rig.open(&name));
        let child = rig.attach(STDOUT, ChannelSetup { log, ..setup() });
        // by now the loop is asleep
        rig.settled();
        drop(child);
        assert_eq!(rig.drained(), []);
        let log = rig.path(&name);
        let is_open = || {
            let names = fs::read_dir("/proc/self/fd").unwrap();
            names.flatten().any(|name| fs::read_link(name.path()).is_ok_and(|path| path == log))
        };
        let end = Instant::now() + LONG;
        while is_open() {
            assert!(Instant::now() < end, "in round {round}");
            std::thread::yield_now();
        }
    }
}

/// A pipe that is always full gets larger, and nothing is lost over that.
#[test]
fn a_child_that_keeps_its_pipe_full_gets_a_larger_one() {
    use nix::fcntl::{FcntlArg, fcntl};
    let mut rig = Rig::new(16);
    let log = Some(rig.open("out"));
    let mut child = rig.attach(STDOUT, ChannelSetup { log, ..setup() });
    let end = Instant::now() + LONG;
    let mut written = 0;
    while fcntl(&child, FcntlArg::F_GETPIPE_SZ).unwrap() < 256 << 10 {
        assert!(Instant::now() < end);
        child.write_all(&[b'x'; 1 << 20]).unwrap();
        written += 1 << 20;
    }
    drop(child);
    assert_eq!(rig.drained(), []);
    let log = rig.path("out");
    rig.until("out", || fs::metadata(&log).is_ok_and(|meta| meta.len() == written));
}

/// A5.23: the end of one stream says nothing about the other.
#[test]
fn both_streams_of_the_dead_are_read_to_their_ends() {
    use nix::fcntl::{FcntlArg, fcntl};
    let mut rig = Rig::new(16);
    let (out, err) = (pipe_cloexec().unwrap(), pipe_cloexec().unwrap());
    fcntl(&err.1, FcntlArg::F_SETPIPE_SZ(1 << 20)).unwrap();
    File::from(err.1).write_all(&[b'x'; 1 << 20]).unwrap();
    drop(out.1);
    let log = Some(rig.open("err"));
    rig.pump.attach(STDOUT, PID, out.0, setup());
    rig.pump.attach(STDERR, PID, err.0, ChannelSetup { log, ..setup() });
    assert_eq!(rig.drained(), []);
    rig.holds("err", &[b'x'; 1 << 20]);
}
