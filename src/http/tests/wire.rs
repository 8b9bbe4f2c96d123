//! Connections and requests: what is kept, what is closed, in which order.

use super::{Setup, answered, call, call_body, error, post, start, with};

const API_VERSION: &str = "<string>3.0</string>";
const TRUE: &str = "<boolean>1</boolean>";

/// B2.2.1, B2.5.1, B2.5.2
#[test]
fn the_answer_repeats_the_version_and_tells_of_the_connection() {
    with(Setup::default(), async |house| {
        let body = call_body("supervisor.getAPIVersion");
        let request = |version, headers| post(version, headers, &body);
        assert_eq!(house.ask(request("HTTP/1.1", "")).await, answered("HTTP/1.1 200 OK", API_VERSION));
        let kept = house.ask(request("HTTP/1.0", "Connection: keep-alive\r\n")).await;
        assert_eq!(kept, answered("HTTP/1.0 200 OK|Connection: Keep-Alive\r\n", API_VERSION));
        let closed = house.exchange(request("HTTP/1.0", "")).await;
        assert_eq!(closed, answered("HTTP/1.0 200 OK|Connection: close\r\n", API_VERSION));
        let closed = house.exchange(request("HTTP/1.1", "Connection: Close, TE\r\n")).await;
        assert_eq!(closed, answered("HTTP/1.1 200 OK|Connection: close\r\n", API_VERSION));
    });
}

/// B2.3.5, B2.5.2
#[test]
fn a_connection_serves_request_after_request() {
    with(Setup::default(), async |house| {
        let mut client = house.connect().await;
        client.send(post("HTTP/1.1", "", "this is not xml")).await;
        assert_eq!(client.answer().await, error("HTTP/1.1", 400, "Bad Request"));
        client.send("GET /nothing HTTP/1.1\r\n\r\n").await;
        assert_eq!(client.answer().await, error("HTTP/1.1", 404, "Not Found"));
        for _ in 0..3 {
            client.send(call("supervisor.getAPIVersion")).await;
            assert_eq!(client.answer().await, answered("HTTP/1.1 200 OK", API_VERSION));
        }
        let mut old = house.connect().await;
        for _ in 0..2 {
            old.send("GET /ok.html HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").await;
            assert!(old.answer().await.ends_with("\r\nConnection: Keep-Alive\r\n\r\nOK"));
        }
    });
}

/// B2.5.6, B1.12.1
#[test]
fn pipelined_requests_are_answered_in_order_even_behind_a_wait() {
    with(Setup::default(), async |house| {
        let mut client = house.connect().await;
        client.send(start("slow") + &call("supervisor.getAPIVersion") + "GET /ok.html HTTP/1.1\r\n\r\n").await;
        house.engine.waiting.notified().await;
        assert_eq!(house.ask(call("supervisor.getAPIVersion")).await, answered("HTTP/1.1 200 OK", API_VERSION));
        house.engine.release.notify_one();
        assert_eq!(client.answer().await, answered("HTTP/1.1 200 OK", TRUE));
        assert_eq!(client.answer().await, answered("HTTP/1.1 200 OK", API_VERSION));
        assert!(client.answer().await.ends_with("\r\n\r\nOK"));
    });
}

/// B1.12.6
#[test]
fn a_client_that_half_closes_is_answered() {
    with(Setup::default(), async |house| {
        let mut client = house.connect().await;
        client.send(call("supervisor.getAPIVersion")).await;
        client.half_close().await;
        assert_eq!(client.rest().await, answered("HTTP/1.1 200 OK", API_VERSION));

        let mut client = house.connect().await;
        client.send(start("slow")).await;
        client.half_close().await;
        house.engine.waiting.notified().await;
        // The server must have seen the end of input before the answer is there.
        assert_eq!(house.ask(call("supervisor.getAPIVersion")).await, answered("HTTP/1.1 200 OK", API_VERSION));
        house.engine.release.notify_one();
        assert_eq!(client.rest().await, answered("HTTP/1.1 200 OK", TRUE));
    });
}

/// B1.12.6, B2.2.6
#[test]
fn a_client_that_half_closes_gets_the_whole_of_a_long_answer() {
    with(Setup::default(), async |house| {
        let params =
            "<params><param><value><int>0</int></value></param><param><value><int>0</int></value></param></params>";
        let body = call_body("supervisor.readLog").replace("<params>\n</params>", params);
        let mut client = house.connect().await;
        client.send(post("HTTP/1.1", "", &body)).await;
        client.half_close().await;
        let answer = client.rest().await;
        assert!(answer.ends_with("x</string></value>\n</param>\n</params>\n</methodResponse>\n"), "{}", answer.len());
        assert!(answer.len() > 3 << 20);
    });
}

/// B2.4.6
#[test]
fn a_client_that_asks_first_is_told_to_go_on() {
    with(Setup::default(), async |house| {
        let body = call_body("supervisor.getAPIVersion");
        let request = post("HTTP/1.1", "Expect: 100-continue\r\n", &body);
        let (head, body) = request.split_at(request.len() - body.len());
        let mut client = house.connect().await;
        client.send(head).await;
        assert_eq!(client.answer().await, "HTTP/1.1 100 Continue\r\n\r\n");
        client.send(body).await;
        assert_eq!(client.answer().await, answered("HTTP/1.1 200 OK", API_VERSION));
    });
}

