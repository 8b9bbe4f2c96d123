//! Main section, programs and files, read as a user writes them.

mod sections;

use crate::config::fake::Fake;
use crate::config::*;
use crate::model::Level;

const PATH: &str = "/etc/sv/s.conf";

fn world(text: &str) -> Fake {
    Fake::new().file(PATH, text).file("/var/log/x", "").user("web", 33, 34).env("HOME", "/root").env("B", "machine")
}

fn load_in(world: &Fake) -> Result<Config, String> {
    let source = Source { path: Some(PATH.into()), ..Source::default() };
    load_from(&source, world).map_err(|error| error.to_string())
}

/// `text` below `[supervisord]`.
fn config(text: &str) -> Result<Config, String> {
    load_in(&world(&format!("[supervisord]\n{text}")))
}

fn good(text: &str) -> Config {
    config(text).unwrap()
}

fn refused(text: &str) -> String {
    config(text).unwrap_err()
}

/// The only process of the only group.
fn process(text: &str) -> ProcessConfig {
    good(text).groups.remove(0).processes.remove(0).as_ref().clone()
}

fn names(config: &Config) -> Vec<String> {
    let of = |group: &GroupConfig| group.processes.iter().map(|p| format!("{}:{}", group.name, p.name)).collect();
    config.groups.iter().flat_map::<Vec<String>, _>(of).collect()
}

fn warnings(config: &Config) -> Vec<&str> {
    config.messages.iter().filter(|line| line.level == Level::Warn).map(|line| line.text.as_str()).collect()
}

/// A8.28, A3.10, A3.11, A3.12, A3.13, A3.14, A3.15, A3.16, A3.17, A3.18, A3.19, A3.20, A3.21, A3.22
#[test]
fn an_empty_main_section_has_upstreams_defaults() {
    let config = good("");
    let expected = Supervisord {
        logfile: MainLog::File("/start/supervisord.log".into()),
        logfile_maxbytes: 52_428_800,
        logfile_backups: 10,
        loglevel: Level::Info,
        pidfile: "/start/supervisord.pid".into(),
        umask: 0o22,
        nodaemon: false,
        silent: false,
        nocleanup: false,
        strip_ansi: false,
        minfds: 1024,
        minprocs: 200,
        user: None,
        directory: None,
        childlogdir: "/tmp".into(),
        identifier: "supervisor".to_owned(),
        environment: Vec::new(),
        cross_origin: false,
        request_maxbytes: 64 << 20,
    };
    assert_eq!(config.supervisord, expected);
    assert!(good("cross_origin=yes\n").supervisord.cross_origin);
    assert_eq!((config.path, config.groups.len(), config.servers.len()), (PATH.into(), 0, 0));
}

/// A3.44, A3.45, A3.47, A3.48, A3.50, A3.51, A3.52, A3.53, A3.54, A3.55, A3.56, A3.57, A3.58, A3.60, A3.61
#[test]
fn a_program_with_only_a_command_has_upstreams_defaults() {
    let stream = ChannelConfig {
        logfile: ChildLog::Auto,
        maxbytes: 52_428_800,
        backups: 10,
        capture_maxbytes: 0,
        events_enabled: false,
        syslog: false,
    };
    let expected = ProcessConfig {
        name: "a".to_owned(),
        command: "/bin/cat".to_owned(),
        directory: None,
        umask: None,
        priority: 999,
        autostart: true,
        autorestart: AutoRestart::Unexpected,
        startsecs: 1,
        startretries: 3,
        stdout: stream.clone(),
        stderr: stream,
        stopsignal: crate::model::Signal::TERM,
        stopwaitsecs: 10,
        stopasgroup: false,
        killasgroup: false,
        exitcodes: vec![0],
        redirect_stderr: false,
        user: None,
        environment: Vec::new(),
        serverurl: ServerUrl::Auto,
        fcgi: None,
    };
    assert_eq!(process("[program:a]\ncommand=/bin/cat"), expected);
}

