//! One output stream of one child: what each chunk of it becomes. Reads nothing
//! itself and writes nothing; is handed the bytes and the outlets they go to.

use super::ansi::Stripper;
use super::capture::{Captured, Piece, Scanner};
use super::heat::Heat;
use super::outlets::Outlets;
use super::width::{WIDE, Width, Widths};
use super::{Attachment, ChannelId, PumpEvent};
use crate::logs::backlog::CHUNK;
use crate::model::{Channel, Level, py_repr, py_repr_bytes};
use crate::sys::fds;
use std::borrow::Cow;
use std::os::fd::{AsRawFd, OwnedFd};

/// After more of them a stream is given up.
const MOST_PANICS: u32 = 10;

pub(super) struct Source {
    pub(super) id: ChannelId,
    pid: i32,
    /// `None` after the end of the stream; the log stays open until the child is
    /// gone, so that it can be cleared and reopened.
    pub(super) fd: Option<OwnedFd>,
    name: String,
    /// Its log among the sinks.
    pub(super) sink: Option<u64>,
    syslog: bool,
    events: bool,
    pub(super) listener: bool,
    echo: bool,
    capture: Option<(Scanner, Captured)>,
    stripper: Stripper,
    width: Width,
    pub(super) heat: Heat,
    /// How often it had to begin anew.
    panics: u32,
}

impl Source {
    pub(super) fn new(attachment: Attachment, sink: Option<u64>) -> Self {
        let Attachment { id, pid, fd, setup } = attachment;
        let maxbytes = usize::try_from(setup.capture_maxbytes).unwrap_or(0);
        let captures = maxbytes > 0 && !setup.listener;
        Self {
            id,
            pid,
            fd: Some(fd),
            name: setup.name,
            sink,
            syslog: setup.syslog && !setup.listener,
            events: setup.events && !setup.listener,
            listener: setup.listener,
            echo: setup.echo,
            capture: captures.then(|| (Scanner::default(), Captured::new(maxbytes))),
            stripper: Stripper::default(),
            width: Width::default(),
            heat: Heat::default(),
            panics: 0,
        }
    }

    /// Its name for people.
    pub(super) fn what(&self) -> String {
        format!("{} of {}", self.id.channel, py_repr(&self.name))
    }

    /// Forgets what it is in the middle of, after a panic; false when that was
    /// often. A stream is not given up for one: its child would get a SIGPIPE.
    pub(super) fn begin_anew(&mut self) -> bool {
        if let Some((scanner, captured)) = &mut self.capture {
            *scanner = Scanner::default();
            drop(captured.take());
        }
        self.stripper = Stripper::default();
        self.panics += 1;
        self.panics <= MOST_PANICS
    }

    /// Whether somebody downstream is slow: its log, or the engine if what it
    /// says goes there at least at times.
    pub(super) fn must_wait(&self, outlets: &Outlets) -> bool {
        self.log_must_wait(outlets) || self.talks() && outlets.outbox.is_behind()
    }

    /// Whether its log, or syslog, takes nothing more without dropping it.
    pub(super) fn log_must_wait(&self, outlets: &Outlets) -> bool {
        self.sink.is_some_and(|sink| outlets.sinks.must_wait(sink))
            || self.syslog && outlets.syslog.must_wait(outlets.now)
    }

    /// Its log is emptied, and so is a capture, as upstream does.
    pub(super) fn clear(&mut self) {
        if let Some((_, captured)) = &mut self.capture {
            drop(captured.take());
        }
    }

    /// How much of a buffer of `size` bytes a read may fill. Who else hears of the
    /// bytes but the log gets as many at once as upstream would read.
    pub(super) fn room(&self, size: usize) -> usize {
        if self.talks() || self.syslog || self.echo { size.min(CHUNK) } else { size }
    }

    /// Half of what its pipe holds.
    pub(super) fn plenty(&self) -> usize {
        self.width.half()
    }

    /// Makes its pipe larger if a read of `count` bytes was one of many that found
    /// it full, or soon to be full.
    pub(super) fn fit(&mut self, count: usize, widths: &Widths) {
        if self.width.should_grow(count, self.heat.is_hot(), widths)
            && let Some(fd) = &self.fd
            && fds::widen_pipe(fd, WIDE).is_err()
        {
            self.width.refuse();
        }
    }

