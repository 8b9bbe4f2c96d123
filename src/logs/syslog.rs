//! Lines for syslog, as datagrams of the form that `syslog(3)` sends (A5.6,
//! A5.25). Not the C library's function: that one waits when the syslog daemon
//! does not read, and a log must not hold up those who write it.
//!
//! The kernel keeps ten datagrams for a daemon that is not quick enough. More wait
//! here. Whose output they are is made to wait while the daemon is merely slow, so
//! that nothing is lost; when it is away, or has read nothing for [`PATIENCE`], the
//! newest lines are dropped and counted once there is no room any more.

use super::outage::PATIENCE;
use crate::model::Now;
use crate::sys::clock::{LocalTime, local_time};
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::time::Duration;

/// What our lines are marked with: the program's name.
pub const IDENT: &str = "supervisord";
/// Where the syslog daemon listens.
const DEV_LOG: &str = "/dev/log";
/// Facility USER, severity INFO.
const PRIORITY: u8 = 14;
/// Between two tries to reach a daemon that is away.
const RETRY: Duration = Duration::from_secs(1);
/// Bytes that may wait before who writes them has to.
const MUCH: usize = 1 << 20;
/// Bytes that may wait at all: beyond `MUCH`, a read of nothing but short lines.
const ROOM: usize = 8 << 20;

/// A way to the syslog daemon.
#[derive(Debug)]
pub struct Syslog {
    ident: String,
    address: PathBuf,
    socket: Option<UnixDatagram>,
    next_try: Duration,
    waiting: VecDeque<String>,
    /// Of those that wait.
    bytes: usize,
    /// When the daemon took something, or the first line began to wait.
    moved: Duration,
    lost: u64,
    outage: Option<Outage>,
}

/// A time in which the daemon takes nothing.
#[derive(Debug)]
struct Outage {
    since: Now,
    /// Lines lost before.
    lost: u64,
}

impl Syslog {
    /// Lines will carry `ident`, the base name of the program. Connects at the
    /// first line.
    #[must_use]
    pub fn new(ident: &str) -> Self {
        Self::at(ident, DEV_LOG.into())
    }

    fn at(ident: &str, address: PathBuf) -> Self {
        Self {
            ident: ident.to_owned(),
            address,
            socket: None,
            next_try: Duration::ZERO,
            waiting: VecDeque::new(),
            bytes: 0,
            moved: Duration::ZERO,
            lost: 0,
            outage: None,
        }
    }

    /// Sends one line, behind those that wait.
    pub fn send(&mut self, line: &str, now: Now) {
        let datagram = datagram(&self.ident, &local_time(now.wall), line);
        if self.waiting.is_empty() {
            self.moved = now.mono;
            if self.try_twice(&datagram, now) {
                return;
            }
        }
        if self.bytes + datagram.len() > ROOM {
            self.lost += 1;
            return;
        }
        self.bytes += datagram.len();
        self.waiting.push_back(datagram);
    }

    /// Sends what a child wrote, a datagram a line, `NAME LINE` each (A5.25).
    /// What is not UTF-8 is replaced, not lost.
    pub fn send_output(&mut self, name: &str, chunk: &[u8], now: Now) {
        let text = String::from_utf8_lossy(chunk);
        for line in text.trim_end_matches('\n').split('\n') {
            self.send(&format!("{name} {line}"), now);
        }
    }

    /// Sends what waits, as far as the daemon takes it.
    pub fn flush(&mut self, now: Now) {
        while let Some(datagram) = self.waiting.pop_front() {
            if !self.try_twice(&datagram, now) {
                self.waiting.push_front(datagram);
                return;
            }
            self.bytes -= datagram.len();
            self.moved = now.mono;
        }
    }

