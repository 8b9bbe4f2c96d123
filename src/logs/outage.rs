//! How a log fares: when it is tried again, what is said about it, and its
//! counters. Pure: touches no disk, and is told the time.
//!
//! A log is in an *outage* from the first write that fails, or from the moment
//! that one has not come back for [`PATIENCE`], until one succeeds. One line says
//! that it began and why, one says when it is over: since when, how long, and
//! how many bytes were kept and how many dropped.
//!
//! Long because its tests read every sentence that is told.

use crate::model::{Level, LogLine, Now};
use crate::sys::clock::local_time;
use std::path::Path;
use std::time::Duration;

/// The first pause after a failure; it doubles up to [`LONGEST_PAUSE`].
pub const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// A disk that has room again is used again within this time.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A disk may be slow for so long: the program that writes more than is kept for
/// it waits, and nothing is lost. After that it is an outage.
pub const PATIENCE: Duration = Duration::from_secs(2);
/// After so long without a failure the pauses begin small again.
const CALM: Duration = Duration::from_secs(60);

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The name could not be moved or opened; bytes still go to the open file.
    Moving,
    /// Nothing can be written.
    Writing,
    /// A call does not come back, or a reader does not read.
    Hanging,
}

/// What happened to one log so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Bytes written.
    pub written: u64,
    /// Bytes dropped.
    pub dropped: u64,
    /// Bytes that wait to be written.
    pub waiting: u64,
    /// Outages that began.
    pub outages: u64,
    /// When the present one began, since the epoch.
    pub out_since: Option<Duration>,
}

impl Counts {
    /// Adds what happened to another log of the same channel, which is older.
    pub fn add(&mut self, other: Self) {
        self.written += other.written;
        self.dropped += other.dropped;
        self.waiting += other.waiting;
        self.outages += other.outages;
        self.out_since = self.out_since.or(other.out_since);
    }
}

/// The state of one log.
#[derive(Debug, Default)]
pub struct Health {
    current: Option<Current>,
    pause: Duration,
    last_failure: Option<Duration>,
    /// An outage that is over and still to be told, with the time of its end.
    over: Option<(Current, Now)>,
    counts: Counts,
    reports: Vec<LogLine>,
}

#[derive(Debug)]
struct Current {
    trouble: Trouble,
    since: Now,
    kept: u64,
    dropped: u64,
    next_try: Duration,
}

impl Health {
    /// The counters.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Gives what was counted, to begin at zero again. An outage goes on.
    #[must_use]
    pub fn take_counts(&mut self) -> Counts {
        let fresh = Counts { out_since: self.counts.out_since, ..Counts::default() };
        Counts { out_since: None, ..std::mem::replace(&mut self.counts, fresh) }
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.current.is_none()
    }

