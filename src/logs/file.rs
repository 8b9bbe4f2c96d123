//! One log file: appends, rotates, and lives on when the disk does not.
//!
//! A write or a rotation that fails never ends the log. It is told once, tried
//! again at growing intervals, and told again when it is over; in between the
//! bytes that cannot be written are dropped and counted, so that nobody who
//! hands them in has to wait.

use super::rotate::rotate;
use super::stream::Stream;
use crate::model::{Level, LogLine, Now};
use crate::sys::errno::os_error_text;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The first pause after a failure; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// A disk that has room again is used again within this time.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Symbolic links followed when looking for what a name stands for.
const LINKS: usize = 40;

/// When a log is rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Bytes at which it is; 0 is never.
    pub maxbytes: u64,
    /// Rotated parts kept.
    pub backups: u32,
}

impl Limits {
    /// As configured; negative values are 0 (A5.5).
    #[must_use]
    pub fn new(maxbytes: i64, backups: i64) -> Self {
        let clamp = |n: i64| u32::try_from(n.max(0)).unwrap_or(u32::MAX);
        Self { maxbytes: u64::try_from(maxbytes).unwrap_or(0), backups: clamp(backups) }
    }
}

/// An open log.
#[derive(Debug)]
pub struct LogFile {
    path: PathBuf,
    limits: Limits,
    target: Target,
    trouble: Option<Trouble>,
    reports: Vec<LogLine>,
}

/// What the name stands for.
#[derive(Debug)]
enum Target {
    /// A regular file, and how long it is.
    Regular { file: File, position: u64 },
    /// Anything else: written as its reader takes it, never rotated, never
    /// removed (A5.7, A5.26, B1.10.18).
    Other(Stream),
}

/// Something fails; cured by opening the name again.
#[derive(Debug)]
struct Trouble {
    kind: Kind,
    lost: u64,
    next_try: Duration,
    pause: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Bytes are dropped until the next try.
    Writing,
    /// The name could not be moved or opened; bytes still go to the open file.
    Moving,
}

impl LogFile {
    /// Opens the log at `path` for appending, creating it if need be (A4.73, A5.19).
    ///
    /// # Errors
    /// It cannot be opened: a FIFO that nobody reads is `ENXIO`, not waited for.
    pub fn open(path: &Path, limits: Limits) -> io::Result<Self> {
        let target = Target::open(path)?;
        Ok(Self { path: path.to_owned(), limits, target, trouble: None, reports: Vec::new() })
    }

    /// Its name.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends `bytes`, never splitting them over two files, and rotates if that
    /// made the log long enough (A5.15, A5.16).
    pub fn write(&mut self, bytes: &[u8], now: Now) {
        let may_try = self.mend(now);
        if !may_try && self.trouble.as_ref().is_some_and(|trouble| trouble.kind == Kind::Writing) {
            return self.lose(bytes.len());
        }
        if let Err((error, lost)) = self.target.write(bytes) {
            self.fail(Kind::Writing, &error, now);
            return self.lose(lost);
        }
        if !may_try {
            return;
        }
        let rotated = if self.is_full() { self.rotate() } else { Ok(()) };
        match rotated {
            Ok(()) => self.recover(),
            Err(error) => self.fail(Kind::Moving, &error, now),
        }
    }

    /// Writes what waits for a slow reader, as far as it takes it.
    pub fn flush(&mut self, now: Now) {
        if let Target::Other(stream) = &mut self.target
            && let Err(error) = stream.flush()
        {
            self.fail(Kind::Writing, &error, now);
        }
    }

