//! Years of random life in seconds: a seeded walk of the whole manager, with a
//! shadow beside it that foretells every step.
//!
//! The surroundings are made up (`world`): children that live, die, ignore
//! signals or cannot be made, callers who come and go, a wall clock that is
//! set. The `shadow` is a second, simple telling of the oracle's rules from the
//! contract; after everything that happens it must agree about each line,
//! event, signal and answer, in order, and about all that is known of each
//! process. Now and then the manager is taken apart into lines and put together
//! again, as a hot upgrade will.
//!
//! What no shadow can foretell is lived through in `hurry`: turns that are cut.
//!
//! A failure names the seed and the step; run it alone with
//! `SIM_SEED=n cargo test --lib sim`. `SIM_SEEDS` and `SIM_STEPS` widen a run.

mod chance;
mod doctored;
mod hurry;
mod seen;
mod shadow;
mod stimulus;
mod walk;
mod world;

use crate::model::dice::setting;
use walk::{Doctor, Walked, walk};

/// A4.1–A4.35 hold together whatever happens in whatever order.
#[test]
fn any_life_is_as_the_shadow_foretells_and_can_be_brought_down() {
    let steps = setting("SIM_STEPS", 1000);
    let (first, last) = match setting("SIM_SEED", 0) {
        0 => (1, setting("SIM_SEEDS", 1000)),
        seed => (seed, seed),
    };
    // Two halves side by side: the machines that run this have two cores.
    let half = |start: u64| (start..=last).step_by(2).map(|seed| walk(seed, steps, Doctor::None)).collect();
    let (odd, even): (Result<Vec<Walked>, String>, Result<Vec<Walked>, String>) = std::thread::scope(|scope| {
        let other = scope.spawn(|| half(first + 1));
        (half(first), other.join().unwrap())
    });
    let walked = [odd, even].map(|half| half.unwrap_or_else(|how| panic!("{how}"))).concat();
    let steps: u64 = walked.iter().map(|one| one.steps).sum();
    let spawns: u64 = walked.iter().map(|one| one.spawns).sum();
    println!("{steps} steps, {spawns} spawns");
    assert!(steps < 20 * spawns, "the walk hardly did anything: {spawns} spawns");
}
