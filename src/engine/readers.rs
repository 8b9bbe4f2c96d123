//! Looking at files for callers, on threads that may wait for the disk. Who
//! waits too long is told that nothing came; a folder on which that happened
//! often gets no more threads until those are back.

use super::handle::aside::Aside;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::timeout;

/// The longest wait for a disk.
const PATIENCE: Duration = Duration::from_secs(5);
/// Threads that one folder may hold for longer than that.
const MOST_STUCK: usize = 4;

/// Who is stuck where.
#[derive(Debug, Clone)]
pub(super) struct Readers {
    aside: Aside,
    stuck: Arc<Mutex<BTreeMap<PathBuf, usize>>>,
    patience: Duration,
}

impl Readers {
    pub(super) fn new(aside: Aside) -> Self {
        Self { aside, stuck: Arc::default(), patience: PATIENCE }
    }

    /// Begins `work` on the file at `path`; gives what it came to, or `None` when
    /// that takes too long or panics.
    pub(super) fn look<T: Send + 'static>(
        &self,
        path: &Path,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> impl Future<Output = Option<T>> + Send + 'static {
        let folder = path.parent().unwrap_or(path).to_owned();
        let may_try = self.lock().get(&folder).is_none_or(|stuck| *stuck < MOST_STUCK);
        let begun = may_try.then(|| self.aside.begin("a look at a log", work));
        let readers = self.clone();
        async move {
            let mut begun = begun?;
            if let Ok(done) = timeout(readers.patience, &mut begun).await {
                return done.ok().flatten();
            }
            *readers.lock().entry(folder.clone()).or_default() += 1;
            tokio::spawn(async move {
                drop(begun.await);
                readers.is_back(&folder);
            });
            None
        }
    }

    fn is_back(&self, folder: &Path) {
        let mut stuck = self.lock();
        if let Some(count) = stuck.get_mut(folder) {
            *count -= 1;
            if *count == 0 {
                stuck.remove(folder);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<PathBuf, usize>> {
        self.stuck.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_STUCK, Readers};
    use crate::engine::EngineHandle;
    use crate::engine::handle::Command;
    use crate::model::Level;
    use std::path::Path;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    #[test]
    fn who_waits_for_a_disk_that_hangs_is_told_and_holds_few_threads() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let (_handle, inbox) = EngineHandle::channel(Level::Info);
            let mut readers = Readers::new(inbox.aside);
            assert_eq!(readers.look(Path::new("/a/log"), || 7).await, Some(7));
            readers.patience = Duration::ZERO;
            let mut holds = vec![];
            for _ in 0..MOST_STUCK {
                let (hold, held) = channel::<()>();
                holds.push(hold);
                assert_eq!(readers.look(Path::new("/a/log"), move || held.recv().is_err()).await, None);
            }
            readers.patience = Duration::from_secs(30);
            assert_eq!(readers.look(Path::new("/a/other"), || 7).await, None);
            assert_eq!(readers.look(Path::new("/b/log"), || 7).await, Some(7));
            holds.clear();
            while !readers.lock().is_empty() {
                tokio::task::yield_now().await;
            }
            assert_eq!(readers.look(Path::new("/a/log"), || 7).await, Some(7));
        });
    }

    #[test]
    fn a_panic_is_told_and_nothing_came_of_the_look() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let (_handle, mut inbox) = EngineHandle::channel(Level::Info);
            let readers = Readers::new(inbox.aside.clone());
            assert_eq!(readers.look(Path::new("/a/log"), || panic!("planted")).await, None::<()>);
            assert!(readers.lock().is_empty(), "it is not stuck");
            let Some(Command::Log(line)) = inbox.next().await else { panic!("no line") };
            assert_eq!(line.text, "panic: planted; a look at a log is given up, all else goes on");
        });
    }
}
