//! What reread and update compare: an active group with the one just read
//! (A4.145, B1.11.5). Which group is active is the manager's knowledge.
//!
//! A new setting cannot be forgotten here: each structure is taken apart field
//! by field, and what upstream leaves out is left out by name.

use super::{
    AutoRestart, ChannelConfig, ChildLog, FcgiSocket, GroupConfig, GroupKind, LenUnit, ProcessConfig, ServerUrl,
};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// How a setting that is not there is shown.
const UNSET: &str = "unset";

/// One difference, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// A setting of the group or pool.
    Group(Setting),
    /// A process that is new.
    Added(String),
    /// A process that is no more.
    Removed(String),
    /// The same processes in another order.
    Order,
    /// A setting of one process.
    Process {
        /// Its name in the group.
        name: String,
        /// What differs.
        setting: Setting,
    },
}

/// A setting that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The key, as in the file.
    pub key: &'static str,
    /// What it was, about as in the file. Of `environment`, which may hold
    /// secrets, only the names of the variables that differ.
    pub was: String,
    /// What it is now.
    pub is: String,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(setting) => setting.fmt(f),
            Self::Added(name) => write!(f, "process {name} added"),
            Self::Removed(name) => write!(f, "process {name} removed"),
            Self::Order => f.write_str("order of processes"),
            Self::Process { name, setting } => write!(f, "{name}: {setting}"),
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} -> {}", self.key, self.was, self.is)
    }
}

/// Everything that differs; nothing if the groups are equal to upstream.
///
/// An AUTO log in `read` is equal to whatever is active, since an active one
/// has its file by then: otherwise every reread would report it (A7.23).
#[must_use]
pub fn changed(active: &GroupConfig, read: &GroupConfig) -> Vec<Reason> {
    let GroupConfig { name, priority, kind, processes } = active;
    let mut noted = Noted::default();
    noted.compare("name", name, &read.name);
    noted.compare("priority", priority, &read.priority);
    kinds(kind, &read.kind, &mut noted);
    let mut reasons: Vec<Reason> = noted.0.into_iter().map(Reason::Group).collect();
    members(processes, &read.processes, &mut reasons);
    reasons
}

/// The differences of one group or process.
#[derive(Default)]
struct Noted(Vec<Setting>);

impl Noted {
    fn note(&mut self, key: &'static str, differs: bool, was: impl FnOnce() -> String, is: impl FnOnce() -> String) {
        if differs {
            self.0.push(Setting { key, was: was(), is: is() });
        }
    }

    fn compare<T: PartialEq + Shown>(&mut self, key: &'static str, was: &T, is: &T) {
        self.note(key, was != is, || was.shown(), || is.shown());
    }
}

fn kinds(was: &GroupKind, is: &GroupKind, noted: &mut Noted) {
    match (was, is) {
        (GroupKind::Programs, GroupKind::Programs) => {}
        (
            GroupKind::Listeners { buffer_size, events, len_unit },
            GroupKind::Listeners { buffer_size: holds, events: hears, len_unit: counts },
        ) => {
            noted.compare("buffer_size", buffer_size, holds);
            let sorted = |list: &[String]| {
                let mut list = list.to_vec();
                list.sort();
                list.join(",")
            };
            noted.compare("events", &sorted(events), &sorted(hears));
            noted.compare("len_unit", len_unit, counts);
        }
        (GroupKind::Programs, GroupKind::Listeners { .. }) | (GroupKind::Listeners { .. }, GroupKind::Programs) => {
            noted.note("kind", true, || was.shown(), || is.shown());
        }
    }
}

fn members(active: &[Arc<ProcessConfig>], read: &[Arc<ProcessConfig>], reasons: &mut Vec<Reason>) {
    let by_name = |list| Iterator::map(<[Arc<ProcessConfig>]>::iter(list), |p| (p.name.as_str(), p));
    let was: BTreeMap<_, _> = by_name(active).collect();
    let is: BTreeMap<_, _> = by_name(read).collect();
    let gone = active.iter().filter(|process| !is.contains_key(process.name.as_str()));
    reasons.extend(gone.map(|process| Reason::Removed(process.name.clone())));
    for process in read {
        match was.get(process.name.as_str()) {
            None => reasons.push(Reason::Added(process.name.clone())),
            Some(earlier) => {
                let of = |setting| Reason::Process { name: process.name.clone(), setting };
                reasons.extend(settings(earlier, process).into_iter().map(of));
            }
        }
    }
    let order = |list: &[Arc<ProcessConfig>], other: &BTreeMap<&str, &Arc<ProcessConfig>>| {
        let kept = list.iter().filter(|process| other.contains_key(process.name.as_str()));
        kept.map(|process| process.name.clone()).collect::<Vec<_>>()
    };
    if order(active, &is) != order(read, &was) {
        reasons.push(Reason::Order);
    }
}

