//! What the API tells about processes, as data (B1.7–B1.9).

use crate::model::ProcessState;

/// `getProcessInfo` (B1.8.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessInfo {
    /// Process name.
    pub name: String,
    /// Group name.
    pub group: String,
    /// Epoch seconds of the last spawn attempt; 0 is never.
    pub start: i64,
    /// Epoch seconds of the last exit; 0 is never.
    pub stop: i64,
    /// Epoch seconds now.
    pub now: i64,
    /// Code and name of the state.
    pub state: ProcessState,
    /// Why the last spawn or run failed; empty when it did not.
    pub spawnerr: String,
    /// Exit code, −1 for a signal, 0 for none.
    pub exitstatus: i32,
    /// Path of the stdout log; empty for none.
    pub stdout_logfile: String,
    /// Path of the stderr log; empty for none.
    pub stderr_logfile: String,
    /// 0 when there is no child.
    pub pid: i32,
    /// The text that `status` shows.
    pub description: String,
}

/// One entry of a result list (B1.7): how one member of a group call fared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultEntry {
    /// Process name.
    pub name: String,
    /// Group name.
    pub group: String,
    /// 80 for success, else a fault code.
    pub status: i32,
    /// `OK`, or the fault's text.
    pub description: String,
}
