//! Where a request ends and the next begins: what two parsers may see
//! differently is refused, and nothing is ever answered that was not asked.

use super::{Setup, answered, call, call_body, error, post, with};

const API_VERSION: &str = "<string>3.0</string>";

/// What a case must come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Answered, and so is the request behind it.
    Kept,
    /// Answered, and nothing behind it is looked at.
    Last,
    /// Refused with this status, and nothing behind it is looked at.
    Refused(u16),
}
use Fate::{Kept, Last, Refused};

/// A request that asks for something else than all cases do.
const NEXT: &str = "GET /ok.html HTTP/1.1\r\n\r\n";

/// `POST /RPC2` with these header lines (`#` is the right length, `CL` the whole line) and body, and
/// the next request behind it.
fn request(headers: &str, body: &str) -> String {
    let length = call_body("supervisor.getAPIVersion").len();
    let headers = headers.replace("CL", &format!("Content-Length: {length}")).replace('#', &length.to_string());
    format!("POST /RPC2 HTTP/1.1\r\n{headers}\r\n\r\n{body}{NEXT}")
}

fn fate(answer: &str) -> Fate {
    let statuses: Vec<u16> =
        answer.split("HTTP/1.1 ").skip(1).map(|rest| rest.get(..3).unwrap().parse().unwrap()).collect();
    let is_answered = answer.contains(API_VERSION);
    match (statuses.as_slice(), answer.ends_with("\r\n\r\nOK")) {
        ([200, 200], true) if is_answered => Kept,
        ([200], false) if is_answered => Last,
        ([status], false) if !is_answered => Refused(*status),
        other => panic!("{other:?} {answer}"),
    }
}

fn judge(cases: &[(&str, Fate)], body: &str) {
    with(Setup::default(), async |house| {
        for (headers, wanted) in cases {
            let request = request(headers, body);
            // Kept ones would wait for more.
            let mut client = house.connect().await;
            client.send(&request).await;
            client.half_close().await;
            let whole = client.rest().await;
            assert_eq!(fate(&whole), *wanted, "{headers:?} {whole}");
            let mut client = house.connect().await;
            for byte in request.as_bytes().chunks(1) {
                if !client.try_send(byte).await {
                    break;
                }
            }
            client.half_close().await;
            assert_eq!(fate(&client.rest().await), *wanted, "{headers:?} byte by byte");
        }
    });
}

/// B2.3 (Content-Length), B5.2 F11
#[test]
fn lengths_that_two_parsers_may_read_differently_are_refused() {
    let cases = [
        ("CL", Kept),
        ("Content-Length:#", Kept),
        ("Content-Length: \t # \t", Kept),
        ("content-LENGTH: 0#", Kept),
        ("CL\r\nCL", Kept),
        ("CL\r\nContent-Length: 5", Refused(400)),
        ("Content-Length: 5\r\nCL", Refused(400)),
        ("CL, #", Refused(400)),
        ("CL, 5", Refused(400)),
        ("Content-Length: +#", Refused(400)),
        ("Content-Length: -1", Refused(400)),
        ("Content-Length: 0x#", Refused(400)),
        ("Content-Length: #.0", Refused(400)),
        ("Content-Length: 1 0", Refused(400)),
        ("Content-Length:", Refused(400)),
        ("Content-Length: ٣", Refused(400)),
        ("Content-Length: 99999999999999999999999", Refused(400)),
        ("Content-Length: 9999999999", Refused(413)),
        ("Content-Length : #", Refused(400)),
        ("Content-Length\t: #", Refused(400)),
        (" CL", Refused(400)),
        ("Content_Length: #", Refused(411)),
        ("X-A: b", Refused(411)),
    ];
    judge(&cases, &call_body("supervisor.getAPIVersion"));
}

/// B2.3 (chunked), B5.2 F11
#[test]
fn chunks_are_the_one_coding_and_win_over_a_length() {
    let cases = [
        ("Transfer-Encoding: chunked", Last),
        ("transfer-ENCODING:CHUNKED", Last),
        ("CL\r\nTransfer-Encoding: chunked", Last),
        ("Transfer-Encoding: chunked\r\nContent-Length: 4", Last),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", Refused(501)),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", Refused(400)),
        ("Transfer-Encoding: identity, chunked", Refused(501)),
        ("Transfer-Encoding: gzip, chunked", Refused(501)),
        ("Transfer-Encoding: chunked, gzip", Refused(400)),
        ("Transfer-Encoding: xchunked", Refused(400)),
        ("Transfer-Encoding: xchunked\r\nCL", Refused(400)),
        ("Transfer-Encoding: \u{b}chunked\r\nCL", Refused(400)),
        ("Transfer-Encoding: \"chunked\"\r\nCL", Refused(400)),
        ("Transfer-Encoding:\r\nCL", Refused(400)),
        ("Transfer-Encoding : chunked\r\nCL", Refused(400)),
    ];
    let body = call_body("supervisor.getAPIVersion");
    judge(&cases, &format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len()));
}

