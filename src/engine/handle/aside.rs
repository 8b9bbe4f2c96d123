//! Work on threads that may wait for the disk or take their time. A panic there,
//! which is a bug, costs who asked for that work, and the activity log tells of
//! it; what is waited for, and how long, is for the caller to know.

use super::Command;
use crate::model::{Level, LogLine};
use crate::sys::clock;
use crate::sys::panics::{Brake, caught};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc::WeakSender;
use tokio::task::{JoinHandle, spawn_blocking};

/// The way to such threads.
#[derive(Debug, Clone)]
pub struct Aside {
    /// The engine writes the log. Weak: that it is told of panics keeps nobody
    /// waiting for callers that have gone.
    engine: WeakSender<Command>,
    brake: Arc<Mutex<Brake>>,
}

/// Work under way: what it came to, `None` after a panic.
pub(in crate::engine) type Work<T> = JoinHandle<Option<T>>;

impl Aside {
    pub(super) fn new(engine: WeakSender<Command>) -> Self {
        Self { engine, brake: Arc::default() }
    }

    /// Begins `work`; `what` it is is told when it panics.
    pub(in crate::engine) fn begin<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Work<T> {
        let aside = self.clone();
        spawn_blocking(move || caught(work).map_err(|text| aside.lost(what, &text)).ok())
    }

    /// The same, for who waits for it; `None` after a panic.
    pub async fn done<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        self.begin(what, work).await.ok().flatten()
    }

    /// Tells of a panic, and slows down who has too many of them.
    fn lost(&self, what: &str, text: &str) {
        let line = LogLine::new(Level::Critical, format!("panic: {text}; {what} is given up, all else goes on"));
        if let Some(engine) = self.engine.upgrade() {
            // Where the queue is full there are enough other lines to read.
            drop(engine.try_send(Command::Log(line)));
        }
        let pause = self.brake.lock().unwrap_or_else(PoisonError::into_inner).one_more(clock::now().mono);
        std::thread::sleep(pause);
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::EngineHandle;
    use crate::engine::handle::Command;
    use crate::model::{Level, LogLine};

    #[test]
    fn a_panic_on_another_thread_is_told_in_the_activity_log() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (handle, mut inbox) = EngineHandle::channel(Level::Info);
            assert_eq!(inbox.aside.done("a sum", || 3 + 4).await, Some(7));
            assert_eq!(handle.aside().done("a look", || panic!("planted")).await, None::<()>);
            let Some(Command::Log(line)) = inbox.next().await else { panic!("no line") };
            let told = LogLine::new(Level::Critical, "panic: planted; a look is given up, all else goes on");
            assert_eq!(line, told);
            drop(handle);
            assert!(inbox.next().await.is_none(), "who may tell of panics is no caller");
        });
    }
}
