//! Reading a request's body, bounded in bytes and time (B2.3, B2.4.8).

use super::life::Life;
use super::limits::{BODY_RATE, FORM_BYTES, Limits};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use hyper::{HeaderMap, StatusCode};
use std::error::Error;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout_at};

/// For bytes that have come but were not handed over yet.
const ENDED_PAUSE: Duration = Duration::from_millis(200);

/// Why a body is not read to its end; the connection cannot be used after it.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyError {
    /// A POST does not say how long it is.
    #[error("the request has no length")]
    NoLength,
    /// It is longer than we take.
    #[error("the request is too long")]
    TooLong,
    /// It comes too slowly.
    #[error("the request took too long")]
    TooSlow,
    /// It is coded, and not just in chunks.
    #[error("the request is coded in a way that is not known")]
    Coded,
    /// It is cut short, or its chunks are no chunks.
    #[error("the request is broken")]
    Broken,
}

impl BodyError {
    /// The status that tells the client.
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::NoLength => StatusCode::LENGTH_REQUIRED,
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Coded => StatusCode::NOT_IMPLEMENTED,
            Self::Broken => StatusCode::BAD_REQUEST,
        }
    }
}

/// A POST must say how long it is, or come in chunks.
pub(super) fn has_length(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING)
}

/// Chunks are the one coding we know. hyper takes any that ends in chunks.
pub(super) fn is_coded(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    let known = codings.next().is_none_or(|coding| coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked"));
    !known || codings.next().is_some()
}

/// The whole body, `most` bytes at most. One that says it is longer is refused
/// before the client is asked to send it.
///
/// That the peer has closed its side is told by `life`, not by the body: the end
/// of input is kept from hyper (B1.12.6).
///
/// Only so many bodies grow large at a time as `large` lets.
pub(super) async fn read(
    body: Incoming,
    most: usize,
    limits: &Limits,
    life: &Life,
    large: &Semaphore,
) -> Result<Bytes, BodyError> {
    if body.size_hint().lower() > most as u64 {
        return Err(BodyError::TooLong);
    }
    let mut limited = Limited::new(body, most);
    // Nearly every body has come with its head, and needs no clock.
    let mut look = |cx: &mut Context<'_>| life.bell().muffled(|| Pin::new(&mut limited).poll_frame(cx));
    let first = poll_fn(|cx| Poll::Ready(look(cx))).await;
    // Of a known length the end needs no waiting for, which most bodies have.
    let is_whole = limited.is_end_stream();
    if !is_whole {
        life.bell().ring();
    }
    let first = match first {
        Poll::Ready(Some(frame)) => data(frame)?,
        Poll::Ready(None) | Poll::Pending => Bytes::new(),
    };
    if is_whole {
        return Ok(first);
    }
    // apart, so that all others carry less about
    Box::pin(read_on(limited, first, limits, life, large)).await
}

/// The same when `first` is not all of it.
async fn read_on(
    mut limited: Limited<Incoming>,
    first: Bytes,
    limits: &Limits,
    life: &Life,
    large: &Semaphore,
) -> Result<Bytes, BodyError> {
    let mut start = Instant::now();
    let mut now = start;
    let mut bytes = Vec::from(first);
    let mut place = None;
    while !limited.is_end_stream() {
        if place.is_none() && bytes.len() > FORM_BYTES {
            let asked = now;
            place = large.acquire().await.ok();
            now = Instant::now();
            // Not the client's fault.
            start += now - asked;
        }
        // What the peer sent before its end is here already.
        let pause = if life.has_ended() { ENDED_PAUSE } else { limits.body_pause };
        let patience = pause.min(time_left(bytes.len(), now - start, limits));
        let frame = tokio::select! {
            biased;
            frame = timeout_at(now + patience, limited.frame()) => Some(frame),
            () = life.until_ending() => None,
        };
        now = Instant::now();
        match frame {
            None => {}
            Some(Err(_)) if life.has_ended() => return Err(BodyError::Broken),
            Some(Err(_)) => return Err(BodyError::TooSlow),
            Some(Ok(None)) => break,
            Some(Ok(Some(frame))) => bytes.extend_from_slice(&data(frame)?),
        }
    }
    Ok(bytes.into())
}

/// The bytes of a frame; trailers are none.
fn data(frame: Result<Frame<Bytes>, Box<dyn Error + Send + Sync>>) -> Result<Bytes, BodyError> {
    match frame {
        Ok(frame) => Ok(frame.into_data().unwrap_or_default()),
        Err(error) if error.is::<LengthLimitError>() => Err(BodyError::TooLong),
        Err(_) => Err(BodyError::Broken),
    }
}

/// How much longer a body may take of which so many bytes came in that time.
fn time_left(bytes: usize, took: Duration, limits: &Limits) -> Duration {
    let earned = Duration::from_secs(bytes as u64) / BODY_RATE;
    (limits.body_time + earned).saturating_sub(took)
}

#[cfg(test)]
mod tests {
    use super::{is_coded, time_left};
    use crate::http::Limits;
    use crate::http::limits::BODY_RATE;
    use hyper::HeaderMap;
    use hyper::header::{HeaderValue, TRANSFER_ENCODING};
    use std::time::Duration;

    #[test]
    fn a_body_has_some_time_and_more_for_each_byte_that_comes() {
        let limits = Limits { body_time: Duration::from_secs(30), ..Limits::default() };
        let left = |bytes, took| time_left(bytes, Duration::from_secs(took), &limits).as_secs();
        assert_eq!(left(0, 10), 20);
        assert_eq!(left(10, 31), 0);
        let rate = BODY_RATE as usize;
        assert_eq!(left(100 * rate, 60), 70);
    }

    /// B2.3 (chunked)
    #[test]
    fn chunks_are_the_one_coding_we_know() {
        let coded = |codings: &[&'static str]| {
            let pairs = codings.iter().map(|coding| (TRANSFER_ENCODING, HeaderValue::from_static(coding)));
            is_coded(&pairs.collect::<HeaderMap>())
        };
        assert!(!coded(&[]));
        assert!(!coded(&["chunked"]));
        assert!(!coded(&["Chunked "]));
        for codings in [&["gzip, chunked"][..], &["identity"], &["chunked", "chunked"], &["gzip", "chunked"], &[""]] {
            assert!(coded(codings), "{codings:?}");
        }
    }
}
