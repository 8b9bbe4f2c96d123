//! The API as types: what can be asked and what can be answered.
//!
//! `rpc-spec/` is the truth that [`spec`] is generated from; [`parse()`] turns a
//! method name and its parameters into a [`Request`], [`render()`] writes
//! a [`Reply`] for the wire. Nothing here waits, opens or decides.

pub mod fault;
mod infos;
pub mod parse;
pub mod refuse;
mod pystr;
pub mod render;
pub mod spec;
pub mod system;
pub mod table;

pub use fault::{Fault, FaultCode};
pub use infos::Infos;
pub use parse::parse;
pub use render::{log_text, render, size_hint};
pub use system::{Dispatch, Step, dispatch, multicall_step};

use crate::config::{GroupConfig, ProcessConfig};
pub use crate::manager::info::{ProcessInfo, ResultEntry};
use crate::model::{Channel, SupervisorState};
use std::sync::Arc;
use std::time::Duration;

/// The whole interface as JSON, generated from `rpc-spec/`: methods, faults,
/// states and events.
pub const SPEC_JSON: &str = include_str!("../../rpc-spec/spec.json");

/// Bytes of a log that anybody may ask for at any time.
const MUCH: i64 = 1 << 20;

/// One call of a `supervisor.*` or `ext.*` method, parameters checked for type and count.
/// `system.*` is answered from the table alone and never gets here.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// `getAPIVersion`, `getVersion`
    GetApiVersion,
    /// `getSupervisorVersion`
    GetSupervisorVersion,
    /// `getIdentification`
    GetIdentification,
    /// `getState`
    GetState,
    /// `getPID`
    GetPid,
    /// `readLog`, `readMainLog`
    ReadLog {
        /// Byte position; negative counts from the end.
        offset: i64,
        /// Bytes wanted.
        length: i64,
    },
    /// `clearLog`
    ClearLog,
    /// `shutdown`
    Shutdown,
    /// `restart`
    Restart,
    /// `reloadConfig`
    ReloadConfig,
    /// `addProcessGroup`
    AddProcessGroup(String),
    /// `removeProcessGroup`
    RemoveProcessGroup(String),
    /// `startProcess`
    StartProcess {
        /// As the client gave it.
        name: String,
        /// Answer only when RUNNING or failed.
        wait: bool,
    },
    /// `startProcessGroup`
    StartProcessGroup {
        /// Group name.
        name: String,
        /// As above.
        wait: bool,
    },
    /// `startAllProcesses`
    StartAllProcesses {
        /// As above.
        wait: bool,
    },
    /// `stopProcess`
    StopProcess {
        /// As the client gave it.
        name: String,
        /// Answer only when stopped.
        wait: bool,
    },
    /// `stopProcessGroup`
    StopProcessGroup {
        /// Group name.
        name: String,
        /// As above.
        wait: bool,
    },
    /// `stopAllProcesses`
    StopAllProcesses {
        /// As above.
        wait: bool,
    },
    /// `signalProcess`
    SignalProcess {
        /// As the client gave it.
        name: String,
        /// As the client gave it.
        signal: String,
    },
    /// `signalProcessGroup`
    SignalProcessGroup {
        /// Group name.
        name: String,
        /// As the client gave it.
        signal: String,
    },
    /// `signalAllProcesses`
    SignalAllProcesses {
        /// As the client gave it.
        signal: String,
    },
    /// `getAllConfigInfo`
    GetAllConfigInfo,
    /// `ext.getAllProcessUsage`
    GetAllProcessUsage,
    /// `ext.getLogOffset`
    GetLogOffset {
        /// As the client gave it.
        name: String,
        /// As the client gave it.
        channel: String,
        /// How long ago.
        seconds: i64,
    },
    /// `ext.getLogStates`
    GetLogStates,
    /// `getProcessInfo`
    GetProcessInfo(String),
    /// `getAllProcessInfo`
    GetAllProcessInfo,
    /// `readProcessStdoutLog`, `readProcessLog`, `readProcessStderrLog`
    ReadProcessLog {
        /// As the client gave it.
        name: String,
        /// Which stream.
        channel: Channel,
        /// Byte position; negative counts from the end.
        offset: i64,
        /// Bytes wanted.
        length: i64,
    },
    /// `tailProcessStdoutLog`, `tailProcessLog`, `tailProcessStderrLog`
    TailProcessLog {
        /// As the client gave it.
        name: String,
        /// Which stream.
        channel: Channel,
        /// Where the client left off.
        offset: i64,
        /// Bytes wanted at most.
        length: i64,
    },
    /// `clearProcessLogs`, `clearProcessLog`
    ClearProcessLogs(String),
    /// `clearAllProcessLogs`
    ClearAllProcessLogs,
    /// `sendProcessStdin`
    SendProcessStdin {
        /// As the client gave it.
        name: String,
        /// What to write, as UTF-8.
        chars: String,
    },
    /// `sendRemoteCommEvent`
    SendRemoteCommEvent {
        /// The event's `type`.
        kind: String,
        /// The event's data.
        data: String,
    },
}

