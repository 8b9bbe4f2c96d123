//! supervisorctl against a server that answers from a script: what it says and
//! how it exits when things go wrong, and which calls it makes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail where it stands")]

#[path = "ctl/fake.rs"]
mod fake;
#[path = "ctl/ours.rs"]
mod ours;

use fake::{Fake, Reply, all_processes, fault, results, text};

const UP: (&str, Reply) = ("getVersion", Reply::Text("3.0"));

fn generic(line: &str, start: &str) {
    assert!(line.starts_with(&format!("error: {start}: file: ")), "{line}");
}

/// B3.5, B3.5.2, B3.5.3
#[test]
fn a_socket_nobody_listens_at_has_refused() {
    let fake = Fake::dead();
    let url = fake.url();
    let refused = format!("{url} refused connection\n");
    assert_eq!(fake.run(&["start", "x"]), (4, refused.clone(), String::new()));
    assert_eq!(fake.run(&["status"]), (4, refused, String::new()));
    let (code, said, _) = fake.run(&["reread"]);
    assert_eq!(code, 1);
    generic(&said, "<class 'ConnectionRefusedError'>, [Errno 111] Connection refused");
    let (code, said, _) = fake.run(&["shutdown"]);
    assert_eq!((code, said), (1, format!("ERROR: {url} refused connection (already shut down?)\n")));
}

/// B3.5, B3.5.2, B3.5.3, B3.7.101
#[test]
fn a_missing_socket_is_no_such_file() {
    let fake = Fake::missing();
    let url = fake.url();
    let missing = format!("{url} no such file\n");
    for command in [&["start", "x"][..], &["pid"], &["tail", "-f", "x"], &["fg", "x"], &["version"]] {
        assert_eq!(fake.run(command), (7, missing.clone(), String::new()), "{command:?}");
    }
    assert_eq!(fake.run(&["status"]), (4, missing, String::new()));
    let (code, said, _) = fake.run(&["avail"]);
    assert_eq!(code, 1);
    generic(&said, "<class 'FileNotFoundError'>, [Errno 2] No such file or directory");
    let (code, said, _) = fake.run(&["shutdown"]);
    assert_eq!((code, said), (1, format!("ERROR: {url} no such file (already shut down?)\n")));
    assert_eq!(fake.run(&["help", "quit"]).0, 0);
}

/// B3.5
#[test]
fn another_version_of_the_api_is_refused() {
    let fake = Fake::new(&[("getVersion", text("2.9"))]);
    let sorry = "Sorry, this version of supervisorctl expects to talk to a server with API version 3.0, \
                 but the remote version is 2.9.\n";
    assert_eq!(fake.run(&["start", "x"]), (5, sorry.to_owned(), String::new()));
    assert_eq!(fake.run(&["status"]), (4, sorry.to_owned(), String::new()));
    assert_eq!(fake.calls(), ["getVersion", "getVersion"]);
}

/// B3.5
#[test]
fn a_server_without_the_namespace_is_told_so() {
    let fake = Fake::new(&[("getVersion", fault(1, "UNKNOWN_METHOD")), ("restart", fault(1, "UNKNOWN_METHOD"))]);
    let sorry = "Sorry, supervisord responded but did not recognize the supervisor namespace commands that \
                 supervisorctl uses to control it.  Please check that the [rpcinterface:supervisor] section is \
                 enabled in the configuration file (see sample.conf).\n";
    assert_eq!(fake.run(&["version"]), (3, sorry.to_owned(), String::new()));
    assert_eq!(fake.run(&["status"]), (4, sorry.to_owned(), String::new()));
    let (code, said, _) = fake.run(&["reload"]);
    assert_eq!(code, 1);
    generic(&said, "<class 'xmlrpc.client.Fault'>, <Fault 1: 'UNKNOWN_METHOD'>");
}

/// B3.4.4: upstream makes the call twice.
#[test]
fn a_login_that_cannot_be_asked_for_is_an_error_after_one_call() {
    let fake = Fake::new(&[("getVersion", Reply::Status("401 Unauthorized"))]);
    let (code, said, _) = fake.run(&["status"]);
    let (first, second) = said.split_once('\n').unwrap();
    assert_eq!((code, first), (1, "Server requires authentication"));
    generic(second, "<class 'xmlrpc.client.ProtocolError'>, <ProtocolError for 127.0.0.1/RPC2: 401 Unauthorized>");
    assert_eq!(fake.calls(), ["getVersion"]);
}

