//! Which process wants to be woken when: one sorted set, whatever the number.

use super::input::ProcessId;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The deadlines of all processes. Those of one moment come in the order in
/// which the processes came to be, as a pass of upstream's loop would have it.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    by_time: BTreeSet<(Duration, ProcessId)>,
    by_process: BTreeMap<ProcessId, Duration>,
}

impl Deadlines {
    /// `id` wants `at` from now on; `None` is nothing.
    pub(super) fn set(&mut self, id: ProcessId, at: Option<Duration>) {
        self.remove(id);
        if let Some(at) = at {
            self.by_time.insert((at, id));
            self.by_process.insert(id, at);
        }
    }

    /// `id` wants nothing.
    pub(super) fn remove(&mut self, id: ProcessId) {
        if let Some(at) = self.by_process.remove(&id) {
            self.by_time.remove(&(at, id));
        }
    }

    /// The next one.
    pub(super) fn first(&self) -> Option<Duration> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// Takes out all that are due, earliest first.
    pub(super) fn take_due(&mut self, now: Duration) -> Vec<ProcessId> {
        let later = self.by_time.split_off(&(now, ProcessId(u32::MAX)));
        let due = std::mem::replace(&mut self.by_time, later);
        due.into_iter()
            .map(|(_, id)| {
                self.by_process.remove(&id);
                id
            })
            .collect()
    }
}
