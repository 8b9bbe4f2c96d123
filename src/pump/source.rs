//! One output stream of one child: what each chunk of it becomes. Reads nothing
//! itself; is handed the bytes and the outlets they go to.

use super::ansi::Stripper;
use super::capture::{Captured, Piece, Scanner};
use super::outlets::Outlets;
use super::{Attachment, ChannelId, PumpEvent};
use crate::logs::LogFile;
use crate::model::{Level, Now, py_repr, py_repr_bytes};
use std::borrow::Cow;
use std::os::fd::{AsRawFd, OwnedFd};

pub(super) struct Source {
    id: ChannelId,
    pid: i32,
    /// `None` after the end of the stream; the log stays open until the child is
    /// gone, so that it can be cleared and reopened.
    pub(super) fd: Option<OwnedFd>,
    name: String,
    log: Option<LogFile>,
    syslog: bool,
    events: bool,
    listener: bool,
    echo: bool,
    capture: Option<(Scanner, Captured)>,
    stripper: Stripper,
}

impl Source {
    pub(super) fn new(attachment: Attachment) -> Self {
        let Attachment { id, pid, fd, setup } = attachment;
        let maxbytes = usize::try_from(setup.capture_maxbytes).unwrap_or(0);
        let captures = maxbytes > 0 && !setup.listener;
        Self {
            id,
            pid,
            fd: Some(fd),
            name: setup.name,
            log: setup.log,
            syslog: setup.syslog && !setup.listener,
            events: setup.events && !setup.listener,
            listener: setup.listener,
            echo: setup.echo,
            capture: captures.then(|| (Scanner::default(), Captured::new(maxbytes))),
            stripper: Stripper::default(),
        }
    }

    /// Whether somebody downstream is slow: its log, or the engine if what it
    /// says goes there at least at times.
    pub(super) fn must_wait(&self, outlets: &Outlets) -> bool {
        let talks = self.listener || self.events || self.capture.is_some();
        self.is_behind() || talks && outlets.outbox.is_behind()
    }

    /// Whether its log waits for a slow reader.
    pub(super) fn is_behind(&self) -> bool {
        self.log.as_ref().is_some_and(LogFile::is_behind)
    }

    /// Writes what waits for a slow reader, as far as it takes it.
    pub(super) fn flush(&mut self, outlets: &mut Outlets) {
        self.with_log(outlets, |log, now| log.flush(now));
    }

    /// Opens the log by its name again.
    pub(super) fn reopen(&mut self, outlets: &mut Outlets) {
        self.with_log(outlets, |log, now| log.reopen(now));
    }

    /// Begins an empty log, and an empty capture as upstream does.
    pub(super) fn clear(&mut self, outlets: &mut Outlets) -> std::io::Result<()> {
        if let Some((_, captured)) = &mut self.capture {
            drop(captured.take());
        }
        self.with_log(outlets, |log, now| log.clear(now)).unwrap_or(Ok(()))
    }

    /// Takes a chunk that was read; not empty.
    pub(super) fn take(&mut self, chunk: &[u8], outlets: &mut Outlets) {
        if self.listener {
            return self.take_listener(chunk, outlets);
        }
        match &mut self.capture {
            None => self.deliver(chunk, false, outlets),
            Some((scanner, _)) => {
                let pieces = scanner.feed(chunk);
                self.take_pieces(pieces, outlets);
            }
        }
    }

    /// The stream has ended: what was kept back comes out (A6.49).
    pub(super) fn end(&mut self, outlets: &mut Outlets) {
        let Some(fd) = self.fd.take() else { return };
        if let Some((scanner, _)) = &mut self.capture {
            let pieces = scanner.finish();
            self.take_pieces(pieces, outlets);
        }
        let kept = self.stripper.finish();
        if !kept.is_empty() {
            self.with_log(outlets, |log, now| log.write(&kept, now));
        }
        let what = format!("{} of {}", self.id.channel, py_repr(&self.name));
        outlets.say(Level::Debug, format!("fd {} closed, stopped monitoring {what}", fd.as_raw_fd()));
        outlets.outbox.push(PumpEvent::Closed { id: self.id });
    }

    /// Gives up the log.
    pub(super) fn into_log(self) -> Option<LogFile> {
        self.log
    }

    /// Listeners are heard as they are; `strip_ansi` is for their log (A5.28).
    fn take_listener(&mut self, chunk: &[u8], outlets: &mut Outlets) {
        self.echo(chunk, outlets);
        let data = strip(&mut self.stripper, chunk, outlets.strip_ansi);
        self.with_log(outlets, |log, now| log.write(&data, now));
        outlets.outbox.push(PumpEvent::Listener { process: self.id.process, bytes: chunk.to_vec() });
    }

    fn take_pieces(&mut self, pieces: Vec<Piece>, outlets: &mut Outlets) {
        for piece in pieces {
            match piece {
                Piece::Plain(bytes) => self.deliver(&bytes, false, outlets),
                Piece::Inside(bytes) => self.deliver(&bytes, true, outlets),
                Piece::End => self.tell_capture(outlets),
            }
        }
    }

    /// Output in a capture goes there instead of to the logs, but makes events
    /// all the same (A6.44).
    fn deliver(&mut self, bytes: &[u8], inside: bool, outlets: &mut Outlets) {
        let data = strip(&mut self.stripper, bytes, outlets.strip_ansi);
        match &mut self.capture {
            Some((_, captured)) if inside => captured.push(&data),
            _ => {
                self.with_log(outlets, |log, now| log.write(&data, now));
                if self.syslog {
                    outlets.syslog.send_output(&self.name, &data, outlets.now);
                }
            }
        }
        self.echo(&data, outlets);
        if self.events {
            outlets.outbox.push(PumpEvent::Output { id: self.id, pid: self.pid, bytes: data.into_owned() });
        }
    }

    fn tell_capture(&mut self, outlets: &mut Outlets) {
        let Some((_, captured)) = &mut self.capture else { return };
        outlets.outbox.push(PumpEvent::Captured { id: self.id, pid: self.pid, bytes: captured.take() });
        outlets.say(Level::Debug, format!("{} {} emitted a comm event", py_repr(&self.name), self.id.channel));
    }

    /// A5.11
    fn echo(&self, data: &[u8], outlets: &mut Outlets) {
        if self.echo {
            let text = match std::str::from_utf8(data) {
                Ok(text) => text.to_owned(),
                Err(_) => format!("Undecodable: {}", py_repr_bytes(data)),
            };
            outlets.say(Level::Debug, format!("{} {} output:\n{text}", py_repr(&self.name), self.id.channel));
        }
    }

    fn with_log<T>(&mut self, outlets: &mut Outlets, act: impl FnOnce(&mut LogFile, Now) -> T) -> Option<T> {
        let log = self.log.as_mut()?;
        let outcome = act(log, outlets.now);
        outlets.report(log);
        Some(outcome)
    }
}

fn strip<'a>(stripper: &mut Stripper, bytes: &'a [u8], on: bool) -> Cow<'a, [u8]> {
    if on {
        return stripper.strip(bytes).into();
    }
    // it may have been switched off with something kept back
    let mut kept = stripper.finish();
    if kept.is_empty() {
        return bytes.into();
    }
    kept.extend_from_slice(bytes);
    kept.into()
}
