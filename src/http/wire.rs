//! The socket of a connection as hyper sees it.
//!
//! Between the two stands what hyper cannot be told: the end of input is held
//! back while an answer is due, the socket stays open when hyper is done with
//! it so that the last answer is not lost, hyper's own refusals give way to our
//! error page, and one header keeps its capitals.

use super::life::{Life, Phase};
use hyper::StatusCode;
use nix::sys::socket::{Shutdown, setsockopt, shutdown, sockopt};
use std::io;
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

/// Most bytes read and thrown away from a client that was told to go.
const LINGER_BYTES: usize = 1 << 20;
/// How long that may take.
const LINGER_TIME: Duration = Duration::from_secs(2);

const HYPER_SPELLS: &[u8] = b"\r\nWww-Authenticate:";
const UPSTREAM_SPELLS: &[u8] = b"\r\nWWW-Authenticate:";

/// An accepted socket; shared between hyper and the watch over the connection.
#[derive(Debug)]
pub(super) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    /// A TCP connection; answers go out at once, and a peer that has vanished
    /// without a word is found out by the kernel.
    pub(super) fn tcp(stream: TcpStream) -> Self {
        // Without these settings it still works.
        drop(stream.set_nodelay(true));
        let _ = setsockopt(&stream, sockopt::KeepAlive, &true);
        Self::Tcp(stream)
    }

    async fn readable(&self) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.readable().await,
            Self::Unix(stream) => stream.readable().await,
        }
    }

    fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => stream.poll_read_ready(cx),
            Self::Unix(stream) => stream.poll_read_ready(cx),
        }
    }

    fn poll_writable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => stream.poll_write_ready(cx),
            Self::Unix(stream) => stream.poll_write_ready(cx),
        }
    }

    fn try_read(&self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_read(room),
            Self::Unix(stream) => stream.try_read(room),
        }
    }

    fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_write(bytes),
            Self::Unix(stream) => stream.try_write(bytes),
        }
    }

    fn end_output(&self) {
        let fd = match self {
            Self::Tcp(stream) => stream.as_raw_fd(),
            Self::Unix(stream) => stream.as_raw_fd(),
        };
        // The peer may be gone already, which is what we want.
        let _ = shutdown(fd, Shutdown::Write);
    }

    /// Returns when the peer has closed its side; drops what it sends until then.
    pub(super) async fn drain(&self, mut bytes: usize) {
        let mut scratch = [0; 4096];
        while bytes > 0 && self.readable().await.is_ok() {
            match self.try_read(&mut scratch) {
                Ok(0) => return,
                Ok(n) => bytes = bytes.saturating_sub(n),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(_) => return,
            }
        }
    }

    /// Says `last` and closes so that the peer can read it: closing with unread
    /// input would make the kernel throw that away (B2.7.6).
    pub(super) async fn linger(&self, last: &[u8]) {
        // The socket takes these few bytes at once or the peer never read any.
        let _ = self.try_write(last);
        self.end_output();
        drop(timeout(LINGER_TIME, self.drain(LINGER_BYTES)).await);
    }
}

/// What hyper reads from and writes to.
#[derive(Debug)]
pub(super) struct Wire {
    stream: Rc<Stream>,
    life: Rc<Life>,
}

impl Wire {
    /// hyper's side of `stream`.
    pub(super) fn new(stream: Rc<Stream>, life: Rc<Life>) -> Self {
        Self { stream, life }
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            // While a log is followed, the watch over the connection reads.
            if self.life.phase() == Phase::Streaming || (self.life.has_ended() && self.life.holds_end(cx.waker())) {
                return Poll::Pending;
            }
            ready!(self.stream.poll_readable(cx))?;
            match self.stream.try_read(buf.initialize_unfilled()) {
                Ok(0) => {
                    self.life.end();
                    if !self.life.holds_end(cx.waker()) {
                        return Poll::Ready(Ok(()));
                    }
                }
                Ok(n) => {
                    if self.life.is_unanswered()
                        && let Some(head) = buf.initialize_unfilled_to(n).get_mut(..n)
                    {
                        unfold(head);
                    }
                    buf.advance(n);
                    self.life.received();
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.life.is_unanswered() {
            self.life.refuse(status_of(bytes));
            return Poll::Ready(Ok(bytes.len()));
        }
        let respelt = if self.life.respells() { respell(bytes) } else { None };
        let bytes = respelt.as_deref().unwrap_or(bytes);
        loop {
            ready!(self.stream.poll_writable(cx))?;
            match self.stream.try_write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                other => return Poll::Ready(other),
            }
        }
    }

    /// hyper gets here when its own buffer is empty.
    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.life.flushed();
        Poll::Ready(Ok(()))
    }

