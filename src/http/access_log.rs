//! One line of the activity log per answered request (B2.13.1, A5.92).

use super::payload::Payload;
use crate::engine::EngineHandle;
use crate::model::Level;
use crate::sys::clock::{LocalTime, local_time};
use hyper::http::request::Parts;
use hyper::{Method, Response, Version};
use std::time::Duration;

/// Of a request line, at most so much is written.
const MOST_URI: usize = 1024;

const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/// What the line tells of a request, whose head is gone when it is answered.
#[derive(Debug)]
pub(super) struct Asked {
    method: Method,
    uri: String,
    version: &'static str,
}

impl Asked {
    /// To be asked at once; `None` when nobody wants the line.
    pub(super) fn of(request: &Parts, engine: &EngineHandle) -> Option<Self> {
        engine.wants(Level::Trace).then(|| Self {
            method: request.method.clone(),
            uri: request.uri.to_string().chars().take(MOST_URI).collect(),
            version: if request.version == Version::HTTP_10 { "1.0" } else { "1.1" },
        })
    }

    /// Writes the line. Followed logs have no end and no line.
    pub(super) fn write(self, engine: &EngineHandle, peer: &str, response: &Response<Payload>, wall: Duration) {
        let Some(length) = response.body().length() else { return };
        let Self { method, uri, version } = self;
        let length = if method == Method::HEAD { 0 } else { length };
        let line = format!(
            "{peer} - - [{}] \"{method} {uri} HTTP/{version}\" {} {}",
            stamp(local_time(wall)),
            response.status().as_u16(),
            head_length(response) + length,
        );
        engine.log(Level::Trace, line);
    }
}

/// As Python's `time.ctime()` shows a moment: `Sun Nov 22 15:07:39 2026`.
pub(super) fn ctime(time: LocalTime) -> String {
    format!(
        "{} {} {:2} {:02}:{:02}:{:02} {}",
        weekday_name(time.weekday),
        time.month_name(),
        time.day,
        time.hour,
        time.minute,
        time.second,
        time.year
    )
}

/// `22/Nov/2026:15:06:52 +0000`
fn stamp(time: LocalTime) -> String {
    let sign = if time.utc_offset < 0 { '-' } else { '+' };
    let minutes = time.utc_offset.abs() / 60;
    format!(
        "{:02}/{}/{}:{:02}:{:02}:{:02} {sign}{:02}{:02}",
        time.day,
        time.month_name(),
        time.year,
        time.hour,
        time.minute,
        time.second,
        minutes / 60,
        minutes % 60
    )
}

fn weekday_name(day: i32) -> &'static str {
    usize::try_from(day).ok().and_then(|day| DAYS.get(day)).copied().unwrap_or("???")
}

/// Status line, headers and the empty line, in bytes.
fn head_length(response: &Response<Payload>) -> u64 {
    let reason = response.status().canonical_reason().unwrap_or_default();
    let status_line = "HTTP/1.1 200 \r\n".len() + reason.len();
    let headers: usize = response.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    (status_line + headers + 2) as u64
}

#[cfg(test)]
mod tests {
    use super::{ctime, head_length, stamp};
    use crate::http::reply::{Persistence, Reply};
    use crate::sys::clock::LocalTime;
    use hyper::{Request, StatusCode};
    use std::time::Duration;

    const TIME: LocalTime =
        LocalTime { year: 2026, month: 11, day: 2, hour: 15, minute: 7, second: 9, weekday: 1, utc_offset: -12_600 };

    /// B2.13.1
    #[test]
    fn the_stamp_has_the_offset_of_the_zone() {
        assert_eq!(stamp(TIME), "02/Nov/2026:15:07:09 -0330");
        assert_eq!(stamp(LocalTime { utc_offset: 3600, ..TIME }), "02/Nov/2026:15:07:09 +0100");
    }

    /// B2.11.10
    #[test]
    fn moments_in_messages_are_written_as_ctime_does() {
        assert_eq!(ctime(TIME), "Mon Nov  2 15:07:09 2026");
    }

    /// B2.13.1: upstream counts 264 bytes for a 404
    #[test]
    fn the_count_is_that_of_all_bytes() {
        let request = Request::new(()).into_parts().0;
        let reply = Reply::error(StatusCode::NOT_FOUND).send(Persistence::of(&request), Duration::from_secs(1));
        assert_eq!(head_length(&reply) + reply.body().length().unwrap(), 264);
    }
}
