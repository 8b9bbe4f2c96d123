//! Lines for syslog, as datagrams of the form that `syslog(3)` sends (A5.6,
//! A5.25). Not the C library's function: that one waits when the syslog daemon
//! does not read, and a log must not hold up those who write it.

use crate::model::Now;
use crate::sys::clock::{LocalTime, local_time};
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

/// A way to the syslog daemon. What it does not take at once is dropped and counted.
#[derive(Debug)]
pub struct Syslog {
    ident: String,
    address: PathBuf,
    socket: Option<UnixDatagram>,
    next_try: Duration,
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
        Self { ident: ident.to_owned(), address, socket: None, next_try: Duration::ZERO, lost: 0 }
    }

    /// Sends one line.
    pub fn send(&mut self, line: &str, now: Now) {
        let datagram = datagram(&self.ident, &local_time(now.wall), line);
        // a daemon that was started anew needs a new connection, and so a second try
        let sent = (0..2).any(|_| self.try_send(datagram.as_bytes(), now));
        self.lost += u64::from(!sent);
    }

    /// Sends what a child wrote, a datagram a line, `NAME LINE` each (A5.25).
    /// What is not UTF-8 is replaced, not lost.
    pub fn send_output(&mut self, name: &str, chunk: &[u8], now: Now) {
        let text = String::from_utf8_lossy(chunk);
        for line in text.trim_end_matches('\n').split('\n') {
            self.send(&format!("{name} {line}"), now);
        }
    }

    /// How many lines were dropped since this was last asked.
    pub fn take_lost(&mut self) -> u64 {
        std::mem::take(&mut self.lost)
    }

    fn try_send(&mut self, datagram: &[u8], now: Now) -> bool {
        let Some(socket) = self.connected(now) else { return false };
        match socket.send(datagram) {
            Ok(_) => true,
            Err(error) => {
                if error.kind() != io::ErrorKind::WouldBlock {
                    self.socket = None;
                }
                false
            }
        }
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
    use super::{RETRY, Syslog, datagram};
    use crate::model::Now;
    use crate::sys::clock::LocalTime;
    use crate::sys::testdir::TestDir;
    use std::os::unix::net::UnixDatagram;
    use std::time::Duration;

    fn received(daemon: &UnixDatagram) -> Vec<String> {
        daemon.set_nonblocking(true).unwrap();
        let mut buffer = [0; 1024];
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
        assert_eq!(syslog.take_lost(), 0);
    }

    #[test]
    fn a_daemon_that_comes_back_is_found_again() {
        let dir = TestDir::new();
        let address = dir.path().join("log");
        let mut syslog = Syslog::at("supervisord", address.clone());
        let at = |secs| Now { mono: Duration::from_secs(secs), wall: Duration::from_secs(secs) };
        syslog.send("away", at(10));
        let daemon = UnixDatagram::bind(&address).unwrap();
        syslog.send("too soon", at(10));
        assert_eq!((received(&daemon), syslog.take_lost()), (vec![], 2));
        syslog.send("here", at(10 + RETRY.as_secs()));
        drop(daemon);
        std::fs::remove_file(&address).unwrap();
        let daemon = UnixDatagram::bind(&address).unwrap();
        syslog.send("and anew", at(20));
        assert_eq!((received(&daemon), syslog.take_lost()), (vec!["and anew".to_owned()], 0));
    }

    #[test]
    fn a_daemon_that_does_not_read_costs_lines_and_no_time() {
        let dir = TestDir::new();
        let address = dir.path().join("log");
        let _daemon = UnixDatagram::bind(&address).unwrap();
        let mut syslog = Syslog::at("supervisord", address);
        for _ in 0..10_000 {
            syslog.send("line", Now::default());
        }
        assert!(syslog.take_lost() > 0);
    }
}
