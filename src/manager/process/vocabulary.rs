//! What a process can be told, and what it can want.

use crate::model::{ExitStatus, LogLine, Now, ProcessState, Signal};

/// What can happen to a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Somebody wants it up, or its own restart is due.
    Start,
    /// Somebody wants it down.
    Stop,
    /// The daemon is going down: a process in BACKOFF will not be tried again.
    GiveUp,
    /// A caller waits for the stop; mention it in the log now and then.
    Watch,
    /// Send a signal without wanting anything of the state.
    Signal(Signal),
    /// The child exists.
    Spawned {
        /// Its process id.
        pid: i32,
    },
    /// No child could be made.
    SpawnFailed {
        /// Upstream's sentence (A4.50–A4.59).
        error: String,
    },
    /// The child is dead and reaped.
    Exited {
        /// How it ended.
        status: ExitStatus,
    },
    /// A signal could not be delivered.
    SignalFailed {
        /// What it was sent for.
        purpose: Purpose,
        /// What the system said.
        error: String,
        /// There is no such process any more, so its exit is about to be seen.
        gone: bool,
    },
    /// The deadline may have passed.
    Wake,
}

/// What a signal is sent for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To make it end.
    Stop,
    /// A client wants it; the state has nothing to do with it.
    Plain,
}

/// What the machine wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Make a child; answer with `Spawned` or `SpawnFailed`.
    Spawn,
    /// Send a signal; answer with `SignalFailed` only if that fails.
    Signal {
        /// Which one.
        signal: Signal,
        /// To whom.
        pid: i32,
        /// To the whole process group.
        group: bool,
        /// What for.
        purpose: Purpose,
    },
    /// The state changed; listeners want to know.
    Changed(Change),
    /// Say this in the activity log.
    Log(LogLine),
}

/// One change of state, with all that its event tells (A6.11–A6.18).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The state before.
    pub from: ProcessState,
    /// The state after.
    pub to: ProcessState,
    /// The backoff counter.
    pub tries: i64,
    /// The child, 0 if there is none.
    pub pid: i32,
    /// For EXITED: whether the code is one of `exitcodes`.
    pub expected: bool,
}

/// Moments and rules that the machine reads but does not own.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// The time of this step.
    pub now: Now,
    /// The daemon is RUNNING: processes may start by themselves (A4.32).
    pub may_start: bool,
}
