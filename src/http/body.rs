//! Reading a request's body, bounded in bytes and time (B2.3, B2.4.8).

use super::life::Life;
use super::limits::{FORM_BYTES, Limits};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use hyper::{HeaderMap, StatusCode};
use std::time::Duration;
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::time::timeout;

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
            Self::Broken => StatusCode::BAD_REQUEST,
        }
    }
}

/// A POST must say how long it is, or come in chunks.
pub(super) fn has_length(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING)
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
) -> Result<Vec<u8>, BodyError> {
    if body.size_hint().lower() > most as u64 {
        return Err(BodyError::TooLong);
    }
    let mut limited = Limited::new(body, most);
    let whole = async {
        let mut bytes = Vec::new();
        let mut place = None;
        loop {
            if place.is_none() && bytes.len() > FORM_BYTES {
                place = large.acquire().await.ok();
            }
            // What the peer sent before its end is here already.
            let pause = if life.has_ended() { ENDED_PAUSE } else { limits.body_pause };
            let frame = tokio::select! {
                biased;
                frame = timeout(pause, limited.frame()) => frame,
                () = life.until_ending() => continue,
            };
            match frame {
                Err(_) if life.has_ended() => return Err(BodyError::Broken),
                Err(_) => return Err(BodyError::TooSlow),
                Ok(None) => break,
                Ok(Some(Ok(frame))) => bytes.extend_from_slice(frame.data_ref().map_or(&[], |data| data)),
                Ok(Some(Err(error))) if error.is::<LengthLimitError>() => return Err(BodyError::TooLong),
                Ok(Some(Err(_))) => return Err(BodyError::Broken),
            }
        }
        Ok(bytes)
    };
    timeout(limits.body_time, whole).await.unwrap_or(Err(BodyError::TooSlow))
}
