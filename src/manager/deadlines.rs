//! Which process wants to be woken when: one sorted set, whatever the number.

use super::input::ProcessId;
use std::collections::BTreeMap;
use std::time::Duration;

/// When, and which of those who said the same.
type Place = (Duration, u64);

/// The deadlines of all processes. Those of one moment are kept in the order
/// in which they were set, which is the order in which things happened.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    by_time: BTreeMap<Place, ProcessId>,
    by_process: BTreeMap<ProcessId, Place>,
    said: u64,
}

impl Deadlines {
    /// `id` wants `at` from now on; `None` is nothing.
    pub(super) fn set(&mut self, id: ProcessId, at: Option<Duration>) {
        if self.by_process.get(&id).map(|(at, _)| *at) == at {
            return;
        }
        self.remove(id);
        if let Some(at) = at {
            self.said += 1;
            self.by_time.insert((at, self.said), id);
            self.by_process.insert(id, (at, self.said));
        }
    }

    /// `id` wants nothing.
    pub(super) fn remove(&mut self, id: ProcessId) {
        if let Some(place) = self.by_process.remove(&id) {
            self.by_time.remove(&place);
        }
    }

    /// The next one.
    pub(super) fn first(&self) -> Option<Duration> {
        self.by_time.first_key_value().map(|((at, _), _)| *at)
    }

    /// Takes out all that are due, earliest first.
    pub(super) fn take_due(&mut self, now: Duration) -> Vec<ProcessId> {
        let later = self.by_time.split_off(&(now, u64::MAX));
        let due: Vec<ProcessId> = std::mem::replace(&mut self.by_time, later).into_values().collect();
        for id in &due {
            self.by_process.remove(id);
        }
        due
    }
}
