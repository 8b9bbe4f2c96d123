//! The data plane: reads what children write, and writes every log file, the
//! activity log included. Nothing is decided here about processes.
//!
//! What must hold: a pipe is always drained, bytes of one log stay in order, and
//! a disk that fails or hangs costs nobody else anything.
//!
//! **A thread works a loop** (`drive`): it reads a chunk from a pipe and writes it
//! from the same buffer. Orders and lines of the engine come by a queue, what the
//! engine is told goes through a bounded channel; neither side waits.
//!
//! **There are as many loops as processors**, four at most (`loops`), since one
//! cannot keep up with children that keep the others busy. Each has streams, logs
//! and threads of its own, and shares nothing with the others but the room for
//! what waits. A process belongs to one of them by its number, so that its streams
//! stay in order; one that opens the log of an earlier process joins that one's, so
//! that the log stays in order, too. The first one has the activity log, to which the others send
//! their lines as the engine does. At the debug level, where each chunk may be
//! such a line, there is one loop only.
//!
//! **Who writes much** is made to wait little: a pipe that is always full gets
//! larger (`width`), and one that always has something is read without being
//! watched (`heat`); one that brings little at a time is let to gather for a moment
//! (`pace`).
//!
//! **A call that does not come back** must not stop that. So the state of the
//! loop (`state`) lies on a desk while its thread makes a call to the disk
//! (`desk`). A second thread watches the desk, asleep while no calls are made:
//! when a call has not come back after 4 to 8 ms and its thread is not just short
//! of processor time, the watcher takes the state and works the loop itself. Who
//! was stuck reports what its call came to, when it does, and is a spare thread
//! from then on (`hands`). A loop has at most 16 threads; three are usual.
//!
//! **A file system on which that happened is suspect** (`lanes`) until it has
//! behaved for two seconds: its calls are made by a spare thread, one at a time,
//! and the loop goes on meanwhile. So a hanging file system holds one thread of a
//! loop, however many logs are on it.
//!
//! **What a log cannot take is kept** (`logs::sink`, `logs::backlog`), 4 MiB for
//! each log and 256 MiB for all, and written in order when it can. While a log is
//! merely slow its child waits when that is full, as behind any pipe, and nothing
//! is lost. From an error, or from a call or a reader that has made no progress
//! for two seconds, it is an outage (`logs::outage`): one line says so, the pipe
//! is drained, the newest bytes are dropped and counted, the file is opened by
//! its name again at growing intervals, and one line says when it is over. The
//! log holds nothing but the child's bytes.
//!
//! **A child's log is opened** on a spare thread ([`Pump::open`]). The engine
//! waits for it 5 ms, so that a path that cannot be opened is still an error of
//! the spawn; if it takes longer the child begins, and what it writes is kept.
//! AUTO logs are made in the same way ([`Pump::make`]).
//!
//! **The end** waits for what is slow within the limit it is given, and for what
//! is broken no longer than 1.5 seconds; a wait that is noticed is told ([`Pump::stop`]).

pub mod ansi;
pub mod capture;
mod crew;
mod desk;
mod drive;
mod hands;
mod heat;
mod inlet;
mod lanes;
mod loops;
mod making;
mod outbox;
mod outlets;
mod pace;
mod reader;
mod shared;
mod sinks;
mod source;
mod state;
mod watch;
mod width;

pub use hands::NewLog;

use crate::logs::{Counts, Limits, MainLog};
use crate::model::{Channel, Level, LogLine, Now};
use loops::Loops;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::time::Duration;

/// Where the outcome of an order goes; called on a thread of the pump, so it must
/// not wait for anything. An order that is never obeyed drops it.
type Answer = Box<dyn FnOnce(io::Result<()>) + Send>;

/// The same for the counters.
type CountAnswer = Box<dyn FnOnce(AllCounts) + Send>;

/// The counters of each channel; those of the activity log are nobody's.
pub type AllCounts = BTreeMap<Option<ChannelId>, Counts>;

/// What could not be written before the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Left {
    /// Logs.
    pub logs: usize,
    /// Bytes that waited for them.
    pub bytes: usize,
}

impl Left {
    fn add(&mut self, other: Self) {
        self.logs += other.logs;
        self.bytes += other.bytes;
    }

    /// For people, while it may still be written.
    #[must_use]
    pub fn waits_text(self) -> String {
        format!("waiting for disk or syslog: {self} may be lost")
    }
}

impl fmt::Display for Left {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let logs = if self.logs == 1 { "log" } else { "logs" };
        write!(out, "{} bytes for {} {logs}", self.bytes, self.logs)
    }
}

/// One output stream of one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelId {
    /// The manager's number of the process; means nothing here.
    pub process: u32,
    /// Which of its streams.
    pub channel: Channel,
}

/// What is done with the bytes of a stream.
#[derive(Debug)]
pub struct ChannelSetup {
    /// Name of the process, without its group.
    pub name: String,
    /// From [`Pump::open`] (A4.73); `None` throws the bytes away (A5.24).
    pub log: Option<NewLog>,
    /// Also line by line to syslog (A5.25).
    pub syslog: bool,
    /// Bytes of a capture that are kept; not above 0 is no capture (A6.53).
    pub capture_maxbytes: i64,
    /// Tell each chunk as [`PumpEvent::Output`] (A6.42).
    pub events: bool,
    /// Stdout of an event listener: told as it is as [`PumpEvent::Listener`]; no
    /// capture and no other events (A6.45).
    pub listener: bool,
    /// Copy to the activity log at debug level (A5.11).
    pub echo: bool,
}