    /// Whether something waits for a slow reader; who can should pause.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        matches!(&self.target, Target::Other(stream) if stream.is_behind())
    }

    /// Opens the file by its name again (A5.10). If that fails the open one is
    /// written on and the name tried again later.
    pub fn reopen(&mut self, now: Now) {
        if let Err(error) = self.open_anew() {
            self.fail(Kind::Moving, &error, now);
        }
    }

    /// Removes the file and begins a new one; what is not a regular file is left
    /// alone (B1.10.16, B1.10.18). Rotated parts stay.
    ///
    /// # Errors
    /// The file cannot be removed or not be opened anew; it is tried again later.
    pub fn clear(&mut self, now: Now) -> io::Result<()> {
        // the name may stand for something else by now
        let is_file = fs::metadata(&self.path).map_or(true, |meta| meta.is_file());
        if matches!(self.target, Target::Other(_)) || !is_file || names_a_descriptor(&self.path) {
            return Ok(());
        }
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let opened = self.open_anew();
        if let Err(error) = &opened {
            self.fail(Kind::Moving, error, now);
        }
        opened
    }

    /// What is to be said about the log since this was last asked.
    #[must_use]
    pub fn take_reports(&mut self) -> Vec<LogLine> {
        std::mem::take(&mut self.reports)
    }

    /// Ends the log: says what was lost if that was not said yet.
    #[must_use]
    pub fn close(mut self) -> Vec<LogLine> {
        let waiting = match &mut self.target {
            Target::Other(stream) => stream.take_waiting().len(),
            Target::Regular { .. } => 0,
        };
        let lost = self.trouble.as_ref().map_or(0, |trouble| trouble.lost) + waiting as u64;
        if lost > 0 {
            self.say(format!("{lost} bytes for {} were lost", self.path.display()));
        }
        self.take_reports()
    }

    /// Opens the name again if there is trouble and it is time to; tells whether
    /// all is well or at least worth a try.
    fn mend(&mut self, now: Now) -> bool {
        match &self.trouble {
            None => return true,
            Some(trouble) if now.mono < trouble.next_try => return false,
            Some(_) => {}
        }
        match self.open_anew() {
            Ok(()) => true,
            Err(error) => {
                let kind = self.trouble.as_ref().map_or(Kind::Moving, |trouble| trouble.kind);
                self.fail(kind, &error, now);
                false
            }
        }
    }

    fn open_anew(&mut self) -> io::Result<()> {
        let mut target = Target::open(&self.path)?;
        if let Target::Other(old) = &mut self.target {
            // a target that takes nothing shows at the next write
            drop(target.write(&old.take_waiting()));
        }
        self.target = target;
        Ok(())
    }

    fn is_full(&mut self) -> bool {
        let maxbytes = self.limits.maxbytes;
        let Target::Regular { file, position } = &mut self.target else { return false };
        if maxbytes == 0 || *position < maxbytes {
            return false;
        }
        // somebody may have cut it meanwhile
        *position = file.metadata().map_or(*position, |meta| meta.len());
        *position >= maxbytes
    }

    fn rotate(&mut self) -> io::Result<()> {
        rotate(&self.path, self.limits.backups).map_err(io::Error::other)?;
        self.open_anew()?;
        if self.limits.backups == 0
            && let Target::Regular { file, position } = &mut self.target
        {
            file.set_len(0)?;
            *position = 0;
        }
        Ok(())
    }

    fn lose(&mut self, count: usize) {
        if let Some(trouble) = &mut self.trouble {
            trouble.lost += count as u64;
        }
    }

    fn fail(&mut self, kind: Kind, error: &io::Error, now: Now) {
        let before = self.trouble.take();
        if before.as_ref().is_none_or(|before| before.kind != kind) {
            let (path, error) = (self.path.display(), os_error_text(error));
            let text = match kind {
                Kind::Writing => {
                    format!("could not write {path}: {error}; what is meant for it is dropped until it can")
                }
                Kind::Moving => format!("could not rotate or reopen {path}: {error}; the open file is written on"),
            };
            self.say(text);
        }
        let pause = before.as_ref().map_or(FIRST_PAUSE, |before| (before.pause * 2).min(LONGEST_PAUSE));
        let lost = before.map_or(0, |before| before.lost);
        self.trouble = Some(Trouble { kind, lost, next_try: now.mono + pause, pause });
    }

    fn recover(&mut self) {
        let Some(trouble) = self.trouble.take() else { return };
        self.say(format!("{} is written again; {} bytes were lost", self.path.display(), trouble.lost));
    }

    fn say(&mut self, text: String) {
        self.reports.push(LogLine::new(Level::Warn, text));
    }
}

impl Target {
    fn open(path: &Path) -> io::Result<Self> {
        let by_descriptor = names_a_descriptor(path);
        let append =
            OpenOptions::new().append(true).create(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path);
        let file = match append {
            Err(_) if by_descriptor => return open_descriptor(path).map(Self::Other),
            other => other?,
        };
        let meta = file.metadata()?;
        if meta.is_file() && !by_descriptor {
            Ok(Self::Regular { file, position: meta.len() })
        } else {
            Ok(Self::Other(file.into()))
        }
    }

    /// On failure also how many bytes were not written.
    fn write(&mut self, bytes: &[u8]) -> Result<(), (io::Error, usize)> {
        let (file, position) = match self {
            Self::Regular { file, position } => (file, position),
            Self::Other(stream) => {
                return match stream.write(bytes) {
                    Ok(0) => Ok(()),
                    Ok(lost) => Err((io::ErrorKind::WouldBlock.into(), lost)),
                    Err(error) => Err((error, bytes.len())),
                };
            }
        };
        let mut rest = bytes;
        while !rest.is_empty() {
            match file.write(rest) {
                Ok(0) => return Err((io::ErrorKind::WriteZero.into(), rest.len())),
                Ok(n) => {
                    *position += n as u64;
                    rest = rest.get(n..).unwrap_or_default();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err((error, rest.len())),
            }
        }
        Ok(())
    }
}

/// Empties the log at `path` that nobody has open (B1.10.17). What is missing or
/// no regular file is left alone (B1.10.18).
///
/// # Errors
/// It cannot be opened or cut.
pub fn clear_closed(path: &Path) -> io::Result<()> {
    if names_a_descriptor(path) {
        return Ok(());
    }
    match super::tail::open(path) {
        Ok(_) => OpenOptions::new().write(true).open(path)?.set_len(0),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotSeekable) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Whether `path` leads, perhaps over links, to a descriptor of ours such as
/// `/dev/stdout`. What it names must not be moved, even if it is a file.
fn names_a_descriptor(path: &Path) -> bool {
    let mut at = path.to_owned();
    for _ in 0..LINKS {
        if ["/proc", "/dev/fd", "/dev/stdout", "/dev/stderr", "/dev/stdin"].iter().any(|place| at.starts_with(place)) {
            return true;
        }
        let Ok(link) = fs::read_link(&at) else { break };
        at = at.parent().unwrap_or(Path::new("/")).join(link);
    }
    false
}

/// A descriptor that cannot be opened for appending: for writing, or as the
/// descriptor that we have already (a socket cannot be opened by its name).
fn open_descriptor(path: &Path) -> io::Result<Stream> {
    let opened = OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path);
    let error = match opened {
        Ok(file) => return Ok(file.into()),
        Err(error) => error,
    };
    let ours = match path.to_str() {
        Some("/dev/stdout" | "/dev/fd/1" | "/proc/self/fd/1") => io::stdout().as_fd().try_clone_to_owned()?,
        Some("/dev/stderr" | "/dev/fd/2" | "/proc/self/fd/2") => io::stderr().as_fd().try_clone_to_owned()?,
        _ => return Err(error),
    };
    Ok(Stream::new(ours))
}

#[cfg(test)]
mod tests;
