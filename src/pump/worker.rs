//! The pump's thread: waits, obeys orders, reads streams in fair turns.

use super::outbox::Outbox;
use super::outlets::Outlets;
use super::pace::Pace;
use super::shared::Shared;
use super::source::Source;
use super::{Attachment, ChannelId, Order, PumpEvent};
use crate::logs::{LogFile, MainLog};
use crate::model::{Channel, Level};
use crate::sys::errno::os_error_text;
use crate::sys::poll::{Interest, Poller};
use crate::sys::{clock, fds};
use nix::sys::signal::SigSet;
use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::thread;
use std::time::Duration;
use tokio::sync::mpsc::Sender;

/// Bytes read from one stream in one turn, and so in one chunk (A5.16).
const CHUNK: usize = 128 << 10;
/// Orders obeyed in one turn, so that many lines do not keep streams waiting.
const ORDERS: usize = 1024;
/// What a dead child may leave in a pipe. More comes from a descendant that
/// still writes, and nobody waits for that one.
const LEFT_OVER: usize = 2 << 20;
/// Between two looks at readers that are slow.
const SLOW_LOOK: Duration = Duration::from_millis(20);
/// Logs of dead children that wait for a slow reader; then the oldest is given up.
const LINGERING: usize = 64;
/// The token of the bell; streams count from here.
const BELL: u64 = 0;

pub(super) struct Worker {
    orders: Receiver<Order>,
    shared: Arc<Shared>,
    outlets: Outlets,
    poller: Poller,
    sources: HashMap<u64, Source>,
    /// A number is never used twice: what the poller still reports about a
    /// stream that is gone then finds nothing.
    tokens: BTreeMap<ChannelId, u64>,
    last_token: u64,
    /// Not watched, because somebody downstream is slow.
    paused: Vec<u64>,
    lingering: Vec<LogFile>,
    buffer: Vec<u8>,
}

/// What obeying came to.
enum Obeyed {
    All,
    MoreWait,
    Stop(Duration),
}

/// What a read came to.
enum Chunk {
    Bytes(usize),
    NotYet,
    End,
}

impl Worker {
    pub(super) fn new(
        main: MainLog,
        orders: Receiver<Order>,
        shared: Arc<Shared>,
        events: Sender<PumpEvent>,
    ) -> io::Result<Self> {
        let poller = Poller::new()?;
        poller.add(&*shared, BELL, Interest::Read)?;
        let outbox = Outbox::new(events, Arc::clone(&shared).into());
        Ok(Self {
            orders,
            shared,
            outlets: Outlets::new(main, outbox, clock::now()),
            poller,
            sources: HashMap::new(),
            tokens: BTreeMap::new(),
            last_token: BELL,
            paused: Vec::new(),
            lingering: Vec::new(),
            buffer: vec![0; CHUNK],
        })
    }

    /// Works until told to stop.
    pub(super) fn run(mut self) -> MainLog {
        // signals are for the engine's thread; a limit of file size is an error of write
        let _ = SigSet::all().thread_block();
        let mut ready = Vec::new();
        let mut more = false;
        let mut pace = Pace::default();
        loop {
            let timeout = if more { Some(Duration::ZERO) } else { self.timeout() };
            let asleep = clock::now().mono;
            // an error is none of the streams'; what is ready is reported again
            drop(self.poller.wait(timeout, &mut ready));
            self.outlets.now = clock::now();
            if ready.contains(&BELL) {
                self.shared.heard();
            }
            match self.obey() {
                Obeyed::All => more = false,
                Obeyed::MoreWait => more = true,
                Obeyed::Stop(limit) => return self.stop(limit),
            }
            self.outlets.outbox.flush();
            let read = ready.iter().map(|token| self.turn(*token)).filter(|count| *count > 0);
            let (reads, bytes) = read.fold((0, 0), |(reads, bytes), count| (reads + 1, bytes + count));
            self.look_after_the_slow();
            self.outlets.count_losses(self.shared.take_dropped());
            let nap = pace.after(self.outlets.now.mono.saturating_sub(asleep), reads, bytes);
            if !nap.is_zero() {
                thread::sleep(nap);
            }
        }
    }

    /// How long nothing needs to be done, if nothing happens.
    fn timeout(&self) -> Option<Duration> {
        // who waits for the engine only is woken by the bell
        let look = |source: &Source| source.is_behind() || !source.must_wait(&self.outlets);
        let paused = || self.paused.iter().any(|token| self.sources.get(token).is_some_and(look));
        let slow = !self.lingering.is_empty() || self.outlets.main.is_behind() || paused();
        slow.then_some(SLOW_LOOK)
    }

    fn obey(&mut self) -> Obeyed {
        for _ in 0..ORDERS {
            match self.orders.try_recv() {
                Ok(Order::Log(line, at)) => {
                    self.shared.arrived(&line.text);
                    self.outlets.main.write(&line, at);
                }
                Ok(Order::Attach(attachment)) => self.attach(*attachment),
                Ok(Order::Drain(process, pid)) => self.drain(process, pid),
                Ok(Order::ReopenAll) => self.reopen_all(),
                Ok(Order::Clear(process, answer)) => answer(self.clear(process)),
                Ok(Order::ClearMain(answer)) => answer(self.outlets.main.clear(self.outlets.now)),
                Ok(Order::StripAnsi(on)) => self.outlets.strip_ansi = on,
                Ok(Order::Stop(limit)) => return Obeyed::Stop(limit),
                Err(TryRecvError::Empty) => return Obeyed::All,
                Err(TryRecvError::Disconnected) => return Obeyed::Stop(Duration::ZERO),
            }
        }
        Obeyed::MoreWait
    }

