//! Whole configurations through the whole check, on a fake machine.

use super::{Report, Severity, check, show};
use crate::config::Source;
use crate::config::fake::Fake;

const PATH: &str = "/etc/sv/s.conf";

/// Seven lines in which nothing is wrong.
const HEAD: &str = "[supervisord]\n[unix_http_server]\nfile=/tmp/s.sock\n[rpcinterface:supervisor]\n\
                    supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n\
                    [supervisorctl]\nserverurl=unix:///tmp/s.sock\n";

fn world() -> Fake {
    ["/bin/cat", "/bin/sh", "/var/log/x", "/dev/stdout"]
        .iter()
        .fold(Fake::new().env("PATH", "/bin"), |world, path| world.file(path, ""))
}

fn report(world: &Fake) -> Report {
    check(&Source { path: Some(PATH.into()), ..Source::default() }, world)
}

/// The findings in what follows the head: line there, column, level, text.
fn found(text: &str) -> Vec<String> {
    let report = report(&world().file(PATH, &format!("{HEAD}{text}")));
    let lines = report.findings.iter().map(|finding| {
        let line = finding.place.as_ref().map_or(0, |place| place.line).saturating_sub(7);
        let column = finding.excerpt.as_ref().map_or(0, |excerpt| excerpt.column);
        let level = if finding.severity == Severity::Error { "E" } else { "W" };
        let key = finding.key.as_deref().unwrap_or("-");
        format!("{line}:{column} {level} {key}: {}", finding.message)
    });
    lines.collect()
}

#[test]
fn nothing_is_found_where_nothing_is_wrong() {
    let good = "[program:a]\ncommand=cat -n ; comment\nstdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0\n\
                [group:g]\nprograms=a\n[eventlistener:l]\ncommand=/bin/cat\nevents=TICK_5\n[program:many]\n\
                command=cat\nnumprocs=2\nprocess_name=%(program_name)s_%(process_num)d\n[include]\nfiles=\n";
    assert_eq!(found(good), Vec::<String>::new());
    let sample = "[supervisord]\nlogfile=%(here)s/s.log\nloglevel=info\n";
    assert_eq!(report(&world().file(PATH, sample)).findings, []);
}

/// What is wrong only because something else was taken out is not told.
#[test]
fn one_mistake_is_one_error() {
    let listener = |events| format!("[eventlistener:l]\ncommand=cat\nevents={events}\n");
    for (events, event) in [("TICK_7", "TICK_7"), ("nope", "NOPE"), ("nope,NOPE", "NOPE")] {
        let found = found(&listener(events));
        let unknown = format!("E events: Unknown event type {event} in [eventlistener:l] events");
        assert!(found.len() == 1 && found[0].ends_with(&unknown), "{found:?}");
    }
    assert_eq!(found(&listener("")), ["3:1 E events: [eventlistener:l] section requires an \"events\" line"]);

    let programs = "[program:a]\ncommand=%(ENV_A)s\n[program:b]\ncommand=%(ENV_B)s\n\
                    environment=B=\"%(nosuch)s\"\n[program:c]\ncommand=cat\nuser=%(ENV_C)s\n";
    let text = |environment: &str| format!("[supervisord]\nenvironment={environment}\n{programs}");
    let real = [
        "7:1 E environment: The value contains names ('nosuch') which cannot be expanded.",
        "10:6 E user: Format string '%(ENV_C)s' for 'program:c.user' contains names ('ENV_C') which cannot be expanded.",
    ];
    for environment in ["A=\"%(ENV_NOPE)s\"", "A=\"x", "D=1,A=\"%(host_node_name)q\""] {
        let found: Vec<String> = found(&text(environment)).into_iter().filter(|line| line.contains(" E ")).collect();
        assert!(found[0].contains(" E environment: "), "{found:?}");
        assert_eq!(found[1..], real, "{environment}");
    }
}

/// A3.4: a start tells the first error only.
#[test]
fn every_error_of_a_section_is_found() {
    let text = "[program:a]\nstartsecs=x\ncommand=cat %(nosuch)s\nautostart=maybe\nnumprocs=2\nstopasgroup=1\n\
                killasgroup=0\nstdout_logfile=/nosuch/a\n[program:b]\n[program:c d]\ncommand=cat\n";
    assert_eq!(
        found(text),
        [
            "2:11 E startsecs: invalid literal for int() with base 10: 'x'",
            "3:9 E command: Format string 'cat %(nosuch)s' for 'program:a.command' contains names ('nosuch') which \
             cannot be expanded.",
            "4:11 E autostart: not a valid boolean value: 'maybe'",
            "5:10 E numprocs: %(process_num) must be present within process_name when numprocs > 1",
            "7:13 E killasgroup: Cannot set stopasgroup=true and killasgroup=false",
            "8:16 E stdout_logfile: The directory named as part of the path /nosuch/a does not exist",
            "9:1 E -: program section program:b does not specify a command",
            "10:1 E -: Invalid name: 'c d' because of character: ' '",
        ]
    );
}