/// What differs between two processes of one name.
fn settings(was: &ProcessConfig, is: &ProcessConfig) -> Vec<Setting> {
    let ProcessConfig {
        name: _,
        command,
        directory,
        umask,
        priority,
        autostart,
        autorestart,
        startsecs,
        startretries,
        stdout,
        stderr,
        stopsignal,
        stopwaitsecs,
        stopasgroup,
        killasgroup,
        exitcodes,
        redirect_stderr,
        user,
        environment,
        serverurl,
        fcgi,
    } = was;
    let mut noted = Noted::default();
    noted.compare("command", command, &is.command);
    noted.compare("directory", directory, &is.directory);
    let octal = |mask: Option<u32>| mask.map_or_else(|| UNSET.to_owned(), |mask| format!("{mask:03o}"));
    noted.note("umask", *umask != is.umask, || octal(*umask), || octal(is.umask));
    noted.compare("priority", priority, &is.priority);
    noted.compare("autostart", autostart, &is.autostart);
    noted.compare("autorestart", autorestart, &is.autorestart);
    noted.compare("startsecs", startsecs, &is.startsecs);
    noted.compare("startretries", startretries, &is.startretries);
    noted.note("stopsignal", *stopsignal != is.stopsignal, || stopsignal.to_string(), || is.stopsignal.to_string());
    noted.compare("stopwaitsecs", stopwaitsecs, &is.stopwaitsecs);
    noted.compare("stopasgroup", stopasgroup, &is.stopasgroup);
    noted.compare("killasgroup", killasgroup, &is.killasgroup);
    let codes = |codes: &[i32]| codes.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    noted.note("exitcodes", *exitcodes != is.exitcodes, || codes(exitcodes), || codes(&is.exitcodes));
    noted.compare("redirect_stderr", redirect_stderr, &is.redirect_stderr);
    noted.compare("user", &user.map(|user| user.0.to_string()), &is.user.map(|user| user.0.to_string()));
    noted.note(
        "environment",
        *environment != is.environment,
        || names(environment, &is.environment),
        || names(&is.environment, environment),
    );
    noted.compare("serverurl", serverurl, &is.serverurl);
    noted.compare("socket", &fcgi.as_ref().map(url), &is.fcgi.as_ref().map(url));
    channel(stdout, &is.stdout, &STDOUT, &mut noted);
    channel(stderr, &is.stderr, &STDERR, &mut noted);
    noted.0
}

/// Names of the variables that the other one lacks or has with another value.
fn names(environment: &[(String, String)], other: &[(String, String)]) -> String {
    let own = environment.iter().filter(|variable| !other.contains(variable));
    let names: Vec<&str> = own.map(|(name, _)| name.as_str()).collect();
    if names.is_empty() { UNSET.to_owned() } else { names.join(",") }
}

/// Owner, mode and backlog of a socket are not compared, as upstream's are not.
fn url(socket: &FcgiSocket) -> String {
    let FcgiSocket { program: _, address, backlog: _ } = socket;
    address.url()
}

const STDOUT: [&str; 6] = [
    "stdout_logfile",
    "stdout_logfile_maxbytes",
    "stdout_logfile_backups",
    "stdout_capture_maxbytes",
    "stdout_events_enabled",
    "stdout_syslog",
];

const STDERR: [&str; 6] = [
    "stderr_logfile",
    "stderr_logfile_maxbytes",
    "stderr_logfile_backups",
    "stderr_capture_maxbytes",
    "stderr_events_enabled",
    "stderr_syslog",
];

fn channel(was: &ChannelConfig, is: &ChannelConfig, keys: &[&'static str; 6], noted: &mut Noted) {
    let ChannelConfig { logfile, maxbytes, backups, capture_maxbytes, events_enabled, syslog } = was;
    let [logfile_key, maxbytes_key, backups_key, capture_key, events_key, syslog_key] = *keys;
    if is.logfile != ChildLog::Auto {
        noted.compare(logfile_key, logfile, &is.logfile);
    }
    noted.compare(maxbytes_key, maxbytes, &is.maxbytes);
    noted.compare(backups_key, backups, &is.backups);
    noted.compare(capture_key, capture_maxbytes, &is.capture_maxbytes);
    noted.compare(events_key, events_enabled, &is.events_enabled);
    noted.compare(syslog_key, syslog, &is.syslog);
}

/// A value about as it stands in the file.
trait Shown {
    fn shown(&self) -> String;
}

impl Shown for String {
    fn shown(&self) -> String {
        if self.is_empty() { UNSET.to_owned() } else { self.clone() }
    }
}

impl Shown for Option<String> {
    fn shown(&self) -> String {
        self.clone().unwrap_or_default().shown()
    }
}

impl Shown for i64 {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Shown for usize {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Shown for bool {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl Shown for AutoRestart {
    fn shown(&self) -> String {
        match self {
            Self::Never => "false",
            Self::Unexpected => "unexpected",
            Self::Always => "true",
        }
        .to_owned()
    }
}

impl Shown for ServerUrl {
    fn shown(&self) -> String {
        match self {
            Self::Auto => "AUTO".to_owned(),
            Self::Unset => UNSET.to_owned(),
            Self::Url(url) => url.clone(),
        }
    }
}

impl Shown for ChildLog {
    fn shown(&self) -> String {
        match self {
            Self::None => "NONE".to_owned(),
            Self::Empty => UNSET.to_owned(),
            Self::Auto => "AUTO".to_owned(),
            Self::File(path) => path.display().to_string(),
        }
    }
}

impl Shown for LenUnit {
    fn shown(&self) -> String {
        match self {
            Self::Characters => "characters",
            Self::Bytes => "bytes",
        }
        .to_owned()
    }
}

impl Shown for GroupKind {
    fn shown(&self) -> String {
        match self {
            Self::Programs => "programs",
            Self::Listeners { .. } => "listeners",
        }
        .to_owned()
    }
}

#[cfg(test)]
mod tests;
