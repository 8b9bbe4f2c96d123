//! A pool of event listeners: which event goes to which of them, and when.
//!
//! Events wait in a queue until a listener is ready; one that is rejected, or
//! whose listener dies, goes back to the head. What a listener says is
//! understood in `listener`; whether its process runs is told by the caller.

use super::event::{Event, EventKind, Period, header, payload_len};
use super::listener::{Listener, Verdict};
use crate::config::LenUnit;
use crate::model::{Level, ListenerState, LogLine};
use losses::Losses;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

mod losses;
mod snapshot;

/// Serials start anew after this one, as upstream's do (A6.59).
const LAST_SERIAL: u64 = i64::MAX as u64;

/// Events kept for a pool that has not caught up with the start yet.
const EARLY_EVENTS: usize = 100_000;

/// Their size in bytes.
const EARLY_BYTES: usize = 64 * 1024 * 1024;

/// A counter that gives each event a number.
#[derive(Debug, Clone, Default)]
pub struct Serials {
    next: u64,
}

impl Serials {
    /// A counter that goes on from another (A4.138).
    #[must_use]
    pub fn starting_at(next: u64) -> Self {
        Self { next }
    }

    /// The number that is given next.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.next
    }

    fn take(&mut self) -> u64 {
        let serial = self.next;
        self.next = if serial == LAST_SERIAL { 0 } else { serial + 1 };
        serial
    }
}

/// What is to be done for a pool, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PoolAction {
    /// Write to the stdin of a listener.
    Send {
        /// Which one, counted in process order.
        listener: usize,
        /// A header and its payload.
        bytes: Vec<u8>,
        /// What the activity log says then, if its stdin is not closed.
        said: LogLine,
    },
    /// A line for the activity log.
    Log(LogLine),
}

/// Offers `event` to all pools. It takes a serial if one of them wants it, and
/// has the same one in each (A6.55, A6.59).
pub fn publish<'a>(
    event: Event,
    pools: impl IntoIterator<Item = &'a mut Pool>,
    serials: &mut Serials,
    out: &mut Vec<PoolAction>,
) {
    let event = Arc::new(event);
    let mut wanting = pools.into_iter().filter(|pool| pool.wants(&event)).peekable();
    if wanting.peek().is_some() {
        let serial = serials.take();
        wanting.for_each(|pool| pool.accept(Arc::clone(&event), serial, out));
    }
}

/// An event that a pool has accepted.
#[derive(Debug, Clone)]
struct Accepted {
    event: Arc<Event>,
    serial: u64,
    /// Stays the same however often it is sent (A6.60).
    poolserial: u64,
    /// Came before the pool had caught up with the start.
    early: bool,
}

/// One process of the pool.
#[derive(Debug, Clone)]
struct Member {
    name: String,
    protocol: Listener,
    /// The event that it owes a result for.
    event: Option<Accepted>,
    /// Its stdin is closed; it gets nothing until it is spawned again.
    deaf: bool,
    /// It has much to read yet; it gets nothing until it has.
    lags: bool,
}

/// A pool, from when its group is added until it is removed.
#[derive(Debug, Clone)]
pub struct Pool {
    name: String,
    buffer_size: usize,
    /// As subscribed, in upper case.
    events: Vec<String>,
    hears_ticks: bool,
    len_unit: LenUnit,
    members: Vec<Member>,
    /// Those that would take an event if they run.
    free: BTreeSet<usize>,
    serials: Serials,
    queue: VecDeque<Accepted>,
    early: Early,
    losses: Losses,
}

/// Events of the start: those from before a listener could take one, and those
/// that come while it has not dealt with these yet. Upstream throws all but
/// `buffer_size` of them away, and so loses what happened at start-up; they
/// are older than the queue and go out before it.
#[derive(Debug, Clone, Default)]
struct Early {
    queue: VecDeque<Accepted>,
    bytes: usize,
    /// A listener that runs was ready once: the start is over when it has taken all.
    begun: bool,
}

impl Pool {
    /// A pool called `name` of the processes `members`, in process order. The
    /// names in `events` are upper case and known.
    #[must_use]
    pub fn new(name: String, buffer_size: usize, events: Vec<String>, len_unit: LenUnit, members: Vec<String>) -> Self {
        let member = |name| Member { name, protocol: Listener::default(), event: None, deaf: false, lags: false };
        let members = members.into_iter().map(member).collect();
        let (serials, queue, early) = (Serials::default(), VecDeque::new(), Early::default());
        let (free, losses) = (BTreeSet::new(), Losses::default());
        // Asked for in every turn of the loop.
        let hears_ticks = Period::ALL.into_iter().any(|period| EventKind::Tick(period).is_subscribed(&events));
        Self { name, buffer_size, events, hears_ticks, len_unit, members, free, serials, queue, early, losses }
    }

