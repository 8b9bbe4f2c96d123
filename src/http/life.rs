//! Where a connection stands, told by everyone who handles it: the socket side,
//! the answering side and the body. Cells, since all live on one thread.

use super::bell::Bell;
use crate::sys::clock;
use hyper::StatusCode;
use std::cell::{Cell, OnceCell, RefCell};
use std::fmt::Debug;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;
use tokio::sync::Notify;

/// How long a body may take to come, or an answer to be read, before the
/// connection may make room for another.
const SLOW: Duration = Duration::from_secs(10);
/// The same for a large answer when the memory for those is used up.
const UNREAD: Duration = Duration::from_secs(2);

/// What a connection is busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    /// Between two requests.
    Idle,
    /// Some bytes of a request's head have come.
    Head,
    /// A request's body is being read.
    Body,
    /// A request is being worked on.
    Answering,
    /// The answer is on its way out.
    Sending,
    /// A log is being followed.
    Streaming,
}

/// The socket of a connection.
pub(super) trait Outgoing: Debug {
    /// Bytes that the peer has not read yet, as far as the kernel knows.
    fn unread(&self) -> usize;
}

/// The state of one connection.
#[derive(Debug)]
pub(super) struct Life {
    phase: Cell<Phase>,
    since: Cell<Duration>,
    socket: OnceCell<Rc<dyn Outgoing>>,
    /// What the peer had not read of an answer when somebody looked last.
    unread: Cell<usize>,
    /// Bytes of the answer's body.
    length: Cell<usize>,
    /// The peer will send nothing more.
    ended: Cell<bool>,
    /// Wakes whoever reads a body that may never be complete.
    ending: Notify,
    /// The reader that was told to wait although there is input.
    held: RefCell<Option<Waker>>,
    /// Bytes that a request's body still has.
    body_left: Cell<u64>,
    /// A header of the coming answer is spelt in capitals that hyper cannot write.
    respell: Cell<bool>,
    /// What hyper wanted to answer to something that is no request.
    refusal: Cell<Option<StatusCode>>,
    /// The connection has to make room for another.
    evicted: Cell<bool>,
    /// The server stops.
    stopping: Cell<bool>,
    /// Wakes the watch over the connection: one of the two above, or a log is
    /// followed from now on. One for all, since a call wakes that watch often.
    called: Notify,
    /// Wakes the connection's task.
    bell: Arc<Bell>,
}

impl Life {
    /// A connection just accepted.
    pub(super) fn new() -> Rc<Self> {
        Rc::new(Self {
            phase: Cell::new(Phase::Idle),
            since: Cell::new(clock::coarse().mono),
            socket: OnceCell::new(),
            unread: Cell::new(0),
            length: Cell::new(0),
            ended: Cell::new(false),
            ending: Notify::new(),
            held: RefCell::new(None),
            body_left: Cell::new(0),
            respell: Cell::new(false),
            refusal: Cell::new(None),
            evicted: Cell::new(false),
            stopping: Cell::new(false),
            called: Notify::new(),
            bell: Arc::default(),
        })
    }

    /// What wakes its task.
    pub(super) fn bell(&self) -> &Arc<Bell> {
        &self.bell
    }

    /// What it is doing.
    pub(super) fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// How long it has been doing that.
    pub(super) fn age(&self) -> Duration {
        clock::coarse().mono.saturating_sub(self.since.get())
    }

    /// Turns to something else.
    pub(super) fn enter(&self, phase: Phase) {
        self.phase.set(phase);
        self.since.set(clock::coarse().mono);
    }

    /// Answers go out there.
    pub(super) fn sends_to(&self, socket: Rc<dyn Outgoing>) {
        drop(self.socket.set(socket));
    }

    /// The socket took some of the answer.
    pub(super) fn sent(&self) {
        if self.phase() == Phase::Sending {
            self.enter(Phase::Sending);
            self.unread.set(usize::MAX);
        }
    }

    /// The socket takes no more of the answer for now.
    pub(super) fn is_stuck(&self) {
        self.unread.set(self.socket.get().map_or(0, |socket| socket.unread()));
    }

    /// How long the peer has read nothing of an answer. That the socket took nothing
    /// does not tell: it does so again when a third is read of the megabytes it holds.
    pub(super) fn unread_for(&self) -> Duration {
        let unread = self.socket.get().map_or(0, |socket| socket.unread());
        if unread < self.unread.replace(unread) {
            self.since.set(clock::coarse().mono);
        }
        self.age()
    }

    /// Bytes came: between two requests they are the beginning of the next.
    pub(super) fn received(&self) {
        if self.phase() == Phase::Idle {
            self.enter(Phase::Head);
        }
    }

    /// The peer has closed its side.
    pub(super) fn end(&self) {
        self.ended.set(true);
        self.ending.notify_one();
    }

    /// Waits until the peer closes its side.
    pub(super) async fn until_ending(&self) {
        self.ending.notified().await;
    }

