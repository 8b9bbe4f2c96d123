//! For tests: a plain program, groups made of such, and dice.

use crate::config::{AutoRestart, ChannelConfig, ChildLog, GroupConfig, GroupKind, LenUnit, ProcessConfig, ServerUrl};
use crate::model::Signal;
use std::sync::Arc;

/// A program with upstream's defaults.
pub(crate) fn program(name: &str) -> ProcessConfig {
    let channel = ChannelConfig {
        logfile: ChildLog::None,
        maxbytes: 0,
        backups: 0,
        capture_maxbytes: 0,
        events_enabled: false,
        syslog: false,
    };
    ProcessConfig {
        name: name.to_owned(),
        command: "/bin/cat".to_owned(),
        directory: None,
        umask: None,
        priority: 999,
        autostart: true,
        autorestart: AutoRestart::Unexpected,
        startsecs: 1,
        startretries: 3,
        stdout: channel.clone(),
        stderr: channel,
        stopsignal: Signal::TERM,
        stopwaitsecs: 10,
        stopasgroup: false,
        killasgroup: false,
        exitcodes: vec![0],
        redirect_stderr: false,
        user: None,
        environment: vec![],
        serverurl: ServerUrl::Auto,
        fcgi: None,
    }
}

/// A group of such programs.
pub(super) fn group(name: &str, priority: i64, processes: Vec<ProcessConfig>) -> GroupConfig {
    GroupConfig { name: name.to_owned(), priority, kind: GroupKind::Programs, processes: share(processes) }
}

/// A pool of listeners.
pub(super) fn pool(name: &str, buffer_size: usize, events: &[&str], processes: Vec<ProcessConfig>) -> GroupConfig {
    let events = events.iter().map(|name| (*name).to_owned()).collect();
    let kind = GroupKind::Listeners { buffer_size, events, len_unit: LenUnit::Characters };
    GroupConfig { name: name.to_owned(), priority: -1, kind, processes: share(processes) }
}

fn share(processes: Vec<ProcessConfig>) -> Vec<Arc<ProcessConfig>> {
    processes.into_iter().map(Arc::new).collect()
}

/// Small, fast and the same everywhere (splitmix64).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    /// Both ends included.
    pub(super) fn between(&mut self, least: i64, most: i64) -> i64 {
        least + i64::try_from(self.below(most.abs_diff(least) + 1)).unwrap_or(0)
    }

    pub(super) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub(super) fn pick<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        let at = self.below(from.len().max(1) as u64);
        from.get(usize::try_from(at).ok()?).cloned()
    }
}