    /// Whether a subscription covers it; once, however many do (A6.75).
    #[must_use]
    pub fn wants(&self, event: &Event) -> bool {
        event.kind().is_subscribed(&self.events)
    }

    /// Whether a subscription covers any of the ticks.
    #[must_use]
    pub fn hears_ticks(&self) -> bool {
        self.hears_ticks
    }

    /// Queues an event that the pool wants (A6.61).
    pub fn accept(&mut self, event: Arc<Event>, serial: u64, out: &mut Vec<PoolAction>) {
        let early = self.early.goes_on() && self.queue.is_empty();
        let accepted = Accepted { event, serial, poolserial: self.serials.take(), early };
        if accepted.early {
            for lost in self.early.push(accepted) {
                self.losses.add(&self.name, lost, out);
            }
        } else {
            self.make_room(out);
            self.queue.push_back(accepted);
        }
    }

    /// Whether it waits for a listener that could take an event: with one, or for the
    /// first of all.
    #[must_use]
    pub fn waits(&self) -> bool {
        self.waiting() > 0 || !self.early.begun
    }

    /// Sends what can be sent: while there are events, the oldest goes to the
    /// first process that `is_running` and is ready (A6.62). `identifier` is
    /// the daemon's.
    pub fn dispatch(&mut self, identifier: &str, is_running: impl Fn(usize) -> bool, out: &mut Vec<PoolAction>) {
        let mut sent = false;
        while let Some(number) = self.free.iter().copied().find(|number| is_running(*number)) {
            let Some(member) = self.members.get_mut(number) else { return };
            self.early.begun = true;
            let Some(accepted) = self.early.pop().or_else(|| self.queue.pop_front()) else { return };
            let bytes = accepted.bytes(identifier, &self.name, self.len_unit);
            let text = format!("event {} sent to listener {}", accepted.serial, member.name);
            out.push(PoolAction::Send { listener: number, bytes, said: LogLine::new(Level::Debug, text) });
            member.protocol.give();
            member.event = Some(accepted);
            self.free.remove(&number);
            sent = true;
        }
        // Upstream tries the next one too, fails and says so (A5.87).
        let next = self.early.queue.front().or_else(|| self.queue.front());
        if let Some(next) = next.filter(|_| sent) {
            out.push(self.rebuffering(next.serial, self.waiting() - 1));
        }
    }

    /// The process of a listener was spawned: it starts over (A6.65).
    pub fn spawned(&mut self, listener: usize) {
        if let Some(member) = self.members.get_mut(listener) {
            member.protocol = Listener::default();
            member.deaf = false;
            member.lags = false;
        }
        self.note(listener);
    }

    /// Something has happened to a listener: would it take an event now?
    fn note(&mut self, listener: usize) {
        match self.members.get(listener).is_some_and(Member::is_free) {
            true => self.free.insert(listener),
            false => self.free.remove(&listener),
        };
    }

    /// A listener wrote `bytes` on its stdout.
    pub fn hear(&mut self, listener: usize, bytes: &[u8], out: &mut Vec<PoolAction>) {
        let Some(member) = self.members.get_mut(listener) else { return };
        let mut lines = vec![];
        let verdict = member.protocol.hear(&member.name, bytes, &mut lines);
        let event = verdict.and_then(|_| member.event.take());
        out.extend(lines.into_iter().map(PoolAction::Log));
        if let Some(event) = event.filter(|_| verdict == Some(Verdict::Rejected)) {
            self.put_back(event, out);
        }
        self.note(listener);
    }

    /// The process of a listener has ended; its event is for others (A6.72).
    pub fn died(&mut self, listener: usize, out: &mut Vec<PoolAction>) {
        let event = self.members.get_mut(listener).and_then(|member| member.event.take());
        if let Some(event) = event {
            self.put_back(event, out);
        }
    }

    /// An event could not be written, since the listener reads no more. It is
    /// for others, and this one gets none until it is spawned again: to try
    /// it anew, as upstream does, would be for ever.
    pub fn refused(&mut self, listener: usize, out: &mut Vec<PoolAction>) {
        let Some(member) = self.members.get_mut(listener) else { return };
        member.deaf = true;
        self.free.remove(&listener);
        let Some(event) = member.event.take() else { return };
        let what = format!("epipe occurred while sending event {} to listener {}", event.serial, member.name);
        out.push(log(Level::Debug, format!("{what}, listener state unchanged")));
        self.put_back(event, out);
    }

