//! The daemon by the contract: its start, its passes, its signals and its end
//! (A4.85–A4.93, A4.125–A4.134, A6.40, A6.41).

use super::{Group, Shadow};
use crate::manager::ProcessId;
use crate::manager::event::{Event, Period};
use crate::manager::sim::seen::Seen;
use crate::model::{ExitStatus, Level, ProcessState, Signal, SupervisorState};
use std::time::Duration;

/// A shutdown or restart under way.
pub(super) struct Leaving {
    /// Names of the groups that are still to be stopped, the next one last.
    groups: Vec<String>,
    /// The next one was told.
    told: bool,
    /// Until when the next one may owe events; and that moment was noticed.
    patient_until: Option<Duration>,
    impatient: bool,
    /// At once, then every three seconds.
    next_report: Duration,
    finished: bool,
}

impl Shadow {
    /// A4.89: everything that wants to start does, in one go.
    pub(super) fn boot(&mut self) {
        self.booted = true;
        self.slices = self.slices_now();
        self.raise(Event::SupervisorRunning);
        for group in self.by_priority() {
            group.members.into_iter().for_each(|id| self.autostart(id));
        }
    }

    /// A4.10, with the timers in the order in which they ran out; those of one
    /// moment as a pass would come to them.
    pub(super) fn wake(&mut self) {
        self.tick();
        self.report();
        let mut due: Vec<(Duration, ProcessId)> =
            self.programs.keys().filter_map(|id| Some((self.next_move(*id)?, *id))).collect();
        due.retain(|(at, _)| *at <= self.now.mono);
        due.sort();
        for (_, id) in due {
            self.transition(id);
            self.advance();
        }
        self.lose_patience();
        self.advance();
    }

    /// A4.39, A4.121
    pub(super) fn reap(&mut self, pid: i32, status: ExitStatus) {
        let ours = self.programs.iter().find(|(_, program)| program.pid == pid).map(|(id, _)| *id);
        match ours {
            Some(id) => self.finish(id, status),
            None => self.say(Level::Info, format!("reaped unknown pid {pid} ({status})")),
        }
        self.lose_patience();
        self.advance();
    }

    /// A4.125–A4.132
    pub(super) fn daemon_signal(&mut self, signal: Signal) {
        match signal {
            Signal::TERM | Signal::INT | Signal::QUIT => {
                self.say(Level::Warn, format!("received {signal} indicating exit request"));
                self.leave(SupervisorState::Shutdown);
            }
            Signal::HUP if self.mood == SupervisorState::Shutdown => {
                let text = "ignored SIGHUP indicating restart request (shutdown in progress)";
                self.say(Level::Warn, text.to_owned());
            }
            Signal::HUP => {
                self.say(Level::Warn, "received SIGHUP indicating restart request".to_owned());
                // A4.139: nothing is stopped for a broken configuration.
                if self.mood == SupervisorState::Running && self.chance.config_is_good() {
                    self.leave(SupervisorState::Restarting);
                }
            }
            Signal::CHLD => self.say(Level::Debug, "received SIGCHLD indicating a child quit".to_owned()),
            Signal::USR2 => {
                self.say(Level::Info, "received SIGUSR2 indicating log reopen request".to_owned());
                self.seen.push(Seen::Reopened);
            }
            other => self.say(Level::Blather, format!("received {other} indicating nothing")),
        }
    }

    /// A4.126, A4.132, A4.133, A6.40
    pub(super) fn leave(&mut self, to: SupervisorState) {
        if self.mood == SupervisorState::Shutdown {
            return;
        }
        self.mood = to;
        if let Some(leaving) = &self.leaving {
            if leaving.finished {
                self.seen.push(Seen::Finished(to));
            }
            return;
        }
        self.raise(Event::SupervisorStopping);
        let groups = self.by_priority().into_iter().map(|group| group.name).collect();
        self.leaving = Some(Leaving {
            groups,
            told: false,
            patient_until: None,
            impatient: false,
            next_report: self.now.mono,
            finished: false,
        });
        self.advance();
    }

