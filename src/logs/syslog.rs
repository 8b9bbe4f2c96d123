//! Lines for syslog, as datagrams of the form that `syslog(3)` sends (A5.6,
//! A5.25). Not the C library's function: that one waits when the syslog daemon
//! does not read, and a log must not hold up those who write it.
//!
//! The kernel keeps ten datagrams for a daemon that is not quick enough. More wait
//! here. Whose output they are is made to wait while the daemon is merely slow, so
//! that nothing is lost; when it is away, or has read nothing for [`PATIENCE`], the
//! newest lines are dropped and counted once there is no room any more.

mod outages;

pub use outages::Outages;

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

/// Between two lines about what was too long for it.
const TELL_AGAIN: Duration = Duration::from_secs(10);

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
    /// Lines.
    lost: u64,
    /// Of the outage that it has: lines lost before.
    outage: Option<u64>,
    outages: Outages,
    /// Lines that no daemon takes, and when they may be told of.
    too_long: u64,
    tell_again: Duration,
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
            outages: Outages::default(),
            too_long: 0,
            tell_again: Duration::ZERO,
        }
    }

    /// Other ways to the same daemon have the same `outages`.
    pub fn share(&mut self, outages: &Outages) {
        self.outages = outages.clone();
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

    /// What there is to tell: once at the beginning of an outage and once at its end,
    /// and of lines that were too long.
    pub fn take_report(&mut self, now: Now) -> Option<String> {
        match self.outage {
            None if !self.waiting.is_empty() && now.mono >= self.moved + PATIENCE => {
                self.outage = Some(self.lost);
                let wall = now.wall.saturating_sub(now.mono.saturating_sub(self.moved));
                let is_news = self.outages.begin(Now { mono: self.moved, wall });
                is_news.then(|| self.outage_text())
            }
            Some(before) if self.waiting.is_empty() => {
                self.outage = None;
                let (since, lost) = self.outages.end(self.lost - before)?;
                let (took, since) = (now.mono.saturating_sub(since.mono).as_secs_f64(), local_time(since.wall));
                Some(format!("syslog takes lines again after {took:.1} s (since {since}): {lost} lines were dropped"))
            }
            _ if self.too_long > 0 && now.mono >= self.tell_again => {
                self.tell_again = now.mono + TELL_AGAIN;
                let count = std::mem::take(&mut self.too_long);
                Some(format!("{count} lines were dropped: they are too long for syslog"))
            }
            _ => None,
        }
    }

    fn outage_text(&self) -> String {
        let why = if self.socket.is_some() { "the syslog daemon reads nothing" } else { "no syslog daemon" };
        format!("syslog takes no lines: {why}; up to {ROOM} bytes are kept for it, what does not fit is dropped")
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
                self.too_long += 1;
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
mod tests;