/// B3.4.2
#[test]
fn other_statuses_and_broken_answers_are_generic_errors() {
    let fake = Fake::new(&[("getVersion", Reply::Status("500 Internal Server Error"))]);
    let (code, said, _) = fake.run(&["version"]);
    assert_eq!(code, 1);
    generic(
        &said,
        "<class 'xmlrpc.client.ProtocolError'>, <ProtocolError for 127.0.0.1/RPC2: 500 Internal Server Error>",
    );
    let fake = Fake::new(&[("getVersion", Reply::Hangup)]);
    let (code, said, _) = fake.run(&["version"]);
    assert_eq!(code, 1);
    generic(&said, "<class 'http.client.RemoteDisconnected'>, Remote end closed connection without response");
}

/// B3.9.1, B3.9.2, B3.7.80, B3.7.84, B3.7.90, B3.7.100, B3.7.101
#[test]
fn each_command_has_its_words_for_a_daemon_that_shuts_down() {
    let fake = Fake::refusing(6, "SHUTDOWN_STATE");
    for (command, code, said) in [
        (&["reread"][..], 1, "ERROR: supervisor shutting down\n"),
        (&["avail"], 1, "ERROR: supervisor shutting down\n"),
        (&["update"], 1, "ERROR: already shutting down\n"),
        (&["reload"], 1, "ERROR: already shutting down\n"),
        (&["add", "a"], 1, "ERROR: shutting down\n"),
        (&["shutdown"], 0, "ERROR: already shutting down\n"),
    ] {
        assert_eq!(fake.run(command), (code, said.to_owned(), String::new()), "{command:?}");
    }
    for command in [&["status"][..], &["start", "x"], &["remove", "x"]] {
        let (code, said, _) = fake.run(command);
        assert_eq!(code, 1, "{command:?}");
        generic(&said, "<class 'xmlrpc.client.Fault'>, <Fault 6: 'SHUTDOWN_STATE'>");
    }
}

/// B3.7.20, B3.8: the last exit code set stands.
#[test]
fn start_names_each_fault_and_the_last_one_decides() {
    let start = |code, name| Fake::new(&[UP, ("startProcess", fault(code, name))]).run(&["start", "g:p"]);
    for (code, name, reason, exit) in [
        (10, "BAD_NAME: g:p", "no such process", 1),
        (20, "NO_FILE: x", "no such file", 1),
        (21, "NOT_EXECUTABLE", "file is not executable", 1),
        (40, "ABNORMAL_TERMINATION: p", "abnormal termination", 7),
        (50, "SPAWN_ERROR: p", "spawn error", 7),
        (60, "ALREADY_STARTED: p", "already started", 0),
    ] {
        assert_eq!(start(code, name), (exit, format!("g:p: ERROR ({reason})\n"), String::new()));
    }
    let (code, said, _) = start(30, "FAILED");
    assert_eq!(code, 1);
    generic(&said, "<class 'ValueError'>, Unknown result code 30 for g:p");

    let entries = results(&[("a", "a", 50), ("g", "b", 80), ("g", "c", 20), ("g", "d", 60)]);
    let fake = Fake::new(&[UP, ("startAllProcesses", entries)]);
    let said = "a: ERROR (spawn error)\ng:b: started\ng:c: ERROR (no such file)\ng:d: ERROR (already started)\n";
    assert_eq!(fake.run(&["start", "x", "all"]), (1, said.to_owned(), String::new()));
    assert_eq!(fake.calls(), ["getVersion", "startAllProcesses"]);
}

/// B3.7.30, B3.7.40
#[test]
fn a_group_that_is_not_there_is_2_to_start_and_1_to_stop() {
    let bad = || fault(10, "BAD_NAME: g");
    let fake =
        Fake::new(&[UP, ("startProcessGroup", bad()), ("stopProcessGroup", bad()), ("signalProcessGroup", bad())]);
    let line = "g: ERROR (no such group)\n".to_owned();
    assert_eq!(fake.run(&["start", "g:*"]), (2, line.clone(), String::new()));
    assert_eq!(fake.run(&["stop", "g:"]), (1, line.clone(), String::new()));
    assert_eq!(fake.run(&["signal", "HUP", "g:*"]), (1, line.clone(), String::new()));
    assert_eq!(fake.run(&["restart", "g:*"]), (2, format!("{line}{line}"), String::new()));
    assert_eq!(fake.run(&["start"]).0, 2);
    assert_eq!(fake.run(&["restart"]).0, 1);
}

