//! Another life, on what the configuration has become: it is read, and seen
//! whether it could begin, before anything is stopped (A4.139). Aside, for a disk
//! that is looked at may hang; until that is done everything runs on, and a
//! shutdown does not wait for it.

use super::Engine;
use super::handle::Caller;
use super::handle::aside::Work;
use crate::config::{self, Config};
use crate::manager::Input;
use crate::model::{Level, Now, SupervisorState};
use crate::rpc::{Fault, FaultCode, Reply};
use std::fmt::Display;

/// The configuration that a life could begin with, or why none could.
pub(super) type Seen = Result<Box<Config>, Refused>;

/// A restart that does not happen.
#[derive(Debug)]
pub(super) struct Refused {
    /// What is wrong.
    what: &'static str,
    why: String,
}

impl Refused {
    fn new(what: &'static str, why: &dyn Display) -> Self {
        Self { what, why: why.to_string() }
    }
}

/// Those who want a restart. There is one look at a time, whoever asks.
#[derive(Debug, Default)]
pub(super) struct Restarts {
    looking: Option<Work<Seen>>,
    /// Who waits for that look.
    callers: Vec<Caller>,
    /// Somebody asked behind its beginning: what it sees may be old for them.
    again: bool,
    /// Who of them waits for an answer.
    next: Vec<Caller>,
}

impl Restarts {
    /// What was seen, `None` after a panic; never, when nobody looks. It can be had
    /// once.
    pub(super) async fn result(&mut self) -> Option<Seen> {
        match &mut self.looking {
            Some(looking) => looking.await.ok().flatten(),
            None => std::future::pending().await,
        }
    }

    /// Nothing is kept for callers that have gone; the restart is wanted all the same.
    pub(super) fn forget_gone(&mut self) {
        self.callers.retain(|caller| !caller.is_closed());
        self.next.retain(|caller| !caller.is_closed());
    }

    /// How many wait for an answer.
    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.callers.len() + self.next.len()
    }

    #[cfg(test)]
    pub(super) fn is_looking(&self) -> bool {
        self.looking.is_some()
    }

    /// Nobody wants it any more; all who wait for it.
    pub(super) fn give_up(&mut self) -> Vec<Caller> {
        let Self { callers, next, .. } = std::mem::take(self);
        callers.into_iter().chain(next).collect()
    }
}

impl Engine {
    /// SIGHUP, which nobody waits for, and `restart`, which is answered when it is
    /// known what comes of it.
    pub(super) fn want_restart(&mut self, caller: Option<Caller>) {
        self.restarts.again = true;
        self.restarts.next.extend(caller);
        if self.restarts.looking.is_none() {
            self.look_again();
        }
    }

    /// Looks for all who have asked so far.
    fn look_again(&mut self) {
        if self.manager.state() != SupervisorState::Running {
            return self.give_up_reading();
        }
        if std::mem::take(&mut self.restarts.again) {
            self.restarts.callers = std::mem::take(&mut self.restarts.next);
            let (source, rehearse) = (self.source.clone(), self.rehearse);
            // What this life holds is what is active now.
            let now = Config { groups: self.manager.active().cloned().collect(), ..self.config.clone() };
            let look = move || {
                let read = config::load(&source).and_then(|read| read.check_start().map(|()| read));
                let read = read.map_err(|error| Refused::new("the configuration has an error", &error))?;
                let begun = rehearse(&read, &now);
                begun.map_err(|error| Refused::new("the configuration cannot be started", &error))?;
                Ok(Box::new(read))
            };
            self.restarts.looking = Some(self.inbox.aside.begin("a restart", look));
        }
    }

    /// It has been seen what a restart would come to, or could not be.
    pub(super) fn take_seen(&mut self, seen: Option<Seen>, now: Now) {
        self.restarts.looking = None;
        if self.manager.state() != SupervisorState::Running {
            return self.give_up_reading();
        }
        let callers = std::mem::take(&mut self.restarts.callers);
        let reply = match seen {
            Some(Ok(read)) => {
                self.next = Some(*read);
                self.feed(Input::Leave(SupervisorState::Restarting), now);
                Ok(Reply::Done)
            }
            Some(Err(Refused { what, why })) => {
                self.log(Level::Critical, format!("restart refused, {what} and the running one stays: {why}"));
                Err(Fault::with(FaultCode::CantReread, why))
            }
            // The log tells of it.
            None => Err(Fault::new(FaultCode::Failed)),
        };
        callers.into_iter().for_each(|caller| drop(caller.send(reply.clone())));
        self.look_again();
    }

    /// What a daemon that leaves would read comes too late: who waits for it is told
    /// so at once (B1.13.1).
    pub(super) fn give_up_reading(&mut self) {
        let callers = self.rereads.give_up().into_iter().chain(self.restarts.give_up());
        callers.for_each(|caller| drop(caller.send(Err(Fault::new(FaultCode::ShutdownState)))));
    }
}
