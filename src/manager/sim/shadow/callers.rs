//! Clients by the contract: who is started, stopped or signalled for them, and
//! what they hear (B1.6, B1.7, B1.12).

use super::Shadow;
use super::daemon::is_stopped;
use crate::manager::{Answer, Outcome, ProcessId, Refusal, Target, Ticket, Wish};
use crate::model::{ProcessState, Signal};
use std::time::Duration;

/// A call that has not been answered.
pub(super) struct Call {
    pub(super) ticket: Ticket,
    wish: Wish,
    /// Of one process, not of a group.
    single: bool,
    /// Members without a result.
    open: Vec<Open>,
    /// When, as which of those that were chosen, and how.
    done: Vec<(Duration, usize, Outcome)>,
}

struct Open {
    id: ProcessId,
    /// How refusals name it.
    shown: String,
    /// It was its turn; what counts from now on is what becomes of it.
    begun: bool,
    place: usize,
}

impl Shadow {
    /// Is answered at once with an error, or later (B1.6).
    pub(super) fn ask(&mut self, ticket: Ticket, target: &Target, wish: &Wish) -> Result<(), Refusal> {
        let (single, members) = self.meant(target)?;
        let known = match wish {
            Wish::Signal(text) => Signal::parse(text).map_err(|_| Refusal::BadSignal(text.clone())),
            Wish::Start { .. } | Wish::Stop { .. } => Ok(Signal::TERM),
        };
        let (fit, unfit): (Vec<_>, Vec<_>) = members.into_iter().partition(|(id, _)| self.fits(*id, wish));
        let mut chosen = fit;
        if single {
            known.clone()?;
            match wish {
                // B1.6.2: the file comes before the state.
                Wish::Start { .. } => chosen.extend(unfit),
                Wish::Stop { .. } | Wish::Signal(_) => {
                    if let Some((_, shown)) = unfit.into_iter().next() {
                        return Err(Refusal::NotRunning(shown));
                    }
                }
            }
        }
        let ids: Vec<ProcessId> = chosen.iter().map(|(id, _)| *id).collect();
        let open = chosen.into_iter().enumerate();
        let open = open.map(|(place, (id, shown))| Open { id, shown, begun: false, place }).collect();
        self.calls.push(Call { ticket, wish: wish.clone(), single, open, done: vec![] });
        for id in ids {
            match (&known, wish) {
                (Err(refusal), _) => self.tell(ticket, id, Err(refusal.clone())),
                (_, Wish::Start { .. }) => self.start_for(ticket, id),
                (_, Wish::Stop { .. }) => self.stop_for(ticket, id),
                (Ok(signal), Wish::Signal(_)) => {
                    let failed = self.signal(id, *signal);
                    self.tell(ticket, id, failed.map_or(Ok(()), |text| Err(Refusal::Failed(text))));
                }
            }
            self.advance();
        }
        self.answer(ticket);
        Ok(())
    }

    /// B1.4, B1.6.15: whether it is one process, and who is meant.
    fn meant(&self, target: &Target) -> Result<(bool, Vec<(ProcessId, String)>), Refusal> {
        let name = match target {
            Target::Named(name) => name,
            Target::Group(name) => return Ok((false, self.all_of(name, name)?)),
            Target::All => {
                let all = self.by_priority().into_iter().map(|group| self.all_of(&group.name, &group.name));
                return Ok((false, all.collect::<Result<Vec<_>, _>>()?.concat()));
            }
        };
        let (group, process) = name.split_once(':').unwrap_or((name, name));
        if process.is_empty() || process == "*" {
            return Ok((false, self.all_of(group, name)?));
        }
        let members = self.group(group).map(|group| group.members.as_slice()).unwrap_or_default();
        let named = |id: &&ProcessId| self.programs.get(id).is_some_and(|program| program.config.name == process);
        let id = members.iter().rev().find(named).ok_or_else(|| Refusal::BadName(name.clone()))?;
        Ok((true, vec![(*id, name.clone())]))
    }

    fn all_of(&self, group: &str, shown: &str) -> Result<Vec<(ProcessId, String)>, Refusal> {
        let group = self.group(group).ok_or_else(|| Refusal::BadName(shown.to_owned()))?;
        let spec = |id: ProcessId| {
            let process = self.programs.get(&id).map(|program| program.config.name.as_str()).unwrap_or_default();
            // A4.96
            if process == group.name { process.to_owned() } else { format!("{}:{process}", group.name) }
        };
        Ok(self.sorted(&group.members).into_iter().map(|id| (id, spec(id))).collect())
    }

    /// A4.2, B1.6.8, B1.6.11, B1.6.16
    fn fits(&self, id: ProcessId, wish: &Wish) -> bool {
        use ProcessState::{Backoff, Running, Starting, Stopping};
        let Some(program) = self.programs.get(&id) else { return false };
        match wish {
            Wish::Start { .. } => !matches!(program.state, Running | Backoff | Starting),
            Wish::Stop { .. } => matches!(program.state, Running | Backoff | Starting),
            Wish::Signal(_) => matches!(program.state, Running | Starting | Stopping),
        }
    }

