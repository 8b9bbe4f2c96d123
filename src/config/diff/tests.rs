//! Two texts of a configuration, and how they differ.

use super::changed;
use crate::config::fake::Fake;
use crate::config::keys::section;
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

/// Each line beside what it changes.
const LINES: &[(&str, &str)] = &[
    ("command=y", "command: x -> y"),
    ("directory=/", "directory: unset -> /"),
    ("umask=022", "umask: unset -> 022"),
    ("autostart=0", "autostart: true -> false"),
    ("autorestart=0", "autorestart: unexpected -> false"),
    ("startsecs=2", "startsecs: 1 -> 2"),
    ("startretries=2", "startretries: 3 -> 2"),
    ("stopsignal=HUP", "stopsignal: SIGTERM -> SIGHUP"),
    ("stopwaitsecs=2", "stopwaitsecs: 10 -> 2"),
    ("killasgroup=1", "killasgroup: false -> true"),
    ("exitcodes=1,2", "exitcodes: 0 -> 1,2"),
    ("user=web", "user: unset -> 33"),
    ("serverurl=x", "serverurl: AUTO -> x"),
    ("stdout_logfile=/x", "stdout_logfile: AUTO -> /x"),
    ("stdout_logfile_maxbytes=1", "stdout_logfile_maxbytes: 52428800 -> 1"),
    ("stdout_logfile_backups=1", "stdout_logfile_backups: 10 -> 1"),
    ("stdout_capture_maxbytes=1", "stdout_capture_maxbytes: 0 -> 1"),
    ("stdout_events_enabled=1", "stdout_events_enabled: false -> true"),
    ("stdout_syslog=1", "stdout_syslog: false -> true"),
    ("stderr_logfile=NONE", "stderr_logfile: AUTO -> NONE"),
    ("stderr_logfile_maxbytes=1", "stderr_logfile_maxbytes: 52428800 -> 1"),
    ("stderr_logfile_backups=1", "stderr_logfile_backups: 10 -> 1"),
    ("stderr_capture_maxbytes=1", "stderr_capture_maxbytes: 0 -> 1"),
    ("stderr_events_enabled=1", "stderr_events_enabled: false -> true"),
    ("stderr_syslog=1", "stderr_syslog: false -> true"),
];

/// A4.145, B1.11.5
#[test]
fn each_setting_of_a_process_is_told_as_it_was_and_as_it_is() {
    for (line, reason) in LINES {
        let read = match line.strip_prefix("command=") {
            Some(command) => format!("[program:a]\ncommand={command}"),
            None => format!("{PROGRAM}{line}"),
        };
        assert_eq!(reasons(PROGRAM, &read), [format!("a: {reason}")]);
    }
    let with = |line: &str| reasons(PROGRAM, &format!("{PROGRAM}{line}"));
    assert_eq!(with("priority=1"), ["priority: 999 -> 1", "a: priority: 999 -> 1"]);
    assert_eq!(with("stopasgroup=1"), ["a: stopasgroup: false -> true", "a: killasgroup: false -> true"]);
    let merged = ["a: redirect_stderr: false -> true", "a: stderr_logfile: AUTO -> NONE"];
    assert_eq!(with("redirect_stderr=1"), merged);
    assert_eq!(reasons(PROGRAM, PROGRAM), [""; 0]);
}

/// A4.145: no key of the table is forgotten
#[test]
fn every_key_is_compared_or_named_here() {
    let elsewhere = [
        // The three that say which processes there are.
        "process_name",
        "numprocs",
        "numprocs_start",
        // In tests of their own.
        "priority",
        "stopasgroup",
        "redirect_stderr",
        "environment",
        "buffer_size",
        "events",
        "len_unit",
        "programs",
        "socket",
        // Upstream does not compare these three.
        "socket_backlog",
        "socket_mode",
        "socket_owner",
        // There is only one.
        "result_handler",
    ];
    let tested = |name: &str| {
        let lines = LINES.iter().filter_map(|(line, _)| line.split_once('='));
        elsewhere.contains(&name) || lines.into_iter().any(|(key, _)| key == name)
    };
    let kinds = ["program:x", "fcgi-program:x", "eventlistener:x", "group:x"];
    let keys = kinds.into_iter().flat_map(|kind| section(kind).unwrap().keys.iter().copied().flatten());
    let forgotten: Vec<&str> = keys.map(|key| key.name).filter(|name| !tested(name)).collect();
    assert_eq!(forgotten, [""; 0]);
}

