//! Command lines and what they ask for.

use super::{Action, Check, Format, KNOWN, LINES, Options, help_text, parse};
use crate::config::Overrides;
use crate::config::fake::Fake;
use crate::config::getopt::refusal;
use crate::model::Level;

fn read(words: &[&str]) -> Result<Action, String> {
    let world = Fake::new().file("/srv/x", "").env("HOME", "/srv");
    let args: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    parse(&args, &world).map_err(|error| error.to_string())
}

fn options(words: &[&str]) -> Options {
    match read(words) {
        Ok(Action::Run(options)) => *options,
        other => panic!("{other:?}"),
    }
}

/// A1.1, A1.4, A1.14, A1.15
#[test]
fn every_option_sets_its_value() {
    let short = [
        "-nskt",
        "-cx.conf",
        "-u",
        "web",
        "-m",
        "077",
        "-d",
        "/srv",
        "-l~/a.log",
        "-y1KB",
        "-z",
        "3",
        "-e",
        "DEBUG",
        "-j",
        "p.pid",
        "-i",
        "",
        "-q",
        "/srv",
        "-a",
        "5",
        "--minp=7",
        "--prof",
        "calls",
    ];
    let long = [
        "--nod",
        "--silent",
        "--noc",
        "--strip",
        "--conf",
        "x.conf",
        "--user=web",
        "--umask=077",
        "--dir=/srv",
        "--logfile=~/a.log",
        "--logfile_m",
        "1KB",
        "--logfile_b=3",
        "--loglevel=debug",
        "--pid=p.pid",
        "--id=",
        "--child=/srv",
        "--minfds=5",
        "--minprocs",
        "7",
        "--profile_options=calls",
    ];
    let text = |text: &str| Some(text.to_owned());
    let expected = Options {
        configuration: Some("x.conf".into()),
        overrides: Overrides {
            nodaemon: true,
            silent: true,
            nocleanup: true,
            strip_ansi: true,
            user: text("web"),
            umask: Some(0o77),
            directory: text("/srv"),
            logfile: text("/srv/a.log"),
            logfile_maxbytes: Some(1024),
            logfile_backups: Some(3),
            loglevel: Some(Level::Debug),
            pidfile: text("p.pid"),
            identifier: text(""),
            childlogdir: text("/srv"),
            minfds: Some(5),
            minprocs: Some(7),
        },
        profile_options: text("calls"),
    };
    assert_eq!(options(&short), expected);
    assert_eq!(options(&long), expected);
    assert_eq!(options(&[]), Options::default());
}

/// A1.6, A1.7, A1.8, A1.9
#[test]
fn errors_are_upstreams_sentences() {
    for (words, sentence) in [
        (&["-Z"][..], "option -Z not recognized"),
        (&["--no"], "option --no not a unique prefix"),
        (&["-n", "foo", "bar's"], "positional arguments are not supported: ['foo', \"bar's\"]"),
        (&["-e", "bogus", "foo"], "positional arguments are not supported: ['foo']"),
        (&["-c", "a", "-c", "b"], "conflicting command line option '-c'"),
        (&["-n", "--nodaemon"], "conflicting command line option '--nodaemon'"),
        (&["-e", "bogus"], "invalid value for -e 'bogus': bad logging level name 'bogus'"),
        (&["-m9"], "invalid value for -m '9': 9 can not be converted to an octal type"),
        (&["-d", "/x"], "invalid value for -d '/x': /x is not an existing directory"),
        (
            &["-l", "/x/a.log"],
            "invalid value for -l '/x/a.log': The directory named as part of the path /x/a.log does not exist",
        ),
        (&["-y", "1XB"], "invalid value for -y '1XB': invalid literal for int() with base 10: '1xb'"),
        (&["--minp", "x"], "invalid value for --minprocs 'x': invalid literal for int() with base 10: 'x'"),
    ] {
        assert_eq!(read(words), Err(sentence.to_owned()), "{words:?}");
    }
    assert_eq!(refusal("/bin/sv", &"a\nb"), "Error: a\nb\nFor help, use /bin/sv -h\n");
}

