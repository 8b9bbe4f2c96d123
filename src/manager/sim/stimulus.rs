//! What can happen to a daemon.

use crate::config::GroupConfig;
use crate::manager::{ProcessId, Target, Ticket, Wish};
use crate::model::{Channel, ExitStatus, Signal, SupervisorState};

/// One thing that happens.
#[derive(Debug, Clone)]
pub(super) enum Stimulus {
    Boot,
    /// Time has passed.
    Wake,
    /// A child has died, ours or another's.
    Exit(i32, ExitStatus),
    /// A client calls.
    Ask(Ticket, Target, Wish),
    /// A client that waited has gone.
    Gone(Ticket),
    /// The daemon got a signal.
    Signal(Signal),
    /// A client wants the daemon to leave.
    Leave(SupervisorState),
    Add(GroupConfig),
    Remove(String),
    /// A child wrote something.
    Output(ProcessId, Channel, i32),
    /// A listener spoke.
    Hear(ProcessId, &'static [u8]),
    /// A listener reads no more.
    Deaf(ProcessId),
    /// The program was replaced while everything runs: all callers are cut off.
    Upgrade,
}
