//! All loops: how many there are, whose streams each has, and their common end.

use super::hands::{Hands, NewLog};
use super::inlet::Inlet;
use super::making::Making;
use super::outbox::Outbox;
use super::outlets::{Lines, Outlets};
use super::shared::Shared;
use super::state::State;
use super::width::Widths;
use super::{AllCounts, CountAnswer, Left, Order, PumpEvent};
use crate::logs::backlog::Budget;
use crate::logs::syslog::Outages;
use crate::logs::{Limits, MainLog};
use crate::model::{Level, LogLine};
use crate::sys::clock;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, channel, sync_channel};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

/// More would have nothing to do: two keep up with all that two processors write.
const MOST: usize = 4;
/// For what is still to be said when the limit of a stop is reached.
const LAST_TURN: Duration = Duration::from_millis(500);
/// What loops tell within this time is told as one.
const TOGETHER: Duration = Duration::from_millis(50);
/// Logs of which is known where they were.
const REMEMBERED: usize = 10_000;

/// How the end of a loop goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// It takes a while.
    Waits(Left),
    /// It is over.
    Over(Left),
}

/// What they share.
#[derive(Default)]
struct Common {
    budget: Budget,
    widths: Widths,
    making: Arc<Making>,
    /// Of the syslog daemon.
    outages: Outages,
}

/// How many loops there should be. Where all that children write may go to the
/// activity log too, one keeps that in order and waits for it.
pub(super) fn count_for(quietest: Level) -> usize {
    if quietest >= Level::Debug { 1 } else { available_parallelism().map_or(1, usize::from).min(MOST) }
}

/// One of them, from outside.
pub(super) struct Loop {
    pub(super) inlet: Inlet,
    hands: Arc<Hands>,
}

impl Loop {
    fn start(
        lines: Lines,
        common: &Common,
        events: &tokio::sync::mpsc::Sender<PumpEvent>,
        endings: &SyncSender<Ending>,
    ) -> io::Result<Self> {
        let (orders, inbox) = channel();
        let (tell, told) = channel();
        let shared = Arc::new(Shared::new()?);
        let outbox = Outbox::new(events.clone(), Arc::clone(&shared).into());
        let outlets = Outlets::new(lines, &common.budget, &common.outages, outbox, clock::now());
        let state = State::new(outlets, common.widths.clone(), inbox, told, Arc::clone(&shared), endings.clone())?;
        let hands = Arc::new(Hands::new(Arc::clone(&shared), tell, Arc::clone(&common.making))?);
        hands.start(Box::new(state))?;
        Ok(Self { inlet: Inlet::new(orders, shared), hands })
    }

    /// Makes AUTO logs, for children of any loop.
    pub(super) fn make(&self, paths: Vec<PathBuf>) -> io::Result<()> {
        self.hands.make(paths)
    }

    /// Opens the log of a child whose streams it will have.
    pub(super) fn open(&self, path: PathBuf, limits: Limits) -> io::Result<NewLog> {
        self.hands.open(path, limits)
    }
}

/// A loop ends when nobody can give it orders any more.
impl Drop for Loop {
    fn drop(&mut self) {
        self.inlet.order(Order::Stop(Duration::ZERO));
    }
}

/// All of them.
pub(super) struct Loops {
    /// Has the activity log.
    first: Loop,
    others: Vec<Loop>,
    homes: RefCell<Homes>,
    endings: Receiver<Ending>,
}

impl Loops {
    pub(super) fn start(
        count: usize,
        main: MainLog,
        events: &tokio::sync::mpsc::Sender<PumpEvent>,
    ) -> io::Result<Self> {
        let common = Common::default();
        // whoever does not wait for the end does not miss the answer either
        let (tell_ending, endings) = sync_channel(2 * count.max(1));
        let quietest = main.quietest();
        let first = Loop::start(Lines::Here(Box::new(main)), &common, events, &tell_ending)?;
        let other = |_| Loop::start(Lines::There(first.inlet.clone(), quietest), &common, events, &tell_ending);
        let others = (1..count).map(other).collect::<io::Result<_>>()?;
        Ok(Self { first, others, homes: RefCell::default(), endings })
    }

