//! One seed's way through random life: whatever happens, the world must do what
//! the shadow says.

use super::seen::{Seen, View};
use super::shadow::Shadow;
use super::stimulus::Stimulus;
use super::world::World;
use crate::config::{AutoRestart, GroupConfig, ProcessConfig};
use crate::manager::testing::{group, pool, program};
use crate::manager::{Answer, ProcessId, Target, Ticket, Wish};
use crate::model::dice::Dice;
use crate::model::{Channel, ExitStatus, Now, Signal, SupervisorState};
use std::time::Duration;

/// What the shadow does not see at once is looked at every so many steps.
const INVARIANTS: u64 = 16;

/// The most that a wall clock is set forth or back.
const DAY: Duration = Duration::from_secs(86_400);

/// Falsifies what is seen of the world, so that a test can see whether the
/// shadow notices.
#[derive(Clone, Copy)]
pub(super) enum Doctor {
    /// All is left as it is.
    None,
    /// What happened because of one stimulus.
    Seen(fn(&mut Vec<Seen>)),
    /// What a caller heard.
    Answers(fn(&mut Answer)),
    /// What is known of a process.
    View(fn(&mut View<'_>)),
}

/// One daemon from its start, in the world and in the shadow.
pub(super) struct Walk {
    pub(super) world: World,
    shadow: Shadow,
    dice: Dice,
    callers: Vec<Ticket>,
    tickets: u64,
    doctor: Doctor,
    /// Things that have happened.
    pub(super) steps: u64,
}

impl Walk {
    pub(super) fn new(seed: u64, doctor: Doctor) -> Result<Self, String> {
        let mut dice = Dice(seed);
        let groups = invent_groups(&mut dice);
        let now = Now { mono: Duration::from_secs(50), wall: Duration::from_secs(1_700_000_000) };
        let world = World::new(seed, now, groups.clone());
        let shadow = Shadow::new(now, world.chance.clone());
        let mut walk = Self { world, shadow, dice, callers: vec![], tickets: 0, doctor, steps: 0 };
        for config in groups {
            walk.happen(Stimulus::Add(config))?;
        }
        walk.happen(Stimulus::Boot)?;
        Ok(walk)
    }

    /// Lets something happen, and compares.
    fn happen(&mut self, stimulus: Stimulus) -> Result<(), String> {
        self.shadow.now = self.world.now;
        let foretold = self.shadow.react(&stimulus);
        let told = self.world.react(&stimulus);
        self.steps += 1;
        if self.steps.is_multiple_of(INVARIANTS) {
            self.world.manager.check_invariants();
        }
        if let Doctor::Seen(falsify) = self.doctor {
            falsify(&mut self.world.seen);
        }
        if let Doctor::Answers(falsify) = self.doctor {
            self.world.answers.values_mut().for_each(falsify);
        }
        if self.world.seen != self.shadow.seen {
            return Err(first_difference(&stimulus, &self.world.seen, &self.shadow.seen));
        }
        if self.world.answers != self.shadow.answers {
            let (answers, expected) = (&self.world.answers, &self.shadow.answers);
            return Err(format!("{stimulus:?} is answered by\n{answers:?}, and\n{expected:?} was expected"));
        }
        if told != foretold {
            return Err(format!("{stimulus:?} was answered with {told:?}, and {foretold:?} was expected"));
        }
        if self.world.chance != self.shadow.chance {
            return Err(format!("{stimulus:?}: something was tried more or less often than expected"));
        }
        // When nothing was done nothing should have changed: look at it seldom.
        if !self.world.seen.is_empty() || self.steps.is_multiple_of(INVARIANTS) {
            self.compare_views(&stimulus)?;
        }
        self.world.seen.clear();
        self.shadow.seen.clear();
        self.callers.retain(|caller| !self.shadow.answers.contains_key(caller));
        self.world.answers.clear();
        self.shadow.answers.clear();
        Ok(())
    }

    fn compare_views(&self, stimulus: &Stimulus) -> Result<(), String> {
        let mut expected = self.shadow.views();
        let mut next = self.shadow.next_look();
        for mut view in self.world.views() {
            let Some(mut expected) = expected.next() else { return Err(format!("a process too many: {view:?}")) };
            if let Doctor::View(falsify) = self.doctor {
                falsify(&mut view);
            }
            next = next.into_iter().chain(expected.moves).min();
            if self.shadow.mood != SupervisorState::Running {
                // A wake for what must not start any more is let pass.
                view.moves = None;
                expected.moves = None;
            }
            if view != expected {
                return Err(format!("{stimulus:?} leads to\n{view:?}, and\n{expected:?} was expected"));
            }
        }
        if let Some(missing) = expected.next() {
            return Err(format!("a process is missing: {missing:?}"));
        }
        self.compare_deadlines(stimulus, next)
    }

    /// Never too late; and never too early, which would be a busy loop.
    fn compare_deadlines(&self, stimulus: &Stimulus, expected: Option<Duration>) -> Result<(), String> {
        let ours = self.world.manager.deadline(self.world.now);
        let right = match self.shadow.mood {
            SupervisorState::Running => ours == expected,
            SupervisorState::Restarting | SupervisorState::Shutdown => ours <= expected,
        };
        if right { Ok(()) } else { Err(format!("{stimulus:?}: woken at {ours:?}, and {expected:?} was expected")) }
    }

    /// One random thing happens.
    pub(super) fn step(&mut self) -> Result<(), String> {
        let running = self.shadow.mood == SupervisorState::Running;
        match self.dice.below(100) {
            0..=39 => self.pass(40),
            40..=59 => self.die(),
            // Clients are refused by others when the daemon leaves (B1.13.1).
            60..=79 if running => self.ask(),
            80..=86 => self.hear(),
            87..=89 if running => {
                let name = self.dice.pick(&["a", "b", "g", "l", "f", "nope"]).unwrap_or("a");
                self.happen(Stimulus::Remove(name.to_owned()))
            }
            90..=92 => match self.dice.pick(&self.world.groups) {
                Some(config) => self.happen(Stimulus::Add(config)),
                None => Ok(()),
            },
            93 => self.happen(Stimulus::Exit(1, ExitStatus::Code(0))),
            94 | 95 => {
                let id = self.process();
                let pid = self.pid_of(id);
                self.happen(Stimulus::Output(id, Channel::Stderr, pid))
            }
            96 if self.dice.one_in(16) => {
                self.callers.clear();
                self.happen(Stimulus::Upgrade)
            }
            97 => {
                let signal = self.dice.pick(&[Signal::CHLD, Signal::USR2, Signal::KILL]);
                self.happen(Stimulus::Signal(signal.unwrap_or(Signal::CHLD)))
            }
            98 if self.dice.one_in(8) => self.leave(),
            // Somebody is impatient.
            60..=62 => self.leave(),
            99 => self.set_clock(),
            _ => self.happen(Stimulus::Wake),
        }
    }

    fn leave(&mut self) -> Result<(), String> {
        match self.dice.below(4) {
            0 => self.happen(Stimulus::Leave(SupervisorState::Shutdown)),
            1 => self.happen(Stimulus::Signal(Signal::TERM)),
            _ => self.happen(Stimulus::Signal(Signal::HUP)),
        }
    }

    /// Somebody sets the wall clock; no interval may notice (A4.36, A4.37).
    fn set_clock(&mut self) -> Result<(), String> {
        let now = &mut self.world.now;
        now.wall = match self.dice.below(4) {
            0 => now.wall + DAY,
            1 => now.wall - DAY,
            2 => now.wall + Duration::from_millis(self.dice.below(5000)),
            _ => now.wall - Duration::from_millis(self.dice.below(5000)),
        };
        self.pass(1)
    }

    /// Lets time pass and wakes the manager. It may want to be woken again at
    /// once, for a stop with `stopwaitsecs=0`, but soon it must be content:
    /// else the loop is busy.
    fn pass(&mut self, tenths: u64) -> Result<(), String> {
        self.set_forth(tenths);
        for _ in 0..5 {
            self.happen(Stimulus::Wake)?;
            let next = self.world.manager.deadline(self.world.now);
            if self.world.finished.is_some() || next.is_none_or(|at| at > self.world.now.mono) {
                return Ok(());
            }
        }
        Err(format!("wants to be woken for ever at {:?}", self.world.now.mono))
    }

    fn set_forth(&mut self, tenths: u64) {
        let millis = Duration::from_millis(self.dice.below(tenths) * 100);
        self.world.now.mono += millis;
        self.world.now.wall += millis;
    }

    /// A child dies, those first that were told to.
    fn die(&mut self) -> Result<(), String> {
        let doomed = self.world.doomed.pop().filter(|pid| self.world.alive.contains_key(pid));
        let alive: Vec<i32> = self.world.alive.keys().copied().collect();
        let Some(pid) = doomed.or_else(|| self.dice.pick(&alive)) else { return Ok(()) };
        let status = match self.dice.below(5) {
            0 => ExitStatus::Signal { number: 15, core: false },
            1 => ExitStatus::Signal { number: 11, core: true },
            2 => ExitStatus::Code(1),
            3 => ExitStatus::Code(2),
            _ => ExitStatus::Code(0),
        };
        if self.dice.one_in(4) {
            // An exit is looked at before the deadlines that are due by then.
            self.set_forth(20);
        }
        self.happen(Stimulus::Exit(pid, status))
    }

    fn ask(&mut self) -> Result<(), String> {
        if self.dice.one_in(12)
            && let Some(gone) = self.callers.pop()
        {
            return self.happen(Stimulus::Gone(gone));
        }
        let names = ["a", "b", "g:x", "g:y", "g:*", "g:", "l", "nope", "g", "f:f_1", "f:*", "a:b"];
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
        self.callers.push(ticket);
        self.happen(Stimulus::Ask(ticket, target, wish))
    }

    fn hear(&mut self) -> Result<(), String> {
        let said: &[u8] = match self.dice.below(6) {
            0 => b"RESULT 2\nOK",
            1 => b"RESULT 4\nFAIL",
            2 => b"RESULT 2\nOKREADY\n",
            3 => b"nonsense",
            _ => b"READY\n",
        };
        let id = self.listener();
        match self.pid_of(id) {
            0 => Ok(()),
            _ if self.dice.one_in(8) => self.happen(Stimulus::Deaf(id)),
            _ => self.happen(Stimulus::Hear(id, said)),
        }
    }

    /// A listener if there is one, or at times anybody.
    fn listener(&mut self) -> ProcessId {
        let manager = &self.world.manager;
        let listener = self.world.views().map(|view| view.id).find(|id| manager.is_listener(*id));
        if self.dice.one_in(8) { self.process() } else { listener.unwrap_or(ProcessId(9_999_999)) }
    }

    /// Any process, or at times one that does not exist.
    fn process(&mut self) -> ProcessId {
        let known: Vec<ProcessId> = self.world.views().map(|view| view.id).collect();
        self.dice.pick(&known).filter(|_| !self.dice.one_in(50)).unwrap_or(ProcessId(9_999_999))
    }

    fn pid_of(&self, id: ProcessId) -> i32 {
        self.world.views().find(|view| view.id == id).map_or(0, |view| view.pid)
    }

    /// From any state the daemon can be brought down, and every caller hears.
    pub(super) fn bring_down(&mut self) -> Result<(), String> {
        self.happen(Stimulus::Signal(Signal::TERM))?;
        for _ in 0..10_000 {
            if self.world.finished == Some(SupervisorState::Shutdown) {
                return match self.shadow.waiting() {
                    0 => Ok(()),
                    waiting => Err(format!("{waiting} callers never hear")),
                };
            }
            if self.dice.one_in(2) {
                self.hear()?;
            }
            self.die()?;
            let tenths = self.dice.pick(&[8, 100]).unwrap_or(100);
            self.pass(tenths)?;
        }
        Err("it does not come down".to_owned())
    }
}

fn first_difference(stimulus: &Stimulus, seen: &[Seen], expected: &[Seen]) -> String {
    let same = seen.iter().zip(expected).take_while(|(seen, expected)| seen == expected).count();
    let (next, wanted) = (seen.get(same), expected.get(same));
    format!("{stimulus:?} leads, as number {same}, to\n{next:?}, and\n{wanted:?} was expected\nin {expected:#?}")
}

fn invent_groups(dice: &mut Dice) -> Vec<GroupConfig> {
    let mut invent = |name: &str| ProcessConfig {
        startsecs: dice.between(-1, 3),
        startretries: dice.between(0, 3),
        stopwaitsecs: dice.between(0, 4),
        autostart: !dice.one_in(3),
        priority: dice.between(0, 2),
        stopasgroup: dice.one_in(3),
        killasgroup: dice.one_in(2),
        stopsignal: dice.pick(&[Signal::TERM, Signal::INT, Signal::QUIT]).unwrap_or(Signal::TERM),
        exitcodes: dice.pick(&[vec![0], vec![0, 2], vec![]]).unwrap_or_default(),
        autorestart: dice
            .pick(&[AutoRestart::Never, AutoRestart::Unexpected, AutoRestart::Always])
            .unwrap_or(AutoRestart::Always),
        ..program(name)
    };
    let (a, b, x, y, l) = (invent("a"), invent("b"), invent("x"), invent("y"), invent("l"));
    let farm = (0..3).map(|number| invent(&format!("f_{number}"))).collect();
    vec![
        pool("l", 3, &["EVENT"], vec![l]),
        group("g", 5, vec![x, y]),
        group("a", 10, vec![a]),
        group("b", 10, vec![b]),
        group("f", 20, farm),
    ]
}

/// What a seed's walk came to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Walked {
    /// Things that happened.
    pub(super) steps: u64,
    /// Children that were tried.
    pub(super) spawns: u64,
}

/// Walks one seed, through one life after the other; the error is where and how
/// the world left the shadow.
pub(super) fn walk(seed: u64, steps: u64, doctor: Doctor) -> Result<Walked, String> {
    let mut walked = Walked::default();
    let mut live = || -> Result<(), String> {
        while walked.steps < steps {
            let mut walk = Walk::new(seed.wrapping_add(walked.steps << 32), doctor)?;
            while walk.world.finished.is_none() && walked.steps + walk.steps < steps {
                walk.step()?;
            }
            if walk.world.finished.is_none() {
                walk.bring_down()?;
            }
            walked.steps += walk.steps;
            walked.spawns += walk.world.spawns;
        }
        Ok(())
    };
    let result = live();
    result.map(|()| walked).map_err(|how| {
        format!("seed {seed}, life from step {}: {how}\nreplay with SIM_SEED={seed} cargo test --lib sim", walked.steps)
    })
}
