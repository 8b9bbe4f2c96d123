//! The state of the loop: streams, logs, orders, the dead. Owned by the thread
//! that works it. Does nothing that could block: calls to the disk are handed
//! out, and their outcome is handed in again.
//!
//! Long because all of a turn's parts share its fields.

mod panics;

pub(super) use panics::Victim;

use super::hands::Told;
use super::lanes::Place;
use super::loops::Ending;
use super::outlets::{Lines, Outlets};
use super::reader::Reader;
use super::shared::Shared;
use super::sinks::MAIN;
use super::source::Source;
use super::watch::{BELL, Watch};
use super::width::Widths;
use super::{Attachment, ChannelId, CountAnswer, Left, Order, PumpEvent};
use crate::logs::Syslog;
use crate::logs::job::Job;
use crate::logs::sink::SLOW_LOOK;
use crate::model::{Channel, Level};
use crate::sys::errno::os_error_text;
use crate::sys::panics::Brake;
use crate::sys::{clock, fds};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError};
use std::time::Duration;

/// Orders obeyed in one turn, so that many lines do not keep streams waiting.
const ORDERS: usize = 1024;
/// Between two tries to begin a thread.
const MEND: Duration = Duration::from_secs(1);
/// What a dead child may leave in a pipe. More comes from a descendant that
/// still writes, and nobody waits for that one.
const LEFT_OVER: usize = 2 << 20;
/// So long the end of a child waits for its last output to be on the disk.
pub(super) const DRAIN_PATIENCE: Duration = Duration::from_millis(8);
/// So long who asks for the counters waits for the activity log.
const COUNT_PATIENCE: Duration = Duration::from_millis(500);
/// So long the end of the daemon waits for logs that are in an outage.
const LAST_TRY: Duration = Duration::from_millis(1500);
/// A wait for such logs that is longer is told.
const SILENT_TRY: Duration = Duration::from_millis(200);
/// The same for logs that are merely slow.
const SILENT_WAIT: Duration = Duration::from_secs(1);

pub(super) struct State {
    orders: Receiver<Order>,
    told: Receiver<Told>,
    shared: Arc<Shared>,
    pub(super) outlets: Outlets,
    widths: Widths,
    watch: Watch,
    sources: HashMap<u64, Source>,
    /// A number is never used twice: what the poller still reports about a
    /// stream that is gone then finds nothing.
    tokens: BTreeMap<ChannelId, u64>,
    last_token: u64,
    drains: VecDeque<Drain>,
    /// Who asked for the counters, and until when that may wait.
    countings: Vec<(Duration, CountAnswer)>,
    more_orders: bool,
    stop: Option<Stop>,
    endings: SyncSender<Ending>,
    /// Nobody may still have a line for the activity log, if it is here.
    alone: bool,
    brake: Brake,
    /// When threads that are missing are to be begun.
    mend_at: Option<Duration>,
}

/// A child that is gone.
struct Drain {
    process: u32,
    pid: i32,
    /// Its streams that are not read to the end, and how much may still come.
    streams: Vec<(u64, usize)>,
    sinks: Vec<u64>,
    answered: bool,
    limit: Duration,
}

impl Drain {
    /// Whether it is a listener that is not heard to its end.
    fn has_words(&self, sources: &HashMap<u64, Source>) -> bool {
        self.streams.iter().any(|(token, _)| sources.get(token).is_some_and(|source| source.listener))
    }
}

/// The end.
struct Stop {
    /// For what is slow.
    limit: Duration,
    /// For what is broken.
    last_try: Duration,
    begun: Duration,
    told: bool,
    left: Option<Left>,
}

impl Stop {
    /// When the wait is to be told.
    fn tell_at(&self, hopeful: bool) -> Duration {
        self.begun + if hopeful { SILENT_WAIT } else { SILENT_TRY }
    }
}

