//! Outages of the syslog daemon. Each is one, however many ways lead to it: the
//! first way that has it tells of its beginning, and the last of its end.

use crate::model::Now;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What all ways to one daemon share.
#[derive(Debug, Clone, Default)]
pub struct Outages(Arc<Mutex<Current>>);

#[derive(Debug, Default)]
struct Current {
    /// Ways that have it.
    ways: usize,
    since: Now,
    /// Lines that ways have lost which have it no longer.
    lost: u64,
}

impl Outages {
    /// A way has one since then; whether that is news.
    pub(super) fn begin(&self, since: Now) -> bool {
        let mut current = self.lock();
        current.ways += 1;
        let is_first = current.ways == 1;
        if is_first {
            (current.since, current.lost) = (since, 0);
        }
        is_first
    }

    /// A way that has lost so many lines has it no longer. Since when it was, and how
    /// many lines all have lost, if no way has it now.
    pub(super) fn end(&self, lost: u64) -> Option<(Now, u64)> {
        let mut current = self.lock();
        current.ways = current.ways.saturating_sub(1);
        current.lost += lost;
        (current.ways == 0).then_some((current.since, current.lost))
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Outages;
    use crate::model::Now;
    use std::time::Duration;

    #[test]
    fn what_several_ways_have_is_one_outage() {
        let outages = Outages::default();
        let at = |secs| Now { mono: Duration::from_secs(secs), wall: Duration::from_secs(secs) };
        for round in [1, 10] {
            assert!(outages.begin(at(round)) && !outages.begin(at(round + 1)));
            assert_eq!(outages.end(2), None);
            assert!(!outages.begin(at(round + 2)));
            assert_eq!((outages.end(0), outages.end(3)), (None, Some((at(round), 5))));
        }
    }
}
