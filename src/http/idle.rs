//! Followers of logs: who wants to read on, and who waits until there is more.
//!
//! The kernel tells which file has changed, and its followers look together. A
//! look is a call or two to the file system, which may hang. So none happens on
//! the loop's thread: followers go to a blocking thread in batches, one for each
//! file system, and hundreds of them cost little more than one. Where a disk
//! hangs, only its followers hang.

use super::guard::Guard;
use crate::logs::Follow;
use crate::sys::file_watch::{Change, FileWatch, Watched};
use crate::sys::panics::caught;
use crate::sys::reactor;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::rc::{Rc, Weak};
use std::time::Duration;
use tokio::io::unix::AsyncFd;
use tokio::sync::{Notify, oneshot};
use tokio::task::{spawn_blocking, spawn_local, yield_now};
use tokio::time::{Instant, sleep, sleep_until};

/// Between two looks at a log that the kernel does not watch, or that has lost
/// its name: its successor may come at any time (B2.9.6, B2.9.9).
const BEAT: Duration = Duration::from_millis(120);
/// The same right after it was lost. The successor usually comes at once, and may be
/// moved to a name that nobody knows soon.
const FIRST_BEAT: Duration = Duration::from_millis(4);
/// Between two looks at a log that is watched, in case something was not told.
const SLOW_BEAT: Duration = Duration::from_secs(1);
/// After followers were woken, before the next are: for each of them, so that a
/// log written to all the time with hundreds of followers does not fill the
/// processor with tiny chunks.
const REST: Duration = Duration::from_micros(400);
/// And at least this.
const SHORTEST_REST: Duration = Duration::from_millis(5);

/// A follower again, and what it found; an error when the log cannot be read.
pub(super) type Found = (Follower, io::Result<Vec<u8>>);

/// Whoever follows a log, while it does.
#[derive(Debug)]
pub(super) struct Idle {
    guard: Rc<Guard>,
    /// Those who look as soon as possible.
    eager: RefCell<Vec<Waiting>>,
    /// Those who look when something has happened.
    waiting: RefCell<Vec<Waiting>>,
    /// Somebody gathers the eager already.
    gathering: Cell<bool>,
    /// Somebody beats already.
    beating: Cell<bool>,
    /// Somebody came for whom the beat has to be quick.
    hurry: Notify,
    watch: RefCell<Option<Rc<AsyncFd<FileWatch>>>>,
    files: RefCell<HashMap<Watched, File>>,
}

/// A file that followers have in common.
#[derive(Debug, Default)]
struct File {
    followers: usize,
    /// How often something has happened to it.
    changes: u64,
    /// Since when it may have another name, and another file its own.
    renamed: Option<Instant>,
}

/// A follower's part in a watched file.
#[derive(Debug)]
struct Hold {
    idle: Weak<Idle>,
    file: Watched,
    /// The follower's number for that file.
    turn: u32,
    /// What had happened to the file when it was looked at last.
    changes: u64,
}

/// One who follows a log.
#[derive(Debug)]
pub(super) struct Follower {
    follow: Follow,
    hold: Option<Hold>,
}

/// A follower that wants to be told about at most `most` bytes.
#[derive(Debug)]
struct Waiting {
    follower: Follower,
    most: usize,
    tell: oneshot::Sender<Found>,
}

impl Idle {
    /// Nobody yet; `guard` catches panics.
    pub(super) fn new(guard: Rc<Guard>) -> Self {
        Self {
            guard,
            eager: RefCell::default(),
            waiting: RefCell::default(),
            gathering: Cell::default(),
            beating: Cell::default(),
            hurry: Notify::new(),
            watch: RefCell::default(),
            files: RefCell::default(),
        }
    }

    /// What catches the panics of followers.
    pub(super) fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Has `work` done beside what is done here; again after a panic, for others
    /// count on it.
    fn begin(self: &Rc<Self>, work: impl AsyncFn(&Rc<Self>) + 'static) {
        let idle = Rc::clone(self);
        spawn_local(async move { while idle.guard.caught("a look at followed logs", work(&idle)).await.is_none() {} });
    }

