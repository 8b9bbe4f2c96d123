//! AUTO logs on their way: made one after the other for each folder, by a thread
//! that may have to wait for the disk. Who wants them waits as long as it likes;
//! when it likes no longer the names stand, and the files follow.
//!
//! A child that begins meanwhile has its log opened behind its making, by the
//! same thread: opened first it would be made for everybody to read.

use super::hands::NewLog;
use crate::logs::autolog;
use crate::logs::file::{Limits, LogFile};
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

/// Told that all logs are made, or that one could not be and the others are gone.
type Tell = SyncSender<io::Result<()>>;

/// The folders in which logs are being made.
#[derive(Debug, Default)]
pub(super) struct Making {
    folders: Mutex<BTreeMap<PathBuf, Folder>>,
}

#[derive(Debug, Default)]
struct Folder {
    /// The first is being made.
    coming: VecDeque<Coming>,
    /// Who waits for them.
    tell: Option<Tell>,
}

/// A log that is not there yet.
#[derive(Debug)]
struct Coming {
    path: PathBuf,
    /// The child that will write to it.
    wanted: Option<Wanted>,
}

/// Where the file goes when it is there.
#[derive(Debug)]
struct Wanted {
    limits: Limits,
    tell: SyncSender<io::Result<LogFile>>,
    /// Of the loop that has the child's streams.
    bell: Waker,
}

impl Making {
    /// Hands in logs that are to be made in `folder`. Gives where the outcome
    /// comes, if somebody now has [`work`](Self::work) done; `None` when these
    /// wait behind others, which are late.
    pub(super) fn begin(&self, folder: &Path, paths: Vec<PathBuf>) -> Option<Receiver<io::Result<()>>> {
        let mut folders = self.lock();
        let late = folders.contains_key(folder);
        let entry = folders.entry(folder.to_owned()).or_default();
        entry.coming.extend(paths.into_iter().map(|path| Coming { path, wanted: None }));
        if late {
            return None;
        }
        let (tell, told) = sync_channel(1);
        entry.tell = Some(tell);
        Some(told)
    }

    /// Waits no longer for the logs in `folder`: whatever becomes of one, the
    /// others are made. False if the outcome has been told.
    pub(super) fn leave(&self, folder: &Path) -> bool {
        self.lock().get_mut(folder).is_some_and(|folder| folder.tell.take().is_some())
    }

    /// The log at `path` for a child, if it is still to be made; `bell` rings when
    /// it has come.
    pub(super) fn open(&self, path: &Path, limits: Limits, bell: Waker) -> Option<NewLog> {
        let mut folders = self.lock();
        let mut coming = folders.get_mut(path.parent()?)?.coming.iter_mut();
        let log = coming.find(|log| log.path == path)?;
        if log.wanted.is_some() {
            // Of a child that has gone; what it left may still wait for that file.
            return Some(NewLog::Unopened(path.to_owned(), limits));
        }
        let (tell, told) = sync_channel(1);
        log.wanted = Some(Wanted { limits, tell, bell });
        Some(NewLog::Opening(path.to_owned(), limits, told))
    }

    /// Makes all logs of `folder`, however long that takes.
    pub(super) fn work(&self, folder: &Path) {
        let mut made = vec![];
        while let Some(path) = self.next(folder) {
            #[cfg(test)]
            super::tests::panic_if_named(&path, "a making panics");
            let created = autolog::make(&path);
            let Some(Step { log, refused, over }) = self.step(folder, created.is_err()) else { return };
            if let (Err(error), Some(tell)) = (created, refused) {
                // first, for this may block, too
                drop(tell.send(Err(error)));
                return autolog::remove(&made);
            }
            if let Some(Wanted { limits, tell, bell }) = log.wanted {
                drop(tell.send(LogFile::open(&path, limits)));
                bell.wake();
            }
            made.push(path);
            if let Some(tell) = over {
                drop(tell.send(Ok(())));
            }
        }
    }

    /// After a panic: nobody makes what is still to come there, and those who wait
    /// for one of these open it themselves.
    pub(super) fn give_up(&self, folder: &Path) {
        let Some(folder) = self.lock().remove(folder) else { return };
        for Wanted { tell, bell, .. } in folder.coming.into_iter().filter_map(|log| log.wanted) {
            drop(tell);
            bell.wake();
        }
    }

    fn next(&self, folder: &Path) -> Option<PathBuf> {
        self.lock().get(folder)?.coming.front().map(|log| log.path.clone())
    }