    /// B1.6.1–B1.6.7
    fn start_for(&mut self, ticket: Ticket, id: ProcessId) {
        let Some(shown) = self.shown(ticket, id) else { return };
        if let Err(error) = self.chance.command() {
            return self.tell(ticket, id, Err(error.into()));
        }
        let state = self.programs.get(&id).map_or(ProcessState::Unknown, |program| program.state);
        let refusal = match state {
            ProcessState::Running | ProcessState::Backoff | ProcessState::Starting => Refusal::AlreadyStarted(shown),
            ProcessState::Unknown => Refusal::Failed(format!("{shown} is in an unknown process state")),
            ProcessState::Stopping => {
                self.spawn(id); // A4.72
                Refusal::AbnormalTermination(shown)
            }
            ProcessState::Stopped | ProcessState::Exited | ProcessState::Fatal => {
                self.spawn(id);
                return self.settle_for(ticket, id);
            }
        };
        self.tell(ticket, id, Err(refusal));
    }

    /// B1.6.8–B1.6.10
    fn stop_for(&mut self, ticket: Ticket, id: ProcessId) {
        let Some(signal) = self.programs.get(&id).map(|program| program.config.stopsignal) else { return };
        match self.kill(id, signal) {
            Some(text) => self.tell(ticket, id, Err(Refusal::Failed(text))),
            None => self.settle_for(ticket, id),
        }
        self.stop_report(id);
    }

    /// Whether somebody waits for it to be down.
    pub(super) fn is_waited_down(&self, id: ProcessId) -> bool {
        let stops = self.calls.iter().filter(|call| matches!(call.wish, Wish::Stop { .. }));
        stops.flat_map(|call| &call.open).any(|open| open.id == id && open.begun)
    }

    /// Something has happened to it: whoever waits may hear.
    pub(super) fn settle(&mut self, id: ProcessId) {
        let waits = |call: &&Call| call.open.iter().any(|open| open.id == id && open.begun);
        let tickets: Vec<Ticket> = self.calls.iter().filter(waits).map(|call| call.ticket).collect();
        for ticket in tickets {
            self.settle_for(ticket, id);
        }
    }

    /// B1.6.3, B1.6.4, B1.6.8
    fn settle_for(&mut self, ticket: Ticket, id: ProcessId) {
        let Some(call) = self.calls.iter_mut().find(|call| call.ticket == ticket) else { return };
        let Some(open) = call.open.iter_mut().find(|open| open.id == id) else { return };
        open.begun = true;
        let shown = open.shown.clone();
        let Some(program) = self.programs.get(&id) else { return };
        let result = match call.wish {
            Wish::Start { .. } if program.spawnerr.is_some() => Err(Refusal::SpawnError(shown)),
            Wish::Start { wait: false } => Ok(()),
            Wish::Start { wait: true } => match program.state {
                ProcessState::Running => Ok(()),
                ProcessState::Starting => return,
                _ => Err(Refusal::AbnormalTermination(shown)),
            },
            Wish::Stop { wait } if wait && !is_stopped(program.state) => return,
            Wish::Stop { .. } => Ok(()),
            Wish::Signal(_) => return,
        };
        self.tell(ticket, id, result);
    }

    fn shown(&self, ticket: Ticket, id: ProcessId) -> Option<String> {
        let call = self.calls.iter().find(|call| call.ticket == ticket)?;
        call.open.iter().find(|open| open.id == id).map(|open| open.shown.clone())
    }

    fn tell(&mut self, ticket: Ticket, id: ProcessId, result: Result<(), Refusal>) {
        let Some(names) = self.names(id) else { return };
        let Some(call) = self.calls.iter_mut().find(|call| call.ticket == ticket) else { return };
        let Some(at) = call.open.iter().position(|open| open.id == id) else { return };
        let outcome = Outcome { name: names.name, group: names.group, result };
        call.done.push((self.now.mono, call.open.remove(at).place, outcome));
        self.answer(ticket);
    }

    /// B1.7.4: results in the order of completion. Those that a pass of the
    /// loop finds at once come in the order of the actions.
    fn answer(&mut self, ticket: Ticket) {
        let done = |call: &Call| call.ticket == ticket && call.open.is_empty();
        let Some(place) = self.calls.iter().position(done) else { return };
        let mut call = self.calls.remove(place);
        let answer = match call.single {
            true => call.done.pop().map(|(_, _, outcome)| Answer::One(outcome.result)),
            false => {
                call.done.sort_by_key(|(at, place, _)| (*at, *place));
                Some(Answer::Many(call.done.into_iter().map(|(_, _, outcome)| outcome).collect()))
            }
        };
        self.answers.extend(answer.map(|answer| (ticket, answer)));
    }
}
