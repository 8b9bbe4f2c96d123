//! Manager -> lines -> Manager: what a hot upgrade will hand to the next image.
//! Until then the simulation is its only caller: it goes through the lines all
//! the time, so that no new state is forgotten here.
//!
//! A snapshot is text, one thing a line: a word that says what it is, then
//! `key=value` pairs. Values are percent-escaped, so none holds a blank or a
//! new line. Keys that a reader does not know are skipped, so that images of
//! different age understand each other; the first line carries the version.
//! Settings are not in it: the next image reads those itself and says which
//! groups the lines are about. Callers who wait are not in it either, since
//! their connections end with the image.

use super::group::{Group, GroupId};
use super::input::ProcessId;
use super::pool::Serials;
use super::shutdown::Shutdown;
use super::tick::Ticks;
use super::{Manager, Member, Process};
use crate::config::{GroupConfig, ProcessConfig};
use crate::model::{Now, ProcessState, SupervisorState};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// What the first line says.
const VERSION: &str = "manager version=1";

/// The settings of each process, by its group and its name in it; of several
/// with one name the last counts (A4.86).
type Settings<'c> = HashMap<(GroupId, &'c str), &'c Arc<ProcessConfig>>;

/// Why lines are no snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SnapshotError {
    /// The first line is not ours, or of a version that we cannot read.
    #[error("not a snapshot of this version: {0:?}")]
    Version(String),
    /// A line lacks a key, or its value makes no sense.
    #[error("{key}: missing or malformed in {line:?}")]
    Value {
        /// Which key.
        key: &'static str,
        /// The line.
        line: String,
    },
    /// A line is about a group or process that the configuration lacks.
    #[error("no such group or process in the configuration: {0:?}")]
    Stranger(String),
}

impl Manager {
    /// Everything that is not a setting, as lines.
    #[must_use]
    pub fn to_lines(&self) -> Vec<String> {
        let mut lines = vec![VERSION.to_owned()];
        let mut daemon = Line::new("daemon");
        daemon.put("state", self.state.name());
        daemon.put("booted", self.booted);
        daemon.put("serial", self.serial());
        daemon.put("next_group", self.next_group);
        daemon.put("next_process", self.next_process);
        lines.push(daemon.text);
        lines.extend(self.shutdown.as_ref().map(shutdown_line));
        for (id, group) in &self.groups {
            let mut line = Line::new("group");
            line.put("id", id.0);
            line.put("name", &group.config.name);
            lines.push(line.text);
        }
        lines.extend(self.ticks.to_line());
        lines.extend(self.members.iter().map(|(id, member)| process_line(*id, member)));
        // Behind the processes, since a pool is made for those it has.
        lines.extend(self.pools.iter().flat_map(|(id, pool)| pool.to_lines(id.0)));
        lines
    }

    /// The manager that the lines were taken from; `groups` are the settings of
    /// the groups that were active then.
    ///
    /// # Errors
    /// [`SnapshotError`] with the line that makes no sense.
    pub fn from_lines(
        lines: &[String],
        identifier: &str,
        read: Vec<GroupConfig>,
        groups: &[GroupConfig],
    ) -> Result<Self, SnapshotError> {
        let mut lines = lines.iter();
        let first = lines.next().map(String::as_str).unwrap_or_default();
        if first != VERSION {
            return Err(SnapshotError::Version(first.to_owned()));
        }
        let mut manager = Self::new(identifier.to_owned(), read, 0);
        let by_name: HashMap<&str, &GroupConfig> = groups.iter().map(|group| (group.name.as_str(), group)).collect();
        let mut settings = Settings::new();
        for text in lines {
            let line = Fields::of(text);
            match line.kind {
                "daemon" => manager.restore_daemon(&line)?,
                "shutdown" => manager.shutdown = Some(restore_shutdown(&line)?),
                "group" => manager.restore_group(&line, &by_name, &mut settings)?,
                "process" => manager.restore_process(&line, &settings)?,
                "ticks" => manager.ticks = Ticks::from_line(&line)?,
                "pool" | "event" | "listener" => manager.restore_pool(&line)?,
                _ => {}
            }
        }
        Ok(manager)
    }