/// A1.2
#[test]
fn the_command_line_beats_the_file() {
    let world = world("[supervisord]\nloglevel=warn\nuser=nosuch\nlogfile=/var/log/s.log\numask=077");
    let overrides = Overrides {
        loglevel: Some(Level::Debug),
        user: Some("web".to_owned()),
        logfile: Some("syslog".to_owned()),
        nodaemon: true,
        ..Overrides::default()
    };
    let source = Source { path: Some(PATH.into()), overrides, ..Source::default() };
    let main = load_from(&source, &world).unwrap().supervisord;
    assert_eq!((main.loglevel, main.user, main.logfile), (Level::Debug, Some(UserId(33)), MainLog::Syslog));
    assert_eq!((main.nodaemon, main.umask), (true, 0o77));
}

/// A3.5, A3.40, A3.42, A3.59, A3.64, A2.63
#[test]
fn errors_of_a_program_name_its_section_and_file() {
    let place = "in section 'program:a' (file: '/etc/sv/s.conf')";
    for (text, sentence) in [
        ("", "program section program:a does not specify a command"),
        ("command=x\nautostart=maybe", "not a valid boolean value: 'maybe'"),
        ("command=x\nnumprocs=2", "%(process_num) must be present within process_name when numprocs > 1"),
        ("command=x\nstopasgroup=1\nkillasgroup=0", "Cannot set stopasgroup=true and killasgroup=false"),
        ("command=x\nenvironment=A", "Unexpected end of key/value pairs in value 'A'"),
        ("command=x\nprocess_name=a:b", "Invalid name: 'a:b' because of character: ':'"),
        ("command=x\nuser=nosuch", "Invalid user name nosuch"),
    ] {
        assert_eq!(refused(&format!("[program:a]\n{text}")), format!("{sentence} {place}"));
    }
    assert_eq!(refused("[program:a]\npriority=x"), "invalid literal for int() with base 10: 'x'");
    assert_eq!(refused("[program:a b]\ncommand=x"), "Invalid name: 'a b' because of character: ' '");
    assert_eq!(refused("[program:]\ncommand=x"), "section [program:] does not have a name");
    let unknown = refused("[program:a]\ncommand=%(x)s");
    assert!(unknown.starts_with("Format string '%(x)s' for 'program:a.command' contains names ('x')"), "{unknown}");
    assert!(unknown.contains(
        "Available names: ENV_B, ENV_HOME, group_name, here, host_node_name, numprocs, process_num, program_name in"
    ));
}

/// A3.4
#[test]
fn only_the_first_error_in_upstreams_order_is_told() {
    let all = "loglevel=x\numask=9\nminfds=x\n[program:a]\n[group:g]\nprograms=b\n[inet_http_server]\n";
    assert_eq!(refused(all), "invalid literal for int() with base 10: 'x'");
    assert_eq!(refused(&all.replace("minfds=x\n", "")), "9 can not be converted to an octal type");
    let rest = all.replace("minfds=x\n", "").replace("umask=9\n", "").replace("loglevel=x\n", "");
    assert_eq!(refused(&rest), "[group:g] names unknown program or fcgi-program b");
    assert_eq!(refused("user=nosuch\n[inet_http_server]\n"), "section [inet_http_server] has no port value");
    assert_eq!(refused("user=nosuch\n"), "Invalid user name nosuch");
}

/// A3.55, A5.35, B1.9.2
#[test]
fn an_empty_log_of_redirected_errors_is_told_as_a_filename() {
    let config = good("[program:a]\ncommand=x\nstderr_logfile=\nredirect_stderr=true\n");
    assert!(warnings(&config)[0].ends_with("set to a filename, the filename has been ignored"));
    assert!(warnings(&good("[program:a]\ncommand=x\nstderr_logfile=none\nredirect_stderr=true\n")).is_empty());
}

