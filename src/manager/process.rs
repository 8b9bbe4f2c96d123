//! The life of one process, as a pure state machine (A4.1–A4.39).
//!
//! Forks nothing, reads no clock, writes no log: an [`Input`] and the time go
//! in, [`Effect`]s come out, and [`Process::deadline`] tells when the machine
//! next wants a [`Input::Wake`].
//!
//! ```text
//!            Start               startsecs passed
//!  STOPPED ---------> STARTING -----------------> RUNNING
//!  EXITED  <-----+      |   ^                      |   |
//!  FATAL         |      |   | retry             Stop   Exited
//!                |      v   |                      v   v
//!                |    BACKOFF --out of retries--> FATAL  EXITED
//!                +--- STOPPING <--Stop-- (STARTING, RUNNING)
//! ```
//!
//! UNKNOWN is entered when a signal cannot be delivered, and left only when the
//! child turns out to be dead.

mod stop;
mod vocabulary;

pub use vocabulary::{Change, Context, Effect, Input, Purpose};

use crate::config::{AutoRestart, ProcessConfig};
use crate::model::{ExitStatus, Level, LogLine, Now, ProcessState};
use std::sync::Arc;
use std::time::Duration;

/// A restart by itself never comes sooner than this after the last start.
/// Upstream gets the same brake by accident, from its one-second poll.
pub const RESPAWN_FLOOR: Duration = Duration::from_secs(1);

/// Deadlines are capped to this, so that `startsecs=9999999999999` is a long
/// time and not an overflow.
const LONGEST: u64 = 100 * 365 * 24 * 3600;

/// One process: its settings and all that is known of its life.
#[derive(Debug, Clone)]
pub struct Process {
    /// Its settings.
    pub config: Arc<ProcessConfig>,
    /// Where it stands.
    pub state: ProcessState,
    /// The child, if there is one.
    pub pid: Option<i32>,
    /// Failed starts in a row.
    pub backoff: i64,
    /// The last attempt to spawn.
    pub laststart: Option<Now>,
    /// The last exit seen.
    pub laststop: Option<Now>,
    /// How it ended last: code, −1 for a signal; `None` while that is not known.
    pub exitstatus: Option<i32>,
    /// Why it failed last.
    pub spawnerr: Option<String>,
    /// A stop was asked for and the child is not dead yet.
    pub killing: bool,
    /// When the state wants to be looked at again.
    pub(super) deadline: Option<Duration>,
    /// The log mentions no sooner than this that a stop takes long.
    pub(super) report_at: Option<Duration>,
    /// Somebody waits for the stop, so the log does mention it.
    pub(super) watched: bool,
}

impl Process {
    /// A process that was never started.
    #[must_use]
    pub fn new(config: Arc<ProcessConfig>) -> Self {
        Self {
            config,
            state: ProcessState::Stopped,
            pid: None,
            backoff: 0,
            laststart: None,
            laststop: None,
            exitstatus: None,
            spawnerr: None,
            killing: false,
            deadline: None,
            report_at: None,
            watched: false,
        }
    }

    /// When this process wants its next [`Input::Wake`], on the monotonic clock.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let report_at = self.report_at.filter(|_| self.watched);
        match (self.deadline, report_at) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Applies one input. One that makes no sense in this state is ignored: a
    /// late `Wake` or a second `Stop` is normal life.
    pub fn step(&mut self, input: Input, cx: Context, out: &mut Vec<Effect>) {
        use ProcessState::{Backoff, Exited, Fatal, Running, Starting, Stopped, Stopping, Unknown};
        match (self.state, input) {
            (Stopped | Exited | Fatal | Backoff, Input::Start) => self.begin_start(cx, out),

            (Stopping, Input::Start) => self.already_running(out),

            (Starting, Input::Spawned { pid }) => self.spawned(pid, cx, out),
            (Starting, Input::SpawnFailed { error }) => self.spawn_failed(error, cx, out),

            (Starting, Input::Wake) if self.due(cx) && self.pid.is_some() => self.up(out),
            (Backoff, Input::Wake) if self.out_of_retries() => self.gave_up(out),
            (Backoff | Exited, Input::Wake) if self.due(cx) && cx.may_start => self.begin_start(cx, out),
            (Stopping, Input::Wake) => self.stop_takes_long(cx, out),

            (Starting | Running, Input::Exited { status }) => self.ended(status, cx, out),
            (Stopping, Input::Exited { status }) => self.stopped(status, cx, out),
            (Unknown, Input::Exited { status }) => self.lost_child_ended(status, cx, out),

            (Starting | Running, Input::Stop) => self.begin_stop(self.config.stopsignal, cx, out),
            (Backoff, Input::Stop) => self.stop_in_backoff(out),
            (Backoff, Input::GiveUp) => self.give_up(out),
            (Stopping, Input::Watch) => self.watch(cx, out),

            (Starting | Running | Stopping, Input::Signal(signal)) => self.send(signal, out),
            (_, Input::Signal(signal)) => self.not_running("attempted to send", signal, out),

            (Starting | Running | Stopping, Input::SignalFailed { purpose, error, gone }) => {
                self.signal_failed(purpose, &error, gone, out)
            }

            // Normal life. Spelled out so that a new input must be thought through.
            (
                _,
                Input::Start
                | Input::Stop
                | Input::GiveUp
                | Input::Watch
                | Input::Spawned { .. }
                | Input::SpawnFailed { .. }
                | Input::Exited { .. }
                | Input::SignalFailed { .. }
                | Input::Wake,
            ) => {}
        }
        self.check_invariants();
    }