    fn restore_daemon(&mut self, line: &Fields<'_>) -> Result<(), SnapshotError> {
        let states = [SupervisorState::Running, SupervisorState::Restarting, SupervisorState::Shutdown];
        let name = line.text("state")?;
        let state = states.into_iter().find(|state| state.name() == name);
        self.state = state.ok_or_else(|| line.bad("state"))?;
        self.booted = line.get("booted")?;
        self.serials = Serials::starting_at(line.get("serial")?);
        self.next_group = line.get("next_group")?;
        self.next_process = line.get("next_process")?;
        Ok(())
    }

    fn restore_group<'c>(
        &mut self,
        line: &Fields<'_>,
        groups: &HashMap<&str, &'c GroupConfig>,
        settings: &mut Settings<'c>,
    ) -> Result<(), SnapshotError> {
        let (id, name) = (GroupId(line.get("id")?), line.text("name")?);
        let config = *groups.get(name.as_str()).ok_or_else(|| SnapshotError::Stranger(line.whole.to_owned()))?;
        settings.extend(config.processes.iter().map(|process| ((id, process.name.as_str()), process)));
        self.by_name.insert(name, id);
        self.groups.insert(id, Group::new(config.clone()));
        Ok(())
    }

    fn restore_pool(&mut self, line: &Fields<'_>) -> Result<(), SnapshotError> {
        let id = GroupId(line.get("group")?);
        let stranger = || SnapshotError::Stranger(line.whole.to_owned());
        if line.kind == "pool" {
            let group = self.groups.get(&id).ok_or_else(stranger)?;
            let pool = self.pool_of(&group.config, group.members()).ok_or_else(stranger)?;
            self.pools.insert(id, pool);
        }
        self.pools.get_mut(&id).ok_or_else(stranger)?.restore(line)
    }

    fn restore_process(&mut self, line: &Fields<'_>, settings: &Settings<'_>) -> Result<(), SnapshotError> {
        let (id, group, name) = (ProcessId(line.get("id")?), GroupId(line.get("group")?), line.text("name")?);
        let stranger = || SnapshotError::Stranger(line.whole.to_owned());
        let home = self.groups.get_mut(&group).ok_or_else(stranger)?;
        let config = *settings.get(&(group, name.as_str())).ok_or_else(stranger)?;
        let mut process = Process::new(Arc::clone(config));
        process.state = ProcessState::from_name(&line.text("state")?).ok_or_else(|| line.bad("state"))?;
        let place = home.members().len();
        home.admit(id, &name, process.state);
        process.pid = line.find("pid")?;
        process.backoff = line.get("backoff")?;
        process.laststart = line.moment("laststart_mono", "laststart_wall")?;
        process.laststop = line.moment("laststop_mono", "laststop_wall")?;
        process.exitstatus = line.find("exitstatus")?;
        process.spawnerr = line.find("spawnerr")?;
        process.killing = line.get("killing")?;
        process.deadline = line.nanos("deadline")?;
        process.report_at = line.nanos("report_at")?;
        let mut member = Member::new(group, place, process);
        member.logfiles = [line.find("stdout_log")?, line.find("stderr_log")?];
        self.deadlines.set(id, member.process.deadline());
        if let Some(pid) = member.process.pid {
            self.pids.insert(pid, id);
        }
        self.members.insert(id, member);
        Ok(())
    }
}

fn process_line(id: ProcessId, member: &Member) -> String {
    let process = &member.process;
    let mut line = Line::new("process");
    line.put("id", id.0);
    line.put("group", member.group.0);
    line.put("name", &process.config.name);
    line.put("state", process.state);
    line.put_some("pid", process.pid);
    line.put("backoff", process.backoff);
    line.put_moment("laststart_mono", "laststart_wall", process.laststart);
    line.put_moment("laststop_mono", "laststop_wall", process.laststop);
    line.put_some("exitstatus", process.exitstatus);
    line.put_some("spawnerr", process.spawnerr.as_ref());
    line.put("killing", process.killing);
    line.put_some("deadline", process.deadline.map(|at| at.as_nanos()));
    line.put_some("report_at", process.report_at.map(|at| at.as_nanos()));
    let [stdout, stderr] = &member.logfiles;
    line.put_some("stdout_log", stdout.as_ref());
    line.put_some("stderr_log", stderr.as_ref());
    line.text
}

