//! The way out: group after group, the highest priority first (A4.92, A4.133).

use super::group::{GroupId, descending};
use super::input::{Action, Input, ProcessId};
use super::pool::Pool;
use super::{Manager, process};
use crate::model::{Level, LogLine, Now, ProcessState, Signal, SupervisorState};
use std::time::Duration;

/// How often the log says whom the shutdown waits for (A4.133).
const REPORT: Duration = Duration::from_secs(3);

/// How long the listeners of a pool have for the last events before they are told
/// to stop. Upstream's passes left them as long for each group (A4.93).
const PATIENCE: Duration = Duration::from_secs(1);

/// A shutdown or restart under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shutdown {
    /// Groups still to be stopped; the last is the next.
    pub(super) groups: Vec<GroupId>,
    /// The last of `groups` has been told to stop.
    pub(super) told: bool,
    /// The last of `groups` is a pool that owes events: until when it may.
    pub(super) patient_until: Option<Duration>,
    /// When the log next says whom we wait for.
    pub(super) report_at: Duration,
    /// `Finish` has been asked for.
    pub(super) finished: bool,
}

impl Manager {
    /// A signal to the daemon itself (A4.125–A4.132).
    pub(super) fn signalled(&mut self, signal: Signal, now: Now, out: &mut Vec<Action>) {
        let mut log = |level, text: String| out.push(Action::Log(LogLine::new(level, text)));
        match signal {
            Signal::TERM | Signal::INT | Signal::QUIT => {
                log(Level::Warn, format!("received {signal} indicating exit request"));
                self.begin_shutdown(SupervisorState::Shutdown, now, out);
            }
            Signal::HUP if self.state == SupervisorState::Shutdown => {
                log(Level::Warn, format!("ignored {signal} indicating restart request (shutdown in progress)"));
            }
            Signal::HUP => {
                log(Level::Warn, format!("received {signal} indicating restart request"));
                if self.state == SupervisorState::Running {
                    out.push(Action::PrepareRestart);
                }
            }
            Signal::CHLD => log(Level::Debug, format!("received {signal} indicating a child quit")),
            Signal::USR2 => {
                log(Level::Info, format!("received {signal} indicating log reopen request"));
                out.push(Action::ReopenLogs);
            }
            other => log(Level::Blather, format!("received {other} indicating nothing")),
        }
    }

    /// Leaves RUNNING for good. A restart under way may still become a
    /// shutdown; never the other way round (A4.126, A4.132).
    pub(super) fn begin_shutdown(&mut self, to: SupervisorState, now: Now, out: &mut Vec<Action>) {
        if to == SupervisorState::Running || self.state == SupervisorState::Shutdown {
            return;
        }
        self.state = to;
        if let Some(shutdown) = &self.shutdown {
            // The engine may not have acted on the first yet; the last counts.
            if shutdown.finished {
                out.push(Action::Finish(to));
            }
            return;
        }
        self.supervisor_stopping(out);
        let mut groups: Vec<GroupId> = self.groups.keys().copied().collect();
        groups.sort_by_key(|id| self.groups.get(id).map_or(0, |group| group.config.priority));
        let report_at = now.mono;
        self.shutdown = Some(Shutdown { groups, told: false, patient_until: None, report_at, finished: false });
        self.advance_shutdown(now, out);
    }

    /// Tells the next group to stop when the one before has; finishes behind
    /// the last. Groups with nothing to stop cost no time (A4.93), and listeners
    /// that owe nothing neither.
    pub(super) fn advance_shutdown(&mut self, now: Now, out: &mut Vec<Action>) {
        loop {
            let Some(shutdown) = &self.shutdown else { return };
            if shutdown.finished {
                return;
            }
            let Some(id) = shutdown.groups.last().copied() else { break };
            if !shutdown.told {
                if self.spares(id, now) {
                    return;
                }
                self.stop_group(id, out);
            }
            let unstopped = self.groups.get(&id).is_some_and(|group| group.unstopped() > 0);
            let Some(shutdown) = &mut self.shutdown else { return };
            shutdown.told = unstopped;
            shutdown.patient_until = None;
            if unstopped {
                return;
            }
            shutdown.groups.pop();
        }
        if let Some(shutdown) = &mut self.shutdown {
            shutdown.finished = true;
        }
        self.count_losses(Pool::end, out);
        out.push(Action::Finish(self.state));
    }

