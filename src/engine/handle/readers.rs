//! Looking at files for callers, on threads that may wait for the disk. A folder
//! holds few of these threads at a time. Who waits too long is told that nothing
//! came, and while a folder hangs, so is everybody else at once.

use super::aside::Aside;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// The longest wait for a disk.
const PATIENCE: Duration = Duration::from_secs(5);
/// Threads at work in one folder; there are enough for several that hang.
const MOST_AT_WORK: usize = 8;

/// The way to such threads.
#[derive(Debug, Clone)]
pub(in crate::engine) struct Readers {
    aside: Aside,
    folders: Arc<Mutex<BTreeMap<PathBuf, Arc<Folder>>>>,
    patience: Duration,
}

/// One that is looked into.
#[derive(Debug)]
struct Folder {
    room: Semaphore,
    /// Somebody has waited too long, and nobody has come back since.
    hangs: AtomicBool,
}

impl Readers {
    pub(super) fn new(aside: Aside) -> Self {
        Self { aside, folders: Arc::default(), patience: PATIENCE }
    }

    /// Has `work` done on the file at `path`; gives what it came to, or `None`
    /// when that takes too long or panics.
    pub(in crate::engine) fn look<T: Send + 'static>(
        &self,
        path: &Path,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = Option<T>> + Send + 'static {
        let folder = self.folder(path.parent().unwrap_or(path));
        let (aside, patience) = (self.aside.clone(), self.patience);
        async move {
            if folder.hangs.load(Relaxed) && folder.room.available_permits() == 0 {
                return None;
            }
            let place = Arc::clone(&folder);
            let looked = async {
                place.room.acquire().await.ok()?.forget();
                let visit = Visit(place);
                let work = move || {
                    let done = work();
                    drop(visit);
                    done
                };
                aside.done("a look at a log", work).await
            };
            timeout(patience, looked).await.unwrap_or_else(|_| {
                folder.hangs.store(true, Relaxed);
                None
            })
        }
    }

    fn folder(&self, path: &Path) -> Arc<Folder> {
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        folders.retain(|_, folder| Arc::strong_count(folder) > 1);
        let new = || Arc::new(Folder { room: Semaphore::new(MOST_AT_WORK), hangs: AtomicBool::new(false) });
        Arc::clone(folders.entry(path.to_owned()).or_insert_with(new))
    }
}

/// A thread in a folder.
struct Visit(Arc<Folder>);

impl Drop for Visit {
    fn drop(&mut self) {
        self.0.hangs.store(false, Relaxed);
        self.0.room.add_permits(1);
    }
}

#[cfg(test)]
mod tests {
    use super::MOST_AT_WORK;
    use crate::engine::EngineHandle;
    use crate::engine::handle::Command;
    use crate::model::Level;
    use std::path::Path;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    fn in_runtime(test: impl Future<Output = ()>) {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(test);
    }

    #[test]
    fn who_waits_for_a_disk_that_hangs_is_told_and_holds_few_threads() {
        in_runtime(async {
            let (_handle, inbox) = EngineHandle::channel(Level::Info);
            let mut readers = inbox.readers;
            assert_eq!(readers.look(Path::new("/a/log"), || 7).await, Some(7));
            let mut holds = vec![];
            let (tell, told) = channel();
            for _ in 0..MOST_AT_WORK {
                let (hold, held) = channel::<()>();
                holds.push(hold);
                let tell = tell.clone();
                let work = move || {
                    tell.send(()).unwrap();
                    held.recv().unwrap_err();
                };
                tokio::spawn(readers.look(Path::new("/a/log"), work));
                tokio::task::yield_now().await;
            }
            (0..MOST_AT_WORK).for_each(|_| told.recv().unwrap());
            readers.patience = Duration::ZERO;
            assert_eq!(readers.look(Path::new("/a/other"), || panic!("no thread is left")).await, None::<()>);
            readers.patience = Duration::from_secs(30);
            assert_eq!(readers.look(Path::new("/a/other"), || panic!("not waited for")).await, None::<()>);
            assert_eq!(readers.look(Path::new("/b/log"), || 7).await, Some(7));
            holds.pop();
            while readers.look(Path::new("/a/log"), || 7).await.is_none() {
                tokio::task::yield_now().await;
            }
        });
    }

    #[test]
    fn a_panic_is_told_and_takes_up_no_room() {
        in_runtime(async {
            let (_handle, mut inbox) = EngineHandle::channel(Level::Info);
            let readers = inbox.readers.clone();
            for _ in 0..2 * MOST_AT_WORK {
                assert_eq!(readers.look(Path::new("/a/log"), || panic!("planted")).await, None::<()>);
                let Some(Command::Log(line)) = inbox.next().await else { panic!("no line") };
                assert_eq!(line.text, "panic: planted; a look at a log is given up, all else goes on");
            }
        });
    }
}
