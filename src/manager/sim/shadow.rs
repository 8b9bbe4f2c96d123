//! A second opinion: what Supervisor would do, told from the contract and not
//! from the code beside.
//!
//! It is written as upstream is, as one thing after the other: to spawn means
//! to have a child or an error when the function returns. There is nothing
//! here that is fast or waits; everything is looked at each time. Where the
//! contract says FIX or CHOICE, the rule here is the one decided on.

mod callers;
mod daemon;
mod pool;
mod program;

use super::chance::Chance;
use super::seen::{Answers, Seen, View};
use super::stimulus::Stimulus;
use crate::config::GroupConfig;
use crate::manager::event::{self, Event};
use crate::manager::{ProcessId, Refusal};
use crate::model::{Channel, Level, Now, SupervisorState};
use callers::Call;
use daemon::Leaving;
use pool::Pool;
use program::Program;
use std::collections::BTreeMap;
use std::time::Duration;

/// The oracle, as far as it can be predicted.
pub(super) struct Shadow {
    pub(super) now: Now,
    pub(super) chance: Chance,
    pub(super) seen: Vec<Seen>,
    pub(super) answers: Answers,
    pub(super) mood: SupervisorState,
    booted: bool,
    given: u32,
    /// In the order of activation.
    groups: Vec<Group>,
    /// In the order of activation.
    programs: BTreeMap<ProcessId, Program>,
    /// By the names of their groups.
    pools: BTreeMap<String, Pool>,
    leaving: Option<Leaving>,
    calls: Vec<Call>,
    /// The piece of time each tick was in when last looked at (A6.41).
    slices: [u64; 3],
}

#[derive(Debug, Clone)]
struct Group {
    name: String,
    priority: i64,
    members: Vec<ProcessId>,
}

impl Shadow {
    pub(super) fn new(now: Now, chance: Chance) -> Self {
        Self {
            now,
            chance,
            seen: vec![],
            answers: Answers::new(),
            mood: SupervisorState::Running,
            booted: false,
            given: 0,
            groups: vec![],
            programs: BTreeMap::new(),
            pools: BTreeMap::new(),
            leaving: None,
            calls: vec![],
            slices: [0; 3],
        }
    }

    /// Predicts what is seen when it happens.
    pub(super) fn react(&mut self, stimulus: &Stimulus) -> Result<(), Refusal> {
        match stimulus {
            Stimulus::Boot => self.boot(),
            Stimulus::Wake => self.wake(),
            Stimulus::Exit(pid, status) => self.reap(*pid, *status),
            Stimulus::Ask(ticket, target, wish) => return self.ask(*ticket, target, wish),
            Stimulus::Gone(ticket) => self.calls.retain(|call| call.ticket != *ticket),
            Stimulus::Signal(signal) => self.daemon_signal(*signal),
            Stimulus::Leave(to) => self.leave(*to),
            Stimulus::Add(config) => self.add(config),
            Stimulus::Remove(name) => return self.remove(name),
            Stimulus::Output(id, channel, pid) => self.output(*id, *channel, *pid),
            Stimulus::Hear(id, said) => self.listener_says(*id, said),
            Stimulus::Deaf(id) => self.listener_closed(*id),
            Stimulus::Upgrade => self.calls.clear(),
        }
        Ok(())
    }

    /// When it wants to look next though no program moves: for a tick, to
    /// tell whom a shutdown waits for, or to wait no longer for listeners.
    pub(super) fn next_look(&self) -> Option<Duration> {
        self.next_tick().into_iter().chain(self.next_report()).chain(self.patient_until()).min()
    }

    pub(super) fn views(&self) -> impl Iterator<Item = View<'_>> {
        self.programs.iter().map(|(id, program)| View {
            id: *id,
            state: program.state,
            pid: program.pid,
            backoff: program.backoff,
            exitstatus: program.exitstatus,
            spawnerr: program.spawnerr.as_deref(),
            laststart: program.laststart,
            laststop: program.laststop,
            moves: self.next_move(*id),
        })
    }

    /// Callers who wait for an answer.
    pub(super) fn waiting(&self) -> usize {
        self.calls.len()
    }

    fn output(&mut self, id: ProcessId, channel: Channel, pid: i32) {
        if let Some(process) = self.names(id) {
            let data = b"caf\xff".to_vec();
            self.raise(Event::ProcessLog(event::Output { process, pid, channel, data }));
        }
    }

    fn names(&self, id: ProcessId) -> Option<event::ProcessId> {
        let program = self.programs.get(&id)?;
        Some(event::ProcessId { name: program.config.name.clone(), group: program.group.clone() })
    }

    fn group(&self, name: &str) -> Option<&Group> {
        self.groups.iter().find(|group| group.name == name)
    }

    /// A4.85–A4.88, A4.98
    fn add(&mut self, config: &GroupConfig) {
        if self.group(&config.name).is_some() {
            return;
        }
        let mut members = vec![];
        for process in &config.processes {
            // The first id that was never given to anything.
            let id = ProcessId(self.given);
            self.given += 1;
            self.programs.insert(id, Program::new(process.as_ref().clone(), config.name.clone()));
            members.push(id);
        }
        let group = Group { name: config.name.clone(), priority: config.priority, members };
        self.pools.extend(Pool::new(config, &group.members).map(|pool| (config.name.clone(), pool)));
        self.groups.push(group.clone());
        self.raise(Event::GroupAdded(config.name.clone()));
        if self.booted {
            group.members.into_iter().for_each(|id| self.autostart(id));
        }
    }

    /// A4.148, B1.11.10
    fn remove(&mut self, name: &str) -> Result<(), Refusal> {
        let members = self.group(name).ok_or_else(|| Refusal::BadName(name.to_owned()))?.members.clone();
        if members.iter().any(|id| !self.has_stopped(*id)) {
            return Err(Refusal::StillRunning(name.to_owned()));
        }
        self.groups.retain(|group| group.name != name);
        self.pools.remove(name);
        self.programs.retain(|id, _| !members.contains(id));
        self.raise(Event::GroupRemoved(name.to_owned()));
        Ok(())
    }

    fn raise(&mut self, event: Event) {
        self.seen.push(Seen::Raised(event));
        self.offer();
    }

    fn say(&mut self, level: Level, text: String) {
        self.seen.push(Seen::Said(level, text));
    }
}
