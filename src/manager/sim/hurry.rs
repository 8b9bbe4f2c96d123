//! Turns that are cut: the engine carries out actions for a few milliseconds,
//! and other things happen before it comes to the rest. No shadow can foretell
//! that. What must hold whatever comes between is looked at here: nobody is
//! spawned twice, no call is answered twice or never, and all come down.

use crate::config::GroupConfig;
use crate::manager::testing::{group, pool, program};
use crate::manager::{Action, Input, Manager, ProcessId, Target, Ticket, Wish};
use crate::model::dice::Dice;
use crate::model::{ExitStatus, Now, ProcessState, Signal, SupervisorState};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// Lives, and things that happen in each.
const LIVES: u64 = 300;
const STEPS: u64 = 200;

struct World {
    manager: Manager,
    dice: Dice,
    now: Now,
    groups: Vec<GroupConfig>,
    /// Not carried out yet.
    queue: VecDeque<Action>,
    children: BTreeMap<i32, ProcessId>,
    pids: i32,
    open: BTreeSet<Ticket>,
    tickets: u64,
    finished: bool,
}

impl World {
    fn new(seed: u64) -> Self {
        let farm = (0..4).map(|number| program(&format!("f{number}"))).collect();
        let listener = pool("l", 5, &["EVENT"], vec![program("l")]);
        let groups = vec![listener, group("a", 5, vec![program("a")]), group("f", 9, farm)];
        let mut world = Self {
            manager: Manager::new("sim".into(), groups.clone(), 0),
            dice: Dice(seed),
            now: Now { mono: Duration::from_secs(50), wall: Duration::from_secs(1_700_000_000) },
            groups,
            queue: VecDeque::new(),
            children: BTreeMap::new(),
            pids: 100,
            open: BTreeSet::new(),
            tickets: 0,
            finished: false,
        };
        for config in world.groups.clone() {
            world.add(config);
        }
        world.input(Input::Boot);
        world
    }

    fn input(&mut self, input: Input) {
        let mut out = vec![];
        self.manager.input(input, self.now, &mut out);
        self.queue.extend(out);
        self.manager.check_invariants();
    }

    /// Carries some of it out, results before what follows.
    fn perform(&mut self, most: u64) {
        for _ in 0..most {
            let Some(action) = self.queue.pop_front() else { return };
            let Some(input) = self.carry_out(action) else { continue };
            let mut out = vec![];
            self.manager.input(input, self.now, &mut out);
            out.into_iter().rev().for_each(|action| self.queue.push_front(action));
            self.manager.check_invariants();
        }
    }

    fn carry_out(&mut self, action: Action) -> Option<Input> {
        match action {
            Action::Spawn(id) => {
                let Some(process) = self.manager.process(id) else {
                    return Some(Input::SpawnFailed { id, error: "no such process".into() });
                };
                assert_eq!(process.state, ProcessState::Starting, "{id:?}");
                assert!(!self.children.values().any(|of| *of == id), "{id:?} is spawned beside its child");
                self.pids += 1;
                self.children.insert(self.pids, id);
                Some(Input::Spawned { id, pid: self.pids })
            }
            Action::Kill { id, pid, purpose, .. } => {
                let gone = !self.children.contains_key(&pid);
                gone.then(|| Input::SignalFailed { id, purpose, error: "[Errno 3]".into(), gone })
            }
            Action::CheckCommand { ticket, id } => Some(Input::StartMember { ticket, id, command: Ok(()) }),
            Action::Then(input) => Some(input),
            Action::Answer { ticket, .. } => {
                assert!(self.open.remove(&ticket), "{ticket:?} is answered twice");
                None
            }
            Action::PrepareRestart => Some(Input::Leave(SupervisorState::Restarting)),
            Action::Finish(_) => {
                self.finished = true;
                assert!(self.children.is_empty(), "left alone: {:?}", self.children);
                None
            }
            Action::Feed { id, .. } if self.dice.one_in(8) => Some(Input::ListenerDeaf { id }),
            Action::Feed { id, .. } => self.dice.one_in(8).then_some(Input::ListenerLags { id }),
            Action::Log(_) | Action::Release(_) | Action::LookBehind { .. } | Action::ReopenLogs => None,
        }
    }