impl Request {
    /// A log may be read for it of which more than 1 MiB is wanted.
    #[must_use]
    pub fn may_read_much(&self) -> bool {
        let (Self::ReadLog { offset, length }
        | Self::ReadProcessLog { offset, length, .. }
        | Self::TailProcessLog { offset, length, .. }) = self
        else {
            return false;
        };
        // no length is the whole log, or its end
        let wanted = if *length == 0 { offset.saturating_neg() } else { *length };
        !(1..=MUCH).contains(&wanted)
    }
}

/// What a [`Request`] is answered with, when it is not a fault.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// `true`
    Done,
    /// A number.
    Int(i64),
    /// A text.
    Text(String),
    /// `getState`
    State(SupervisorState),
    /// `getProcessInfo`
    Info(Box<ProcessInfo>),
    /// `getAllProcessInfo`
    Infos(Arc<Infos>),
    /// `ext.getAllProcessUsage`
    Usages(Vec<UsageEntry>),
    /// `ext.getLogStates`
    LogStates(Vec<LogState>),
    /// `getAllConfigInfo`
    Configs(Vec<ConfigInfo>),
    /// A result list.
    Results(Vec<ResultEntry>),
    /// `reloadConfig`
    Reread {
        /// In the file, not active.
        added: Vec<String>,
        /// Active with other settings.
        changed: Vec<String>,
        /// Active, not in the file.
        removed: Vec<String>,
    },
    /// `tailProcess*Log`
    Tail {
        /// The bytes, made fit for XML.
        text: String,
        /// The file's size.
        offset: i64,
        /// More had been written than asked for.
        overflow: bool,
    },
}

/// One entry of `ext.getAllProcessUsage`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UsageEntry {
    /// Group name.
    pub group: String,
    /// Process name.
    pub name: String,
    /// 0 when there is no child, which then uses nothing.
    pub pid: i32,
    /// Children that were started in this life of the daemon.
    pub starts: u64,
    /// Processor time of the child.
    pub cpu: Duration,
    /// Resident bytes of the child.
    pub rss: u64,
    /// Threads of the child.
    pub threads: u64,
}

/// One entry of `ext.getLogStates`: what became of the bytes of one stream in
/// this life of the daemon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogState {
    /// Group name.
    pub group: String,
    /// Process name.
    pub name: String,
    /// Which stream.
    pub channel: Channel,
    /// Its log; empty when it has none.
    pub path: String,
    /// Bytes written.
    pub written: u64,
    /// Bytes dropped, for the log could not be written.
    pub dropped: u64,
    /// Bytes that wait to be written.
    pub waiting: u64,
    /// Outages that began.
    pub outages: u64,
    /// When the present outage began, since the epoch.
    pub out_since: Option<Duration>,
}

/// One entry of `getAllConfigInfo` (B1.9): the configuration it is drawn from.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigInfo {
    /// Name and priority of the group (its members are not needed here).
    pub group: String,
    /// The group's priority.
    pub group_priority: i64,
    /// A group of that name is active.
    pub in_use: bool,
    /// Path of the stdout log where AUTO has been resolved already.
    pub stdout_auto: Option<String>,
    /// Path of the stderr log where AUTO has been resolved already.
    pub stderr_auto: Option<String>,
    /// The process.
    pub process: Arc<ProcessConfig>,
}

impl ConfigInfo {
    /// The entries of one group.
    pub fn of_group(group: &GroupConfig, in_use: bool) -> impl Iterator<Item = Self> + '_ {
        group.processes.iter().map(move |process| Self {
            group: group.name.clone(),
            group_priority: group.priority,
            in_use,
            stdout_auto: None,
            stderr_auto: None,
            process: Arc::clone(process),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{MUCH, Request};

    #[test]
    fn a_log_is_read_as_a_whole_or_only_a_part_of_it() {
        let much = |offset, length| Request::ReadLog { offset, length }.may_read_much();
        assert!(much(0, 0) && much(7, 0) && much(-MUCH - 1, 0) && much(0, MUCH + 1) && much(i64::MIN, 0));
        assert!(!much(0, 1) && !much(-1, 0) && !much(-MUCH, 0) && !much(5, MUCH));
        assert!(!Request::GetState.may_read_much());
    }
}