    /// Not yet: see [`Stream::linger`].
    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Joins folded header lines, which hyper would refuse: a line end in front of a
/// blank becomes blanks (B2.4.2). Stays clear of the body. One that is cut by a
/// packet's end is refused all the same.
fn unfold(head: &mut [u8]) {
    let end = head.windows(4).position(|window| window == b"\r\n\r\n").unwrap_or(head.len());
    let mut rest = head.get_mut(..end).unwrap_or_default();
    while let Some(at) = rest.windows(3).position(|window| matches!(window, b"\r\n " | b"\r\n\t")) {
        rest = rest.get_mut(at..).unwrap_or_default();
        if let Some(line_end) = rest.first_chunk_mut::<2>() {
            *line_end = *b"  ";
        }
    }
}

/// The status of an answer of hyper's own.
fn status_of(answer: &[u8]) -> StatusCode {
    answer.get(9..12).and_then(|code| StatusCode::from_bytes(code).ok()).unwrap_or(StatusCode::BAD_REQUEST)
}

/// The same number of bytes with upstream's capitals in the one header that
/// hyper's spelling differs for (B2.7.5).
fn respell(bytes: &[u8]) -> Option<Vec<u8>> {
    let at = bytes.windows(HYPER_SPELLS.len()).position(|window| window == HYPER_SPELLS)?;
    let (before, rest) = bytes.split_at_checked(at)?;
    let rest = rest.strip_prefix(HYPER_SPELLS)?;
    Some([before, UPSTREAM_SPELLS, rest].concat())
}

#[cfg(test)]
mod tests {
    use super::{respell, status_of, unfold};
    use hyper::StatusCode;

    /// B2.4.2
    #[test]
    fn folded_lines_are_joined_and_bodies_let_be() {
        let unfolded = |text: &str| {
            let mut bytes = text.as_bytes().to_vec();
            unfold(&mut bytes);
            String::from_utf8(bytes).unwrap()
        };
        assert_eq!(unfolded("A: b\r\n c\r\n\td\r\nE: f\r\n\r\nx\r\n y"), "A: b   c  \td\r\nE: f\r\n\r\nx\r\n y");
        assert_eq!(unfolded("\r\n\r\nA: b\r\n c"), "\r\n\r\nA: b\r\n c");
        assert_eq!(unfolded("\r\n "), "   ");
        assert_eq!(unfolded(""), "");
    }

    /// B2.3.1
    #[test]
    fn the_status_of_a_refusal_is_kept() {
        let head = b"HTTP/1.1 431 Request Header Fields Too Large\r\n";
        assert_eq!(status_of(head), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
        assert_eq!(status_of(b"HTTP/1.1"), StatusCode::BAD_REQUEST);
    }

    /// B2.7.5
    #[test]
    fn one_header_is_spelt_as_upstream_does() {
        let head = b"HTTP/1.1 401 Unauthorized\r\nWww-Authenticate: Basic realm=\"default\"\r\n\r\nWww-Authenticate:";
        let respelt = respell(head).unwrap();
        assert_eq!(respelt.len(), head.len());
        assert_eq!(&respelt[25..45], b"\r\nWWW-Authenticate: ");
        assert!(respelt.ends_with(b"\r\n\r\nWww-Authenticate:"));
        assert_eq!(respell(b"HTTP/1.1 200 OK\r\n\r\n"), None);
    }
}
