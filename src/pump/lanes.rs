//! Which file systems are suspect, because a call on them did not come back at
//! once. Their logs are served one call at a time on a thread that nobody else
//! needs, until they have behaved for a while. Pure bookkeeping.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// A call that takes longer keeps its file system suspect.
const SLOW_CALL: Duration = Duration::from_millis(20);
/// So long a file system must behave before its logs are written directly again.
const PROBATION: Duration = Duration::from_secs(2);
/// One call that is back after this time is forgiven: any disk has such moments.
const FORGIVEN: Duration = Duration::from_millis(100);

/// Where a call goes, as far as that is known without asking the disk.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    /// A file system.
    Device(u64),
    /// A folder, before anything in it could be opened.
    Folder(PathBuf),
}

/// The suspect places.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: BTreeMap<Place, Lane>,
}

#[derive(Debug)]
struct Lane {
    /// Calls that are out.
    busy: u32,
    /// When the first of them began, or one of them last came back.
    since: Duration,
    /// When a call last was slow.
    slow: Duration,
    /// How often the loop was held up, lately.
    strikes: u32,
    trusted: bool,
    /// Whether the call that was made aside last closed a file.
    closed: bool,
}

impl Lane {
    fn new(now: Duration) -> Self {
        Self { busy: 0, since: now, slow: now, strikes: 0, trusted: false, closed: false }
    }

    fn begin(&mut self, now: Duration) {
        if self.busy == 0 {
            self.since = now;
        }
        self.busy += 1;
    }
}

impl Lanes {
    /// A call has not come back at once.
    pub(super) fn suspect(&mut self, place: Place, now: Duration) {
        let lane = self.lanes.entry(place).or_insert(Lane::new(now));
        if now >= lane.slow + PROBATION {
            lane.strikes = 0;
        }
        lane.begin(now);
        lane.strikes += 1;
        lane.slow = now;
        lane.trusted = false;
    }

    /// Whether calls go there one at a time.
    pub(super) fn is_suspect(&self, place: &Place) -> bool {
        // no lanes but on a bad day
        !self.lanes.is_empty() && self.lanes.get(place).is_some_and(|lane| !lane.trusted)
    }

    /// Whether no call is out there.
    pub(super) fn is_free(&self, place: &Place) -> bool {
        self.lanes.get(place).is_none_or(|lane| lane.busy == 0)
    }

    /// Since when calls are out there and none comes back; zero if none is out.
    pub(super) fn busy_since(&self, place: &Place) -> Duration {
        self.lanes.get(place).filter(|lane| lane.busy > 0).map_or(Duration::ZERO, |lane| lane.since)
    }

    /// Whether a file may be closed before the next log has its turn: those that
    /// always have something to write must not keep all files open.
    pub(super) fn may_close(&self, place: &Place) -> bool {
        self.lanes.get(place).is_none_or(|lane| !lane.closed)
    }

    /// A call for a log begins that should not hold up others.
    pub(super) fn begin(&mut self, place: Place, now: Duration) {
        self.begin_call(place, false, now);
    }

    /// The same for a file that nobody needs.
    pub(super) fn begin_close(&mut self, place: Place, now: Duration) {
        self.begin_call(place, true, now);
    }

    fn begin_call(&mut self, place: Place, closes: bool, now: Duration) {
        let lane = self.lanes.entry(place).or_insert(Lane::new(now));
        lane.begin(now);
        lane.closed = closes;
    }

    /// A call is back after `took`.
    pub(super) fn end(&mut self, place: &Place, took: Duration, now: Duration) {
        let Some(lane) = self.lanes.get_mut(place) else { return };
        lane.busy = lane.busy.saturating_sub(1);
        lane.since = now;
        if took > SLOW_CALL {
            lane.slow = now;
        }
        lane.strikes += u32::from(took >= FORGIVEN);
        let forgiven = lane.strikes == 1;
        lane.trusted = lane.busy == 0 && (forgiven || now >= lane.slow + PROBATION);
        // calls to a folder are never made by the loop
        if matches!(place, Place::Folder(_)) && lane.busy == 0 {
            self.lanes.remove(place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Lanes, PROBATION, Place, SLOW_CALL};
    use std::time::Duration;

    const DISK: Place = Place::Device(7);
    const QUICK: Duration = Duration::from_millis(1);

    #[test]
    fn a_suspect_place_has_one_call_at_a_time() {
        let mut lanes = Lanes::default();
        assert!(!lanes.is_suspect(&DISK) && lanes.is_free(&DISK));
        lanes.suspect(DISK, Duration::ZERO);
        assert!(lanes.is_suspect(&DISK) && !lanes.is_free(&DISK) && !lanes.is_suspect(&Place::Device(8)));
        lanes.end(&DISK, Duration::from_secs(1), Duration::from_secs(1));
        assert!(lanes.is_suspect(&DISK) && lanes.is_free(&DISK));
    }

    /// Who waits for its turn is told from who waits for a disk that hangs.
    #[test]
    fn a_place_is_busy_since_the_last_call_that_came_back() {
        let at = Duration::from_secs;
        let mut lanes = Lanes::default();
        assert_eq!(lanes.busy_since(&DISK), Duration::ZERO);
        lanes.begin(DISK, at(1));
        lanes.begin(DISK, at(2));
        assert_eq!(lanes.busy_since(&DISK), at(1));
        lanes.end(&DISK, at(2), at(3));
        assert_eq!(lanes.busy_since(&DISK), at(3));
        lanes.end(&DISK, at(2), at(4));
        assert_eq!(lanes.busy_since(&DISK), Duration::ZERO);
        lanes.begin(DISK, at(9));
        assert_eq!(lanes.busy_since(&DISK), at(9));
    }

    #[test]
    fn it_is_trusted_again_when_it_has_behaved_long_enough() {
        let mut lanes = Lanes::default();
        lanes.suspect(DISK, Duration::ZERO);
        let back = Duration::from_secs(5);
        lanes.end(&DISK, back, back);
        let mut call = |after: Duration, took: Duration| {
            lanes.begin(DISK, back + after);
            lanes.end(&DISK, took, back + after);
            lanes.is_suspect(&DISK)
        };
        assert!(call(PROBATION / 2, QUICK));
        assert!(call(PROBATION / 2, SLOW_CALL + QUICK));
        assert!(call(PROBATION, QUICK), "it was slow meanwhile");
        assert!(!call(PROBATION * 2, QUICK));
    }

    #[test]
    fn one_short_wait_is_forgiven_and_two_are_not() {
        let mut lanes = Lanes::default();
        let mut wait = |secs| {
            lanes.suspect(DISK, Duration::from_secs(secs));
            lanes.end(&DISK, SLOW_CALL, Duration::from_secs(secs));
            lanes.is_suspect(&DISK)
        };
        assert!(!wait(10));
        assert!(wait(11));
        assert!(!wait(20));
    }
}
