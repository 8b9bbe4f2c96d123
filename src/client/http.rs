//! HTTP answers, byte by byte: what came so far goes in, the body comes out.
//! Knows no socket, so that calls and endless log streams share it.

use super::CallError;

/// Longest line of a head, and of a chunk's size.
const LINE_MAX: usize = 64 * 1024;
/// Most header lines of one answer.
const HEADERS_MAX: usize = 200;

/// The part of an answer's head that matters to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// 200 is the good one.
    pub status: u16,
    /// What stands behind the status.
    pub reason: String,
    /// The server will close, or the body only ends with the connection.
    pub close: bool,
}

/// One answer as it arrives.
#[derive(Debug)]
pub struct Response {
    state: State,
    line: Vec<u8>,
    head: Option<Head>,
    headers: usize,
    chunked: bool,
    length: Option<u64>,
    /// Bytes of the body so far.
    body: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    StatusLine,
    Header,
    /// This many bytes of a body of known length are missing.
    Counted(u64),
    ToTheEnd,
    ChunkSize,
    /// This many bytes of a chunk are missing.
    Chunk(u64),
    ChunkEnd,
    Trailer,
    Done,
}

impl Default for Response {
    fn default() -> Self {
        Self {
            state: State::StatusLine,
            line: Vec::new(),
            head: None,
            headers: 0,
            chunked: false,
            length: None,
            body: 0,
        }
    }
}

impl Response {
    /// The head, once all of it has come.
    #[must_use]
    pub fn head(&self) -> Option<&Head> {
        if matches!(self.state, State::StatusLine | State::Header) { None } else { self.head.as_ref() }
    }

    /// Whether all of the answer has come.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Takes bytes and adds what belongs to the body to `body`. Bytes behind
    /// the end of the answer are dropped: nobody asked for them.
    ///
    /// # Errors
    /// [`CallError::BadStatusLine`] and [`CallError::BadHttp`].
    pub fn feed(&mut self, mut bytes: &[u8], body: &mut Vec<u8>) -> Result<(), CallError> {
        while !bytes.is_empty() && self.state != State::Done {
            bytes = match self.state {
                State::Counted(missing) => {
                    let (rest, missing) = self.take(bytes, missing, body);
                    self.state = if missing == 0 { State::Done } else { State::Counted(missing) };
                    rest
                }
                State::Chunk(missing) => {
                    let (rest, missing) = self.take(bytes, missing, body);
                    self.state = if missing == 0 { State::ChunkEnd } else { State::Chunk(missing) };
                    rest
                }
                State::ToTheEnd => self.take(bytes, u64::MAX, body).0,
                _ => self.take_line(bytes)?,
            };
        }
        Ok(())
    }

    /// The connection has ended.
    ///
    /// # Errors
    /// [`CallError::Hangup`] or [`CallError::CutShort`] when that came early.
    pub fn end(&mut self) -> Result<(), CallError> {
        match self.state {
            State::Done | State::ToTheEnd => {
                self.state = State::Done;
                Ok(())
            }
            State::StatusLine if self.line.is_empty() => Err(CallError::Hangup),
            _ => Err(CallError::CutShort { got: self.body }),
        }
    }

