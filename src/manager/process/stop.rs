//! Stopping and signalling: the way down, and what can go wrong on it
//! (A4.22–A4.27, A4.75–A4.80).

use super::{Context, Effect, Process, Purpose, secs};
use crate::model::{ExitStatus, Level, ProcessState, Signal};
use std::time::Duration;

/// SIGKILL is not repeated sooner than this, however short `stopwaitsecs` is;
/// upstream has the same brake by accident.
const KILL_FLOOR: Duration = Duration::from_secs(1);

/// How often a stop that somebody waits for is mentioned in the log (A4.80).
const STOP_REPORT: Duration = Duration::from_secs(2);

impl Process {
    // A4.24, A4.75, A4.76
    pub(super) fn begin_stop(&mut self, signal: Signal, cx: Context, out: &mut Vec<Effect>) {
        let Some(pid) = self.pid else {
            return self.not_running("attempted to kill", signal, out);
        };
        let escalation = self.state == ProcessState::Stopping;
        let group = if escalation { self.config.killasgroup } else { self.config.stopasgroup };
        let whom = if group { "process group " } else { "" };
        self.log(Level::Debug, format!("killing {} (pid {pid}) {whom}with signal {signal}", self.config.name), out);
        self.killing = true;
        self.enter(ProcessState::Stopping, out);
        let patience = secs(self.config.stopwaitsecs);
        let patience = if escalation { patience.max(KILL_FLOOR) } else { patience };
        self.deadline = Some(cx.now.mono + patience);
        out.push(Effect::Signal { signal, pid, group, purpose: Purpose::Stop });
    }

    // A4.22
    pub(super) fn stop_in_backoff(&mut self, out: &mut Vec<Effect>) {
        self.log(Level::Debug, format!("Attempted to kill {}, which is in BACKOFF state.", self.config.name), out);
        self.backoff = 0;
        self.enter(ProcessState::Stopped, out);
    }

    // A4.23: no line in the log, since nothing went wrong.
    pub(super) fn give_up(&mut self, out: &mut Vec<Effect>) {
        self.enter(ProcessState::Fatal, out);
        self.backoff = 0;
    }

    // A4.26, A4.80
    pub(super) fn stop_takes_long(&mut self, cx: Context, out: &mut Vec<Effect>) {
        if self.watched {
            self.report_stop(cx, out);
        }
        if self.due(cx) {
            let pid = self.pid.unwrap_or_default();
            self.log(Level::Warn, format!("killing '{}' ({pid}) with SIGKILL", self.config.name), out);
            self.begin_stop(Signal::KILL, cx, out);
        }
    }

    pub(super) fn watch(&mut self, cx: Context, out: &mut Vec<Effect>) {
        self.watched = true;
        self.report_stop(cx, out);
    }

    /// Nobody waits for the stop any more.
    pub(in crate::manager) fn unwatch(&mut self) {
        self.watched = false;
    }

    fn report_stop(&mut self, cx: Context, out: &mut Vec<Effect>) {
        if self.report_at.is_none_or(|at| at <= cx.now.mono) {
            self.log(Level::Info, format!("waiting for {} to stop", self.config.name), out);
            self.report_at = Some(cx.now.mono + STOP_REPORT);
        }
    }

    // A4.79
    pub(super) fn send(&mut self, signal: Signal, out: &mut Vec<Effect>) {
        let Some(pid) = self.pid else {
            return self.not_running("attempted to send", signal, out);
        };
        self.log(Level::Debug, format!("sending {} (pid {pid}) sig {signal}", self.config.name), out);
        out.push(Effect::Signal { signal, pid, group: false, purpose: Purpose::Plain });
    }

    pub(super) fn not_running(&self, attempt: &str, signal: Signal, out: &mut Vec<Effect>) {
        self.log(Level::Debug, self.nobody_to(attempt, signal), out);
    }

    fn nobody_to(&self, attempt: &str, signal: Signal) -> String {
        let with = if attempt.ends_with("kill") { "with " } else { "" };
        format!("{attempt} {} {with}sig {signal} but it wasn't running", self.config.name)
    }

    /// What a caller is told who wants it stopped before there is a child (A4.78).
    pub(in crate::manager) fn cannot_stop(&self) -> Option<String> {
        let childless = self.state == ProcessState::Starting && self.pid.is_none();
        childless.then(|| self.nobody_to("attempted to kill", self.config.stopsignal))
    }

    // A4.27, A4.77, A4.79
    pub(super) fn signal_failed(&mut self, purpose: Purpose, error: &str, gone: bool, out: &mut Vec<Effect>) {
        let name = &self.config.name;
        let pid = self.pid.unwrap_or_default();
        if gone {
            let just = match purpose {
                Purpose::Stop => "just",
                Purpose::Plain => "just now",
            };
            let text = format!("unable to signal {name} (pid {pid}), it probably {just} exited on its own: {error}");
            return self.log(Level::Debug, text, out);
        }
        self.log(Level::Critical, self.signal_failure(purpose, error), out);
        self.killing = false;
        self.enter(ProcessState::Unknown, out);
    }

    /// What a caller is told, and the log, when a signal cannot be sent (A5.71).
    pub(in crate::manager) fn signal_failure(&self, purpose: Purpose, error: &str) -> String {
        let attempt = match purpose {
            Purpose::Stop => "killing",
            Purpose::Plain => "sending sig",
        };
        format!("unknown problem {attempt} {} ({}):{error}", self.config.name, self.pid.unwrap_or_default())
    }

    // A4.25, A5.62
    pub(super) fn stopped(&mut self, status: ExitStatus, cx: Context, out: &mut Vec<Effect>) {
        self.laststop = Some(cx.now);
        self.killing = false;
        self.exitstatus = Some(status.code());
        // Upstream lets the count of failed starts survive a stop (A4.30); we do not.
        self.backoff = 0;
        self.enter(ProcessState::Stopped, out);
        self.pid = None;
        let level = if self.expects(status.code()) { Level::Info } else { Level::Warn };
        self.log(level, format!("stopped: {} ({status})", self.config.name), out);
    }
}
