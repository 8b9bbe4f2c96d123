//! What processes use, and which logs are young: the answers of the `ext`
//! namespace. Files are read on blocking threads.

use super::Engine;
use super::handle::Caller;
use crate::manager::ProcessId;
use crate::model::{Channel, Now};
use crate::pump::ChannelId;
use crate::rpc::{Fault, FaultCode, LogState, Reply, UsageEntry};
use crate::sys::usage::usage;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

impl Engine {
    /// Reads `/proc` once for each process that has a child, on one thread,
    /// however many there are.
    pub(super) fn all_process_usage(&self, caller: Caller) {
        let entry = |id: ProcessId| {
            let (process, group) = (self.manager.process(id)?, self.manager.group_of(id)?);
            Some(UsageEntry {
                group: group.name.clone(),
                name: process.config.name.clone(),
                pid: process.pid.unwrap_or_default(),
                starts: self.starts.get(&id).copied().unwrap_or_default(),
                ..UsageEntry::default()
            })
        };
        let mut entries: Vec<UsageEntry> = self.manager.in_order().into_iter().filter_map(entry).collect();
        self.inbox.aside.begin("a look at what processes use", move || {
            entries.sort_by(|a, b| (&a.group, &a.name).cmp(&(&b.group, &b.name)));
            for entry in &mut entries {
                if entry.pid > 0
                    && let Ok(found) = usage(entry.pid)
                {
                    (entry.cpu, entry.rss, entry.threads) = (found.cpu, found.rss, found.threads);
                }
            }
            drop(caller.send(Ok(Reply::Usages(entries))));
        });
    }

    /// The pump counts; it answers as soon as it is not busy.
    pub(super) fn log_states(&self, caller: Caller) {
        let states = |id: ProcessId| {
            let (process, group) = (self.manager.process(id)?, self.manager.group_of(id)?);
            let state = |channel| {
                let state = LogState {
                    group: group.name.clone(),
                    name: process.config.name.clone(),
                    channel,
                    path: self.manager.logfile(id, channel).unwrap_or_default().to_owned(),
                    written: 0,
                    dropped: 0,
                    waiting: 0,
                    outages: 0,
                    out_since: None,
                };
                (ChannelId { process: id.0, channel }, state)
            };
            Some([Channel::Stdout, Channel::Stderr].map(state))
        };
        let mut states: Vec<(ChannelId, LogState)> =
            self.manager.in_order().into_iter().filter_map(states).flatten().collect();
        self.pump.count(move |counts| {
            states.sort_by(|(a, one), (b, two)| (&one.group, &one.name, a).cmp(&(&two.group, &two.name, b)));
            for (id, state) in &mut states {
                if let Some(found) = counts.get(&Some(*id)) {
                    (state.written, state.dropped, state.waiting) = (found.written, found.dropped, found.waiting);
                    (state.outages, state.out_since) = (found.outages, found.out_since);
                }
            }
            let states = states.into_iter().map(|(_, state)| state).collect();
            drop(caller.send(Ok(Reply::LogStates(states))));
        });
    }

    /// A log's file tells when it was last written to, and no more.
    pub(super) fn log_offset(&self, name: &str, channel: &str, seconds: i64, now: Now, caller: Caller) {
        let known = [Channel::Stdout, Channel::Stderr].into_iter().find(|known| known.name() == channel);
        let Some(channel) = known else {
            return drop(caller.send(Err(Fault::with(FaultCode::BadArguments, channel))));
        };
        let Some((id, caller)) = self.meant(name, caller) else { return };
        let Some(path) = self.logfile(id, channel) else {
            return drop(caller.send(Err(Fault::new(FaultCode::NoFile))));
        };
        let moment = now.wall.saturating_sub(Duration::from_secs(u64::try_from(seconds).unwrap_or_default()));
        self.look(path.clone(), caller, move || offset_since(&path, moment));
    }
}

/// The beginning of the file, or its end if it was not written to since.
fn offset_since(path: &Path, moment: Duration) -> Result<Reply, Fault> {
    let meta = std::fs::metadata(path).map_err(|_| Fault::new(FaultCode::NoFile))?;
    if !meta.is_file() {
        return Err(Fault::new(FaultCode::Failed));
    }
    let modified = meta.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    let offset = if modified < moment { meta.len() } else { 0 };
    Ok(Reply::Int(i64::try_from(offset).unwrap_or(i64::MAX)))
}