/// A2.50, A2.51, A2.52, A2.53, A8.35
#[test]
fn each_context_has_its_names() {
    let text = "environment=G=\"global\"\n[program:a]\nnumprocs=2\nnumprocs_start=5\n\
                process_name=%(program_name)s_%(process_num)02d\n\
                environment=B=\"own%(process_num)d\"\ncommand=%(ENV_B)s %(ENV_G)s %(here)s %(host_node_name)s \
                %(numprocs)d\n\
                directory=/%(group_name)s\nstdout_logfile=/var/log/%(process_num)d.log\nstartsecs=%(program_name).0s4";
    let config = good(text);
    let first = &config.groups[0].processes[0];
    assert_eq!((first.name.as_str(), first.command.as_str()), ("a_05", "own5 global /etc/sv box 2"));
    assert_eq!((first.directory.as_deref(), first.startsecs), (Some("/a"), 4));
    assert_eq!(first.stdout.logfile, ChildLog::File("/var/log/5.log".into()));
    assert_eq!(names(&config), ["a:a_05", "a:a_06"]);
    let pairs = [("B".to_owned(), "own5".to_owned()), ("G".to_owned(), "global".to_owned())];
    assert_eq!(first.environment, pairs);
    assert!(refused("identifier=%(ENV_G)s\nenvironment=G=1").contains("names ('ENV_G')"));
    assert!(refused("identifier=%(host_node_name)s").contains("names ('host_node_name')"));
    assert!(refused("[program:a]\ncommand=x\nstartsecs=%(process_num)d").contains("names ('process_num')"));
}

/// A2.66, A7.63, A8.3
#[test]
fn the_global_environment_is_expanded_once() {
    let pairs = good("environment=A=\"a%%20b\",H=\"%(host_node_name)s\"").supervisord.environment;
    assert_eq!(pairs, [("A".to_owned(), "a%20b".to_owned()), ("H".to_owned(), "box".to_owned())]);
    assert!(refused("environment=A=%(x)s").contains("for 'environment' contains names ('x')"));
}

/// A2.67, A7.62
#[test]
fn a_log_name_may_quote_its_percent_sign_once_or_twice() {
    for text in ["a%%b.log", "a%%%%b.log"] {
        let process = process(&format!("[program:a]\ncommand=x\nstdout_logfile={text}"));
        assert_eq!(process.stdout.logfile, ChildLog::File("a%b.log".into()), "{text}");
    }
}

/// A3.49, A3.50, A3.55, A3.65, A5.33, A5.34, A5.35
#[test]
fn odd_log_settings_are_told_for_each_process() {
    let config = good(
        "[program:a]\ncommand=x\nnumprocs=2\nprocess_name=%(process_num)d\nstdout_logfile=syslog\n\
         stderr_logfile=/var/log/e\nredirect_stderr=true\n[program:b]\ncommand=x\nstderr_logfile_maxbytes=0\n",
    );
    let each = [
        "For [program:a], stdout_logfile=syslog but this is deprecated and will be removed.  Use stdout_syslog=true \
         to enable syslog instead.",
        "For [program:a], redirect_stderr=true but stderr_logfile has also been set to a filename, the filename has \
         been ignored",
    ];
    let last = "For [program:b], AUTO logging used for stderr_logfile without rollover, set maxbytes > 0 to avoid \
                filling up filesystem unintentionally";
    assert_eq!(warnings(&config), [each[0], each[1], each[0], each[1], last]);
    let process = &config.groups[0].processes[0];
    assert_eq!((&process.stdout.logfile, process.stdout.syslog), (&ChildLog::None, true));
    assert_eq!(process.stderr.logfile, ChildLog::None);
}

/// A2.90
#[test]
fn a_text_that_two_releases_read_differently_is_told_once() {
    let config = good("[program:a]\ncommand=x\nnumprocs=3\nprocess_name=%(process_num)d\nenvironment=A='\"s3cret\"'");
    let [warning] = warnings(&config)[..] else { panic!("{:?}", config.messages) };
    assert!(warning.starts_with("For [program:a], the quotes") && warning.contains(" A in environment"), "{warning}");
    assert!(!warning.contains("s3cret"));
}

/// A3.41, A7.67
#[test]
fn an_expanded_process_name_is_checked() {
    let text = "[program:a]\ncommand=x\nprocess_name=%(ENV_HOME)s";
    let sentence = "Invalid name: '/root' because of character: '/' in section 'program:a' (file: '/etc/sv/s.conf')";
    assert_eq!(refused(text), sentence);
}

