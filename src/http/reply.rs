//! An answer before it is sent: status, headers in upstream's order, body, and
//! whether the connection outlives it (B2.3.3, B2.5).

use super::error_page::error_page;
use super::payload::Payload;
use hyper::body::Bytes;
use hyper::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderName, HeaderValue, SERVER};
use hyper::http::request::Parts;
use hyper::{HeaderMap, Response, StatusCode, Version};
use std::cell::Cell;
use std::time::{Duration, UNIX_EPOCH};

/// Upstream's name for itself, kept (B2.5.8).
pub(super) const SERVER_NAME: &str = "Medusa/1.12";
/// Headers of most answers, and one to spare.
const USUAL_HEADERS: usize = 6;
/// 31 Dec 9999, 23:59:59. A date has four digits for the year; a file may say more.
const LAST_SECOND: Duration = Duration::from_secs(253_402_300_799);
const CLOSE: HeaderValue = HeaderValue::from_static("close");
const KEEP_ALIVE: HeaderValue = HeaderValue::from_static("Keep-Alive");

/// What a handler answers.
#[derive(Debug)]
pub(super) struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    payload: Payload,
    close: bool,
}

impl Reply {
    /// An answer without body and headers of its own, but for the two that all begin with.
    pub(super) fn empty(status: StatusCode) -> Self {
        let mut headers = HeaderMap::with_capacity(USUAL_HEADERS);
        headers.insert(SERVER, HeaderValue::from_static(SERVER_NAME));
        // Keeps its place until the moment of sending is known.
        headers.insert(DATE, HeaderValue::from_static(""));
        Self { status, headers, payload: Payload::none(), close: false }
    }

    /// A whole answer: type, then length, as calls and pages send them.
    pub(super) fn whole(kind: &'static str, body: impl Into<Payload>) -> Self {
        let mut reply = Self::empty(StatusCode::OK);
        reply.headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        reply.set_body(body.into());
        reply
    }

    /// An error with its page: length, then type.
    pub(super) fn error(status: StatusCode) -> Self {
        Self::empty(status).page()
    }

    /// Adds the error page of the status, its length and its type.
    #[must_use]
    pub(super) fn page(self) -> Self {
        let page = error_page(self.status);
        self.body(page).with(CONTENT_TYPE, HeaderValue::from_static("text/html"))
    }

    /// Adds a header behind those there are.
    #[must_use]
    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Sets the body and says its length here.
    #[must_use]
    pub(super) fn body(mut self, body: impl Into<Payload>) -> Self {
        self.set_body(body.into());
        self
    }

    fn set_body(&mut self, payload: Payload) {
        let length = payload.length().unwrap_or_default();
        // The header's own way from a number takes more memory than it needs.
        let digits = HeaderValue::from_str(itoa::Buffer::new().format(length));
        self.headers.insert(CONTENT_LENGTH, digits.unwrap_or_else(|_| HeaderValue::from(length)));
        self.payload = payload;
    }

    /// Sets a body whose end is not known.
    #[must_use]
    pub(super) fn stream(self, payload: Payload) -> Self {
        Self { payload, ..self }
    }

    /// The body, if its end is known and it has any.
    pub(super) fn whole_bytes(&self) -> Option<&Bytes> {
        self.payload.bytes()
    }

    /// The same body from elsewhere.
    #[must_use]
    pub(super) fn with_bytes(self, bytes: Bytes) -> Self {
        Self { payload: bytes.into(), ..self }
    }

    /// The connection ends with this answer.
    #[must_use]
    pub(super) fn closing(mut self) -> Self {
        self.close = true;
        self
    }

    /// The answer as it is sent to a request of that persistence, at `wall`.
    pub(super) fn send(self, request: Persistence, wall: Duration) -> Response<Payload> {
        let mut headers = self.headers;
        headers.insert(DATE, http_date(wall));
        if !headers.contains_key(CONNECTION) {
            match (self.close || !request.keep, request.version) {
                (true, _) => drop(headers.insert(CONNECTION, CLOSE)),
                (false, Version::HTTP_10) => drop(headers.insert(CONNECTION, KEEP_ALIVE)),
                (false, _) => {}
            }
        }
        let mut response = Response::new(self.payload);
        *response.status_mut() = self.status;
        *response.version_mut() = request.version;
        *response.headers_mut() = headers;
        response
    }
}

/// Whether a request lets its connection live on (B2.5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Persistence {
    version: Version,
    keep: bool,
}

