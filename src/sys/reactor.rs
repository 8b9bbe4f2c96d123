//! Our descriptors in the runtime's eyes: waiting on signals, on the poller and
//! on watched files together with everything else.

use super::file_watch::FileWatch;
use super::poll::Poller;
use super::signals::Signals;
use std::io;
use std::os::fd::AsRawFd;
use tokio::io::unix::AsyncFd;

/// Owns one descriptor from its making to its end, and always shows that one.
pub trait OwnsOneFd: AsRawFd {}
impl OwnsOneFd for Poller {}
impl OwnsOneFd for Signals {}
impl OwnsOneFd for FileWatch {}

/// Lets the runtime watch `inner`. To be called inside the runtime.
///
/// # Errors
/// `ENOMEM`, `ENOSPC`
pub fn watch<T: OwnsOneFd>(inner: T) -> io::Result<AsyncFd<T>> {
    // SAFETY: the types above keep their descriptor open for as long as
    // they live and never show another, and `AsyncFd` owns the value.
    unsafe { AsyncFd::register(inner) }.map_err(io::Error::from)
}
