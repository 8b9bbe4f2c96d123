//! Requests to start, stop and signal: who is meant, who qualifies, and what
//! each member answers (B1.6).

use super::group::{GroupId, Standing, ascending};
use super::input::{Action, Answer, Input, Outcome, ProcessId};
use super::refusal::{CommandError, Refusal};
use super::wait::{Asked, Purpose, Ticket};
use super::{Manager, process};
use crate::model::{NameSpec, Now, ProcessState, Signal, SupervisorState, namespec};

/// Whom a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A process, or `group:*`, as the client wrote it.
    Named(String),
    /// All of this group.
    Group(String),
    /// All of all groups.
    All,
}

/// What is wanted of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Up; `wait` answers only when it is RUNNING or has failed.
    Start {
        /// See above.
        wait: bool,
    },
    /// Down; `wait` answers only when it has stopped.
    Stop {
        /// See above.
        wait: bool,
    },
    /// A signal, as the client wrote it.
    Signal(String),
}

impl Manager {
    /// Begins a request. The answer comes as [`Action::Answer`], perhaps much
    /// later.
    ///
    /// # Errors
    /// What refuses the request as a whole: an unknown name, or for a single
    /// process a state or a signal that does not fit.
    pub fn request(
        &mut self,
        target: &Target,
        wish: &Wish,
        ticket: Ticket,
        out: &mut Vec<Action>,
    ) -> Result<(), Refusal> {
        match self.resolve(target)? {
            Scope::One(id, shown) => self.request_one(id, shown, wish, ticket, out),
            Scope::Many(standings) => {
                self.request_many(&standings, wish, ticket, out);
                Ok(())
            }
        }
    }

    /// The caller of `ticket` has gone and needs no answer. What was asked for
    /// is done to the end all the same (B1.12.6).
    pub fn forget(&mut self, ticket: Ticket) {
        for id in self.waits.forget(ticket) {
            let watched = self.waits.is_stop_watched(id);
            if let Some(member) = self.members.get_mut(&id).filter(|_| !watched) {
                member.process.unwatch();
                self.deadlines.set(id, member.process.deadline());
            }
        }
    }

    fn resolve(&self, target: &Target) -> Result<Scope, Refusal> {
        let group = |name: &str, shown: &str| {
            let id = self.group_named(name).ok_or_else(|| Refusal::BadName(shown.to_owned()))?;
            Ok(Scope::Many(ascending(self.standings(id))))
        };
        match target {
            Target::Named(name) => match NameSpec::parse(name) {
                NameSpec { group: of, process: None } => group(&of, name),
                NameSpec { .. } => Ok(Scope::One(self.process_named(name)?, name.clone())),
            },
            Target::Group(name) => group(name, name),
            Target::All => {
                let mut ids: Vec<(i64, GroupId)> = self.groups.iter().map(|(id, g)| (g.config.priority, *id)).collect();
                ids.sort_unstable();
                Ok(Scope::Many(ids.into_iter().flat_map(|(_, id)| ascending(self.standings(id))).collect()))
            }
        }
    }

    fn request_one(
        &mut self,
        id: ProcessId,
        shown: String,
        wish: &Wish,
        ticket: Ticket,
        out: &mut Vec<Action>,
    ) -> Result<(), Refusal> {
        let state = self.process(id).map_or(ProcessState::Unknown, |process| process.state);
        let purpose = match wish {
            // The command is looked at before the state is (B1.6.2).
            Wish::Start { wait } => Purpose::Start { wait: *wait },
            Wish::Stop { wait } if state.is_running() => Purpose::Stop { wait: *wait },
            Wish::Signal(text) => {
                let signal = Signal::parse(text).map_err(|_| Refusal::BadSignal(text.clone()))?;
                if !state.is_signallable() {
                    return Err(Refusal::NotRunning(shown));
                }
                Purpose::Signal(signal)
            }
            Wish::Stop { .. } => return Err(Refusal::NotRunning(shown)),
        };
        let asked: Vec<Asked> = self.asked(id, Some(shown), 0).into_iter().collect();
        self.waits.open(ticket, purpose, true, &asked, out);
        out.push(begin(purpose, ticket, id));
        Ok(())
    }

    // B1.6.11, B1.6.17: members that do not qualify do not appear.
    fn request_many(&mut self, standings: &[Standing], wish: &Wish, ticket: Ticket, out: &mut Vec<Action>) {
        let qualifies = |state: ProcessState| match wish {
            Wish::Start { .. } => !state.is_running(),
            Wish::Stop { .. } => state.is_running(),
            Wish::Signal(_) => state.is_signallable(),
        };
        let members: Vec<Asked> = standings
            .iter()
            .filter(|member| qualifies(member.state))
            .enumerate()
            .filter_map(|(place, member)| self.asked(member.id, None, place))
            .collect();
        let purpose = match wish {
            Wish::Start { wait } => Purpose::Start { wait: *wait },
            Wish::Stop { wait } => Purpose::Stop { wait: *wait },
            Wish::Signal(text) => match Signal::parse(text) {
                Ok(signal) => Purpose::Signal(signal),
                Err(_) => {
                    let refused = |asked: Asked| Outcome {
                        name: asked.name,
                        group: asked.group,
                        result: Err(Refusal::BadSignal(text.clone())),
                    };
                    let answer = Answer::Many(members.into_iter().map(refused).collect());
                    return out.push(Action::Answer { ticket, answer });
                }
            },
        };
        self.waits.open(ticket, purpose, false, &members, out);
        out.extend(members.iter().map(|asked| begin(purpose, ticket, asked.id)));
    }

