//! The files of the web interface, compiled in (B2.10).

use crate::http::reply::{Reply, http_date};
use hyper::header::{CONTENT_TYPE, HeaderValue, IF_MODIFIED_SINCE, LAST_MODIFIED};
use hyper::{HeaderMap, Method, StatusCode};
use std::time::{Duration, UNIX_EPOCH};

struct Asset {
    path: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

const fn asset(path: &'static str, kind: &'static str, bytes: &'static [u8]) -> Asset {
    Asset { path, kind, bytes }
}

/// The paths are upstream's, the files are ours.
const ASSETS: [Asset; 8] = [
    asset("stylesheets/supervisor.css", "text/css", include_bytes!("assets/supervisor.css")),
    asset("images/icon.png", "image/png", include_bytes!("assets/icon.png")),
    asset("images/rule.gif", "image/gif", include_bytes!("assets/rule.gif")),
    asset("images/state0.gif", "image/gif", include_bytes!("assets/state0.gif")),
    asset("images/state1.gif", "image/gif", include_bytes!("assets/state1.gif")),
    asset("images/state2.gif", "image/gif", include_bytes!("assets/state2.gif")),
    asset("images/state3.gif", "image/gif", include_bytes!("assets/state3.gif")),
    asset("images/supervisor.gif", "image/gif", include_bytes!("assets/supervisor.gif")),
];

/// Answers for the file at `path`, which never leaves the table above (B2.10.5).
/// All were last modified when the daemon `started`, since the epoch.
pub(in crate::http) fn file(method: &Method, path: &str, headers: &HeaderMap, started: Duration) -> Reply {
    if method != Method::GET && method != Method::HEAD {
        return Reply::error(StatusCode::BAD_REQUEST);
    }
    let Some(asset) = ASSETS.iter().find(|asset| asset.path == path) else {
        return Reply::error(StatusCode::NOT_FOUND);
    };
    if is_known(headers, started) {
        return Reply::empty(StatusCode::NOT_MODIFIED);
    }
    Reply::empty(StatusCode::OK)
        .with(LAST_MODIFIED, http_date(started))
        .body(asset.bytes)
        .with(CONTENT_TYPE, HeaderValue::from_static(asset.kind))
}

/// The client has a copy that is not older (B2.10.3).
fn is_known(headers: &HeaderMap, started: Duration) -> bool {
    let since = headers.get(IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok());
    let since = since.and_then(|text| httpdate::parse_http_date(text).ok());
    since.is_some_and(|since| since >= UNIX_EPOCH + Duration::from_secs(started.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::{ASSETS, is_known};
    use hyper::HeaderMap;
    use hyper::header::{HeaderValue, IF_MODIFIED_SINCE};
    use std::time::Duration;

    /// B2.10.3
    #[test]
    fn a_copy_counts_when_it_is_not_older() {
        let known = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(IF_MODIFIED_SINCE, HeaderValue::from_static(text));
            // Sun, 22 Nov 2026 14:59:40 GMT and a half
            is_known(&headers, Duration::from_millis(1_795_359_580_500))
        };
        assert!(known("Sun, 22 Nov 2026 14:59:40 GMT"));
        assert!(known("Fri, 01 Jan 2038 00:00:00 GMT"));
        assert!(!known("Sun, 22 Nov 2026 14:59:39 GMT"));
        assert!(!known("yesterday"));
        assert!(!is_known(&HeaderMap::new(), Duration::ZERO));
    }

    /// B2.10.3
    #[test]
    fn a_date_counts_as_http_writes_it_and_no_other_way() {
        let started = Duration::from_secs(1_795_359_580);
        let known = |text: &'static str| {
            is_known(&HeaderMap::from_iter([(IF_MODIFIED_SINCE, HeaderValue::from_static(text))]), started)
        };
        for text in ["Sunday, 22-Nov-26 14:59:40 GMT", "Sun Nov 22 14:59:40 2026"] {
            assert!(known(text), "{text}");
        }
        for text in [
            "sun, 22 nov 2026 14:59:40 gmt",
            "Wed, 2 Dec 2026 14:59:40 GMT",
            "Sun, 22 Nov 2026 14:59:40 GMT; length=10",
            "Wed, 32 Dec 2026 14:59:40 GMT",
        ] {
            assert!(!known(text), "{text}");
        }
    }

    /// B2.10.1
    #[test]
    fn files_are_what_their_names_say() {
        for asset in ASSETS {
            let magic: &[u8] = match asset.kind {
                "image/png" => b"\x89PNG\r\n\x1a\n",
                "image/gif" => b"GIF89a",
                _ => b"/*",
            };
            assert!(asset.bytes.starts_with(magic), "{}", asset.path);
        }
    }
}
