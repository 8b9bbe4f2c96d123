//! Ticks: an event at the beginning of every 5 s, 60 s and 3600 s (A6.41).

use super::event::{Event, Period};
use super::snapshot::{Fields, Line, SnapshotError};
use crate::model::Now;
use std::time::Duration;

/// Which piece of time each period was in when last looked at.
#[derive(Debug, Clone, Default)]
pub struct Ticks {
    /// First seconds since the epoch, as [`Period::ALL`]; `None` before the
    /// first look, which sends nothing.
    seen: Option<[u64; 3]>,
}

impl Ticks {
    /// Looks at the wall clock. A period that is in another piece than before,
    /// be it an earlier one, has its event; pieces that were passed over since
    /// are not made up for.
    pub fn step(&mut self, now: Now) -> Vec<Event> {
        let current = Period::ALL.map(|period| start(now.epoch_secs(), period));
        let before = self.seen.replace(current).unwrap_or(current);
        let changed = Period::ALL.into_iter().zip(before).zip(current).filter(|((_, before), now)| before != now);
        changed.map(|((period, _), when)| Event::Tick { period, when }).collect()
    }

    /// As a line of a snapshot, once there was a first look.
    pub(super) fn to_line(&self) -> Option<String> {
        let [five, minute, hour] = self.seen?;
        let mut line = Line::new("ticks");
        line.put("five", five);
        line.put("minute", minute);
        line.put("hour", hour);
        Some(line.text)
    }

    /// From such a line.
    pub(super) fn from_line(line: &Fields<'_>) -> Result<Self, SnapshotError> {
        Ok(Self { seen: Some([line.get("five")?, line.get("minute")?, line.get("hour")?]) })
    }

    /// When to look, on the steady clock: at once if a piece has passed since
    /// the last look, else when the next one begins. `None` before the first
    /// look. The periods begin together, so the shortest decides.
    #[must_use]
    pub fn deadline(&self, now: Now) -> Option<Duration> {
        let [seen, ..] = self.seen?;
        let current = start(now.epoch_secs(), Period::Five);
        if current != seen {
            return Some(now.mono);
        }
        let next = Duration::from_secs(current.saturating_add(Period::Five.secs()));
        Some(now.mono.saturating_add(next.saturating_sub(now.wall)))
    }
}

/// The first second of the piece that `epoch_secs` lies in.
fn start(epoch_secs: u64, period: Period) -> u64 {
    epoch_secs - epoch_secs % period.secs()
}

#[cfg(test)]
mod tests {
    use super::Ticks;
    use crate::model::Now;
    use std::time::Duration;

    fn at(wall: u64) -> Now {
        Now { mono: Duration::from_secs(1000), wall: Duration::from_secs(wall) }
    }

    fn said(ticks: &mut Ticks, wall: u64) -> Vec<String> {
        let events = ticks.step(at(wall));
        events.iter().map(|event| format!("{} {}", event.kind().name(), event.payload())).collect()
    }

    /// A6.41
    #[test]
    fn the_first_look_sends_nothing_and_then_each_piece_sends_once() {
        let mut ticks = Ticks::default();
        assert_eq!(said(&mut ticks, 7203), [""; 0]);
        assert_eq!(said(&mut ticks, 7204), [""; 0]);
        assert_eq!(said(&mut ticks, 7206), ["TICK_5 when:7205"]);
        assert_eq!(said(&mut ticks, 7209), [""; 0]);
    }

    /// A6.41
    #[test]
    fn pieces_passed_over_are_not_made_up_for() {
        let mut ticks = Ticks::default();
        said(&mut ticks, 7203);
        assert_eq!(said(&mut ticks, 7331), ["TICK_5 when:7330", "TICK_60 when:7320"]);
        assert_eq!(said(&mut ticks, 20_000), ["TICK_5 when:20000", "TICK_60 when:19980", "TICK_3600 when:18000"]);
    }

    /// A6.41
    #[test]
    fn a_clock_that_goes_back_sends_the_earlier_piece() {
        let mut ticks = Ticks::default();
        said(&mut ticks, 7203);
        assert_eq!(said(&mut ticks, 7190), ["TICK_5 when:7190", "TICK_60 when:7140", "TICK_3600 when:3600"]);
    }

    #[test]
    fn the_next_look_is_when_the_next_piece_begins() {
        let mut ticks = Ticks::default();
        assert_eq!(ticks.deadline(at(7203)), None, "nobody looks yet");
        ticks.step(at(7203));
        let now = Now { mono: Duration::from_secs(50), wall: Duration::from_millis(7_203_250) };
        assert_eq!(ticks.deadline(now), Some(Duration::from_millis(51_750)));
        let begun = Now { mono: Duration::from_secs(52), wall: Duration::from_secs(7205) };
        assert_eq!(ticks.deadline(begun), Some(begun.mono), "it has begun and nobody has looked");
        ticks.step(begun);
        assert_eq!(ticks.deadline(begun), Some(Duration::from_secs(57)));
    }
}
