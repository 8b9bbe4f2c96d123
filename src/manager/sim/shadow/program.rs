//! The life of one program by the contract: states, retries, stops, exits
//! (A4.1–A4.39, A4.71–A4.82).

use super::Shadow;
use crate::config::{AutoRestart, ProcessConfig};
use crate::manager::ProcessId;
use crate::manager::event::{Change, Event};
use crate::manager::sim::chance::Delivery;
use crate::manager::sim::seen::Seen;
use crate::model::{ExitStatus, Level, Now, ProcessState, Signal, SupervisorState};
use std::time::Duration;

/// The least time between two starts of one program that nobody asked for (A4.19).
const BRAKE: Duration = Duration::from_secs(1);

/// The least time between two SIGKILLs (A4.26).
const KILL_BRAKE: i64 = 1;

/// One program and what A4.5 lists of it.
pub(super) struct Program {
    pub(super) config: ProcessConfig,
    pub(super) group: String,
    pub(super) state: ProcessState,
    pub(super) pid: i32,
    pub(super) backoff: i64,
    pub(super) exitstatus: Option<i32>,
    pub(super) spawnerr: Option<String>,
    pub(super) laststart: Option<Now>,
    pub(super) laststop: Option<Now>,
    /// When a retry or a SIGKILL is due.
    delay: Duration,
    killing: bool,
    laststopreport: Option<Duration>,
    /// It ended after no signal had reached it; nobody knows what is wanted of it.
    lost: bool,
}

impl Program {
    pub(super) fn new(config: ProcessConfig, group: String) -> Self {
        Self {
            config,
            group,
            state: ProcessState::Stopped,
            pid: 0,
            backoff: 0,
            exitstatus: None,
            spawnerr: None,
            laststart: None,
            laststop: None,
            delay: Duration::ZERO,
            killing: false,
            laststopreport: None,
            lost: false,
        }
    }

    fn started(&self) -> Duration {
        self.laststart.map(|now| now.mono).unwrap_or_default()
    }

    /// A4.19
    fn autorestarts(&self) -> bool {
        let expected = self.exitstatus.is_some_and(|status| self.config.exitcodes.contains(&status));
        !self.lost
            && match self.config.autorestart {
                AutoRestart::Always => true,
                AutoRestart::Unexpected => !expected,
                AutoRestart::Never => false,
            }
    }
}

/// Settings below zero count as zero (A3.48).
fn seconds(setting: i64) -> Duration {
    Duration::from_secs(setting.max(0).unsigned_abs())
}

impl Shadow {
    /// What a program does by itself next, if anything: the deadlines of A4.16,
    /// A4.19, A4.20, A4.26 and A4.80.
    pub(super) fn next_move(&self, id: ProcessId) -> Option<Duration> {
        let program = self.programs.get(&id)?;
        let may_start = self.mood == SupervisorState::Running;
        match program.state {
            ProcessState::Starting => Some(program.started() + seconds(program.config.startsecs)),
            ProcessState::Backoff if may_start => Some(program.delay),
            ProcessState::Exited if may_start && program.autorestarts() => {
                let stopped = program.laststop.map(|now| now.mono)?;
                Some(stopped.max(program.started() + BRAKE))
            }
            ProcessState::Stopping => {
                let report = program.laststopreport.map(|at| at + Duration::from_secs(2));
                let report = report.filter(|_| self.is_waited_down(id));
                Some(report.map_or(program.delay, |at| at.min(program.delay)))
            }
            _ => None,
        }
    }

    /// What a pass of the loop does with a program.
    pub(super) fn transition(&mut self, id: ProcessId) {
        if self.next_move(id).is_none_or(|at| at > self.now.mono) {
            return;
        }
        let Some(program) = self.programs.get(&id) else { return };
        match program.state {
            ProcessState::Starting => self.up(id),
            ProcessState::Backoff | ProcessState::Exited => self.spawn(id),
            ProcessState::Stopping => {
                let (pid, overdue) = (program.pid, program.delay <= self.now.mono);
                let name = program.config.name.clone();
                self.stop_report(id);
                if overdue {
                    self.say(Level::Warn, format!("killing '{name}' ({pid}) with SIGKILL"));
                    self.kill(id, Signal::KILL);
                }
            }
            _ => {}
        }
        self.settle(id);
    }

    /// A4.12
    pub(super) fn autostart(&mut self, id: ProcessId) {
        let Some(program) = self.programs.get(&id) else { return };
        let fresh = program.state == ProcessState::Stopped && program.laststart.is_none();
        if fresh && program.config.autostart && self.mood == SupervisorState::Running {
            self.spawn(id);
            self.settle(id);
        }
    }

