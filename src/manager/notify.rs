//! From what happens to what listeners are told: events are raised here, and
//! what pools want done is turned into actions.

use super::event::{self, Event, Output};
use super::group::{Group, GroupId};
use super::input::{Action, ProcessId};
use super::pool::{Pool, PoolAction, publish};
use super::{Manager, process};
use crate::model::{Channel, Now, ProcessState};

impl Manager {
    /// The serial that the next event gets; it goes on over restarts (A4.138).
    #[must_use]
    pub fn serial(&self) -> u64 {
        self.serials.next()
    }

    /// A client raised an event (A6.54); allowed at any time (B1.13.2).
    pub fn remote_communication(&mut self, kind: &str, data: &str, out: &mut Vec<Action>) {
        self.raise(Event::RemoteCommunication { kind: kind.to_owned(), data: data.to_owned() }, out);
        self.dispatch(out);
    }

    pub(super) fn supervisor_running(&mut self, out: &mut Vec<Action>) {
        self.raise(Event::SupervisorRunning, out);
    }

    pub(super) fn supervisor_stopping(&mut self, out: &mut Vec<Action>) {
        self.raise(Event::SupervisorStopping, out);
    }

    pub(super) fn group_added(&mut self, name: &str, out: &mut Vec<Action>) {
        self.raise(Event::GroupAdded(name.to_owned()), out);
        self.dispatch(out);
    }

    pub(super) fn group_removed(&mut self, name: &str, out: &mut Vec<Action>) {
        self.raise(Event::GroupRemoved(name.to_owned()), out);
        self.dispatch(out);
    }

    pub(super) fn tick(&mut self, now: Now, out: &mut Vec<Action>) {
        let events = self.ticks.step(now);
        if !events.is_empty() {
            self.count_losses(Pool::count_losses, out);
        }
        for event in events {
            self.raise(event, out);
        }
    }

    /// Lets each pool say how many events it lost.
    pub(super) fn count_losses(&mut self, ask: impl Fn(&mut Pool, &mut Vec<PoolAction>), out: &mut Vec<Action>) {
        let mut done = vec![];
        self.pools.values_mut().for_each(|pool| ask(pool, &mut done));
        translate(done, &[], out);
    }

    /// The group is no pool any more, if it was one.
    pub(super) fn pool_ends(&mut self, group: GroupId, out: &mut Vec<Action>) {
        let mut done = vec![];
        if let Some(mut pool) = self.pools.remove(&group) {
            pool.end(&mut done);
        }
        translate(done, &[], out);
    }

    // A6.11–A6.18
    pub(super) fn process_changed(&mut self, id: ProcessId, change: process::Change, out: &mut Vec<Action>) {
        let process::Change { from, to, tries, pid, expected } = change;
        let home = self.members.get(&id).and_then(|member| self.groups.get_mut(&member.group));
        home.into_iter().for_each(|group| group.member_changed(from, to));
        let tries = u64::try_from(tries).unwrap_or(0);
        let to = match to {
            ProcessState::Starting => event::Change::Starting { tries },
            ProcessState::Backoff => event::Change::Backoff { tries },
            ProcessState::Running => event::Change::Running { pid },
            ProcessState::Stopping => event::Change::Stopping { pid },
            ProcessState::Stopped => event::Change::Stopped { pid },
            ProcessState::Exited => event::Change::Exited { expected, pid },
            ProcessState::Fatal => event::Change::Fatal,
            ProcessState::Unknown => event::Change::Unknown,
        };
        if let Some(process) = self.subject(id) {
            self.raise(Event::ProcessState { process, from, to }, out);
        }
    }

    // A6.42; an eventlistener's own protocol never comes here (A6.45)
    pub(super) fn output(&mut self, id: ProcessId, channel: Channel, pid: i32, bytes: Vec<u8>, out: &mut Vec<Action>) {
        if let Some(process) = self.subject(id) {
            self.raise(Event::ProcessLog(Output { process, pid, channel, data: bytes }), out);
        }
    }

    // A6.47
    pub(super) fn captured(
        &mut self,
        id: ProcessId,
        channel: Channel,
        pid: i32,
        bytes: Vec<u8>,
        out: &mut Vec<Action>,
    ) {
        if let Some(process) = self.subject(id) {
            self.raise(Event::ProcessCommunication(Output { process, pid, channel, data: bytes }), out);
        }
    }

    /// Whether somebody listens for ticks. Then the wall clock is to be looked at
    /// once a second, for nobody tells that it was set (A6.41).
    #[must_use]
    pub fn hears_ticks(&self) -> bool {
        self.pools.values().any(Pool::hears_ticks)
    }

