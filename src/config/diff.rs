//! What reread and update compare: an active group with the one just read
//! (A4.145, B1.11.5). Which group is active is the manager's knowledge.

use super::{ChannelConfig, ChildLog, FcgiAddress, GroupConfig, GroupKind, ProcessConfig};
use std::collections::BTreeMap;
use std::fmt;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// A setting of the group or pool.
    Group(&'static str),
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
        /// The key, as in the file.
        key: &'static str,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(key) => f.write_str(key),
            Self::Added(name) => write!(f, "process {name} added"),
            Self::Removed(name) => write!(f, "process {name} removed"),
            Self::Order => f.write_str("order of processes"),
            Self::Process { name, key } => write!(f, "{name}: {key}"),
        }
    }
}

/// Everything that differs; nothing if the groups are equal to upstream.
///
/// An AUTO log in `read` is equal to whatever is active, since an active one
/// has its file by then: otherwise every reread would report it (A7.23).
#[must_use]
pub fn changed(active: &GroupConfig, read: &GroupConfig) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let mut note = |differs: bool, key| {
        if differs {
            reasons.push(Reason::Group(key));
        }
    };
    note(active.name != read.name, "name");
    note(active.priority != read.priority, "priority");
    match (&active.kind, &read.kind) {
        (GroupKind::Programs, GroupKind::Programs) => {}
        (
            GroupKind::Listeners { buffer_size: was, events: heard, len_unit: counted },
            GroupKind::Listeners { buffer_size: is, events: hears, len_unit: counts },
        ) => {
            note(was != is, "buffer_size");
            note(!same_set(heard, hears), "events");
            note(counted != counts, "len_unit");
        }
        (GroupKind::Programs, GroupKind::Listeners { .. }) | (GroupKind::Listeners { .. }, GroupKind::Programs) => {
            note(true, "kind");
        }
    }
    members(&active.processes, &read.processes, &mut reasons);
    reasons
}

fn same_set(a: &[String], b: &[String]) -> bool {
    let sorted = |list: &[String]| {
        let mut list = list.to_vec();
        list.sort();
        list
    };
    sorted(a) == sorted(b)
}

fn members(active: &[ProcessConfig], read: &[ProcessConfig], reasons: &mut Vec<Reason>) {
    let by_name = |list| Iterator::map(<[ProcessConfig]>::iter(list), |p| (p.name.as_str(), p));
    let was: BTreeMap<_, _> = by_name(active).collect();
    let is: BTreeMap<_, _> = by_name(read).collect();
    let gone = active.iter().filter(|process| !is.contains_key(process.name.as_str()));
    reasons.extend(gone.map(|process| Reason::Removed(process.name.clone())));
    for process in read {
        match was.get(process.name.as_str()) {
            None => reasons.push(Reason::Added(process.name.clone())),
            Some(earlier) => {
                let of = |key| Reason::Process { name: process.name.clone(), key };
                reasons.extend(settings(earlier, process).into_iter().map(of));
            }
        }
    }
    let order = |list: &[ProcessConfig], other: &BTreeMap<&str, &ProcessConfig>| {
        let kept = list.iter().filter(|process| other.contains_key(process.name.as_str()));
        kept.map(|process| process.name.clone()).collect::<Vec<_>>()
    };
    if order(active, &is) != order(read, &was) {
        reasons.push(Reason::Order);
    }
}

/// The keys that differ between two processes of one name.
fn settings(was: &ProcessConfig, is: &ProcessConfig) -> Vec<&'static str> {
    let mut keys = Vec::new();
    let all = [
        ("command", was.command != is.command),
        ("directory", was.directory != is.directory),
        ("umask", was.umask != is.umask),
        ("priority", was.priority != is.priority),
        ("autostart", was.autostart != is.autostart),
        ("autorestart", was.autorestart != is.autorestart),
        ("startsecs", was.startsecs != is.startsecs),
        ("startretries", was.startretries != is.startretries),
        ("stopsignal", was.stopsignal != is.stopsignal),
        ("stopwaitsecs", was.stopwaitsecs != is.stopwaitsecs),
        ("stopasgroup", was.stopasgroup != is.stopasgroup),
        ("killasgroup", was.killasgroup != is.killasgroup),
        ("exitcodes", was.exitcodes != is.exitcodes),
        ("redirect_stderr", was.redirect_stderr != is.redirect_stderr),
        ("user", was.user != is.user),
        ("environment", was.environment != is.environment),
        ("serverurl", was.serverurl != is.serverurl),
        ("socket", url(was) != url(is)),
    ];
    keys.extend(all.into_iter().filter(|(_, differs)| *differs).map(|(key, _)| key));
    keys.extend(channel(&was.stdout, &is.stdout, &STDOUT));
    keys.extend(channel(&was.stderr, &is.stderr, &STDERR));
    keys
}