    /// The first log of `folder` is made, or has `failed`.
    fn step(&self, folder: &Path, failed: bool) -> Option<Step> {
        let mut folders = self.lock();
        let entry = folders.get_mut(folder)?;
        let log = entry.coming.pop_front()?;
        let refused = if failed { entry.tell.take() } else { None };
        let mut over = None;
        if entry.coming.is_empty() || refused.is_some() {
            over = folders.remove(folder).and_then(|folder| folder.tell);
        }
        Some(Step { log, refused, over })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<PathBuf, Folder>> {
        self.folders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What follows when a log is made or not.
struct Step {
    log: Coming,
    /// Who waits and is told that it could not be made.
    refused: Option<Tell>,
    /// Who waits and is told that all are there.
    over: Option<Tell>,
}

#[cfg(test)]
mod tests {
    use super::Making;
    use crate::logs::Limits;
    use crate::pump::NewLog;
    use crate::sys::testdir::TestDir;
    use std::fs;
    use std::io::ErrorKind;
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::PathBuf;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
    use std::sync::mpsc::TryRecvError;
    use std::task::{Wake, Waker};

    /// Counts how often it rang.
    #[derive(Default)]
    struct Bell(AtomicU32);

    impl Wake for Bell {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, SeqCst);
        }
    }

    fn paths(dir: &TestDir, names: &[&str]) -> Vec<PathBuf> {
        names.iter().map(|name| dir.path().join(name)).collect()
    }

    fn is_private(path: &PathBuf) -> bool {
        fs::metadata(path).unwrap().permissions().mode() & 0o777 == 0o600
    }

    /// A4.118
    #[test]
    fn all_logs_are_made_private_and_who_waits_is_told() {
        let (dir, making) = (TestDir::new(), Making::default());
        let logs = paths(&dir, &["a", "b"]);
        let told = making.begin(dir.path(), logs.clone()).unwrap();
        making.work(dir.path());
        assert!(matches!(told.try_recv(), Ok(Ok(()))));
        assert!(logs.iter().all(is_private));
        assert!(!making.leave(dir.path()), "it is over");
        assert!(making.open(&logs[0], Limits::default(), Waker::noop().clone()).is_none(), "it is there");
    }

    #[test]
    fn when_one_cannot_be_made_the_others_are_removed() {
        let (dir, making) = (TestDir::new(), Making::default());
        let logs = paths(&dir, &["a", "taken", "b"]);
        fs::write(&logs[1], "x").unwrap();
        let told = making.begin(dir.path(), logs.clone()).unwrap();
        making.work(dir.path());
        assert_eq!(told.try_recv().unwrap().unwrap_err().kind(), ErrorKind::AlreadyExists);
        assert!(!logs[0].exists() && !logs[2].exists());
        assert_eq!(fs::read(&logs[1]).unwrap(), b"x", "not ours");
        assert!(making.begin(dir.path(), paths(&dir, &["c"])).is_some(), "the next ones do not wait for them");
    }

    /// A4.73, A4.118
    #[test]
    fn a_child_that_begins_before_its_log_is_there_gets_it_later() {
        let (dir, making) = (TestDir::new(), Making::default());
        let logs = paths(&dir, &["a", "taken", "b"]);
        fs::write(&logs[1], "x").unwrap();
        let told = making.begin(dir.path(), logs.clone()).unwrap();
        assert!(making.leave(dir.path()));
        let more = paths(&dir, &["c"]);
        assert!(making.begin(dir.path(), more.clone()).is_none(), "behind the others");
        let bell = Arc::new(Bell::default());
        let open = || making.open(&logs[2], Limits::default(), Arc::clone(&bell).into());
        let Some(NewLog::Opening(path, _, file)) = open() else { panic!() };
        assert!(matches!(open(), Some(NewLog::Unopened(..))));
        making.work(dir.path());
        assert!(told.try_recv().is_err(), "nobody waits");
        assert_eq!(file.try_recv().unwrap().unwrap().path(), path);
        assert_eq!(bell.0.load(SeqCst), 1);
        assert!([&logs[0], &logs[2], &more[0]].into_iter().all(is_private), "whatever became of one");
    }

    #[test]
    fn who_waits_for_a_log_that_is_given_up_is_told() {
        let (dir, making, bell) = (TestDir::new(), Making::default(), Arc::new(Bell::default()));
        let logs = paths(&dir, &["a", "b"]);
        let told = making.begin(dir.path(), logs.clone()).unwrap();
        let Some(NewLog::Opening(_, _, file)) = making.open(&logs[1], Limits::default(), Arc::clone(&bell).into())
        else {
            panic!()
        };
        making.give_up(dir.path());
        assert_eq!((file.try_recv().unwrap_err(), bell.0.load(SeqCst)), (TryRecvError::Disconnected, 1));
        assert!(matches!(told.try_recv(), Err(TryRecvError::Disconnected)) && !making.leave(dir.path()));
        assert!(making.open(&logs[1], Limits::default(), Waker::noop().clone()).is_none(), "nobody makes it");
    }
}
