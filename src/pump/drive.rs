//! Working the loop: wait, read streams in fair turns, make calls to the disk.
//!
//! A call is made with the state on the desk. Who finds it gone afterwards was
//! too long away: somebody else works the loop now, and this thread is done
//! with it.

use super::hands::{Errand, Hands, Report};
use super::lanes::Place;
use super::pace::Pace;
use super::sinks::Call;
use super::state::{Chunk, State};
use crate::logs::backlog::CHUNK;
use crate::logs::job::Job;
use crate::sys::thread::own_id;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

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

/// What was read in a turn.
#[derive(Default)]
struct Tally {
    reads: usize,
    bytes: usize,
}

impl Tally {
    fn add(&mut self, count: usize) {
        self.reads += 1;
        self.bytes += count;
    }
}

/// The state, unless another thread has it now.
type Kept = Option<Box<State>>;

impl Driver<'_> {
    fn work(&self, mut state: Box<State>) -> Kept {
        let mut buffer = vec![0; CHUNK];
        let mut ready = Vec::new();
        let mut pace = Pace::default();
        loop {
            let waited = state.wait(&mut ready);
            let mut tally = Tally::default();
            for token in ready.drain(..) {
                if state.may_read(token) {
                    state = self.read(state, token, &mut buffer, &mut tally)?;
                }
            }
            while let Some(token) = state.next_dead() {
                state = self.read_dead(state, token, &mut buffer)?;
            }
            state = self.serve(state)?;
            if !state.settle() {
                return Some(state);
            }
            let nap = pace.after(waited, tally.reads, tally.bytes);
            if !nap.is_zero() {
                thread::sleep(nap);
            }
        }
    }

    /// One stream's share of a turn: a chunk.
    fn read(&self, mut state: Box<State>, token: u64, buffer: &mut [u8], tally: &mut Tally) -> Kept {
        match state.read(token, buffer, self.hands.is_watched()) {
            Chunk::Bytes(count) => tally.add(count),
            Chunk::NotYet => {}
            Chunk::End => state.end(token),
            Chunk::Through(count, sink, place, job) => {
                tally.add(count);
                let chunk = buffer.get(..count).unwrap_or_default();
                state = self.call(state, sink, place, job, chunk)?;
            }
        }
        Some(state)
    }

    /// The same of a stream whose writer is dead.
    fn read_dead(&self, mut state: Box<State>, token: u64, buffer: &mut [u8]) -> Kept {
        match state.read(token, buffer, self.hands.is_watched()) {
            Chunk::Bytes(count) => state.dead_gave(token, Some(count)),
            Chunk::NotYet | Chunk::End => state.dead_gave(token, None),
            Chunk::Through(count, sink, place, job) => {
                state.dead_gave(token, Some(count));
                let chunk = buffer.get(..count).unwrap_or_default();
                state = self.call(state, sink, place, job, chunk)?;
            }
        }
        Some(state)
    }

    /// Makes the calls that logs want.
    fn serve(&self, mut state: Box<State>) -> Kept {
        state.outlets.report();
        for token in state.outlets.sinks.busy() {
            loop {
                let now = state.outlets.now;
                match state.outlets.sinks.call(token, self.hands.is_watched(), now) {
                    None => break,
                    Some(Call::Direct(sink, place, job)) => state = self.call(state, sink, place, job, &[])?,
                    Some(Call::Aside(sink, place, job)) => self.hands.give(Errand::Job { sink, place, job }),
                }
            }
            // that may have been the end of an outage
            state.outlets.report();
        }
        self.close(state)
    }

    /// Closes files that nobody needs any more.
    fn close(&self, mut state: Box<State>) -> Kept {
        for file in std::mem::take(&mut state.outlets.sinks.closing) {
            let place = Place::Device(file.device());
            let now = state.outlets.now.mono;
            let lanes = &mut state.outlets.sinks.lanes;
            if self.hands.is_watched() && !lanes.is_suspect(&place) {
                let began = Instant::now();
                let number = self.hands.desk.put(state, self.thread, place.clone());
                drop(file);
                let Some(kept) = self.hands.desk.take_back(number) else {
                    self.hands.report(Report { place, took: began.elapsed(), done: None });
                    return None;
                };
                state = kept;
            } else if lanes.is_free(&place) {
                lanes.begin(place.clone(), now);
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
        let done = job.run_with(bytes);
        let Some(mut state) = self.hands.desk.take_back(number) else {
            self.hands.report(Report { place, took: began.elapsed(), done: Some((sink, done)) });
            return None;
        };
        let now = state.outlets.now;
        state.outlets.sinks.done(sink, done, now);
        Some(state)
    }
}
