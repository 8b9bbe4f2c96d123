//! Files that are written to, as the kernel tells it (inotify).
//!
//! It tells that something happened to a file and not what; who is told looks.
//! Writes of other machines to a shared file system are not told at all.

use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, WatchDescriptor};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};

/// Most rounds of reading at a time, each of some hundred reports.
const ROUNDS: usize = 16;

/// A watched file; the same for everybody who watches the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Watched(WatchDescriptor);

/// What was reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It was written to or cut.
    Content(Watched),
    /// It was given another name, or lost one; perhaps also something harmless.
    Name(Watched),
    /// More happened than was kept: anything may have changed.
    Anything,
}

/// Some watched files.
#[derive(Debug)]
pub struct FileWatch {
    inotify: Inotify,
}

impl FileWatch {
    /// Watches nothing yet.
    ///
    /// # Errors
    /// `EMFILE`, of descriptors or of such watches for this user.
    pub fn new() -> io::Result<Self> {
        Ok(Self { inotify: Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC)? })
    }

    /// Watches an open file, under whatever name it has. Waits for no disk.
    ///
    /// # Errors
    /// `ENOSPC` when this user watches too many files, `ENOENT` without `/proc`.
    pub fn add(&self, file: &File) -> io::Result<Watched> {
        let changes = AddWatchFlags::IN_MODIFY | AddWatchFlags::IN_MOVE_SELF | AddWatchFlags::IN_ATTRIB;
        let by_number = format!("/proc/self/fd/{}", file.as_raw_fd());
        Ok(self.inotify.add_watch(by_number.as_str(), changes).map(Watched)?)
    }

    /// Watches a file no more. One last report may come of it.
    pub fn remove(&self, watched: Watched) {
        // Gone already if the file is.
        let _ = self.inotify.rm_watch(watched.0);
    }

    /// What has happened since the last call, without waiting. An empty answer
    /// means that there is nothing left.
    ///
    /// # Errors
    /// None are known.
    pub fn changes(&self) -> io::Result<Vec<Change>> {
        let mut changes = vec![];
        for _ in 0..ROUNDS {
            match self.inotify.read_events() {
                Ok(events) => changes.extend(events.iter().map(|event| match event.mask {
                    mask if mask.contains(AddWatchFlags::IN_Q_OVERFLOW) => Change::Anything,
                    mask if mask.contains(AddWatchFlags::IN_MODIFY) => Change::Content(Watched(event.wd)),
                    _ => Change::Name(Watched(event.wd)),
                })),
                Err(Errno::EAGAIN) => break,
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(changes)
    }
}

impl AsRawFd for FileWatch {
    fn as_raw_fd(&self) -> RawFd {
        self.inotify.as_fd().as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, FileWatch};
    use crate::sys::testdir::TestDir;
    use std::fs::{self, File, OpenOptions};
    use std::io::Write;

    #[test]
    fn writes_cuts_and_renames_of_an_open_file_are_told() {
        let dir = TestDir::new();
        let path = dir.path().join("log");
        let moved = path.with_extension("1");
        let file = File::create(&path).unwrap();
        let watch = FileWatch::new().unwrap();
        let watched = watch.add(&file).unwrap();
        assert_eq!(watch.add(&File::open(&path).unwrap()).unwrap(), watched, "the same file");
        assert_eq!(watch.changes().unwrap(), []);
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"x").unwrap();
        assert_eq!(watch.changes().unwrap(), [Change::Content(watched)]);
        file.set_len(0).unwrap();
        assert_eq!(watch.changes().unwrap(), [Change::Content(watched)]);
        fs::rename(&path, &moved).unwrap();
        assert_eq!(watch.changes().unwrap(), [Change::Name(watched)]);
        fs::remove_file(&moved).unwrap();
        assert_eq!(watch.changes().unwrap(), [Change::Name(watched)]);
        watch.remove(watched);
        watch.remove(watched);
        assert_eq!(watch.changes().unwrap(), [Change::Name(watched)], "a last word");
    }
}
