//! The whole vocabulary between thinking and doing.
//!
//! The engine feeds an [`Input`] with the time; the manager answers with
//! [`Action`]s, to be carried out in order. An action that has a result feeds
//! it back as the next input, before the actions that follow it are looked at:
//! so the order of events and log lines is upstream's, one process after the
//! other.

use super::process::Purpose;
use super::refusal::{CommandError, Refusal};
use super::wait::Ticket;
use crate::model::{Channel, ExitStatus, LogLine, Signal, SupervisorState};

/// Names a process for as long as the daemon lives; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessId(pub u32);

/// What the manager is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// All groups exist and the servers are open: begin (A1.22).
    Boot,
    /// A deadline may have passed.
    Wake,
    /// Start this one if it still wants to start with the daemon.
    Autostart(ProcessId),
    /// The deadline of this one has passed.
    Due(ProcessId),
    /// The shutdown comes to this one.
    ShutdownMember(ProcessId),
    /// Say whom the shutdown waits for.
    ReportShutdown,
    /// A start that somebody asked for comes to this member.
    StartMember {
        /// Who asked.
        ticket: Ticket,
        /// Whom to start.
        id: ProcessId,
        /// Whether its command could be run, as far as can be seen.
        command: Result<(), CommandError>,
    },
    /// A stop that somebody asked for comes to this member.
    StopMember {
        /// Who asked.
        ticket: Ticket,
        /// Whom to stop.
        id: ProcessId,
    },
    /// A signal that somebody asked for comes to this member.
    SignalMember {
        /// Who asked.
        ticket: Ticket,
        /// Whom to signal.
        id: ProcessId,
        /// Which signal.
        signal: Signal,
    },
    /// What was asked of this member has been done or has failed by now.
    Settle {
        /// Who asked.
        ticket: Ticket,
        /// Of whom.
        id: ProcessId,
    },
    /// A child was made.
    Spawned {
        /// Of which process.
        id: ProcessId,
        /// Its process id.
        pid: i32,
    },
    /// No child could be made.
    SpawnFailed {
        /// Of which process.
        id: ProcessId,
        /// Upstream's sentence.
        error: String,
    },
    /// A child was reaped and its output has been read to the end.
    Exited {
        /// The process id that ended.
        pid: i32,
        /// How.
        status: ExitStatus,
    },
    /// A signal could not be delivered.
    SignalFailed {
        /// To which process.
        id: ProcessId,
        /// What it was sent for.
        purpose: Purpose,
        /// What the system said.
        error: String,
        /// The child is gone already.
        gone: bool,
    },
    /// The daemon itself got a signal.
    Signalled(Signal),
    /// The daemon is to go down, or down and up again: a client wants it, or
    /// the configuration that a restart will begin with is good.
    Leave(SupervisorState),
    /// Bytes from a listener's stdout.
    ListenerSaid {
        /// Which listener.
        id: ProcessId,
        /// What it said.
        bytes: Vec<u8>,
    },
    /// A listener's stdin is closed: the event did not reach it.
    ListenerDeaf {
        /// Which listener.
        id: ProcessId,
    },
    /// More waits to be read by a listener than should, this event included.
    ListenerLags {
        /// Which listener.
        id: ProcessId,
    },
    /// All that waited to be read by a process is in its pipe.
    StdinDrained {
        /// Which process; mostly no listener that lags.
        id: ProcessId,
    },
    /// A child wrote something and `*_events_enabled` is on.
    Output {
        /// Which process.
        id: ProcessId,
        /// Which stream.
        channel: Channel,
        /// The child that wrote it.
        pid: i32,
        /// What.
        bytes: Vec<u8>,
    },
    /// A child wrote something between the capture tokens.
    Captured {
        /// Which process.
        id: ProcessId,
        /// Which stream.
        channel: Channel,
        /// The child that wrote it.
        pid: i32,
        /// What.
        bytes: Vec<u8>,
    },
}

/// What the manager wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Write this to the activity log.
    Log(LogLine),
    /// Make a child; feed back `Spawned` or `SpawnFailed`.
    Spawn(ProcessId),
    /// Send a signal; feed back `SignalFailed` only if that fails.
    Kill {
        /// To which process.
        id: ProcessId,
        /// Its child.
        pid: i32,
        /// Which signal.
        signal: Signal,
        /// To the whole process group.
        group: bool,
        /// What for.
        purpose: Purpose,
    },
    /// Look whether the command can be run; feed back `StartMember`.
    CheckCommand {
        /// Who asked for the start.
        ticket: Ticket,
        /// Of whom.
        id: ProcessId,
    },
    /// Feed this back when everything before it has been done.
    Then(Input),
    /// Write an event to a listener's stdin; feed back `ListenerDeaf` if closed,
    /// `ListenerLags` if too much waits there by now.
    Feed {
        /// Which listener.
        id: ProcessId,
        /// Header and payload.
        bytes: Vec<u8>,
        /// For the activity log, unless it is closed.
        said: LogLine,
    },
    /// The child is dead and its state recorded: let go of its descriptors.
    Release(ProcessId),
    /// A child is dead that was told to stop: see whether somebody of its process
    /// group is left. Of a program that ended by itself nobody asks.
    LookBehind {
        /// Of which process; it may not exist any more by the time of an answer.
        name: String,
        /// The child that is dead, and the number of its group.
        pid: i32,
    },
    /// Answer whoever holds this ticket.
    Answer {
        /// Who.
        ticket: Ticket,
        /// With what.
        answer: Answer,
    },
    /// Close and open again every log file, by path.
    ReopenLogs,
    /// Everything has stopped: exit, or begin anew with a fresh configuration.
    /// Comes again when a restart becomes a shutdown at the last moment.
    Finish(SupervisorState),
    /// Somebody wants a restart: check the configuration, and feed back `Leave`
    /// only if it is good (A4.139). That may come later.
    PrepareRestart,
}

/// What a caller gets for a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Of a call that names one process.
    One(Result<(), Refusal>),
    /// Of a call that names a group or all.
    Many(Vec<Outcome>),
}

/// How one member of a group call fared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Process name.
    pub name: String,
    /// Group name.
    pub group: String,
    /// Done, or why not.
    pub result: Result<(), Refusal>,
}
