//! `/logtail` and `/mainlogtail`: a log from its last bytes on, for as long as
//! the client listens (B2.9).
//!
//! Files are touched on blocking threads only, so that a disk that hangs holds up
//! those who follow its logs and nobody else.

use super::idle::{Follower, Idle};
use super::payload::Payload;
use super::reply::{Reply, http_date};
use crate::logs::{Follow, From};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, LAST_MODIFIED, TRANSFER_ENCODING};
use hyper::{StatusCode, Version};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, UNIX_EPOCH};
use tokio::sync::mpsc;

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

/// Begins to follow the log at `path`; 404 when there is none. While it does not
/// grow, `idle` watches it.
pub(super) async fn answer(
    path: Option<PathBuf>,
    kind: Kind,
    query: Option<&str>,
    version: Version,
    idle: &Rc<Idle>,
) -> Reply {
    let from = beginning(query.unwrap_or_default());
    let Some(path) = path else { return Reply::error(StatusCode::NOT_FOUND) };
    let log = path.clone();
    let opened = match idle.guard().engine().look(&path, move || open(&log, from)).await {
        Some(opened) => opened,
        None => return Reply::error(StatusCode::SERVICE_UNAVAILABLE),
    };
    let Some((follow, modified)) = opened else {
        return Reply::error(StatusCode::NOT_FOUND);
    };
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
    let idle = Rc::clone(idle);
    tokio::task::spawn_local(async move {
        // after a panic the stream ends, as it does when the log cannot be read
        idle.guard().caught("a follower of a log", feed(follow, room, &idle)).await;
    });
    reply.stream(Payload::stream(chunks))
}

/// `lines=N` and `offset=N` of a query; upstream takes no notice of one.
fn beginning(query: &str) -> From {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let from = pairs.find_map(|(name, value)| match name {
        "lines" => value.parse().ok().map(From::Lines),
        "offset" => value.parse().ok().map(From::Offset),
        _ => None,
    });
    from.unwrap_or_default()
}

/// The log, and when it was last written to (B2.9.4).
fn open(path: &Path, from: From) -> Option<(Follow, Duration)> {
    let follow = Follow::open(path, from).ok()?;
    let modified = follow.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    Some((follow, modified))
}

/// Reads on whenever the client has taken what was read before.
async fn feed(follow: Follow, room: mpsc::Sender<Bytes>, idle: &Rc<Idle>) {
    #[cfg(test)]
    super::tests::panic_at("feed");
    let mut follower = Follower::new(follow);
    while let Ok(place) = room.reserve().await {
        let found = tokio::select! {
            () = room.closed() => return,
            found = idle.next(follower, CHUNK_BYTES) => found,
        };
        let Some((back, Ok(bytes))) = found else { return };
        place.send(bytes.into());
        follower = back;
    }
}

#[cfg(test)]
mod tests {
    use super::{From, beginning};

    #[test]
    fn a_query_may_say_where_to_begin() {
        for (query, from) in [
            ("", From::LastBytes),
            ("lines=3", From::Lines(3)),
            ("x=1&offset=7", From::Offset(7)),
            ("lines=-1", From::LastBytes),
            ("lines", From::LastBytes),
        ] {
            assert_eq!(beginning(query), from, "{query}");
        }
    }
}
