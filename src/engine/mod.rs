//! Doing. Owns the manager and everything that has a descriptor.
//!
//! One task on one thread: it waits, reads the clock once, feeds the manager
//! what happened and carries out what the manager answers. Decisions are made
//! below, in `manager`; bytes of child output flow beside it, in `pump`.

mod calls;
mod command;
mod exits;
mod fcgi;
mod groups;
pub mod handle;
mod known;
mod logfiles;
mod panics;
mod perform;
mod reload;
mod restart;
mod spawn;
mod stdin;
mod survivors;
mod turn;
mod usage;
#[cfg(test)]
mod tests;

pub use groups::Prepared;
pub use handle::EngineHandle;
pub use turn::Ended;

use crate::config::{Config, Source};
use crate::manager::survivors::Survivors;
use crate::manager::{Action, ProcessId, Ticket};
use crate::model::{Level, LogLine, SupervisorState};
use crate::pump::{Pump, PumpEvent};
use crate::sys::clock;
use crate::sys::errno::os_error_text;
use crate::sys::panics::Brake;
use crate::sys::poll::Poller;
use crate::sys::reactor::watch;
use crate::sys::reap::Reaper;
use crate::sys::signals::Signals;
use crate::sys::spawn::Spawner;
use exits::Drain;
use fcgi::FcgiSockets;
use handle::{Caller, Inbox};
use known::Known;
use reload::Rereads;
use restart::Restarts;
use spawn::Unread;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::OsString;
use std::io;
use std::time::Duration;
use stdin::Stdins;
use survivors::Search;
use tokio::io::unix::AsyncFd;
use tokio::sync::mpsc;

/// Tells whether a life on the first configuration could begin, as far as can be
/// seen while the second one is still running.
pub type Rehearsal = fn(&Config, &Config) -> Result<(), Box<dyn std::error::Error>>;

/// Everything the engine is handed at the start of a life.
pub struct Parts {
    /// The groups.
    pub prepared: Prepared,
    /// The configuration of this life.
    pub config: Config,
    /// Where a reread finds the next one.
    pub source: Source,
    /// Asked before this life ends for another.
    pub rehearse: Rehearsal,
    /// The daemon's own signals.
    pub signals: Signals,
    /// The data plane, running.
    pub pump: Pump,
    /// What the data plane has to tell.
    pub pump_events: mpsc::Receiver<PumpEvent>,
    /// What connections ask.
    pub inbox: Inbox,
}

/// What is left of a life.
pub struct Rest {
    /// The daemon's own signals.
    pub signals: Signals,
    /// What it ran on, with the groups as last read.
    pub config: Config,
    /// Where the event serials of the next life go on (A4.138).
    pub serial: u64,
}

/// The doing half of the daemon.
pub struct Engine {
    manager: Known,
    config: Config,
    source: Source,
    rehearse: Rehearsal,
    /// The configuration that a restart will begin with; checked already.
    next: Option<Config>,
    /// The daemon's own environment, under every child's.
    environment: Vec<(OsString, OsString)>,
    pump: Pump,
    pump_events: mpsc::Receiver<PumpEvent>,
    inbox: Inbox,
    signals: AsyncFd<Signals>,
    poller: AsyncFd<Poller>,
    spawner: Spawner,
    stdins: Stdins,
    fcgi: FcgiSockets,
    /// Actions not carried out yet, in order.
    queue: VecDeque<Action>,
    /// When this turn carries out no more of them.
    turn_end: Duration,
    /// Callers whose answer is still to come.
    answers: BTreeMap<Ticket, Caller>,
    next_ticket: u64,
    /// Children that are dead and whose last output is being read.
    draining: BTreeMap<ProcessId, Drain>,
    reaper: Reaper,
    /// Processes whose output streams the pump holds.
    attached: BTreeSet<ProcessId>,
    /// Streams of the child that was just made.
    unread: Vec<Unread>,
    /// How often each was started.
    starts: BTreeMap<ProcessId, u64>,
    rereads: Rereads,
    restarts: Restarts,
    /// Who may have outlived a stop.
    survivors: Survivors,
    search: Option<Search>,
    ended: Option<SupervisorState>,
    /// Of panics that were survived.
    brake: Brake,
    /// For those that come too often.
    pause: Duration,
    pump_gone: bool,
    callers_gone: bool,
}

impl Engine {
    /// An engine on what was prepared; nothing is started yet. To be called
    /// inside the runtime.
    ///
    /// # Errors
    /// The system refuses a poll set.
    pub fn new(parts: Parts) -> Result<Self, EngineError> {
        let Parts { prepared, config, source, rehearse, signals, pump, pump_events, inbox } = parts;
        Ok(Self {
            manager: Known::new(prepared.manager),
            source,
            rehearse,
            next: None,
            environment: std::env::vars_os().collect(),
            pump,
            pump_events,
            signals: watch(signals)?,
            poller: watch(Poller::new()?)?,
            spawner: Spawner::default(),
            stdins: Stdins::new(),
            fcgi: prepared.fcgi,
            queue: prepared.actions.into(),
            turn_end: Duration::ZERO,
            answers: BTreeMap::new(),
            next_ticket: 0,
            draining: BTreeMap::new(),
            reaper: Reaper::default(),
            attached: BTreeSet::new(),
            unread: vec![],
            starts: BTreeMap::new(),
            rereads: Rereads::default(),
            restarts: Restarts::default(),
            survivors: Survivors::default(),
            search: None,
            ended: None,
            brake: Brake::default(),
            pause: Duration::ZERO,
            pump_gone: false,
            callers_gone: false,
            inbox,
            config,
        })
    }

    /// Gives back what outlives this life, and the data plane, which has last
    /// words to write.
    #[must_use]
    pub fn into_rest(self) -> (Rest, Pump) {
        let (mut config, serial) = (self.config, self.manager.serial());
        config.groups = self.manager.last_read().to_vec();
        (Rest { signals: self.signals.into_inner(), config, serial }, self.pump)
    }

    fn log(&self, level: Level, text: impl Into<String>) {
        self.write(LogLine::new(level, text));
    }

    /// Lines carry the moment they are written, not that of the turn: the pump
    /// writes lines of its own in between.
    fn write(&self, line: LogLine) {
        self.pump.log(line, clock::now());
    }
}

/// Why a life cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The system refuses something basic.
    #[error("Cannot set up the event loop: {}", os_error_text(.0))]
    System(#[from] io::Error),
    /// An AUTO log cannot be made (A1.35).
    #[error("Could not create a log file in {directory}: {}", os_error_text(.error))]
    AutoLog {
        /// `childlogdir`
        directory: String,
        /// What the system said.
        error: io::Error,
    },
    /// A FastCGI socket cannot be made (A1.34).
    #[error("Could not create FastCGI socket {url}: {error}")]
    Fcgi {
        /// As configured.
        url: String,
        /// What the system said.
        error: crate::sys::socket::fcgi::FcgiError,
    },
}
