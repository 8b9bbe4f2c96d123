//! Which streams are watched, which are read without that (`heat`), and which are
//! left alone because somebody downstream is slow.

use super::heat::Turn;
use super::outlets::Outlets;
use super::source::Source;
use crate::logs::Syslog;
use crate::model::Now;
use crate::sys::poll::{Interest, Poller};
use std::collections::HashMap;
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

/// The token of the bell; streams have larger ones.
pub(super) const BELL: u64 = 0;
/// That of all ways to syslog; no stream ever has it.
const SYSLOG: u64 = u64::MAX;

pub(super) struct Watch {
    poller: Poller,
    turn: Turn,
    /// Whether any stream had something in this turn.
    busy: bool,
    hot: Vec<u64>,
    /// Watched again as soon as they may be read.
    paused: Vec<u64>,
    look: bool,
}

impl Watch {
    /// Of no streams, and of `bell`.
    pub(super) fn new(bell: impl AsFd) -> io::Result<Self> {
        let poller = Poller::new()?;
        poller.add(bell, BELL, Interest::Read)?;
        Ok(Self { poller, turn: Turn::default(), busy: false, hot: vec![], paused: vec![], look: false })
    }

    /// Whether nothing is read without being waited for.
    pub(super) fn may_sleep(&self) -> bool {
        self.hot.is_empty()
    }

    /// Whether there are streams to be looked at though nobody will wake the loop
    /// for them: their watching failed, or they wait for room that others hold.
    pub(super) fn must_look(&self) -> bool {
        self.look
    }

    /// Waits until a stream or the bell is ready.
    pub(super) fn wait(&mut self, timeout: Option<Duration>, ready: &mut Vec<u64>) {
        // an error is none of the streams'; what is ready is reported again
        drop(self.poller.wait(timeout, ready));
    }

    /// A turn begins after a wait of `waited`: the hot ones are `ready`, too.
    pub(super) fn begin_turn(&mut self, waited: Duration, sources: &HashMap<u64, Source>, ready: &mut Vec<u64>) {
        self.turn = self.turn.after(waited);
        self.busy = false;
        self.look = false;
        self.hot.retain(|token| sources.get(token).is_some_and(|source| source.heat.is_hot()));
        ready.extend(&self.hot);
    }

    /// A new stream; it is watched from the end of this turn on.
    pub(super) fn begin(&mut self, token: u64) {
        self.paused.push(token);
    }

    /// The stream had something.
    pub(super) fn gave(&mut self, token: u64, source: &mut Source, now: Duration) {
        self.busy = true;
        if source.heat.gave(self.turn, now)
            && let Some(fd) = &source.fd
        {
            drop(self.poller.remove(fd));
            self.hot.push(token);
        }
    }

    /// The stream had nothing.
    pub(super) fn gave_nothing(&mut self, token: u64, source: &mut Source, now: Duration) {
        if source.heat.gave_nothing(now) {
            self.paused.push(token);
        }
    }

    /// The stream is not to be read for now.
    pub(super) fn pause(&mut self, token: u64, source: &mut Source) {
        self.end(source);
        self.paused.push(token);
    }

    /// The stream is not to be read any more.
    pub(super) fn end(&mut self, source: &mut Source) {
        if !source.heat.cool()
            && let Some(fd) = &source.fd
        {
            // one that is paused is not in the set
            drop(self.poller.remove(fd));
        }
    }

    /// Sends what waits for syslog, as far as it is taken, and watches for room for
    /// the rest. While that is so, nobody else opens or closes the socket.
    pub(super) fn flush(&mut self, syslog: &mut Syslog, now: Now) {
        if syslog.waiting() == 0 {
            return;
        }
        if let Some(socket) = syslog.socket() {
            // it is not in the set yet when this is the first turn
            drop(self.poller.remove(socket));
        }
        syslog.flush(now);
        if let Some(socket) = syslog.socket() {
            self.look |= self.poller.add(socket, SYSLOG, Interest::Write).is_err();
        }
    }

    /// Watches streams again whose ways are free. When no stream had anything, the
    /// hot ones are watched again, too: then there is time to wait.
    pub(super) fn resume(&mut self, sources: &mut HashMap<u64, Source>, outlets: &Outlets) {
        if !self.busy {
            for token in std::mem::take(&mut self.hot) {
                if sources.get_mut(&token).is_some_and(|source| source.heat.cool()) {
                    self.paused.push(token);
                }
            }
        }
        let Self { poller, paused, look, .. } = self;
        paused.retain(|token| {
            let Some(source) = sources.get(token) else { return false };
            let Some(fd) = &source.fd else { return false };
            if source.must_wait(outlets) {
                *look |= source.sink.is_some_and(|sink| outlets.sinks.waits_for_others(sink));
                return true;
            }
            let refused = poller.add(fd, *token, Interest::Read).is_err();
            *look |= refused;
            refused
        });
    }
}
