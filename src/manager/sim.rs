//! Years of random life in seconds: a seeded walk of the whole manager.
//!
//! The world around the manager is made up here: children that live, die,
//! ignore signals or cannot be spawned, callers who come and go, a clock that
//! jumps. After every step the invariants are checked, and now and then the
//! manager is taken apart into lines and put together again, as a hot upgrade
//! will. A failure names the seed and the step; run it alone with
//! `SIM_SEED=n cargo test --lib sim`. `SIM_SEEDS` and `SIM_STEPS` widen a run.

use super::input::{Action, Answer, Input, ProcessId};
use super::process::{Purpose, RESPAWN_FLOOR};
use super::testing::{Dice, group, pool, program};
use super::{CommandError, Manager, Target, Ticket, Wish};
use crate::config::{AutoRestart, GroupConfig};
use crate::model::{Channel, ExitStatus, Now, ProcessState, Signal, SupervisorState};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// What the walk remembers of a process besides the manager: a second opinion.
#[derive(Default)]
struct Shadow {
    alive: Option<i32>,
    last_spawn: Option<Duration>,
    asked_for: bool,
}

struct World {
    dice: Dice,
    now: Now,
    manager: Manager,
    groups: Vec<GroupConfig>,
    shadows: BTreeMap<ProcessId, Shadow>,
    /// Children told to stop, which may obey later.
    doomed: Vec<i32>,
    open: BTreeMap<Ticket, bool>,
    tickets: u64,
    pids: i32,
    finished: Option<SupervisorState>,
    transitions: u64,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let groups = invent_groups(&mut dice);
        let now = Now { mono: Duration::from_secs(50), wall: Duration::from_secs(1_700_000_000) };
        let mut world = Self {
            manager: Manager::new("sim".into(), groups.clone(), 0),
            dice,
            now,
            groups,
            shadows: BTreeMap::new(),
            doomed: vec![],
            open: BTreeMap::new(),
            tickets: 0,
            pids: 1000,
            finished: None,
            transitions: 0,
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
        self.perform(out);
    }

    /// Carries actions out as the engine does: results before what follows.
    fn perform(&mut self, actions: Vec<Action>) {
        let mut queue = VecDeque::from(actions);
        while let Some(action) = queue.pop_front() {
            let Some(input) = self.carry_out(action) else { continue };
            let mut out = vec![];
            self.manager.input(input, self.now, &mut out);
            out.into_iter().rev().for_each(|action| queue.push_front(action));
        }
        for (id, shadow) in &self.shadows {
            let known = self.manager.process(*id).and_then(|process| process.pid);
            assert_eq!(known, shadow.alive, "{id:?}: the manager and the world disagree about the child");
        }
    }

    fn carry_out(&mut self, action: Action) -> Option<Input> {
        match action {
            Action::Spawn(id) => Some(self.spawn(id)),
            Action::Kill { id, pid, signal, purpose, .. } => self.kill(id, pid, signal, purpose),
            Action::CheckCommand { ticket, id } => {
                self.shadows.entry(id).or_default().asked_for = true;
                let missing = self.dice.one_in(10);
                let command = if missing { Err(CommandError::NotFound("x".into())) } else { Ok(()) };
                Some(Input::StartMember { ticket, id, command })
            }
            Action::Then(input) => Some(input),
            Action::Answer { ticket, answer } => {
                let single = self.open.remove(&ticket);
                assert!(single.is_some(), "{ticket:?} answered without being asked, or twice");
                assert_eq!(single == Some(true), matches!(answer, Answer::One(_)), "{answer:?}");
                None
            }
            Action::Finish(state) => {
                let before = self.finished.replace(state);
                let turned = (before, state) == (Some(SupervisorState::Restarting), SupervisorState::Shutdown);
                assert!(before.is_none() || turned, "finished twice: {before:?}, {state:?}");
                // Only a child that no signal reaches may be left behind.
                let unknown = |id| self.manager.process(id).is_some_and(|p| p.state == ProcessState::Unknown);
                let left = self.shadows.iter().find(|(id, shadow)| shadow.alive.is_some() && !unknown(**id));
                assert!(left.is_none(), "finished with a child alive: {:?}", left.map(|(id, _)| id));
                None
            }
            Action::PrepareRestart => (!self.dice.one_in(3)).then_some(Input::Leave(SupervisorState::Restarting)),
            Action::Feed { id, .. } => self.dice.one_in(8).then_some(Input::ListenerDeaf { id }),
            Action::Log(_) | Action::Release(_) | Action::LookBehind { .. } | Action::ReopenLogs => None,
        }
    }