/// A1.4
#[test]
fn our_own_options_take_no_beginning_from_upstreams() {
    assert_eq!(options(&["--str"]), options(&["-t"]));
    assert_eq!(options(&["--con", "x"]), options(&["-cx"]));
    for word in ["--check", "--check-conf", "--form=json", "--ab"] {
        let option = word.split('=').next().unwrap_or_default();
        assert_eq!(read(&[word]), Err(format!("option {option} not recognized")));
    }
}

#[test]
fn a_check_is_asked_for_with_its_own_options() {
    let checked = |words: &[&str]| match read(words) {
        Ok(Action::Check(options, check)) => Ok((*options, check)),
        other => Err(other),
    };
    let strict_json = Check { strict: true, format: Format::Json };
    assert_eq!(checked(&["--check-config", "-cx", "--strict", "--format=json"]), Ok((options(&["-cx"]), strict_json)));
    assert_eq!(checked(&["--format", "text", "--check-config"]), Ok((Options::default(), Check::default())));
    for (words, sentence) in [
        (&["--strict"][..], "--strict and --format go with --check-config"),
        (&["--format=json"], "--strict and --format go with --check-config"),
        (&["--check-config", "--format=xml"], "invalid value for --format 'xml': write text or json"),
        (&["--strict", "--strict", "--check-config"], "conflicting command line option '--strict'"),
    ] {
        assert_eq!(read(words), Err(sentence.to_owned()));
    }
}

/// A1.10
#[test]
fn help_and_version_act_when_they_are_met() {
    assert_eq!(read(&["-vh"]), Ok(Action::Version));
    assert_eq!(read(&["-?", "-v"]), Ok(Action::Help));
    assert_eq!(read(&["-cx.conf", "-v", "-e", "bogus"]), Ok(Action::Version));
    assert_eq!(read(&["--about"]), Ok(Action::About));
    assert_eq!(read(&["--rpc-spec"]), Ok(Action::RpcSpec));
    assert!(read(&["--rpc"]).is_err());
    assert!(read(&["-v", "-Z"]).is_err());
    assert!(read(&["-n", "-n", "-v"]).is_err());
    assert!(read(&["-v", "foo"]).is_err());
}

/// A8.32, A8.39
#[test]
fn the_help_tells_what_the_manual_of_upstream_has_wrong() {
    let help = help_text("/bin/sv");
    let mask = "-m/--umask UMASK -- mask for new files in the background, in octal (022)\n";
    for part in
        [mask, "-s/--silent -- in the foreground, do not copy the activity log to stdout\n", "trace or blather\n"]
    {
        assert!(help.contains(part), "{part}");
    }
    assert_eq!(options(&["-e", "blather"]).overrides.loglevel, Some(Level::Blather));
}

/// A1.12
#[test]
fn the_help_names_every_option_as_it_is_spelt() {
    let help = help_text("/bin/sv");
    let head = "supervisord -- run a set of applications as daemons.\n\nUsage: /bin/sv [options]\n\nOptions:\n\
                -c/--configuration FILENAME -- ";
    assert!(help.starts_with(head) && help.ends_with("-h\n\n"), "{help}");
    let letters: String = LINES.iter().filter_map(|(option, _, _)| option.strip_prefix('-')?.chars().next()).collect();
    for letter in KNOWN.short.chars().filter(|letter| *letter != ':') {
        assert!(letters.contains(letter), "-{letter}");
    }
    for word in KNOWN.long.iter().chain(KNOWN.own) {
        let (name, wants) = word.strip_suffix('=').map_or((*word, false), |name| (name, true));
        let line = LINES.iter().find(|(option, _, _)| option.ends_with(&format!("--{name}"))).unwrap();
        assert_eq!(!line.1.is_empty(), wants, "--{name}");
    }
}