    fn add(&mut self, config: GroupConfig) {
        let mut out = vec![];
        self.manager.add_group(config, &mut out);
        self.queue.extend(out);
    }

    fn ask(&mut self) {
        let name = self.dice.pick(&["a", "f:*", "f:f1", "l"]).unwrap_or("a").to_owned();
        let target = if self.dice.one_in(3) { Target::All } else { Target::Named(name) };
        let wait = self.dice.one_in(2);
        let wish = match self.dice.below(5) {
            0 | 1 => Wish::Start { wait },
            2 | 3 => Wish::Stop { wait },
            _ => Wish::Signal("HUP".to_owned()),
        };
        self.tickets += 1;
        let mut out = vec![];
        if self.manager.request(&target, &wish, Ticket(self.tickets), &mut out).is_ok() {
            self.open.insert(Ticket(self.tickets));
        }
        self.queue.extend(out);
    }

    fn die(&mut self) {
        let alive: Vec<i32> = self.children.keys().copied().collect();
        if let Some(pid) = self.dice.pick(&alive) {
            self.children.remove(&pid);
            self.input(Input::Exited { pid, status: ExitStatus::Code(0) });
        }
    }

    /// A listener speaks, if one is alive; it may have read what it was sent.
    fn say(&mut self) {
        let alive: Vec<ProcessId> = self.children.values().copied().collect();
        let said = self.dice.pick(&["READY\n", "READY\n", "RESULT 2\nOKREADY\n", "RESULT 2\nOK"]);
        let listener = alive.into_iter().find(|id| self.manager.is_listener(*id));
        if let Some((id, said)) = listener.zip(said) {
            if self.dice.one_in(4) {
                self.input(Input::StdinDrained { id });
            }
            self.input(Input::ListenerSaid { id, bytes: said.as_bytes().to_vec() });
        }
    }

    fn pass(&mut self) {
        let millis = Duration::from_millis(self.dice.below(20) * 100);
        self.now.mono += millis;
        self.now.wall += millis;
        self.input(Input::Wake);
    }

    fn step(&mut self) {
        let running = self.manager.state() == SupervisorState::Running;
        match self.dice.below(20) {
            0..=5 => self.pass(),
            6..=9 => self.die(),
            10..=15 if running => self.ask(),
            16 if running => {
                let name = self.dice.pick(&["a", "f", "l"]).unwrap_or("a");
                let mut out = vec![];
                drop(self.manager.remove_group(name, &mut out));
                self.queue.extend(out);
            }
            17 if running => {
                let config = self.dice.pick(&self.groups);
                config.into_iter().for_each(|config| self.add(config));
            }
            19 => self.say(),
            18 if self.dice.one_in(20) => self.input(Input::Signalled(Signal::HUP)),
            _ => {}
        }
        let most = self.dice.below(6);
        self.perform(most);
    }

    fn bring_down(&mut self) {
        self.input(Input::Signalled(Signal::TERM));
        for _ in 0..1000 {
            let most = self.dice.below(6);
            self.perform(most);
            self.die();
            self.pass();
            if self.finished {
                break;
            }
        }
        self.perform(u64::MAX);
        assert!(self.finished, "it does not come down");
        assert_eq!(self.open, BTreeSet::new(), "callers who never hear");
    }
}

/// A4.32, B1.12.7: whatever comes between a decision and its doing
#[test]
fn a_turn_that_is_cut_spawns_nobody_twice_and_forgets_no_caller() {
    for seed in 1..=LIVES {
        let mut world = World::new(seed);
        for _ in 0..STEPS {
            world.step();
        }
        if !world.finished {
            world.bring_down();
        }
    }
}
