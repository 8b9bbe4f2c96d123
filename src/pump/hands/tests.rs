//! Threads that cannot be begun for a while.

use super::{Errand, Hands, Told};
use crate::pump::making::Making;
use crate::pump::shared::Shared;
use crate::sys::testdir::TestDir;
use std::cell::Cell;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicI32;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(30);

thread_local! {
    static REFUSED: Cell<bool> = const { Cell::new(false) };
}

/// Stands for a machine that has no more threads, to who asks from this one.
pub(super) fn refuse_thread() -> io::Result<()> {
    if REFUSED.get() { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
}

/// No thread yet.
fn hands() -> (Arc<Hands>, Arc<Making>, Receiver<Told>) {
    let (tell, told) = channel();
    let making = Arc::<Making>::default();
    let hands = Hands::new(Arc::new(Shared::new().unwrap()), tell, Arc::clone(&making)).unwrap();
    (Arc::new(hands), making, told)
}

/// It waits for a thread, not for the next errand.
#[test]
fn an_errand_without_a_thread_is_run_when_there_is_one() {
    let (hands, making, told) = hands();
    let dir = TestDir::new();
    let made = making.begin(dir.path(), vec![dir.path().join("log")]).unwrap();
    REFUSED.set(true);
    hands.give(Errand::Make { folder: dir.path().to_owned(), thread: Arc::new(AtomicI32::new(0)) });
    assert!(matches!(told.try_recv(), Ok(Told::Short(_))));
    assert!(!hands.mend() && told.try_recv().is_err(), "who mends knows");
    REFUSED.set(false);
    assert!(hands.mend());
    assert!(matches!(made.recv_timeout(LONG), Ok(Ok(()))));
    hands.end();
}