/// A4.146: of secrets only the names
#[test]
fn of_an_environment_the_names_are_told() {
    let with = |own: &str| format!("{PROGRAM}environment={own}\n");
    assert_eq!(reasons(&with("A=1,B=1,C=1"), &with("A=1,B=2,D=1")), ["a: environment: B,C -> B,D"]);
    assert_eq!(reasons(PROGRAM, &with("A=1")), ["a: environment: unset -> A"]);
    assert_eq!(reasons(PROGRAM, &format!("environment=G=1\n{PROGRAM}")), ["a: environment: unset -> G"]);
}

/// A4.145, A7.23
#[test]
fn an_auto_log_that_is_read_is_no_change() {
    let file = "[program:a]\ncommand=x\nstdout_logfile=/tmp/x\n";
    assert_eq!(reasons(file, PROGRAM), [""; 0]);
    assert_eq!(reasons(PROGRAM, file), ["a: stdout_logfile: AUTO -> /tmp/x"]);
}

/// A4.145
#[test]
fn members_pools_and_sockets_are_compared() {
    let many = |count: u8| format!("{PROGRAM}process_name=p%(process_num)d\nnumprocs={count}");
    assert_eq!(reasons(&many(2), &many(3)), ["process p2 added"]);
    assert_eq!(reasons(&many(2), &many(1)), ["process p1 removed"]);
    let two = |order: &str, rest: &str| {
        format!("[group:g]\nprograms={order}\n{rest}\n[program:a]\ncommand=x\n[program:b]\ncommand=x\n")
    };
    assert_eq!(reasons(&two("a,b", ""), &two("b,a", "")), ["order of processes"]);
    assert_eq!(reasons(&two("a,b", ""), &two("a,b", "priority=5")), ["priority: 999 -> 5"]);
    let one = "[group:g]\nprograms=a\n[program:a]\ncommand=x\n";
    assert_eq!(reasons(&two("a,b", ""), one), ["process b removed"]);
    let pool = |text: &str| format!("[eventlistener:a]\ncommand=x\n{text}");
    assert_eq!(reasons(&pool("events=TICK,EVENT"), &pool("events=EVENT,TICK")), [""; 0]);
    let changed = reasons(&pool("events=TICK"), &pool("events=EVENT,PROCESS_LOG\nbuffer_size=1"));
    assert_eq!(changed, ["buffer_size: 10 -> 1", "events: TICK -> EVENT,PROCESS_LOG"]);
    let unit = reasons(&pool("events=TICK"), &pool("events=TICK\nlen_unit=bytes"));
    assert_eq!(unit, ["len_unit: characters -> bytes"]);
    assert_eq!(reasons(PROGRAM, &pool("events=TICK")), ["priority: 999 -> -1", "kind: programs -> listeners"]);
    let socket = |text: &str| format!("[fcgi-program:a]\ncommand=x\n{text}");
    let here = "socket=unix:///s\n";
    for unseen in ["socket_mode=0777", "socket_backlog=7", "socket_owner=web"] {
        assert_eq!(reasons(&socket(here), &socket(&format!("{here}{unseen}"))), [""; 0]);
    }
    assert_eq!(reasons(&socket(here), &socket("socket=unix:///t")), ["a: socket: unix:///s -> unix:///t"]);
    assert_eq!(reasons(&socket(here), &socket("socket=tcp://h:1")), ["a: socket: unix:///s -> tcp://h:1"]);
    assert_eq!(reasons(PROGRAM, &socket(here)), ["a: socket: unset -> unix:///s"]);
}