    fn spawn(&mut self, id: ProcessId) -> Input {
        self.transitions += 1;
        assert_eq!(self.manager.process(id).map(|p| p.state), Some(ProcessState::Starting));
        assert_eq!(self.manager.state(), SupervisorState::Running, "a spawn on the way out");
        let (tries, allowed) = self.manager.process(id).map_or((0, 0), |p| (p.backoff, p.config.startretries));
        assert!(tries <= allowed, "{id:?} is tried for the {tries}th time after {allowed} retries");
        let shadow = self.shadows.entry(id).or_default();
        assert_eq!(shadow.alive, None, "{id:?} spawned twice");
        let gap = shadow.last_spawn.map_or(Duration::MAX, |last| self.now.mono.saturating_sub(last));
        assert!(shadow.asked_for || gap >= RESPAWN_FLOOR, "{id:?} restarted by itself after {gap:?}");
        shadow.last_spawn = Some(self.now.mono);
        shadow.asked_for = false;
        if self.dice.one_in(6) {
            return Input::SpawnFailed { id, error: "too many open files".into() };
        }
        self.pids += 1;
        self.shadows.entry(id).or_default().alive = Some(self.pids);
        Input::Spawned { id, pid: self.pids }
    }

    fn kill(&mut self, id: ProcessId, pid: i32, signal: Signal, purpose: Purpose) -> Option<Input> {
        assert_eq!(self.shadows.get(&id).and_then(|shadow| shadow.alive), Some(pid), "a signal to a stranger");
        if self.dice.one_in(50) {
            return Some(Input::SignalFailed { id, purpose, error: "[Errno 1]".into(), gone: self.dice.one_in(2) });
        }
        if signal == Signal::KILL || !self.dice.one_in(4) {
            self.doomed.push(pid);
        }
        None
    }

    fn reap(&mut self, pid: i32) {
        let Some((id, shadow)) = self.shadows.iter_mut().find(|(_, shadow)| shadow.alive == Some(pid)) else {
            return self.input(Input::Exited { pid, status: ExitStatus::Code(0) });
        };
        shadow.alive = None;
        let before = self.manager.process(*id).map(|process| process.state);
        let id = *id;
        let status = match self.dice.below(4) {
            0 => ExitStatus::Signal { number: 15, core: false },
            1 => ExitStatus::Code(1),
            _ => ExitStatus::Code(0),
        };
        self.input(Input::Exited { pid, status });
        let after = self.manager.process(id).map(|process| process.state);
        if before == Some(ProcessState::Stopping) {
            assert_eq!(after, Some(ProcessState::Stopped), "A4.25");
        }
    }

    fn ask(&mut self) {
        let names = ["a", "b", "g:x", "g:y", "g:*", "l", "nope", "g", "f:f_1", "f:*"];
        let name = self.dice.pick(&names).unwrap_or("a").to_owned();
        let target = match self.dice.below(8) {
            0 => Target::All,
            1 | 2 => Target::Group(name.split(':').next().unwrap_or("g").to_owned()),
            _ => Target::Named(name),
        };
        let wait = self.dice.one_in(2);
        let wish = match self.dice.below(5) {
            0 | 1 => Wish::Start { wait },
            2 | 3 => Wish::Stop { wait },
            _ => Wish::Signal(self.dice.pick(&["HUP", "0", "nonsense"]).unwrap_or("HUP").to_owned()),
        };
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        let single = matches!(&target, Target::Named(name) if !name.ends_with('*'));
        self.open.insert(ticket, single);
        let mut out = vec![];
        match self.manager.request(&target, &wish, ticket, &mut out) {
            Ok(()) => self.perform(out),
            Err(_) => drop(self.open.remove(&ticket)),
        }
        if self.dice.one_in(10) {
            self.manager.forget(ticket);
            self.open.remove(&ticket);
        }
    }

