//! Beginnings of lives that come to nothing.

use super::boot::BootError;
use super::{Begun, begin};
use crate::config::{Config, Source, load_text};
use crate::http::Socket;
use crate::sys::signals::Signals;
use crate::sys::testdir::TestDir;
use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;

fn read(dir: &TestDir) -> (Source, Config) {
    let here = dir.path().display();
    let text = format!(
        "[supervisord]\nlogfile={here}/s.log\npidfile={here}/s.pid\nnodaemon=true\nsilent=true\n\
         [unix_http_server]\nfile={here}/s.sock\n"
    );
    load_text(dir.path(), &text)
}

/// A1.32: clients that the kernel does not tell of are no clients.
#[test]
fn a_server_that_cannot_be_watched_is_told_and_refused() {
    let dir = TestDir::new();
    let (source, config) = read(&dir);
    let mut begun = begin(&config, false, 0, vec![]).unwrap();
    // What the kernel does not watch either: a plain file.
    let file = OwnedFd::from(File::create(dir.path().join("file")).unwrap());
    begun.listeners[0].socket = Socket::Unix(UnixListener::from(file));
    let live = move |begun: Begun| begun.live(config, source, Signals::take().unwrap());
    let refused = std::thread::scope(|scope| scope.spawn(|| live(begun).map(drop)).join().unwrap()).unwrap_err();
    assert!(matches!(refused, BootError::Socket(_)));
    let sentence = "Cannot open an HTTP server: socket.error reported errno.EPERM (1)";
    assert_eq!(refused.to_string(), sentence);
    let log = fs::read_to_string(dir.path().join("s.log")).unwrap();
    assert!(log.ends_with(&format!(" CRIT {sentence}\n")), "{log}");
    assert!(!dir.path().join("s.sock").exists() && !dir.path().join("s.pid").exists());
}
