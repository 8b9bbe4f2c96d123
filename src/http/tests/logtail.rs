//! Logs followed over the wire.

use super::{House, Setup, error, with};
use crate::http::Limits;
use std::fs::OpenOptions;
use std::io::Write;
use std::time::{Duration, Instant};

fn append(house: &House, name: &str, text: &str) {
    let path = house.directory.path().join(name);
    OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

fn masked(head: &str) -> String {
    let mask = |line: &str| if line.starts_with("Last-Modified: ") { "Last-Modified: D\r\n" } else { line }.to_owned();
    head.split_inclusive('\n').map(mask).collect()
}

/// B2.9.4, B2.9.5, B2.9.6; the size may be in hex of either case (B2.9.12)
#[test]
fn growth_comes_in_chunks_soon_after_it_is_written() {
    with(Setup::default(), async |house| {
        append(house, "g:p", "");
        let mut client = house.connect().await;
        client.send("GET /logtail/g%3Ap?x HTTP/1.1\r\nHost: localhost\r\n\r\n\r\n").await;
        let head = "HTTP/1.1 200 OK\r\nServer: Medusa/1.12\r\nDate: D\r\nLast-Modified: D\r\n\
            Content-Type: text/plain;charset=utf-8\r\nX-Accel-Buffering: no\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(masked(&client.answer().await), head);
        let began = Instant::now();
        append(house, "g:p", "twenty-six bytes of a log\n");
        assert_eq!(client.take(32).await, "1A\r\ntwenty-six bytes of a log\n\r\n");
        assert!(began.elapsed() < Duration::from_secs(5));
        append(house, "g:p", "x");
        assert_eq!(client.take(6).await, "1\r\nx\r\n");
    });
}

/// B2.9.6
#[test]
fn idle_followers_each_get_what_comes_and_those_who_left_are_no_trouble() {
    with(Setup::default(), async |house| {
        for name in ["one", "two"] {
            append(house, name, "");
        }
        let mut clients = vec![];
        for at in 0..40 {
            let mut client = house.connect().await;
            let name = if at % 2 == 0 { "one" } else { "two" };
            client.send(&format!("GET /logtail/{name} HTTP/1.1\r\n\r\n")).await;
            client.answer().await;
            clients.push(client);
        }
        clients.truncate(30);
        for text in ["first", "again"] {
            append(house, "one", text);
            for client in clients.iter_mut().step_by(2) {
                assert_eq!(client.take(10).await, format!("5\r\n{text}\r\n"));
            }
        }
        append(house, "two", "other");
        for client in clients.iter_mut().skip(1).step_by(2) {
            assert_eq!(client.take(10).await, "5\r\nother\r\n");
        }
    });
}

/// B2.9.1, B2.9.4, B2.9.5
#[test]
fn the_main_log_and_stderr_begin_with_their_last_bytes() {
    with(Setup::default(), async |house| {
        append(house, "main.log", &"m".repeat(1500));
        append(house, "cat.err", "oops\n");
        let mut client = house.connect().await;
        client.send("GET /mainlogtail HTTP/1.1\r\n\r\n").await;
        let head = client.answer().await;
        assert!(head.contains("charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"), "{head}");
        assert_eq!(client.take(5 + 1024 + 2).await, format!("400\r\n{}\r\n", "m".repeat(1024)));
        let mut client = house.connect().await;
        client.send("GET /logtail/cat/stderr HTTP/1.1\r\n\r\n").await;
        client.answer().await;
        assert_eq!(client.take(10).await, "5\r\noops\n\r\n");
    });
}

/// B2.9.11
#[test]
fn old_clients_get_the_bytes_as_they_are() {
    with(Setup::default(), async |house| {
        append(house, "cat", "one\n");
        for keep in ["", "Connection: keep-alive\r\n"] {
            let mut client = house.connect().await;
            client.send(format!("GET /logtail/cat HTTP/1.0\r\n{keep}\r\n")).await;
            let head = "HTTP/1.0 200 OK\r\nServer: Medusa/1.12\r\nDate: D\r\nLast-Modified: D\r\n\
                Content-Type: text/plain;charset=utf-8\r\nX-Accel-Buffering: no\r\nConnection: close\r\n\r\n";
            assert_eq!(masked(&client.answer().await), head);
            assert_eq!(client.take(4).await, "one\n");
        }
        let mut client = house.connect().await;
        client.send("GET /logtail/cat HTTP/1.1\r\nConnection: close\r\n\r\n").await;
        assert!(client.answer().await.contains("Transfer-Encoding: chunked\r\nConnection: close\r\n"));
        assert_eq!(client.take(9).await, "4\r\none\n\r\n");
    });
}

/// B2.9.8, B2.9.10
#[test]
fn rotation_and_truncation_do_not_end_the_stream() {
    with(Setup::default(), async |house| {
        append(house, "cat", "old\n");
        let mut client = house.connect().await;
        client.send("GET /logtail/cat HTTP/1.0\r\n\r\n").await;
        client.answer().await;
        assert_eq!(client.take(4).await, "old\n");
        std::fs::rename(house.directory.path().join("cat"), house.directory.path().join("cat.1")).unwrap();
        append(house, "cat", "new and long\n");
        assert_eq!(client.take(13).await, "new and long\n");
        std::fs::write(house.directory.path().join("cat"), "cut\n").unwrap();
        assert_eq!(client.take(27).await, "==> File truncated <==\ncut\n");
    });
}

/// B2.9.2, B2.9.3
#[test]
fn what_is_no_log_is_not_found_and_only_get_follows() {
    with(Setup::default(), async |house| {
        let missing = error("HTTP/1.1", 404, "Not Found");
        for path in ["/logtail/missing", "/logtail", "/logtail/", "/logtail/cat/stdin", "/mainlogtail"] {
            assert_eq!(house.ask(format!("GET {path} HTTP/1.1\r\n\r\n")).await, missing, "{path}");
        }
        for path in ["/logtail/missing", "/mainlogtail"] {
            let request = format!("POST {path} HTTP/1.1\r\nContent-Length: 1\r\n\r\nx");
            assert_eq!(house.ask(request).await, error("HTTP/1.1", 400, "Bad Request"));
        }
    });
}

/// B2.9.13
#[test]
fn a_client_that_does_not_read_costs_no_memory_and_loses_nothing() {
    with(Setup::default(), async |house| {
        append(house, "cat", "");
        let mut client = house.connect().await;
        client.send("GET /logtail/cat HTTP/1.0\r\n\r\n").await;
        client.answer().await;
        let text: String = (0..400_000).map(|n| format!("{n:07}\n")).collect();
        append(house, "cat", &text);
        // Another client is served all the while.
        assert!(house.ask("GET /ok.html HTTP/1.1\r\n\r\n").await.ends_with("OK"));
        assert!(client.take(text.len()).await == text);
    });
}

#[test]
fn followers_that_leave_make_room_for_others_and_calls_always_have_some() {
    let limits = Limits { followers: 2, ..Limits::default() };
    with(Setup { limits, ..Setup::default() }, async |house| {
        append(house, "cat", "x");
        let mut followers = Vec::new();
        for _ in 0..2 {
            let mut client = house.connect().await;
            // Upstream's client sends one line end more than it should.
            client.send("GET /logtail/cat HTTP/1.1\r\n\r\n\r\n").await;
            assert!(client.answer().await.starts_with("HTTP/1.1 200 "));
            followers.push(client);
        }
        let more = "GET /logtail/cat HTTP/1.1\r\n\r\n";
        assert_eq!(house.ask(more).await, error("HTTP/1.1", 503, "Service Unavailable"));
        assert!(house.ask("GET /ok.html HTTP/1.1\r\n\r\n").await.ends_with("OK"));
        drop(followers.pop());
        let began = Instant::now();
        while !house.ask(more).await.starts_with("HTTP/1.1 200 ") {
            assert!(began.elapsed() < super::PATIENCE, "the follower that left still counts");
        }
    });
}

#[test]
fn a_stop_ends_the_stream_without_its_final_chunk() {
    with(Setup::default(), async |house| {
        append(house, "cat", "x");
        let mut client = house.connect().await;
        client.send("GET /logtail/cat HTTP/1.1\r\n\r\n").await;
        client.answer().await;
        assert_eq!(client.take(6).await, "1\r\nx\r\n");
        house.stop.send(true).unwrap();
        assert_eq!(client.rest().await, "");
    });
}
