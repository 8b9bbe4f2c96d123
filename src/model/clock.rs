//! A reading of both clocks, as a value. Reads no clock: `sys::clock` does.

use std::time::Duration;

/// One reading of both clocks: decide with `mono`, report with `wall`.
///
/// Plain durations instead of `Instant`, so that a test can make one up and a
/// snapshot can carry one to the next program image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Now {
    /// Time since an arbitrary start that never jumps (CLOCK_MONOTONIC).
    pub mono: Duration,
    /// Time since the epoch as the wall clock says, for people and for ticks.
    pub wall: Duration,
}

impl Now {
    /// Whole seconds since the epoch, as the API reports times.
    #[must_use]
    pub fn epoch_secs(self) -> u64 {
        self.wall.as_secs()
    }
}
