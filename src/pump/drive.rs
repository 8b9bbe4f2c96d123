//! Working the loop: wait, read streams in fair turns, make calls to the disk.
//!
//! A call is made with the state on the desk. Who finds it gone afterwards was
//! too long away: somebody else works the loop now, and this thread is done
//! with it.

use super::hands::{Errand, Hands, Report};
use super::lanes::Place;
use super::pace::{Pace, Tally};
use super::reader::Reader;
use super::sinks::{Call, closes_at};
use super::state::{Chunk, State, Victim};
use crate::logs::job::{Done, Job};
use crate::sys::panics::caught;
use crate::sys::thread::own_id;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

/// Chunks read in a turn, shared among the streams that are ready: to wait for
/// each costs as much as a tenth of writing it.
const SHARE: usize = 8;

/// Calls for one log in a turn: more than all that may wait for it needs, so that a
/// log that wants calls without end holds up no other.
const CALLS: usize = 16;

/// Works until told to stop, or until a call takes so long that another thread
/// goes on.
pub(super) fn drive(hands: &Arc<Hands>, state: Box<State>) {
    let driver = Driver { hands, thread: own_id() };
    if driver.work(state).is_some() {
        hands.end();
    }
}

struct Driver<'a> {
    hands: &'a Arc<Hands>,
    thread: i32,
}

/// The state, unless another thread has it now.
type Kept = Option<Box<State>>;

