//! One seed's way through random days: what happens between the turns of the loop.

use super::program::{Life, Program, line};
use super::told::Told;
use crate::logs::backlog::{Budget, CHUNK, MAX_KEPT, READ};
use crate::logs::file::{Limits, LogFile};
use crate::logs::job::Job;
use crate::logs::{Counts, Sink};
use crate::model::Now;
use crate::model::dice::Dice;
use crate::pump::hands::{NewLog, Report};
use crate::pump::lanes::Place;
use crate::pump::sinks::{MAIN, Sinks};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

/// File systems.
const DEVICES: u64 = 2;
/// Pieces that a pipe holds.
const PIPE: usize = 20;

/// A loop without threads, and its surroundings.
pub(super) struct Walk {
    pub(super) dice: Dice,
    pub(super) now: Now,
    pub(super) sinks: Sinks,
    pub(super) budget: Budget,
    /// What all may keep.
    max: usize,
    /// The first is the daemon, which writes the activity log.
    pub(super) programs: Vec<Program>,
    /// Lives whose output is still to be read.
    pub(super) dead: VecDeque<(usize, Life)>,
    last_token: u64,
    /// Calls that the loop does not wait for.
    pub(super) calls: Vec<Out>,
    /// Files that are being opened.
    pub(super) openings: Vec<(usize, SyncSender<io::Result<LogFile>>)>,
    /// File systems from which no call comes back.
    pub(super) hung: BTreeSet<u64>,
    /// What the logs of other loops keep.
    pub(super) others: usize,
    /// A call that does not come back is noticed.
    pub(super) watched: bool,
    pub(super) told: Told,
    /// Failures of the time when all was well last.
    pub(super) known: BTreeMap<usize, usize>,
    /// Since when a log has something to do and no call.
    pub(super) restless: BTreeMap<u64, Duration>,
    /// When a call to a place last came back.
    pub(super) back: BTreeMap<Place, Duration>,
    pub(super) asked: usize,
    pub(super) answered: Arc<AtomicUsize>,
}

/// A call on another thread.
pub(super) struct Out {
    pub(super) place: Place,
    pub(super) device: u64,
    pub(super) since: Duration,
    pub(super) what: What,
}

pub(super) enum What {
    Job { sink: u64, job: Job, bytes: Vec<u8> },
    Close(LogFile),
}

/// What walks came to.
#[derive(Debug, Default)]
pub(super) struct Walked {
    pub(super) written: u64,
    pub(super) dropped: u64,
    pub(super) outages: u64,
    pub(super) given_up: u64,
}

impl Walked {
    pub(super) fn add(&mut self, other: Self) {
        self.written += other.written;
        self.dropped += other.dropped;
        self.outages += other.outages;
        self.given_up += other.given_up;
    }
}

/// Walks one seed; the error is where and how something went wrong.
pub(super) fn walk(seed: u64, steps: u64) -> Result<Walked, String> {
    let mut walk = Walk::new(seed);
    let mut taken = 0;
    let mut live = || {
        while taken < steps {
            taken += 1;
            walk.step()?;
        }
        if walk.dice.one_in(4) { walk.break_off() } else { walk.heal() }?;
        walk.compare()
    };
    live().map_err(|how| {
        format!("seed {seed}, step {taken}: {how}\nreplay with SIM_SEED={seed} cargo test --lib sinks::sim")
    })
}