impl Persistence {
    /// Reads version and `Connection` header: a list of words in any case.
    ///
    /// A chunked request always is the last one. A length beside the chunks is
    /// what request smuggling lives on, and the parser has dropped it already,
    /// so nothing behind such a request may be taken for another.
    pub(super) fn of(request: &Parts) -> Self {
        let has = |wanted: &str| {
            let lines = request.headers.get_all(CONNECTION).iter().filter_map(|line| line.to_str().ok());
            lines.flat_map(|line| line.split(',')).any(|word| word.trim().eq_ignore_ascii_case(wanted))
        };
        let keep = match request.version {
            Version::HTTP_10 => has("keep-alive") && !has("close"),
            _ => !has("close"),
        };
        let chunked = request.headers.contains_key(hyper::header::TRANSFER_ENCODING);
        Self { version: request.version, keep: keep && !chunked }
    }
}

/// A moment as `Date`, `Last-Modified` and the like show it.
pub(super) fn http_date(wall: Duration) -> HeaderValue {
    thread_local! {
        /// The second that was asked for last: a busy server answers many in one.
        static LAST: Cell<Option<(u64, HeaderValue)>> = const { Cell::new(None) };
    }
    let last = LAST.take().filter(|(second, _)| *second == wall.as_secs());
    let date = last.map_or_else(|| written_date(wall), |(_, date)| date);
    LAST.set(Some((wall.as_secs(), date.clone())));
    date
}

fn written_date(wall: Duration) -> HeaderValue {
    let text = httpdate::fmt_http_date(UNIX_EPOCH + wall.min(LAST_SECOND));
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("Thu, 01 Jan 1970 00:00:00 GMT"))
}

#[cfg(test)]
mod tests {
    use super::{Persistence, Reply, http_date};
    use hyper::{Request, StatusCode, Version};
    use std::time::Duration;

    fn persistence(version: Version, connection: &str) -> Persistence {
        let request = Request::builder().version(version).header("connection", connection).body(()).unwrap();
        Persistence::of(&request.into_parts().0)
    }

    fn connection_header(version: Version, connection: &str) -> Option<String> {
        let reply = Reply::error(StatusCode::NOT_FOUND).send(persistence(version, connection), Duration::ZERO);
        assert_eq!(reply.version(), version);
        reply.headers().get("connection").map(|value| value.to_str().unwrap().to_owned())
    }

    /// B2.5.2, B2.5.4, B2.5.5
    #[test]
    fn connections_live_on_as_version_and_header_say() {
        for (version, header, keep) in [
            (Version::HTTP_11, "", true),
            (Version::HTTP_11, "Close", false),
            (Version::HTTP_11, "close, TE", false),
            (Version::HTTP_10, "", false),
            (Version::HTTP_10, "Keep-Alive", true),
            (Version::HTTP_10, "keep-alive, close", false),
        ] {
            assert_eq!(persistence(version, header).keep, keep, "{version:?} {header}");
        }
    }

    /// B2.5.2, B2.5.3
    #[test]
    fn the_answer_says_what_becomes_of_the_connection() {
        assert_eq!(connection_header(Version::HTTP_11, "keep-alive"), None);
        assert_eq!(connection_header(Version::HTTP_11, "close").as_deref(), Some("close"));
        assert_eq!(connection_header(Version::HTTP_10, "x").as_deref(), Some("close"));
        assert_eq!(connection_header(Version::HTTP_10, "keep-alive").as_deref(), Some("Keep-Alive"));
    }

    /// B2.3.3, B2.5.8
    #[test]
    fn errors_say_server_date_length_and_type_in_that_order() {
        let wall = Duration::from_secs(1_795_359_580);
        let reply = Reply::error(StatusCode::BAD_REQUEST).send(persistence(Version::HTTP_11, ""), wall);
        let lines: Vec<_> = reply.headers().iter().map(|(n, v)| format!("{n}: {}", v.to_str().unwrap())).collect();
        let date = "date: Sun, 22 Nov 2026 14:59:40 GMT";
        assert_eq!(lines, ["server: Medusa/1.12", date, "content-length: 136", "content-type: text/html"]);
    }

    /// B2.3.3
    #[test]
    fn dates_are_those_of_their_second() {
        let date = |millis| http_date(Duration::from_millis(millis)).to_str().unwrap().to_owned();
        assert_eq!(date(1_795_359_580_000), "Sun, 22 Nov 2026 14:59:40 GMT");
        assert_eq!(date(1_795_359_580_999), "Sun, 22 Nov 2026 14:59:40 GMT");
        assert_eq!(date(1_795_359_581_000), "Sun, 22 Nov 2026 14:59:41 GMT");
        assert_eq!(date(1_795_359_580_500), "Sun, 22 Nov 2026 14:59:40 GMT");
    }

    /// B2.9.4: a log may claim to be from any time.
    #[test]
    fn a_time_that_is_too_late_for_a_date_is_the_last_there_is() {
        for wall in [Duration::from_secs(253_402_300_799), Duration::from_secs(253_402_300_800), Duration::MAX] {
            assert_eq!(http_date(wall), "Fri, 31 Dec 9999 23:59:59 GMT");
        }
    }
}
