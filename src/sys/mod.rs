//! Linux. All the unsafe code of the program lives here and nowhere else.
//!
//! This floor has no policy and writes no log: it asks the kernel, and hands
//! out an `io::Error` or a small error of its own. What to do about one is
//! decided above. Descriptors are `OwnedFd` and born CLOEXEC; a raw number
//! never leaves this folder, but for pids.

#![allow(unsafe_code, reason = "this is the one floor that talks to the kernel; each block says why it is sound")]

pub mod alarm;
mod child;
pub mod clock;
pub mod daemonize;
pub mod errno;
pub mod fds;
pub mod file_watch;
pub mod inherited;
pub mod kill;
pub mod limits;
pub mod memory;
pub mod panics;
pub mod pidfile;
pub mod plan;
pub mod poll;
pub mod process_group;
pub mod prog;
pub mod reactor;
pub mod reap;
pub mod scoop;
pub mod signals;
mod slots;
pub mod socket;
pub mod spawn;
mod stat;
pub mod terminal;
#[cfg(test)]
pub(crate) mod testdir;
pub mod thread;
pub mod usage;
pub mod user;
pub mod watch;

pub use errno::errno_name;