impl Driver<'_> {
    fn work(&self, mut state: Box<State>) -> Kept {
        let mut reader = Reader::new();
        let mut ready = Vec::new();
        let mut pace = Pace::default();
        loop {
            let waited = tried(&mut state, Victim::Nobody, |state| state.wait(&mut ready)).unwrap_or_default();
            let mut tally = Tally::default();
            let share = SHARE / ready.len().max(1);
            for token in ready.drain(..) {
                state = self.read_share(state, token, share, &mut reader, &mut tally)?;
            }
            while let Some(token) = tried(&mut state, Victim::Nobody, |state| state.next_dead()).flatten() {
                state = self.read_dead(state, token, &mut reader)?;
            }
            state = self.serve(state)?;
            if tried(&mut state, Victim::Nobody, State::settle) == Some(false) {
                return Some(state);
            }
            let nap = pace.after(waited, &tally);
            reader.after(nap);
            if !nap.is_zero() {
                thread::sleep(nap);
            }
        }
    }

    /// One stream's share of a turn: a chunk, and more while it keeps giving much.
    fn read_share(
        &self,
        mut state: Box<State>,
        token: u64,
        share: usize,
        reader: &mut Reader,
        tally: &mut Tally,
    ) -> Kept {
        for _ in 0..share.max(1) {
            if tried(&mut state, Victim::Stream(token), |state| state.may_read(token)) != Some(true) {
                break;
            }
            let before = tally.bytes();
            state = self.read(state, token, reader, tally)?;
            if tally.bytes() - before < state.plenty(token) {
                break;
            }
        }
        Some(state)
    }

    /// One chunk of a stream.
    fn read(&self, mut state: Box<State>, token: u64, reader: &mut Reader, tally: &mut Tally) -> Kept {
        match self.chunk(&mut state, token, reader) {
            Chunk::Bytes(count) => tally.add(count, state.plenty(token)),
            Chunk::NotYet => {}
            Chunk::End => {
                tried(&mut state, Victim::Stream(token), |state| state.end(token));
            }
            Chunk::Through(count, sink, place, job) => {
                tally.add(count, state.plenty(token));
                let chunk = reader.chunk(count);
                state = self.call(state, sink, place, job, chunk)?;
            }
        }
        Some(state)
    }

    /// The same of a stream whose writer is dead.
    fn read_dead(&self, mut state: Box<State>, token: u64, reader: &mut Reader) -> Kept {
        let gave = |state: &mut State, count| {
            tried(state, Victim::Stream(token), |state| state.dead_gave(token, count));
        };
        match self.chunk(&mut state, token, reader) {
            Chunk::Bytes(count) => gave(&mut state, Some(count)),
            Chunk::NotYet | Chunk::End => gave(&mut state, None),
            Chunk::Through(count, sink, place, job) => {
                gave(&mut state, Some(count));
                let chunk = reader.chunk(count);
                state = self.call(state, sink, place, job, chunk)?;
            }
        }
        Some(state)
    }

    /// Makes the calls that logs want.
    fn serve(&self, mut state: Box<State>) -> Kept {
        if state.must_mend() {
            state.mended(self.hands.mend());
        }
        tried(&mut state, Victim::Nobody, |state| state.outlets.report());
        for token in tried(&mut state, Victim::Nobody, |state| state.outlets.sinks.busy()).unwrap_or_default() {
            for _ in 0..CALLS {
                let now = state.outlets.now;
                let watched = self.hands.is_watched();
                let call =
                    tried(&mut state, Victim::Sink(token), |state| state.outlets.sinks.call(token, watched, now));
                match call.flatten() {
                    None => break,
                    Some(Call::Direct(sink, place, job)) => state = self.call(state, sink, place, job, &[])?,
                    Some(Call::Aside(sink, place, job)) => self.hands.give(Errand::Job { sink, place, job }),
                }
            }
            // that may have been the end of an outage
            tried(&mut state, Victim::Nobody, |state| state.outlets.report());
        }
        self.close(state)
    }

    /// Closes files that nobody needs any more.
    fn close(&self, mut state: Box<State>) -> Kept {
        for file in std::mem::take(&mut state.outlets.sinks.closing) {
            let place = closes_at(&file);
            let now = state.outlets.now.mono;
            let lanes = &mut state.outlets.sinks.lanes;
            if self.hands.is_watched() && !lanes.is_suspect(&place) {
                let began = Instant::now();
                let number = self.hands.desk.put(state, self.thread, place.clone());
                drop(file);
                let Some(kept) = self.hands.desk.take_back(number) else {
                    self.hands.report(Report { place, took: began.elapsed(), done: None, panic: None });
                    return None;
                };
                state = kept;
            } else if lanes.is_free(&place) {
                lanes.begin_close(place.clone(), now);
                self.hands.give(Errand::Close { place, file });
            } else {
                state.outlets.sinks.closing.push(file);
            }
        }
        Some(state)
    }

    fn call(&self, state: Box<State>, sink: u64, place: Place, job: Job, bytes: &[u8]) -> Kept {
        let began = Instant::now();
        let number = self.hands.desk.put(state, self.thread, place.clone());
        let (done, panic) = run(job, bytes);
        let Some(mut state) = self.hands.desk.take_back(number) else {
            self.hands.report(Report { place, took: began.elapsed(), done: Some((sink, done)), panic });
            return None;
        };
        let now = state.outlets.now;
        tried(&mut state, Victim::Sink(sink), |state| state.outlets.sinks.done(sink, done, now));
        if let Some(text) = panic {
            thread::sleep(state.survive(Victim::Sink(sink), &text));
        }
        Some(state)
    }

    /// Reads from a stream. One that panics has nothing more in this turn.
    fn chunk(&self, state: &mut State, token: u64, reader: &mut Reader) -> Chunk {
        let may_call = self.hands.is_watched();
        tried(state, Victim::Stream(token), |state| state.read(token, reader, may_call)).unwrap_or(Chunk::NotYet)
    }
}

/// Does a part of a turn; `None` if it panicked, perhaps after a pause.
fn tried<T>(state: &mut State, victim: Victim, work: impl FnOnce(&mut State) -> T) -> Option<T> {
    let (done, pause) = state.tried(victim, work);
    if !pause.is_zero() {
        thread::sleep(pause);
    }
    done
}

/// Makes a call, and tells with what text it panicked if it did.
pub(super) fn run(job: Job, bytes: &[u8]) -> (Done, Option<String>) {
    let ran = caught(|| {
        #[cfg(test)]
        super::tests::panic_if(bytes, b"a log panics");
        job.run_with(bytes)
    });
    match ran {
        Ok(done) => (done, None),
        Err(text) => (Done::panicked(&text), Some(text)),
    }
}
