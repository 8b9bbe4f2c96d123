//! What can be seen of a daemon from outside: what it does, in order, and how
//! it describes a process. World and shadow must show the same.

use crate::manager::event::Event;
use crate::manager::{Answer, ProcessId, Ticket};
use crate::model::{Level, Now, ProcessState, Signal, SupervisorState};
use std::collections::BTreeMap;
use std::time::Duration;

/// One thing that is seen to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    /// A line in the activity log.
    Said(Level, String),
    /// An event for listeners.
    Raised(Event),
    /// A try to make a child.
    Spawned(ProcessId),
    /// A signal to a child, or to all of its group.
    Signalled { pid: i32, signal: Signal, group: bool },
    /// Whether somebody of a child's group is left was looked at.
    LookedBehind(String, i32),
    /// All logs were opened again.
    Reopened,
    /// Everything has stopped.
    Finished(SupervisorState),
}

/// What callers heard, in no order: each has only its own.
pub(super) type Answers = BTreeMap<Ticket, Answer>;

/// What is known of one process (A4.5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct View<'a> {
    pub(super) id: ProcessId,
    pub(super) state: ProcessState,
    /// 0 is none.
    pub(super) pid: i32,
    pub(super) backoff: i64,
    pub(super) exitstatus: Option<i32>,
    pub(super) spawnerr: Option<&'a str>,
    pub(super) laststart: Option<Now>,
    pub(super) laststop: Option<Now>,
    /// When it does something by itself next.
    pub(super) moves: Option<Duration>,
}