    /// Whether an exit with this code would be an expected one (A4.18).
    #[must_use]
    pub fn expects(&self, exitstatus: i32) -> bool {
        self.config.exitcodes.contains(&exitstatus)
    }

    /// Whether it starts with the daemon, or with its group (A4.12).
    #[must_use]
    pub fn wants_autostart(&self) -> bool {
        self.config.autostart && self.state == ProcessState::Stopped && self.laststart.is_none()
    }

    // A4.40, A4.6
    fn begin_start(&mut self, cx: Context, out: &mut Vec<Effect>) {
        self.killing = false;
        self.spawnerr = None;
        self.exitstatus = None;
        self.laststart = Some(cx.now);
        self.enter(ProcessState::Starting, out);
        out.push(Effect::Spawn);
    }

    // A4.72
    fn already_running(&self, out: &mut Vec<Effect>) {
        self.log(Level::Warn, format!("process '{}' already running", self.config.name), out);
    }

    // A4.71
    fn spawned(&mut self, pid: i32, cx: Context, out: &mut Vec<Effect>) {
        self.pid = Some(pid);
        self.deadline = Some(cx.now.mono + secs(self.config.startsecs));
        self.log(Level::Info, format!("spawned: '{}' with pid {pid}", self.config.name), out);
        if self.config.startsecs <= 0 {
            self.up(out);
        }
    }

    // A4.14
    fn spawn_failed(&mut self, error: String, cx: Context, out: &mut Vec<Effect>) {
        self.log(Level::Info, format!("spawnerr: {error}"), out);
        self.spawnerr = Some(error);
        self.back_off(cx, out);
        if self.out_of_retries() {
            self.gave_up(out);
        }
    }

    // A4.16
    fn up(&mut self, out: &mut Vec<Effect>) {
        self.backoff = 0;
        self.enter(ProcessState::Running, out);
        let text = format!(
            "success: {} entered RUNNING state, process has stayed up for > than {} seconds (startsecs)",
            self.config.name, self.config.startsecs
        );
        self.log(Level::Info, text, out);
    }

    // A4.15, A4.17, A4.18
    fn ended(&mut self, status: ExitStatus, cx: Context, out: &mut Vec<Effect>) {
        self.laststop = Some(cx.now);
        if self.state == ProcessState::Starting {
            if self.too_quick(cx) {
                return self.ended_too_quickly(status, cx, out);
            }
            self.backoff = 0;
            self.enter(ProcessState::Running, out);
        }
        let expected = self.exit(status, out);
        if self.restarts(expected) {
            self.deadline = Some(self.respawn_at(cx));
        }
    }

    /// Becomes EXITED; tells whether that was to be expected.
    fn exit(&mut self, status: ExitStatus, out: &mut Vec<Effect>) -> bool {
        let code = status.code();
        let expected = self.expects(code);
        self.backoff = 0;
        self.exitstatus = Some(code);
        if !expected {
            self.spawnerr = Some(format!("Bad exit code {code}"));
        }
        self.change(ProcessState::Exited, expected, out);
        self.pid = None;
        let (level, verdict) = if expected { (Level::Info, "expected") } else { (Level::Warn, "not expected") };
        self.log(level, format!("exited: {} ({status}; {verdict})", self.config.name), out);
        expected
    }

