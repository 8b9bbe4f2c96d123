//! For tests: a plain program, and groups made of such.

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
