//! Events: what has happened, and the text that listeners read about it.
//!
//! Every text is upstream's, byte for byte (A6.10–A6.33). Who gets an event,
//! and when, is decided in `pool`.

use crate::config::LenUnit;
use crate::model::event_names::is_kind_of;
use crate::model::{Channel, ProcessState, py_repr_bytes};

/// The type of an event, as on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EventKind {
    /// A process is in this state now.
    ProcessState(ProcessState),
    /// A process has written.
    ProcessLog(Channel),
    /// A process has written something between the capture tokens.
    ProcessCommunication(Channel),
    /// A client sent it.
    RemoteCommunication,
    /// The daemon is up.
    SupervisorRunning,
    /// The daemon is going down, or down and up again.
    SupervisorStopping,
    /// A piece of time has begun.
    Tick(Period),
    /// A group became active.
    GroupAdded,
    /// A group is active no more.
    GroupRemoved,
}

/// Lengths of time that ticks mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Period {
    /// 5 seconds
    Five,
    /// 60 seconds
    Minute,
    /// 3600 seconds
    Hour,
}

impl Period {
    /// All, the shortest first; each is a multiple of the one before.
    pub const ALL: [Self; 3] = [Self::Five, Self::Minute, Self::Hour];

    /// How long it is.
    #[must_use]
    pub fn secs(self) -> u64 {
        match self {
            Self::Five => 5,
            Self::Minute => 60,
            Self::Hour => 3600,
        }
    }
}

impl EventKind {
    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ProcessState(ProcessState::Starting) => "PROCESS_STATE_STARTING",
            Self::ProcessState(ProcessState::Backoff) => "PROCESS_STATE_BACKOFF",
            Self::ProcessState(ProcessState::Running) => "PROCESS_STATE_RUNNING",
            Self::ProcessState(ProcessState::Stopping) => "PROCESS_STATE_STOPPING",
            Self::ProcessState(ProcessState::Stopped) => "PROCESS_STATE_STOPPED",
            Self::ProcessState(ProcessState::Exited) => "PROCESS_STATE_EXITED",
            Self::ProcessState(ProcessState::Fatal) => "PROCESS_STATE_FATAL",
            Self::ProcessState(ProcessState::Unknown) => "PROCESS_STATE_UNKNOWN",
            Self::ProcessLog(Channel::Stdout) => "PROCESS_LOG_STDOUT",
            Self::ProcessLog(Channel::Stderr) => "PROCESS_LOG_STDERR",
            Self::ProcessCommunication(Channel::Stdout) => "PROCESS_COMMUNICATION_STDOUT",
            Self::ProcessCommunication(Channel::Stderr) => "PROCESS_COMMUNICATION_STDERR",
            Self::RemoteCommunication => "REMOTE_COMMUNICATION",
            Self::SupervisorRunning => "SUPERVISOR_STATE_CHANGE_RUNNING",
            Self::SupervisorStopping => "SUPERVISOR_STATE_CHANGE_STOPPING",
            Self::Tick(Period::Five) => "TICK_5",
            Self::Tick(Period::Minute) => "TICK_60",
            Self::Tick(Period::Hour) => "TICK_3600",
            Self::GroupAdded => "PROCESS_GROUP_ADDED",
            Self::GroupRemoved => "PROCESS_GROUP_REMOVED",
        }
    }

    /// Whether one of these subscriptions, in upper case, covers it (A6.1).
    #[must_use]
    pub fn is_subscribed(self, names: &[String]) -> bool {
        names.iter().any(|wanted| is_kind_of(self.name(), wanted))
    }
}

/// Something that has happened. Names and numbers are those of that moment,
/// whatever becomes of the process until the event is read (A6.35).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A process changed its state.
    ProcessState {
        /// Which one.
        process: ProcessId,
        /// What it was before.
        from: ProcessState,
        /// What it is now.
        to: Change,
    },
    /// A process has written a piece of output.
    ProcessLog(Output),
    /// A process has written between the capture tokens.
    ProcessCommunication(Output),
    /// A client sent this.
    RemoteCommunication {
        /// The client's word for it.
        kind: String,
        /// Whatever it wants to tell.
        data: String,
    },
    /// The daemon is up.
    SupervisorRunning,
    /// The daemon is going down, or down and up again.
    SupervisorStopping,
    /// A piece of time has begun.
    Tick {
        /// How long it will be.
        period: Period,
        /// Its first second, since the epoch.
        when: u64,
    },
    /// A group became active. Holds its name.
    GroupAdded(String),
    /// A group is active no more. Holds its name.
    GroupRemoved(String),
}

/// A process by name, as events name it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ProcessId {
    /// Its name in the group.
    pub name: String,
    /// The group.
    pub group: String,
}

/// The state that a process has come to, with what its event tells about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A try begins.
    Starting {
        /// Failed tries before this one.
        tries: u64,
    },
    /// The try failed.
    Backoff {
        /// Failed tries, this one included.
        tries: u64,
    },
    /// It stayed up.
    Running {
        /// Its pid.
        pid: i32,
    },
    /// It was told to stop.
    Stopping {
        /// Its pid.
        pid: i32,
    },
    /// It has stopped.
    Stopped {
        /// The pid it had; 0 when there was no child.
        pid: i32,
    },
    /// It ended by itself.
    Exited {
        /// With one of its `exitcodes`.
        expected: bool,
        /// The pid it had.
        pid: i32,
    },
    /// No more tries.
    Fatal,
    /// It could not be signalled.
    Unknown,
}

