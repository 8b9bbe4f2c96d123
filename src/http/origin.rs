//! Whether a request comes from a page of another site (B2.12.2).
//!
//! Browsers say so in headers that a page's script cannot set; command-line
//! clients send none of them and are never foreign.

use hyper::HeaderMap;
use hyper::header::{HOST, HeaderName, ORIGIN};

static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether a browser sent this on behalf of another site than ours.
pub(super) fn is_foreign(headers: &HeaderMap) -> bool {
    match headers.get(&SEC_FETCH_SITE).map(|value| value.as_bytes()) {
        // Behind a proxy that rewrites Host, only this header is right.
        Some(b"same-origin" | b"none") => return false,
        Some(b"cross-site") => return true,
        _ => {}
    }
    let Some(origin) = headers.get(ORIGIN) else { return false };
    let Ok(origin) = origin.to_str() else { return true };
    let Some((scheme, origin)) = origin.split_once("://") else { return true };
    let default_port = if scheme.eq_ignore_ascii_case("https") { ":443" } else { ":80" };
    let bare = |host: &str| host.strip_suffix(default_port).unwrap_or(host).to_ascii_lowercase();
    match headers.get(HOST).and_then(|host| host.to_str().ok()) {
        Some(host) => bare(host) != bare(origin),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::is_foreign;
    use hyper::HeaderMap;
    use hyper::header::{HeaderName, HeaderValue};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect()
    }

    /// B2.12.2
    #[test]
    fn clients_that_are_no_browsers_are_never_foreign() {
        assert!(!is_foreign(&headers(&[])));
        assert!(!is_foreign(&headers(&[("host", "h:9001")])));
    }

    /// B2.12.2
    #[test]
    fn another_origin_than_the_host_is_foreign() {
        assert!(!is_foreign(&headers(&[("host", "h:9001"), ("origin", "http://H:9001")])));
        assert!(!is_foreign(&headers(&[("host", "h"), ("origin", "http://h:80")])));
        assert!(!is_foreign(&headers(&[("host", "h:443"), ("origin", "https://h")])));
        for origin in ["http://evil.example", "http://h:9002", "null", "https://h:9001.evil"] {
            assert!(is_foreign(&headers(&[("host", "h:9001"), ("origin", origin)])), "{origin}");
        }
        assert!(is_foreign(&headers(&[("origin", "http://h")])));
    }

    /// B2.12.2
    #[test]
    fn what_the_browser_says_about_the_site_goes_first() {
        assert!(is_foreign(&headers(&[("host", "h"), ("sec-fetch-site", "cross-site")])));
        assert!(!is_foreign(&headers(&[("host", "inner"), ("origin", "http://h"), ("sec-fetch-site", "same-origin")])));
        assert!(is_foreign(&headers(&[("host", "h"), ("origin", "http://x.h"), ("sec-fetch-site", "same-site")])));
    }
}
