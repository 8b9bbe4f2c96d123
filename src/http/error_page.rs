//! The body of every error answer, byte for byte upstream's (B2.3.1).

use super::reply::{SERVER_NAME, http_date};
use hyper::StatusCode;
use std::time::Duration;

/// The page for `status`; its lengths are known to clients (B2.3.2).
pub(super) fn error_page(status: StatusCode) -> String {
    let code = status.as_u16();
    let reason = status.canonical_reason().unwrap_or("Error");
    format!(
        "<head>\r\n<title>Error response</title>\r\n</head>\r\n<body>\r\n<h1>Error response</h1>\r\n\
         <p>Error code {code}.\r\n<p>Message: {reason}.\r\n</body>\r\n"
    )
}

/// The whole answer to what is no request, as it goes to the socket (B2.3).
pub(super) fn refusal(status: StatusCode, wall: Duration) -> Vec<u8> {
    let page = error_page(status);
    let date = http_date(wall);
    let head = format!(
        "HTTP/1.1 {status}\r\nServer: {SERVER_NAME}\r\nDate: {}\r\nContent-Length: {}\r\nContent-Type: text/html\r\n\
         Connection: close\r\n\r\n",
        String::from_utf8_lossy(date.as_bytes()),
        page.len()
    );
    [head, page].concat().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::error_page;
    use hyper::StatusCode;

    /// B2.3.2
    #[test]
    fn pages_have_the_known_lengths() {
        for (code, length) in [(301, 142), (400, 136), (401, 137), (404, 134), (411, 140), (500, 146)] {
            let page = error_page(StatusCode::from_u16(code).unwrap());
            assert_eq!(page.len(), length, "{code}");
        }
    }
}