/// A3.27, A3.70, A3.71, A3.76, A3.80
#[test]
fn errors_of_listeners_groups_and_servers_are_found() {
    let text = "[eventlistener:l]\ncommand=cat\nevents=TICK_5,NOSUCH\nbuffer_size=0\nredirect_stderr=true\n\
                [group:g]\nprograms=nosuch\npriority=x\n[inet_http_server]\nport=x\nusername=u\n";
    assert_eq!(
        found(text),
        [
            "3:15 E events: Unknown event type NOSUCH in [eventlistener:l] events",
            "4:13 E buffer_size: [eventlistener:l] section sets invalid buffer_size (0)",
            "5:17 E redirect_stderr: [eventlistener:l] section sets redirect_stderr=true but this is not allowed \
             because it will interfere with the eventlistener protocol",
            "7:10 E programs: [group:g] names unknown program or fcgi-program nosuch",
            "8:10 E priority: invalid literal for int() with base 10: 'x'",
            "10:6 E port: not a valid port number: 'x' ",
            "11:10 E username: Section [inet_http_server] contains incomplete authentication: If a username or a \
             password is specified, both the username and password must be specified",
        ]
    );
}

/// A2.17, A2.18, A2.24
#[test]
fn bad_grammar_hides_nothing_behind_it() {
    let text = "a=b\n[supervisord]\nnonsense\nminfds=x\nminfds=y\n[supervisord]\n";
    let report = report(&world().file(PATH, text));
    let shown: Vec<_> = report.findings.iter().map(|f| (f.place.as_ref().unwrap().line, f.message.as_str())).collect();
    let neither = "Source contains parsing errors: this line is neither [section] nor key=value";
    assert_eq!(
        shown,
        [
            (1, "File contains no section headers."),
            (3, neither),
            (5, "invalid literal for int() with base 10: 'y'"),
            (5, "written in line 4 already; only this one counts"),
            (6, "the section began in line 2 already; both are read as one"),
        ]
    );
    assert_eq!(report.findings[1].excerpt.as_ref().unwrap().text, "nonsense");
}

/// A2.1, A2.30, A2.35
#[test]
fn included_files_are_looked_at_too() {
    let text = "[supervisord]\n[include]\nfiles=*.ini none*.conf\n";
    let world =
        world().file(PATH, text).file("/etc/sv/dir.ini/x", "").bytes("/etc/sv/b.ini", b"[program:b]\ncommand=\xff\n");
    let world = world.file("/etc/sv/c.ini", "[include]\nfiles=more\n[program:b]\nstartsec=1\n");
    let findings = report(&world).findings;
    let shown: Vec<_> = findings.iter().map(|f| (f.place.as_ref().unwrap().to_owned(), f.message.as_str())).collect();
    let shown: Vec<_> = shown.iter().map(|(place, text)| format!("{}:{} {text}", place.file, place.line)).collect();
    assert_eq!(
        shown,
        [
            "/etc/sv/s.conf:3 No file matches via include \"/etc/sv/none*.conf\"",
            "/etc/sv/b.ini:2 'utf-8' codec can't decode byte 0xff in position 20: invalid start byte",
            "/etc/sv/b.ini:2 can't find command '\u{fffd}'",
            "/etc/sv/c.ini:1 an included file cannot include others; none of these is read",
            "/etc/sv/c.ini:3 the section began in /etc/sv/b.ini:1 already; both are read as one",
            "/etc/sv/c.ini:4 unknown key",
        ]
    );
}

