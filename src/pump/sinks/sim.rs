//! Random days of all logs: programs come and go and write, disks are full, slow
//! and hang, and whatever happens no byte is lost, doubled or misplaced without
//! being counted and told.
//!
//! A `walk` does what the loop does, `turn` by turn, on files and with a clock that
//! are made up. Each `program` keeps account of what was said, and compares it in
//! the end with what its file has; a listener (`told`) takes the lines about outages
//! at their word. What must hold at any time is in `check`.
//!
//! A failure names the seed and the step; run it alone with
//! `SIM_SEED=n cargo test --lib sinks::sim`. `SIM_SEEDS` and `SIM_STEPS` widen a run.

mod check;
mod program;
mod told;
mod turn;
mod walk;

use crate::model::dice::setting;
use walk::{Walked, walk};

/// A5.20
#[test]
fn whatever_happens_to_its_disk_a_log_is_whole_or_says_what_is_missing() {
    let steps = setting("SIM_STEPS", 150);
    let (first, last) = match setting("SIM_SEED", 0) {
        0 => (1, setting("SIM_SEEDS", 300)),
        seed => (seed, seed),
    };
    // two halves side by side: the machines that run this have two cores
    let half = |start: u64| {
        let mut sum = Walked::default();
        (start..=last).step_by(2).try_for_each(|seed| walk(seed, steps).map(|walked| sum.add(walked))).map(|()| sum)
    };
    let (odd, even): (Result<Walked, String>, Result<Walked, String>) = std::thread::scope(|scope| {
        let other = scope.spawn(|| half(first + 1));
        (half(first), other.join().unwrap())
    });
    let mut sum = odd.unwrap_or_else(|how| panic!("{how}"));
    sum.add(even.unwrap_or_else(|how| panic!("{how}")));
    println!("{sum:?}");
    let lively = sum.written > sum.dropped && sum.dropped > 0 && sum.given_up > 0 && sum.outages > last;
    assert!(first == last || lively, "the walk hardly did anything: {sum:?}");
}