    fn attach(&mut self, attachment: Attachment) {
        let id = attachment.id;
        if let Some(old) = self.tokens.remove(&id) {
            self.finish(old);
        }
        self.last_token += 1;
        let token = self.last_token;
        let fd = &attachment.fd;
        let watched = fds::set_nonblocking(fd, true).and_then(|()| self.poller.add(fd, token, Interest::Read));
        if let Err(error) = watched {
            let reason = os_error_text(&error);
            let text = format!("cannot watch {} of {}: {reason}", id.channel, attachment.setup.name);
            self.outlets.say(Level::Critical, text);
            self.paused.push(token);
        }
        self.sources.insert(token, Source::new(attachment));
        self.tokens.insert(id, token);
    }

    /// One stream's share of a turn: a chunk, if those who get it are ready.
    /// Returns its bytes.
    fn turn(&mut self, token: u64) -> usize {
        let Some(source) = self.sources.get(&token) else { return 0 };
        if source.must_wait(&self.outlets) {
            self.pause(token);
            return 0;
        }
        let count = match self.read(token) {
            Chunk::Bytes(count) => count,
            Chunk::NotYet => 0,
            Chunk::End => {
                self.end(token);
                0
            }
        };
        if self.sources.get(&token).is_some_and(Source::is_behind) {
            self.pause(token);
        }
        count
    }

    fn read(&mut self, token: u64) -> Chunk {
        let Some(source) = self.sources.get_mut(&token) else { return Chunk::NotYet };
        let Some(fd) = &source.fd else { return Chunk::NotYet };
        match fds::read(fd, &mut self.buffer) {
            Ok(0) => Chunk::End,
            Ok(count) => {
                source.take(self.buffer.get(..count).unwrap_or_default(), &mut self.outlets);
                Chunk::Bytes(count)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Chunk::NotYet,
            // a pipe has no errors; whatever this is, there will be no more
            Err(_) => Chunk::End,
        }
    }

    fn end(&mut self, token: u64) {
        if let Some(source) = self.sources.get_mut(&token) {
            if let Some(fd) = &source.fd {
                // one that is paused is not in the set
                drop(self.poller.remove(fd));
            }
            source.end(&mut self.outlets);
        }
    }

    fn drain(&mut self, process: u32, pid: i32) {
        for channel in [Channel::Stdout, Channel::Stderr] {
            if let Some(token) = self.tokens.remove(&ChannelId { process, channel }) {
                self.finish(token);
            }
        }
        self.outlets.outbox.push(PumpEvent::Drained { process, pid });
    }

    /// Reads what is left of a stream and lets go of it.
    fn finish(&mut self, token: u64) {
        let mut left = LEFT_OVER;
        while let Chunk::Bytes(count) = self.read(token) {
            left = left.saturating_sub(count);
            if left == 0 {
                break;
            }
        }
        self.end(token);
        let Some(mut log) = self.sources.remove(&token).and_then(Source::into_log) else { return };
        self.outlets.report(&mut log);
        if log.is_behind() {
            self.lingering.push(log);
        } else {
            self.outlets.tell(log.close());
        }
        if self.lingering.len() > LINGERING {
            let oldest = self.lingering.remove(0);
            self.outlets.tell(oldest.close());
        }
    }

    fn pause(&mut self, token: u64) {
        if let Some(fd) = self.sources.get(&token).and_then(|source| source.fd.as_ref()) {
            drop(self.poller.remove(fd));
        }
        self.paused.push(token);
    }

    /// Hands on what slow readers take now, and lets streams go on whose ways
    /// are free again.
    fn look_after_the_slow(&mut self) {
        let Self { outlets, sources, poller, paused, lingering, .. } = self;
        if outlets.main.is_behind() {
            outlets.main.flush(outlets.now);
        }
        for mut log in std::mem::take(lingering) {
            log.flush(outlets.now);
            outlets.report(&mut log);
            if log.is_behind() {
                lingering.push(log);
            } else {
                outlets.tell(log.close());
            }
        }
        paused.retain(|token| {
            let Some(source) = sources.get_mut(token) else { return false };
            source.flush(outlets);
            let Some(fd) = &source.fd else { return source.is_behind() };
            source.must_wait(outlets) || poller.add(fd, *token, Interest::Read).is_err()
        });
    }

    fn reopen_all(&mut self) {
        for token in self.tokens.values() {
            if let Some(source) = self.sources.get_mut(token) {
                source.reopen(&mut self.outlets);
            }
        }
        self.outlets.main.reopen(self.outlets.now);
    }

    /// Both logs are tried, the first error is told.
    fn clear(&mut self, process: u32) -> io::Result<()> {
        let mut outcome = Ok(());
        for channel in [Channel::Stdout, Channel::Stderr] {
            let token = self.tokens.get(&ChannelId { process, channel });
            if let Some(source) = token.and_then(|token| self.sources.get_mut(token)) {
                outcome = outcome.and(source.clear(&mut self.outlets));
            }
        }
        outcome
    }

    /// Lets go of everything, and gives slow readers what is left of `limit`.
    fn stop(mut self, limit: Duration) -> MainLog {
        let deadline = self.outlets.now.mono + limit;
        for token in std::mem::take(&mut self.tokens).into_values() {
            self.finish(token);
        }
        self.outlets.count_losses(self.shared.take_dropped());
        let mut ready = Vec::new();
        while self.timeout().is_some() && self.outlets.now.mono + 2 * SLOW_LOOK < deadline {
            drop(self.poller.wait(Some(SLOW_LOOK), &mut ready));
            self.shared.heard();
            self.outlets.now = clock::now();
            self.look_after_the_slow();
        }
        for log in std::mem::take(&mut self.lingering) {
            self.outlets.tell(log.close());
        }
        self.outlets.main
    }
}
