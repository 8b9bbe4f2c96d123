//! Which streams are read without asking whether there is something: those that
//! had something in several turns, one right after the other.
//!
//! The kernel tells a watcher of each single write, and the writer pays for that.
//! Nobody watches the pipe of a hot stream, so who writes line by line without a
//! pause writes faster. It is watched again when it has had nothing for a while,
//! and at once when none had anything ([`Watch`](super::watch::Watch)). Decides
//! only.

use super::pace::AT_ONCE;
use std::time::Duration;

/// Turns in a row after which a stream is hot.
const STREAK: u32 = 4;
/// So long a hot stream may have nothing: among many that write without a pause
/// each has to wait for a processor.
const PAUSE: Duration = Duration::from_millis(100);

/// The number of a turn. Numbers follow each other when nobody waited between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Turn(u64);

impl Turn {
    /// The turn that begins after a wait of `waited`.
    pub(super) fn after(self, waited: Duration) -> Self {
        Self(self.0 + if waited > AT_ONCE { 2 } else { 1 })
    }
}

/// Of one stream.
#[derive(Debug, Default)]
pub(super) struct Heat {
    last: Turn,
    last_at: Duration,
    streak: u32,
    hot: bool,
}

impl Heat {
    /// Whether nobody needs to watch it.
    pub(super) fn is_hot(&self) -> bool {
        self.hot
    }

    /// It had something in `turn`. Whether it has become hot just now.
    pub(super) fn gave(&mut self, turn: Turn, now: Duration) -> bool {
        self.last_at = now;
        if turn == self.last {
            return false;
        }
        let follows = turn.0 == self.last.0 + 1;
        self.streak = if follows { self.streak.saturating_add(1) } else { 1 };
        self.last = turn;
        let gets_hot = !self.hot && self.streak >= STREAK;
        self.hot |= gets_hot;
        gets_hot
    }

    /// It had nothing. Whether it was hot until now.
    pub(super) fn gave_nothing(&mut self, now: Duration) -> bool {
        now >= self.last_at + PAUSE && self.cool()
    }

    /// It is to be watched, or left alone. Whether it was hot until now.
    pub(super) fn cool(&mut self) -> bool {
        self.streak = 0;
        std::mem::take(&mut self.hot)
    }
}

#[cfg(test)]
mod tests {
    use super::{AT_ONCE, Heat, PAUSE, STREAK, Turn};
    use std::time::Duration;

    const NONE: Duration = Duration::ZERO;
    const LONG: Duration = Duration::from_millis(1);

    /// Gives in one turn after the other, with such waits between; in which it got hot.
    fn hot_after(heat: &mut Heat, turn: &mut Turn, waits: impl Iterator<Item = Duration>) -> Option<usize> {
        let mut turns = waits.map(|wait| {
            *turn = turn.after(wait);
            heat.gave(*turn, NONE)
        });
        turns.position(|hot| hot)
    }

    /// As many turns without a wait as make a stream hot.
    fn streak() -> impl Iterator<Item = Duration> {
        std::iter::repeat_n(NONE, STREAK as usize)
    }

    #[test]
    fn a_stream_with_something_in_each_turn_gets_hot_once() {
        let (mut heat, mut turn) = (Heat::default(), Turn::default().after(LONG));
        assert_eq!(hot_after(&mut heat, &mut turn, streak()), Some(STREAK as usize - 1));
        assert_eq!(hot_after(&mut heat, &mut turn, streak()), None);
        assert!(heat.is_hot() && heat.cool() && !heat.is_hot() && !heat.cool());
        assert_eq!(hot_after(&mut heat, &mut turn, streak()), Some(STREAK as usize - 1));
    }

    #[test]
    fn one_that_makes_the_loop_wait_does_not() {
        let (mut heat, mut turn) = (Heat::default(), Turn::default());
        assert_eq!(hot_after(&mut heat, &mut turn, std::iter::repeat_n(LONG, 1000)), None);
        let now_and_then = (0..1000).map(|n| if n % (STREAK - 1) == 0 { LONG } else { AT_ONCE });
        assert_eq!(hot_after(&mut heat, &mut turn, now_and_then), None);
    }

    #[test]
    fn one_that_leaves_out_turns_of_others_does_not() {
        let (mut heat, mut turn) = (Heat::default(), Turn::default());
        for _ in 0..1000 {
            turn = turn.after(NONE).after(NONE);
            assert!(!heat.gave(turn, NONE));
        }
    }

    #[test]
    fn several_reads_in_a_turn_count_as_one() {
        let mut heat = Heat::default();
        let turn = Turn::default().after(NONE);
        assert!((0..1000).all(|_| !heat.gave(turn, NONE)));
    }

    #[test]
    fn a_hot_one_may_have_nothing_for_a_while() {
        let (mut heat, mut turn) = (Heat::default(), Turn::default());
        hot_after(&mut heat, &mut turn, streak());
        assert!(!heat.gave_nothing(PAUSE / 2) && heat.is_hot());
        assert!(!heat.gave(turn.after(NONE), PAUSE / 2));
        assert!(!heat.gave_nothing(PAUSE) && heat.is_hot());
        assert!(heat.gave_nothing(PAUSE * 3 / 2) && !heat.is_hot());
    }
}
