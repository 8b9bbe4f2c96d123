//! The manager, and made-up surroundings that do what it asks for as the
//! engine does, and write down what is seen of it.

use super::chance::{Chance, Delivery};
use super::seen::{Answers, Seen, View};
use super::stimulus::Stimulus;
use crate::config::GroupConfig;
use crate::manager::event::Event;
use crate::manager::{Action, Input, Manager, ProcessId, Refusal};
use crate::model::dice::Dice;
use crate::model::{LogLine, Now, Signal, SupervisorState};
use std::collections::BTreeMap;

pub(super) struct World {
    pub(super) manager: Manager,
    pub(super) now: Now,
    pub(super) chance: Chance,
    /// Whether children obey, which the shadow sees in time.
    dice: Dice,
    /// All groups that the configuration knows, active or not.
    pub(super) groups: Vec<GroupConfig>,
    pub(super) alive: BTreeMap<i32, ProcessId>,
    /// Children that will obey a signal sooner or later.
    pub(super) doomed: Vec<i32>,
    pub(super) seen: Vec<Seen>,
    pub(super) answers: Answers,
    pub(super) spawns: u64,
    pub(super) finished: Option<SupervisorState>,
}

/// What is still to be done or seen.
enum Item {
    Do(Action),
    See(Event),
}

impl World {
    pub(super) fn new(seed: u64, now: Now, groups: Vec<GroupConfig>) -> Self {
        Self {
            manager: Manager::new("sim".into(), groups.clone(), 0),
            now,
            chance: Chance::new(seed),
            dice: Dice(!seed),
            groups,
            alive: BTreeMap::new(),
            doomed: vec![],
            seen: vec![],
            answers: Answers::new(),
            spawns: 0,
            finished: None,
        }
    }

    /// Lets it happen. The error is what a client is refused with.
    pub(super) fn react(&mut self, stimulus: &Stimulus) -> Result<(), Refusal> {
        let mut out = vec![];
        let mut answered = Ok(());
        match stimulus {
            Stimulus::Boot => self.input(Input::Boot, &mut out),
            Stimulus::Wake => self.input(Input::Wake, &mut out),
            Stimulus::Exit(pid, status) => {
                self.alive.remove(pid);
                self.input(Input::Exited { pid: *pid, status: *status }, &mut out);
            }
            Stimulus::Ask(ticket, target, wish) => answered = self.manager.request(target, wish, *ticket, &mut out),
            Stimulus::Gone(ticket) => self.manager.forget(*ticket),
            Stimulus::Signal(signal) => self.input(Input::Signalled(*signal), &mut out),
            Stimulus::Leave(to) => self.input(Input::Leave(*to), &mut out),
            Stimulus::Add(config) => drop(self.manager.add_group(config.clone(), &mut out)),
            Stimulus::Remove(name) => answered = self.remove(name, &mut out),
            Stimulus::Output(id, channel, pid) => {
                let (id, channel, pid) = (*id, *channel, *pid);
                self.input(Input::Output { id, channel, pid, bytes: b"caf\xff".to_vec() }, &mut out);
            }
            Stimulus::Hear(id, said) => self.input(Input::ListenerSaid { id: *id, bytes: said.to_vec() }, &mut out),
            Stimulus::Deaf(id) => self.input(Input::ListenerDeaf { id: *id }, &mut out),
            Stimulus::Upgrade => self.upgrade(),
        }
        let mut left = self.in_order(out);
        left.reverse();
        self.perform(left);
        answered
    }

    fn input(&mut self, input: Input, out: &mut Vec<Action>) {
        self.manager.input(input, self.now, out);
    }

    fn remove(&mut self, name: &str, out: &mut Vec<Action>) -> Result<(), Refusal> {
        let gone = self.manager.remove_group(name, out)?;
        // A child lost in UNKNOWN lives on, as a stranger.
        self.alive.retain(|_, id| !gone.contains(id));
        Ok(())
    }

    /// Over into text and back, as a hot upgrade does.
    fn upgrade(&mut self) {
        let lines = self.manager.to_lines();
        let twin = Manager::from_lines(&lines, "sim", self.groups.clone(), &self.groups).expect("its own lines");
        assert_eq!(twin.to_lines(), lines, "the round trip lost something");
        self.manager = twin;
    }

