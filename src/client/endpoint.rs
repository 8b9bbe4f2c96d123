//! Where a server URL leads (B3.2.6–B3.2.10). Parses, opens nothing.

use super::CallError;
use crate::model::py_repr;
use std::path::PathBuf;

/// Port of an `http://` URL without one.
const HTTP_PORT: u16 = 80;

/// What a client connects to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// `unix://PATH`
    Unix(PathBuf),
    /// `http://HOST:PORT`
    Inet {
        /// Lower case, without the brackets of IPv6.
        host: String,
        /// 80 when the URL has none.
        port: u16,
    },
}

impl Endpoint {
    /// Reads a server URL. A path behind host and port counts for nothing, the
    /// part behind `unix://` is taken as it is.
    ///
    /// # Errors
    /// [`CallError::UnknownProtocol`] or [`CallError::BadPort`].
    pub fn parse(url: &str) -> Result<Self, CallError> {
        if let Some(path) = url.strip_prefix("unix://") {
            return Ok(Self::Unix(PathBuf::from(path)));
        }
        let rest = url.strip_prefix("http://").ok_or_else(|| CallError::UnknownProtocol(url.to_owned()))?;
        let location = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let location = location.rsplit_once('@').map_or(location, |(_, host)| host);
        let (host, port) = split_port(location);
        Ok(Self::Inet { host: host.to_lowercase(), port: parse_port(port)? })
    }

    /// The value of the `Host` header.
    #[must_use]
    pub fn host_header(&self) -> String {
        match self {
            Self::Unix(_) => "localhost".to_owned(),
            Self::Inet { host, port } => {
                let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
                if *port == HTTP_PORT { host } else { format!("{host}:{port}") }
            }
        }
    }
}

/// Host and port text; the port is empty when there is none.
fn split_port(location: &str) -> (&str, &str) {
    match location.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':').unwrap_or_default()),
        None => location.split_once(':').unwrap_or((location, "")),
    }
}

fn parse_port(text: &str) -> Result<u16, CallError> {
    if text.is_empty() {
        return Ok(HTTP_PORT);
    }
    if !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(CallError::BadPort(format!("Port could not be cast to integer value as {}", py_repr(text))));
    }
    text.parse().map_err(|_| CallError::BadPort("Port out of range 0-65535".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::{CallError, Endpoint};
    use std::path::PathBuf;

    fn inet(host: &str, port: u16) -> Endpoint {
        Endpoint::Inet { host: host.to_owned(), port }
    }

    /// B3.2.6, B3.2.10
    #[test]
    fn urls_lead_to_sockets() {
        let parse = |url: &str| Endpoint::parse(url).ok();
        assert_eq!(parse("unix:///tmp/s.sock"), Some(Endpoint::Unix(PathBuf::from("/tmp/s.sock"))));
        assert_eq!(parse("unix://rel/../s"), Some(Endpoint::Unix(PathBuf::from("rel/../s"))));
        assert_eq!(parse("http://localhost:9001"), Some(inet("localhost", 9001)));
        assert_eq!(parse("http://LocalHost"), Some(inet("localhost", 80)));
        assert_eq!(parse("http://u:p@h:1/ignored/path?q"), Some(inet("h", 1)));
        assert_eq!(parse("http://[::1]:9001/"), Some(inet("::1", 9001)));
    }

    /// B3.2.9
    #[test]
    fn other_urls_are_refused_in_upstreams_words() {
        let said = |url: &str| Endpoint::parse(url).map_err(|e| format!("{}, {e}", e.python_type())).err();
        let unknown = "<class 'ValueError'>, Unknown protocol for serverurl ftp://x/y";
        assert_eq!(said("ftp://x/y").as_deref(), Some(unknown));
        assert!(matches!(Endpoint::parse("bogus"), Err(CallError::UnknownProtocol(url)) if url == "bogus"));
        assert!(said("http://h:70000").is_some_and(|s| s.contains("Port out of range")));
        assert!(said("http://h:x1").is_some_and(|s| s.ends_with("as 'x1'")));
    }

    /// B3.3.1
    #[test]
    fn the_host_header_names_host_and_port() {
        assert_eq!(Endpoint::Unix(PathBuf::from("/x")).host_header(), "localhost");
        assert_eq!(inet("127.0.0.1", 9001).host_header(), "127.0.0.1:9001");
        assert_eq!(inet("localhost", 80).host_header(), "localhost");
        assert_eq!(inet("::1", 9001).host_header(), "[::1]:9001");
    }
}