#[test]
fn doubts_about_one_program_are_found() {
    for (lines, expected) in [
        ("startsec=1", "3:1 W startsec: unknown key"),
        ("directory=/nosuch", "3:11 W directory: /nosuch is not an existing directory"),
        ("directory=~/x", "3:11 W directory: ~ is not replaced here"),
        (
            "stdout_logfile=a.log",
            "3:16 W stdout_logfile: a relative path starts where supervisord is started, not beside this file",
        ),
        (
            "stdout_logfile=/dev/stdout",
            "3:16 W stdout_logfile: /dev/stdout cannot be rotated, but stdout_logfile_maxbytes is not 0",
        ),
        (
            "stdout_logfile=/var/log/x\nstderr_logfile=/var/log/x",
            "4:16 W stderr_logfile: output and errors go to the same file, and each rotates it for itself",
        ),
        (
            "stdout_logfile=/var/log/x\nnumprocs=2\nprocess_name=%(process_num)d",
            "3:16 W stdout_logfile: all 2 processes write and rotate the same file",
        ),
        ("numprocs=0", "3:10 W numprocs: no process is made with numprocs=0"),
        (
            "startsecs=0\nautorestart=true",
            "3:11 W startsecs: with startsecs=0 and autorestart=true a program that fails at once is started again \
             for ever",
        ),
        (
            "redirect_stderr=true\nstderr_logfile=/var/log/x",
            "3:17 W redirect_stderr: redirect_stderr=true but stderr_logfile has also been set to a filename, the \
             filename has been ignored",
        ),
    ] {
        assert_eq!(found(&format!("[program:a]\ncommand=cat\n{lines}\n")), [expected], "{lines}");
    }
    let shell = found("[program:a]\ncommand=cat\n  /etc && x\n");
    assert_eq!(shell, ["3:8 W command: there is no shell: && is handed to cat as an argument"]);
}

/// A4.86, A4.87
#[test]
fn doubts_between_sections_are_found() {
    let (a, b) = ("[program:a]\ncommand=cat\n", "[program:b]\ncommand=cat\n");
    for (text, expected) in [
        (
            format!("[group:a]\nprograms=b\n{a}{b}"),
            "3:1 W -: [group:a] is called a, too, and only one of the two is run",
        ),
        (
            format!("{a}[group:g]\nprograms=a\n[group:h]\nprograms=a\n"),
            "6:10 W programs: a belongs to [group:g], too, and runs once in each",
        ),
        (
            format!("{a}process_name=b\n{b}[group:g]\nprograms=a,b\n"),
            "7:10 W programs: [program:a] and [program:b] both make a process b; only the last is run",
        ),
        (
            format!("{a}stdout_logfile=/var/log/x\n{b}stdout_logfile=/var/log/x\n"),
            "6:16 W stdout_logfile: [program:a] writes and rotates the same file",
        ),
        (
            "[inet_http_server]\nport=9001\n".to_owned(),
            "2:6 W port: everybody who reaches this machine may start and stop programs",
        ),
        (
            "[unix_http_server2]\nfile=/nosuch/s.sock\n".to_owned(),
            "2:6 E file: The directory named as part of the path /nosuch/s.sock does not exist",
        ),
    ] {
        assert_eq!(found(&text), [expected], "{text}");
    }
    let alone = "[supervisord]\nlogfile=/dev/stdout\n[inet_http_server]\nport=127.0.0.1:1\n[supervisorctl]\n";
    let report = report(&world().file(PATH, alone));
    let said: Vec<_> = report.findings.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(
        said,
        [
            "/dev/stdout cannot be rotated, but logfile_maxbytes is not 0",
            "supervisorctl can do nothing here without a section [rpcinterface:supervisor]",
            "no server of this file listens at http://localhost:9001",
        ]
    );
}

#[test]
fn no_secret_is_shown() {
    let text = "[supervisorctl]\npassword=s3cret%(x)s\npasword=s3cret\n[program:a]\nenvironment=A=s3cret,B\n\
                environmet=s3cret\ncommand=cat\n[program:b]\ncommand=cat\nenvironment=A=\"s3cret%(x)s\"\n";
    let report = report(&world().file(PATH, &format!("{HEAD}{text}")));
    assert_eq!(report.findings.len(), 6, "{:#?}", report.findings);
    let shown = format!("{}{}", show::text(&report), show::json(&report));
    assert!(!shown.contains("s3cret"), "{shown}");
}

/// A1.17, A1.19, A2.25
#[test]
fn a_file_that_is_missing_or_empty_is_one_error() {
    let one = |world: &Fake, path: Option<&str>| {
        let report = check(&Source { path: path.map(Into::into), argv0: "/b/sv".into(), ..Source::default() }, world);
        assert_eq!((report.findings.len(), report.count(Severity::Error)), (1, 1));
        report.findings[0].message.clone()
    };
    assert_eq!(one(&world(), Some("no.conf")), "could not find config file no.conf");
    assert!(one(&world(), None).starts_with("No config file found at default paths (/etc/supervisord.conf"));
    assert_eq!(one(&world().file(PATH, ""), Some(PATH)), ".ini file does not include supervisord section");
}