    fn add(&mut self, config: GroupConfig) {
        let mut out = vec![];
        let members = self.manager.add_group(config, &mut out).unwrap_or_default();
        self.shadows.extend(members.into_iter().map(|id| (id, Shadow::default())));
        self.perform(out);
    }

    fn remove(&mut self, name: &str) {
        let mut out = vec![];
        if let Ok(gone) = self.manager.remove_group(name, &mut out) {
            self.shadows.retain(|id, _| !gone.contains(id));
        }
        self.perform(out);
    }

    /// Over into text and back, as a hot upgrade does; callers are cut off.
    fn round_trip(&mut self) {
        let lines = self.manager.to_lines();
        let groups: Vec<GroupConfig> = self.groups.clone();
        let twin = Manager::from_lines(&lines, "sim", groups.clone(), &groups).expect("its own lines");
        assert_eq!(twin.to_lines(), lines, "the round trip lost something");
        self.manager = twin;
        self.open.clear();
    }

    fn listener_says(&mut self) {
        let id = self.dice.pick(&self.shadows.keys().copied().collect::<Vec<_>>());
        let said: &[u8] = match self.dice.below(6) {
            0 => b"RESULT 2\nOK",
            1 => b"RESULT 4\nFAIL",
            2 => b"RESULT 2\nOKREADY\n",
            3 => b"nonsense",
            _ => b"READY\n",
        };
        if let Some(id) = id.filter(|id| self.shadows.get(id).is_some_and(|shadow| shadow.alive.is_some())) {
            self.input(Input::ListenerSaid { id, bytes: said.to_vec() });
        }
    }

    fn step(&mut self) {
        match self.dice.below(100) {
            0..=39 => self.pass(40),
            40..=59 => {
                let alive: Vec<i32> = self.shadows.values().filter_map(|shadow| shadow.alive).collect();
                let doomed = self.doomed.pop().filter(|pid| alive.contains(pid));
                if let Some(pid) = doomed.or_else(|| self.dice.pick(&alive)) {
                    self.reap(pid);
                }
            }
            60..=79 => self.ask(),
            80..=87 => self.listener_says(),
            88..=90 => {
                let name = self.dice.pick(&["a", "b", "g", "l", "f"]).unwrap_or("a");
                self.remove(name);
            }
            91..=93 => {
                if let Some(config) = self.dice.pick(&self.groups.clone()) {
                    self.add(config);
                }
            }
            94 => self.reap(1),
            95 => {
                let id = self.dice.pick(&self.shadows.keys().copied().collect::<Vec<_>>()).unwrap_or(ProcessId(0));
                let pid = self.shadows.get(&id).and_then(|shadow| shadow.alive).unwrap_or(7);
                self.input(Input::Output { id, channel: Channel::Stderr, pid, bytes: b"caf\xff".to_vec() });
            }
            96 if self.dice.one_in(4) => self.round_trip(),
            97 => self.input(Input::Signalled(Signal::CHLD)),
            98 if self.dice.one_in(20) => self.input(Input::Signalled(Signal::HUP)),
            98 if self.dice.one_in(20) => self.input(Input::Signalled(Signal::TERM)),
            _ => self.input(Input::Wake),
        }
        // Debug builds look after every input by themselves.
        #[cfg(not(debug_assertions))]
        self.manager.check_invariants();
    }