    pub(super) fn first(&self) -> &Loop {
        &self.first
    }

    /// The one that has the streams of `process`.
    pub(super) fn of(&self, process: u32) -> &Loop {
        let stands_for = self.homes.borrow().moved.get(&process).copied();
        let number = stands_for.unwrap_or(process) as usize % (self.others.len() + 1);
        number.checked_sub(1).and_then(|other| self.others.get(other)).unwrap_or(&self.first)
    }

    /// The same when it opens the log at `path`. Who comes new to it goes where the
    /// log was before, which may have bytes for it that must come first.
    pub(super) fn of_log(&self, process: u32, path: &Path) -> &Loop {
        self.homes.borrow_mut().settle(process, path, self.others.len() + 1);
        self.of(process)
    }

    pub(super) fn order_all(&self, order: impl Fn() -> Order) {
        self.all().for_each(|one| one.inlet.order(order()));
    }

    /// Asks one after the other for its counters; the first one last, since by
    /// then it has the lines of the others.
    pub(super) fn count(&self, answer: CountAnswer) {
        count_up(self.all().map(|one| one.inlet.clone()).collect(), AllCounts::new(), answer);
    }

    /// See [`Pump::stop`](super::Pump::stop).
    pub(super) fn stop(self, limit: Duration, waits: impl FnOnce(Left)) -> Option<Left> {
        self.order_all(|| Order::Stop(limit));
        let end = Instant::now() + limit + LAST_TURN;
        let mut waits = Some(waits);
        let mut running = self.all().count();
        let (mut lost, mut waiting) = (Left::default(), Left::default());
        let mut tell_at = None;
        loop {
            if running == 1 {
                self.first.inlet.order(Order::Alone);
            }
            let until = tell_at.map_or(end, |at| end.min(at));
            match self.endings.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(Ending::Over(left)) => {
                    lost.add(left);
                    running -= 1;
                    if running == 0 {
                        return Some(lost);
                    }
                }
                Ok(Ending::Waits(left)) => {
                    waiting.add(left);
                    tell_at = waits.is_some().then(|| tell_at.unwrap_or_else(|| Instant::now() + TOGETHER));
                }
                Err(RecvTimeoutError::Timeout) if tell_at.take().is_some() => {
                    self.first.inlet.log(LogLine::new(Level::Warn, waiting.waits_text()), clock::now());
                    waits.take().into_iter().for_each(|waits| waits(waiting));
                }
                Err(_) => return None,
            }
        }
    }

    fn all(&self) -> impl Iterator<Item = &Loop> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

/// Which processes are not where their numbers say: a program that is removed and
/// added again has a new number and the old logs.
#[derive(Default)]
struct Homes {
    /// The number that counts in place of its own: eight bytes for each program that
    /// was added anew and may still be there.
    moved: HashMap<u32, u32>,
    /// Those who have opened a log.
    settled: BTreeSet<u32>,
    /// Who opened each log first.
    logs: HashMap<PathBuf, u32>,
}

impl Homes {
    fn settle(&mut self, process: u32, path: &Path, loops: usize) {
        if self.logs.len() >= REMEMBERED {
            self.logs.clear();
        }
        let known = self.logs.get(path).copied();
        let first = self.settled.insert(process);
        while self.settled.len() > REMEMBERED {
            // between two of its lives it may move
            self.settled.pop_first();
        }
        if let Some(home) = known.filter(|home| first && *home as usize % loops != process as usize % loops) {
            self.moved.insert(process, home);
        }
        if known.is_none() {
            let home = self.moved.get(&process).copied().unwrap_or(process);
            self.logs.insert(path.to_owned(), home);
        }
    }
}

fn count_up(mut rest: Vec<Inlet>, mut sum: AllCounts, answer: CountAnswer) {
    let Some(inlet) = rest.pop() else { return answer(sum) };
    let next = move |counts: AllCounts| {
        for (channel, count) in counts {
            sum.entry(channel).or_default().add(count);
        }
        count_up(rest, sum, answer);
    };
    inlet.order(Order::Count(Box::new(next)));
}