/// B2.4.2, B2.4.3, B2.3
#[test]
fn lines_that_two_parsers_may_cut_differently_are_refused() {
    let cases = [
        ("CL\r\nX-A: b\r\n c\r\n\td", Kept),
        ("Content-Length:\r\n #", Kept),
        ("CL\r\n 0", Refused(400)),
        ("X-A: b\nCL", Refused(400)),
        ("X-A: b\n c\r\nCL", Refused(400)),
        ("X-A: b\rCL", Refused(400)),
        ("X-A: b\rc\r\nCL", Refused(400)),
        ("X-A: b\0c\r\nCL", Refused(400)),
        ("X-A\0: b\r\nCL", Refused(400)),
        ("X-A : b\r\nCL", Refused(400)),
        ("X A: b\r\nCL", Refused(400)),
        (": b\r\nCL", Refused(400)),
        ("X-A\r\nCL", Refused(400)),
        ("CL\r\nHost: a\r\nHost: b", Refused(400)),
    ];
    judge(&cases, &call_body("supervisor.getAPIVersion"));
}

/// B2.3 (chunked)
#[test]
fn chunks_that_two_parsers_may_cut_differently_are_refused() {
    let body = call_body("supervisor.getAPIVersion");
    let cases = [
        ("#\r\nBODY\r\n0\r\n\r\n", Last),
        ("000#;a=b\r\nBODY\r\n00\r\n\r\n", Last),
        ("#\r\nBODY\r\n0\r\nX-A: b\r\nContent-Length: 3\r\n\r\n", Last),
        ("#\nBODY\n0\n\n", Refused(400)),
        ("#\nBODY\r\n0\r\n\r\n", Refused(400)),
        ("#;a=\"\n\"\r\nBODY\r\n0\r\n\r\n", Refused(400)),
        ("#\rBODY\r\n0\r\n\r\n", Refused(400)),
        ("0x#\r\nBODY\r\n0\r\n\r\n", Refused(400)),
        ("+#\r\nBODY\r\n0\r\n\r\n", Refused(400)),
        ("-#\r\nBODY\r\n0\r\n\r\n", Refused(400)),
        (" #\r\nBODY\r\n0\r\n\r\n", Refused(400)),
        ("1000000000000000#\r\nBODY\r\n0\r\n\r\n", Refused(400)),
        ("#\r\nBODYxx0\r\n\r\n", Refused(400)),
        ("\r\nBODY\r\n0\r\n\r\n", Refused(400)),
    ];
    with(Setup::default(), async |house| {
        for (chunks, wanted) in cases {
            let chunks = chunks.replace('#', &format!("{:x}", body.len())).replace("BODY", &body);
            let answer = house.exchange(request("Transfer-Encoding: chunked", &chunks)).await;
            assert_eq!(fate(&answer), wanted, "{chunks:?} {answer}");
        }
    });
}

/// B2.3 (request lines), B2.5.1
#[test]
fn request_lines_are_exact() {
    with(Setup::default(), async |house| {
        for line in [
            "POST  /RPC2 HTTP/1.1",
            "POST\t/RPC2\tHTTP/1.1",
            "POST /RPC2 HTTP/1.1 ",
            "POST /RPC2 http/1.1",
            "POST /RPC2 HTTP/1.2",
            "POST /RPC2 HTTP/2.0",
            "POST /RPC2 HTTP/0.9",
            "POST /RPC2 HTTP/1.10",
            "P@ST /RPC2 HTTP/1.1",
            "POST /RPC2",
            "\u{16}\u{3}\u{1}",
            "SSH-2.0-x",
        ] {
            let answer = house.exchange(request("CL", "").replace("POST /RPC2 HTTP/1.1", line)).await;
            assert_eq!(answer, error("HTTP/1.1|Connection: close\r\n", 400, "Bad Request"), "{line:?}");
        }
        let answer = house.exchange("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
        assert_eq!(answer, error("HTTP/1.1|Connection: close\r\n", 400, "Bad Request"));
        // A length beside chunks is what HTTP/1.0 does not know at all.
        let old = post("HTTP/1.0", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n");
        assert!(house.exchange(old).await.contains(" 400 Bad Request\r\n"));
    });
}

/// B2.5.6, B2.4.2, B2.4.8
#[test]
fn each_of_many_requests_in_a_row_is_looked_at_alike() {
    with(Setup::default(), async |house| {
        let folded = call("supervisor.getAPIVersion").replace("Host: localhost", "X-A: b\r\n c\r\nX-D: e\r\n f");
        // A body that looks like a folded head, and one that looks like a request.
        let like_a_head = post("HTTP/1.1", "", "A: b\r\n c\r\n\r\n d\ne");
        let like_a_request = format!("GET /ok.html HTTP/1.1\r\nContent-Length: {}\r\n\r\n{NEXT}", NEXT.len());
        let row = [folded.as_str(), &like_a_head, &like_a_request, NEXT, &folded].concat();
        let version = answered("HTTP/1.1 200 OK", API_VERSION);
        let expected = |answer: &str| {
            assert!(answer.starts_with(&version), "{answer}");
            assert!(answer.ends_with(&version), "{answer}");
            assert_eq!(answer.matches("HTTP/1.1 400 Bad Request").count(), 1, "{answer}");
            assert_eq!(answer.matches("\r\n\r\nOKHTTP/1.1 200 OK").count(), 2, "{answer}");
            assert_eq!(answer.matches("HTTP/1.1 ").count(), 5, "{answer}");
        };
        for size in [1, 7, 100, row.len()] {
            let mut client = house.connect().await;
            for piece in row.as_bytes().chunks(size) {
                client.send(piece).await;
            }
            client.half_close().await;
            expected(&client.rest().await);
        }
        let shown = house.engine.lines.borrow();
        let body = shown.iter().find(|line| line.contains("is invalid")).unwrap();
        assert!(body.contains("'A: b\\r\\n c\\r\\n\\r\\n d\\ne'"), "the body was changed: {body}");
    });
}