    /// Whether the process speaks the listener protocol on its stdout.
    #[must_use]
    pub fn is_listener(&self, id: ProcessId) -> bool {
        self.members.get(&id).is_some_and(|member| self.pools.contains_key(&member.group))
    }

    /// Whether it is a listener that owes a result.
    #[must_use]
    pub fn has_event(&self, id: ProcessId) -> bool {
        let pool = |(group, place)| Some((self.pools.get(&group)?, place));
        self.place_in_pool(id).and_then(pool).is_some_and(|(pool, place)| pool.has_given(place))
    }

    pub(super) fn listener_spawned(&mut self, id: ProcessId) {
        if let Some((group, place)) = self.place_in_pool(id)
            && let Some(pool) = self.pools.get_mut(&group)
        {
            pool.spawned(place);
        }
    }

    // A6.72
    pub(super) fn listener_died(&mut self, id: ProcessId, out: &mut Vec<Action>) {
        self.with_pool(id, out, |pool, place, done| pool.died(place, done));
    }

    pub(super) fn listener_said(&mut self, id: ProcessId, bytes: &[u8], out: &mut Vec<Action>) {
        self.with_pool(id, out, |pool, place, done| pool.hear(place, bytes, done));
    }

    // A6.64
    pub(super) fn listener_deaf(&mut self, id: ProcessId, out: &mut Vec<Action>) {
        self.with_pool(id, out, |pool, place, done| pool.refused(place, done));
    }

    // A6.64
    pub(super) fn listener_lags(&mut self, id: ProcessId, lags: bool, out: &mut Vec<Action>) {
        self.with_pool(id, out, |pool, place, _| pool.lags(place, lags));
    }

    /// Sends waiting events to listeners that are free (A6.62).
    pub(super) fn dispatch(&mut self, out: &mut Vec<Action>) {
        let Self { pools, groups, members, identifier, .. } = self;
        for (group, pool) in pools.iter_mut().filter(|(_, pool)| pool.waits()) {
            let ids = groups.get(group).map(Group::members).unwrap_or_default();
            let state = |place: usize| members.get(ids.get(place)?).map(|member| member.process.state);
            let mut done = vec![];
            pool.dispatch(identifier, |place| state(place) == Some(ProcessState::Running), &mut done);
            translate(done, ids, out);
        }
    }

    /// Whether the group is a pool with events for listeners who can take them.
    pub(super) fn owes_events(&self, group: GroupId) -> bool {
        let Some(pool) = self.pools.get(&group) else { return false };
        let ids = self.groups.get(&group).map(Group::members).unwrap_or_default();
        let process = |place: usize| self.process(*ids.get(place)?);
        pool.owes(|place| process(place).is_some_and(|process| process.state == ProcessState::Running))
    }

    fn raise(&mut self, event: Event, out: &mut Vec<Action>) {
        #[cfg(test)]
        self.raised.push((out.len(), event.clone()));
        let mut done = vec![];
        publish(event, self.pools.values_mut(), &mut self.serials, &mut done);
        translate(done, &[], out);
    }

    fn subject(&self, id: ProcessId) -> Option<event::ProcessId> {
        let member = self.members.get(&id)?;
        let group = self.groups.get(&member.group)?.config.name.clone();
        Some(event::ProcessId { name: member.process.config.name.clone(), group })
    }

    fn place_in_pool(&self, id: ProcessId) -> Option<(GroupId, usize)> {
        let member = self.members.get(&id).filter(|member| self.pools.contains_key(&member.group))?;
        Some((member.group, member.place))
    }

    fn with_pool(
        &mut self,
        id: ProcessId,
        out: &mut Vec<Action>,
        act: impl FnOnce(&mut Pool, usize, &mut Vec<PoolAction>),
    ) {
        let Some((group, place)) = self.place_in_pool(id) else { return };
        let Some(pool) = self.pools.get_mut(&group) else { return };
        let mut done = vec![];
        act(pool, place, &mut done);
        translate(done, &[], out);
    }
}

/// What a pool wants done, with its listeners' places turned into processes.
fn translate(done: Vec<PoolAction>, listeners: &[ProcessId], out: &mut Vec<Action>) {
    for action in done {
        match action {
            PoolAction::Log(line) => out.push(Action::Log(line)),
            PoolAction::Send { listener, bytes, said } => {
                out.extend(listeners.get(listener).map(|id| Action::Feed { id: *id, bytes, said }));
            }
        }
    }
}
