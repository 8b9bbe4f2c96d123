//! The data plane: one thread of its own that reads what children write and
//! writes every log file, the activity log included.
//!
//! A disk that hangs stops this thread and nobody else: the engine hands over
//! orders and lines without waiting, and children wait in their own pipes.
//! What comes back is told by [`PumpEvent`]s through a bounded channel; while
//! the engine does not take them, children that speak to it wait, and plain
//! logging goes on. Nothing is decided here about processes.

pub mod ansi;
pub mod capture;
mod outbox;
mod outlets;
mod pace;
mod shared;
mod source;
mod worker;

use crate::logs::{LogFile, MainLog};
use crate::model::{Channel, Level, LogLine, Now};
use shared::Shared;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::time::Duration;
use worker::Worker;

/// Where the outcome of an order goes; called on the pump's thread, so it must
/// not wait for anything. An order that is never obeyed drops it.
type Answer = Box<dyn FnOnce(io::Result<()>) + Send>;

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
    /// Opened before the spawn (A4.73); `None` throws the bytes away (A5.24).
    pub log: Option<LogFile>,
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
        /// As written.
        bytes: Vec<u8>,
    },
    /// A stream has ended. Told once for each that was attached.
    Closed {
        /// Which one.
        id: ChannelId,
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
    StripAnsi(bool),
    Stop(Duration),
}

struct Attachment {
    id: ChannelId,
    pid: i32,
    fd: OwnedFd,
    setup: ChannelSetup,
}

/// The engine's end of the thread. None of its methods waits, but [`Pump::stop`].
pub struct Pump {
    orders: Sender<Order>,
    shared: Arc<Shared>,
    quietest: Level,
    stopped: Receiver<MainLog>,
}

impl Pump {
    /// Starts the thread, which owns `main` from now on and tells `events`.
    /// A receiver that is closed loses the events and stops nothing.
    ///
    /// # Errors
    /// No thread or descriptor is left.
    pub fn start(main: MainLog, events: tokio::sync::mpsc::Sender<PumpEvent>) -> io::Result<Self> {
        let (orders, inbox) = channel();
        let (told, stopped) = sync_channel(1);
        let shared = Arc::new(Shared::new()?);
        let quietest = main.quietest();
        let worker = Worker::new(main, inbox, Arc::clone(&shared), events)?;
        let thread = std::thread::Builder::new().name("pump".to_owned());
        // whoever does not wait for the end does not miss the answer either
        thread.spawn(move || drop(told.send(worker.run())))?;
        Ok(Self { orders, shared, quietest, stopped })
    }

    /// Whether a line of `level` would be written.
    #[must_use]
    pub fn wants(&self, level: Level) -> bool {
        level <= self.quietest
    }

    /// Writes a line that happened at `now` to the activity log. When too many
    /// wait already it is dropped; the log says later how many were.
    pub fn log(&self, line: LogLine, now: Now) {
        if self.wants(line.level) && self.shared.admit(&line.text) {
            self.order(Order::Log(line, now));
        }
    }

    /// Reads a stream of a new child until its end or until [`Pump::drain`].
    pub fn attach(&self, id: ChannelId, pid: i32, fd: OwnedFd, setup: ChannelSetup) {
        self.order(Order::Attach(Box::new(Attachment { id, pid, fd, setup })));
    }

    /// The child is gone: reads what it left, as far as that ends, and closes
    /// its streams and logs. Always answered by [`PumpEvent::Drained`].
    pub fn drain(&self, process: u32, pid: i32) {
        self.order(Order::Drain(process, pid));
    }

    /// Opens every log by its name again (A5.10).
    pub fn reopen_all(&self) {
        self.order(Order::ReopenAll);
    }

    /// Begins empty logs for a process that runs (B1.10.16). One whose logs are
    /// not open is answered with success: see [`crate::logs::clear_closed`].
    pub fn clear(&self, process: u32, answer: impl FnOnce(io::Result<()>) + Send + 'static) {
        self.order(Order::Clear(process, Box::new(answer)));
    }

    /// Begins an empty activity log (B1.10.15); `NotFound` when there is no file.
    pub fn clear_main(&self, answer: impl FnOnce(io::Result<()>) + Send + 'static) {
        self.order(Order::ClearMain(Box::new(answer)));
    }

    /// Whether ANSI escapes are taken out, from the next chunk on (A4.120).
    pub fn set_strip_ansi(&self, on: bool) {
        self.order(Order::StripAnsi(on));
    }

    /// Writes everything that was handed over, closes all streams and gives the
    /// activity log back; `None` when that takes longer than `limit`.
    pub fn stop(self, limit: Duration) -> Option<MainLog> {
        self.order(Order::Stop(limit));
        self.stopped.recv_timeout(limit).ok()
    }

    /// A thread that is gone takes no orders, and nobody is left to be told.
    fn order(&self, order: Order) {
        drop(self.orders.send(order));
        self.shared.nudge();
    }
}

impl Drop for Pump {
    fn drop(&mut self) {
        self.order(Order::Stop(Duration::ZERO));
    }
}

#[cfg(test)]
mod tests;