/// B3.7.30
#[test]
fn stop_and_signal_pass_on_what_the_daemon_says_of_a_failure() {
    let failed = || fault(30, "FAILED: p is odd");
    let fake = Fake::new(&[UP, ("stopProcess", failed()), ("signalProcess", failed())]);
    assert_eq!(fake.run(&["stop", "p"]), (1, "FAILED: p is odd\n".to_owned(), String::new()));
    assert_eq!(fake.run(&["signal", "HUP", "p"]), (1, "FAILED: p is odd\n".to_owned(), String::new()));
    let not_running = || fault(70, "NOT_RUNNING: p");
    let fake = Fake::new(&[UP, ("stopProcess", not_running()), ("signalProcess", not_running())]);
    assert_eq!(fake.run(&["stop", "p"]).0, 0);
    assert_eq!(fake.run(&["signal", "HUP", "p"]).0, 7);
}

/// B3.7.81, B3.7.83
#[test]
fn update_removes_then_changes_then_adds() {
    let fake = Fake::new(&[
        ("reloadConfig", Reply::Reread([&["new"], &["changed"], &["odd", "gone"]])),
        ("getAllProcessInfo", all_processes(&[("changed", "p"), ("gone", "q")])),
        ("stopProcessGroup:odd", results(&[("odd", "p", 30)])),
        ("stopProcessGroup", results(&[])),
        ("removeProcessGroup", Reply::True),
        ("addProcessGroup", Reply::True),
    ]);
    let said = "odd: stopped\nodd: has problems; not removing\ngone: stopped\ngone: removed process group\n\
                changed: stopped\nchanged: updated process group\nnew: added process group\n";
    assert_eq!(fake.run(&["update"]), (1, said.to_owned(), String::new()));
    let expected = [
        "reloadConfig",
        "stopProcessGroup:odd",
        "stopProcessGroup:gone",
        "removeProcessGroup:gone",
        "stopProcessGroup:changed",
        "removeProcessGroup:changed",
        "addProcessGroup:changed",
        "addProcessGroup:new",
    ];
    assert_eq!(fake.calls(), expected);
    let said = "ERROR: no such group: nobody\nnew: added process group\n";
    assert_eq!(fake.run(&["update", "nobody", "new", "nobody"]), (1, said.to_owned(), String::new()));
}

/// B3.7.70: upstream asks for a process called None.
#[test]
fn clear_of_a_group_clears_each_member() {
    let fake = Fake::new(&[
        UP,
        ("getAllProcessInfo", all_processes(&[("a", "a"), ("g", "p"), ("g", "q")])),
        ("clearProcessLogs:g:q", fault(30, "FAILED")),
        ("clearProcessLogs", Reply::True),
    ]);
    assert_eq!(fake.run(&["clear", "g:*"]), (1, "g:p: cleared\ng:q: ERROR (failed)\n".to_owned(), String::new()));
    assert_eq!(fake.run(&["clear", "x:*"]), (1, "x: ERROR (no such group)\n".to_owned(), String::new()));
}

/// B3.7.64: upstream exits with 0.
#[test]
fn a_stream_that_is_refused_is_a_failure() {
    let fake = Fake::new(&[UP, ("/logtail/nobody/stderr", Reply::Status("404 Not Found"))]);
    let (code, said, complained) = fake.run(&["tail", "-f", "nobody", "stderr"]);
    assert_eq!((code, said.as_str()), (1, "==> Press Ctrl-C to exit <==\n"));
    assert_eq!(complained, format!("{}/logtail/nobody/stderr Cannot read, status code 404\n", fake.url()));
}

/// B3.7.65, B3.7.64: upstream shows such bytes as a Python literal.
#[test]
fn a_stream_is_passed_on_byte_by_byte() {
    let fake = Fake::new(&[UP, ("/mainlogtail", Reply::Stream(&[b"ok\xff\xfebad\n", b"half \xe2\x82"]))]);
    let (code, said) = fake.run_raw(&["maintail", "-f"]);
    assert_eq!(code, 0);
    assert_eq!(said, b"==> Press Ctrl-C to exit <==\nok\xff\xfebad\nhalf \xe2\x82");
}

