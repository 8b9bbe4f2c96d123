//! One process and a clock that a test pushes.

use crate::manager::process::{Change, Context, Effect, Input, Process};
use crate::manager::testing::program;
use crate::model::{ExitStatus, Level, Now, ProcessState, Signal};
use std::time::Duration;

/// A process and a clock. A spawn that it asks for succeeds at once.
pub(super) struct Bench {
    pub(super) process: Process,
    pub(super) now: Now,
    pub(super) may_start: bool,
    pid: i32,
    pub(super) said: Vec<String>,
    pub(super) signals: Vec<(Signal, bool)>,
    pub(super) changes: Vec<Change>,
}

impl Bench {
    pub(super) fn new(change: impl FnOnce(&mut crate::config::ProcessConfig)) -> Self {
        let mut config = program("p");
        change(&mut config);
        let now = Now { mono: Duration::from_secs(1000), wall: Duration::from_secs(1_700_000_000) };
        let process = Process::new(config.into());
        Self { process, now, may_start: true, pid: 100, said: vec![], signals: vec![], changes: vec![] }
    }

    /// Pushes the clock and applies one input; tells the states gone through.
    pub(super) fn after(&mut self, millis: u64, input: Input) -> Vec<ProcessState> {
        self.now.mono += Duration::from_millis(millis);
        self.now.wall += Duration::from_millis(millis);
        let before = self.changes.len();
        self.apply(input);
        self.changes[before..].iter().map(|change| change.to).collect()
    }

    pub(super) fn apply(&mut self, input: Input) {
        let mut out = vec![];
        self.process.step(input, Context { now: self.now, may_start: self.may_start }, &mut out);
        for effect in out {
            match effect {
                Effect::Spawn => {
                    self.pid += 1;
                    self.apply(Input::Spawned { pid: self.pid });
                }
                Effect::Signal { signal, group, .. } => self.signals.push((signal, group)),
                Effect::Changed(change) => self.changes.push(change),
                Effect::Log(line) if line.level <= Level::Info => {
                    self.said.push(format!("{} {}", line.level.tag(), line.text));
                }
                Effect::Log(_) => {}
            }
        }
    }

    pub(super) fn exit(&mut self, millis: u64, code: u8) -> Vec<ProcessState> {
        self.after(millis, Input::Exited { status: ExitStatus::Code(code) })
    }

    pub(super) fn killed(&mut self, millis: u64, number: i32) -> Vec<ProcessState> {
        self.after(millis, Input::Exited { status: ExitStatus::Signal { number, core: false } })
    }

    pub(super) fn wake_in(&self) -> Option<u128> {
        self.process.deadline().map(|at| at.saturating_sub(self.now.mono).as_millis())
    }

    pub(super) fn last_said(&self) -> &str {
        self.said.last().map_or("", String::as_str)
    }
}