/// A3.63
#[test]
fn server_urls_are_automatic_unset_or_text() {
    let url = |text: &str| process(&format!("[program:a]\ncommand=x\n{text}")).serverurl;
    assert_eq!(url("serverurl= auto "), ServerUrl::Auto);
    assert_eq!(url("serverurl="), ServerUrl::Unset);
    assert_eq!(url("serverurl=junk"), ServerUrl::Url("junk".to_owned()));
}

/// A3.59, A3.42, A3.43
#[test]
fn killasgroup_follows_stopasgroup_and_numprocs_may_be_none() {
    assert!(process("[program:a]\ncommand=x\nstopasgroup=true").killasgroup);
    assert_eq!(good("[program:a]\ncommand=x\nnumprocs=0").groups[0].processes, []);
    assert_eq!(good("[program:a]\nnumprocs=-3").groups[0].processes, []);
    let many = refused("[program:a]\ncommand=x\nprocess_name=%(process_num)d\nnumprocs=99999999999");
    assert!(many.starts_with("numprocs brings the number of processes above 100000"), "{many}");
    let some = |name, count| format!("[program:{name}]\ncommand=x\nprocess_name=%(process_num)d\nnumprocs={count}\n");
    let both = refused(&(some("a", 2) + &some("b", 99_999)));
    assert!(both.contains("above 100000 in section 'program:b'"), "{both}");
}

/// A3.1, A3.43, A3.48: Python's numbers have no end; ours stop at the last.
#[test]
fn absurd_numbers_are_the_largest_there_is() {
    let absurd = "99999999999999999999";
    let one = process(&format!("[program:a]\ncommand=x\nstartsecs={absurd}\nstopwaitsecs=-{absurd}\n"));
    assert_eq!((one.startsecs, one.stopwaitsecs), (i64::MAX, -i64::MAX));
    let size = process(&format!("[program:a]\ncommand=x\nstdout_logfile_maxbytes={absurd}GB\n"));
    assert_eq!(size.stdout.maxbytes, i64::MAX);
    let start = format!("[program:a]\ncommand=x\nprocess_name=%(process_num)d\nnumprocs=2\nnumprocs_start={absurd}\n");
    assert_eq!(names(&good(&start)), ["a:9223372036854775807"], "there is no number behind the last");
}

/// A2.20, A3.23, A3.87
#[test]
fn unknown_sections_and_keys_are_no_error() {
    let config = good("colour=blue\n[nonsense]\na=%\n[supervisorctl]\nserverurl=%(nosuch)s\n[ctlplugin:x]\n");
    let said: Vec<_> = config.messages.iter().map(|line| line.text.as_str()).collect();
    let section = "/etc/sv/s.conf:3: unknown section [nonsense]";
    assert_eq!(said, ["/etc/sv/s.conf:2: unknown key \"colour\" in [supervisord]", section]);
    let many: String = (0..120).map(|number| format!("zz{number}=\n")).collect();
    let said = good(&many).messages;
    assert_eq!((said.len(), said[100].text.as_str()), (101, "20 more unknown keys and sections"));
}

/// A2.25, A1.19, A1.20
#[test]
fn files_that_cannot_be_read_are_told_as_typed() {
    let load = |path: &str| {
        let source = Source { path: Some(path.into()), ..Source::default() };
        load_from(&source, &world("")).map_err(|error| error.to_string()).unwrap_err()
    };
    assert_eq!(load("nosuch.conf"), "could not find config file nosuch.conf");
    assert_eq!(load("/etc/sv"), "could not read config file /etc/sv");
    assert_eq!(load("../etc/sv/s.conf"), ".ini file does not include supervisord section");
}

/// For tools that show the line.
#[test]
fn an_error_knows_its_line() {
    let source = Source { path: Some(PATH.into()), ..Source::default() };
    let error = load_from(&source, &world("[supervisord]\n[program:a]\ncommand=x\n\nstartsecs=soon\n")).unwrap_err();
    assert_eq!(error.place().map(|place| (place.file.as_str(), place.line)), Some((PATH, 5)));
}
