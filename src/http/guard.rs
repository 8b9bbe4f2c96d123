//! What a server does when a part of it panics, which is a bug: that part is
//! given up, the log tells of it, and the rest goes on. How a panic is caught is
//! told in `sys::panics`.

use crate::engine::EngineHandle;
use crate::model::Level;
use crate::sys::clock;
use crate::sys::panics::{Brake, caught_in};
use std::cell::RefCell;
use tokio::time::sleep;

/// Speaks for one server section.
#[derive(Debug)]
pub(super) struct Guard {
    engine: EngineHandle,
    section: String,
    brake: RefCell<Brake>,
}

impl Guard {
    /// Tells `engine` what happens to the server of `section`.
    pub(super) fn new(engine: EngineHandle, section: String) -> Self {
        Self { engine, section, brake: RefCell::default() }
    }

    /// Who looks at files.
    pub(super) fn engine(&self) -> &EngineHandle {
        &self.engine
    }

    /// Writes about the server to the activity log.
    pub(super) fn log(&self, level: Level, text: &str) {
        self.engine.log(level, format!("Server '{}' {text}", self.section));
    }

    /// Tells what a panic has cost.
    pub(super) fn lost(&self, what: &str, text: &str) {
        self.log(Level::Critical, &format!("lost {what}: panic: {text}"));
    }

    /// Does `work`. `None` after a panic, which has cost `what`; when there were
    /// many, it is a while after.
    pub(super) async fn caught<T>(&self, what: &str, work: impl Future<Output = T>) -> Option<T> {
        match caught_in(work).await {
            Ok(done) => Some(done),
            Err(text) => {
                self.lost(what, &text);
                let pause = self.brake.borrow_mut().one_more(clock::now().mono);
                sleep(pause).await;
                None
            }
        }
    }
}
