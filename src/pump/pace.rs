//! How long to let output gather before it is read: not at all, as a rule.
//!
//! A child that writes line by line without a pause would wake the pump for each
//! line, and most of the work would be waking. When every wait ends at once and
//! brings little, the pump naps so long that a read brings a good part of what a
//! pipe holds, never more than [`LONGEST`]. Who writes now and then is not
//! meant and never waits. Decides only; sleeps and reads no clock.

use std::time::Duration;

/// No nap is longer; so nothing gets later into a log than by this.
const LONGEST: Duration = Duration::from_micros(200);
/// The first nap, and the shortest worth its system call.
const SHORTEST: Duration = Duration::from_micros(25);
/// A wait this short means that output came without a pause.
pub(super) const AT_ONCE: Duration = Duration::from_micros(50);
/// Waits in a row that ended at once before the first nap.
const STREAK: u32 = 16;
/// Bytes a read that call for longer naps.
const LITTLE: usize = 4 << 10;
/// Bytes a read that call for shorter ones: a pipe holds twice as much, and
/// who fills it must not be held up. Behind such a read more is likely to be there.
pub(super) const PLENTY: usize = 32 << 10;

/// What has been seen lately.
#[derive(Debug, Default)]
pub(super) struct Pace {
    streak: u32,
    nap: Duration,
}

impl Pace {
    /// After a wait of `waited` that brought `bytes` in `reads`: the nap before
    /// the next wait; zero is none.
    pub(super) fn after(&mut self, waited: Duration, reads: usize, bytes: usize) -> Duration {
        if reads == 0 || waited > AT_ONCE {
            *self = Self::default();
            return Duration::ZERO;
        }
        let each = bytes / reads;
        if each > PLENTY {
            self.nap /= 2;
            if self.nap < SHORTEST {
                *self = Self::default();
            }
        } else if each < LITTLE {
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
    use super::{LONGEST, Pace, STREAK};
    use std::time::Duration;

    const NONE: Duration = Duration::ZERO;

    /// As many turns of one short line each as begin the naps.
    fn hurried() -> Pace {
        let mut pace = Pace::default();
        for _ in 0..STREAK {
            assert_eq!(pace.after(NONE, 1, 100), NONE);
        }
        pace
    }

    #[test]
    fn a_line_now_and_then_never_waits() {
        let mut pace = Pace::default();
        let naps = (0..1000).map(|_| pace.after(Duration::from_millis(1), 1, 100));
        assert_eq!(naps.max(), Some(NONE));
    }

    #[test]
    fn lines_without_a_pause_gather_for_a_bounded_time() {
        let mut pace = hurried();
        let naps: Vec<_> = (0..6).map(|_| pace.after(NONE, 1, 100)).collect();
        assert!(naps.is_sorted() && naps.first() > Some(&NONE), "{naps:?}");
        assert_eq!(naps.last(), Some(&LONGEST));
    }

    #[test]
    fn the_first_pause_of_the_writer_ends_the_naps() {
        let mut pace = hurried();
        assert!(pace.after(NONE, 1, 100) > NONE);
        assert_eq!(pace.after(Duration::from_millis(1), 1, 100), NONE);
        assert_eq!(pace.after(NONE, 1, 100), NONE);
    }

    #[test]
    fn who_fills_the_pipe_is_not_held_up() {
        let mut pace = hurried();
        pace.after(NONE, 1, 100);
        let naps: Vec<_> = (0..6).map(|_| pace.after(NONE, 1, 64 << 10)).collect();
        assert_eq!(naps.last(), Some(&NONE), "{naps:?}");
        assert_eq!(Pace::default().after(NONE, 1, 64 << 10), NONE);
    }

    #[test]
    fn a_good_measure_is_kept() {
        let mut pace = hurried();
        let nap = pace.after(NONE, 1, 100);
        assert_eq!(pace.after(NONE, 10, 100_000), nap);
    }
}