    /// A4.91–A4.93, A4.133, A4.134: the last group is told; when it is stopped
    /// it is the turn of the one before it. A pool that owes events has a second
    /// before it is told, as the passes of a loop would give it.
    pub(super) fn advance(&mut self) {
        loop {
            let now = self.now.mono;
            let owes = self.leaving.as_ref().and_then(|it| it.groups.last()).is_some_and(|name| self.owes(name));
            let Some(leaving) = self.leaving.as_mut().filter(|leaving| !leaving.finished) else { return };
            let Some(name) = leaving.groups.last().cloned() else {
                leaving.finished = true;
                return self.seen.push(Seen::Finished(self.mood));
            };
            if owes && !leaving.told && !leaving.impatient {
                leaving.patient_until = leaving.patient_until.or(Some(now + Duration::from_secs(1)));
                return;
            }
            (leaving.patient_until, leaving.impatient) = (None, false);
            let told = std::mem::replace(&mut leaving.told, true);
            let members = self.group(&name).map(|group| group.members.clone()).unwrap_or_default();
            if !told {
                self.sorted(&members).into_iter().rev().for_each(|id| self.stop_for_good(id));
            }
            if members.iter().any(|id| !self.has_stopped(*id)) {
                return;
            }
            if let Some(leaving) = &mut self.leaving {
                leaving.groups.pop();
                leaving.told = false;
            }
        }
    }

    fn lose_patience(&mut self) {
        let now = self.now.mono;
        if let Some(leaving) = &mut self.leaving {
            leaving.impatient = leaving.patient_until.is_some_and(|until| until <= now);
        }
    }

    pub(super) fn patient_until(&self) -> Option<Duration> {
        self.leaving.as_ref().and_then(|leaving| leaving.patient_until)
    }

    fn stop_for_good(&mut self, id: ProcessId) {
        let Some(program) = self.programs.get(&id) else { return };
        match program.state {
            ProcessState::Running | ProcessState::Starting => {
                let signal = program.config.stopsignal;
                self.kill(id, signal);
            }
            ProcessState::Backoff => self.give_up(id),
            _ => return,
        }
        self.settle(id);
    }

    /// A4.133: names in the order in which groups came to be.
    fn report(&mut self) {
        let now = self.now.mono;
        let due = self.next_report().is_some_and(|at| at <= now);
        let Some(leaving) = self.leaving.as_mut().filter(|_| due) else { return };
        leaving.next_report = now + Duration::from_secs(3);
        let members: Vec<ProcessId> = self.groups.iter().flat_map(|group| group.members.clone()).collect();
        let left = members.into_iter().filter_map(|id| self.programs.get(&id));
        let left: Vec<(String, ProcessState)> = left
            .filter(|program| !is_stopped(program.state))
            .map(|program| (program.config.name.clone(), program.state))
            .collect();
        let names: Vec<&str> = left.iter().map(|(name, _)| name.as_str()).collect();
        self.say(Level::Info, format!("waiting for {} to die", names.join(", ")));
        for (name, state) in left {
            self.say(Level::Blather, format!("{name} state: {state}"));
        }
    }

    pub(super) fn next_report(&self) -> Option<Duration> {
        self.leaving.as_ref().filter(|leaving| !leaving.finished).map(|leaving| leaving.next_report)
    }

    pub(super) fn has_stopped(&self, id: ProcessId) -> bool {
        self.programs.get(&id).is_none_or(|program| is_stopped(program.state))
    }

    /// Groups as they start: by priority, then as they came to be (A4.87, A4.90).
    pub(super) fn by_priority(&self) -> Vec<Group> {
        let mut groups = self.groups.clone();
        groups.sort_by_key(|group| group.priority);
        groups
    }

    /// Members as calls and stops go through them (A4.91).
    pub(super) fn sorted(&self, members: &[ProcessId]) -> Vec<ProcessId> {
        let mut members = members.to_vec();
        members.sort_by_key(|id| self.programs.get(id).map(|program| program.config.priority));
        members
    }

    /// A6.41
    fn tick(&mut self) {
        let now = self.slices_now();
        let before = std::mem::replace(&mut self.slices, now);
        for (number, period) in [Period::Five, Period::Minute, Period::Hour].into_iter().enumerate() {
            if before[number] != now[number] {
                self.raise(Event::Tick { period, when: now[number] });
            }
        }
    }

    fn slices_now(&self) -> [u64; 3] {
        [5, 60, 3600].map(|length| self.now.wall.as_secs() / length * length)
    }

    pub(super) fn next_tick(&self) -> Option<Duration> {
        if !self.booted {
            return None;
        }
        let five = self.slices_now()[0];
        if five != self.slices[0] {
            return Some(self.now.mono);
        }
        Some(self.now.mono + Duration::from_secs(five + 5) - self.now.wall)
    }
}

/// A4.2
pub(super) fn is_stopped(state: ProcessState) -> bool {
    use ProcessState::{Exited, Fatal, Stopped, Unknown};
    matches!(state, Stopped | Exited | Fatal | Unknown)
}
