//! The bounds of the server, in one place.

use std::time::Duration;

/// What a client may take; tests make their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections of one server at a time; beyond, the longest idle one goes.
    pub connections: usize,
    /// Of these, log followers; the rest is kept for calls.
    pub followers: usize,
    /// From the first byte of a request's head to its last.
    pub head_time: Duration,
    /// Between two requests (B2.5.7).
    pub idle_time: Duration,
    /// Between two pieces of a request's body.
    pub body_pause: Duration,
    /// For the whole of a body, beside what its length takes at [`BODY_RATE`].
    pub body_time: Duration,
    /// For an answer of which the client takes nothing.
    pub unread_time: Duration,
    /// Bytes of a call's body (B2.1.13).
    pub body_bytes: usize,
    /// Bodies of more than 1 MiB that are read at a time; others wait.
    pub large_bodies: usize,
    /// Log reads of more than 1 MiB that are answered at a time; others wait.
    pub large_reads: usize,
    /// A log that is not read in this time is on a disk that is slow, or hangs: it
    /// makes way for one elsewhere, as many times.
    pub slow_read: Duration,
    /// Bytes of answers of more than 1 MiB that clients have not read yet.
    pub unread_bytes: usize,
    /// So long a large answer waits for room.
    pub large_patience: Duration,
    /// For answers under way when the server stops.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            followers: 400,
            head_time: Duration::from_secs(30),
            idle_time: Duration::from_secs(35 * 60),
            body_pause: Duration::from_secs(30),
            body_time: Duration::from_secs(30),
            unread_time: Duration::from_secs(5 * 60),
            body_bytes: 64 << 20,
            large_bodies: 4,
            large_reads: 3,
            slow_read: Duration::from_millis(500),
            unread_bytes: 256 << 20,
            large_patience: Duration::from_secs(30),
            grace: Duration::from_secs(1),
        }
    }
}

/// Bytes of a request's head (B2.4.1).
pub(super) const HEAD_BYTES: usize = 128 << 10;

/// What hyper keeps of a request, and of an answer that the client does not take:
/// a head must fit.
pub(super) const HYPER_BYTES: usize = 2 * HEAD_BYTES;

/// Bytes a second that a body has to come with on the whole: a client that sends
/// one now and then is not waited for.
pub(super) const BODY_RATE: u32 = 32 << 10;

/// Header lines of a request; for more hyper asks for memory with each request.
pub(super) const HEAD_LINES: usize = 100;

/// Bytes of a form, and of a body that nobody asked for; a body of more is large.
pub(super) const FORM_BYTES: usize = 1 << 20;
