//! Hears what is told about outages, and takes it at its word.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What was told of each log.
#[derive(Default)]
pub(super) struct Told(BTreeMap<PathBuf, Log>);

/// Of one.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// It cannot be written, or the last word about that is not said.
    pub(super) is_out: bool,
    /// It cannot be moved.
    pub(super) is_stuck: bool,
    /// Bytes that were dropped.
    pub(super) dropped: u64,
    /// Outages that began.
    pub(super) outages: u64,
}

/// Why an outage is said to have begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// A call failed.
    Failed,
    /// A call is out.
    Hangs,
    /// Calls of others are.
    OthersHang,
    /// Its reader is slow.
    Slow,
    /// There is too much.
    Flooded,
}

impl Told {
    /// What was told of the log at `path`.
    pub(super) fn of(&mut self, path: &Path) -> &mut Log {
        self.0.entry(path.to_owned()).or_default()
    }

    /// Hears a line about the log at `path`, in whose outages so many bytes were
    /// `kept`. Gives the cause if something begins.
    pub(super) fn hear(&mut self, path: &Path, line: &str, kept: &[Option<u64>]) -> Result<Option<Cause>, String> {
        let log = self.of(path);
        let name = path.display().to_string();
        let (before, after) = line.split_once(&name).unwrap_or_default();
        let cause = match after {
            _ if before == "could not write " || before == "could not rotate or reopen " => Cause::Failed,
            _ if after.starts_with(" takes nothing: a call has not") => Cause::Hangs,
            _ if after.starts_with(" takes nothing: calls to its disk") => Cause::OthersHang,
            _ if after.starts_with(" takes nothing: its reader") => Cause::Slow,
            _ if after.starts_with(" takes nothing: more comes") => Cause::Flooded,
            _ => return log.end(after, kept).map(|()| None).map_err(|what| format!("{what}: {line}")),
        };
        let moves = before.starts_with("could not rotate");
        if log.is_stuck || log.is_out && !moves {
            return Err(format!("a trouble in a trouble: {line}"));
        }
        if moves {
            log.is_stuck = true;
        } else {
            log.is_out = true;
            log.outages += 1;
        }
        Ok(Some(cause))
    }
}

impl Log {
    /// Something is over, or the log is given up.
    fn end(&mut self, line: &str, kept: &[Option<u64>]) -> Result<(), String> {
        let expected = if line.starts_with(" can be moved and opened again after ") {
            std::mem::take(&mut self.is_stuck)
        } else if line.starts_with(" is given up: ") {
            !self.is_out
        } else {
            let begins = [" is written again after ", " could not be written for "];
            std::mem::take(&mut self.is_out) && begins.iter().any(|begin| line.starts_with(begin))
        };
        if !expected {
            return Err("nobody expects".to_owned());
        }
        let last = usize::try_from(self.outages).ok().and_then(|number| number.checked_sub(1));
        if let Some(Some(kept)) = last.and_then(|last| kept.get(last))
            && line.contains(" bytes were kept, ")
            && !line.contains(&format!(": {kept} bytes were kept, "))
        {
            return Err(format!("{kept} bytes were kept"));
        }
        let (line, _) = line.split_once(", but ").unwrap_or((line, ""));
        let words: Vec<&str> = line.split(' ').collect();
        if let [.., number, "bytes", "were", "dropped"] = words[..] {
            self.dropped += number.parse::<u64>().map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}