    /// Whether the group is not told yet, since it is a pool that has events for
    /// listeners who can take them: among them are always those about the
    /// shutdown itself and the programs that were stopped just before.
    fn spares(&mut self, id: GroupId, now: Now) -> bool {
        let owes = self.owes_events(id);
        let Some(shutdown) = self.shutdown.as_mut().filter(|_| owes) else { return false };
        now.mono < *shutdown.patient_until.get_or_insert(now.mono.saturating_add(PATIENCE))
    }

    /// When the shutdown wants to speak next, or loses its patience.
    pub(super) fn shutdown_deadline(&self) -> Option<Duration> {
        let shutdown = self.shutdown.as_ref().filter(|shutdown| !shutdown.finished)?;
        Some(shutdown.patient_until.map_or(shutdown.report_at, |until| until.min(shutdown.report_at)))
    }

    // A4.134
    fn stop_group(&mut self, id: GroupId, out: &mut Vec<Action>) {
        for member in descending(self.standings(id)) {
            if matches!(member.state, ProcessState::Running | ProcessState::Starting | ProcessState::Backoff) {
                out.push(Action::Then(Input::ShutdownMember(member.id)));
            }
        }
    }

    /// One member's turn in its group's stop.
    pub(super) fn shutdown_member(&mut self, id: ProcessId, now: Now, out: &mut Vec<Action>) {
        let input = match self.members.get(&id).map(|member| member.process.state) {
            Some(ProcessState::Running | ProcessState::Starting) => process::Input::Stop,
            Some(ProcessState::Backoff) => process::Input::GiveUp,
            _ => return,
        };
        self.step(id, input, now, out);
    }

    /// Asks for a report when it is time, behind everything that is under way: by
    /// then those who can be given up at once are not waited for any more.
    pub(super) fn plan_shutdown_report(&mut self, now: Now, out: &mut Vec<Action>) {
        if let Some(shutdown) = self.shutdown.as_mut().filter(|it| !it.finished && it.report_at <= now.mono) {
            shutdown.report_at = now.mono + REPORT;
            out.push(Action::Then(Input::ReportShutdown));
        }
    }

    /// Says whom the shutdown waits for, if anybody is left (A5.54, A5.55).
    pub(super) fn report_shutdown(&self, out: &mut Vec<Action>) {
        let unstopped: Vec<(&str, ProcessState)> = self
            .groups
            .values()
            .flat_map(|group| group.members())
            .filter_map(|id| self.members.get(id))
            .filter(|member| !member.process.state.is_stopped())
            .map(|member| (member.process.config.name.as_str(), member.process.state))
            .collect();
        if unstopped.is_empty() {
            return;
        }
        let names: Vec<&str> = unstopped.iter().map(|(name, _)| *name).collect();
        out.push(Action::Log(LogLine::new(Level::Info, format!("waiting for {} to die", names.join(", ")))));
        for (name, state) in unstopped {
            out.push(Action::Log(LogLine::new(Level::Blather, format!("{name} state: {state}"))));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Action, Input, Manager};
    use crate::model::{Level, LogLine, Now, Signal, SupervisorState};
    use std::time::Duration;

    /// A4.130: no other reaches us today
    #[test]
    fn a_signal_that_means_nothing_is_a_line_for_the_most_curious() {
        let now = Now { mono: Duration::from_secs(1000), wall: Duration::from_secs(1_700_000_001) };
        let mut manager = Manager::new("supervisor".to_owned(), vec![], 0);
        let mut out = vec![];
        manager.input(Input::Signalled(Signal::from_number(10).unwrap()), now, &mut out);
        let line = LogLine::new(Level::Blather, "received SIGUSR1 indicating nothing");
        assert_eq!((out, manager.state()), (vec![Action::Log(line)], SupervisorState::Running));
    }

    /// A4.126: between the end of a restart's way out and the next life.
    #[test]
    fn a_restart_that_has_finished_may_still_become_a_shutdown() {
        let now = Now { mono: Duration::from_secs(1000), wall: Duration::from_secs(1_700_000_001) };
        let mut manager = Manager::new("supervisor".to_owned(), vec![], 0);
        let mut out = vec![];
        manager.input(Input::Leave(SupervisorState::Restarting), now, &mut out);
        manager.input(Input::Signalled(Signal::TERM), now, &mut out);
        manager.input(Input::Signalled(Signal::TERM), now, &mut out);
        out.retain(|action| matches!(action, Action::Finish(_)));
        assert_eq!(out, [SupervisorState::Restarting, SupervisorState::Shutdown].map(Action::Finish));
    }
}
