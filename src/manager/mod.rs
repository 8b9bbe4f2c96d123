//! Decisions. The heart: what should happen next to every process and group.
//!
//! [`Manager`] owns all state. It reads no clock, opens nothing and knows no
//! runtime: [`Manager::input`] takes what happened and the time, and pushes
//! [`Action`]s; [`Manager::deadline`] tells when it wants to be woken. So a
//! test or the simulation can live through years in a moment.

pub mod calls;
mod deadlines;
pub mod event;
mod group;
pub mod info;
pub mod input;
pub mod listener;
mod notify;
pub mod pool;
pub mod process;
pub mod refusal;
mod shutdown;
pub mod snapshot;
pub mod survivors;
pub mod tick;
mod update;
pub mod wait;
#[cfg(test)]
mod sim;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use calls::{Target, Wish};
pub use input::{Action, Answer, Input, Outcome, ProcessId};
pub use process::Process;
pub use refusal::{CommandError, Refusal};
pub use wait::Ticket;

use crate::config::GroupConfig;
use crate::model::{Channel, Level, LogLine, Now, SupervisorState};
use deadlines::Deadlines;
use group::{Group, GroupId, Standing};
use pool::{Pool, Serials};
use shutdown::Shutdown;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use tick::Ticks;
use wait::Waits;

/// A process, and where it belongs.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) process: Process,
    pub(crate) group: GroupId,
    /// Which of the group's members it is.
    place: usize,
    logfiles: [Option<String>; 2],
}

impl Member {
    fn new(group: GroupId, place: usize, process: Process) -> Self {
        Self { process, group, place, logfiles: [None, None] }
    }

    fn logfile(&self, channel: Channel) -> Option<&str> {
        match channel {
            Channel::Stdout => self.logfiles[0].as_deref(),
            Channel::Stderr => self.logfiles[1].as_deref(),
        }
    }
}

/// All processes, all groups and everything that is decided about them.
#[derive(Debug)]
pub struct Manager {
    identifier: String,
    state: SupervisorState,
    booted: bool,
    groups: BTreeMap<GroupId, Group>,
    by_name: BTreeMap<String, GroupId>,
    members: BTreeMap<ProcessId, Member>,
    pids: HashMap<i32, ProcessId>,
    deadlines: Deadlines,
    waits: Waits,
    pools: BTreeMap<GroupId, Pool>,
    serials: Serials,
    ticks: Ticks,
    shutdown: Option<Shutdown>,
    read: Vec<GroupConfig>,
    /// Where each of them is.
    read_by_name: HashMap<String, usize>,
    next_group: u32,
    next_process: u32,
    /// For the simulation: events, and how many actions came before each.
    #[cfg(test)]
    raised: Vec<(usize, event::Event)>,
}

impl Manager {
    /// A daemon without groups; `read` is the configuration it will be given.
    /// `serial` goes on from the life before, if there was one (A4.138).
    #[must_use]
    pub fn new(identifier: String, read: Vec<GroupConfig>, serial: u64) -> Self {
        Self {
            identifier,
            state: SupervisorState::Running,
            booted: false,
            groups: BTreeMap::new(),
            by_name: BTreeMap::new(),
            members: BTreeMap::new(),
            pids: HashMap::new(),
            deadlines: Deadlines::default(),
            waits: Waits::default(),
            pools: BTreeMap::new(),
            serials: Serials::starting_at(serial),
            ticks: Ticks::default(),
            shutdown: None,
            read_by_name: update::places(&read),
            read,
            next_group: 0,
            next_process: 0,
            #[cfg(test)]
            raised: vec![],
        }
    }

    /// The daemon's own state.
    #[must_use]
    pub fn state(&self) -> SupervisorState {
        self.state
    }

    /// One process.
    #[must_use]
    pub fn process(&self, id: ProcessId) -> Option<&Process> {
        self.members.get(&id).map(|member| &member.process)
    }

    /// Events and answers show this name of the daemon from now on (A4.147).
    pub fn set_identifier(&mut self, identifier: &str) {
        identifier.clone_into(&mut self.identifier);
    }

    /// The settings of the group that a process is in.
    #[must_use]
    pub fn group_of(&self, id: ProcessId) -> Option<&GroupConfig> {
        let member = self.members.get(&id)?;
        self.groups.get(&member.group).map(|group| &group.config)
    }

    /// Every process in starting order: groups by priority, then activation
    /// (A4.87, A4.88).
    #[must_use]
    pub fn in_order(&self) -> Vec<ProcessId> {
        let mut groups: Vec<&Group> = self.groups.values().collect();
        groups.sort_by_key(|group| group.config.priority);
        groups.into_iter().flat_map(|group| group.members().iter().copied()).collect()
    }