    /// Whether bytes cannot be written.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        self.current.as_ref().is_some_and(|current| current.trouble != Trouble::Moving)
    }

    /// When what failed is to be tried again.
    #[must_use]
    pub fn next_try(&self) -> Option<Duration> {
        self.current.as_ref().map(|current| current.next_try)
    }

    /// Whether something failed and it is time to try again.
    #[must_use]
    pub fn is_due(&self, now: Now) -> bool {
        self.next_try().is_some_and(|at| at <= now.mono)
    }

    /// So many bytes were written.
    pub fn wrote(&mut self, count: usize) {
        self.counts.written += count as u64;
    }

    /// Bytes came: so many were kept `before`, so many are `now`, and so many were
    /// dropped.
    pub fn kept(&mut self, before: usize, now: usize, dropped: usize) {
        self.counts.dropped += dropped as u64;
        if let Some((over, _)) = &mut self.over {
            over.dropped += dropped as u64;
        } else if let Some(current) = &mut self.current {
            // less than before when the begin of a line that does not fit was dropped
            current.kept = (current.kept + now as u64).saturating_sub(before as u64);
            current.dropped += dropped as u64;
        }
    }

    /// Something about the log at `path` failed; `waiting` bytes wait for it
    /// and at most `room` will be kept.
    pub fn fail(&mut self, trouble: Trouble, why: &str, path: &Path, waiting: usize, room: usize, now: Now) {
        let goes_on = match &self.current {
            Some(current) => (current.trouble == Trouble::Moving) == (trouble == Trouble::Moving),
            None => false,
        };
        if !goes_on {
            self.recover(path, now);
            if trouble != Trouble::Moving {
                self.tell_over(path);
            }
            self.begin(trouble, why, path, waiting, room, now);
        }
        let calm = self.last_failure.is_none_or(|last| now.mono >= last + CALM);
        self.pause = if calm { FIRST_PAUSE } else { (self.pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE) };
        self.last_failure = Some(now.mono);
        if let Some(current) = &mut self.current {
            current.trouble = trouble;
            current.next_try = now.mono + self.pause;
        }
    }

    /// What is noticed `now` began at `since` already, if that is not known yet.
    pub fn began(&mut self, since: Duration, now: Now) {
        let Some(current) = &mut self.current else { return };
        if current.since.mono == now.mono {
            let before = now.mono.saturating_sub(since);
            current.since = Now { mono: since, wall: now.wall.saturating_sub(before) };
            self.counts.out_since = Some(current.since.wall);
        }
    }

    /// Tries again at once, because somebody says that the cause may be gone.
    pub fn hurry(&mut self, now: Now) {
        if let Some(current) = &mut self.current {
            current.next_try = now.mono;
        }
    }

    /// A write went through, and a move if one was wanted. The end of an outage is
    /// yet to be [told](Self::tell_over).
    pub fn recover(&mut self, path: &Path, now: Now) {
        let Some(current) = self.current.take() else { return };
        if current.trouble == Trouble::Moving {
            return self.say(format!("{} can be moved and opened again after {}", path.display(), current.past(now)));
        }
        self.counts.out_since = None;
        self.over = Some((current, now));
    }

    /// When an outage ended that is not told of.
    #[must_use]
    pub fn over_since(&self) -> Option<Duration> {
        self.over.as_ref().map(|(_, end)| end.mono)
    }

    /// Tells of an outage that is over: nothing more will be dropped for it.
    pub fn tell_over(&mut self, path: &Path) {
        let Some((over, end)) = self.over.take() else { return };
        let (path, past, kept, gone) = (path.display(), over.past(end), over.kept, over.gone(0));
        self.say(format!("{path} is written again after {past}: {kept} bytes were kept, {gone}"));
    }

    /// The log ends: `waiting` bytes were not written, and of `out` bytes nobody
    /// knows, since the call that has them is out. They count as dropped.
    pub fn give_up(&mut self, path: &Path, waiting: usize, out: usize, now: Now) {
        let lost = waiting + out;
        let perhaps = match out {
            0 => String::new(),
            _ => format!(", but {out} of them may yet be written by a call that is not back"),
        };
        self.counts.dropped += lost as u64;
        self.tell_over(path);
        match self.current.take() {
            Some(current) if current.trouble != Trouble::Moving => {
                let (path, past) = (path.display(), current.past(now));
                self.say(format!(
                    "{path} could not be written for {past} and is given up: {}{perhaps}",
                    current.gone(lost)
                ));
            }
            _ if lost > 0 => {
                self.say(format!("{} is given up: {lost} bytes were dropped{perhaps}", path.display()));
            }
            _ => {}
        }
        self.counts.out_since = None;
    }

    /// What is to be said since this was last asked.
    #[must_use]
    pub fn take_reports(&mut self) -> Vec<LogLine> {
        std::mem::take(&mut self.reports)
    }

    fn begin(&mut self, trouble: Trouble, why: &str, path: &Path, waiting: usize, room: usize, now: Now) {
        let path = path.display();
        let meanwhile = format!("up to {room} bytes are kept for it, what does not fit is dropped");
        self.say(match trouble {
            Trouble::Moving => format!("could not rotate or reopen {path}: {why}; the open file is written on"),
            Trouble::Writing => format!("could not write {path}: {why}; {meanwhile}"),
            Trouble::Hanging => format!("{path} takes nothing: {why}; {meanwhile}"),
        });
        if trouble != Trouble::Moving {
            self.counts.outages += 1;
            self.counts.out_since = Some(now.wall);
        }
        self.current = Some(Current { trouble, since: now, kept: waiting as u64, dropped: 0, next_try: now.mono });
    }

    fn say(&mut self, text: String) {
        self.reports.push(LogLine::new(Level::Warn, text));
    }
}

