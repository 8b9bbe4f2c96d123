//! A loop's threads. One works the loop, one watches it, one is ready for
//! calls that may block; more come when those are stuck, within a bound, and go
//! when there is nothing for them to do. Which thread is which changes.

use super::crew::Crew;
use super::desk::Desk;
use super::drive;
use super::lanes::Place;
use super::making::Making;
use super::shared::Shared;
use super::state::State;
use crate::logs::file::{Limits, LogFile};
use crate::logs::job::{Done, Job};
use crate::sys::panics::caught;
use crate::sys::thread::{is_blocked, own_id};
use nix::sys::signal::SigSet;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Threads without work, beside the one that watches.
const READY: usize = 1;
/// Files that are being opened for new children at one time; more wait for the
/// loop to open them.
const MAX_OPENINGS: usize = 6;
/// A thread without work ends after this time, unless it is the last such.
const REST: Duration = Duration::from_secs(10);
/// An opening that has taken longer says nothing good about its folder.
const SLOW_OPEN: Duration = Duration::from_millis(5);
/// The longest wait for a machine that is too busy to open a file at all.
const BUSY_MACHINE: Duration = Duration::from_millis(250);

/// A call that may not come back.
pub(super) enum Errand {
    /// Of a sink.
    Job { sink: u64, place: Place, job: Job },
    /// Even this may block: some file systems write only then.
    Close { place: Place, file: LogFile },
    /// For a child that begins.
    Open { path: PathBuf, limits: Limits, number: u64, thread: Arc<AtomicI32>, tell: SyncSender<io::Result<LogFile>> },
    /// AUTO logs.
    Make { folder: PathBuf, thread: Arc<AtomicI32> },
}

/// What came of a call that the loop did not wait for.
pub(super) struct Report {
    pub(super) place: Place,
    pub(super) took: Duration,
    /// What it came to for a sink.
    pub(super) done: Option<(u64, Done)>,
    /// The text of its panic.
    pub(super) panic: Option<String>,
}

/// What the loop is told by other threads.
pub(super) enum Told {
    /// A call is back that the loop did not wait for.
    Back(Box<Report>),
    /// One for somebody else panicked, with this text.
    Panic(String),
    /// A thread could not be begun, for this reason; see [`Hands::mend`].
    Short(io::Error),
}

/// A log that a new child will write to.
#[derive(Debug)]
pub enum NewLog {
    /// It is open.
    Open(LogFile),
    /// It is being opened, which takes long.
    Opening(PathBuf, Limits, Receiver<io::Result<LogFile>>),
    /// Nobody is at it: its folder is slow, or too much else is.
    Unopened(PathBuf, Limits),
}

/// What all threads share.
pub(super) struct Hands {
    pool: Mutex<Pool>,
    bell: Condvar,
    pub(super) desk: Desk<Box<State>>,
    watched: AtomicBool,
    tell: Sender<Told>,
    shared: Arc<Shared>,
    making: Arc<Making>,
}

#[derive(Default)]
struct Pool {
    errands: VecDeque<Errand>,
    crew: Crew,
    ended: bool,
    /// Folders in which files are being opened for children, and since when.
    openings: BTreeMap<u64, (PathBuf, Instant)>,
    last_opening: u64,
}

enum Task {
    Run(Errand),
    Watch,
    End,
}

impl Hands {
    pub(super) fn new(shared: Arc<Shared>, tell: Sender<Told>, making: Arc<Making>) -> io::Result<Self> {
        Ok(Self {
            pool: Mutex::default(),
            bell: Condvar::new(),
            desk: Desk::new()?,
            watched: AtomicBool::new(false),
            tell,
            shared,
            making,
        })
    }

    /// Begins with `state`: one thread works it, one watches, one is ready.
    pub(super) fn start(self: &Arc<Self>, state: Box<State>) -> io::Result<()> {
        let started = self.reinforce(READY).and_then(|()| {
            self.lock().crew.add_busy();
            self.spawn(Some(state)).inspect_err(|_| self.lock().crew.remove_busy())
        });
        started.inspect_err(|_| self.end())
    }

