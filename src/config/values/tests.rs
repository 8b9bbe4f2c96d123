//! Values that upstream was seen to accept or refuse.

use super::*;
use crate::config::fake::Fake;

fn said<T: std::fmt::Debug>(result: Result<T, ValueError>) -> String {
    result.unwrap_err().to_string()
}

/// A3.1, A3.2
#[test]
fn booleans_and_integers_are_upstreams_words() {
    for (text, truth) in [("yes", true), ("TRUE", true), ("On", true), ("1", true), ("no", false), ("Off", false)] {
        assert_eq!(boolean(text), Ok(truth));
    }
    assert_eq!(said(boolean("Maybe")), "not a valid boolean value: 'Maybe'");
    assert_eq!(said(boolean("")), "not a valid boolean value: ''");
    assert_eq!(said(integer("1.5")), "invalid literal for int() with base 10: '1.5'");
    assert_eq!(said(integer("")), "invalid literal for int() with base 10: ''");
    assert_eq!(said(integer(&"x".repeat(300))).len(), 40 + 200);
}

/// A3.1
#[test]
fn byte_sizes_have_units_of_two_letters() {
    for (text, bytes) in [("50MB", 52_428_800), ("1 KB", 1024), ("2gb", 2 << 30), ("0", 0), ("-1kb", -1024)] {
        assert_eq!(byte_size(text), Ok(bytes), "{text:?}");
    }
    for (text, shown) in [("1K", "1k"), ("10B", "10b"), ("1.5MB", "1.5"), ("0x10", "0x10"), ("1XB", "1xb")] {
        assert_eq!(said(byte_size(text)), format!("invalid literal for int() with base 10: '{shown}'"));
    }
}

/// A3.1
#[test]
fn modes_and_exit_codes_have_bounds() {
    assert_eq!(octal("022"), Ok(0o22));
    assert_eq!(said(octal("9")), "9 can not be converted to an octal type");
    assert_eq!(said(octal("-1")), "-1 can not be converted to an octal type");
    assert_eq!(exit_codes("0, 2 ,255"), Ok(vec![0, 2, 255]));
    assert_eq!(exit_codes(""), Ok(Vec::new()));
    for text in ["256", "-1", "a", "0,", "0;1"] {
        assert_eq!(said(exit_codes(text)), format!("not a valid list of exit codes: '{text}'"));
    }
}

/// A3.1, A3.3
#[test]
fn autorestart_and_levels_and_signals() {
    assert_eq!(auto_restart("Unexpected"), Ok(AutoRestart::Unexpected));
    assert_eq!(auto_restart("1"), Ok(AutoRestart::Always));
    assert_eq!(said(auto_restart("ALWAYS")), "invalid 'autorestart' value 'always'");
    assert_eq!(log_level("WARN"), Ok(Level::Warn));
    assert_eq!(said(log_level("Bogus")), "bad logging level name 'Bogus'");
    assert_eq!(signal("quit"), Ok(Signal::QUIT));
    assert_eq!(said(signal("_DFL")), "value '_DFL' is not a valid signal name");
}

/// A3.1, A1.25
#[test]
fn users_are_found_by_name_or_number() {
    let world = Fake::new().user("web", 33, 34);
    assert_eq!(user("web", &world), Ok(UserId(33)));
    assert_eq!(user("33", &world), Ok(UserId(33)));
    assert_eq!(said(user("nosuch", &world)), "Invalid user name nosuch");
    assert_eq!(said(user("", &world)), "Invalid user name ");
    assert_eq!(said(user("99999", &world)), "Invalid user id 99999");
    assert_eq!(said(user("-1", &world)), "Invalid user id -1");
    assert_eq!(user_group("web", &world), Ok(Ownership { uid: Some(33), gid: None }));
    assert_eq!(user_group("33:34", &world), Ok(Ownership { uid: Some(33), gid: Some(34) }));
    assert!(user_group("web.web", &world).is_err());
    assert!(user_group("web:nosuch", &world).is_err());
}

/// A3.1, A1.9
#[test]
fn directories_must_exist() {
    let world = Fake::new().file("/srv/x/y", "");
    assert_eq!(existing_directory("/srv/x", &world).as_deref(), Ok("/srv/x"));
    assert_eq!(said(existing_directory("/x", &world)), "/x is not an existing directory");
    assert_eq!(said(existing_directory("", &world)), " is not an existing directory");
    assert_eq!(existing_dirpath("a.log", &world).as_deref(), Ok("a.log"));
    let sentence = "The directory named as part of the path /x/a.log does not exist";
    assert_eq!(said(existing_dirpath("/x/a.log", &world)), sentence);
}

/// A3.49
#[test]
fn log_names_have_four_words_of_their_own() {
    let world = Fake::new();
    for (text, log) in
        [("NONE", ChildLog::None), ("off", ChildLog::None), ("", ChildLog::Empty), ("Auto", ChildLog::Auto)]
    {
        assert_eq!(logfile_name(text, &world), Ok(LogfileName::Log(log)), "{text:?}");
    }
    assert_eq!(logfile_name("SysLog", &world), Ok(LogfileName::Syslog));
    assert_eq!(logfile_name("a.log", &world), Ok(LogfileName::Log(ChildLog::File("a.log".into()))));
    assert!(logfile_name("/x/a.log", &world).is_err());
}

/// A3.25, A3.26, B2.8.2
#[test]
fn addresses_split_at_the_last_colon() {
    for (text, host, port) in [
        ("9001", "", 9001),
        (":9001", "", 9001),
        ("*:9001", "", 9001),
        ("LocalHost:80", "localhost", 80),
        ("[::1]:9001", "::1", 9001),
    ] {
        assert_eq!(inet_address(text), Ok((host.to_owned(), port)), "{text:?}");
    }
    for (text, sentence) in [
        ("", "not a valid port number: '' "),
        ("abc", "not a valid port number: 'abc' "),
        ("0", "not a valid port number: '0' "),
        ("h:", "no port number specified in ''"),
        ("h:abc", "invalid literal for int() with base 10: 'abc'"),
        ("h:0", "0 is below lower bound (1)"),
        ("h:70000", "70000 is above upper bound (65535)"),
    ] {
        assert_eq!(said(inet_address(text)), sentence, "{text:?}");
    }
}

/// A3.1, A3.64
#[test]
fn names_hold_no_blank_colon_or_slash() {
    assert_eq!(name(" a-b ").as_deref(), Ok("a-b"));
    assert_eq!(said(name("a b")), "Invalid name: 'a b' because of character: ' '");
    assert_eq!(said(name("a:b")), "Invalid name: 'a:b' because of character: ':'");
    assert_eq!(said(name("a/b :")), "Invalid name: 'a/b :' because of character: ' '");
    assert_eq!(list("a, b,,"), ["a", "b", "", ""]);
    assert_eq!(list(""), [""; 0]);
}

/// B3.1.4
#[test]
fn urls_have_a_scheme_and_a_target() {
    for text in ["http://localhost:9001", "unix:///tmp/s.sock", "ftp://x/y", "a:b"] {
        assert!(url(text).is_ok(), "{text:?}");
    }
    for text in ["foo", "", "http://", "http:", "://x", "1a:b"] {
        assert_eq!(said(url(text)), format!("value '{text}' is not a URL"));
    }
}