    /// Takes a chunk that was read; not empty. Tells whether its log is still to
    /// get it, just as it is: that needs no copy.
    pub(super) fn take(&mut self, chunk: &[u8], outlets: &mut Outlets) -> bool {
        if self.listener {
            return self.take_listener(chunk, outlets);
        }
        match &mut self.capture {
            None => self.deliver(chunk, false, outlets),
            Some((scanner, _)) => {
                let pieces = scanner.feed(chunk);
                self.take_pieces(pieces, outlets);
                false
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
            self.log(&kept, outlets);
        }
        outlets.say(Level::Debug, format!("fd {} closed, stopped monitoring {}", fd.as_raw_fd(), self.what()));
        if self.id.channel == Channel::Stdout {
            outlets.outbox.push(PumpEvent::Ended { pid: self.pid });
        }
    }

    fn talks(&self) -> bool {
        self.listener || self.events || self.capture.is_some()
    }

    /// Listeners are heard as they are; `strip_ansi` is for their log (A5.28).
    fn take_listener(&mut self, chunk: &[u8], outlets: &mut Outlets) -> bool {
        self.echo(chunk, outlets);
        let data = strip(&mut self.stripper, chunk, outlets.strip_ansi);
        let (process, pid) = (self.id.process, self.pid);
        outlets.outbox.push(PumpEvent::Listener { process, pid, bytes: chunk.to_vec() });
        self.log_unless(matches!(data, Cow::Borrowed(_)), &data, outlets)
    }

    fn take_pieces(&mut self, pieces: Vec<Piece>, outlets: &mut Outlets) {
        for piece in pieces {
            match piece {
                Piece::Plain(bytes) => {
                    if self.deliver(&bytes, false, outlets) {
                        self.log(&bytes, outlets);
                    }
                }
                Piece::Inside(bytes) => drop(self.deliver(&bytes, true, outlets)),
                Piece::End => self.tell_capture(outlets),
            }
        }
    }

    /// Output in a capture goes there instead of to the logs, but makes events
    /// all the same (A6.44).
    fn deliver(&mut self, bytes: &[u8], inside: bool, outlets: &mut Outlets) -> bool {
        let data = strip(&mut self.stripper, bytes, outlets.strip_ansi);
        let mut to_be_logged = false;
        match &mut self.capture {
            Some((_, captured)) if inside => captured.push(&data),
            _ => {
                to_be_logged = self.log_unless(matches!(data, Cow::Borrowed(_)), &data, outlets);
                if self.syslog {
                    outlets.syslog.send_output(&self.name, &data, outlets.now);
                }
            }
        }
        self.echo(&data, outlets);
        if self.events {
            outlets.outbox.push(PumpEvent::Output { id: self.id, pid: self.pid, bytes: data.into_owned() });
        }
        to_be_logged
    }

    fn tell_capture(&mut self, outlets: &mut Outlets) {
        let Some((_, captured)) = &mut self.capture else { return };
        outlets.outbox.push(PumpEvent::Captured { id: self.id, pid: self.pid, bytes: captured.take() });
        outlets.say(Level::Debug, format!("{} {} emitted a comm event", py_repr(&self.name), self.id.channel));
    }

    /// A5.11, A5.12
    fn echo(&self, data: &[u8], outlets: &mut Outlets) {
        if self.echo {
            let text = match std::str::from_utf8(data) {
                _ if self.listener => py_repr_bytes(data),
                Ok(text) => text.to_owned(),
                Err(_) => format!("Undecodable: {}", py_repr_bytes(data)),
            };
            outlets.say(Level::Debug, format!("{} {} output:\n{text}", py_repr(&self.name), self.id.channel));
        }
    }

    /// Logs what was made of a chunk. A chunk that is the `same` as before is
    /// left to the caller, who is told so.
    fn log_unless(&self, same: bool, data: &[u8], outlets: &mut Outlets) -> bool {
        if same {
            return self.sink.is_some();
        }
        self.log(data, outlets);
        false
    }

    fn log(&self, bytes: &[u8], outlets: &mut Outlets) {
        if let Some(sink) = self.sink {
            outlets.sinks.push(sink, bytes, outlets.now);
        }
    }
}

fn strip<'a>(stripper: &mut Stripper, bytes: &'a [u8], on: bool) -> Cow<'a, [u8]> {
    if on {
        return stripper.strip(bytes);
    }
    // it may have been switched off with something kept back
    let mut kept = stripper.finish();
    if kept.is_empty() {
        return bytes.into();
    }
    kept.extend_from_slice(bytes);
    kept.into()
}