    fn asked(&self, id: ProcessId, shown: Option<String>, place: usize) -> Option<Asked> {
        let member = self.members.get(&id)?;
        let name = member.process.config.name.clone();
        let group = self.groups.get(&member.group)?.config.name.clone();
        let shown = shown.unwrap_or_else(|| namespec(&group, &name));
        Some(Asked { id, name, group, shown, place })
    }

    // B1.6.1
    pub(super) fn start_member(
        &mut self,
        ticket: Ticket,
        id: ProcessId,
        command: Result<(), CommandError>,
        now: Now,
        out: &mut Vec<Action>,
    ) {
        // Nobody is told when the caller has gone, and it is started all the same.
        let shown = self.waits.wanted(ticket, id).map(|(_, asked)| asked.shown.clone()).unwrap_or_default();
        let state = self.process(id).map_or(ProcessState::Unknown, |process| process.state);
        let refusal = match (command, state) {
            // The way out began between the request and this member's turn.
            _ if self.state != SupervisorState::Running => Some(Refusal::ShutdownState),
            (Err(error), _) => Some(error.into()),
            (Ok(()), state) if state.is_running() => Some(Refusal::AlreadyStarted(shown)),
            (Ok(()), ProcessState::Unknown) => Some(Refusal::Failed(format!("{shown} is in an unknown process state"))),
            (Ok(()), ProcessState::Stopping) => Some(Refusal::AbnormalTermination(shown)),
            (Ok(()), _) => None,
        };
        if let Some(refusal) = refusal {
            if state == ProcessState::Stopping && matches!(refusal, Refusal::AbnormalTermination(_)) {
                self.step(id, process::Input::Start, now, out); // A4.72: it says so
            }
            return self.waits.settle(ticket, id, Err(refusal), now.mono, out);
        }
        self.step(id, process::Input::Start, now, out);
        out.push(Action::Then(Input::Settle { ticket, id }));
    }

    // B1.6.8
    pub(super) fn stop_member(&mut self, ticket: Ticket, id: ProcessId, now: Now, out: &mut Vec<Action>) {
        let refused = self.process(id).and_then(process::Process::cannot_stop);
        self.step(id, process::Input::Stop, now, out);
        match refused {
            Some(text) => self.waits.settle(ticket, id, Err(Refusal::Failed(text)), now.mono, out),
            None => out.push(Action::Then(Input::Settle { ticket, id })),
        }
    }

    pub(super) fn signal_member(
        &mut self,
        ticket: Ticket,
        id: ProcessId,
        signal: Signal,
        now: Now,
        out: &mut Vec<Action>,
    ) {
        self.step(id, process::Input::Signal(signal), now, out);
        out.push(Action::Then(Input::Settle { ticket, id }));
    }

    /// What was asked has been tried: answer, or wait for the next change.
    pub(super) fn settle(&mut self, ticket: Ticket, id: ProcessId, now: Now, out: &mut Vec<Action>) {
        let Some((purpose, asked)) = self.waits.wanted(ticket, id) else { return };
        if let Some(result) = self.verdict(purpose, id, &asked.shown) {
            return self.waits.settle(ticket, id, result, now.mono, out);
        }
        self.waits.watch(ticket, id);
        if matches!(purpose, Purpose::Stop { .. }) {
            self.step(id, process::Input::Watch, now, out);
        }
    }

    /// `id` may have changed: settles whoever watches it.
    pub(super) fn settle_watchers(&mut self, id: ProcessId, now: Now, out: &mut Vec<Action>) {
        for ticket in self.waits.watchers(id) {
            let Some((purpose, asked)) = self.waits.wanted(ticket, id) else { continue };
            if let Some(result) = self.verdict(purpose, id, &asked.shown) {
                self.waits.settle(ticket, id, result, now.mono, out);
            }
        }
    }

    /// A signal could not be delivered: the callers who wanted it are told.
    pub(super) fn signal_refused(&mut self, id: ProcessId, text: &str, now: Now, out: &mut Vec<Action>) {
        for ticket in self.waits.asking(id) {
            if let Some((Purpose::Stop { .. } | Purpose::Signal(_), _)) = self.waits.wanted(ticket, id) {
                self.waits.settle(ticket, id, Err(Refusal::Failed(text.to_owned())), now.mono, out);
            }
        }
    }

    /// How `purpose` stands with `id`; `None` is not decided yet (B1.6.4).
    fn verdict(&self, purpose: Purpose, id: ProcessId, shown: &str) -> Option<Result<(), Refusal>> {
        let Some(process) = self.process(id) else {
            return Some(Err(Refusal::BadName(shown.to_owned())));
        };
        match purpose {
            Purpose::Start { .. } if process.spawnerr.is_some() => Some(Err(Refusal::SpawnError(shown.to_owned()))),
            Purpose::Start { wait: false } => Some(Ok(())),
            Purpose::Start { wait: true } => match process.state {
                ProcessState::Running => Some(Ok(())),
                ProcessState::Starting => None,
                _ => Some(Err(Refusal::AbnormalTermination(shown.to_owned()))),
            },
            Purpose::Stop { wait } => (!wait || process.state.is_stopped()).then_some(Ok(())),
            Purpose::Signal(_) => Some(Ok(())),
        }
    }
}

enum Scope {
    One(ProcessId, String),
    Many(Vec<Standing>),
}

/// The action that brings a member's turn.
fn begin(purpose: Purpose, ticket: Ticket, id: ProcessId) -> Action {
    match purpose {
        Purpose::Start { .. } => Action::CheckCommand { ticket, id },
        Purpose::Stop { .. } => Action::Then(Input::StopMember { ticket, id }),
        Purpose::Signal(signal) => Action::Then(Input::SignalMember { ticket, id, signal }),
    }
}
