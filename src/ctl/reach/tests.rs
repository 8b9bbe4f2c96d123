//! What is told about a daemon that does not answer.

use super::{Facts, Found, Pid, advice};
use crate::client::CallError;
use crate::config::fake::Fake;
use crate::config::{Config, Source, load_from};
use nix::errno::Errno;
use std::io;
use std::path::PathBuf;

const UNIX: &str = "[supervisord]\n[unix_http_server]\nfile=/run/s.sock\n";
const INET: &str = "[supervisord]\n[inet_http_server]\nport=127.0.0.1:9001\n";

fn config(text: &str) -> Option<Config> {
    let world = Fake::new().file("/etc/s.conf", text);
    let source = Source { path: Some(PathBuf::from("/etc/s.conf")), ..Source::default() };
    Some(load_from(&source, &world).unwrap())
}

fn told(url: &str, errno: Errno, facts: &Facts) -> String {
    advice(url, &CallError::Io(io::Error::from(errno)), facts).unwrap()
}

fn holds(told: &str, parts: &[&str]) {
    assert!(parts.iter().all(|part| told.contains(part)) && !told.contains('\n'), "{told}");
}

#[test]
fn a_missing_socket_is_told_with_the_section_that_would_make_it() {
    let told = |facts: &Facts| told("unix:///run/s.sock", Errno::ENOENT, facts);
    holds(&told(&Facts::default()), &["no socket /run/s.sock", "file=/run/s.sock in [unix_http_server]"]);
    let facts = Facts { config: config(UNIX), ..Facts::default() };
    holds(&told(&facts), &["[unix_http_server] of /etc/s.conf", "supervisord -c /etc/s.conf"]);
    let facts = Facts { config: config(INET), ..Facts::default() };
    holds(&told(&facts), &["/etc/s.conf has no [unix_http_server]"]);
    let facts = Facts { config: config(&UNIX.replace("/run/s", "/run/other")), ..Facts::default() };
    holds(&told(&facts), &["makes /run/other.sock", "-s unix:///run/other.sock"]);
}

#[test]
fn a_pidfile_tells_whether_the_daemon_has_died() {
    let told = |alive| {
        let pid = Some(Pid { number: 77, alive });
        told("unix:///run/s.sock", Errno::ECONNREFUSED, &Facts { config: config(UNIX), pid, ..Facts::default() })
    };
    holds(&told(false), &["nobody listens at /run/s.sock", "names process 77, which is gone"]);
    holds(&told(true), &["names process 77, which is alive"]);
    assert!(!told(true).contains("has gone"), "it is alive");
}

#[test]
fn what_may_not_be_used_is_told_with_who_may() {
    let told = |facts: &Facts| told("unix:///run/s.sock", Errno::EACCES, facts);
    let found = Some(Found { is_socket: true, mode: 0o700, uid: 0 });
    holds(&told(&Facts { found, uid: 5, ..Facts::default() }), &["user 5", "mode 0700", "belongs to user 0", "chmod="]);
    let closed_folder = Some(PathBuf::from("/run"));
    holds(&told(&Facts { closed_folder, uid: 5, ..Facts::default() }), &["user 5 may not enter /run"]);
}

#[test]
fn a_port_that_nobody_listens_at_is_told_with_those_that_would() {
    let told = |text: &str| {
        told("http://localhost:9001", Errno::ECONNREFUSED, &Facts { config: config(text), ..Facts::default() })
    };
    holds(&told(INET), &["[inet_http_server] of /etc/s.conf", "start it with"]);
    holds(&told(UNIX), &["listens at unix:///run/s.sock"]);
    holds(&told("[supervisord]\n"), &["has no [inet_http_server]"]);
    let nobody = advice("http://localhost:9001", &CallError::Io(Errno::ECONNREFUSED.into()), &Facts::default());
    holds(&nobody.unwrap(), &["port=9001 in [inet_http_server]?"]);
}

#[test]
fn a_file_at_the_sockets_place_and_a_password_are_told_and_the_rest_is_silence() {
    let found = Some(Found { is_socket: false, mode: 0o644, uid: 0 });
    let facts = Facts { found, ..Facts::default() };
    holds(&told("unix:///run/s.sock", Errno::ECONNREFUSED, &facts), &["is no socket"]);
    let refused = CallError::Status { status: 401, reason: "Unauthorized".to_owned() };
    holds(&advice("http://x:1", &refused, &facts).unwrap(), &["wants a user name", "-u and -p"]);
    let wrong = advice("http://x:1", &refused, &Facts { has_login: true, ..Facts::default() });
    holds(&wrong.unwrap(), &["has another user name or password", "-u and -p"]);
    assert_eq!(advice("http://x:1", &CallError::Hangup, &facts), None);
    assert_eq!(advice("bogus", &CallError::Io(Errno::ENOENT.into()), &facts), None);
}
