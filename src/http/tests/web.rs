//! The pages over the wire.

use super::{Setup, error, with};
use crate::rpc::Request;

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

fn location(answer: &str) -> &str {
    answer.lines().find_map(|line| line.strip_prefix("Location: ")).unwrap_or("none")
}

/// B2.11.2, B2.12.2, B2.11.3
#[test]
fn pages_say_that_they_are_not_to_be_kept() {
    with(Setup::default(), async |house| {
        for target in ["/", "//index.html", "/tail.html?processname=cat"] {
            let answer = house.ask(get(target)).await;
            let (head, page) = answer.split_once("\r\n\r\n").unwrap();
            let length = format!("Content-Length: {}", page.len());
            let lines: Vec<_> = head.lines().collect();
            assert_eq!(
                lines,
                [
                    "HTTP/1.1 200 OK",
                    "Server: Medusa/1.12",
                    "Date: D",
                    "Content-Type: text/html;charset=utf-8",
                    "Pragma: no-cache",
                    "Cache-Control: no-cache",
                    "Expires: Thu, 01 Jan 1970 00:00:00 GMT",
                    "X-Frame-Options: DENY",
                    "X-Content-Type-Options: nosniff",
                    &length,
                ]
            );
        }
        let ok = "HTTP/1.1 200 OK\r\nServer: Medusa/1.12\r\nDate: D\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nOK";
        assert_eq!(house.ask(get("/ok.html")).await, ok);
    });
}

/// B2.11.8, B2.11.9, B2.11.10
#[test]
fn an_action_leads_back_with_a_message() {
    with(Setup::default(), async |house| {
        let answer = house.ask(get("/index.html?processname=grp%3Agrp_b&action=start")).await;
        let head = "HTTP/1.1 301 Moved Permanently\r\nServer: Medusa/1.12\r\nDate: D\r\n\
            Location: /?message=Process%20grp%3Agrp_b%20started\r\nContent-Type: text/html\r\nPragma: no-cache\r\n\
            Cache-Control: no-cache\r\nExpires: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: 142\r\n\r\n<head>\r\n";
        assert!(answer.starts_with(head), "{answer}");
        for (query, message) in [
            ("processname=cat&action=stop", "Process%20cat%20stopped"),
            ("processname=cat&action=restart", "Process%20cat%20restarted"),
            ("processname=cat&action=clearlog", "Log%20for%20cat%20cleared"),
            ("processname=stopped&action=stop", "unexpected%20rpc%20fault%20%5B70%5D%20NOT_RUNNING%3A%20stopped"),
            ("processname=fatal&action=restart", "ERROR%3A%20Process%20fatal%3A%20spawn%20error"),
            ("processname=nobody&action=start", "No%20such%20process%20named%20nobody"),
            ("processname=grp%3A*&action=stop", "No%20such%20process%20named%20grp%3A%2A"),
        ] {
            let answer = house.ask(get(&format!("/index.html?{query}"))).await;
            assert_eq!(location(&answer), format!("/?message={message}"), "{query}");
        }
        for (action, message) in
            [("refresh", "Page refreshed"), ("stopall", "All stopped"), ("restartall", "All restarted")]
        {
            let answer = house.ask(get(&format!("/?action={action}"))).await;
            let start = format!("/?message={}%20at%20", message.replace(' ', "%20"));
            assert!(location(&answer).starts_with(&start), "{answer}");
        }
        let all = [Request::StopAllProcesses { wait: true }, Request::StartAllProcesses { wait: true }];
        assert!(house.engine.requests.borrow().ends_with(&all));
    });
}

/// B2.11.1
#[test]
fn a_posted_form_acts_too() {
    with(Setup::default(), async |house| {
        let body = "processname=cat&action=stop";
        let request =
            format!("POST /index.html?action=refresh HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        assert_eq!(location(&house.ask(request).await), "/?message=Process%20cat%20stopped");
    });
}

/// B2.11.11, B2.12.2
#[test]
fn actions_without_sense_or_from_other_sites_do_nothing() {
    with(Setup::default(), async |house| {
        assert_eq!(house.ask(get("/?action=zap&processname=cat")).await, error("HTTP/1.1", 400, "Bad Request"));
        assert_eq!(house.ask(get("/?action=start")).await, error("HTTP/1.1", 400, "Bad Request"));
        let foreign = get("/?action=stopall").replace("Host:", "Sec-Fetch-Site: cross-site\r\nHost:");
        assert_eq!(house.ask(foreign).await, error("HTTP/1.1", 403, "Forbidden"));
        assert!(house.engine.requests.borrow().is_empty());
        let look = get("/").replace("Host:", "Sec-Fetch-Site: cross-site\r\nHost:");
        assert!(house.ask(look).await.starts_with("HTTP/1.1 200 OK\r\n"));
    });
}

/// B1.13.4
#[test]
fn while_the_daemon_stops_the_page_says_so() {
    with(Setup::default(), async |house| {
        house.engine.stopping.set(true);
        let answer = house.ask(get("/")).await;
        assert!(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"), "{answer}");
        assert!(answer.contains("<div class=\"status_msg\">Supervisor is shutting down or restarting"), "{answer}");
        assert!(house.ask(get("/ok.html")).await.starts_with("HTTP/1.1 200 OK\r\n"));
    });
}

/// B2.11.13
#[test]
fn the_tail_page_shows_the_log_or_why_there_is_none() {
    with(Setup::default(), async |house| {
        for (query, text) in [
            ("?processname=cat", "<pre>café &lt;tag&gt; &amp; €\n</pre>"),
            ("?processname=nolog", "<pre>No file for nolog</pre>"),
            ("", "<pre>No process name found</pre>"),
        ] {
            let answer = house.ask(get(&format!("/tail.html{query}"))).await;
            assert!(answer.contains(text), "{answer}");
        }
    });
}

/// B2.10.1, B2.10.2, B2.10.3, B2.10.5
#[test]
fn files_are_sent_once_and_nothing_else_is() {
    with(Setup::default(), async |house| {
        let mut client = house.connect().await;
        client.send(get("/stylesheets/supervisor.css")).await;
        let answer = client.answer().await;
        let (head, css) = answer.split_once("\r\n\r\n").unwrap();
        let expected = format!(
            "HTTP/1.1 200 OK\r\nServer: Medusa/1.12\r\nDate: D\r\nLast-Modified: Sun, 22 Nov 2026 14:59:40 GMT\r\n\
             Content-Length: {}\r\nContent-Type: text/css",
            css.len()
        );
        assert_eq!(head, expected);
        let again = "GET /images/icon.png HTTP/1.1\r\nIf-Modified-Since: Sun, 22 Nov 2026 14:59:40 GMT\r\n\r\n";
        for _ in 0..2 {
            client.send(again).await;
            assert_eq!(client.answer().await, "HTTP/1.1 304 Not Modified\r\nServer: Medusa/1.12\r\nDate: D\r\n\r\n");
        }
        for target in ["/../Cargo.toml", "/%2e%2e/x", "/images", "/images/", "/favicon.ico", "/status.html"] {
            client.send(get(target)).await;
            assert_eq!(client.answer().await, error("HTTP/1.1", 404, "Not Found"), "{target}");
        }
        client.send("DELETE / HTTP/1.1\r\n\r\n").await;
        assert_eq!(client.answer().await, error("HTTP/1.1", 400, "Bad Request"));
    });
}
