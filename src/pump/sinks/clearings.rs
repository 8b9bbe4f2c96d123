//! Who waits for logs being emptied, and what they are told. Empties none itself.

use super::Answer;
use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

/// Who clears a log is told after this time that it failed, if nothing is known.
const CLEAR_LIMIT: Duration = Duration::from_secs(2);

/// All who wait.
#[derive(Default)]
pub(super) struct Clearings(Vec<Clearing>);

/// Somebody wants logs emptied.
struct Clearing {
    left: BTreeSet<u64>,
    outcome: io::Result<()>,
    answer: Option<Answer>,
    limit: Duration,
}

impl Clearings {
    /// The logs of `tokens` are to be emptied; the answer comes when all are
    /// (B1.10.16).
    pub(super) fn begin(&mut self, tokens: BTreeSet<u64>, answer: Answer, now: Duration) {
        let limit = now + CLEAR_LIMIT;
        self.0.push(Clearing { left: tokens, outcome: Ok(()), answer: Some(answer), limit });
    }

    /// That is done for one of them.
    pub(super) fn cleared(&mut self, token: u64, outcome: &io::Result<()>) {
        for clearing in self.0.iter_mut().filter(|clearing| clearing.left.contains(&token)) {
            clearing.left.remove(&token);
            if let (Ok(()), Err(error)) = (&clearing.outcome, outcome) {
                clearing.outcome = Err(error.kind().into());
            }
        }
    }

    /// Answers those whose logs are empty, or have been waited for too long. Tells
    /// for which logs nobody waits any more though they are not empty.
    pub(super) fn answer(&mut self, now: Duration) -> BTreeSet<u64> {
        let mut forgotten = BTreeSet::new();
        let (due, left): (Vec<_>, Vec<_>) = std::mem::take(&mut self.0)
            .into_iter()
            .partition(|clearing| clearing.left.is_empty() || clearing.limit <= now);
        self.0 = left;
        for mut clearing in due {
            if !clearing.left.is_empty() {
                clearing.outcome = Err(io::ErrorKind::TimedOut.into());
                forgotten.append(&mut clearing.left);
            }
            if let Some(answer) = clearing.answer.take() {
                answer(clearing.outcome);
            }
        }
        forgotten.retain(|token| !self.0.iter().any(|clearing| clearing.left.contains(token)));
        forgotten
    }

    /// When the first of them has waited too long.
    pub(super) fn limit(&self) -> Option<Duration> {
        self.0.iter().map(|clearing| clearing.limit).min()
    }
}
