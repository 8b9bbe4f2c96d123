//! What is to be done to a log on the disk, as a value that can be carried to
//! where it may take its time, and what came of it. Decides nothing: that is the
//! sink's.

use super::backlog::CHUNK;
use super::file::{Failure, Limits, LogFile, Written};
use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};

/// What may block: opening, writing, moving.
#[derive(Debug)]
pub struct Job {
    pub(super) path: PathBuf,
    pub(super) limits: Limits,
    /// `None` when it is not open.
    pub(super) file: Option<LogFile>,
    pub(super) chunks: VecDeque<Vec<u8>>,
    /// Open the name first, anew if it is open.
    pub(super) open: bool,
    /// Empty it, and nothing else.
    pub(super) clear: bool,
    /// To empty what is not there is an error.
    pub(super) must_exist: bool,
    /// Nothing could be written so far.
    pub(super) outage: bool,
    pub(super) may_rotate: bool,
}

/// What a job came to. To be handed to [`Sink::put_back`](super::Sink::put_back).
#[derive(Debug)]
pub struct Done {
    pub(super) file: Option<LogFile>,
    /// What was not written.
    pub(super) rest: VecDeque<Vec<u8>>,
    /// Bytes that were.
    pub(super) count: usize,
    pub(super) failure: Option<Failure>,
    /// Success means that what had failed before works again.
    pub(super) tried: bool,
    /// Whether the file was opened anew, if that was tried.
    pub(super) opened: Option<bool>,
    pub(super) cleared: Option<io::Result<()>>,
}

impl Job {
    /// The file system it will touch; `None` when that is not known.
    #[must_use]
    pub fn device(&self) -> Option<u64> {
        self.file.as_ref().map(LogFile::device)
    }

    /// Its log's name.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many bytes it has with it, and whether it is to empty the log.
    #[cfg(test)]
    pub(crate) fn load(&self) -> (usize, bool) {
        (self.chunks.iter().map(Vec::len).sum(), self.clear)
    }

    /// Does it, however long that takes.
    #[must_use]
    pub fn run(self) -> Done {
        self.run_with(&[])
    }

    /// The same, and writes `bytes` last.
    #[must_use]
    pub fn run_with(mut self, bytes: &[u8]) -> Done {
        let mut done = Done {
            file: None,
            rest: VecDeque::new(),
            count: 0,
            failure: None,
            tried: self.open || self.clear || self.may_rotate,
            opened: None,
            cleared: None,
        };
        self.prepare(&mut done);
        let Some(mut file) = self.file.take() else {
            done.rest = self.chunks;
            bytes.chunks(CHUNK).for_each(|chunk| keep(&mut done.rest, chunk));
            return done;
        };
        let may_rotate = self.may_rotate && done.failure.is_none();
        let stopped = |done: &Done| matches!(done.failure, Some(Failure::Write(_) | Failure::Slow | Failure::Crowded));
        while !stopped(&done)
            && let Some(chunk) = self.chunks.pop_front()
        {
            let count = done.write(&mut file, &chunk, may_rotate);
            if count < chunk.len() {
                keep(&mut done.rest, chunk.get(count..).unwrap_or_default());
            }
        }
        done.rest.extend(self.chunks);
        for chunk in bytes.chunks(CHUNK) {
            let count = if stopped(&done) { 0 } else { done.write(&mut file, chunk, may_rotate) };
            keep(&mut done.rest, chunk.get(count..).unwrap_or_default());
        }
        done.file = Some(file);
        done
    }

    /// Opens or empties the log, if that is wanted.
    fn prepare(&mut self, done: &mut Done) {
        if !self.open && !self.clear {
            return;
        }
        let opened = match &mut self.file {
            Some(file) if self.clear => {
                if self.outage {
                    // the name may stand for something better by now
                    drop(file.reopen());
                }
                let cleared = match self.path.metadata() {
                    Err(error) if self.must_exist => Err(error),
                    _ => file.clear(),
                };
                // a name that cannot be removed says nothing about writing
                done.tried = cleared.is_ok();
                done.cleared = Some(cleared);
                return;
            }
            Some(file) => file.reopen(),
            None => LogFile::open(&self.path, self.limits).and_then(|mut file| {
                let cleared = if self.clear { file.clear() } else { Ok(()) };
                self.file = Some(file);
                cleared
            }),
        };
        if self.clear {
            done.cleared = Some(opened.as_ref().map_or_else(|error| Err(error.kind().into()), |()| Ok(())));
        }
        done.opened = Some(opened.is_ok());
        if let Err(error) = opened {
            done.failure =
                Some(if self.outage || self.file.is_none() { Failure::Write(error) } else { Failure::Move(error) });
        }
    }
}

impl Done {
    /// What came of opening the file of [`Sink::opening`](super::Sink::opening).
    #[must_use]
    pub fn opened(opened: io::Result<LogFile>) -> Self {
        let (file, failure) = match opened {
            Ok(file) => (Some(file), None),
            Err(error) => (None, Some(Failure::Write(error))),
        };
        Self { file, rest: VecDeque::new(), count: 0, failure, tried: true, opened: None, cleared: None }
    }

    /// What is left of a job that panicked: nothing. The log is opened again.
    #[must_use]
    pub fn panicked(text: &str) -> Self {
        Self::opened(Err(io::Error::other(format!("panic: {text}"))))
    }

    fn write(&mut self, file: &mut LogFile, bytes: &[u8], may_rotate: bool) -> usize {
        if bytes.is_empty() {
            return 0;
        }
        let Written { count, failure } = file.write(bytes, may_rotate && self.failure.is_none());
        self.count += count;
        if failure.is_some() {
            self.failure = failure;
        }
        count
    }
}

fn keep(rest: &mut VecDeque<Vec<u8>>, bytes: &[u8]) {
    if !bytes.is_empty() {
        rest.push_back(bytes.to_vec());
    }
}