    fn take<'a>(&mut self, bytes: &'a [u8], missing: u64, body: &mut Vec<u8>) -> (&'a [u8], u64) {
        let count = usize::try_from(missing).unwrap_or(usize::MAX).min(bytes.len());
        let (mine, rest) = bytes.split_at(count);
        body.extend_from_slice(mine);
        self.body = self.body.saturating_add(count);
        (rest, missing.saturating_sub(count as u64))
    }

    fn take_line<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], CallError> {
        let (part, rest) = match bytes.iter().position(|b| *b == b'\n') {
            Some(end) => bytes.split_at(end.saturating_add(1)),
            None => (bytes, &[][..]),
        };
        self.line.extend_from_slice(part);
        if self.line.len() > LINE_MAX {
            return Err(CallError::BadHttp("a line of the answer is too long"));
        }
        if self.line.ends_with(b"\n") {
            let line = std::mem::take(&mut self.line);
            self.line(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']))?;
        }
        Ok(rest)
    }

    fn line(&mut self, line: &str) -> Result<(), CallError> {
        match self.state {
            State::StatusLine => self.status_line(line),
            State::Header if line.is_empty() => {
                self.begin_body();
                Ok(())
            }
            State::Header => self.header(line),
            State::ChunkSize => self.chunk_size(line),
            State::ChunkEnd => {
                self.state = State::ChunkSize;
                Ok(())
            }
            State::Trailer => {
                self.state = if line.is_empty() { State::Done } else { State::Trailer };
                Ok(())
            }
            State::Counted(_) | State::ToTheEnd | State::Chunk(_) | State::Done => Ok(()),
        }
    }

    fn status_line(&mut self, line: &str) -> Result<(), CallError> {
        let bad = || CallError::BadStatusLine(line.to_owned());
        let mut words = line.splitn(3, ' ');
        let version = words.next().filter(|word| word.starts_with("HTTP/")).ok_or_else(bad)?;
        let status = words.next().and_then(|word| word.parse().ok()).ok_or_else(bad)?;
        let reason = words.next().unwrap_or_default().trim().to_owned();
        self.head = Some(Head { status, reason, close: version == "HTTP/1.0" });
        self.state = State::Header;
        Ok(())
    }

    fn header(&mut self, line: &str) -> Result<(), CallError> {
        self.headers = self.headers.saturating_add(1);
        if self.headers > HEADERS_MAX {
            return Err(CallError::BadHttp("the answer has too many headers"));
        }
        let Some((name, value)) = line.split_once(':') else { return Ok(()) };
        let value = value.trim();
        if name.eq_ignore_ascii_case("transfer-encoding") {
            self.chunked = value.eq_ignore_ascii_case("chunked");
        } else if name.eq_ignore_ascii_case("content-length") {
            let length = value.parse().map_err(|_| CallError::BadHttp("the answer's Content-Length is no number"))?;
            self.length = Some(length);
        } else if name.eq_ignore_ascii_case("connection") && value.eq_ignore_ascii_case("close") {
            self.set_close();
        }
        Ok(())
    }

    fn set_close(&mut self) {
        if let Some(head) = &mut self.head {
            head.close = true;
        }
    }

    fn begin_body(&mut self) {
        let status = self.head.as_ref().map_or(0, |head| head.status);
        if (100..200).contains(&status) {
            // "continue" and its like: the answer itself is still to come
            *self = Self::default();
            return;
        }
        self.state = match (self.chunked, self.length) {
            (true, _) => State::ChunkSize,
            (false, Some(0)) => State::Done,
            (false, Some(length)) => State::Counted(length),
            (false, None) if matches!(status, 204 | 304) => State::Done,
            (false, None) => {
                self.set_close();
                State::ToTheEnd
            }
        };
    }

    fn chunk_size(&mut self, line: &str) -> Result<(), CallError> {
        let digits = line.split([';', ' ']).next().unwrap_or_default();
        let size = u64::from_str_radix(digits, 16).map_err(|_| CallError::BadHttp("a chunk's size is no number"))?;
        self.state = if size == 0 { State::Trailer } else { State::Chunk(size) };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Response;
    use crate::client::CallError;

    /// Feeds in pieces of `step` bytes; the end is told when `ends`.
    fn read(text: &[u8], step: usize, ends: bool) -> Result<(Response, Vec<u8>), CallError> {
        let (mut response, mut body) = (Response::default(), Vec::new());
        for piece in text.chunks(step) {
            response.feed(piece, &mut body)?;
        }
        if ends {
            response.end()?;
        }
        Ok((response, body))
    }

    /// B3.3.1, B2.9.12
    #[test]
    fn a_body_is_the_same_in_every_framing_and_cut() {
        let framings: [(&[u8], bool); 4] = [
            (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nab\ncd\n", false),
            (
                b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nab\n\r\n3;x\r\ncd\n\r\n0\r\nT: x\r\n\r\n",
                false,
            ),
            (b"HTTP/1.0 200 OK\r\n\r\nab\ncd\n", true),
            (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\nContent-Length: 6\n\nab\ncd\n", false),
        ];
        for (text, ends) in framings {
            for step in 1..=text.len() {
                let (response, body) = read(text, step, ends).unwrap();
                assert!(response.is_done(), "step {step}");
                assert_eq!(body, b"ab\ncd\n", "step {step}");
                assert_eq!(response.head().map(|head| head.status), Some(200));
            }
        }
    }

    #[test]
    fn a_head_tells_whether_the_connection_stays() {
        let close = |text: &[u8]| read(text, 7, false).unwrap().0.head().unwrap().close;
        assert!(!close(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
        assert!(close(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
        assert!(close(b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"));
        assert!(close(b"HTTP/1.1 200 OK\r\n\r\n"));
    }

    #[test]
    fn an_early_end_is_told_from_a_late_one() {
        assert!(matches!(read(b"", 1, true), Err(CallError::Hangup)));
        let short = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc";
        assert!(matches!(read(short, 5, true), Err(CallError::CutShort { got: 3 })));
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(matches!(read(b"SSH-2.0-x\r\n", 3, false), Err(CallError::BadStatusLine(line)) if line == "SSH-2.0-x"));
        let chunk = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n";
        assert!(matches!(read(chunk, 4, false), Err(CallError::BadHttp(_))));
        assert!(matches!(read(&vec![b'x'; 70_000], 1000, false), Err(CallError::BadHttp(_))));
    }
}