    /// Waits until there is something to read, and reads at most `most` bytes of
    /// it. `None` when the runtime is going down. Whoever stops waiting is
    /// forgotten at the next look.
    pub(super) async fn next(self: &Rc<Self>, follower: Follower, most: usize) -> Option<Found> {
        let (tell, told) = oneshot::channel();
        let again = !follower.follow.is_drained();
        let waiting = Waiting { follower, most, tell };
        if again {
            self.look_soon(waiting)
        } else {
            self.wait_on(waiting)
        }
        told.await.ok()
    }

    /// Has the follower's file watched. Whether this has just begun: what happened
    /// before is to be seen by looking.
    fn attend(self: &Rc<Self>, follower: &mut Follower) -> bool {
        let (file, turn) = follower.follow.file();
        if !follower.follow.is_regular() {
            follower.hold = None;
            return false;
        }
        if follower.hold.as_ref().is_some_and(|hold| hold.turn == turn) {
            return false;
        }
        let watched = self.watch().and_then(|watch| watch.get_ref().add(file).ok());
        follower.hold = watched.map(|watched| {
            let mut files = self.files.borrow_mut();
            let known = files.entry(watched).or_default();
            known.followers += 1;
            Hold { idle: Rc::downgrade(self), file: watched, turn, changes: known.changes }
        });
        follower.hold.is_some()
    }

    /// What watches files; made for the first follower, where the system lets us.
    fn watch(self: &Rc<Self>) -> Option<Rc<AsyncFd<FileWatch>>> {
        let mut watch = self.watch.borrow_mut();
        if watch.is_none() {
            let made = Rc::new(FileWatch::new().and_then(reactor::watch).ok()?);
            *watch = Some(Rc::clone(&made));
            self.begin(async move |idle| idle.listen(&made).await);
        }
        watch.clone()
    }

    /// Wakes followers of files that change, until none is watched.
    async fn listen(self: &Rc<Self>, watch: &AsyncFd<FileWatch>) {
        while !self.files.borrow().is_empty() {
            let Ok(mut ready) = watch.readable().await else { break };
            #[cfg(test)]
            super::tests::panic_at("listen");
            let Ok(changes) = watch.get_ref().changes() else { break };
            if changes.is_empty() {
                ready.clear_ready();
                continue;
            }
            changes.into_iter().for_each(|change| self.note(change));
            let (woken, still): (Vec<_>, Vec<_>) = self.waiting.take().into_iter().partition(Waiting::has_news);
            *self.waiting.borrow_mut() = still;
            let rest = REST.saturating_mul(u32::try_from(woken.len()).unwrap_or(u32::MAX));
            woken.into_iter().for_each(|waiting| self.look_soon(waiting));
            sleep(rest.max(SHORTEST_REST)).await;
        }
        self.watch.take();
    }

    fn note(&self, change: Change) {
        let mut files = self.files.borrow_mut();
        match change {
            Change::Anything => files.values_mut().for_each(File::renamed),
            Change::Name(file) => files.get_mut(&file).into_iter().for_each(File::renamed),
            Change::Content(file) => files.get_mut(&file).into_iter().for_each(|file| file.changes += 1),
        }
    }

    /// Looks together with all who come in the same breath.
    fn look_soon(self: &Rc<Self>, waiting: Waiting) {
        self.eager.borrow_mut().push(waiting);
        if !self.gathering.replace(true) {
            self.begin(Self::gather);
        }
    }

    async fn gather(self: &Rc<Self>) {
        yield_now().await;
        self.gathering.set(false);
        #[cfg(test)]
        super::tests::panic_at("gather");
        let mut batches: BTreeMap<u64, Vec<Waiting>> = BTreeMap::new();
        for mut waiting in self.eager.take().into_iter().filter(|waiting| !waiting.tell.is_closed()) {
            waiting.follower.hold.iter_mut().for_each(Hold::catch_up);
            batches.entry(waiting.follower.follow.device()).or_default().push(waiting);
        }
        for batch in batches.into_values() {
            let idle = Rc::clone(self);
            spawn_local(async move { idle.guard.caught("followers of logs", idle.look_at(batch)).await });
        }
    }

