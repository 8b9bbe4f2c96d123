//! What the API tells about processes, as data (B1.7–B1.9).

use super::Manager;
use super::input::ProcessId;
use super::process::Process;
use super::refusal::Refusal;
use crate::config::diff::Reason;
use crate::model::{Channel, NameSpec, Now, ProcessState};
use std::fmt;
use std::time::Duration;

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

/// What a reread found, by group name (B1.11.2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reread {
    /// In the file, not active.
    pub added: Vec<String>,
    /// Active with other settings, and with which.
    pub changed: Vec<(String, Vec<Reason>)>,
    /// Active, not in the file.
    pub removed: Vec<String>,
}

/// Tells the local date of an epoch time as `Sep 01 02:00 PM`; the time zone is
/// the caller's to know.
pub type LocalStamp<'a> = &'a dyn Fn(Duration) -> String;

impl Manager {
    /// One process by the name a client gave (B1.8.10).
    ///
    /// # Errors
    /// `BadName` when it names none, or a whole group.
    pub fn info(&self, name: &str, now: Now, stamp: LocalStamp<'_>) -> Result<ProcessInfo, Refusal> {
        let id = self.process_named(name)?;
        self.info_of(id, now, stamp).ok_or_else(|| Refusal::BadName(name.to_owned()))
    }

    /// Every process of every active group, by group name and process name (B1.8.11).
    #[must_use]
    pub fn infos(&self, now: Now, stamp: LocalStamp<'_>) -> Vec<ProcessInfo> {
        let mut all: Vec<ProcessInfo> = self.members.keys().filter_map(|id| self.info_of(*id, now, stamp)).collect();
        all.sort_by(|a, b| (&a.group, &a.name).cmp(&(&b.group, &b.name)));
        all
    }

    /// The process a client means, by a name that must not be a whole group.
    ///
    /// # Errors
    /// `BadName` with the name as given.
    pub fn process_named(&self, name: &str) -> Result<ProcessId, Refusal> {
        let (group, process) = NameSpec::split(name);
        let found = process.and_then(|process| self.groups.get(&self.group_named(group)?)?.named(process));
        found.ok_or_else(|| Refusal::BadName(name.to_owned()))
    }

    fn info_of(&self, id: ProcessId, now: Now, stamp: LocalStamp<'_>) -> Option<ProcessInfo> {
        let member = self.members.get(&id)?;
        let process = &member.process;
        let logfile = |channel| member.logfile(channel).unwrap_or_default().to_owned();
        Some(ProcessInfo {
            name: process.config.name.clone(),
            group: self.groups.get(&member.group)?.config.name.clone(),
            start: epoch(process.laststart),
            stop: epoch(process.laststop),
            now: epoch(Some(now)),
            state: process.state,
            spawnerr: process.spawnerr.clone().unwrap_or_default(),
            exitstatus: process.exitstatus.unwrap_or_default(),
            stdout_logfile: logfile(Channel::Stdout),
            stderr_logfile: logfile(Channel::Stderr),
            pid: process.pid.unwrap_or_default(),
            description: describe(process, now, stamp),
        })
    }
}

fn epoch(moment: Option<Now>) -> i64 {
    moment.map_or(0, |now| i64::try_from(now.epoch_secs()).unwrap_or(i64::MAX))
}

// B1.8.6
fn describe(process: &Process, now: Now, stamp: LocalStamp<'_>) -> String {
    match process.state {
        ProcessState::Running => {
            let up = Uptime::between(process.laststart.unwrap_or(now), now);
            format!("pid {}, uptime {up}", process.pid.unwrap_or_default())
        }
        ProcessState::Fatal | ProcessState::Backoff => match process.spawnerr.as_deref() {
            Some(error) if !error.is_empty() => error.to_owned(),
            _ => format!("unknown error (try \"tail {}\")", process.config.name),
        },
        ProcessState::Stopped | ProcessState::Exited if process.laststart.is_some() => {
            stamp(process.laststop.map_or(Duration::ZERO, |stop| stop.wall))
        }
        ProcessState::Stopped | ProcessState::Exited => "Not started".to_owned(),
        ProcessState::Starting | ProcessState::Stopping | ProcessState::Unknown => String::new(),
    }
}

/// Whole seconds, told as `0:00:05`, `1 day, 0:00:00`, `400 days, 3:04:05` (B1.8.7).
struct Uptime(u64);

impl Uptime {
    /// Between the whole seconds that are told as `start` and `now`.
    fn between(start: Now, now: Now) -> Self {
        Self(now.epoch_secs().saturating_sub(start.epoch_secs()))
    }
}

impl fmt::Display for Uptime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, rest) = (self.0 / 86_400, self.0 % 86_400);
        match days {
            0 => {}
            1 => f.write_str("1 day, ")?,
            days => write!(f, "{days} days, ")?,
        }
        write!(f, "{}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::Uptime;
    use crate::model::Now;
    use std::time::Duration;

    fn at(millis: u64) -> Now {
        Now { wall: Duration::from_millis(millis), ..Now::default() }
    }

    /// B1.8.7
    #[test]
    fn uptimes_read_as_python_prints_a_timedelta() {
        let said = |secs: u64| Uptime::between(at(7000), at((7 + secs) * 1000 + 999)).to_string();
        assert_eq!(said(5), "0:00:05");
        assert_eq!(said(86_399), "23:59:59");
        assert_eq!(said(86_400), "1 day, 0:00:00");
        assert_eq!(said(2 * 86_400 + 3 * 3600 + 4 * 60 + 5), "2 days, 3:04:05");
        assert_eq!(said(400 * 86_400), "400 days, 0:00:00");
    }

    /// B1.8.7
    #[test]
    fn an_uptime_is_the_difference_of_the_seconds_that_are_told() {
        assert_eq!(Uptime::between(at(3900), at(5100)).to_string(), "0:00:02");
        assert_eq!(Uptime::between(at(5100), at(3900)).to_string(), "0:00:00", "the clock was set back");
    }
}