    /// Whether more waits in a listener's stdin than should: one that answers what it
    /// has not read would be given events without end.
    pub fn lags(&mut self, listener: usize, lags: bool) {
        if let Some(member) = self.members.get_mut(listener) {
            member.lags = lags;
        }
        self.note(listener);
    }

    /// Whether a listener has an event that it owes a result for.
    #[must_use]
    pub fn has_given(&self, listener: usize) -> bool {
        self.members.get(listener).is_some_and(|member| member.event.is_some())
    }

    /// Events that wait for a listener.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.early.queue.len() + self.queue.len()
    }

    /// Whether one that `is_running` has an event, or will take one of those that
    /// wait: it is ready, or between a result and being ready again. A pool that
    /// could never send one owes nothing.
    #[must_use]
    pub fn owes(&self, is_running: impl Fn(usize) -> bool) -> bool {
        let waits = self.waiting() > 0;
        let owes = |member: &Member| match member.protocol.state() {
            ListenerState::Busy => member.event.is_some(),
            ListenerState::Ready => waits && !member.deaf,
            ListenerState::Acknowledged => waits && self.early.begun && !member.deaf,
            ListenerState::Unknown => false,
        };
        self.members.iter().enumerate().any(|(number, member)| is_running(number) && owes(member))
    }

    /// To be called every few seconds: says how many events were lost, if any.
    pub fn count_losses(&mut self, out: &mut Vec<PoolAction>) {
        self.losses.look(&self.name, out);
    }

    /// The pool is no more: what it has to say about losses is said now.
    pub fn end(&mut self, out: &mut Vec<PoolAction>) {
        self.losses.tell(&self.name, out);
    }

    /// Back to the head of this pool's queue and no other's (A6.69, A6.74).
    fn put_back(&mut self, accepted: Accepted, out: &mut Vec<PoolAction>) {
        out.push(self.rebuffering(accepted.serial, self.waiting()));
        if accepted.early || !self.early.queue.is_empty() {
            self.early.put_back(accepted);
        } else {
            self.make_room(out);
            self.queue.push_front(accepted);
        }
    }

    /// A6.70
    fn make_room(&mut self, out: &mut Vec<PoolAction>) {
        if self.queue.len() >= self.buffer_size
            && let Some(oldest) = self.queue.pop_front()
        {
            self.losses.add(&self.name, oldest.serial, out);
        }
    }

    fn rebuffering(&self, serial: u64, size: usize) -> PoolAction {
        let (name, max) = (&self.name, self.buffer_size);
        let text = format!("rebuffering event {serial} for pool {name} (buf size={size}, max={max})");
        log(Level::Debug, text)
    }
}

impl Member {
    fn is_free(&self) -> bool {
        self.protocol.state() == ListenerState::Ready && !self.deaf && !self.lags
    }
}

impl Accepted {
    fn bytes(&self, identifier: &str, pool: &str, unit: LenUnit) -> Vec<u8> {
        let payload = self.event.payload();
        let len = payload_len(&payload, unit);
        let header = header(identifier, self.serial, pool, self.poolserial, self.event.kind(), len);
        (header + &payload).into_bytes()
    }
}

impl Early {
    /// Whether more are added.
    fn goes_on(&self) -> bool {
        !self.begun || !self.queue.is_empty()
    }

    /// Tells whom it had to make room for it, by their serials.
    fn push(&mut self, accepted: Accepted) -> Vec<u64> {
        let weight = accepted.event.weight();
        let mut lost = vec![];
        while self.queue.len() >= EARLY_EVENTS || self.bytes.saturating_add(weight) > EARLY_BYTES {
            let Some(oldest) = self.pop() else { break };
            lost.push(oldest.serial);
        }
        self.bytes += weight;
        self.queue.push_back(accepted);
        lost
    }

    fn put_back(&mut self, accepted: Accepted) {
        self.bytes += accepted.event.weight();
        self.queue.push_front(Accepted { early: true, ..accepted });
    }

    fn pop(&mut self) -> Option<Accepted> {
        let oldest = self.queue.pop_front()?;
        self.bytes = self.bytes.saturating_sub(oldest.event.weight());
        Some(oldest)
    }
}

fn log(level: Level, text: String) -> PoolAction {
    PoolAction::Log(LogLine::new(level, text))
}

#[cfg(test)]
mod tests;
