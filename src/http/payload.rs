//! The body of an answer: some bytes, or a log that never ends.

use super::life::{Answering, Life};
use hyper::body::{Body, Bytes, Frame, SizeHint};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use thiserror::Error;
use tokio::sync::mpsc;

/// Why a body stops before its end; the connection is cut, since a proper end
/// would tell the client that the log is complete (B2.9.7).
#[derive(Debug, Error, PartialEq, Eq)]
pub(super) enum PayloadError {
    /// Whoever made the bytes has stopped.
    #[error("nobody follows the log any more")]
    Ended,
}

/// What is sent behind the headers.
#[derive(Debug)]
pub(super) struct Payload {
    source: Source,
    /// Tells the connection when all is handed over.
    answering: Option<Answering>,
}

#[derive(Debug)]
enum Source {
    Whole(Option<Bytes>),
    Stream(mpsc::Receiver<Bytes>),
}

impl Payload {
    /// No body at all.
    pub(super) fn none() -> Self {
        Self { source: Source::Whole(None), answering: None }
    }

    /// Whatever comes out of `chunks`, until the connection is cut.
    pub(super) fn stream(chunks: mpsc::Receiver<Bytes>) -> Self {
        Self { source: Source::Stream(chunks), answering: None }
    }

    /// How many bytes are to come, if that is known.
    pub(super) fn length(&self) -> Option<u64> {
        match &self.source {
            Source::Whole(bytes) => Some(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Source::Stream(_) => None,
        }
    }

    /// The bytes, if they are known.
    pub(super) fn bytes(&self) -> Option<&Bytes> {
        match &self.source {
            Source::Whole(bytes) => bytes.as_ref(),
            Source::Stream(_) => None,
        }
    }

    /// Tells `life` how the sending goes.
    pub(super) fn watched_by(mut self, life: &Rc<Life>) -> Self {
        self.answering = Some(match self.source {
            Source::Whole(ref bytes) => life.sending(bytes.as_ref().map_or(0, Bytes::len)),
            Source::Stream(_) => life.streaming(),
        });
        self
    }
}

impl<T: Into<Bytes>> From<T> for Payload {
    fn from(bytes: T) -> Self {
        let bytes: Bytes = bytes.into();
        Self { source: Source::Whole(Some(bytes).filter(|bytes| !bytes.is_empty())), answering: None }
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = PayloadError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, PayloadError>>> {
        match &mut self.source {
            Source::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Source::Stream(chunks) => {
                let ended = || Err(PayloadError::Ended);
                chunks.poll_recv(cx).map(|chunk| Some(chunk.map_or_else(ended, |bytes| Ok(Frame::data(bytes)))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self.source, Source::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        self.length().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
