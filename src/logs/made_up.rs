//! Files that a test makes up: they take what the test lets them take, and
//! remember it. They are known by their names on the thread of the test.

use super::file::{Failure, Written};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

thread_local! {
    static FILES: RefCell<BTreeMap<PathBuf, MadeUp>> = const { RefCell::new(BTreeMap::new()) };
}

/// A file that is made up; each copy is one more descriptor of it.
#[derive(Clone)]
pub(crate) struct MadeUp(Arc<Mutex<State>>);

/// How it fares.
pub(crate) struct State {
    /// Bytes that it takes.
    pub(crate) room: usize,
    /// It takes more later; else its disk is full.
    pub(crate) is_slow: bool,
    /// Its name can be opened.
    pub(crate) opens: bool,
    /// It is to be rotated after each chunk.
    pub(crate) is_long: bool,
    /// The open file has no name any more.
    pub(crate) is_gone: bool,
    /// The file system it is on.
    pub(crate) device: u64,
    /// All that was written.
    pub(crate) text: Vec<u8>,
    /// How often something went wrong.
    pub(crate) failures: usize,
}

impl MadeUp {
    /// A file that fares well, and can be opened by its name `path` on this thread.
    pub(crate) fn new(path: &Path, device: u64) -> Self {
        let state = State {
            room: usize::MAX,
            is_slow: false,
            opens: true,
            is_long: false,
            is_gone: false,
            device,
            text: vec![],
            failures: 0,
        };
        let file = Self(Arc::new(Mutex::new(state)));
        FILES.with_borrow_mut(|files| files.insert(path.to_owned(), file.clone()));
        file
    }

    /// The file called `path`, if that is made up.
    pub(super) fn open(path: &Path) -> Option<io::Result<(Self, u64)>> {
        let file = FILES.with_borrow(|files| files.get(path).cloned())?;
        let mut state = file.state();
        if !state.opens {
            state.failures += 1;
            return Some(Err(io::ErrorKind::PermissionDenied.into()));
        }
        let device = state.device;
        drop(state);
        Some(Ok((file, device)))
    }

    /// How it fares now.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// How many descriptors are open.
    pub(crate) fn descriptors(&self) -> usize {
        // one is the test's, one is found by the name
        Arc::strong_count(&self.0) - 2
    }

    pub(super) fn write(&self, bytes: &[u8]) -> Written {
        let mut state = self.state();
        let count = bytes.len().min(state.room);
        state.text.extend_from_slice(&bytes[..count]);
        if state.room < usize::MAX {
            state.room -= count;
        }
        if count == bytes.len() {
            return Written { count, failure: None };
        }
        state.failures += 1;
        let full = || Failure::Write(io::ErrorKind::StorageFull.into());
        Written { count, failure: Some(if state.is_slow { Failure::Slow } else { full() }) }
    }
}

impl fmt::Debug for MadeUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MadeUp of {} bytes", self.state().text.len())
    }
}
