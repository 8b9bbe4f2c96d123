//! How connection tasks reach the engine: a bounded queue of commands, each
//! with a place for its answer. Clones are cheap; the engine outlives them. For
//! what may take long there are threads that they share with the engine.

pub mod aside;
mod readers;

use crate::model::{Channel, Level, LogLine};
use crate::rpc::{Fault, FaultCode, Reply, Request};
use aside::Aside;
use readers::Readers;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Notify, mpsc, oneshot};

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

/// The engine's end.
#[derive(Debug)]
pub struct Inbox {
    pub(crate) commands: mpsc::Receiver<Command>,
    /// Some caller has gone without its answer.
    pub(super) gone: Arc<Notify>,
    /// For what the engine has done on other threads.
    pub(super) aside: Aside,
    /// The same for files that somebody wants to see.
    pub(super) readers: Readers,
}

impl Inbox {
    /// The next command, for whoever stands in for the engine; `None` when no
    /// caller is left.
    pub async fn next(&mut self) -> Option<Command> {
        self.commands.recv().await
    }
}

/// A caller's end of the engine.
#[derive(Debug, Clone)]
pub struct EngineHandle {
    commands: mpsc::Sender<Command>,
    gone: Arc<Notify>,
    aside: Aside,
    readers: Readers,
    quietest: Level,
}

impl EngineHandle {
    /// A handle and the engine's end of it; `quietest` is the log's level.
    #[must_use]
    pub fn channel(quietest: Level) -> (Self, Inbox) {
        let (sender, commands) = mpsc::channel(QUEUE);
        let gone = Arc::new(Notify::new());
        let aside = Aside::new(sender.downgrade());
        let readers = Readers::new(aside.clone());
        let inbox = Inbox { commands, gone: Arc::clone(&gone), aside: aside.clone(), readers: readers.clone() };
        (Self { commands: sender, gone, aside, readers, quietest }, inbox)
    }

    /// Makes an API call and waits for its answer, however long it takes.
    ///
    /// # Errors
    /// The fault that the call is refused with; `SHUTDOWN_STATE` when the
    /// engine has gone, `FAILED` when it gave up the call after a panic.
    pub async fn call(&self, request: Request) -> Result<Reply, Fault> {
        let (answer, receiver) = oneshot::channel();
        let mut wait = Wait { receiver, gone: &self.gone, over: false };
        let sent = match self.commands.try_send(Command::Call { request, answer }) {
            // apart, so that all others carry less about
            Err(TrySendError::Full(command)) => Box::pin(self.commands.send(command)).await.is_ok(),
            sent => sent.is_ok(),
        };
        let answer = if sent { (&mut wait.receiver).await.ok() } else { None };
        wait.over = true;
        let none = if self.commands.is_closed() { FaultCode::ShutdownState } else { FaultCode::Failed };
        answer.unwrap_or_else(|| Err(Fault::new(none)))
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

    /// For work that may take long.
    #[must_use]
    pub fn aside(&self) -> &Aside {
        &self.aside
    }

    /// Has `work` done on the file at `path`, which a disk may hold up; `None` when
    /// that takes too long.
    pub async fn look<T: Send + 'static>(&self, path: &Path, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        self.readers.look(path, work).await
    }

    /// For what is answered at once.
    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Option<T> {
        let (answer, receiver) = oneshot::channel();
        self.commands.send(command(answer)).await.ok()?;
        receiver.await.ok()
    }
}

/// A call that waits for its answer. Dropped before that, for the connection
/// has ended, it tells the engine, which keeps nothing for it any longer.
struct Wait<'a> {
    receiver: oneshot::Receiver<Result<Reply, Fault>>,
    gone: &'a Notify,
    over: bool,
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        if !self.over {
            self.receiver.close();
            self.gone.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Command, EngineHandle, Inbox};
    use crate::model::Level;
    use crate::rpc::{Reply, Request};
    use std::future::Future as _;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    /// B1.12.6: nothing is kept for a caller that has gone.
    #[test]
    fn a_call_that_is_dropped_is_told_at_once_and_an_answered_one_is_not() {
        let mut cx = Context::from_waker(Waker::noop());
        let (handle, Inbox { mut commands, gone, .. }) = EngineHandle::channel(Level::Info);
        let told = || pin!(gone.notified()).poll(&mut Context::from_waker(Waker::noop())).is_ready();
        let request = || Request::StopProcess { name: "a".to_owned(), wait: true };

        let mut call = Box::pin(handle.call(request()));
        assert!(call.as_mut().poll(&mut cx).is_pending());
        let Ok(Command::Call { answer, .. }) = commands.try_recv() else { panic!("no call") };
        assert!(!answer.is_closed() && !told());
        drop(call);
        assert!(answer.is_closed() && told());

        let mut call = Box::pin(handle.call(request()));
        assert!(call.as_mut().poll(&mut cx).is_pending());
        let Ok(Command::Call { answer, .. }) = commands.try_recv() else { panic!("no call") };
        answer.send(Ok(Reply::Done)).unwrap();
        assert_eq!(call.as_mut().poll(&mut cx), Poll::Ready(Ok(Reply::Done)));
        drop(call);
        assert!(!told());
    }
}
