//! Where a stream's bytes go: the logs, syslog and the engine.

use super::inlet::Inlet;
use super::outbox::Outbox;
use super::sinks::{MAIN, Sinks};
use crate::logs::backlog::Budget;
use crate::logs::{MainLog, Syslog, syslog};
use crate::model::{Level, LogLine, Now};
use std::time::Duration;

/// Between two lines about what syslog did not take.
const SYSLOG_LINES: Duration = Duration::from_secs(10);

pub(super) struct Outlets {
    pub(super) lines: Lines,
    pub(super) sinks: Sinks,
    pub(super) syslog: Syslog,
    pub(super) outbox: Outbox,
    pub(super) strip_ansi: bool,
    /// The clock of this turn.
    pub(super) now: Now,
    next_syslog_line: Duration,
}

/// Where lines for the activity log go.
pub(super) enum Lines {
    /// It is written here; all of it but its file.
    Here(Box<MainLog>),
    /// The first loop writes it, down to this level.
    There(Inlet, Level),
}

impl Lines {
    /// Echoes what waits for a slow reader, as far as it takes it.
    pub(super) fn flush_echo(&mut self) {
        if let Self::Here(main) = self {
            main.flush_echo();
        }
    }

    /// Whether some of the echo waits for a slow reader.
    pub(super) fn is_echo_behind(&self) -> bool {
        matches!(self, Self::Here(main) if main.is_echo_behind())
    }
}

impl Outlets {
    pub(super) fn new(mut lines: Lines, budget: &Budget, outbox: Outbox, now: Now) -> Self {
        let syslog = Syslog::new(syslog::IDENT);
        let mut sinks = Sinks::new(budget.clone());
        if let Lines::Here(main) = &mut lines
            && let Some(sink) = main.take_sink()
        {
            sinks.insert_main(sink);
        }
        Self { lines, sinks, syslog, outbox, strip_ansi: false, now, next_syslog_line: Duration::ZERO }
    }

    /// A line of the pump's own for the activity log.
    pub(super) fn say(&mut self, level: Level, text: String) {
        self.write(&LogLine::new(level, text), self.now);
    }

    /// A line for the activity log that happened at `at`.
    pub(super) fn write(&mut self, line: &LogLine, at: Now) {
        match &mut self.lines {
            Lines::Here(main) => {
                if let Some(text) = main.render(line, at) {
                    self.sinks.push(MAIN, text.as_bytes(), self.now);
                }
            }
            Lines::There(first, quietest) if line.level <= *quietest => first.log(line.clone(), at),
            Lines::There(..) => {}
        }
    }

    /// Passes on what logs have to say about themselves.
    pub(super) fn report(&mut self) {
        for line in std::mem::take(&mut self.sinks.reports) {
            self.write(&line, self.now);
        }
    }

    /// Says how much was lost on the way to the activity log and to syslog.
    pub(super) fn count_losses(&mut self, lines: u64) {
        if lines > 0 {
            self.say(
                Level::Warn,
                format!("{lines} lines of this log were dropped: they came faster than it is written"),
            );
        }
        if self.now.mono >= self.next_syslog_line {
            let lost = self.syslog.take_lost();
            if lost > 0 {
                self.next_syslog_line = self.now.mono + SYSLOG_LINES;
                self.say(Level::Warn, format!("{lost} lines for syslog were lost"));
            }
        }
    }
}