/// What a read came to.
pub(super) enum Chunk {
    /// So many bytes, which are taken care of.
    Bytes(usize),
    /// The same, but they are still to be written as they are.
    Through(usize, u64, Place, Job),
    /// Nothing there.
    NotYet,
    /// Nothing more.
    End,
}

impl State {
    pub(super) fn new(
        outlets: Outlets,
        widths: Widths,
        orders: Receiver<Order>,
        told: Receiver<Told>,
        shared: Arc<Shared>,
        endings: SyncSender<Ending>,
    ) -> io::Result<Self> {
        let watch = Watch::new(&*shared)?;
        let alone = matches!(outlets.lines, Lines::There(..));
        Ok(Self {
            orders,
            told,
            shared,
            outlets,
            widths,
            watch,
            sources: HashMap::new(),
            tokens: BTreeMap::new(),
            last_token: MAIN,
            drains: VecDeque::new(),
            countings: Vec::new(),
            more_orders: false,
            stop: None,
            endings,
            alone,
            brake: Brake::default(),
            mend_at: None,
        })
    }

    /// Waits until there is something to do, and takes what others have told.
    /// Tells how long it waited.
    pub(super) fn wait(&mut self, ready: &mut Vec<u64>) -> Duration {
        let asleep = clock::now().mono;
        let until = if self.watch.may_sleep() { self.deadline() } else { Some(Duration::ZERO) };
        self.watch.wait(until.map(|at| at.saturating_sub(asleep)), ready);
        self.outlets.now = clock::now();
        if ready.contains(&BELL) {
            self.shared.heard();
        }
        let now = self.outlets.now;
        while let Ok(told) = self.told.try_recv() {
            match told {
                Told::Back(mut report) => {
                    let panic = report.panic.take().zip(report.done.as_ref().map(|(sink, _)| *sink));
                    self.outlets.sinks.reported(*report, now);
                    if let Some((text, sink)) = panic {
                        self.survive(Victim::Sink(sink), &text);
                    }
                }
                Told::Panic(text) => {
                    self.survive(Victim::Nobody, &text);
                }
                Told::Short(error) => self.is_short(&error),
            }
        }
        self.outlets.sinks.take_opened(now);
        let waited = now.mono.saturating_sub(asleep);
        self.watch.begin_turn(waited, &self.sources, ready);
        self.obey();
        waited
    }

    /// There are too few threads.
    fn is_short(&mut self, error: &io::Error) {
        if self.mend_at.is_none() {
            let again = MEND.as_secs();
            let text = format!("cannot begin a thread for logs: {}; tried again every {again} s", os_error_text(error));
            self.outlets.say(Level::Warn, text);
            self.mend_at = Some(self.outlets.now.mono + MEND);
        }
    }

    /// Whether it is time to begin threads that could not be begun.
    pub(super) fn must_mend(&self) -> bool {
        self.mend_at.is_some_and(|at| at <= self.outlets.now.mono)
    }

    /// That was tried; `enough` says whether none is missing any more.
    pub(super) fn mended(&mut self, enough: bool) {
        self.mend_at = (!enough).then_some(self.outlets.now.mono + MEND);
    }

    /// A thread is stuck in a call to `place`; this one goes on without it.
    pub(super) fn taken_over(&mut self, place: Place) {
        self.outlets.now = clock::now();
        self.outlets.sinks.lanes.suspect(place, self.outlets.now.mono);
    }

    /// Whether one that is ready should be read now; if not it is not watched
    /// any more, until it should.
    pub(super) fn may_read(&mut self, token: u64) -> bool {
        let is_behind = self.is_behind_the_dead(token);
        let Some(source) = self.sources.get_mut(&token) else { return false };
        let must_wait = is_behind || source.must_wait(&self.outlets);
        if must_wait {
            self.watch.pause(token, source);
        }
        !must_wait
    }