    /// Begins the threads that could not be begun when they were wanted; false if
    /// there still are too few.
    pub(super) fn mend(self: &Arc<Self>) -> bool {
        self.reinforce(0).is_ok()
    }

    /// Whether a call that does not come back would be noticed.
    pub(super) fn is_watched(&self) -> bool {
        self.watched.load(SeqCst)
    }

    /// Has `errand` run by a thread of its own, as soon as there is one.
    pub(super) fn give(self: &Arc<Self>, errand: Errand) {
        self.lock().errands.push_back(errand);
        self.bell.notify_one();
        // without a thread it waits until one is done, or has come
        self.call_for(0);
    }

    /// Opens a child's log on another thread, and waits for that no longer than
    /// the disk may take (A4.73).
    ///
    /// # Errors
    /// It cannot be opened.
    pub(super) fn open(self: &Arc<Self>, path: PathBuf, limits: Limits) -> io::Result<NewLog> {
        if let Some(log) = self.making.open(&path, limits, Arc::clone(&self.shared).into()) {
            return Ok(log);
        }
        let Some(number) = self.may_open(&path) else { return Ok(NewLog::Unopened(path, limits)) };
        let (tell, told) = sync_channel(1);
        let thread = Arc::new(AtomicI32::new(0));
        self.give(Errand::Open { path: path.clone(), limits, number, thread: Arc::clone(&thread), tell });
        match wait(&told, &thread) {
            Ok(opened) => opened.map(NewLog::Open),
            Err(RecvTimeoutError::Disconnected) => Ok(NewLog::Unopened(path, limits)),
            Err(RecvTimeoutError::Timeout) => Ok(NewLog::Opening(path, limits, told)),
        }
    }

    /// Makes AUTO logs on another thread, and waits for that as [`open`](Self::open) does.
    ///
    /// # Errors
    /// One cannot be made, and there is none of them.
    pub(super) fn make(self: &Arc<Self>, paths: Vec<PathBuf>) -> io::Result<()> {
        let Some(folder) = paths.first().and_then(|path| path.parent()).map(Path::to_owned) else { return Ok(()) };
        let Some(told) = self.making.begin(&folder, paths) else { return Ok(()) };
        let thread = Arc::new(AtomicI32::new(0));
        self.give(Errand::Make { folder: folder.clone(), thread: Arc::clone(&thread) });
        match wait(&told, &thread) {
            Ok(outcome) => outcome,
            Err(_) if self.making.leave(&folder) => Ok(()),
            // it came just now, or its thread has panicked
            Err(_) => told.recv().unwrap_or_else(|_| Err(io::ErrorKind::Interrupted.into())),
        }
    }

    /// Ends all threads; those that are stuck when they are back.
    pub(super) fn end(&self) {
        self.lock().ended = true;
        self.bell.notify_all();
        self.desk.close();
    }

    /// Tells the loop what a call came to that it no longer waits for.
    pub(super) fn report(&self, report: Report) {
        self.tell(Told::Back(Box::new(report)));
    }

    fn tell(&self, what: Told) {
        // without a loop nobody wants to know
        drop(self.tell.send(what));
        self.shared.nudge();
    }

    /// The number of a new opening; `None` if there should not be one now.
    fn may_open(&self, path: &Path) -> Option<u64> {
        let folder = path.parent().unwrap_or(path);
        let mut pool = self.lock();
        let slow = |(at, since): &(PathBuf, Instant)| at == folder && since.elapsed() > SLOW_OPEN;
        if pool.openings.len() >= MAX_OPENINGS || pool.openings.values().any(slow) {
            return None;
        }
        pool.last_opening += 1;
        let number = pool.last_opening;
        pool.openings.insert(number, (folder.to_owned(), Instant::now()));
        Some(number)
    }

    /// Begins threads until each errand has one, the watch has one, and so many
    /// are `ready` beside; tells the loop if that fails.
    fn call_for(self: &Arc<Self>, ready: usize) {
        if let Err(error) = self.reinforce(ready) {
            self.tell(Told::Short(error));
        }
    }

