//! What clients may take of the server.

use super::{PATIENCE, Setup, answered, call, call_body, error, post, start, with};
use crate::http::Limits;
use crate::http::limits::HEAD_LINES;
use crate::rpc::Request;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::time::{sleep, timeout};

/// A call that is answered with more than 3 MiB.
fn whole_log() -> String {
    read("supervisor.readLog", "")
}

/// A call for all of a log.
fn read(method: &str, name: &str) -> String {
    let zero = "<param><value><int>0</int></value></param>";
    let params = format!("<params>{name}{zero}{zero}</params>");
    post("HTTP/1.1", "", &call_body(method).replace("<params>\n</params>", &params))
}

/// B2.4.1
#[test]
fn long_heads_are_taken_up_to_a_bound() {
    with(Setup::default(), async |house| {
        let request = |length| format!("GET /ok.html HTTP/1.1\r\nX-A: {}\r\n\r\n", "a".repeat(length));
        assert!(house.ask(request(70 << 10)).await.ends_with("\r\n\r\nOK"));
        let refused = error("HTTP/1.1|Connection: close\r\n", 431, "Request Header Fields Too Large");
        assert_eq!(house.exchange(request(300 << 10)).await, refused);
        let lines = |count| format!("GET /ok.html HTTP/1.1\r\n{}\r\n", "X-A: b\r\n".repeat(count));
        assert!(house.ask(lines(HEAD_LINES)).await.ends_with("\r\n\r\nOK"));
        assert_eq!(house.exchange(lines(HEAD_LINES + 1)).await, refused);
    });
}

/// B2.1.13
#[test]
fn long_bodies_are_refused_before_they_are_sent() {
    let limits = Limits { body_bytes: 1000, ..Limits::default() };
    with(Setup { limits, ..Setup::default() }, async |house| {
        let refused = error("HTTP/1.1|Connection: close\r\n", 413, "Payload Too Large");
        let head = "POST /RPC2 HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 99999999999\r\n\r\n";
        assert_eq!(house.exchange(head).await, refused);
        let chunk = format!("400\r\n{}\r\n0\r\n\r\n", "x".repeat(1024));
        let chunked = format!("POST /RPC2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{chunk}");
        assert_eq!(house.exchange(chunked).await, refused);
        assert!(house.exchange(post("HTTP/1.1", "", &"x".repeat(1001))).await.starts_with("HTTP/1.1 413 "));
    });
}

