//! How long to let output gather before it is read: not at all, as a rule.
//!
//! A child that writes line by line without a pause would wake the pump for each
//! line, and most of the work would be waking. When every wait ends at once and
//! brings little, the pump naps so long that a read brings a good part of what a
//! pipe holds, never more than [`LONGEST`]. Who writes now and then is not
//! meant and never waits. Decides only; sleeps and reads no clock.

use std::time::Duration;

/// No nap is longer; so nothing gets later into a log than by this.
const LONGEST: Duration = Duration::from_micros(400);
/// The first nap, and the shortest worth its system call.
const SHORTEST: Duration = Duration::from_micros(25);
/// A wait this short means that output came without a pause.
pub(super) const AT_ONCE: Duration = Duration::from_micros(50);
/// Waits in a row that ended at once before the first nap.
const STREAK: u32 = 16;
/// Bytes a read that call for longer naps, of however many streams.
const LITTLE: usize = 4 << 10;
/// Bytes of all reads that call for them: what so few streams have does not leave
/// the processor's cache before it is read.
const FEW: usize = 64 << 10;

/// What was read in a turn.
#[derive(Debug, Default)]
pub(super) struct Tally {
    reads: usize,
    bytes: usize,
    /// Half of what the pipes hold: who fills them must not be held up.
    plenty: usize,
}

impl Tally {
    /// `count` bytes of a pipe of which `plenty` is half.
    pub(super) fn add(&mut self, count: usize, plenty: usize) {
        self.reads += 1;
        self.bytes += count;
        self.plenty += plenty;
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn is_plenty(&self) -> bool {
        self.bytes >= self.plenty
    }

    fn is_little(&self) -> bool {
        self.bytes < LITTLE * self.reads || self.bytes < FEW.min(self.plenty / 2)
    }
}

/// What has been seen lately.
#[derive(Debug, Default)]
pub(super) struct Pace {
    streak: u32,
    nap: Duration,
}

impl Pace {
    /// After a wait of `waited` that brought `tally`: the nap before the next wait;
    /// zero is none.
    pub(super) fn after(&mut self, waited: Duration, tally: &Tally) -> Duration {
        if tally.reads == 0 || waited > AT_ONCE {
            *self = Self::default();
            return Duration::ZERO;
        }
        if tally.is_plenty() {
            self.nap /= 2;
            if self.nap < SHORTEST {
                *self = Self::default();
            }
        } else if tally.is_little() {
            self.streak = self.streak.saturating_add(1);
            if self.streak > STREAK {
                self.nap = (self.nap * 2).clamp(SHORTEST, LONGEST);
            }
        }
        self.nap
    }
}

#[cfg(test)]
mod tests {
    use super::{FEW, LITTLE, LONGEST, Pace, STREAK, Tally};
    use std::time::Duration;

    const NONE: Duration = Duration::ZERO;
    const NARROW: usize = 32 << 10;
    const WIDE: usize = 128 << 10;

    /// `reads` of so many bytes each, from pipes of which `plenty` is half.
    fn tally(reads: usize, bytes: usize, plenty: usize) -> Tally {
        let mut tally = Tally::default();
        (0..reads).for_each(|_| tally.add(bytes, plenty));
        tally
    }

    fn line() -> Tally {
        tally(1, 100, NARROW)
    }

    /// As many turns of one short line each as begin the naps.
    fn hurried() -> Pace {
        let mut pace = Pace::default();
        for _ in 0..STREAK {
            assert_eq!(pace.after(NONE, &line()), NONE);
        }
        pace
    }

    #[test]
    fn a_line_now_and_then_never_waits() {
        let mut pace = Pace::default();
        let naps = (0..1000).map(|_| pace.after(Duration::from_millis(1), &line()));
        assert_eq!(naps.max(), Some(NONE));
    }

    #[test]
    fn lines_without_a_pause_gather_for_a_bounded_time() {
        let mut pace = hurried();
        let naps: Vec<_> = (0..6).map(|_| pace.after(NONE, &line())).collect();
        assert!(naps.is_sorted() && naps.first() > Some(&NONE), "{naps:?}");
        assert_eq!(naps.last(), Some(&LONGEST));
    }

    #[test]
    fn the_first_pause_of_the_writer_ends_the_naps() {
        let mut pace = hurried();
        assert!(pace.after(NONE, &line()) > NONE);
        assert_eq!(pace.after(Duration::from_millis(1), &line()), NONE);
        assert_eq!(pace.after(NONE, &line()), NONE);
    }

    #[test]
    fn who_fills_the_pipe_is_not_held_up() {
        for plenty in [NARROW, WIDE] {
            let mut pace = hurried();
            pace.after(NONE, &line());
            let naps: Vec<_> = (0..6).map(|_| pace.after(NONE, &tally(1, plenty, plenty))).collect();
            assert_eq!(naps.last(), Some(&NONE), "{naps:?}");
            assert_eq!(Pace::default().after(NONE, &tally(1, plenty, plenty)), NONE);
        }
    }

    #[test]
    fn few_streams_gather_a_quarter_of_their_pipes() {
        for plenty in [NARROW, WIDE] {
            let mut pace = hurried();
            let little = tally(1, plenty / 2 - 1, plenty);
            let naps: Vec<_> = (0..6).map(|_| pace.after(NONE, &little)).collect();
            assert_eq!(naps.last(), Some(&LONGEST));
            assert_eq!(pace.after(NONE, &tally(1, plenty / 2, plenty)), LONGEST);
        }
    }

    #[test]
    fn many_streams_gather_less_each() {
        let mut pace = hurried();
        let nap = pace.after(NONE, &line());
        assert_eq!(pace.after(NONE, &tally(FEW / LITTLE, LITTLE, WIDE)), nap);
        assert!(pace.after(NONE, &tally(100, LITTLE - 1, WIDE)) > nap);
    }
}
