//! How connection tasks reach the engine: a bounded queue of commands, each
//! with a place for its answer. Clones are cheap; the engine outlives them.

use crate::model::{Channel, Level, LogLine};
use crate::rpc::{Fault, FaultCode, Reply, Request};
use std::path::PathBuf;
use tokio::sync::{mpsc, oneshot};

/// Commands that may wait for the engine; more make the callers wait.
const QUEUE: usize = 1024;

/// Where the answer to an API call goes.
pub type Caller = oneshot::Sender<Result<Reply, Fault>>;

/// What a connection can ask of the engine.
#[derive(Debug)]
pub enum Command {
    /// An API call.
    Call {
        /// What is asked.
        request: Request,
        /// Where the answer goes, at once or when the wait is over.
        answer: Caller,
    },
    /// Where a process writes its log, for `/logtail`.
    LogPath {
        /// As in the URL, decoded.
        name: String,
        /// Which stream.
        channel: Channel,
        /// `None` when there is no such process or no log.
        answer: oneshot::Sender<Option<PathBuf>>,
    },
    /// Where the activity log is, for `/mainlogtail`.
    MainLogPath {
        /// `None` when it is not a file.
        answer: oneshot::Sender<Option<PathBuf>>,
    },
    /// A line for the activity log.
    Log(LogLine),
}

/// A caller's end of the engine.
#[derive(Debug, Clone)]
pub struct EngineHandle {
    commands: mpsc::Sender<Command>,
    quietest: Level,
}

impl EngineHandle {
    /// A handle and the engine's end of it; `quietest` is the log's level.
    #[must_use]
    pub fn channel(quietest: Level) -> (Self, mpsc::Receiver<Command>) {
        let (commands, receiver) = mpsc::channel(QUEUE);
        (Self { commands, quietest }, receiver)
    }

    /// Makes an API call and waits for its answer, however long it takes.
    ///
    /// # Errors
    /// The fault that the call is refused with; `SHUTDOWN_STATE` when the
    /// engine has gone.
    pub async fn call(&self, request: Request) -> Result<Reply, Fault> {
        let answer = self.ask(|answer| Command::Call { request, answer }).await;
        answer.unwrap_or(Err(Fault::new(FaultCode::ShutdownState)))
    }

    /// The log file of a process, `None` when there is none.
    pub async fn log_path(&self, name: &str, channel: Channel) -> Option<PathBuf> {
        let name = name.to_owned();
        self.ask(|answer| Command::LogPath { name, channel, answer }).await.flatten()
    }

    /// The activity log, `None` when it is not a file.
    pub async fn main_log_path(&self) -> Option<PathBuf> {
        self.ask(|answer| Command::MainLogPath { answer }).await.flatten()
    }

    /// Whether a line of `level` would be written; asks nobody.
    #[must_use]
    pub fn wants(&self, level: Level) -> bool {
        level <= self.quietest
    }

    /// Writes a line; dropped when the queue is full, since a log line must not
    /// hold up an answer.
    pub fn log(&self, level: Level, text: impl Into<String>) {
        if self.wants(level) {
            drop(self.commands.try_send(Command::Log(LogLine::new(level, text))));
        }
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Option<T> {
        let (answer, receiver) = oneshot::channel();
        self.commands.send(command(answer)).await.ok()?;
        receiver.await.ok()
    }
}