impl Walk {
    fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let max = READ + CHUNK + usize::try_from(dice.below(4000)).unwrap();
        let max = if dice.one_in(3) { 4 * MAX_KEPT } else { max };
        let budget = Budget::new(max);
        let programs: Vec<Program> =
            (0..=u32::try_from(2 + dice.below(4)).unwrap()).map(|n| Program::new(n, 1 + dice.below(DEVICES))).collect();
        let mut sinks = Sinks::new(budget.clone());
        sinks.insert_main(Sink::of(LogFile::open(&programs[0].path, Limits::new(0, 1)).unwrap()).of_lines());
        Self {
            dice,
            now: Now { mono: Duration::from_secs(50), wall: Duration::from_secs(1_700_000_000) },
            sinks,
            others: 0,
            budget,
            max,
            programs,
            dead: VecDeque::new(),
            last_token: MAIN,
            calls: vec![],
            openings: vec![],
            hung: BTreeSet::new(),
            watched: true,
            told: Told::default(),
            known: BTreeMap::new(),
            restless: BTreeMap::new(),
            back: BTreeMap::new(),
            asked: 0,
            answered: Arc::default(),
        }
    }

    /// One random thing happens.
    fn step(&mut self) -> Result<(), String> {
        match self.dice.below(100) {
            0..=29 => self.write(),
            30..=33 => self.die(),
            34..=39 => self.begin()?,
            40..=47 => self.change(),
            48..=50 => self.hang(),
            51..=62 => self.bring_back()?,
            63..=65 => self.open(),
            66..=68 => self.clear(),
            69..=71 => self.sinks.reopen_all(),
            72..=74 => self.say()?,
            75..=78 => self.squeeze(),
            79 if self.dice.one_in(200) => self.flood()?,
            80 => self.watched = !self.watched,
            _ => self.pass(),
        }
        if self.dice.one_in(4) { Ok(()) } else { self.turns() }
    }

    /// A program that is not the daemon.
    fn any(&mut self) -> usize {
        1 + usize::try_from(self.dice.below(self.programs.len() as u64 - 1)).unwrap()
    }

    fn write(&mut self) {
        let number = self.any();
        let pieces = 1 + self.dice.below(3);
        for _ in 0..pieces {
            let program = &mut self.programs[number];
            if program.live.as_ref().is_none_or(|life| life.pipe.len() >= PIPE) {
                return;
            }
            let piece = program.piece(&mut self.dice);
            program.live.iter_mut().for_each(|life| life.pipe.push_back(piece.clone()));
        }
    }

    fn die(&mut self) {
        let number = self.any();
        self.bury(number);
    }

    pub(super) fn bury(&mut self, number: usize) {
        let Some(life) = self.programs[number].live.take() else { return };
        self.programs[number].forget_rest();
        self.sinks.mourn(life.sink);
        self.dead.push_back((number, life));
    }

    fn begin(&mut self) -> Result<(), String> {
        let number = self.any();
        // a new life may come before the loop hears of the death
        self.bury(number);
        let limits = Limits::new(0, 1);
        let Program { path, owner: Some(owner), device, .. } = &self.programs[number] else { return Ok(()) };
        let log = match self.dice.below(8) {
            0 => NewLog::Unopened(path.clone(), limits),
            luck if luck == 1 || self.hung.contains(device) => {
                let (tell, told) = sync_channel(1);
                self.openings.push((number, tell));
                NewLog::Opening(path.clone(), limits, told)
            }
            _ => match LogFile::open(path, limits) {
                Ok(file) => NewLog::Open(file),
                Err(_) => return Ok(()),
            },
        };
        self.last_token += 1;
        let sink = self.sinks.begin(self.last_token, *owner, log, self.now);
        if sink == self.last_token {
            self.programs[number].account.is_cut = false;
            self.programs[number].account.begin_anew();
        }
        self.programs[number].live = Some(Life { sink, pipe: VecDeque::new() });
        Ok(())
    }

    /// A file fares differently from now on.
    fn change(&mut self) {
        let number = usize::try_from(self.dice.below(self.programs.len() as u64)).unwrap();
        let few = usize::try_from(self.dice.below(600)).unwrap();
        let mut file = self.programs[number].file.state();
        match self.dice.below(10) {
            0..=2 => (file.room, file.is_slow) = (few, false),
            3 if number > 0 => (file.room, file.is_slow) = (few, true),
            4 => file.opens = false,
            5 => file.is_long = !file.is_long,
            6 => file.is_gone = !file.is_gone,
            7 if file.is_slow && file.room < usize::MAX => file.room += few,
            _ => (file.room, file.is_slow, file.opens, file.is_gone) = (usize::MAX, false, true, false),
        }
    }

    /// A file system hangs, or hangs no more.
    fn hang(&mut self) {
        let device = 1 + self.dice.below(DEVICES);
        if !self.hung.remove(&device) {
            self.hung.insert(device);
        }
    }

    /// A call comes back.
    fn bring_back(&mut self) -> Result<(), String> {
        let back: Vec<usize> = (0..self.calls.len()).filter(|n| !self.hung.contains(&self.calls[*n].device)).collect();
        match self.dice.pick(&back) {
            Some(number) => self.come_back(number),
            None => Ok(()),
        }
    }

    pub(super) fn come_back(&mut self, number: usize) -> Result<(), String> {
        let Out { place, since, what, .. } = self.calls.remove(number);
        self.back.insert(place.clone(), self.now.mono);
        let done = match what {
            What::Job { sink, job, bytes } => {
                let number = self.program_of(sink)?;
                let Program { file, account, .. } = &mut self.programs[number];
                let (load, before) = (job.load().0 + bytes.len(), file.state().text.len());
                account.in_calls -= load;
                self.restless.remove(&sink);
                let done = job.run_with(&bytes);
                if file.state().text.len() < before + load {
                    // it waits once more, and perhaps was kept already
                    account.kept.last_mut().into_iter().for_each(|kept| *kept = None);
                }
                Some((sink, done))
            }
            What::Close(file) => {
                drop(file);
                None
            }
        };
        let took = self.now.mono - since;
        self.sinks.reported(Report { place, took, done, panic: None }, self.now);
        (0..self.programs.len()).for_each(|number| self.notice(number));
        Ok(())
    }

    /// A file for a new child is opened, or not.
    pub(super) fn open(&mut self) {
        if self.openings.is_empty() {
            return;
        }
        let (number, tell) = self.openings.remove(0);
        let program = &self.programs[number];
        if self.hung.contains(&program.device) {
            return self.openings.push((number, tell));
        }
        if self.dice.one_in(8) {
            // whoever should have told is no more
            program.file.state().failures += 1;
            return;
        }
        // nobody may want it any more
        drop(tell.send(LogFile::open(&program.path, Limits::new(0, 1))));
    }

    fn clear(&mut self) {
        let number = usize::try_from(self.dice.below(self.programs.len() as u64)).unwrap();
        let sink = if number == 0 { Some(MAIN) } else { self.programs[number].live.as_ref().map(|life| life.sink) };
        let answered = Arc::clone(&self.answered);
        let answer = Box::new(move |_| {
            answered.fetch_add(1, SeqCst);
        });
        if sink.is_some() {
            self.programs[number].account.wants_to_be_empty();
        }
        self.asked += 1;
        self.sinks.clear(sink.into_iter().collect(), answer, self.now);
    }

    /// The daemon has something to say.
    pub(super) fn say(&mut self) -> Result<(), String> {
        let line = line(&mut self.dice);
        self.push(0, MAIN, &line)
    }

    /// The daemon has more to say than can wait.
    fn flood(&mut self) -> Result<(), String> {
        for _ in 0..=MAX_KEPT / READ {
            let mut line = self.dice.next().to_ne_bytes().map(|byte| byte | 0x40).repeat(READ / 8);
            line.push(b'\n');
            self.push(0, MAIN, &line)?;
        }
        Ok(())
    }

    /// Other loops need more of the common room, or less.
    fn squeeze(&mut self) {
        let left = match self.dice.below(3) {
            0 => u64::MAX / 2,
            1 => self.dice.below(500),
            _ => self.dice.below((READ + CHUNK) as u64),
        };
        let left = usize::try_from(left).unwrap();
        let own = self.budget.used() - self.others;
        self.lend(self.max.saturating_sub(own + left));
    }

    /// Others keep so much.
    pub(super) fn lend(&mut self, others: usize) {
        self.budget.lend(self.others, others);
        self.others = others;
    }

    fn pass(&mut self) {
        let millis = match self.dice.below(10) {
            0..=4 => self.dice.below(30),
            5..=7 => self.dice.below(1000),
            8 => self.dice.below(10_000),
            _ => {
                let next = self.sinks.deadline().unwrap_or_default();
                return self.set_forth(next.saturating_sub(self.now.mono));
            }
        };
        self.set_forth(Duration::from_millis(millis));
    }

    pub(super) fn set_forth(&mut self, time: Duration) {
        self.now.mono += time;
        self.now.wall += time;
    }

    /// The counters of a program's log; all at once cost more.
    pub(super) fn counts(&self, number: usize) -> Counts {
        let Program { path, owner, .. } = &self.programs[number];
        let mut counts = self.sinks.past.get(owner).copied().unwrap_or_default();
        let sinks = self.sinks.all.values().filter(|sink| sink.path() == path);
        sinks.for_each(|sink| counts.add(sink.counts()));
        counts
    }

    /// What waits for a program's log, but for what calls have with them.
    pub(super) fn waiting(&self, number: usize) -> u64 {
        let path = &self.programs[number].path;
        let sinks = self.sinks.all.values().filter(|sink| sink.path() == path);
        sinks.map(|sink| sink.waiting() as u64).sum()
    }

    pub(super) fn program_of(&self, token: u64) -> Result<usize, String> {
        let path = self.sinks.get(token).map(Sink::path).ok_or("a log is gone that is needed")?;
        let number = self.programs.iter().position(|program| program.path == path);
        number.ok_or_else(|| "a log is nobody's".to_owned())
    }
}
