//! Carrying out what the manager decided, in its order.
//!
//! An action that has a result feeds it back before the actions behind it are
//! looked at. A turn's time is bounded: a start of ten thousand programs is
//! spread over many turns, between which connections are served.

use super::Engine;
use super::stdin::{Pending, Undelivered};
use crate::manager::{Action, Answer, Input, ProcessId, Ticket};
use crate::model::{Level, Now, Signal};
use crate::rpc::Reply;
use crate::rpc::refuse;
use crate::sys::errno::os_error_text;
use crate::sys::panics::caught;
use crate::sys::{clock, kill};
use std::io;

impl Engine {
    /// Tells the manager something and carries out what follows.
    pub(super) fn feed(&mut self, input: Input, now: Now) {
        let mut out = vec![];
        self.guarded(|engine| engine.manager.input(input, now, &mut out));
        self.carry_out(out, now);
    }

    /// Carries out what the manager asked for outside of `feed`.
    pub(super) fn carry_out(&mut self, actions: Vec<Action>, now: Now) {
        self.queue.extend(actions);
        if !self.turn_is_over() {
            self.perform_queue(now);
        }
    }

    /// Works off the queue until it is empty or the turn is over.
    pub(super) fn perform_queue(&mut self, now: Now) {
        while let Some(action) = self.queue.pop_front() {
            let mut out = vec![];
            self.guarded(|engine| {
                for result in engine.perform(action) {
                    engine.manager.input(result, now, &mut out);
                }
            });
            for action in out.into_iter().rev() {
                self.queue.push_front(action);
            }
            self.read_newborn();
            if self.turn_is_over() {
                return;
            }
        }
    }

    fn turn_is_over(&self) -> bool {
        clock::now().mono >= self.turn_end
    }

    /// What comes of it is for the manager to know before anything else is done.
    pub(super) fn perform(&mut self, action: Action) -> Vec<Input> {
        match action {
            Action::Log(line) => self.write(line),
            Action::Spawn(id) => {
                // Not told of, its state would never end.
                let spawned = caught(|| self.spawn(id)).unwrap_or_else(|text| Err(format!("panic: {text}")));
                let spawned = match spawned {
                    Ok(pid) => Input::Spawned { id, pid },
                    Err(error) => return vec![Input::SpawnFailed { id, error }],
                };
                return self.exit_of_namesake(&spawned).into_iter().chain([spawned]).collect();
            }
            Action::Kill { id, pid, signal, group, purpose } => {
                let Err(error) = self.kill(id, pid, signal, group) else { return vec![] };
                let gone = error.raw_os_error() == Some(libc::ESRCH);
                return vec![Input::SignalFailed { id, purpose, error: os_error_text(&error), gone }];
            }
            Action::CheckCommand { ticket, id } => {
                let command = self.check_command(id);
                return vec![Input::StartMember { ticket, id, command }];
            }
            Action::Then(input) => return vec![input],
            Action::Feed { id, bytes, said } => {
                let queued = self.stdins.queue(id, &bytes, self.poller.get_ref());
                if !matches!(queued, Ok(_) | Err(Undelivered::Begun)) {
                    return vec![Input::ListenerDeaf { id }];
                }
                self.write(said);
                if queued == Ok(Pending::Much) {
                    return vec![Input::ListenerLags { id }];
                }
            }
            // In a long queue a start may have come first: all is the new child's.
            Action::Release(id) if self.manager.process(id).is_some_and(|process| process.pid.is_some()) => {}
            Action::Release(id) => self.release(id),
            Action::LookBehind { name, pid } => self.look_behind(name, pid),
            Action::Answer { ticket, answer } => self.answer(ticket, answer),
            Action::ReopenLogs => {
                self.log(Level::Info, "supervisord logreopen");
                self.pump.reopen_all();
            }
            Action::Finish(state) => self.ended = Some(state),
            // Whoever sent the signal is not told; the log is.
            Action::PrepareRestart => self.want_restart(None),
        }
        vec![]
    }

    /// What waited in a long queue may come to its turn when the child has been
    /// reaped, and its pid is a stranger's or another child's.
    fn kill(&self, id: ProcessId, pid: i32, signal: Signal, group: bool) -> io::Result<()> {
        let owner = self.manager.owner_of(pid);
        match group {
            // Of a dead child's group somebody may be left, who is meant too.
            true if owner.is_none_or(|owner| owner == id) => kill::kill_group(pid, signal),
            false if owner == Some(id) && !self.draining.contains_key(&id) => kill::kill(pid, signal),
            _ => Err(io::Error::from_raw_os_error(libc::ESRCH)),
        }
    }

    fn answer(&mut self, ticket: Ticket, answer: Answer) {
        let Some(caller) = self.answers.remove(&ticket) else { return };
        let reply = match answer {
            Answer::One(Ok(())) => Ok(Reply::Done),
            Answer::One(Err(refusal)) => Err(refusal.into()),
            Answer::Many(outcomes) => Ok(Reply::Results(outcomes.iter().map(refuse::result_entry).collect())),
        };
        // A caller that has gone away does not need the answer.
        drop(caller.send(reply));
    }
}
