//! The socket of a connection as hyper sees it.
//!
//! Between the two stands what hyper cannot be told: it is handed one request at
//! a time, the end of input is held back while an answer is due, the socket stays
//! open when hyper is done with it so that the last answer is not lost, hyper's own
//! refusals give way to our error page, and one header keeps its capitals.

use super::head::{Head, Scanned};
use super::life::{Life, Outgoing, Phase};
use super::stream::Stream;
use hyper::StatusCode;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes read at once where a head may be; bodies are read in larger pieces.
const INPUT_BYTES: usize = 4 << 10;

const HYPER_SPELLS: &[u8] = b"\r\nWww-Authenticate:";
const UPSTREAM_SPELLS: &[u8] = b"\r\nWWW-Authenticate:";

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