/// B3.3.1, B3.3.3
#[test]
fn a_login_is_sent_whole_and_only_when_both_halves_are_known() {
    let fake = Fake::new(&[UP, ("getSupervisorVersion", text("4.3.0"))]);
    let name = "n".repeat(60);
    assert_eq!(fake.run(&["-u", &name, "-p", "secret", "version"]).1, "4.3.0\n");
    let headers = fake.headers("authorization");
    assert_eq!(headers.len(), 2);
    assert!(headers.iter().all(|value| value.starts_with("Basic bm5u") && value.len() == 6 + 92), "{headers:?}");
    assert_eq!(fake.connections(), 1, "a command keeps its connection");
    let fake = Fake::new(&[UP, ("getSupervisorVersion", text("4.3.0"))]);
    fake.run(&["-p", "secret", "version"]);
    assert!(fake.headers("authorization").is_empty());
}

/// B3.1.4, B3.2.2, B3.2.3, B3.2.8
#[test]
fn bad_options_and_files_go_to_standard_error_with_2() {
    let fake = Fake::missing();
    let complaint = |args: &[&str]| {
        let (code, said, complained) = fake.run_bare(args);
        assert_eq!((code, said.as_str()), (2, ""), "{args:?}");
        let (first, help) = complained.rsplit_once("\nFor help, use ").unwrap();
        assert_eq!(help, "/opt/bin/supervisorctl -h\n");
        first.to_owned()
    };
    assert_eq!(complaint(&["-x"]), "Error: option -x not recognized");
    assert_eq!(complaint(&["-s", "foo", "status"]), "Error: invalid value for -s 'foo': value 'foo' is not a URL");
    assert_eq!(complaint(&["-c", "/nonexistent", "status"]), "Error: could not find config file /nonexistent");
    let file = fake.write("broken.conf", "garbage\n");
    assert!(complaint(&["-c", &file, "status"]).starts_with("Error: File contains no section headers."));
    let file = fake.write("other.conf", "[supervisord]\n");
    assert_eq!(complaint(&["-c", &file, "quit"]), "Error: .ini file does not include supervisorctl section");
}

/// B3.2.4, B3.1.8
#[test]
fn the_command_line_beats_the_file_and_words_are_joined() {
    let fake = Fake::new(&[UP, ("getAllProcessInfo", all_processes(&[("p", "p"), ("q", "q")]))]);
    let file = fake.write("ctl.conf", "[supervisorctl]\nserverurl=unix:///nonexistent\n");
    let (code, said, _) = fake.run_bare(&["-c", &file, "-s", &fake.url(), "status p q"]);
    assert_eq!((code, said.lines().count()), (0, 2), "{said}");
    let (code, said, _) = fake.run_bare(&["-c", &file, "status"]);
    assert_eq!((code, said.as_str()), (4, "unix:///nonexistent no such file\n"));
}

/// B3.7.112
#[test]
fn open_leaves_the_exit_code_alone() {
    let fake = Fake::missing();
    assert_eq!(fake.run(&["open", &fake.url()]), (0, format!("{} no such file\n", fake.url()), String::new()));
    let refusal = "ERROR: url must be http:// or unix://\n".to_owned();
    assert_eq!(fake.run(&["open", "ftp://x"]), (1, refusal, String::new()));
}

/// B3.6.5, B3.6.7, B3.7.4, B3.7.118, B3.7.119: the words of the help are ours.
#[test]
fn unknown_commands_topics_and_arguments_are_named() {
    let fake = Fake::missing();
    let said = |args: &[&str]| {
        let (code, said, _) = fake.run(args);
        (code, said)
    };
    assert_eq!(said(&["START", "cat"]), (1, "*** Unknown syntax: START cat\n".to_owned()));
    assert_eq!(said(&["!ls"]), (1, "*** Unknown syntax: !ls\n".to_owned()));
    assert_eq!(said(&["help", "nosuch"]), (0, "*** No help on nosuch\n".to_owned()));
    let (code, refused) = said(&["reread", "x"]);
    assert_eq!((code, refused.lines().next()), (1, Some("Error: reread accepts no arguments")));
    assert_eq!(refused.split_once('\n').unwrap().1, said(&["help", "reread"]).1);
    assert_eq!(said(&["EOF"]), (0, "\n".to_owned()));
    assert_eq!(said(&["   "]), (0, String::new()));
}

