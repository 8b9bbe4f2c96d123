//! A manager, and a world around it that does what it asks.

use crate::config::GroupConfig;
use crate::manager::{Action, Answer, CommandError, Input, Manager, ProcessId, Refusal, Target, Ticket, Wish};
use crate::model::{ExitStatus, Now, ProcessState};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// A manager in a world where every spawn succeeds and children live until
/// the test ends them. Writes down what happens.
pub(super) struct World {
    pub(super) manager: Manager,
    pub(super) now: Now,
    pub(super) next_pid: i32,
    /// `spawn a`, `TERM a`, `event NAME`, `finish`.
    pub(super) did: Vec<String>,
    pub(super) logged: Vec<String>,
    pub(super) answers: BTreeMap<u64, Answer>,
    pub(super) fed: Vec<String>,
    pub(super) missing: Vec<&'static str>,
    /// Whose group was to be looked at behind a stop.
    pub(super) looked: Vec<String>,
}

impl World {
    pub(super) fn new(groups: Vec<GroupConfig>) -> Self {
        let now = Now { mono: Duration::from_secs(1000), wall: Duration::from_secs(1_700_000_001) };
        let manager = Manager::new("supervisor".into(), groups.clone(), 0);
        let mut world = Self {
            manager,
            now,
            next_pid: 1,
            did: vec![],
            logged: vec![],
            answers: BTreeMap::new(),
            fed: vec![],
            missing: vec![],
            looked: vec![],
        };
        for config in groups {
            world.add(config);
        }
        world.input(Input::Boot);
        world
    }

    pub(super) fn add(&mut self, config: GroupConfig) -> bool {
        let mut out = vec![];
        let added = self.manager.add_group(config, &mut out).is_some();
        self.perform(out);
        added
    }

    pub(super) fn input(&mut self, input: Input) {
        let mut out = vec![];
        self.manager.input(input, self.now, &mut out);
        self.perform(out);
    }

    pub(super) fn perform(&mut self, actions: Vec<Action>) {
        let mut queue = VecDeque::from(actions);
        while let Some(action) = queue.pop_front() {
            let result = match action {
                Action::Spawn(id) => {
                    self.did.push(format!("spawn {}", self.name(id)));
                    self.next_pid += 1;
                    Some(Input::Spawned { id, pid: self.next_pid })
                }
                Action::Kill { id, signal, .. } => {
                    self.did.push(format!("{signal} {}", self.name(id)));
                    None
                }
                Action::CheckCommand { ticket, id } => {
                    let missing = self.missing.contains(&self.name(id).as_str());
                    let command = if missing { Err(CommandError::NotFound("x".into())) } else { Ok(()) };
                    Some(Input::StartMember { ticket, id, command })
                }
                Action::Then(input) => Some(input),
                Action::Log(line) => {
                    self.logged.push(line.text);
                    None
                }
                Action::Feed { bytes, said, .. } => {
                    self.logged.push(said.text);
                    self.fed.push(String::from_utf8(bytes).expect("text"));
                    None
                }
                Action::Answer { ticket, answer } => {
                    self.answers.insert(ticket.0, answer);
                    None
                }
                Action::Finish(state) => {
                    self.did.push(format!("finish {}", state.name()));
                    None
                }
                Action::LookBehind { name, pid } => {
                    self.looked.push(format!("{name} {pid}"));
                    None
                }
                Action::Release(_) | Action::ReopenLogs | Action::PrepareRestart => None,
            };
            if let Some(input) = result {
                let mut out = vec![];
                self.manager.input(input, self.now, &mut out);
                out.into_iter().rev().for_each(|action| queue.push_front(action));
            }
        }
        self.manager.check_invariants();
    }

    pub(super) fn request(&mut self, ticket: u64, target: Target, wish: Wish) -> Result<(), Refusal> {
        let mut out = vec![];
        let begun = self.manager.request(&target, &wish, Ticket(ticket), &mut out);
        self.perform(out);
        begun
    }

    pub(super) fn pass(&mut self, secs: u64) {
        self.now.mono += Duration::from_secs(secs);
        self.now.wall += Duration::from_secs(secs);
        self.input(Input::Wake);
    }

    pub(super) fn exit(&mut self, name: &str) {
        let id = self.manager.process_named(name).expect("a process");
        let pid = self.manager.process(id).and_then(|process| process.pid).expect("a child");
        self.input(Input::Exited { pid, status: ExitStatus::Code(0) });
    }

    pub(super) fn name(&self, id: ProcessId) -> String {
        self.manager.process(id).map(|process| process.config.name.clone()).unwrap_or_default()
    }

    pub(super) fn state(&self, name: &str) -> ProcessState {
        let id = self.manager.process_named(name).expect("a process");
        self.manager.process(id).expect("a process").state
    }

    pub(super) fn did(&mut self) -> Vec<String> {
        std::mem::take(&mut self.did)
    }
}
