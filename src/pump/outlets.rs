//! Where a stream's bytes go apart from its own log: the activity log, syslog
//! and the engine.

use super::outbox::Outbox;
use crate::logs::{LogFile, MainLog, Syslog, syslog};
use crate::model::{Level, LogLine, Now};
use std::time::Duration;

/// Between two lines about what syslog did not take.
const SYSLOG_LINES: Duration = Duration::from_secs(10);

pub(super) struct Outlets {
    pub(super) main: MainLog,
    pub(super) syslog: Syslog,
    pub(super) outbox: Outbox,
    pub(super) strip_ansi: bool,
    /// The clock of this turn.
    pub(super) now: Now,
    next_syslog_line: Duration,
}

impl Outlets {
    pub(super) fn new(main: MainLog, outbox: Outbox, now: Now) -> Self {
        let syslog = Syslog::new(syslog::IDENT);
        Self { main, syslog, outbox, strip_ansi: false, now, next_syslog_line: Duration::ZERO }
    }

    /// A line of the pump's own for the activity log.
    pub(super) fn say(&mut self, level: Level, text: String) {
        self.main.write(&LogLine::new(level, text), self.now);
    }

    /// Passes on what a log has to say about itself.
    pub(super) fn report(&mut self, log: &mut LogFile) {
        self.tell(log.take_reports());
    }

    /// Writes lines to the activity log.
    pub(super) fn tell(&mut self, lines: Vec<LogLine>) {
        for line in lines {
            self.main.write(&line, self.now);
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