fn shutdown_line(shutdown: &Shutdown) -> String {
    let groups: Vec<String> = shutdown.groups.iter().map(|id| id.0.to_string()).collect();
    let mut line = Line::new("shutdown");
    line.put("groups", groups.join(","));
    line.put("told", shutdown.told);
    line.put_some("patient_until", shutdown.patient_until.map(|at| at.as_nanos()));
    line.put("report_at", shutdown.report_at.as_nanos());
    line.put("finished", shutdown.finished);
    line.text
}

fn restore_shutdown(line: &Fields<'_>) -> Result<Shutdown, SnapshotError> {
    let groups = line.text("groups")?;
    let ids = groups.split(',').filter(|id| !id.is_empty()).map(|id| id.parse().map(GroupId));
    Ok(Shutdown {
        groups: ids.collect::<Result<_, _>>().map_err(|_| line.bad("groups"))?,
        told: line.get("told")?,
        patient_until: line.nanos("patient_until")?,
        report_at: line.nanos("report_at")?.unwrap_or_default(),
        finished: line.get("finished")?,
    })
}

/// A line being written.
pub(super) struct Line {
    pub(super) text: String,
}

impl Line {
    pub(super) fn new(kind: &str) -> Self {
        Self { text: kind.to_owned() }
    }

    pub(super) fn put(&mut self, key: &str, value: impl ToString) {
        self.text.push(' ');
        self.text.push_str(key);
        self.text.push('=');
        for byte in value.to_string().bytes() {
            match byte {
                b'!'..=b'~' if byte != b'%' => self.text.push(char::from(byte)),
                _ => drop(write!(self.text, "%{byte:02x}")),
            }
        }
    }

    /// Bytes of any kind, as pairs of digits.
    pub(super) fn put_bytes(&mut self, key: &str, bytes: &[u8]) {
        self.put(key, bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    }

    pub(super) fn put_some(&mut self, key: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }

    fn put_moment(&mut self, mono: &str, wall: &str, moment: Option<Now>) {
        self.put_some(mono, moment.map(|now| now.mono.as_nanos()));
        self.put_some(wall, moment.map(|now| now.wall.as_nanos()));
    }
}

/// A line taken apart.
pub(super) struct Fields<'a> {
    pub(super) kind: &'a str,
    whole: &'a str,
    values: BTreeMap<&'a str, &'a str>,
}

impl<'a> Fields<'a> {
    fn of(whole: &'a str) -> Self {
        let mut words = whole.split(' ');
        let kind = words.next().unwrap_or_default();
        Self { kind, whole, values: words.filter_map(|word| word.split_once('=')).collect() }
    }

    pub(super) fn bad(&self, key: &'static str) -> SnapshotError {
        SnapshotError::Value { key, line: self.whole.to_owned() }
    }

    pub(super) fn find<T: FromStr>(&self, key: &'static str) -> Result<Option<T>, SnapshotError> {
        let Some(escaped) = self.values.get(key) else { return Ok(None) };
        let text = unescape(escaped).ok_or_else(|| self.bad(key))?;
        text.parse().map(Some).map_err(|_| self.bad(key))
    }

    pub(super) fn get<T: FromStr>(&self, key: &'static str) -> Result<T, SnapshotError> {
        self.find(key)?.ok_or_else(|| self.bad(key))
    }

    pub(super) fn text(&self, key: &'static str) -> Result<String, SnapshotError> {
        self.get(key)
    }

    pub(super) fn bytes(&self, key: &'static str) -> Result<Vec<u8>, SnapshotError> {
        let digits = self.text(key)?;
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
        digits.as_bytes().chunks(2).map(byte).collect::<Option<_>>().ok_or_else(|| self.bad(key))
    }

    fn nanos(&self, key: &'static str) -> Result<Option<Duration>, SnapshotError> {
        Ok(self.find::<u64>(key)?.map(Duration::from_nanos))
    }

    fn moment(&self, mono: &'static str, wall: &'static str) -> Result<Option<Now>, SnapshotError> {
        let both = self.nanos(mono)?.zip(self.nanos(wall)?);
        Ok(both.map(|(mono, wall)| Now { mono, wall }))
    }
}

fn unescape(escaped: &str) -> Option<String> {
    let mut bytes = vec![];
    let mut rest = escaped.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}