    /// A4.6, A4.14, A4.40, A4.71
    pub(super) fn spawn(&mut self, id: ProcessId) {
        let now = self.now;
        let Some(program) = self.programs.get_mut(&id) else { return };
        let name = program.config.name.clone();
        if program.pid != 0 {
            return self.say(Level::Warn, format!("process '{name}' already running"));
        }
        program.killing = false;
        program.lost = false;
        program.spawnerr = None;
        program.exitstatus = None;
        program.laststart = Some(now);
        self.change_state(id, ProcessState::Starting);
        self.seen.push(Seen::Spawned(id));
        match self.chance.spawn() {
            Ok(pid) => {
                if let Some(program) = self.programs.get_mut(&id) {
                    program.pid = pid;
                }
                self.listener_began(id);
                self.say(Level::Info, format!("spawned: '{name}' with pid {pid}"));
                // A4.16 with nothing to wait for.
                if self.programs.get(&id).is_some_and(|program| program.config.startsecs <= 0) {
                    self.up(id);
                }
            }
            Err(error) => {
                self.say(Level::Info, format!("spawnerr: {error}"));
                if let Some(program) = self.programs.get_mut(&id) {
                    program.spawnerr = Some(error);
                }
                self.change_state(id, ProcessState::Backoff);
                self.give_up_in_the_end(id);
            }
        }
    }

    /// A4.16
    fn up(&mut self, id: ProcessId) {
        let Some(program) = self.programs.get_mut(&id) else { return };
        program.backoff = 0;
        let (name, secs) = (program.config.name.clone(), program.config.startsecs);
        self.change_state(id, ProcessState::Running);
        let text = "entered RUNNING state, process has stayed up for > than";
        self.say(Level::Info, format!("success: {name} {text} {secs} seconds (startsecs)"));
    }

    /// A4.21
    fn give_up_in_the_end(&mut self, id: ProcessId) {
        let Some(program) = self.programs.get(&id) else { return };
        if program.backoff > program.config.startretries {
            let name = program.config.name.clone();
            self.give_up(id);
            let text = "entered FATAL state, too many start retries too quickly";
            self.say(Level::Info, format!("gave up: {name} {text}"));
        }
    }

    /// A4.23
    pub(super) fn give_up(&mut self, id: ProcessId) {
        if let Some(program) = self.programs.get_mut(&id) {
            program.backoff = 0;
        }
        self.change_state(id, ProcessState::Fatal);
    }

    /// A4.22, A4.24, A4.26, A4.27, A4.75–A4.78. Returns what went wrong.
    pub(super) fn kill(&mut self, id: ProcessId, signal: Signal) -> Option<String> {
        let program = self.programs.get_mut(&id)?;
        let (name, pid) = (program.config.name.clone(), program.pid);
        if program.state == ProcessState::Backoff {
            program.backoff = 0; // A4.30
            self.say(Level::Debug, format!("Attempted to kill {name}, which is in BACKOFF state."));
            self.change_state(id, ProcessState::Stopped);
            self.settle(id);
            return None;
        }
        if pid == 0 {
            let text = format!("attempted to kill {name} with sig {signal} but it wasn't running");
            self.say(Level::Debug, text.clone());
            return Some(text);
        }
        let again = program.state == ProcessState::Stopping;
        let group = if again { program.config.killasgroup } else { program.config.stopasgroup };
        let patience = if again { program.config.stopwaitsecs.max(KILL_BRAKE) } else { program.config.stopwaitsecs };
        program.killing = true;
        program.delay = self.now.mono + seconds(patience);
        let whom = if group { " process group" } else { "" };
        self.say(Level::Debug, format!("killing {name} (pid {pid}){whom} with signal {signal}"));
        self.change_state(id, ProcessState::Stopping);
        self.settle(id);
        self.deliver(id, signal, group, "killing", "just exited")
    }

    /// A4.79
    pub(super) fn signal(&mut self, id: ProcessId, signal: Signal) -> Option<String> {
        let program = self.programs.get(&id)?;
        let (name, pid) = (program.config.name.clone(), program.pid);
        self.say(Level::Debug, format!("sending {name} (pid {pid}) sig {signal}"));
        self.deliver(id, signal, false, "sending sig", "just now exited")
    }