    /// Lets time pass and wakes the manager. It may want to be woken again at
    /// once, for a stop with `stopwaitsecs=0`, but soon it must be content:
    /// else the loop is busy.
    fn pass(&mut self, tenths: u64) {
        let millis = self.dice.below(tenths) * 100;
        self.now.mono += Duration::from_millis(millis);
        self.now.wall += Duration::from_millis(millis);
        let busy = |world: &Self| {
            let next = world.manager.deadline(world.now);
            world.finished.is_none() && next.is_some_and(|at| at <= world.now.mono)
        };
        let mut wakes = 0;
        while wakes == 0 || busy(self) {
            self.input(Input::Wake);
            wakes += 1;
            assert!(wakes < 10, "wants to be woken for ever at {:?}", self.now.mono);
        }
    }

    /// From any state the daemon can be brought down, and every caller hears.
    fn bring_down(&mut self) {
        self.input(Input::Signalled(Signal::TERM));
        for _ in 0..10_000 {
            if self.finished.is_some() {
                break;
            }
            let alive: Vec<i32> = self.shadows.values().filter_map(|shadow| shadow.alive).collect();
            if let Some(pid) = self.dice.pick(&alive) {
                self.reap(pid);
            }
            self.pass(100);
        }
        assert_eq!(self.finished, Some(SupervisorState::Shutdown), "it does not come down");
        assert!(self.open.is_empty(), "callers who never hear: {:?}", self.open.keys());
    }
}

fn invent_groups(dice: &mut Dice) -> Vec<GroupConfig> {
    let mut invent = |name: &str| {
        let mut config = program(name);
        config.startsecs = i64::try_from(dice.below(4)).unwrap_or(0) - 1;
        config.startretries = i64::try_from(dice.below(4)).unwrap_or(0);
        config.stopwaitsecs = i64::try_from(dice.below(5)).unwrap_or(0);
        config.autostart = !dice.one_in(3);
        config.priority = i64::try_from(dice.below(3)).unwrap_or(0);
        let rules = [AutoRestart::Never, AutoRestart::Unexpected, AutoRestart::Always];
        config.autorestart = dice.pick(&rules).unwrap_or(AutoRestart::Always);
        config
    };
    let (a, b, x, y, l) = (invent("a"), invent("b"), invent("x"), invent("y"), invent("l"));
    let farm = (0..3).map(|number| invent(&format!("f_{number}"))).collect();
    vec![
        pool("l", 3, &["EVENT"], vec![l]),
        group("a", 10, vec![a]),
        group("b", 10, vec![b]),
        group("f", 20, farm),
        group("g", 5, vec![x, y]),
    ]
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Walks one seed; panics with the seed and the step when something is wrong.
fn walk(seed: u64, steps: u64) -> u64 {
    let at = std::cell::Cell::new(0);
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut world = World::new(seed);
        for step in 0..steps {
            at.set(step);
            world.step();
            if world.finished.is_some() {
                let transitions = world.transitions;
                world = World::new(seed.wrapping_add(step << 32));
                world.transitions = transitions;
            }
        }
        world.bring_down();
        world.transitions
    }));
    result.unwrap_or_else(|panic| {
        eprintln!("seed {seed}, step {}: replay with SIM_SEED={seed} cargo test --lib sim", at.get());
        std::panic::resume_unwind(panic)
    })
}

/// A4.1–A4.35 hold together whatever happens in whatever order.
#[test]
fn any_life_keeps_the_invariants_and_can_be_brought_down() {
    let steps = setting("SIM_STEPS", 1000);
    let seeds = match setting("SIM_SEED", 0) {
        0 => 1..=setting("SIM_SEEDS", 1000),
        seed => seed..=seed,
    };
    let walked = seeds.clone().count() as u64;
    let spawns: u64 = seeds.map(|seed| walk(seed, steps)).sum();
    assert!(spawns > walked, "the walk hardly did anything: {spawns} spawns");
}
