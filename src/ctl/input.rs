//! Lines from standard input, read past std's buffer so that they can be
//! waited for next to other descriptors.

use super::CtlError;
use crate::model::Signal;
use crate::sys::watch::SignalWatch;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

/// Bytes asked for at once.
const READ_SIZE: usize = 8 * 1024;
/// Longest line; more is cut into lines of this length.
const LINE_MAX: usize = 1024 * 1024;

/// A source of lines.
#[derive(Debug)]
pub struct Input {
    source: File,
    buffer: Vec<u8>,
    ended: bool,
}

impl Input {
    /// Lines of our standard input.
    ///
    /// # Errors
    /// Standard input is closed.
    pub fn stdin() -> io::Result<Self> {
        Ok(Self::new(File::from(io::stdin().as_fd().try_clone_to_owned()?)))
    }

    /// Lines of `source`.
    #[must_use]
    pub fn new(source: File) -> Self {
        Self { source, buffer: Vec::new(), ended: false }
    }

    /// A line that is there already, without its end.
    pub fn take_line(&mut self) -> Option<String> {
        let end = self.buffer.iter().position(|b| *b == b'\n');
        let length = match end {
            Some(end) => end,
            None if self.buffer.len() >= LINE_MAX || (self.ended && !self.buffer.is_empty()) => self.buffer.len(),
            None => return None,
        };
        let mut line: Vec<u8> = self.buffer.drain(..length).collect();
        if end.is_some() {
            self.buffer.drain(..1);
        }
        if line.ends_with(b"\r") {
            line.pop();
        }
        Some(String::from_utf8_lossy(&line).into_owned())
    }

    /// Whether nothing more will come than what [`take_line`](Self::take_line) has.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.ended
    }

    /// Reads once; blocks until something comes.
    ///
    /// # Errors
    /// The descriptor fails.
    pub fn fill(&mut self) -> io::Result<()> {
        let mut bytes = [0; READ_SIZE];
        match self.source.read(&mut bytes) {
            Ok(0) => self.ended = true,
            Ok(count) => self.buffer.extend_from_slice(bytes.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Waits for a line; `None` at the end of input.
    ///
    /// # Errors
    /// [`CtlError::Interrupted`] when Ctrl-C comes first.
    pub fn read_line(&mut self) -> Result<Option<String>, CtlError> {
        let watch = SignalWatch::new(&[Signal::INT])?;
        loop {
            if let Some(line) = self.take_line() {
                return Ok(Some(line));
            }
            if self.ended {
                return Ok(None);
            }
            wait_any(&[self.as_fd(), watch.as_fd()])?;
            if watch.next().is_some() {
                return Err(CtlError::Interrupted);
            }
            self.fill()?;
        }
    }
}

impl AsFd for Input {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.source.as_fd()
    }
}

/// Waits until one of `fds` can be read or has ended.
///
/// # Errors
/// As poll(2).
pub fn wait_any(fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    wait_while_read(fds, None).map(drop)
}

/// The same while somebody reads `reader`, our own output; tells which of `fds`
/// it was, or `None` when nobody reads any more. Without it a `tail -f x | head -1`
/// would wait for the next line that nobody wants.
///
/// # Errors
/// As poll(2).
pub fn wait_while_read(fds: &[BorrowedFd<'_>], reader: Option<BorrowedFd<'_>>) -> io::Result<Option<Vec<bool>>> {
    wait_while_read_for(fds, reader, PollTimeout::NONE)
}

/// What ended a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woken {
    /// The time was over.
    Nobody,
    /// This descriptor, the first of those that can be read.
    By(usize),
    /// Nobody reads our output any more.
    Deaf,
}

/// The same, at most for `span`.
///
/// # Errors
/// As poll(2).
pub fn wait_for_any(fds: &[BorrowedFd<'_>], reader: Option<BorrowedFd<'_>>, span: Duration) -> io::Result<Woken> {
    let timeout = PollTimeout::try_from(span).unwrap_or(PollTimeout::MAX);
    let Some(ready) = wait_while_read_for(fds, reader, timeout)? else { return Ok(Woken::Deaf) };
    Ok(ready.iter().position(|ready| *ready).map_or(Woken::Nobody, Woken::By))
}

fn wait_while_read_for(
    fds: &[BorrowedFd<'_>],
    reader: Option<BorrowedFd<'_>>,
    timeout: PollTimeout,
) -> io::Result<Option<Vec<bool>>> {
    let mut polled: Vec<PollFd<'_>> = fds.iter().map(|fd| PollFd::new(*fd, PollFlags::POLLIN)).collect();
    // an error or a hang-up is told without being asked for
    polled.extend(reader.map(|fd| PollFd::new(fd, PollFlags::empty())));
    loop {
        match poll(&mut polled, timeout) {
            Ok(_) => break,
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    let mut ready: Vec<bool> = polled.iter().map(|fd| fd.any() != Some(false)).collect();
    let is_deaf = reader.is_some() && ready.pop() == Some(true);
    Ok((!is_deaf).then_some(ready))
}

/// Waits until `fd` can be read, at most for `span`; tells whether it can.
///
/// # Errors
/// As poll(2).
pub fn wait_for(fd: BorrowedFd<'_>, span: Duration) -> io::Result<bool> {
    let mut polled = [PollFd::new(fd, PollFlags::POLLIN)];
    match poll(&mut polled, PollTimeout::try_from(span).unwrap_or(PollTimeout::MAX)) {
        Ok(ready) => Ok(ready > 0),
        Err(Errno::EINTR) => Ok(false),
        Err(errno) => Err(errno.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::Input;
    use std::fs::File;
    use std::io::Write;

    /// B3.6.2
    #[test]
    fn lines_come_whole_and_the_last_one_needs_no_end() {
        let (reader, mut writer) = std::io::pipe().unwrap();
        let mut input = Input::new(File::from(std::os::fd::OwnedFd::from(reader)));
        writer.write_all(b"one\r\n\ntwo").unwrap();
        input.fill().unwrap();
        assert_eq!(input.take_line().as_deref(), Some("one"));
        assert_eq!(input.take_line().as_deref(), Some(""));
        assert_eq!(input.take_line(), None);
        drop(writer);
        input.fill().unwrap();
        assert!(input.is_ended());
        assert_eq!(input.take_line().as_deref(), Some("two"));
        assert_eq!(input.take_line(), None);
    }
}