    /// How many bytes wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.bytes
    }

    /// Whether lines wait for a daemon that is there and reads.
    #[must_use]
    pub fn is_slow(&self, now: Now) -> bool {
        !self.waiting.is_empty() && self.socket.is_some() && now.mono < self.moved + PATIENCE
    }

    /// Whether nobody should have more to send for now.
    #[must_use]
    pub fn must_wait(&self, now: Now) -> bool {
        self.bytes >= MUCH && self.is_slow(now)
    }

    /// Where there will be room for what waits; `None` when nothing does, or the
    /// daemon is away.
    #[must_use]
    pub fn socket(&self) -> Option<&UnixDatagram> {
        self.socket.as_ref().filter(|_| !self.waiting.is_empty())
    }

    /// When to [`flush`](Self::flush) and ask for a [report](Self::take_report)
    /// again, though the daemon has taken nothing.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        match self.socket {
            _ if self.waiting.is_empty() => self.outage.is_some().then_some(Duration::ZERO),
            None => Some(self.next_try),
            Some(_) => self.outage.is_none().then_some(self.moved + PATIENCE),
        }
    }

    /// The next try to reach a daemon that is away is at once.
    pub fn hurry(&mut self) {
        self.next_try = Duration::ZERO;
    }

    /// What there is to tell, once at the beginning of an outage and once at its end.
    pub fn take_report(&mut self, now: Now) -> Option<String> {
        match &self.outage {
            None if self.waiting.is_empty() || now.mono < self.moved + PATIENCE => None,
            None => {
                let wall = now.wall.saturating_sub(now.mono.saturating_sub(self.moved));
                self.outage = Some(Outage { since: Now { mono: self.moved, wall }, lost: self.lost });
                let why = if self.socket.is_some() { "the syslog daemon reads nothing" } else { "no syslog daemon" };
                let meanwhile = "are kept for it, what does not fit is dropped";
                Some(format!("syslog takes no lines: {why}; up to {ROOM} bytes {meanwhile}"))
            }
            Some(outage) if self.waiting.is_empty() => {
                let took = now.mono.saturating_sub(outage.since.mono).as_secs_f64();
                let (since, lost) = (local_time(outage.since.wall), self.lost - outage.lost);
                self.outage = None;
                Some(format!("syslog takes lines again after {took:.1} s (since {since}): {lost} lines were dropped"))
            }
            Some(_) => None,
        }
    }

    /// A daemon that was started anew needs a new connection, and so a second try.
    fn try_twice(&mut self, datagram: &str, now: Now) -> bool {
        (0..2).any(|_| self.try_send(datagram.as_bytes(), now))
    }

    /// Whether the datagram is done with.
    fn try_send(&mut self, datagram: &[u8], now: Now) -> bool {
        let Some(socket) = self.connected(now) else { return false };
        let Err(error) = socket.send(datagram) else { return true };
        match error.raw_os_error() {
            // no daemon will ever take one so long
            Some(libc::EMSGSIZE) => {
                self.lost += 1;
                return true;
            }
            Some(libc::EAGAIN | libc::ENOBUFS) => {}
            _ => self.socket = None,
        }
        false
    }

    fn connected(&mut self, now: Now) -> Option<&UnixDatagram> {
        if self.socket.is_none() && now.mono >= self.next_try {
            self.socket = connect(&self.address).ok();
            if self.socket.is_none() {
                self.next_try = now.mono + RETRY;
            }
        }
        self.socket.as_ref()
    }
}

fn connect(address: &PathBuf) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.connect(address)?;
    Ok(socket)
}

fn datagram(ident: &str, at: &LocalTime, line: &str) -> String {
    let mut text = String::with_capacity(line.len() + 40);
    // writing into a String does not fail
    let _ = write!(
        text,
        "<{PRIORITY}>{} {:2} {:02}:{:02}:{:02} {ident}: {line}",
        at.month_name(),
        at.day,
        at.hour,
        at.minute,
        at.second
    );
    text
}

#[cfg(test)]
mod tests {
    use super::{MUCH, PATIENCE, RETRY, ROOM, Syslog, datagram};
    use crate::model::Now;
    use crate::sys::clock::LocalTime;
    use crate::sys::testdir::TestDir;
    use std::os::unix::net::UnixDatagram;
    use std::time::Duration;

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
        let dir = TestDir::new();
        let address = dir.path().join("log");
        let daemon = UnixDatagram::bind(&address).unwrap();
        let mut syslog = Syslog::at("supervisord", address);
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
        let dir = TestDir::new();
        let address = dir.path().join("log");
        let daemon = UnixDatagram::bind(&address).unwrap();
        let mut syslog = Syslog::at("supervisord", address);
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
        let dir = TestDir::new();
        let address = dir.path().join("log");
        let daemon = UnixDatagram::bind(&address).unwrap();
        let mut syslog = Syslog::at("supervisord", address);
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
        let dir = TestDir::new();
        let address = dir.path().join("log");
        let daemon = UnixDatagram::bind(&address).unwrap();
        let mut syslog = Syslog::at("supervisord", address);
        syslog.send(&"x".repeat(4 << 20), Now::default());
        syslog.send("next", Now::default());
        assert_eq!((received(&daemon), syslog.lost), (vec!["next".to_owned()], 1));
    }
}
