//! A log stream of the daemon (`/logtail/...`, `/mainlogtail`): bytes as the
//! log has them, for as long as the daemon sends them.

use super::CallError;
use super::http::Response;
use super::transport::Connection;
use std::os::fd::{AsFd, BorrowedFd};

/// Bytes asked of the socket at once.
const READ_SIZE: usize = 64 * 1024;

/// An open log stream.
#[derive(Debug)]
pub struct LogStream {
    connection: Connection,
    response: Response,
}

/// How a stream stands after a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamState {
    /// More may come.
    Open,
    /// The server has ended it, or the connection was lost.
    Ended,
    /// The server refuses it; holds the HTTP status.
    Refused(u16),
}

impl LogStream {
    pub(super) fn new(connection: Connection) -> Self {
        Self { connection, response: Response::default() }
    }

    /// Reads once and adds the log's bytes to `out`. Blocks until something
    /// comes; poll the descriptor to know when.
    ///
    /// # Errors
    /// The answer is not HTTP. A lost connection is an end, not an error
    /// (B3.7.64).
    pub fn read(&mut self, out: &mut Vec<u8>) -> Result<StreamState, CallError> {
        let mut buffer = vec![0; READ_SIZE];
        let bytes = match self.connection.read_some(&mut buffer) {
            Ok([]) | Err(_) => return Ok(StreamState::Ended),
            Ok(bytes) => bytes,
        };
        let before = out.len();
        self.response.feed(bytes, out)?;
        match self.response.head() {
            Some(head) if head.status != 200 => {
                // the page that explains it is not the log
                out.truncate(before);
                Ok(StreamState::Refused(head.status))
            }
            _ if self.response.is_done() => Ok(StreamState::Ended),
            _ => Ok(StreamState::Open),
        }
    }
}

impl AsFd for LogStream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.connection.as_fd()
    }
}
