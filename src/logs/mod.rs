//! Files. Everything that is written for people to read later: the activity
//! log, the logs of children, and reading them back for clients.
//!
//! A log never takes its owner down: what cannot be written is kept, within
//! bounds, and tried again later; what does not fit is dropped and counted.
//! Nothing here decides what else to say.

pub mod autolog;
pub mod backlog;
pub mod file;
pub mod follow;
pub mod job;
#[cfg(test)]
pub(crate) mod made_up;
pub mod main_log;
pub mod outage;
pub mod rotate;
pub mod sink;
pub mod stream;
pub mod syslog;
pub mod tail;

pub use file::{Limits, LogFile, clear_closed};
pub use follow::{Follow, From};
pub use main_log::MainLog;
pub use outage::Counts;
pub use sink::Sink;
pub use syslog::Syslog;