/// What the engine is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PumpEvent {
    /// A chunk was read (A6.42); without its tokens and, if so set, its escapes.
    Output {
        /// From where.
        id: ChannelId,
        /// Who wrote it.
        pid: i32,
        /// Not empty, but for a chunk that was nothing but escapes.
        bytes: Vec<u8>,
    },
    /// A capture is complete (A6.47).
    Captured {
        /// From where.
        id: ChannelId,
        /// Who wrote it.
        pid: i32,
        /// What stood between the tokens; may be empty.
        bytes: Vec<u8>,
    },
    /// A listener said something.
    Listener {
        /// Which one.
        process: u32,
        /// Its child that wrote it; a late word is not the next one's.
        pid: i32,
        /// As written.
        bytes: Vec<u8>,
    },
    /// The standard output of a child has ended: it has often, too.
    Ended {
        /// Which child.
        pid: i32,
    },
    /// The answer to [`Pump::drain`], after all other events of the process.
    Drained {
        /// Which one.
        process: u32,
        /// Its child that has died; a late answer is not about the next one.
        pid: i32,
    },
}

enum Order {
    Log(LogLine, Now),
    Attach(Box<Attachment>),
    Drain(u32, i32),
    ReopenAll,
    Clear(u32, Answer),
    ClearMain(Answer),
    Count(CountAnswer),
    StripAnsi(bool),
    /// Within this time; the first loop goes on until [`Order::Alone`].
    Stop(Duration),
    /// All other loops have ended.
    Alone,
}

struct Attachment {
    id: ChannelId,
    pid: i32,
    fd: OwnedFd,
    setup: ChannelSetup,
}

/// The engine's end. None of its methods waits, but [`Pump::stop`] and, within
/// bounds, [`Pump::open`] and [`Pump::make`].
pub struct Pump {
    loops: Loops,
    quietest: Level,
}

impl Pump {
    /// Starts the threads, which own `main` from now on and tell `events`.
    /// A receiver that is closed loses the events and stops nothing.
    ///
    /// # Errors
    /// No thread or descriptor is left.
    pub fn start(main: MainLog, events: tokio::sync::mpsc::Sender<PumpEvent>) -> io::Result<Self> {
        let count = loops::count_for(main.quietest());
        Self::with_loops(count, main, events)
    }

    fn with_loops(count: usize, main: MainLog, events: tokio::sync::mpsc::Sender<PumpEvent>) -> io::Result<Self> {
        let quietest = main.quietest();
        Ok(Self { loops: Loops::start(count, main, &events)?, quietest })
    }

    /// Opens the log of a child of `process` that will begin (A4.73). Waits for
    /// the disk 5 ms; what takes longer goes on beside the child.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn open(&self, process: u32, path: PathBuf, limits: Limits) -> io::Result<NewLog> {
        self.loops.of_log(process, &path).open(path, limits)
    }

    /// Makes empty AUTO logs in one folder (A4.118): all, or none. Waits for the
    /// disk 5 ms; what takes longer is made when the disk is back.
    ///
    /// # Errors
    /// One cannot be made.
    pub fn make(&self, paths: Vec<PathBuf>) -> io::Result<()> {
        self.loops.first().make(paths)
    }

    /// Whether a line of `level` would be written.
    #[must_use]
    pub fn wants(&self, level: Level) -> bool {
        level <= self.quietest
    }

    /// Writes a line that happened at `now` to the activity log. When too many
    /// wait already it is dropped; the log says later how many were.
    pub fn log(&self, line: LogLine, now: Now) {
        if self.wants(line.level) {
            self.loops.first().inlet.log(line, now);
        }
    }

    /// Reads a stream of a new child until its end or until [`Pump::drain`].
    pub fn attach(&self, id: ChannelId, pid: i32, fd: OwnedFd, setup: ChannelSetup) {
        self.order(id.process, Order::Attach(Box::new(Attachment { id, pid, fd, setup })));
    }

    /// The child is gone: reads what it left, as far as that ends, and closes
    /// its streams and logs. Always answered by [`PumpEvent::Drained`].
    pub fn drain(&self, process: u32, pid: i32) {
        self.order(process, Order::Drain(process, pid));
    }

    /// Opens every log by its name again (A5.10).
    pub fn reopen_all(&self) {
        self.loops.order_all(|| Order::ReopenAll);
    }

    /// Begins empty logs for a process that runs (B1.10.16); `TimedOut` when the
    /// disk hangs. One whose logs are not open is answered with success: see
    /// [`crate::logs::clear_closed`].
    pub fn clear(&self, process: u32, answer: impl FnOnce(io::Result<()>) + Send + 'static) {
        self.order(process, Order::Clear(process, Box::new(answer)));
    }

    /// What became of the bytes of each channel so far. By then the activity log
    /// has what was said before, unless its disk is slow.
    pub fn count(&self, answer: impl FnOnce(AllCounts) + Send + 'static) {
        self.loops.count(Box::new(answer));
    }

    /// Begins an empty activity log (B1.10.15); `NotFound` when there is no file.
    pub fn clear_main(&self, answer: impl FnOnce(io::Result<()>) + Send + 'static) {
        self.loops.first().inlet.order(Order::ClearMain(Box::new(answer)));
    }

    /// Whether ANSI escapes are taken out, from the next chunk on (A4.120).
    pub fn set_strip_ansi(&self, on: bool) {
        self.loops.order_all(|| Order::StripAnsi(on));
    }

    /// Writes everything that was handed over, closes all streams and tells what
    /// could not be written; `None` when that takes longer than `limit`. `waits`
    /// is told what is left when that does not go at once, and so is the log.
    pub fn stop(self, limit: Duration, waits: impl FnOnce(Left)) -> Option<Left> {
        self.loops.stop(limit, waits)
    }

    fn order(&self, process: u32, order: Order) {
        self.loops.of(process).inlet.order(order);
    }
}

#[cfg(test)]
mod tests;
