//! Where a stream's bytes go: the logs, syslog and the engine.

use super::inlet::Inlet;
use super::outbox::Outbox;
use super::sinks::{MAIN, Sinks};
use crate::logs::backlog::Budget;
use crate::logs::syslog::{self, Outages};
use crate::logs::{MainLog, Syslog};
use crate::model::{Level, LogLine, Now};

pub(super) struct Outlets {
    pub(super) lines: Lines,
    pub(super) sinks: Sinks,
    pub(super) syslog: Syslog,
    pub(super) outbox: Outbox,
    pub(super) strip_ansi: bool,
    /// The clock of this turn.
    pub(super) now: Now,
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
    pub(super) fn new(mut lines: Lines, budget: &Budget, outages: &Outages, outbox: Outbox, now: Now) -> Self {
        let syslog = Syslog::new(syslog::IDENT);
        let mut sinks = Sinks::new(budget.clone());
        if let Lines::Here(main) = &mut lines
            && let Some(sink) = main.take_sink()
        {
            sinks.insert_main(sink);
        }
        let mut outlets = Self { lines, sinks, syslog, outbox, strip_ansi: false, now };
        outlets.syslogs_mut().for_each(|syslog| syslog.share(outages));
        outlets
    }

    /// The ways to syslog: that of children, and that of the activity log.
    pub(super) fn syslogs(&self) -> impl Iterator<Item = &Syslog> {
        let main = if let Lines::Here(main) = &self.lines { main.syslog_way() } else { None };
        std::iter::once(&self.syslog).chain(main)
    }

    /// The same.
    pub(super) fn syslogs_mut(&mut self) -> impl Iterator<Item = &mut Syslog> {
        let main = if let Lines::Here(main) = &mut self.lines { main.syslog_way_mut() } else { None };
        std::iter::once(&mut self.syslog).chain(main)
    }

    /// Whether anything still waits to be written or sent, and whether some of that
    /// may soon be. Nobody waits for a syslog daemon that is not there.
    pub(super) fn standing(&self) -> (bool, bool) {
        let (waiting, hopeful) = self.sinks.standing();
        let sends = self.syslogs().any(|syslog| syslog.is_slow(self.now));
        (waiting || sends, hopeful || sends)
    }

    /// In how many logs how many bytes wait.
    pub(super) fn unwritten(&self) -> (usize, usize) {
        let unsent = self.syslogs().map(Syslog::waiting).filter(|bytes| *bytes > 0);
        unsent.fold(self.sinks.unwritten(), |(logs, bytes), more| (logs + 1, bytes + more))
    }

    /// A line of the pump's own for the activity log.
    pub(super) fn say(&mut self, level: Level, text: String) {
        self.write(&LogLine::new(level, text), self.now);
    }

    /// A line for the activity log that happened at `at`.
    pub(super) fn write(&mut self, line: &LogLine, at: Now) {
        match &mut self.lines {
            Lines::Here(main) => {
                let Some(text) = main.render(line, at) else { return };
                if line.level <= Level::Warn {
                    self.sinks.push_grave(MAIN, text.as_bytes(), self.now);
                } else {
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

    /// Says how much was lost on the way to the activity log, and what became of
    /// that to syslog.
    pub(super) fn count_losses(&mut self, lines: u64) {
        if lines > 0 {
            self.say(
                Level::Warn,
                format!("{lines} lines of this log were dropped: they came faster than it is written"),
            );
        }
        let now = self.now;
        let told: Vec<String> = self.syslogs_mut().filter_map(|syslog| syslog.take_report(now)).collect();
        for text in told {
            self.say(Level::Warn, text);
        }
    }
}
