//! The socket of a connection as hyper sees it.
//!
//! Between the two stands what hyper cannot be told: it is handed one request at
//! a time, the end of input is held back while an answer is due, the socket stays
//! open when hyper is done with it so that the last answer is not lost, hyper's own
//! refusals give way to our error page, and one header keeps its capitals.

use super::head::{Head, Scanned};
use super::life::{Life, Outgoing, Phase};
use crate::sys::socket::unread_bytes;
use hyper::StatusCode;
use nix::sys::socket::{Shutdown, setsockopt, shutdown, sockopt};
use std::io::{self, IoSlice};
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

/// Bytes read at once where a head may be; bodies are read in larger pieces.
const INPUT_BYTES: usize = 4 << 10;

/// Most bytes read and thrown away from a client that was told to go: it may read
/// nothing before it has sent all of its body.
const LINGER_BYTES: usize = 128 << 20;
/// How long that may take.
const LINGER_TIME: Duration = Duration::from_secs(5);

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

    fn try_read(&self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_read(room),
            Self::Unix(stream) => stream.try_read(room),
        }
    }

    /// As many bytes as there are and `room` takes; 0 is the end.
    fn poll_read(&self, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.poll_readable(cx))?;
            match self.try_read(room) {
                Ok(count) => {
                    if count > 0 && count < room.len() {
                        self.is_done_for_now(Interest::READABLE);
                    }
                    return Poll::Ready(Ok(count));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Saves the call that would only find out that no more can be read, or written.
    /// Nothing is missed: the runtime learns of a change on this thread, so not
    /// since the call that found out.
    fn is_done_for_now(&self, interest: Interest) {
        let nothing = || -> io::Result<()> { Err(io::ErrorKind::WouldBlock.into()) };
        drop(match self {
            Self::Tcp(stream) => stream.try_io(interest, nothing),
            Self::Unix(stream) => stream.try_io(interest, nothing),
        });
    }

    /// As many bytes as the socket takes.
    fn poll_write(&self, cx: &mut Context<'_>, pieces: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        loop {
            ready!(match self {
                Self::Tcp(stream) => stream.poll_write_ready(cx),
                Self::Unix(stream) => stream.poll_write_ready(cx),
            })?;
            let written = match (self, pieces) {
                (_, [bytes]) => self.try_write(bytes),
                (Self::Tcp(stream), _) => stream.try_write_vectored(pieces),
                (Self::Unix(stream), _) => stream.try_write_vectored(pieces),
            };
            match written {
                Ok(count) => {
                    if count < pieces.iter().map(|piece| piece.len()).sum() {
                        self.is_done_for_now(Interest::WRITABLE);
                    }
                    return Poll::Ready(Ok(count));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
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

impl Outgoing for Stream {
    fn unread(&self) -> usize {
        match self {
            Self::Tcp(stream) => unread_bytes(stream),
            Self::Unix(stream) => unread_bytes(stream),
        }
    }
}

/// What hyper reads from and writes to.
///
/// It gets one request at a time: a head up to its end, then as many bytes as
/// hyper itself has found the body to have, and nothing more until the answer is
/// out. So what stands behind a request is always looked at as a head.
#[derive(Debug)]
pub(super) struct Wire {
    stream: Rc<Stream>,
    life: Rc<Life>,
    head: Head,
    /// Of a head, on its way to hyper.
    ready: Vec<u8>,
    /// Read together with a head, and not yet asked for.
    input: Input,
}

impl Wire {
    /// hyper's side of `stream`.
    pub(super) fn new(stream: Rc<Stream>, life: Rc<Life>) -> Self {
        life.sends_to(Rc::clone(&stream) as Rc<dyn Outgoing>);
        Self { stream, life, head: Head::default(), ready: Vec::new(), input: Input::default() }
    }

    fn poll_send(&self, cx: &mut Context<'_>, pieces: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let sent = self.stream.poll_write(cx, pieces);
        match sent {
            Poll::Ready(Ok(_)) => self.life.sent(),
            Poll::Pending => self.life.is_stuck(),
            Poll::Ready(Err(_)) => {}
        }
        sent
    }

    /// Gets more of a head ready; false when there is no more.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        // A body that was refused unread ends its connection, and is no head if it
        // comes all the same: hyper looks for it once more behind the answer.
        let is_over = self.life.refusal().is_some() || self.life.has_ended() || self.life.body_left() > 0;
        if is_over {
            return Poll::Ready(Ok(false));
        }
        if self.input.is_empty() && ready!(self.input.poll_fill(&self.stream, cx))? == 0 {
            self.life.end();
            return Poll::Ready(Ok(false));
        }
        let scanned = self.head.scan(self.input.bytes(), &mut self.ready);
        match scanned {
            Scanned::More => self.input.clear(),
            Scanned::End(place) => self.input.consume(place),
            Scanned::Refused(status) => {
                self.life.refuse(status);
                self.ready.clear();
                return Poll::Ready(Ok(false));
            }
        }
        if scanned != Scanned::More || !self.head.is_empty() {
            self.life.received();
        }
        Poll::Ready(Ok(true))
    }

    /// Up to `left` bytes of a body; none when the peer has closed its side.
    fn poll_body(&mut self, cx: &mut Context<'_>, left: u64, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buf.remaining());
        if !self.input.is_empty() {
            let bytes = self.input.bytes();
            let bytes = bytes.get(..most).unwrap_or(bytes);
            buf.put_slice(bytes);
            let count = bytes.len();
            self.input.consume(count);
            self.life.took(count);
            return Poll::Ready(Ok(()));
        }
        let count = ready!(self.stream.poll_read(cx, buf.initialize_unfilled_to(most)))?;
        buf.advance(count);
        self.life.took(count);
        Poll::Ready(Ok(()))
    }
}

/// A piece of input.
#[derive(Debug, Default)]
struct Input {
    room: Vec<u8>,
    from: usize,
    to: usize,
}

impl Input {
    fn bytes(&self) -> &[u8] {
        self.room.get(self.from..self.to).unwrap_or_default()
    }

    fn is_empty(&self) -> bool {
        self.from == self.to
    }

    fn clear(&mut self) {
        (self.from, self.to) = (0, 0);
    }

    fn consume(&mut self, count: usize) {
        self.from = self.to.min(self.from + count);
    }

    /// Replaces it by what there is; 0 is the end.
    fn poll_fill(&mut self, stream: &Stream, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.clear();
        self.room.resize(INPUT_BYTES, 0);
        self.to = ready!(stream.poll_read(cx, &mut self.room))?;
        Poll::Ready(Ok(self.to))
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        loop {
            if !wire.ready.is_empty() {
                let count = wire.ready.len().min(buf.remaining());
                buf.put_slice(wire.ready.get(..count).unwrap_or_default());
                wire.ready.drain(..count);
                return Poll::Ready(Ok(()));
            }
            match wire.life.phase() {
                // While a log is followed, the watch over the connection reads.
                Phase::Streaming => return Poll::Pending,
                Phase::Idle | Phase::Head => {
                    if !ready!(wire.poll_head(cx))? {
                        return Poll::Ready(Ok(()));
                    }
                }
                Phase::Body if wire.life.body_left() > 0 && !wire.life.has_ended() => {
                    let before = buf.filled().len();
                    ready!(wire.poll_body(cx, wire.life.body_left(), buf))?;
                    if buf.filled().len() > before {
                        return Poll::Ready(Ok(()));
                    }
                    wire.life.end();
                }
                Phase::Body | Phase::Answering | Phase::Sending => {
                    let is_quiet =
                        !wire.life.has_ended() && wire.input.is_empty() && wire.stream.poll_readable(cx)?.is_pending();
                    if !is_quiet {
                        wire.life.hold(cx.waker());
                    }
                    return Poll::Pending;
                }
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
        self.poll_send(cx, &[IoSlice::new(respelt.as_deref().unwrap_or(bytes))])
    }

    /// Head and body at once, so that a large body is not copied behind its head.
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.life.is_unanswered() || self.life.respells() {
            let first = pieces.iter().find(|piece| !piece.is_empty());
            return self.poll_write(cx, first.map_or(&[], |piece| piece));
        }
        self.poll_send(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        true
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
    use super::{respell, status_of};
    use hyper::StatusCode;

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