/// B2.3 (HEAD), B2.10.2
#[test]
fn head_has_no_body() {
    with(Setup::default(), async |house| {
        let mut client = house.connect().await;
        for path in ["/RPC2", "/", "/stylesheets/supervisor.css", "/logtail/x"] {
            client.send(format!("HEAD {path} HTTP/1.1\r\n\r\n")).await;
        }
        client.half_close().await;
        let answers = client.rest().await;
        let statuses: Vec<_> = answers.lines().filter(|line| line.starts_with("HTTP/")).collect();
        let bad = "HTTP/1.1 400 Bad Request";
        assert_eq!(statuses, [bad, "HTTP/1.1 404 Not Found", "HTTP/1.1 200 OK", bad]);
        assert!(answers.contains("Content-Length: 136\r\n") && !answers.contains('<'), "{answers}");
    });
}

/// B2.4.3, B2.4.4, B2.4.5
#[test]
fn empty_lines_missing_hosts_and_single_bytes_are_fine() {
    with(Setup::default(), async |house| {
        let request = format!("\r\n\r\n{}", call("supervisor.getAPIVersion").replace("Host: localhost\r\n", ""));
        let mut client = house.connect().await;
        for byte in request.as_bytes().chunks(1) {
            client.send(byte).await;
        }
        assert_eq!(client.answer().await, answered("HTTP/1.1 200 OK", API_VERSION));
    });
}

/// B2.4.2
#[test]
fn folded_headers_are_joined() {
    with(Setup::default(), async |house| {
        let request = call("supervisor.getAPIVersion").replace("Host: localhost", "Host: x\r\nX-A: b\r\n c");
        assert_eq!(house.ask(request).await, answered("HTTP/1.1 200 OK", API_VERSION));
    });
}

/// B2.3 (methods, Content-Length, request lines), B2.4.8
#[test]
fn requests_without_sense_are_refused() {
    with(Setup::default(), async |house| {
        let bad = error("HTTP/1.1", 400, "Bad Request");
        for method in ["GET", "PUT", "OPTIONS", "post"] {
            assert_eq!(house.ask(format!("{method} /RPC2 HTTP/1.1\r\n\r\n")).await, bad, "{method}");
        }
        assert_eq!(house.ask("POST /RPC2 HTTP/1.1\r\nContent-Length: 0\r\n\r\n").await, bad);
        assert_eq!(house.ask(call("x").replace("/RPC2", "/rpc2")).await, bad);
        for path in ["/RPC2", "/index.html"] {
            let answer = house.exchange(format!("POST {path} HTTP/1.1\r\n\r\nGET /ok.html HTTP/1.1\r\n\r\n")).await;
            assert_eq!(answer, error("HTTP/1.1|Connection: close\r\n", 411, "Length Required"));
        }
        for request in [
            "POST /RPC2 HTTP/1.1\r\nContent-Length: x\r\n\r\n",
            "POST /RPC2 HTTP/1.1\r\nContent-Length: -5\r\n\r\nabcde",
            "POST /RPC2 HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
            "GET / with blanks HTTP/1.1\r\n\r\n",
            "nonsense\r\n\r\n",
            "GET /\r\n\r\n",
        ] {
            let refused = error("HTTP/1.1|Connection: close\r\n", 400, "Bad Request");
            assert_eq!(house.exchange(request).await, refused, "{request:?}");
            let behind = house.exchange(format!("GET /ok.html HTTP/1.1\r\n\r\n{request}")).await;
            assert!(behind.ends_with(&format!("\r\n\r\nOK{refused}")), "{request:?} {behind}");
        }
        let with_body = "GET /ok.html HTTP/1.1\r\nContent-Length:5\r\n\r\nabcde";
        let mut client = house.connect().await;
        for _ in 0..2 {
            client.send(with_body).await;
            assert!(client.answer().await.ends_with("\r\n\r\nOK"));
        }
    });
}

/// B2.3 (chunked), B5.2 F11
#[test]
fn chunked_bodies_are_read_and_nothing_behind_them_is() {
    with(Setup::default(), async |house| {
        let body = call_body("supervisor.getAPIVersion");
        let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
        let answer = answered("HTTP/1.1 200 OK|Connection: close\r\n", API_VERSION);
        let head = "POST /RPC2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n";
        let smuggled = "GET /ok.html HTTP/1.1\r\n\r\n";
        for length in ["", "Content-Length: 5\r\n", "Content-Length: 300\r\n"] {
            let request = format!("{head}{length}\r\n{chunked}{smuggled}");
            assert_eq!(house.exchange(request).await, answer, "{length}");
        }
        let request = format!(
            "POST /RPC2 HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}{smuggled}"
        );
        assert_eq!(house.exchange(request).await, answer);
    });
}

/// B2.3 (absolute URI, bytes that are not UTF-8)
#[test]
fn absolute_addresses_and_foreign_bytes_are_fine() {
    with(Setup::default(), async |house| {
        let absolute = call("supervisor.getAPIVersion").replace("POST /RPC2", "POST http://h/RPC2");
        assert_eq!(house.ask(absolute).await, answered("HTTP/1.1 200 OK", API_VERSION));
        assert!(house.ask(b"GET /ok.html HTTP/1.1\r\nX-A: \xff\xe9\r\n\r\n").await.ends_with("\r\n\r\nOK"));
    });
}

/// B2.8.1, B2.13.1
#[test]
fn tcp_servers_serve_too_and_log_who_asked() {
    let (answer, lines) = super::tcp_access_line();
    assert!(answer.ends_with("\r\nConnection: close\r\n\r\nOK"), "{answer}");
    assert!(
        lines.iter().any(|line| line.starts_with("TRAC 127.0.0.1:") && line.contains("HTTP/1.0\" 200 ")),
        "{lines:?}"
    );
}