    /// Carries actions out as the engine does: results before what follows.
    /// The next thing to do is the last of `left`.
    fn perform(&mut self, mut left: Vec<Item>) {
        while let Some(item) = left.pop() {
            let input = match item {
                Item::See(event) => {
                    self.seen.push(Seen::Raised(event));
                    None
                }
                Item::Do(action) => self.carry_out(action),
            };
            if let Some(input) = input {
                let mut out = vec![];
                self.manager.input(input, self.now, &mut out);
                left.extend(self.in_order(out).into_iter().rev());
            }
        }
    }

    /// Events take their place among the actions of the same input.
    fn in_order(&mut self, out: Vec<Action>) -> Vec<Item> {
        let mut items = Vec::with_capacity(out.len() + 1);
        let mut raised = std::mem::take(&mut self.manager.raised).into_iter().peekable();
        for (place, action) in out.into_iter().enumerate() {
            while let Some((_, event)) = raised.next_if(|(before, _)| *before <= place) {
                items.push(Item::See(event));
            }
            let leads_on = !matches!(action, Action::Log(_) | Action::Release(_) | Action::Answer { .. });
            assert!(!leads_on || raised.peek().is_none(), "raised before it can be seen, which is behind {action:?}");
            items.push(Item::Do(action));
        }
        items.extend(raised.map(|(_, event)| Item::See(event)));
        items
    }

    fn carry_out(&mut self, action: Action) -> Option<Input> {
        match action {
            Action::Spawn(id) => Some(self.spawn(id)),
            Action::Kill { id, pid, signal, group, purpose } => {
                self.seen.push(Seen::Signalled { pid, signal, group });
                let delivery = self.signal(id, pid, signal);
                let error = delivery.error().to_owned();
                let gone = delivery == Delivery::Gone;
                (delivery != Delivery::Done).then_some(Input::SignalFailed { id, purpose, error, gone })
            }
            Action::CheckCommand { ticket, id } => {
                let command = self.chance.command();
                Some(Input::StartMember { ticket, id, command })
            }
            Action::Then(input) => Some(input),
            Action::Answer { ticket, answer } => {
                let before = self.answers.insert(ticket, answer);
                assert_eq!(before, None, "{ticket:?} is answered twice");
                None
            }
            Action::Finish(state) => {
                self.seen.push(Seen::Finished(state));
                self.finished = Some(state);
                None
            }
            Action::PrepareRestart => self.chance.config_is_good().then_some(Input::Leave(SupervisorState::Restarting)),
            Action::Log(line) => {
                if !is_of_pools(&line) {
                    self.seen.push(Seen::Said(line.level, line.text));
                }
                None
            }
            Action::ReopenLogs => {
                self.seen.push(Seen::Reopened);
                None
            }
            Action::LookBehind { name, pid } => {
                self.seen.push(Seen::LookedBehind(name, pid));
                None
            }
            Action::Release(_) | Action::Feed { .. } => None,
        }
    }

    fn spawn(&mut self, id: ProcessId) -> Input {
        self.spawns += 1;
        self.seen.push(Seen::Spawned(id));
        match self.chance.spawn() {
            Ok(pid) => {
                self.alive.insert(pid, id);
                Input::Spawned { id, pid }
            }
            Err(error) => Input::SpawnFailed { id, error },
        }
    }

    fn signal(&mut self, id: ProcessId, pid: i32, signal: Signal) -> Delivery {
        assert_eq!(self.alive.get(&pid), Some(&id), "a signal to a stranger");
        let delivery = self.chance.signal();
        let obeys = signal == Signal::KILL || !self.dice.one_in(4);
        if delivery != Delivery::Refused && obeys {
            self.doomed.push(pid);
        }
        delivery
    }

    /// All processes, in the order in which they came to be.
    pub(super) fn views(&self) -> impl Iterator<Item = View<'_>> {
        self.manager.members.iter().map(|(id, member)| {
            let process = &member.process;
            View {
                id: *id,
                state: process.state,
                pid: process.pid.unwrap_or(0),
                backoff: process.backoff,
                exitstatus: process.exitstatus,
                spawnerr: process.spawnerr.as_deref(),
                laststart: process.laststart,
                laststop: process.laststop,
                moves: process.deadline(),
            }
        })
    }
}

/// What is said about pools and their listeners (`l`) is none of the shadow's
/// business; they have tests of their own.
fn is_of_pools(line: &LogLine) -> bool {
    ["pool ", "event ", "rebuffering ", "epipe ", "l: "].iter().any(|start| line.text.starts_with(start))
}
