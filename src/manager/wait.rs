//! Who waits for what: the callers of start, stop and signal, and the members
//! they asked for. Answered by changes of state, never by polling (B1.12.2).

use super::input::{Action, Answer, Outcome, ProcessId};
use super::refusal::Refusal;
use crate::model::Signal;
use std::collections::BTreeMap;
use std::time::Duration;

/// Stands for one caller; the engine knows whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// What the caller wants of each member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Start { wait: bool },
    Stop { wait: bool },
    Signal(Signal),
}

/// One member as this caller knows it.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) id: ProcessId,
    pub(super) name: String,
    pub(super) group: String,
    /// The name that refusals show: as given, or the namespec in group calls.
    pub(super) shown: String,
    /// Its place among those that the call is about.
    pub(super) place: usize,
}

#[derive(Debug)]
struct Call {
    purpose: Purpose,
    single: bool,
    open: BTreeMap<ProcessId, Asked>,
    done: Vec<Done>,
}

/// The result of one member.
#[derive(Debug)]
struct Done {
    /// When, on the monotonic clock.
    at: Duration,
    /// Its place among the members that were asked for.
    place: usize,
    outcome: Outcome,
}

/// All calls that are not answered yet.
#[derive(Debug, Default)]
pub(super) struct Waits {
    calls: BTreeMap<Ticket, Call>,
    /// Members whose next change of state some call is waiting for.
    watched: BTreeMap<ProcessId, Vec<Ticket>>,
}

impl Waits {
    /// Begins a call; one without members is answered at once.
    pub(super) fn open(
        &mut self,
        ticket: Ticket,
        purpose: Purpose,
        single: bool,
        members: &[Asked],
        out: &mut Vec<Action>,
    ) {
        let open = members.iter().map(|asked| (asked.id, asked.clone())).collect();
        self.calls.insert(ticket, Call { purpose, single, open, done: vec![] });
        self.answer_if_done(ticket, out);
    }

    /// What `ticket` wants of `id`, if it still waits for it.
    pub(super) fn wanted(&self, ticket: Ticket, id: ProcessId) -> Option<(Purpose, &Asked)> {
        let call = self.calls.get(&ticket)?;
        call.open.get(&id).map(|asked| (call.purpose, asked))
    }

    /// From now on a change of `id` may settle it for `ticket`.
    pub(super) fn watch(&mut self, ticket: Ticket, id: ProcessId) {
        self.watched.entry(id).or_default().push(ticket);
    }

    /// Who watches `id`.
    pub(super) fn watchers(&self, id: ProcessId) -> Vec<Ticket> {
        self.watched.get(&id).cloned().unwrap_or_default()
    }

    /// Calls that asked for `id` and have not been told how it went.
    pub(super) fn asking(&self, id: ProcessId) -> Vec<Ticket> {
        self.calls.iter().filter(|(_, call)| call.open.contains_key(&id)).map(|(ticket, _)| *ticket).collect()
    }

    /// `id` is settled for `ticket` as of `at`; answers when it was the last.
    pub(super) fn settle(
        &mut self,
        ticket: Ticket,
        id: ProcessId,
        result: Result<(), Refusal>,
        at: Duration,
        out: &mut Vec<Action>,
    ) {
        let Some(call) = self.calls.get_mut(&ticket) else { return };
        let Some(asked) = call.open.remove(&id) else { return };
        let outcome = Outcome { name: asked.name, group: asked.group, result };
        call.done.push(Done { at, place: asked.place, outcome });
        self.unwatch(ticket, id);
        self.answer_if_done(ticket, out);
    }

    /// The caller has gone. Returns the members that it had not been told of.
    pub(super) fn forget(&mut self, ticket: Ticket) -> Vec<ProcessId> {
        let open: Vec<ProcessId> =
            self.calls.remove(&ticket).into_iter().flat_map(|call| call.open.into_keys()).collect();
        for id in &open {
            self.unwatch(ticket, *id);
        }
        open
    }

    /// Whether somebody waits for the stop of `id`.
    pub(super) fn is_stop_watched(&self, id: ProcessId) -> bool {
        let stops = |ticket| matches!(self.wanted(ticket, id), Some((Purpose::Stop { .. }, _)));
        self.watched.get(&id).is_some_and(|tickets| tickets.iter().any(|ticket| stops(*ticket)))
    }

    fn unwatch(&mut self, ticket: Ticket, id: ProcessId) {
        if let Some(tickets) = self.watched.get_mut(&id) {
            tickets.retain(|watching| *watching != ticket);
            if tickets.is_empty() {
                self.watched.remove(&id);
            }
        }
    }

    fn answer_if_done(&mut self, ticket: Ticket, out: &mut Vec<Action>) {
        if !self.calls.get(&ticket).is_some_and(|call| call.open.is_empty()) {
            return;
        }
        let Some(mut call) = self.calls.remove(&ticket) else { return };
        // In the order of completion; upstream comes to those of one moment in
        // the order in which it acted on them (B1.7.4).
        call.done.sort_by_key(|done| (done.at, done.place));
        let mut outcomes: Vec<Outcome> = call.done.into_iter().map(|done| done.outcome).collect();
        let answer = match outcomes.pop() {
            Some(only) if call.single => Answer::One(only.result),
            last => {
                outcomes.extend(last);
                Answer::Many(outcomes)
            }
        };
        out.push(Action::Answer { ticket, answer });
    }

    /// What holds between the two maps; a breach is a bug in this file.
    pub(super) fn check_invariants(&self) {
        for (id, tickets) in &self.watched {
            assert!(!tickets.is_empty(), "{id:?} is watched by nobody");
            for ticket in tickets {
                assert!(self.wanted(*ticket, *id).is_some(), "{ticket:?} watches {id:?} without a call");
            }
        }
        assert!(self.calls.values().all(|call| !call.open.is_empty()), "an answered call is kept");
    }
}