/// B3.1.7, B3.6.1, B3.6.2, B3.6.4, B3.6.5
#[test]
fn a_shell_on_a_pipe_prints_its_prompts_and_always_exits_with_0() {
    let fake = Fake::new(&[UP, ("getAllProcessInfo", all_processes(&[])), ("getPID", fault(30, "FAILED"))]);
    let (code, said) = fake.run_typed(&[], "\nbogus\npid\n");
    assert_eq!(code, 0);
    let (before, after) = said.split_once(": file: ").unwrap();
    assert_eq!(
        before,
        "supervisor> supervisor> *** Unknown syntax: bogus\n\
         supervisor> error: <class 'xmlrpc.client.Fault'>, <Fault 30: 'FAILED'>"
    );
    assert!(after.ends_with("\nsupervisor> \n"), "{after}");
    assert_eq!(fake.calls(), ["getVersion", "getAllProcessInfo", "getVersion", "getPID"]);
}

/// B3.6.3
#[test]
fn quit_and_exit_end_the_shell() {
    let fake = Fake::missing();
    let prompt = format!("{} no such file\nsupervisor> \n", fake.url());
    for line in ["quit\nbogus\n", "exit now\nbogus\n", "EOF\nbogus\n", ""] {
        assert_eq!(fake.run_typed(&[], line), (0, prompt.clone()), "{line:?}");
    }
}

/// B3.6.6, B3.1.6
#[test]
fn shutdown_and_reload_are_asked_for_only_interactively() {
    let script = || Fake::new(&[("shutdown", Reply::True), ("restart", Reply::True)]);
    let question = "Really shut the remote supervisord process down y/N? ";
    for (typed, said, calls) in [("Yes\n", "Shut down\n", 1), ("n\n", "", 0), ("\n", "", 0)] {
        let fake = script();
        assert_eq!(fake.run_typed(&["-i", "shutdown"], typed), (0, format!("{question}{said}")));
        assert_eq!(fake.calls().len(), calls, "{typed:?}");
    }
    let said = "Really restart the remote supervisord process y/N? Restarted supervisord\n".to_owned();
    assert_eq!(script().run_typed(&["-i", "reload"], "y\n"), (0, said));
    assert_eq!(script().run_typed(&["reload"], ""), (0, "Restarted supervisord\n".to_owned()));
    let (code, said) = script().run_typed(&["-i", "shutdown"], "");
    assert_eq!(code, 1);
    generic(&said.replace(question, ""), "<class 'EOFError'>, EOF when reading a line");
}

/// B3.7.113, B3.7.114
#[test]
fn fg_sends_lines_until_the_process_is_gone() {
    let process = |state: i32| {
        let Reply::Xml(list) = all_processes(&[("p", "p")]) else { panic!("a list") };
        let one = list.split_once("<data>").unwrap().1.rsplit_once("</data>").unwrap().0.to_owned();
        Reply::Xml(one.replace("<int>20</int>", &format!("<int>{state}</int>")))
    };
    let stream = ("/", Reply::Stream(&[b"log\n"]));
    let fake = Fake::new(&[UP, stream.clone(), ("getProcessInfo", process(20)), ("sendProcessStdin", Reply::True)]);
    let (code, said) = fake.run_typed(&["fg", "p"], "one\ntwo\n");
    assert_eq!(code, 0);
    assert!(said.starts_with("==> Press Ctrl-C to exit <==\n") && said.ends_with("Exiting foreground\n"), "{said}");
    let sent = fake.calls().iter().filter(|call| *call == "sendProcessStdin:p").count();
    assert_eq!(sent, 2);

    let gone = fault(70, "NOT_RUNNING: p");
    let fake = Fake::new(&[UP, stream, ("getProcessInfo", process(20)), ("sendProcessStdin", gone)]);
    let (code, said) = fake.run_typed(&["fg", "p"], "one\ntwo\n");
    assert!(said.ends_with("Process got killed\nExiting foreground\n") && code == 0, "{code} {said}");
    assert_eq!(fake.calls().iter().filter(|call| *call == "sendProcessStdin:p").count(), 1);

    let fake = Fake::new(&[UP, ("getProcessInfo", process(100))]);
    assert_eq!(fake.run(&["fg", "p"]), (1, "ERROR: process not running\n".to_owned(), String::new()));
    assert_eq!(fake.run(&["fg", "p", "q"]).1, "ERROR: too many process names supplied\n");
}
