//! `/logtail` and `/mainlogtail`: a log from its last bytes on, for as long as
//! the client listens (B2.9).
//!
//! Files are read on this thread. Their writer is on it too, so a disk that
//! hangs would stop it no later.

use super::payload::Payload;
use super::reply::{Reply, http_date};
use crate::logs::Follow;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, LAST_MODIFIED, TRANSFER_ENCODING};
use hyper::{StatusCode, Version};
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};
use tokio::sync::mpsc;
use tokio::time::sleep;

/// Between two looks at a log that has not grown (B2.9.6).
const LOOK_PAUSE: Duration = Duration::from_millis(120);
/// Most bytes of one chunk. One waits here, and a few in hyper (B2.9.13).
const CHUNK_BYTES: usize = 32 << 10;

const NO_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Whose log it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A process's.
    Process,
    /// The daemon's own.
    Main,
}

/// Begins to follow the log at `path`; 404 when there is none.
pub(super) fn answer(path: Option<PathBuf>, kind: Kind, version: Version) -> Reply {
    let Some(follow) = path.and_then(|path| Follow::open(&path).ok()) else {
        return Reply::error(StatusCode::NOT_FOUND);
    };
    let modified = follow.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    let reply = Reply::empty(StatusCode::OK)
        .with(LAST_MODIFIED, http_date(modified))
        .with(CONTENT_TYPE, HeaderValue::from_static("text/plain;charset=utf-8"));
    let reply = match kind {
        Kind::Process => reply.with(NO_BUFFERING, HeaderValue::from_static("no")),
        Kind::Main => reply,
    };
    // An HTTP/1.0 client gets the bytes as they are, and their end is the connection's (B2.9.11).
    let reply = match version {
        Version::HTTP_10 => reply.closing(),
        _ => reply.with(TRANSFER_ENCODING, HeaderValue::from_static("chunked")),
    };
    let (room, chunks) = mpsc::channel(1);
    tokio::task::spawn_local(feed(follow, room));
    reply.stream(Payload::stream(chunks))
}

/// Reads on whenever the client has taken what was read before.
async fn feed(mut follow: Follow, room: mpsc::Sender<Bytes>) {
    while let Ok(place) = room.reserve().await {
        match follow.next_chunk(CHUNK_BYTES) {
            Ok(Some(bytes)) => place.send(bytes.into()),
            Ok(None) => {
                drop(place);
                tokio::select! {
                    () = room.closed() => return,
                    () = sleep(LOOK_PAUSE) => {}
                }
            }
            Err(_) => return,
        }
    }
}