    /// Whether a group of that name is active.
    #[must_use]
    pub fn is_active(&self, group: &str) -> bool {
        self.by_name.contains_key(group)
    }

    /// The process whose child has this pid.
    #[must_use]
    pub fn owner_of(&self, pid: i32) -> Option<ProcessId> {
        self.pids.get(&pid).copied()
    }

    /// Notes where a stream's log really is; `None` is nowhere. The engine
    /// knows, since it makes the AUTO files.
    pub fn set_logfile(&mut self, id: ProcessId, channel: Channel, path: Option<String>) {
        if let Some(member) = self.members.get_mut(&id) {
            match channel {
                Channel::Stdout => member.logfiles[0] = path,
                Channel::Stderr => member.logfiles[1] = path,
            }
        }
    }

    /// Where a stream's log is, if anywhere.
    #[must_use]
    pub fn logfile(&self, id: ProcessId, channel: Channel) -> Option<&str> {
        self.members.get(&id)?.logfile(channel)
    }

    /// When the manager next wants [`Input::Wake`], on the monotonic clock.
    /// `now` only serves to turn the next wall-clock tick into a delay.
    #[must_use]
    pub fn deadline(&self, now: Now) -> Option<Duration> {
        [self.deadlines.first(), self.shutdown_deadline(), self.ticks.deadline(now)].into_iter().flatten().min()
    }

    /// Takes note of what happened, and pushes what is to be done about it.
    pub fn input(&mut self, input: Input, now: Now, out: &mut Vec<Action>) {
        match input {
            Input::Boot => self.boot(now, out),
            Input::Wake => self.wake(now, out),
            Input::Autostart(id) => self.autostart(id, now, out),
            Input::Due(id) => self.step(id, process::Input::Wake, now, out),
            Input::ShutdownMember(id) => self.shutdown_member(id, now, out),
            Input::ReportShutdown => self.report_shutdown(out),
            Input::StartMember { ticket, id, command } => self.start_member(ticket, id, command, now, out),
            Input::StopMember { ticket, id } => self.stop_member(ticket, id, now, out),
            Input::SignalMember { ticket, id, signal } => self.signal_member(ticket, id, signal, now, out),
            Input::Settle { ticket, id } => self.settle(ticket, id, now, out),
            Input::Spawned { id, pid } => self.spawned(id, pid, now, out),
            Input::SpawnFailed { id, error } => {
                self.step(id, process::Input::SpawnFailed { error }, now, out);
                out.push(Action::Release(id));
            }
            Input::Exited { pid, status } => self.exited(pid, status, now, out),
            Input::SignalFailed { id, purpose, error, gone } => self.signal_failed(id, purpose, error, gone, now, out),
            Input::Signalled(signal) => self.signalled(signal, now, out),
            Input::Leave(to) => self.begin_shutdown(to, now, out),
            Input::ListenerSaid { id, bytes } => self.listener_said(id, &bytes, out),
            Input::ListenerDeaf { id } => self.listener_deaf(id, out),
            Input::ListenerLags { id } => self.listener_lags(id, true, out),
            Input::StdinDrained { id } => self.listener_lags(id, false, out),
            Input::Output { id, channel, pid, bytes } => self.output(id, channel, pid, bytes, out),
            Input::Captured { id, channel, pid, bytes } => self.captured(id, channel, pid, bytes, out),
        }
        self.dispatch(out);
        self.advance_shutdown(now, out);
    }

    // A1.22 (14), (15); A4.89
    fn boot(&mut self, now: Now, out: &mut Vec<Action>) {
        self.booted = true;
        self.ticks.step(now);
        self.supervisor_running(out);
        out.extend(self.in_order().into_iter().map(|id| Action::Then(Input::Autostart(id))));
    }

    fn wake(&mut self, now: Now, out: &mut Vec<Action>) {
        if self.booted {
            self.tick(now, out);
        }
        self.plan_shutdown_report(now, out);
        out.extend(self.deadlines.take_due(now.mono).into_iter().map(|id| Action::Then(Input::Due(id))));
    }

    fn autostart(&mut self, id: ProcessId, now: Now, out: &mut Vec<Action>) {
        if self.state == SupervisorState::Running && self.process(id).is_some_and(Process::wants_autostart) {
            self.step(id, process::Input::Start, now, out);
        }
    }

    fn spawned(&mut self, id: ProcessId, pid: i32, now: Now, out: &mut Vec<Action>) {
        self.pids.insert(pid, id);
        self.listener_spawned(id);
        self.step(id, process::Input::Spawned { pid }, now, out);
    }