impl Current {
    /// `3.2 s (since 2026-11-22 20:07:16)`
    fn past(&self, now: Now) -> String {
        let took = now.mono.saturating_sub(self.since.mono).as_secs_f64();
        format!("{took:.1} s (since {})", local_time(self.since.wall))
    }

    fn gone(&self, more: usize) -> String {
        format!("{} bytes were dropped", self.dropped + more as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::{Counts, FIRST_PAUSE, Health, LONGEST_PAUSE, Trouble};
    use crate::model::Now;
    use std::path::Path;
    use std::time::Duration;

    fn at(millis: u64) -> Now {
        Now { mono: Duration::from_millis(millis), wall: Duration::from_millis(millis) }
    }

    fn fail(health: &mut Health, trouble: Trouble, millis: u64) {
        health.fail(trouble, "why", Path::new("/log"), 10, 4096, at(millis));
    }

    fn recover(health: &mut Health, millis: u64) {
        health.recover(Path::new("/log"), at(millis));
    }

    fn texts(health: &mut Health) -> Vec<String> {
        health.take_reports().into_iter().map(|line| line.text).collect()
    }

    /// A5.20
    #[test]
    fn an_outage_has_two_lines_however_long_it_is() {
        let mut health = Health::default();
        for n in 0..5 {
            fail(&mut health, if n == 3 { Trouble::Hanging } else { Trouble::Writing }, n * 1000);
            health.kept(100, 190, 7);
        }
        let begun = "could not write /log: why; up to 4096 bytes are kept for it, what does not fit is dropped";
        assert_eq!(texts(&mut health), [begun]);
        recover(&mut health, 12_340);
        recover(&mut health, 13_000);
        assert_eq!((health.over_since(), texts(&mut health).len()), (Some(at(12_340).mono), 0));
        health.kept(0, 0, 5);
        health.tell_over(Path::new("/log"));
        health.tell_over(Path::new("/log"));
        let told = texts(&mut health);
        assert_eq!(told.len(), 1);
        assert!(told[0].starts_with("/log is written again after 12.3 s (since 19"), "{told:?}");
        assert!(told[0].ends_with("): 460 bytes were kept, 40 bytes were dropped"), "{told:?}");
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_shrink_when_all_was_calm() {
        let mut health = Health::default();
        let mut pauses = vec![];
        let mut now = 0;
        for _ in 0..7 {
            fail(&mut health, Trouble::Writing, now);
            let next = health.next_try().unwrap();
            pauses.push(next - at(now).mono);
            now = u64::try_from(next.as_millis()).unwrap();
            assert!(health.is_due(at(now)) && !health.is_due(at(now - 1)));
        }
        assert_eq!(pauses[..3], [FIRST_PAUSE, FIRST_PAUSE * 2, FIRST_PAUSE * 4]);
        assert_eq!(pauses[5..], [LONGEST_PAUSE; 2]);
        recover(&mut health, now);
        fail(&mut health, Trouble::Writing, now + 1000);
        assert_eq!(health.next_try(), Some(at(now + 1000).mono + LONGEST_PAUSE), "one that comes and goes");
        fail(&mut health, Trouble::Writing, now + 100_000);
        assert_eq!(health.next_try(), Some(at(now + 100_000).mono + FIRST_PAUSE));
        health.hurry(at(now + 100_001));
        assert!(health.is_due(at(now + 100_001)));
    }

    #[test]
    fn one_trouble_may_turn_into_another() {
        let mut health = Health::default();
        fail(&mut health, Trouble::Moving, 0);
        assert!(!health.is_well() && !health.is_outage());
        fail(&mut health, Trouble::Writing, 10);
        assert!(health.is_outage());
        recover(&mut health, 20);
        health.tell_over(Path::new("/log"));
        fail(&mut health, Trouble::Moving, 20);
        assert!(!health.is_outage());
        let told = texts(&mut health);
        let begins =
            ["could not rotate", "/log can be moved", "could not write", "/log is written", "could not rotate"];
        assert_eq!(told.len(), begins.len(), "{told:?}");
        assert!(told.iter().zip(begins).all(|(told, begin)| told.starts_with(begin)), "{told:?}");
    }

    /// The rest of a line that an outage cut is dropped though a move failed since.
    #[test]
    fn a_move_that_fails_hides_nothing_that_was_dropped() {
        let mut health = Health::default();
        fail(&mut health, Trouble::Writing, 0);
        recover(&mut health, 10);
        fail(&mut health, Trouble::Moving, 20);
        health.kept(0, 0, 5);
        recover(&mut health, 30);
        health.tell_over(Path::new("/log"));
        let told = texts(&mut health);
        assert!(told[2].starts_with("/log can be moved"), "{told:?}");
        assert!(told[3].ends_with(": 10 bytes were kept, 5 bytes were dropped"), "{told:?}");
    }

    #[test]
    fn the_end_of_a_log_tells_what_is_lost_with_it() {
        let mut health = Health::default();
        health.give_up(Path::new("/log"), 0, 0, at(0));
        assert_eq!(texts(&mut health), [""; 0]);
        fail(&mut health, Trouble::Hanging, 0);
        health.kept(20, 20, 5);
        health.give_up(Path::new("/log"), 20, 0, at(2000));
        let told = texts(&mut health);
        assert!(told[0].starts_with("/log takes nothing: why"), "{told:?}");
        assert!(told[1].starts_with("/log could not be written for 2.0 s (since "), "{told:?}");
        assert!(told[1].ends_with(") and is given up: 25 bytes were dropped"), "{told:?}");
    }

    /// A5.20
    #[test]
    fn bytes_of_a_call_that_is_out_count_as_dropped_and_may_be_written() {
        let mut health = Health::default();
        health.give_up(Path::new("/log"), 20, 7, at(0));
        let perhaps = "27 bytes were dropped, but 7 of them may yet be written by a call that is not back";
        assert_eq!(texts(&mut health), [format!("/log is given up: {perhaps}")]);
        assert_eq!(health.counts().dropped, 27);
        fail(&mut health, Trouble::Hanging, 0);
        health.give_up(Path::new("/log"), 20, 7, at(2000));
        assert!(texts(&mut health)[1].ends_with(&format!(" and is given up: {perhaps}")));
    }

    #[test]
    fn everything_is_counted() {
        let mut health = Health::default();
        health.wrote(100);
        fail(&mut health, Trouble::Writing, 7000);
        health.kept(0, 5, 6);
        let counts =
            Counts { written: 100, dropped: 6, waiting: 0, outages: 1, out_since: Some(Duration::from_secs(7)) };
        assert_eq!(health.counts(), counts);
        recover(&mut health, 8000);
        assert_eq!(health.counts(), Counts { out_since: None, ..counts });
        let mut sum = health.counts();
        sum.add(counts);
        assert_eq!(sum, Counts { written: 200, dropped: 12, waiting: 0, outages: 2, out_since: counts.out_since });
    }
}