/// Owner, mode and backlog of a socket are not compared, as upstream's are not.
fn url(process: &ProcessConfig) -> Option<String> {
    process.fcgi.as_ref().map(|socket| match &socket.address {
        FcgiAddress::Tcp { host, port } => format!("tcp://{host}:{port}"),
        FcgiAddress::Unix { path, .. } => format!("unix://{}", path.display()),
    })
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

fn channel<'k>(
    was: &ChannelConfig,
    is: &ChannelConfig,
    keys: &'k [&'static str; 6],
) -> impl Iterator<Item = &'static str> + use<'k> {
    let differs = [
        is.logfile != ChildLog::Auto && was.logfile != is.logfile,
        was.maxbytes != is.maxbytes,
        was.backups != is.backups,
        was.capture_maxbytes != is.capture_maxbytes,
        was.events_enabled != is.events_enabled,
        was.syslog != is.syslog,
    ];
    keys.iter().zip(differs).filter(|(_, differs)| *differs).map(|(key, _)| *key)
}

#[cfg(test)]
mod tests {
    use super::changed;
    use crate::config::fake::Fake;
    use crate::config::{GroupConfig, Source, load_from};

    fn group(text: &str) -> GroupConfig {
        let world = Fake::new().file("/s.conf", &format!("[supervisord]\n{text}")).user("web", 33, 34);
        let source = Source { path: Some("/s.conf".into()), ..Source::default() };
        load_from(&source, &world).unwrap().groups.remove(0)
    }

    fn reasons(active: &str, read: &str) -> Vec<String> {
        changed(&group(active), &group(read)).iter().map(ToString::to_string).collect()
    }

    const PROGRAM: &str = "[program:a]\ncommand=x\n";

    /// A4.145, B1.11.5
    #[test]
    fn each_setting_of_a_process_is_compared() {
        for line in [
            "directory=/",
            "umask=022",
            "autostart=0",
            "autorestart=0",
            "startsecs=2",
            "startretries=2",
            "stopsignal=HUP",
            "stopwaitsecs=2",
            "killasgroup=1",
            "exitcodes=1",
            "redirect_stderr=1",
            "user=web",
            "environment=A=1",
            "serverurl=x",
            "stdout_logfile_maxbytes=1",
            "stdout_logfile_backups=1",
            "stdout_capture_maxbytes=1",
            "stdout_events_enabled=1",
            "stdout_syslog=1",
            "stderr_logfile_maxbytes=1",
            "stderr_logfile_backups=1",
            "stderr_capture_maxbytes=1",
            "stderr_events_enabled=1",
            "stderr_syslog=1",
        ] {
            let key = line.split_once('=').unwrap().0;
            let mut expected = vec![format!("a: {key}")];
            if key == "redirect_stderr" {
                expected.push("a: stderr_logfile".to_owned());
            }
            assert_eq!(reasons(PROGRAM, &format!("{PROGRAM}{line}")), expected);
        }
        assert_eq!(reasons(PROGRAM, "[program:a]\ncommand=y"), ["a: command"]);
        assert_eq!(reasons(PROGRAM, &format!("{PROGRAM}priority=1")), ["priority", "a: priority"]);
        assert_eq!(reasons(PROGRAM, PROGRAM), [""; 0]);
    }

    /// A4.145, A7.23
    #[test]
    fn an_auto_log_that_is_read_is_no_change() {
        let file = "[program:a]\ncommand=x\nstdout_logfile=/tmp/x\n";
        assert_eq!(reasons(file, PROGRAM), [""; 0]);
        assert_eq!(reasons(PROGRAM, file), ["a: stdout_logfile"]);
        assert_eq!(reasons(PROGRAM, "[program:a]\ncommand=x\nstderr_logfile=NONE"), ["a: stderr_logfile"]);
    }

    /// A4.145, A4.146
    #[test]
    fn members_pools_and_sockets_are_compared() {
        let many = |count: u8| format!("{PROGRAM}process_name=p%(process_num)d\nnumprocs={count}");
        assert_eq!(reasons(&many(2), &many(3)), ["process p2 added"]);
        assert_eq!(reasons(&many(2), &many(1)), ["process p1 removed"]);
        let two =
            |order: &str| format!("[group:g]\nprograms={order}\n[program:a]\ncommand=x\n[program:b]\ncommand=x\n");
        assert_eq!(reasons(&two("a,b"), &two("b,a")), ["order of processes"]);
        let pool = |text: &str| format!("[eventlistener:a]\ncommand=x\n{text}");
        assert_eq!(reasons(&pool("events=TICK,EVENT"), &pool("events=EVENT,TICK")), [""; 0]);
        let changed = reasons(&pool("events=TICK"), &pool("events=EVENT\nbuffer_size=1"));
        assert_eq!(changed, ["buffer_size", "events"]);
        assert_eq!(reasons(&pool("events=TICK"), &pool("events=TICK\nlen_unit=bytes")), ["len_unit"]);
        assert_eq!(reasons(PROGRAM, &pool("events=TICK")), ["priority", "kind"]);
        let socket = |text: &str| format!("[fcgi-program:a]\ncommand=x\n{text}");
        let here = "socket=unix:///s\n";
        assert_eq!(reasons(&socket(here), &socket(&format!("{here}socket_mode=0777"))), [""; 0]);
        assert_eq!(reasons(&socket(here), &socket("socket=unix:///t")), ["a: socket"]);
        let merged = format!("environment=G=1\n{PROGRAM}");
        assert_eq!(reasons(PROGRAM, &merged), ["a: environment"]);
    }
}
