//! Where the loop's state lies while its thread makes a call that may not come
//! back, and the watch over it.
//!
//! Who works the loop owns its state. Before a call to the disk it puts the
//! state on the desk, and takes it back afterwards: two turns of a lock nobody
//! else wants. If the call does not come back at once, the watcher takes the
//! state and becomes the one who works; who was stuck finds the desk empty.

use super::lanes::Place;
use crate::sys::alarm::Alarm;
use crate::sys::thread::is_blocked;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Between two looks of the watcher, while calls are made. A call is found
/// stuck after one to two of these.
const TICK: Duration = Duration::from_millis(4);

/// The desk; `T` is the state.
#[derive(Debug)]
pub(super) struct Desk<T> {
    slot: Mutex<Slot<T>>,
    alarm: Alarm,
}

#[derive(Debug)]
struct Slot<T> {
    paper: Option<T>,
    call: Call,
    /// The call that the watcher saw last.
    seen: u64,
    armed: bool,
    closed: bool,
}

/// A call that is being made.
#[derive(Debug, Clone)]
pub(super) struct Call {
    number: u64,
    /// Who makes it.
    thread: i32,
    /// Where it goes.
    pub(super) place: Place,
}

impl<T> Desk<T> {
    /// An empty desk.
    pub(super) fn new() -> io::Result<Self> {
        let call = Call { number: 0, thread: 0, place: Place::Device(0) };
        let slot = Slot { paper: None, call, seen: 0, armed: false, closed: false };
        Ok(Self { slot: Mutex::new(slot), alarm: Alarm::new()? })
    }

    /// Puts the state down before a call that `thread` makes; gives the number to
    /// take it back by.
    pub(super) fn put(&self, paper: T, thread: i32, place: Place) -> u64 {
        let mut slot = self.lock();
        let number = slot.call.number + 1;
        slot.call = Call { number, thread, place };
        slot.paper = Some(paper);
        if !slot.armed {
            slot.armed = true;
            slot.seen = number;
            self.alarm.set(TICK);
        }
        number
    }

    /// Takes the state back after call `number`; `None` if the watcher has it.
    pub(super) fn take_back(&self, number: u64) -> Option<T> {
        let mut slot = self.lock();
        if slot.call.number == number { slot.paper.take() } else { None }
    }

    /// Watches until a call is stuck, and gives the state and the call; `None`
    /// when the desk is closed. Sleeps while no calls are made.
    pub(super) fn watch(&self) -> Option<(T, Call)> {
        loop {
            self.alarm.wait();
            let mut slot = self.lock();
            if slot.closed {
                return None;
            }
            let moved = slot.seen != slot.call.number;
            let (thread, number) = (slot.call.thread, slot.call.number);
            if !moved && slot.paper.is_some() {
                drop(slot);
                // one that only waits for its turn on a busy machine is not stuck
                let stuck = is_blocked(thread);
                slot = self.lock();
                if stuck
                    && slot.call.number == number
                    && let Some(paper) = slot.paper.take()
                {
                    slot.armed = false;
                    return Some((paper, slot.call.clone()));
                }
            }
            slot.armed = moved || slot.paper.is_some();
            slot.seen = slot.call.number;
            if slot.armed {
                self.alarm.set(TICK);
            }
        }
    }

    /// Ends the watch.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.alarm.set(Duration::ZERO);
    }

    fn lock(&self) -> MutexGuard<'_, Slot<T>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{Desk, Place};
    use crate::sys::thread::own_id;
    use std::sync::mpsc::channel;

    const PLACE: Place = Place::Device(1);

    #[test]
    fn a_call_that_comes_back_finds_the_state_where_it_was() {
        let desk = Desk::new().unwrap();
        let first = desk.put("state", own_id(), PLACE);
        assert_eq!(desk.take_back(first), Some("state"));
        let second = desk.put("state", own_id(), PLACE);
        assert_eq!(desk.take_back(first), None, "that was another call");
        assert_eq!(desk.take_back(second), Some("state"));
    }

    #[test]
    fn a_call_that_does_not_come_back_loses_the_state_to_the_watcher() {
        let desk = Desk::new().unwrap();
        let (release, released) = channel::<()>();
        std::thread::scope(|scope| {
            let watcher = scope.spawn(|| desk.watch());
            let desk = &desk;
            let stuck = scope.spawn(move || {
                let number = desk.put("state", own_id(), Place::Device(3));
                released.recv().unwrap_err();
                desk.take_back(number)
            });
            let (state, call) = watcher.join().unwrap().unwrap();
            assert_eq!((state, call.place), ("state", Place::Device(3)));
            // the one who has it now makes calls too
            let number = desk.put(state, own_id(), PLACE);
            drop(release);
            assert_eq!(stuck.join().unwrap(), None);
            assert_eq!(desk.take_back(number), Some("state"));
        });
    }

    #[test]
    fn a_closed_desk_is_not_watched() {
        let desk = Desk::<()>::new().unwrap();
        std::thread::scope(|scope| {
            let watcher = scope.spawn(|| desk.watch().is_none());
            desk.close();
            assert!(watcher.join().unwrap());
        });
    }
}
