//! An accepted socket, of TCP or of the file system: reads and writes that do not
//! wait, and its end.

use super::life::Outgoing;
use crate::sys::socket::unread_bytes;
use nix::sys::socket::{Shutdown, setsockopt, shutdown, sockopt};
use std::io::{self, IoSlice};
use std::os::fd::AsRawFd;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::Interest;
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

/// Most bytes read and thrown away from a client that was told to go: it may read
/// nothing before it has sent all of its body.
const LINGER_BYTES: usize = 128 << 20;
/// How long that may take.
const LINGER_TIME: Duration = Duration::from_secs(5);

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

    pub(super) fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
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
    pub(super) fn poll_read(&self, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
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
    pub(super) fn poll_write(&self, cx: &mut Context<'_>, pieces: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
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
