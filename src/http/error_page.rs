//! The body of every error answer, byte for byte upstream's (B2.3.1).

use hyper::StatusCode;

/// The page for `status`; its lengths are known to clients (B2.3.2).
pub(super) fn error_page(status: StatusCode) -> String {
    let code = status.as_u16();
    let reason = status.canonical_reason().unwrap_or("Error");
    format!(
        "<head>\r\n<title>Error response</title>\r\n</head>\r\n<body>\r\n<h1>Error response</h1>\r\n\
         <p>Error code {code}.\r\n<p>Message: {reason}.\r\n</body>\r\n"
    )
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