    async fn look_at(self: &Rc<Self>, batch: Vec<Waiting>) {
        let mut follows = vec![];
        let mut others = vec![];
        for Waiting { follower: Follower { follow, hold }, most, tell } in batch {
            follows.push((follow, most));
            others.push((hold, most, tell));
        }
        let look = |(mut follow, most): (Follow, usize)| {
            let read = caught(|| {
                let read = follow.next_chunk(most);
                #[cfg(test)]
                assert!(!read.as_ref().is_ok_and(|bytes| bytes.as_deref() == Some(b"planted")), "planted");
                read
            });
            (follow, read)
        };
        let looked = spawn_blocking(move || follows.into_iter().map(look).collect::<Vec<_>>()).await;
        for ((follow, read), (hold, most, tell)) in looked.unwrap_or_default().into_iter().zip(others) {
            let read = match read {
                Ok(read) => read,
                // Nobody knows what has become of this one: its stream ends.
                Err(text) => {
                    self.guard.lost("a follower of a log", &text);
                    continue;
                }
            };
            let follower = Follower { follow, hold };
            match read.transpose() {
                // Who has left meanwhile does not need it.
                Some(found) => drop(tell.send((follower, found))),
                None => self.wait_on(Waiting { follower, most, tell }),
            }
        }
    }

    /// There was nothing: it looks again when something happens, or at once if
    /// that was while it looked.
    fn wait_on(self: &Rc<Self>, mut waiting: Waiting) {
        if self.attend(&mut waiting.follower) || waiting.has_news() {
            return self.look_soon(waiting);
        }
        let quick = waiting.pause().is_some();
        self.waiting.borrow_mut().push(waiting);
        if quick {
            self.hurry.notify_one();
        }
        if !self.beating.replace(true) {
            self.begin(Self::beat);
        }
    }

    /// Lets all look from time to time, until nobody waits.
    async fn beat(self: &Rc<Self>) {
        let mut due = Instant::now() + SLOW_BEAT;
        loop {
            if let Some(pause) = self.waiting.borrow().iter().filter_map(Waiting::pause).min() {
                due = due.min(Instant::now() + pause);
            }
            tokio::select! {
                () = sleep_until(due) => {}
                () = self.hurry.notified() => continue,
            }
            #[cfg(test)]
            super::tests::panic_at("beat");
            let all = self.waiting.take();
            if all.is_empty() {
                return self.beating.set(false);
            }
            all.into_iter().for_each(|waiting| self.look_soon(waiting));
            due = Instant::now() + SLOW_BEAT;
        }
    }
}

impl File {
    fn renamed(&mut self) {
        self.renamed = Some(Instant::now());
        self.changes += 1;
    }
}

impl Hold {
    /// What is known of the file.
    fn of_file<T>(&self, ask: impl FnOnce(&File) -> T) -> Option<T> {
        self.idle.upgrade()?.files.borrow().get(&self.file).map(ask)
    }

    /// The follower is about to look.
    fn catch_up(&mut self) {
        self.changes = self.of_file(|file| file.changes).unwrap_or_default();
    }

    fn has_news(&self) -> bool {
        self.of_file(|file| file.changes != self.changes).unwrap_or_default()
    }

    fn renamed(&self) -> Option<Instant> {
        self.of_file(|file| file.renamed).flatten()
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let Some(idle) = self.idle.upgrade() else { return };
        let mut files = idle.files.borrow_mut();
        let Some(file) = files.get_mut(&self.file) else { return };
        file.followers -= 1;
        if file.followers == 0 {
            files.remove(&self.file);
            idle.watch.borrow().iter().for_each(|watch| watch.get_ref().remove(self.file));
        }
    }
}

impl Follower {
    /// Follows from where `follow` is.
    pub(super) fn new(follow: Follow) -> Self {
        Self { follow, hold: None }
    }
}

impl Waiting {
    /// Something has happened to its file since it looked.
    fn has_news(&self) -> bool {
        self.follower.hold.as_ref().is_some_and(Hold::has_news)
    }

    /// How soon it looks again if nobody may tell when there is something to read:
    /// when a name was lost, at first soon, then after half the time since.
    fn pause(&self) -> Option<Duration> {
        let Some(hold) = &self.follower.hold else {
            return self.follower.follow.is_regular().then_some(BEAT);
        };
        hold.renamed().map(|since| (since.elapsed() / 2).clamp(FIRST_BEAT, BEAT))
    }
}