/// B2.4.6, B2.4.8
#[test]
fn a_refused_body_that_comes_all_the_same_is_no_request() {
    with(Setup { auth: Some(("user", "pw")), ..Setup::default() }, async |house| {
        // Neither of the two is a head that can be read.
        for body in ["<?xml version='1.0'?>\n<methodCall>\n", "a\r\n\r\n"] {
            let request = post("HTTP/1.1", "Expect: 100-continue\r\n", body);
            for size in [request.len() - 5, request.len()] {
                let mut client = house.connect().await;
                for piece in request.as_bytes().chunks(size) {
                    client.send(piece).await;
                }
                client.half_close().await;
                let answer = client.rest().await;
                assert!(answer.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{answer}");
                assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
            }
        }
    });
}

/// B2.1.13
#[test]
fn large_bodies_are_read_some_at_a_time_and_small_ones_always() {
    let limits = Limits { large_bodies: 1, ..Limits::default() };
    with(Setup { limits, ..Setup::default() }, async |house| {
        let request = call("supervisor.getAPIVersion");
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        let blanks = " ".repeat(3 << 20);
        let length = format!("Content-Length: {}", body.len() + blanks.len());
        let head = head.replace(&format!("Content-Length: {}", body.len()), &length);
        let large = format!("{head}\r\n\r\n{body}{blanks}");
        let answer = answered("HTTP/1.1 200 OK", "<string>3.0</string>");
        let mut slow = house.connect().await;
        let (most, last) = large.split_at(2 << 20);
        slow.send(most).await;
        assert_eq!(house.ask(&request).await, answer);
        let (_, other) = tokio::join!(slow.send(last), house.ask(&large));
        assert_eq!((slow.answer().await, other), (answer.clone(), answer));
    });
}

#[test]
fn half_sent_requests_are_dropped() {
    let brief = Duration::from_millis(250);
    let limits = Limits { head_time: brief, body_pause: brief * 10, ..Limits::default() };
    with(Setup { limits, ..Setup::default() }, async |house| {
        assert_eq!(house.exchange("POST /RPC2 HTTP/1.1\r\nHo").await, "");
        let answer = house.exchange("POST /RPC2 HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc").await;
        assert_eq!(answer, error("HTTP/1.1|Connection: close\r\n", 408, "Request Timeout"));
        let mut client = house.connect().await;
        client.send("POST /RPC2 HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc").await;
        client.half_close().await;
        assert_eq!(client.rest().await, error("HTTP/1.1|Connection: close\r\n", 400, "Bad Request"));
    });
}

#[test]
fn a_body_that_keeps_coming_too_slowly_is_dropped() {
    let limits = Limits { body_time: Duration::from_millis(40), ..Limits::default() };
    with(Setup { limits, ..Setup::default() }, async |house| {
        let answer = house.exchange("POST /RPC2 HTTP/1.1\r\nContent-Length: 1000\r\n\r\nabc").await;
        assert_eq!(answer, error("HTTP/1.1|Connection: close\r\n", 408, "Request Timeout"));
        // Each byte earns a little more time, but never enough for the next.
        let mut client = house.connect().await;
        client.send("POST /RPC2 HTTP/1.1\r\nContent-Length: 100000\r\n\r\n").await;
        let (mut reader, mut writer) = client.stream.into_split();
        let drip = tokio::task::spawn_local(async move {
            let mut beat = tokio::time::interval(Duration::from_millis(5));
            while writer.write_all(b"x").await.is_ok() {
                beat.tick().await;
            }
        });
        let mut answer = String::new();
        timeout(PATIENCE, reader.read_to_string(&mut answer)).await.unwrap().unwrap();
        assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
        drip.abort();
    });
}

/// Whoever asks for whole logs and reads nothing gets no more memory than is there
/// for all of them, and those who do read get theirs.
#[test]
fn large_answers_that_nobody_reads_have_a_bound() {
    let request = whole_log();
    // one answer has more than 3 MiB: there is room for one
    let limits = Limits { unread_bytes: 4 << 20, large_patience: Duration::from_millis(300), ..Limits::default() };
    with(Setup { limits, ..Setup::default() }, async |house| {
        let mut stuck = house.connect().await;
        stuck.send(&request).await;
        assert!(stuck.receive().await);
        let refused = house.ask(&request).await;
        assert!(refused.contains("<string>FAILED: too many large answers</string>"), "{}", &refused[..200]);
        assert!(house.ask(call("supervisor.getState")).await.starts_with("HTTP/1.1 200 OK\r\n"), "a small one");
        let (one, other) = tokio::join!(stuck.answer(), house.ask(&request));
        assert!(one.len() > 3 << 20 && other.len() > 3 << 20, "there is room again");
    });
    let limits = Limits { unread_bytes: 4 << 20, ..Limits::default() };
    with(Setup { limits, ..Setup::default() }, async |house| {
        let (one, two, three) = tokio::join!(house.ask(&request), house.ask(&request), house.ask(&request));
        assert!([one, two, three].iter().all(|answer| answer.len() > 3 << 20), "one after the other");
    });
}

/// A multicall that reads all of a log and does something after that.
fn read_and(method: &str, params: &str) -> String {
    let call = |method: &str, params: &str| {
        let params = format!("<member><name>params</name><value><array><data>{params}</data></array></value></member>");
        format!(
            "<value><struct><member><name>methodName</name><value>{method}</value></member>{params}</struct></value>"
        )
    };
    let zero = "<value><int>0</int></value>";
    let calls = call("supervisor.readLog", &zero.repeat(2)) + &call(method, params);
    let params = format!("<params><param><value><array><data>{calls}</data></array></value></param></params>");
    post("HTTP/1.1", "", &call_body("system.multicall").replace("<params>\n</params>", &params))
}

/// B1.14.7
#[test]
fn a_multicall_that_may_not_read_much_does_and_tells_the_rest() {
    let limits = Limits { large_reads: 1, large_patience: Duration::from_millis(100), ..Limits::default() };
    with(Setup { limits, ..Setup::default() }, async |house| {
        let mut first = house.connect().await;
        first.send(read_and("supervisor.startProcess", "<value>slow</value>")).await;
        house.engine.waiting.notified().await;
        let second = house.ask(read_and("supervisor.stopProcess", "<value>cat</value>")).await;
        assert!(second.contains("FAILED: too many large answers"), "{second}");
        assert!(second.contains("<value><boolean>1</boolean></value>\n</data>"), "{second}");
        let requests = house.engine.requests.borrow().clone();
        let reads = requests.iter().filter(|request| matches!(request, Request::ReadLog { .. })).count();
        assert_eq!((reads, requests.len()), (1, 3), "what could not be told was not read");
        house.engine.release.notify_one();
        assert!(first.answer().await.ends_with(
            "<value><boolean>1</boolean></value>\n</data></array></value>\n</param>\n</params>\n</methodResponse>\n"
        ));
    });
}

/// A disk may be slow because all want to read there.
#[test]
fn logs_that_take_long_make_way_for_as_many_others_and_no_more() {
    let request = read("supervisor.readProcessStdoutLog", "<param><value>slow</value></param>");
    let limits = Limits { large_reads: 1, slow_read: Duration::ZERO, ..Limits::default() };
    with(Setup { limits, ..Setup::default() }, async |house| {
        let at_work = || {
            let requests = house.engine.requests.borrow();
            requests.iter().filter(|request| matches!(request, Request::ReadProcessLog { .. })).count()
        };
        let mut clients = Vec::new();
        for _ in 0..4 {
            let mut client = house.connect().await;
            client.send(&request).await;
            clients.push(client);
        }
        for most in 2..=4 {
            let come = async {
                while at_work() < most {
                    sleep(Duration::from_millis(1)).await;
                }
                sleep(Duration::from_millis(20)).await;
            };
            timeout(PATIENCE, come).await.unwrap();
            assert_eq!(at_work(), most);
            house.engine.release.notify_one();
        }
        let release = async {
            loop {
                house.engine.release.notify_one();
                sleep(Duration::from_millis(1)).await;
            }
        };
        let answers = async {
            for client in &mut clients {
                assert!(client.answer().await.starts_with("HTTP/1.1 200 OK\r\n"));
            }
        };
        tokio::select! {
            () = release => {}
            () = answers => {}
        }
    });
}

#[test]
fn an_answer_that_nobody_reads_is_dropped() {
    let request = whole_log();
    with(Setup::default(), async |house| assert!(house.ask(&request).await.len() > 3 << 20));
    let brief = Duration::from_millis(250);
    let limits = Limits { head_time: brief, unread_time: brief * 2, ..Limits::default() };
    with(Setup { limits, ..Setup::default() }, async |house| {
        let mut client = house.connect().await;
        client.send(&request).await;
        // Until the server has gone, and nothing is read before.
        let dropped = async {
            while !client.stream.ready(Interest::WRITABLE).await.unwrap().is_write_closed() {
                sleep(brief).await;
            }
        };
        timeout(PATIENCE, dropped).await.unwrap();
        let got = client.rest().await;
        assert!(got.starts_with("HTTP/1.1 200 OK\r\n") && got.len() < 2 << 20, "{}", got.len());
    });
}

/// B2.1.13, B2.7.6
#[test]
fn a_refusal_reaches_a_client_that_sends_all_of_its_body_first() {
    with(Setup { auth: Some(("user", "pw")), ..Setup::default() }, async |house| {
        let large = post("HTTP/1.1", "", &"x".repeat(8 << 20));
        assert!(house.exchange(&large).await.starts_with("HTTP/1.1 401 Unauthorized\r\n"));
    });
    let limits = Limits { body_bytes: 1000, ..Limits::default() };
    with(Setup { limits, ..Setup::default() }, async |house| {
        let large = post("HTTP/1.1", "", &"x".repeat(8 << 20));
        assert!(house.exchange(&large).await.starts_with("HTTP/1.1 413 Payload Too Large\r\n"));
    });
}

/// B2.5.7, B1.12.5
#[test]
fn silent_connections_end_after_a_while_but_a_wait_takes_as_long_as_it_takes() {
    let brief = Duration::from_millis(250);
    let limits = Limits { head_time: brief, idle_time: brief * 3, ..Limits::default() };
    with(Setup { limits, ..Setup::default() }, async |house| {
        let mut waiting = house.connect().await;
        waiting.send(start("slow")).await;
        house.engine.waiting.notified().await;
        assert_eq!(house.exchange("").await, "");
        house.engine.release.notify_one();
        assert_eq!(waiting.answer().await, answered("HTTP/1.1 200 OK", "<boolean>1</boolean>"));
    });
}

#[test]
fn hundreds_of_idle_connections_do_not_keep_anybody_out() {
    let limits = Limits { connections: 100, ..Limits::default() };
    with(Setup { limits, ..Setup::default() }, async |house| {
        let mut waiting = house.connect().await;
        waiting.send(start("slow")).await;
        house.engine.waiting.notified().await;
        let mut idle = Vec::new();
        for _ in 0..200 {
            idle.push(house.connect().await);
        }
        let answer = house.ask(call("supervisor.getAPIVersion")).await;
        assert_eq!(answer, answered("HTTP/1.1 200 OK", "<string>3.0</string>"));
        house.engine.release.notify_one();
        assert_eq!(waiting.answer().await, answered("HTTP/1.1 200 OK", "<boolean>1</boolean>"));
    });
}

#[test]
fn connections_beyond_the_bound_are_closed_when_all_others_are_waited_for() {
    let limits = Limits { connections: 2, ..Limits::default() };
    with(Setup { limits, ..Setup::default() }, async |house| {
        let mut waiting = [house.connect().await, house.connect().await];
        for client in &mut waiting {
            client.send(start("slow")).await;
            house.engine.waiting.notified().await;
        }
        assert_eq!(house.exchange("").await, "");
        for client in &mut waiting {
            house.engine.release.notify_one();
            assert_eq!(client.answer().await, answered("HTTP/1.1 200 OK", "<boolean>1</boolean>"));
        }
        let lines = house.engine.lines.borrow();
        let complaint = "ERRO Server 'unix_http_server' has too many connections, a new one was closed";
        assert!(lines.iter().any(|line| line == complaint), "{lines:?}");
    });
}

/// B1.13.5
#[test]
fn a_stop_lets_answers_under_way_be_finished_and_ends_the_rest() {
    with(Setup::default(), async |house| {
        let (mut idle, mut waiting) = (house.connect().await, house.connect().await);
        idle.send(call("supervisor.getAPIVersion")).await;
        idle.answer().await;
        waiting.send(start("slow")).await;
        house.engine.waiting.notified().await;
        house.stop.send(true).unwrap();
        assert_eq!(idle.rest().await, "");
        house.engine.release.notify_one();
        let answer = waiting.rest().await;
        assert!(answer.contains("<boolean>1</boolean>"), "{answer:?}");
        assert!(tokio::net::UnixStream::connect(&house.socket).await.is_err());
    });
}

/// B1.13.5
#[test]
fn a_stop_does_not_wait_for_calls_that_take_too_long() {
    let limits = Limits { grace: Duration::from_millis(30), ..Limits::default() };
    with(Setup { limits, ..Setup::default() }, async |house| {
        let mut waiting = house.connect().await;
        waiting.send(start("slow")).await;
        house.engine.waiting.notified().await;
        house.stop.send(true).unwrap();
        assert_eq!(waiting.rest().await, "");
    });
}
