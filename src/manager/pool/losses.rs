//! Events that a pool had no place for: what the log says of them. One by one
//! as upstream does, but not without end; and how many there were, once for each
//! burst of them.
//!
//! Knows no clock: somebody comes and looks every now and then.

use super::{PoolAction, log};
use crate::manager::snapshot::{Fields, Line, SnapshotError};
use crate::model::Level;

/// Lines of a burst that name one event each (A6.70).
const NAMED: u64 = 100;

/// A burst that goes on is told about every so many looks.
const LOOKS: u64 = 12;

/// The losses of one pool.
#[derive(Debug, Clone, Default)]
pub(super) struct Losses {
    /// How many the log has not counted yet.
    untold: u64,
    /// The serial of the first of these.
    first: u64,
    /// The serial of the last.
    last: u64,
    /// Lines of this burst that named an event.
    named: u64,
    /// There were some since the last look.
    fresh: bool,
    /// Since the log last counted, or the burst began.
    looks: u64,
}

impl Losses {
    /// The event of that serial is lost.
    pub(super) fn add(&mut self, pool: &str, serial: u64, out: &mut Vec<PoolAction>) {
        if self.untold == 0 {
            self.first = serial;
        }
        self.untold += 1;
        self.last = serial;
        self.fresh = true;
        if self.named < NAMED {
            self.named += 1;
            let text = format!("pool {pool} event buffer overflowed, discarding event {serial}");
            out.push(log(Level::Error, text));
        }
    }

    /// Somebody looks: a burst is over when nothing was lost since the look before.
    pub(super) fn look(&mut self, pool: &str, out: &mut Vec<PoolAction>) {
        let goes_on = std::mem::take(&mut self.fresh);
        self.looks += 1;
        if !goes_on || self.looks >= LOOKS {
            self.tell(pool, out);
        }
        if !goes_on {
            *self = Self::default();
        }
    }

    /// Says how many were lost since this was said last, if any.
    pub(super) fn tell(&mut self, pool: &str, out: &mut Vec<PoolAction>) {
        let Self { untold, first, last, .. } = *self;
        if untold > 0 {
            let why = "events lost because no listener took them in time";
            out.push(log(Level::Warn, format!("pool {pool}: {why}: {untold} (serials {first} to {last})")));
            (self.untold, self.looks) = (0, 0);
        }
    }

    /// Into a pool's line of a snapshot.
    pub(super) fn put(&self, line: &mut Line) {
        line.put("lost", self.untold);
        line.put("lost_first", self.first);
        line.put("lost_last", self.last);
        line.put("lost_named", self.named);
        line.put("lost_fresh", self.fresh);
        line.put("lost_looks", self.looks);
    }

    /// From such a line.
    pub(super) fn from_line(line: &Fields<'_>) -> Result<Self, SnapshotError> {
        Ok(Self {
            untold: line.get("lost")?,
            first: line.get("lost_first")?,
            last: line.get("lost_last")?,
            named: line.get("lost_named")?,
            fresh: line.get("lost_fresh")?,
            looks: line.get("lost_looks")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{LOOKS, Losses, NAMED};
    use crate::manager::pool::PoolAction;

    fn lines(out: &mut Vec<PoolAction>) -> Vec<String> {
        let text = |action| match action {
            PoolAction::Log(line) => format!("{} {}", line.level.tag(), line.text),
            PoolAction::Send { .. } => "sent".to_owned(),
        };
        out.drain(..).map(text).collect()
    }

    fn lose(losses: &mut Losses, serials: std::ops::Range<u64>, out: &mut Vec<PoolAction>) {
        serials.for_each(|serial| losses.add("p", serial, out));
    }

    /// A5.88
    #[test]
    fn each_loss_is_a_line_and_the_whole_burst_another_when_it_is_over() {
        let (mut losses, mut out) = (Losses::default(), vec![]);
        losses.look("p", &mut out);
        lose(&mut losses, 7..9, &mut out);
        losses.look("p", &mut out);
        lose(&mut losses, 12..13, &mut out);
        losses.look("p", &mut out);
        let each = [7, 8, 12].map(|serial| format!("ERRO pool p event buffer overflowed, discarding event {serial}"));
        assert_eq!(lines(&mut out), each);
        losses.look("p", &mut out);
        let all = "WARN pool p: events lost because no listener took them in time: 3 (serials 7 to 12)";
        assert_eq!(lines(&mut out), [all]);
        losses.look("p", &mut out);
        assert_eq!(lines(&mut out), [""; 0]);
    }

    #[test]
    fn a_burst_without_end_does_not_fill_the_log() {
        let (mut losses, mut out) = (Losses::default(), vec![]);
        for look in 0..10 * LOOKS {
            lose(&mut losses, 1000 * look..1000 * (look + 1), &mut out);
            losses.look("p", &mut out);
        }
        let said = lines(&mut out);
        assert_eq!(said.len() as u64, NAMED + 10);
        assert!(said.last().unwrap().ends_with("in time: 12000 (serials 108000 to 119999)"), "{said:?}");
        // The next burst is named again.
        losses.look("p", &mut out);
        lose(&mut losses, 0..1, &mut out);
        assert_eq!(lines(&mut out), ["ERRO pool p event buffer overflowed, discarding event 0"]);
    }

    #[test]
    fn what_was_not_counted_yet_is_told_at_the_end() {
        let (mut losses, mut out) = (Losses::default(), vec![]);
        lose(&mut losses, 3..4, &mut out);
        losses.tell("p", &mut out);
        assert!(lines(&mut out).last().unwrap().ends_with(": 1 (serials 3 to 3)"));
        losses.tell("p", &mut out);
        assert_eq!(lines(&mut out), [""; 0]);
    }
}