    fn reinforce(self: &Arc<Self>, ready: usize) -> io::Result<()> {
        loop {
            let mut pool = self.lock();
            let wanted = pool.errands.len() + usize::from(!self.is_watched()) + ready;
            if pool.ended || !pool.crew.add_free(wanted) {
                return Ok(());
            }
            drop(pool);
            self.spawn(None).inspect_err(|_| self.lock().crew.remove_free())?;
        }
    }

    /// Begins a thread that is counted already.
    fn spawn(self: &Arc<Self>, state: Option<Box<State>>) -> io::Result<()> {
        #[cfg(test)]
        tests::refuse_thread()?;
        let hands = Arc::clone(self);
        let thread = std::thread::Builder::new().name("pump".to_owned());
        thread.spawn(move || hands.live(state)).map(drop)
    }

    fn live(self: &Arc<Self>, state: Option<Box<State>>) {
        // signals are for the engine's thread; a limit of file size is an error of write
        let _ = SigSet::all().thread_block();
        if let Some(state) = state {
            drive::drive(self, state);
            self.lock().crew.release();
        }
        loop {
            match self.next() {
                Task::Run(errand) => self.run(errand),
                Task::Watch => {
                    let found = self.desk.watch();
                    self.watched.store(false, SeqCst);
                    if let Some((mut state, call)) = found {
                        self.bell.notify_one();
                        self.call_for(READY);
                        state.taken_over(call.place);
                        drive::drive(self, state);
                    }
                }
                Task::End => break,
            }
            self.lock().crew.release();
        }
    }

    /// What a free thread does next.
    fn next(&self) -> Task {
        let mut pool = self.lock();
        loop {
            if pool.ended {
                pool.crew.remove_free();
                return Task::End;
            }
            if !self.watched.swap(true, SeqCst) {
                pool.crew.engage();
                return Task::Watch;
            }
            if let Some(errand) = pool.errands.pop_front() {
                pool.crew.engage();
                return Task::Run(errand);
            }
            if pool.crew.is_last_free() {
                pool = self.bell.wait(pool).unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let (woken, waited) = self.bell.wait_timeout(pool, REST).unwrap_or_else(PoisonError::into_inner);
            pool = woken;
            if waited.timed_out() && !pool.crew.is_last_free() && pool.errands.is_empty() {
                pool.crew.remove_free();
                return Task::End;
            }
        }
    }

    fn run(&self, errand: Errand) {
        match errand {
            Errand::Job { sink, place, job } => {
                let began = Instant::now();
                let (done, panic) = drive::run(job, &[]);
                self.report(Report { place, took: began.elapsed(), done: Some((sink, done)), panic });
            }
            Errand::Close { place, file } => {
                let began = Instant::now();
                drop(file);
                self.report(Report { place, took: began.elapsed(), done: None, panic: None });
            }
            Errand::Open { path, limits, number, thread, tell } => {
                thread.store(own_id(), SeqCst);
                let opened = caught(|| {
                    #[cfg(test)]
                    super::tests::panic_if_named(&path, "an opening panics");
                    LogFile::open(&path, limits)
                });
                let opened = opened.unwrap_or_else(|text| {
                    self.tell(Told::Panic(text.clone()));
                    Err(io::Error::other(text))
                });
                self.lock().openings.remove(&number);
                // a child that was given up needs no log
                drop(tell.send(opened));
                self.shared.nudge();
            }
            Errand::Make { folder, thread } => {
                thread.store(own_id(), SeqCst);
                if let Err(text) = caught(|| self.making.work(&folder)) {
                    self.making.give_up(&folder);
                    self.tell(Told::Panic(text));
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What `thread` tells; a time-out when it has waited for the disk too long.
fn wait<T>(told: &Receiver<T>, thread: &AtomicI32) -> Result<T, RecvTimeoutError> {
    let began = Instant::now();
    loop {
        match told.recv_timeout(SLOW_OPEN) {
            Err(RecvTimeoutError::Timeout) => {}
            other => return other,
        }
        let id = thread.load(SeqCst);
        let begun = id != 0;
        if begun && is_blocked(id) || began.elapsed() > BUSY_MACHINE {
            return Err(RecvTimeoutError::Timeout);
        }
    }
}

#[cfg(test)]
mod tests;
