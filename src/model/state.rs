//! States of processes, of the daemon and of event listeners: codes, names and
//! the sets that rules speak of. The wire shows both code and name.

use std::fmt;

/// The state of one process (A4.1); the discriminant is the code on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i32)]
pub enum ProcessState {
    /// Never started, or stopped by request.
    Stopped = 0,
    /// Spawned, not up for `startsecs` yet.
    Starting = 10,
    /// Up for at least `startsecs`.
    Running = 20,
    /// Died too quickly or could not be spawned; waits for the next try.
    Backoff = 30,
    /// Told to stop, not dead yet.
    Stopping = 40,
    /// Ended by itself.
    Exited = 100,
    /// Out of retries.
    Fatal = 200,
    /// A signal could not be delivered.
    Unknown = 1000,
}

impl ProcessState {
    /// All states in the order of their codes.
    pub const ALL: [Self; 8] = [
        Self::Stopped,
        Self::Starting,
        Self::Running,
        Self::Backoff,
        Self::Stopping,
        Self::Exited,
        Self::Fatal,
        Self::Unknown,
    ];

    /// The number on the wire.
    #[must_use]
    pub fn code(self) -> i32 {
        self as i32
    }

    /// The name on the wire and in events.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Stopped => "STOPPED",
            Self::Starting => "STARTING",
            Self::Running => "RUNNING",
            Self::Backoff => "BACKOFF",
            Self::Stopping => "STOPPING",
            Self::Exited => "EXITED",
            Self::Fatal => "FATAL",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// The state called `name`, exactly.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Upstream's "running" set: a start is refused, a stop makes sense (A4.2).
    #[must_use]
    pub fn is_running(self) -> bool {
        matches!(self, Self::Running | Self::Backoff | Self::Starting)
    }

    /// Upstream's "stopped" set: no child exists (A4.2).
    #[must_use]
    pub fn is_stopped(self) -> bool {
        matches!(self, Self::Stopped | Self::Exited | Self::Fatal | Self::Unknown)
    }

    /// A signal can be sent (A4.2).
    #[must_use]
    pub fn is_signallable(self) -> bool {
        matches!(self, Self::Running | Self::Starting | Self::Stopping)
    }
}

impl fmt::Display for ProcessState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The state of the daemon as a whole (A4.3); upstream calls it the mood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum SupervisorState {
    /// On the way out; every `supervisor.*` call faults.
    Shutdown = -1,
    /// Stopping everything to begin anew with a fresh configuration.
    Restarting = 0,
    /// Normal life.
    Running = 1,
}

impl SupervisorState {
    /// The number on the wire.
    #[must_use]
    pub fn code(self) -> i32 {
        self as i32
    }

    /// The name on the wire.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Shutdown => "SHUTDOWN",
            Self::Restarting => "RESTARTING",
            Self::Running => "RUNNING",
        }
    }
}

/// Where an event listener stands in its protocol (A4.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum ListenerState {
    /// Said READY; may be sent an event.
    Ready = 10,
    /// Has an event; owes a RESULT.
    Busy = 20,
    /// Freshly spawned, or done with an event; owes a READY.
    Acknowledged = 30,
    /// Broke the protocol; gets nothing until it is spawned again.
    Unknown = 40,
}

impl ListenerState {
    /// The name in log lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ready => "READY",
            Self::Busy => "BUSY",
            Self::Acknowledged => "ACKNOWLEDGED",
            Self::Unknown => "UNKNOWN",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ProcessState;

    #[test]
    fn stopping_is_neither_running_nor_stopped() {
        assert!(!ProcessState::Stopping.is_running() && !ProcessState::Stopping.is_stopped());
        for state in ProcessState::ALL {
            assert!(!(state.is_running() && state.is_stopped()), "{state}");
            assert_eq!(ProcessState::from_name(state.name()), Some(state));
        }
    }
}