impl Change {
    /// The state.
    #[must_use]
    pub fn state(self) -> ProcessState {
        match self {
            Self::Starting { .. } => ProcessState::Starting,
            Self::Backoff { .. } => ProcessState::Backoff,
            Self::Running { .. } => ProcessState::Running,
            Self::Stopping { .. } => ProcessState::Stopping,
            Self::Stopped { .. } => ProcessState::Stopped,
            Self::Exited { .. } => ProcessState::Exited,
            Self::Fatal => ProcessState::Fatal,
            Self::Unknown => ProcessState::Unknown,
        }
    }

    /// What follows `from_state`, with its blank.
    fn detail(self) -> String {
        match self {
            Self::Starting { tries } | Self::Backoff { tries } => format!(" tries:{tries}"),
            Self::Running { pid } | Self::Stopping { pid } | Self::Stopped { pid } => format!(" pid:{pid}"),
            Self::Exited { expected, pid } => format!(" expected:{} pid:{pid}", u8::from(expected)),
            Self::Fatal | Self::Unknown => String::new(),
        }
    }
}

/// Bytes that a process has written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Which process.
    pub process: ProcessId,
    /// Its pid.
    pub pid: i32,
    /// On which stream.
    pub channel: Channel,
    /// What.
    pub data: Vec<u8>,
}

impl Event {
    /// The type.
    #[must_use]
    pub fn kind(&self) -> EventKind {
        match self {
            Self::ProcessState { to, .. } => EventKind::ProcessState(to.state()),
            Self::ProcessLog(output) => EventKind::ProcessLog(output.channel),
            Self::ProcessCommunication(output) => EventKind::ProcessCommunication(output.channel),
            Self::RemoteCommunication { .. } => EventKind::RemoteCommunication,
            Self::SupervisorRunning => EventKind::SupervisorRunning,
            Self::SupervisorStopping => EventKind::SupervisorStopping,
            Self::Tick { period, .. } => EventKind::Tick(*period),
            Self::GroupAdded(_) => EventKind::GroupAdded,
            Self::GroupRemoved(_) => EventKind::GroupRemoved,
        }
    }

    /// The text that follows the header. Values are not escaped (A6.34).
    #[must_use]
    pub fn payload(&self) -> String {
        match self {
            Self::ProcessState { process: ProcessId { name, group }, from, to } => {
                format!("processname:{name} groupname:{group} from_state:{from}{}", to.detail())
            }
            Self::ProcessLog(Output { process: ProcessId { name, group }, pid, channel, data }) => {
                format!("processname:{name} groupname:{group} pid:{pid} channel:{channel}\n{}", text(data))
            }
            Self::ProcessCommunication(Output { process: ProcessId { name, group }, pid, data, .. }) => {
                format!("processname:{name} groupname:{group} pid:{pid}\n{}", text(data))
            }
            Self::RemoteCommunication { kind, data } => format!("type:{kind}\n{data}"),
            Self::SupervisorRunning | Self::SupervisorStopping => String::new(),
            Self::Tick { when, .. } => format!("when:{when}"),
            Self::GroupAdded(group) | Self::GroupRemoved(group) => format!("groupname:{group}\n"),
        }
    }

    /// About how many bytes it holds, for those who must bound what they keep.
    #[must_use]
    pub fn weight(&self) -> usize {
        let text = match self {
            Self::ProcessState { process, .. } => process.name.len() + process.group.len(),
            Self::ProcessLog(output) | Self::ProcessCommunication(output) => {
                output.process.name.len() + output.process.group.len() + output.data.len()
            }
            Self::RemoteCommunication { kind, data } => kind.len() + data.len(),
            Self::SupervisorRunning | Self::SupervisorStopping | Self::Tick { .. } => 0,
            Self::GroupAdded(group) | Self::GroupRemoved(group) => group.len(),
        };
        size_of::<Self>() + text
    }
}

/// What a process wrote, as text; bytes that are none are shown (A6.46).
fn text(data: &[u8]) -> String {
    match std::str::from_utf8(data) {
        Ok(text) => text.to_owned(),
        Err(_) => format!("Undecodable: {}", py_repr_bytes(data)),
    }
}

/// The line in front of a payload of `len`, its newline included (A6.57).
#[must_use]
pub fn header(identifier: &str, serial: u64, pool: &str, poolserial: u64, kind: EventKind, len: usize) -> String {
    let name = kind.name();
    format!(
        "ver:3.0 server:{identifier} serial:{serial} pool:{pool} poolserial:{poolserial} eventname:{name} len:{len}\n"
    )
}

/// The length of a payload for a header. Upstream's is in characters, which is
/// what existing listeners read (A6.58).
#[must_use]
pub fn payload_len(payload: &str, unit: LenUnit) -> usize {
    match unit {
        LenUnit::Characters => payload.chars().count(),
        LenUnit::Bytes => payload.len(),
    }
}

#[cfg(test)]
mod tests;
