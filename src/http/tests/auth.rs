//! Who is let in.

use super::{Setup, call, error, with};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

fn with_header(request: &str, header: &str) -> String {
    request.replacen("\r\n", &format!("\r\n{header}\r\n"), 1)
}

/// B2.7.1, B2.7.5, B2.7.6
#[test]
fn everything_is_refused_without_the_password_and_the_connection_ends() {
    with(Setup { auth: Some(("user", "pa:ss")), ..Setup::default() }, async |house| {
        let refused = error("HTTP/1.1", 401, "Unauthorized")
            .replace("Date: D\r\n", "Date: D\r\nConnection: close\r\nWWW-Authenticate: Basic realm=\"default\"\r\n");
        for path in ["/RPC2", "/", "/nothing", "/logtail/x", "/mainlogtail", "/stylesheets/supervisor.css"] {
            assert_eq!(house.exchange(format!("GET {path} HTTP/1.1\r\n\r\n")).await, refused, "{path}");
        }
        let twice = call("supervisor.getAPIVersion").repeat(2);
        assert_eq!(house.exchange(&twice).await, refused);
        let large = format!("POST /RPC2 HTTP/1.1\r\nContent-Length: 500000\r\n\r\n{}", "x".repeat(500_000));
        assert_eq!(house.exchange(large).await, refused);
        assert!(house.engine.requests.borrow().is_empty());
    });
}

/// B2.7.4, B2.7.7
#[test]
fn the_password_opens_and_nonsense_is_told_so() {
    with(Setup { auth: Some(("user", "pa:ss")), ..Setup::default() }, async |house| {
        let request = call("supervisor.getAPIVersion");
        let token = BASE64_STANDARD.encode("user:pa:ss");
        for header in [format!("Authorization: Basic {token}"), format!("aUTHORIZATION:  bAsIc   {token}")] {
            assert!(house.ask(with_header(&request, &header)).await.starts_with("HTTP/1.1 200 OK\r\n"), "{header}");
        }
        let answer = house.exchange(with_header(&request, "Authorization: Basic abc")).await;
        assert_eq!(answer, error("HTTP/1.1|Connection: close\r\n", 400, "Bad Request"));
    });
}
