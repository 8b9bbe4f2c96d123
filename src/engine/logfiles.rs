//! Log files as the API sees them: reading, tailing, clearing (B1.10).
//!
//! Reading happens beside the loop, so that a slow disk holds up only the caller
//! who wants to see it, and that one not for ever.

use super::Engine;
use super::handle::Caller;
use crate::config::MainLog;
use crate::logs::{clear_closed, tail};
use crate::manager::ProcessId;
use crate::model::{Channel, Level};
use crate::rpc::{Fault, FaultCode, Reply, log_text, refuse};
use std::io;
use std::path::PathBuf;
use tokio::sync::oneshot;

impl Engine {
    pub(super) fn main_log_path(&self) -> Option<PathBuf> {
        match &self.config.supervisord.logfile {
            MainLog::File(path) => Some(path.clone()),
            MainLog::Syslog => None,
        }
    }

    pub(super) fn read_log(&self, offset: i64, length: i64, caller: Caller) {
        let Some(path) = self.main_log_path() else {
            return drop(caller.send(Err(Fault::with(FaultCode::NoFile, "syslog"))));
        };
        self.read(Some(path), offset, length, caller);
    }

    pub(super) fn read_process_log(&self, name: &str, channel: Channel, offset: i64, length: i64, caller: Caller) {
        let Some((id, caller)) = self.meant(name, caller) else { return };
        self.read(self.logfile(id, channel), offset, length, caller);
    }

    pub(super) fn tail_process_log(&self, name: &str, channel: Channel, offset: i64, length: i64, caller: Caller) {
        let Some((id, caller)) = self.meant(name, caller) else { return };
        let Some(path) = self.logfile(id, channel) else {
            let nothing = Reply::Tail { text: String::new(), offset: 0, overflow: false };
            return drop(caller.send(Ok(nothing)));
        };
        self.look(path.clone(), caller, move || {
            let (bytes, offset, overflow) = tail::tail(&path, offset, length);
            Ok(Reply::Tail { text: log_text(bytes), offset, overflow })
        });
    }

    // B1.10.15
    pub(super) fn clear_log(&self, caller: Caller) {
        let refused = |code| Err(Fault::new(code));
        if self.main_log_path().is_none() {
            return drop(caller.send(refused(FaultCode::NoFile)));
        }
        self.log(Level::Info, "reopening log file");
        let answer = move |cleared: io::Result<()>| {
            let reply = cleared.map(|()| Reply::Done).or_else(|error| match error.kind() {
                io::ErrorKind::NotFound => refused(FaultCode::NoFile),
                _ => refused(FaultCode::Failed),
            });
            drop(caller.send(reply));
        };
        self.pump.clear_main(Box::new(answer));
    }

    // B1.10.16, B1.10.17
    pub(super) fn clear_process_logs(&self, name: &str, caller: Caller) {
        let Some((id, caller)) = self.meant(name, caller) else { return };
        let failed = Fault::with(FaultCode::Failed, name);
        self.clear(id, move |cleared| {
            drop(caller.send(cleared.map(|()| Reply::Done).map_err(|_| failed)));
        });
    }

    // B1.10.19
    pub(super) fn clear_all_process_logs(&self, caller: Caller) {
        let mut pending = vec![];
        for id in self.manager.in_order() {
            let (Some(process), Some(group)) = (self.manager.process(id), self.manager.group_of(id)) else { continue };
            let names = (group.name.clone(), process.config.name.clone());
            let (tell, told) = oneshot::channel();
            self.clear(id, move |cleared| {
                let _ = tell.send(cleared.is_ok());
            });
            pending.push((names, told));
        }
        tokio::spawn(async move {
            let mut results = vec![];
            for ((group, name), told) in pending {
                let cleared = told.await.unwrap_or(false);
                results.push(refuse::cleared_entry(&group, &name, cleared));
            }
            drop(caller.send(Ok(Reply::Results(results))));
        });
    }

    /// The process that a caller means; one who means none is told so.
    pub(super) fn meant(&self, name: &str, caller: Caller) -> Option<(ProcessId, Caller)> {
        match self.manager.process_named(name) {
            Ok(id) => Some((id, caller)),
            Err(refusal) => {
                drop(caller.send(Err(refusal.into())));
                None
            }
        }
    }

    /// A running process's logs are the pump's; those of a stopped one nobody
    /// holds open.
    fn clear(&self, id: ProcessId, answer: impl FnOnce(io::Result<()>) + Send + 'static) {
        if self.attached.contains(&id) {
            return self.pump.clear(id.0, Box::new(answer));
        }
        let paths: Vec<PathBuf> =
            [Channel::Stdout, Channel::Stderr].into_iter().filter_map(|channel| self.logfile(id, channel)).collect();
        let Some(first) = paths.first().cloned() else { return answer(Ok(())) };
        let cleared = self.inbox.readers.look(&first, move || paths.iter().try_for_each(|path| clear_closed(path)));
        tokio::spawn(async move { answer(cleared.await.unwrap_or_else(|| Err(io::ErrorKind::TimedOut.into()))) });
    }

    // B1.10.1–B1.10.5
    fn read(&self, path: Option<PathBuf>, offset: i64, length: i64, caller: Caller) {
        let Some(path) = path else {
            return drop(caller.send(Err(Fault::new(FaultCode::NoFile))));
        };
        self.look(path.clone(), caller, move || {
            let refused = |code, extra| Err(Fault { code, extra });
            match tail::read(&path, offset, length) {
                Ok(bytes) => Ok(Reply::Text(log_text(bytes))),
                Err(tail::ReadError::NoFile) => refused(FaultCode::NoFile, Some(path.to_string_lossy().into_owned())),
                Err(tail::ReadError::BadArguments) => refused(FaultCode::BadArguments, None),
                Err(tail::ReadError::Failed) => refused(FaultCode::Failed, None),
            }
        });
    }

    /// Answers with what `work` finds out about the file at `path`.
    pub(super) fn look(
        &self,
        path: PathBuf,
        caller: Caller,
        work: impl FnOnce() -> Result<Reply, Fault> + Send + 'static,
    ) {
        let found = self.inbox.readers.look(&path, work);
        tokio::spawn(async move { drop(caller.send(found.await.unwrap_or(Err(Fault::new(FaultCode::Failed))))) });
    }

    pub(super) fn logfile(&self, id: ProcessId, channel: Channel) -> Option<PathBuf> {
        self.manager.logfile(id, channel).map(Into::into)
    }
}
