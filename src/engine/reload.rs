//! Reading the configuration again, while everything runs on the old one.

use super::Engine;
use super::handle::Caller;
use super::handle::aside::Work;
use crate::config::{self, Config, ConfigError};
use crate::model::Level;
use crate::rpc::{Fault, FaultCode, Reply};
use std::collections::VecDeque;

/// What came of reading it.
pub(super) type Read = Result<Box<Config>, ConfigError>;

/// Those who want the configuration to be read again.
#[derive(Debug, Default)]
pub(super) struct Rereads {
    /// The first is read for.
    callers: VecDeque<Caller>,
    reading: Option<Work<Read>>,
}

impl Rereads {
    /// What was read, `None` after a panic; never, when nobody reads. It can be had
    /// once.
    pub(super) async fn result(&mut self) -> Option<Read> {
        match &mut self.reading {
            Some(reading) => reading.await.ok().flatten(),
            None => std::future::pending().await,
        }
    }

    /// Nothing is to be read any more; all who wait for it.
    pub(super) fn give_up(&mut self) -> VecDeque<Caller> {
        std::mem::take(self).callers
    }
}

impl Engine {
    /// `reloadConfig`. The configuration is read on another thread: that looks for
    /// the folders of all logs, too, and one may be on a disk that hangs.
    pub(super) fn reread(&mut self, caller: Caller) {
        self.rereads.callers.push_back(caller);
        self.read_again();
    }

    /// Reads for the next caller: once for each, since the files may change while
    /// they are read for another.
    fn read_again(&mut self) {
        if self.rereads.reading.is_none() && !self.rereads.callers.is_empty() {
            let source = self.source.clone();
            let reading = self.inbox.aside.begin("a reread", move || config::load(&source).map(Box::new));
            self.rereads.reading = Some(reading);
        }
    }

    /// The configuration has been read, or could not be.
    pub(super) fn take_read(&mut self, read: Option<Read>) {
        self.rereads.reading = None;
        let caller = self.rereads.callers.pop_front();
        self.read_again();
        if let Some(caller) = caller {
            let reply = match read {
                Some(read) => self.compare(read),
                None => Err(Fault::new(FaultCode::Failed)),
            };
            drop(caller.send(reply));
        }
    }

    /// Tells what an update would change, and changes no process (B1.11.1).
    fn compare(&mut self, read: Read) -> Result<Reply, Fault> {
        let read = read.map_err(|error| cant_reread(&error))?;
        self.adopt(&read);
        let found = self.manager.reread(read.groups);
        for (group, reasons) in &found.changed {
            for reason in reasons {
                self.log(Level::Debug, format!("reread: group {group} differs: {reason}"));
            }
        }
        let changed = found.changed.into_iter().map(|(group, _)| group).collect();
        Ok(Reply::Reread { added: found.added, changed, removed: found.removed })
    }

    /// What acts on the running daemon without a restart (A4.147).
    fn adopt(&mut self, read: &Config) {
        let (ours, theirs) = (&mut self.config.supervisord, &read.supervisord);
        ours.identifier.clone_from(&theirs.identifier);
        ours.childlogdir.clone_from(&theirs.childlogdir);
        ours.strip_ansi = theirs.strip_ansi;
        ours.minfds = theirs.minfds;
        // Decides about the copies of new children (A5.11); the log keeps its level.
        ours.loglevel = theirs.loglevel;
        self.manager.set_identifier(&theirs.identifier);
        self.pump.set_strip_ansi(theirs.strip_ansi);
    }
}

/// The fault that a broken configuration is told as (B1.11.6).
fn cant_reread(error: &ConfigError) -> Fault {
    Fault::with(FaultCode::CantReread, error.to_string())
}