    /// Whether an earlier life of its program has still to be read for the same log.
    fn is_behind_the_dead(&self, token: u64) -> bool {
        if self.drains.is_empty() {
            return false;
        }
        let sink_of = |token| self.sources.get(&token).and_then(|source| source.sink);
        let Some(sink) = sink_of(token) else { return false };
        let dead = self.drains.iter().flat_map(|drain| &drain.streams).map(|(dead, _)| *dead);
        dead.take_while(|dead| *dead != token).any(|dead| sink_of(dead) == Some(sink))
    }

    /// Lets `reader` read a chunk and takes care of it as far as that is
    /// possible without a call; `may_call` tells whether one may be made.
    pub(super) fn read(&mut self, token: u64, reader: &mut Reader, may_call: bool) -> Chunk {
        let Some(source) = self.sources.get_mut(&token) else { return Chunk::NotYet };
        let Some(fd) = &source.fd else { return Chunk::NotYet };
        let room = source.room(reader.room());
        let count = match reader.read(fd, room) {
            Ok(0) => return Chunk::End,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.watch.gave_nothing(token, source, self.outlets.now.mono);
                return Chunk::NotYet;
            }
            // a pipe has no errors; whatever this is, there will be no more
            Err(_) => return Chunk::End,
        };
        self.watch.gave(token, source, self.outlets.now.mono);
        source.fit(count, &self.widths);
        let chunk = reader.chunk(count);
        #[cfg(test)]
        super::tests::panic_if(chunk, b"a stream panics");
        let as_it_is = source.take(chunk, &mut self.outlets);
        let Some(sink) = source.sink.filter(|_| as_it_is) else { return Chunk::Bytes(count) };
        let now = self.outlets.now;
        let through = if may_call { self.outlets.sinks.through(sink, chunk, now) } else { None };
        match through {
            Some((place, job)) => Chunk::Through(count, sink, place, job),
            None => {
                self.outlets.sinks.push(sink, chunk, now);
                Chunk::Bytes(count)
            }
        }
    }

    /// Bytes of one read behind which more is likely to be there.
    pub(super) fn plenty(&self, token: u64) -> usize {
        self.sources.get(&token).map_or(0, Source::plenty)
    }

    /// The stream has ended; its log stays open until the child is gone.
    pub(super) fn end(&mut self, token: u64) {
        if let Some(source) = self.sources.get_mut(&token) {
            self.watch.end(source);
            source.end(&mut self.outlets);
        }
    }

    /// A stream of a dead child that is to be read now.
    pub(super) fn next_dead(&self) -> Option<u64> {
        let streams = self.drains.iter().flat_map(|drain| &drain.streams);
        streams.map(|(token, _)| *token).find(|token| {
            // nothing is dropped only because it comes late
            self.sources.get(token).is_none_or(|source| !source.log_must_wait(&self.outlets))
        })
    }

    /// A stream of a dead child gave so many bytes; `None` if no more.
    pub(super) fn dead_gave(&mut self, token: u64, count: Option<usize>) {
        let mut is_over = false;
        for drain in &mut self.drains {
            drain.streams.retain_mut(|(dead, left)| {
                if *dead != token {
                    return true;
                }
                *left = left.saturating_sub(count.unwrap_or(*left));
                is_over |= *left == 0;
                *left > 0
            });
        }
        if is_over {
            self.finish(token);
        }
    }

    /// The last thing in a turn: everything that could be done is done. False at
    /// the end of all turns.
    pub(super) fn settle(&mut self) -> bool {
        let now = self.outlets.now;
        self.outlets.sinks.sweep(now);
        self.outlets.report();
        self.outlets.count_losses(self.shared.take_dropped());
        self.outlets.lines.flush_echo();
        self.answer_drains();
        self.answer_countings();
        self.outlets.sinks.answer_clearings(now);
        self.outlets.outbox.release();
        for syslog in self.outlets.syslogs_mut() {
            self.watch.flush(syslog, now);
        }
        self.watch.resume(&mut self.sources, &self.outlets);
        self.go_on()
    }

    fn deadline(&self) -> Option<Duration> {
        if self.more_orders {
            return Some(Duration::ZERO);
        }
        let slow = self.watch.must_look() || self.outlets.lines.is_echo_behind();
        let look = slow.then(|| self.outlets.now.mono + SLOW_LOOK);
        let due = |drain: &&Drain| !drain.answered && !drain.has_words(&self.sources);
        let drains = self.drains.iter().filter(due).map(|drain| drain.limit).min();
        let countings = self.countings.iter().map(|(limit, _)| *limit).min();
        let syslog = self.outlets.syslogs().filter_map(Syslog::deadline).min();
        let end = self.stop.as_ref().map(|stop| match (&stop.left, self.outlets.standing()) {
            (None, (false, _)) if !self.alone => stop.limit,
            (Some(_), _) | (None, (false, _)) => Duration::ZERO,
            (None, (true, hopeful)) if !stop.told => stop.tell_at(hopeful).min(stop.limit),
            (None, (true, true)) => stop.limit,
            (None, (true, false)) if stop.last_try > self.outlets.now.mono => stop.last_try.min(stop.limit),
            (None, (true, false)) => stop.limit,
        });
        [self.outlets.sinks.deadline(), look, drains, countings, syslog, end, self.mend_at].into_iter().flatten().min()
    }

    fn obey(&mut self) {
        self.more_orders = false;
        for _ in 0..ORDERS {
            let now = self.outlets.now;
            match self.orders.try_recv() {
                Ok(Order::Log(line, at)) => {
                    self.shared.arrived(&line.text);
                    self.outlets.write(&line, at);
                }
                Ok(Order::Attach(attachment)) => self.attach(*attachment),
                Ok(Order::Drain(process, pid)) => self.drain(process, pid),
                Ok(Order::ReopenAll) => self.outlets.sinks.reopen_all(),
                Ok(Order::Clear(process, answer)) => {
                    let sources = self.sources.iter_mut().filter(|(_, source)| source.id.process == process);
                    let sinks = sources.filter_map(|(_, source)| {
                        source.clear();
                        source.sink
                    });
                    self.outlets.sinks.clear(sinks.collect(), answer, now);
                }
                Ok(Order::ClearMain(answer)) => match self.outlets.sinks.get(MAIN) {
                    Some(_) => self.outlets.sinks.clear([MAIN].into(), answer, now),
                    None => answer(Err(io::ErrorKind::NotFound.into())),
                },
                Ok(Order::Count(answer)) => self.countings.push((now.mono + COUNT_PATIENCE, answer)),
                Ok(Order::StripAnsi(on)) => self.outlets.strip_ansi = on,
                Ok(Order::Stop(limit)) => self.begin_stop(limit),
                Ok(Order::Alone) => self.alone = true,
                Err(TryRecvError::Empty) => return,
                Err(TryRecvError::Disconnected) => return self.begin_stop(Duration::ZERO),
            }
        }
        self.more_orders = true;
    }

    fn attach(&mut self, attachment: Attachment) {
        let id = attachment.id;
        if let Some(old) = self.tokens.remove(&id) {
            self.bury(id.process, 0, vec![old], true);
        }
        self.last_token += 1;
        let token = self.last_token;
        let Attachment { pid, fd, mut setup, .. } = attachment;
        if let Err(error) = fds::set_nonblocking(&fd, true) {
            let text = format!("cannot watch {} of {}: {}", id.channel, setup.name, os_error_text(&error));
            self.outlets.say(Level::Critical, text);
        }
        let sink = setup.log.take().map(|log| self.outlets.sinks.begin(token, id, log, self.outlets.now));
        self.sources.insert(token, Source::new(Attachment { id, pid, fd, setup }, sink));
        self.tokens.insert(id, token);
        self.watch.begin(token);
    }

    fn drain(&mut self, process: u32, pid: i32) {
        let channels = [Channel::Stdout, Channel::Stderr];
        let streams = channels.iter().filter_map(|&channel| self.tokens.remove(&ChannelId { process, channel }));
        let streams: Vec<u64> = streams.collect();
        self.bury(process, pid, streams, false);
    }

    /// Reads what is left in streams, and lets go of them.
    fn bury(&mut self, process: u32, pid: i32, streams: Vec<u64>, answered: bool) {
        let sinks: Vec<u64> = streams.iter().filter_map(|token| self.sources.get(token)?.sink).collect();
        for sink in &sinks {
            self.outlets.sinks.mourn(*sink);
        }
        let streams = streams.into_iter().map(|token| (token, LEFT_OVER)).collect();
        let limit = self.outlets.now.mono + DRAIN_PATIENCE;
        self.drains.push_back(Drain { process, pid, streams, sinks, answered, limit });
    }

    fn finish(&mut self, token: u64) {
        self.end(token);
        if let Some(sink) = self.sources.remove(&token).and_then(|source| source.sink) {
            self.outlets.sinks.let_go(sink);
        }
    }

    /// Tells of the dead whose last words are written, or will take their time. What a
    /// listener has answered is heard before, however long that takes (A6.69).
    fn answer_drains(&mut self) {
        let Self { drains, outlets, sources, .. } = self;
        for drain in drains.iter_mut().filter(|drain| !drain.answered) {
            let done = drain.streams.is_empty() && !outlets.sinks.is_writing(&drain.sinks);
            let late = drain.limit <= outlets.now.mono && !drain.has_words(sources);
            if done || late {
                drain.answered = true;
                outlets.outbox.push(PumpEvent::Drained { process: drain.process, pid: drain.pid });
            }
        }
        drains.retain(|drain| !drain.answered || !drain.streams.is_empty());
    }

    /// Tells the counters, behind the lines that were said before.
    fn answer_countings(&mut self) {
        let is_writing = self.outlets.sinks.is_writing(&[MAIN]);
        let now = self.outlets.now.mono;
        while let Some(at) = self.countings.iter().position(|(limit, _)| !is_writing || *limit <= now) {
            // one that panics costs no other its answer
            let (_, answer) = self.countings.remove(at);
            answer(self.outlets.sinks.counts());
        }
    }

    /// Lets go of everything, and gives what is slow until `limit`.
    fn begin_stop(&mut self, limit: Duration) {
        let now = self.outlets.now;
        let streams = std::mem::take(&mut self.tokens).into_values().collect();
        self.bury(0, 0, streams, true);
        self.outlets.sinks.hurry(now);
        self.outlets.syslogs_mut().for_each(Syslog::hurry);
        let (limit, last_try) = (now.mono + limit, now.mono + LAST_TRY);
        self.stop.get_or_insert(Stop { limit, last_try, begun: now.mono, told: false, left: None });
    }

    /// Whether there will be another turn.
    fn go_on(&mut self) -> bool {
        let now = self.outlets.now;
        let Some(stop) = &mut self.stop else { return true };
        if let Some(left) = stop.left.take() {
            // nobody may wait for it any more
            let _ = self.endings.try_send(Ending::Over(left));
            return false;
        }
        let (waiting, hopeful) = self.outlets.standing();
        let over = stop.limit <= now.mono || !hopeful && stop.last_try <= now.mono && (stop.told || !waiting);
        let (logs, bytes) = self.outlets.unwritten();
        let is_done = !waiting && self.drains.is_empty() || over;
        if !is_done || !self.alone && now.mono < stop.limit {
            if waiting && !stop.told && stop.tell_at(hopeful) <= now.mono {
                stop.told = true;
                let _ = self.endings.try_send(Ending::Waits(Left { logs, bytes }));
            }
            return true;
        }
        stop.left = Some(Left { logs, bytes });
        for token in self.outlets.sinks.tokens().into_iter().filter(|token| *token != MAIN) {
            self.outlets.sinks.close(token, now);
        }
        // one turn more, for what there is to say about them
        self.outlets.report();
        true
    }
}