    fn exited(&mut self, pid: i32, status: crate::model::ExitStatus, now: Now, out: &mut Vec<Action>) {
        match self.pids.remove(&pid) {
            Some(id) => {
                let stopped = self.process(id).filter(|process| process.killing);
                let stopped = stopped.map(|process| process.config.name.clone());
                self.step(id, process::Input::Exited { status }, now, out);
                self.listener_died(id, out);
                out.push(Action::Release(id));
                out.extend(stopped.map(|name| Action::LookBehind { name, pid }));
            }
            // A4.121
            None => out.push(Action::Log(LogLine::new(Level::Info, format!("reaped unknown pid {pid} ({status})")))),
        }
    }

    fn signal_failed(
        &mut self,
        id: ProcessId,
        purpose: process::Purpose,
        error: String,
        gone: bool,
        now: Now,
        out: &mut Vec<Action>,
    ) {
        let said = self.process(id).map(|process| process.signal_failure(purpose, &error));
        self.step(id, process::Input::SignalFailed { purpose, error, gone }, now, out);
        if let Some(text) = said.filter(|_| !gone) {
            self.signal_refused(id, &text, now, out);
        }
    }

    /// Steps one process and carries its effects outward.
    fn step(&mut self, id: ProcessId, input: process::Input, now: Now, out: &mut Vec<Action>) {
        let may_start = self.state == SupervisorState::Running;
        let Some(member) = self.members.get_mut(&id) else { return };
        let mut effects = vec![];
        let woken = input == process::Input::Wake;
        member.process.step(input, process::Context { now, may_start }, &mut effects);
        // A deadline that was looked at and changed nothing, such as a retry that
        // the shutdown forbids, is not kept: it would wake the loop for ever.
        let stale = |at: &Duration| woken && *at <= now.mono;
        self.deadlines.set(id, member.process.deadline().filter(|at| !stale(at)));
        for effect in effects {
            match effect {
                process::Effect::Spawn => out.push(Action::Spawn(id)),
                process::Effect::Signal { signal, pid, group, purpose } => {
                    out.push(Action::Kill { id, pid, signal, group, purpose });
                }
                process::Effect::Changed(change) => self.process_changed(id, change, out),
                process::Effect::Log(line) => out.push(Action::Log(line)),
            }
        }
        self.settle_watchers(id, now, out);
    }

    fn group_named(&self, name: &str) -> Option<GroupId> {
        self.by_name.get(name).copied()
    }

    fn standings(&self, id: GroupId) -> Vec<Standing> {
        let members = self.groups.get(&id).map(Group::members).unwrap_or_default();
        let standing = |id: &ProcessId| {
            let process = self.process(*id)?;
            Some(Standing { id: *id, priority: process.config.priority, state: process.state })
        };
        members.iter().filter_map(standing).collect()
    }

    /// What holds between the parts after every input; a breach is a bug. It
    /// is a walk over everything, so it is left to tests.
    pub fn check_invariants(&self) {
        for (name, id) in &self.by_name {
            let found = self.groups.get(id).map(|group| &group.config.name);
            assert!(found == Some(name), "{name} names {found:?}");
        }
        assert!(self.by_name.len() == self.groups.len(), "a group without a name");
        let listed: usize = self.groups.values().map(|group| group.members().len()).sum();
        assert!(listed == self.members.len(), "{listed} listed, {} exist", self.members.len());
        for (id, group) in &self.groups {
            let unstopped = self.standings(*id).iter().filter(|member| !member.state.is_stopped()).count();
            assert!(group.unstopped() == unstopped, "{} counted, {unstopped} not stopped", group.unstopped());
        }
        for (id, member) in &self.members {
            member.process.check_invariants();
            let named = self.groups.get(&member.group).and_then(|group| group.named(&member.process.config.name));
            assert!(named == Some(*id), "{} names {named:?}", member.process.config.name);
            if let Some(pid) = member.process.pid {
                let owner = self.pids.get(&pid);
                assert!(owner == Some(id), "pid {pid} of {id:?} belongs to {owner:?}");
            }
        }
        let alive = self.members.values().filter(|member| member.process.pid.is_some()).count();
        assert!(alive == self.pids.len(), "{alive} children, {} pids", self.pids.len());
        let stopping = self.state != SupervisorState::Running;
        assert!(stopping == self.shutdown.is_some(), "{:?} and {:?}", self.state, self.shutdown);
        let finished = self.shutdown.as_ref().is_some_and(|shutdown| shutdown.finished);
        let unstopped = |member: &Member| !member.process.state.is_stopped();
        assert!(!finished || !self.members.values().any(unstopped), "finished with processes up");
        self.waits.check_invariants();
        for id in self.pools.keys() {
            assert!(self.groups.contains_key(id), "a pool without a group");
        }
    }
}