    fn ended_too_quickly(&mut self, status: ExitStatus, cx: Context, out: &mut Vec<Effect>) {
        self.exitstatus = None;
        self.spawnerr = Some("Exited too quickly (process log may have details)".to_owned());
        self.back_off(cx, out);
        self.pid = None;
        self.log(Level::Warn, format!("exited: {} ({status}; not expected)", self.config.name), out);
        // Upstream looks again at its next pass, without a wait (A4.21).
        if self.out_of_retries() {
            self.gave_up(out);
        }
    }

    // A4.35: upstream dies here. It is not started again by itself, since
    // somebody may have wanted it stopped.
    fn lost_child_ended(&mut self, status: ExitStatus, cx: Context, out: &mut Vec<Effect>) {
        self.laststop = Some(cx.now);
        self.exit(status, out);
    }

    // A4.9: the counter first, then the event.
    fn back_off(&mut self, cx: Context, out: &mut Vec<Effect>) {
        self.backoff += 1;
        self.enter(ProcessState::Backoff, out);
        self.deadline = Some(cx.now.mono + secs(self.backoff));
    }

    // A4.21
    fn gave_up(&mut self, out: &mut Vec<Effect>) {
        self.enter(ProcessState::Fatal, out);
        self.backoff = 0;
        let name = &self.config.name;
        let text = format!("gave up: {name} entered FATAL state, too many start retries too quickly");
        self.log(Level::Info, text, out);
    }

    fn enter(&mut self, to: ProcessState, out: &mut Vec<Effect>) {
        self.change(to, true, out);
    }

    /// Every change of state goes through here. The old deadline belonged to
    /// the old state; a caller that needs a new one sets it afterwards.
    fn change(&mut self, to: ProcessState, expected: bool, out: &mut Vec<Effect>) {
        let from = std::mem::replace(&mut self.state, to);
        if from == to {
            return; // A4.8
        }
        self.deadline = None;
        self.report_at = None;
        self.watched = false;
        let pid = self.pid.unwrap_or_default();
        out.push(Effect::Changed(Change { from, to, tries: self.backoff, pid, expected }));
    }

    fn log(&self, level: Level, text: String, out: &mut Vec<Effect>) {
        out.push(Effect::Log(LogLine::new(level, text)));
    }

    fn due(&self, cx: Context) -> bool {
        self.deadline.is_some_and(|at| at <= cx.now.mono)
    }

    fn out_of_retries(&self) -> bool {
        self.backoff > self.config.startretries
    }

    fn too_quick(&self, cx: Context) -> bool {
        let up = self.laststart.map_or(Duration::MAX, |start| cx.now.mono.saturating_sub(start.mono));
        up < secs(self.config.startsecs)
    }

    // A4.19
    fn restarts(&self, expected: bool) -> bool {
        match self.config.autorestart {
            AutoRestart::Always => true,
            AutoRestart::Unexpected => !expected,
            AutoRestart::Never => false,
        }
    }

    fn respawn_at(&self, cx: Context) -> Duration {
        let floor = self.laststart.map_or(Duration::ZERO, |start| start.mono + RESPAWN_FLOOR);
        floor.max(cx.now.mono)
    }

    /// What holds in every state; a breach is a bug in this file.
    pub(super) fn check_invariants(&self) {
        use ProcessState::{Backoff, Exited, Fatal, Running, Stopped, Stopping};
        let state = self.state;
        let alive = matches!(state, Running | Stopping);
        debug_assert!(!alive || self.pid.is_some(), "{state} without a pid");
        let dead = matches!(state, Stopped | Exited | Backoff | Fatal);
        debug_assert!(!dead || self.pid.is_none(), "{state} still has pid {:?}", self.pid);
        let waits = matches!(state, Stopping | Backoff);
        debug_assert!(!waits || self.deadline.is_some(), "{state} can never leave");
        debug_assert!(self.killing == (state == Stopping), "{state} with killing={}", self.killing);
        debug_assert!(self.report_at.is_none() || state == Stopping, "{state} is not being stopped");
        debug_assert!(state != Running || self.backoff == 0, "RUNNING after {} failed starts", self.backoff);
    }
}

/// A setting in seconds; negative counts as none (A3.48).
fn secs(setting: i64) -> Duration {
    Duration::from_secs(u64::try_from(setting).unwrap_or(0).min(LONGEST))
}

#[cfg(test)]
mod tests;
