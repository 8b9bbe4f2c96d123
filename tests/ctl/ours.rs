//! What only our client has, against the same server: upstream's lines stay as
//! they are beside it.

use super::UP;
use super::fake::{Fake, Reply, all_processes, fault, text};

#[test]
fn json_is_one_document_whatever_happens() {
    let fake = Fake::new(&[UP, ("getAllProcessInfo", all_processes(&[("g", "p"), ("q", "q")]))]);
    let (code, said, complained) = fake.run(&["status", "--json", "q", "nobody", "x:*"]);
    assert_eq!((code, complained.as_str(), said.lines().count()), (4, "", 1));
    assert!(
        said.starts_with(r#"{"format": 1, "command": "status", "exit": 4, "processes": [{"name": "q", "#),
        "{said}"
    );
    let errors = r#""errors": [{"name": "nobody", "message": "no such process", "hint": null}, {"name": "x", "message": "no such group", "hint": null}]}"#;
    assert!(said.trim_end().ends_with(errors), "{said}");

    let missing = Fake::missing();
    let (code, said, complained) = missing.run(&["status", "--json"]);
    assert_eq!((code, complained.as_str()), (4, ""));
    assert!(said.contains(r#""processes": [], "errors": [{"name": null, "message": "unix://"#), "{said}");
    assert!(said.contains(r#" no such file", "hint": "there is no socket "#), "{said}");

    let fake = Fake::new(&[UP, ("startProcess:a", Reply::True), ("startProcess", fault(50, "SPAWN_ERROR: b"))]);
    let (code, said, _) = fake.run(&["start", "a", "b", "--json"]);
    let entry = |name: &str, rest: &str| {
        format!(r#"{{"name": "{name}", "group": "{name}", "process": "{name}", "action": "start", {rest}}}"#)
    };
    let (a, b) = (
        entry("a", r#""ok": true, "changed": true, "fault": null, "message": "started""#),
        entry("b", r#""ok": false, "changed": false, "fault": "SPAWN_ERROR", "message": "spawn error""#),
    );
    let expected = format!(r#"{{"format": 1, "command": "start", "exit": 7, "results": [{a}, {b}], "errors": []}}"#);
    assert_eq!((code, said), (7, expected + "\n"));
    let (code, said, _) = fake.run(&["start", "--json"]);
    assert_eq!(code, 2);
    assert!(said.contains(r#""message": "Error: start requires a process name", "hint": "start <name>..."#), "{said}");
}

#[test]
fn patterns_stand_for_names_that_are_there() {
    let fake = Fake::new(&[
        UP,
        ("getAllProcessInfo", all_processes(&[("web", "web_0"), ("web", "web_1"), ("q", "q")])),
        ("stopProcess", Reply::True),
    ]);
    let said = "web:web_0: stopped\nweb:web_1: stopped\nq: stopped\n".to_owned();
    assert_eq!(fake.run(&["stop", "w*", "q"]), (0, said, String::new()));
    fake.calls();
    fake.run(&["stop", "q"]);
    assert_eq!(fake.calls(), ["getVersion", "stopProcess:q"], "nobody is asked for names without a pattern");
}

#[test]
fn wait_tells_of_each_goal_and_of_those_that_never_come() {
    let fake = Fake::new(&[UP, ("getAllProcessInfo", all_processes(&[("a", "a"), ("g", "p")]))]);
    let said = "nobody: ERROR (no such process)\na: running\n".to_owned();
    assert_eq!(fake.run(&["wait", "a", "nobody"]), (1, said, String::new()));
    assert_eq!(fake.run(&["wait", "g:*"]), (0, "g:p: running\n".to_owned(), String::new()));
    let late = "g:p: ERROR (still RUNNING)\n".to_owned();
    assert_eq!(fake.run(&["wait", "--for=stopped", "--timeout=0", "g:p"]), (124, late, String::new()));
    assert_eq!(fake.run(&["wait"]).0, 1);
}

/// B3.4.2: upstream names its own source there.
#[test]
fn an_error_names_the_line_that_said_whom_to_ask() {
    let fake = Fake::new(&[("getVersion", Reply::Status("401 Unauthorized"))]);
    let text = format!("[supervisorctl]\nserverurl={}\nusername=me\npassword=bad\n", fake.url());
    let file = fake.write("places.conf", &text);
    let place = |args: &[&str]| {
        let (_, said, _) = fake.run_bare(&[&["-c", &file], args].concat());
        said.trim_end().rsplit_once(": file: ").unwrap().1.to_owned()
    };
    assert_eq!(place(&["version"]), format!("{file} line: 4"));
    assert_eq!(place(&["-p", "worse", "version"]), "<command-line> line: 1");
    assert_eq!(place(&["-s", "http://localhost:x", "avail"]), "<command-line> line: 1");
    assert_eq!(place(&["open", "http://localhost:x"]), "<open> line: 1");
    let fake = Fake::new(&[("getVersion", Reply::Hangup)]);
    let text = format!("; first\n[supervisorctl]\nserverurl={}\npassword=x\n", fake.url());
    let file = fake.write("places.conf", &text);
    let (_, said, _) = fake.run_bare(&["-c", &file, "version"]);
    assert!(said.ends_with(&format!(": file: {file} line: 3\n")), "{said}");
}

#[test]
fn logs_of_nobody_are_not_followed() {
    let fake = Fake::new(&[
        UP,
        ("getAllProcessInfo", all_processes(&[("a", "a")])),
        ("/logtail/a/stdout?lines=10", Reply::Stream(&[b"x\n"])),
        ("/logtail/a/stderr?lines=10", Reply::Status("404 Not Found")),
    ]);
    let nobody = "nobody: ERROR (no such process)\n";
    assert_eq!(fake.run_on_terminal(&["logs", "-f", "nobody"]), (1, nobody.to_owned()));
    let one = format!("{nobody}==> Press Ctrl-C to exit <==\na | x\n");
    assert_eq!(fake.run_on_terminal(&["logs", "-f", "nobody", "a"]), (1, one));
}

#[test]
fn how_to_leave_is_not_told_where_there_is_nothing_to_follow() {
    let refused = || Reply::Status("404 Not Found");
    let fake = Fake::new(&[
        UP,
        ("getAllProcessInfo", all_processes(&[("a", "a")])),
        ("/logtail/a/stdout?lines=10", refused()),
        ("/logtail/a/stderr?lines=10", refused()),
    ]);
    let none = "a: ERROR (no log file)\n".to_owned();
    assert_eq!(fake.run_on_terminal(&["logs", "-f", "a"]), (1, none));
}

#[test]
fn logs_of_several_say_whose_lines_they_are() {
    let fake = Fake::new(&[
        UP,
        ("getAllProcessInfo", all_processes(&[("a", "a"), ("g", "p")])),
        ("readProcessStdoutLog:a", text("one\ntwo\n")),
        ("readProcessStderrLog:a", fault(20, "NO_FILE")),
        ("readProcessStdoutLog", text("three\n")),
        ("readProcessStderrLog", text("bad\n")),
        ("/logtail/a/stdout?lines=2", Reply::Stream(&[b"li", b"ne\nre", b"st"])),
        ("/logtail/a/stderr?lines=2", Reply::Status("404 Not Found")),
    ]);
    assert_eq!(fake.run(&["logs", "-n", "1", "a"]), (0, "two\n".to_owned(), String::new()));
    let both = "a   | one\na   | two\ng:p | three\ng:p ! bad\n".to_owned();
    assert_eq!(fake.run(&["logs", "all"]), (0, both, String::new()));
    assert_eq!(fake.run(&["logs", "-f", "-n", "2", "a"]), (0, "line\nrest\n".to_owned(), String::new()));
    assert_eq!(fake.run(&["logs", "nobody"]), (1, "nobody: ERROR (no such process)\n".to_owned(), String::new()));
}

#[test]
fn a_daemon_that_cannot_be_reached_is_told_with_what_to_do() {
    assert!(Fake::missing().hint(&["status"]).unwrap().contains("there is no socket"));
    assert!(Fake::missing().hint(&["reread"]).unwrap().contains("there is no socket"));
    assert!(Fake::dead().hint(&["shutdown"]).unwrap().contains("nobody listens at"));
    let refused = Fake::new(&[("getVersion", Reply::Status("401 Unauthorized"))]);
    assert!(refused.hint(&["status"]).unwrap().contains("a user name and a password"));
    assert_eq!(Fake::refusing(6, "SHUTDOWN_STATE").hint(&["status"]), None);
}

#[test]
fn colours_are_only_where_they_are_wanted() {
    let fake = Fake::new(&[UP, ("getAllProcessInfo", all_processes(&[("a", "a")]))]);
    let plain = format!("a{}RUNNING   pid 1, uptime 0:00:01\n", " ".repeat(32));
    assert_eq!(fake.run(&["status"]).1, plain);
    assert_eq!(fake.run(&["--color=never", "status"]).1, plain);
    let coloured = fake.run(&["--color=always", "status"]).1;
    assert_eq!(coloured, plain.replace("RUNNING", "\x1b[32mRUNNING\x1b[0m"));
}