    /// Whether the peer has closed its side.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.get()
    }

    /// A request has come; `body` is how many bytes its body has, as hyper has it.
    pub(super) fn begin(&self, body: u64) {
        self.enter(Phase::Body);
        self.body_left.set(body);
    }

    /// Bytes of the body that hyper was not handed yet.
    pub(super) fn body_left(&self) -> u64 {
        self.body_left.get()
    }

    /// hyper was handed so many bytes of the body.
    pub(super) fn took(&self, count: usize) {
        self.body_left.set(self.body_left.get().saturating_sub(count as u64));
    }

    /// Input, or its end, is kept from hyper until the answer is out: it would
    /// throw the answer away that a half-closed peer waits for (B1.12.6), and
    /// what comes next is the next request's. `waker` is called then.
    pub(super) fn hold(&self, waker: &Waker) {
        *self.held.borrow_mut() = Some(waker.clone());
    }

    /// All bytes handed over so far are in the socket.
    pub(super) fn flushed(&self) {
        if self.phase() == Phase::Sending {
            self.enter(Phase::Idle);
            self.respell.set(false);
            if let Some(waker) = self.held.borrow_mut().take() {
                waker.wake();
            }
        }
    }

    /// Spell `WWW-Authenticate` as upstream does until this answer is out.
    pub(super) fn respell(&self) {
        self.respell.set(true);
    }

    /// Whether that is wanted.
    pub(super) fn respells(&self) -> bool {
        self.respell.get()
    }

    /// Nobody has answered anything yet: what is written now, hyper writes itself.
    pub(super) fn is_unanswered(&self) -> bool {
        matches!(self.phase(), Phase::Idle | Phase::Head)
    }

    /// Refuse what came in our own words, when hyper is done.
    pub(super) fn refuse(&self, status: StatusCode) {
        self.refusal.set(self.refusal.get().or(Some(status)));
    }

    /// How to refuse what came, if it is to be refused.
    pub(super) fn refusal(&self) -> Option<StatusCode> {
        self.refusal.get()
    }

    /// For a body of so many bytes.
    pub(super) fn sending(self: &Rc<Self>, length: usize) -> Answering {
        self.length.set(length);
        Answering(Rc::clone(self))
    }

    /// For a body that never ends.
    pub(super) fn streaming(self: &Rc<Self>) -> Answering {
        self.enter(Phase::Streaming);
        self.called.notify_one();
        Answering(Rc::clone(self))
    }

    /// Asks the connection to go.
    fn evict(&self) {
        self.evicted.set(true);
        self.called.notify_one();
    }

    /// Whether the connection has to go.
    pub(super) fn is_evicted(&self) -> bool {
        self.evicted.get()
    }

    /// Asks the connection to finish what it does.
    fn stop(&self) {
        self.stopping.set(true);
        self.called.notify_one();
    }

    /// Whether the connection has to come to its end.
    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.get()
    }

    /// Waits until the connection has to go, or to finish, or follows a log.
    pub(super) async fn until_called(&self) {
        self.called.notified().await;
    }

    /// Waits until the connection has to go.
    pub(super) async fn until_evicted(&self) {
        while !self.is_evicted() {
            self.until_called().await;
        }
    }

    /// How little would be lost if this connection went, least first; `None`
    /// when it is doing something that somebody waits for.
    fn dispensable(&self) -> Option<(Phase, Duration)> {
        let waits = match self.phase() {
            Phase::Idle | Phase::Head => true,
            Phase::Body => self.age() > SLOW,
            Phase::Sending => self.unread_for() > SLOW,
            Phase::Answering | Phase::Streaming => false,
        };
        waits.then(|| (self.phase(), self.since.get()))
    }

    /// Since when its peer has read nothing of an answer of so many bytes or more, if
    /// that is long.
    fn unread_since(&self, least: usize) -> Option<Duration> {
        let is_unread = self.phase() == Phase::Sending && self.length.get() >= least && self.unread_for() > UNREAD;
        is_unread.then(|| self.since.get())
    }
}

/// Held by a body; when hyper drops it, all of it has been handed over.
#[derive(Debug)]
pub(super) struct Answering(Rc<Life>);

impl Drop for Answering {
    fn drop(&mut self) {
        if self.0.phase() != Phase::Streaming {
            self.0.enter(Phase::Sending);
            self.0.unread.set(usize::MAX);
        }
    }
}

/// The connections of one server.
#[derive(Debug, Default)]
pub(super) struct Lives(RefCell<Vec<Rc<Life>>>);

impl Lives {
    /// Counts a connection in until the guard is dropped.
    pub(super) fn admit(self: &Rc<Self>) -> Admitted {
        let life = Life::new();
        self.0.borrow_mut().push(Rc::clone(&life));
        Admitted { life, lives: Rc::clone(self) }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.borrow().len()
    }

    /// How many of them follow a log.
    pub(super) fn followers(&self) -> usize {
        self.0.borrow().iter().filter(|life| life.phase() == Phase::Streaming).count()
    }

    /// Asks all to finish what they do.
    pub(super) fn stop(&self) {
        self.0.borrow().iter().for_each(|life| life.stop());
    }

    /// Sends away the connection that has been idle longest; false if all are busy.
    pub(super) fn make_room(&self) -> bool {
        self.evict_first(Life::dispensable)
    }

    /// Sends away the connection that has not read its answer of `least` bytes or more
    /// for longest; false if for none that is long enough.
    pub(super) fn drop_unread(&self, least: usize) -> bool {
        self.evict_first(|life| life.unread_since(least))
    }

    /// Sends away the connection with the least of what `rank` gives.
    fn evict_first<K: Ord>(&self, rank: impl Fn(&Life) -> Option<K>) -> bool {
        let mut lives = self.0.borrow_mut();
        let candidates = lives.iter().enumerate().filter_map(|(at, life)| Some((rank(life)?, at)));
        let Some((_, at)) = candidates.min() else { return false };
        lives.swap_remove(at).evict();
        true
    }
}

/// A connection's place among the others.
#[derive(Debug)]
pub(super) struct Admitted {
    life: Rc<Life>,
    lives: Rc<Lives>,
}

impl Admitted {
    /// Its state.
    pub(super) fn life(&self) -> &Rc<Life> {
        &self.life
    }
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.lives.0.borrow_mut().retain(|life| !Rc::ptr_eq(life, &self.life));
    }
}

#[cfg(test)]
mod tests;
