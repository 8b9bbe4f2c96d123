//! One open log file: appends, rotates, opens its name anew. Every call may take
//! as long as the disk wants, and tells what failed; what to do about that is the
//! [`Sink`](super::Sink)'s.

use super::rotate::rotate;
use super::stream::Stream;
use crate::sys::fds::lifted;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

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
    device: u64,
}

/// What the name stands for.
#[derive(Debug)]
enum Target {
    /// A regular file, and how long it is.
    Regular { file: File, position: u64 },
    /// Anything else: written as its reader takes it, never rotated, never
    /// removed (A5.7, A5.26, B1.10.18).
    Other(Box<Stream>),
    /// What a test makes up.
    #[cfg(test)]
    MadeUp(super::made_up::MadeUp),
}

/// Why a write or what follows it did not work.
#[derive(Debug)]
pub enum Failure {
    /// Not all bytes were written, or nobody will find them where they are.
    Write(io::Error),
    /// The name could not be moved or opened; bytes still go to the open file.
    Move(io::Error),
    /// The reader of what is no file takes no more now.
    Slow,
    /// The same, but it takes what others of us write.
    Crowded,
}

/// What a write came to.
#[derive(Debug)]
pub struct Written {
    /// Bytes that were taken, from the first on.
    pub count: usize,
    /// What went wrong.
    pub failure: Option<Failure>,
}

impl LogFile {
    /// Opens the log at `path` for appending, creating it if need be (A4.73, A5.19).
    ///
    /// # Errors
    /// It cannot be opened: a FIFO that nobody reads is `ENXIO`, not waited for.
    pub fn open(path: &Path, limits: Limits) -> io::Result<Self> {
        let (target, device) = Target::open(path)?;
        Ok(Self { path: path.to_owned(), limits, target, device })
    }

    /// Its name.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// When it is rotated.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Rotates it by other rules from now on.
    pub(super) fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// The number of the file system that it is on.
    #[must_use]
    pub fn device(&self) -> u64 {
        self.device
    }

    /// Appends `bytes`, never splitting them over two files, and if that made the
    /// log long enough and it `may_rotate`, rotates it (A5.15, A5.16).
    pub fn write(&mut self, bytes: &[u8], may_rotate: bool) -> Written {
        let (count, failure) = self.target.write(bytes);
        if failure.is_some() || !may_rotate || !self.is_full() {
            return Written { count, failure };
        }
        let failure = self.rotate().err().map(|error| match self.is_gone() {
            true => Failure::Write(error),
            false => Failure::Move(error),
        });
        Written { count, failure }
    }

    /// Opens the file by its name again (A5.10). If that fails the open one stays.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn reopen(&mut self) -> io::Result<()> {
        (self.target, self.device) = Target::open(&self.path)?;
        Ok(())
    }

    /// Removes the file and begins a new one; what is not a regular file is left
    /// alone (B1.10.16, B1.10.18). Rotated parts stay.
    ///
    /// # Errors
    /// The file cannot be removed or not be opened anew.
    pub fn clear(&mut self) -> io::Result<()> {
        // the name may stand for something else by now
        let is_file = fs::metadata(&self.path).map_or(true, |meta| meta.is_file());
        if matches!(self.target, Target::Other(_)) || !is_file || names_a_descriptor(&self.path) {
            return Ok(());
        }
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        self.reopen()
    }

    fn is_full(&mut self) -> bool {
        #[cfg(test)]
        if let Target::MadeUp(file) = &self.target {
            return file.state().is_long;
        }
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
        self.reopen()?;
        if self.limits.backups == 0
            && let Target::Regular { file, position } = &mut self.target
        {
            file.set_len(0)?;
            *position = 0;
        }
        Ok(())
    }

    /// Whether the open file has no name any more, so that nobody will read it.
    fn is_gone(&self) -> bool {
        match &self.target {
            Target::Regular { file, .. } => file.metadata().is_ok_and(|meta| meta.nlink() == 0),
            Target::Other(_) => false,
            #[cfg(test)]
            Target::MadeUp(file) => file.state().is_gone,
        }
    }
}

impl Target {
    /// The target, and the device it is on.
    fn open(path: &Path) -> io::Result<(Self, u64)> {
        #[cfg(test)]
        if let Some(made_up) = super::made_up::MadeUp::open(path) {
            return made_up.map(|(file, device)| (Self::MadeUp(file), device));
        }
        let by_descriptor = names_a_descriptor(path);
        let append =
            OpenOptions::new().append(true).create(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path);
        let file = match append {
            Err(_) if by_descriptor => return Ok((Self::Other(open_descriptor(path)?.into()), 0)),
            other => other?,
        };
        let file = File::from(lifted(file.into()));
        let meta = file.metadata()?;
        if meta.is_file() && !by_descriptor {
            Ok((Self::Regular { file, position: meta.len() }, meta.dev()))
        } else {
            Ok((Self::Other(Box::new(file.into())), meta.dev()))
        }
    }

    fn write(&mut self, bytes: &[u8]) -> (usize, Option<Failure>) {
        let (file, position) = match self {
            Self::Regular { file, position } => (file, position),
            Self::Other(stream) => {
                return match stream.push(bytes) {
                    Ok(count) if count < bytes.len() && stream.is_read() => (count, Some(Failure::Crowded)),
                    Ok(count) if count < bytes.len() => (count, Some(Failure::Slow)),
                    Ok(count) => (count, None),
                    Err((count, error)) => (count, Some(Failure::Write(error))),
                };
            }
            #[cfg(test)]
            Self::MadeUp(file) => {
                let Written { count, failure } = file.write(bytes);
                return (count, failure);
            }
        };
        let mut count = 0;
        while let Some(rest) = bytes.get(count..).filter(|rest| !rest.is_empty()) {
            match file.write(rest) {
                Ok(0) => return (count, Some(Failure::Write(io::ErrorKind::WriteZero.into()))),
                Ok(n) => {
                    count += n;
                    *position += n as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return (count, Some(Failure::Write(error))),
            }
        }
        (count, None)
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
        Ok((_, meta)) if meta.is_file() => OpenOptions::new().write(true).open(path)?.set_len(0),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
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