    /// A4.27, A4.77, A4.79
    fn deliver(&mut self, id: ProcessId, signal: Signal, group: bool, doing: &str, gone: &str) -> Option<String> {
        let program = self.programs.get(&id)?;
        let (name, pid) = (program.config.name.clone(), program.pid);
        self.seen.push(Seen::Signalled { pid, signal, group });
        let delivery = self.chance.signal();
        let error = delivery.error();
        match delivery {
            Delivery::Done => None,
            Delivery::Gone => {
                let text = format!("unable to signal {name} (pid {pid}), it probably {gone} on its own: {error}");
                self.say(Level::Debug, text);
                None
            }
            Delivery::Refused => {
                let text = format!("unknown problem {doing} {name} ({pid}):{error}");
                self.say(Level::Critical, text.clone());
                self.change_state(id, ProcessState::Unknown);
                if let Some(program) = self.programs.get_mut(&id) {
                    program.killing = false;
                }
                self.settle(id);
                Some(text)
            }
        }
    }

    /// A4.80
    pub(super) fn stop_report(&mut self, id: ProcessId) {
        let (now, waited) = (self.now.mono, self.is_waited_down(id));
        let Some(program) = self.programs.get_mut(&id) else { return };
        let silent = program.laststopreport.is_none_or(|at| now >= at + Duration::from_secs(2));
        if program.state == ProcessState::Stopping && waited && silent {
            program.laststopreport = Some(now);
            let name = program.config.name.clone();
            self.say(Level::Info, format!("waiting for {name} to stop"));
        }
    }

    /// A4.15, A4.17, A4.18, A4.25, A4.35, A4.38, A4.81, A4.82
    pub(super) fn finish(&mut self, id: ProcessId, status: ExitStatus) {
        let now = self.now;
        let Some(program) = self.programs.get_mut(&id) else { return };
        let name = program.config.name.clone();
        let code = match status {
            ExitStatus::Code(code) => i32::from(code),
            _ => -1,
        };
        let expected = program.config.exitcodes.contains(&code);
        let quickly = now.mono - program.started() < seconds(program.config.startsecs);
        program.laststop = Some(now);
        let stopped = program.killing.then(|| (name.clone(), program.pid));
        if program.killing {
            program.killing = false;
            program.exitstatus = Some(code);
            program.backoff = 0; // A4.30
            self.change_state(id, ProcessState::Stopped);
            let level = if expected { Level::Info } else { Level::Warn };
            self.say(level, format!("stopped: {name} ({status})"));
        } else if program.state == ProcessState::Starting && quickly {
            program.exitstatus = None;
            program.spawnerr = Some("Exited too quickly (process log may have details)".to_owned());
            self.change_state(id, ProcessState::Backoff);
            self.say(Level::Warn, format!("exited: {name} ({status}; not expected)"));
            self.give_up_in_the_end(id);
        } else {
            program.backoff = 0;
            program.lost = program.state == ProcessState::Unknown;
            program.exitstatus = Some(code);
            if program.state == ProcessState::Starting {
                self.change_state(id, ProcessState::Running);
            }
            self.exited(id, status, code, expected);
        }
        if let Some(program) = self.programs.get_mut(&id) {
            program.pid = 0;
        }
        self.listener_ended(id);
        self.settle(id);
        self.seen.extend(stopped.map(|(name, pid)| Seen::LookedBehind(name, pid)));
    }

    fn exited(&mut self, id: ProcessId, status: ExitStatus, code: i32, expected: bool) {
        let Some(program) = self.programs.get_mut(&id) else { return };
        let name = program.config.name.clone();
        if !expected {
            program.spawnerr = Some(format!("Bad exit code {code}"));
        }
        self.change_state(id, ProcessState::Exited);
        let (level, word) = if expected { (Level::Info, "expected") } else { (Level::Warn, "not expected") };
        self.say(level, format!("exited: {name} ({status}; {word})"));
    }

    /// A4.8, A4.9, A6.10–A6.18
    fn change_state(&mut self, id: ProcessId, to: ProcessState) {
        let now = self.now.mono;
        let Some(program) = self.programs.get_mut(&id) else { return };
        let from = std::mem::replace(&mut program.state, to);
        if from == to {
            return;
        }
        if to == ProcessState::Backoff {
            program.backoff += 1;
            program.delay = now + seconds(program.backoff);
        }
        program.laststopreport = None;
        let (pid, tries) = (program.pid, program.backoff.unsigned_abs());
        let expected = program.exitstatus.is_some_and(|status| program.config.exitcodes.contains(&status));
        let to = match to {
            ProcessState::Starting => Change::Starting { tries },
            ProcessState::Backoff => Change::Backoff { tries },
            ProcessState::Running => Change::Running { pid },
            ProcessState::Stopping => Change::Stopping { pid },
            ProcessState::Stopped => Change::Stopped { pid },
            ProcessState::Exited => Change::Exited { expected, pid },
            ProcessState::Fatal => Change::Fatal,
            ProcessState::Unknown => Change::Unknown,
        };
        if let Some(process) = self.names(id) {
            self.raise(Event::ProcessState { process, from, to });
        }
    }
}
