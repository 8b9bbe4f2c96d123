//! Answers of many bytes: how many are made at a time, and how much memory those
//! may hold that clients have not read. Both are a server's, not a client's:
//! hundreds may ask for whole logs and read nothing.

use super::life::Lives;
use super::limits::{FORM_BYTES, Limits};
use super::reply::Reply;
use hyper::body::Bytes;
use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep, timeout};

/// An answer of fewer bytes is not large.
const LARGE: usize = FORM_BYTES;
/// What memory is counted in.
const UNIT: usize = 64 << 10;
/// Between two looks for somebody who does not read.
const LOOK: Duration = Duration::from_millis(20);

/// The large answers of one server.
#[derive(Debug)]
pub(super) struct LargeAnswers {
    /// Logs that may be read at a time.
    reads: Semaphore,
    /// The same for those that take long: a disk that is slow, or hangs, shall not
    /// hold up who reads elsewhere.
    slow_reads: Semaphore,
    /// Multicalls that may gather large results at a time.
    gatherings: Semaphore,
    unread: Arc<Semaphore>,
    units: u32,
    patience: Duration,
    lives: Rc<Lives>,
    /// Where the last answer was, and its place: several may be sent the same bytes.
    last: RefCell<Option<(usize, Weak<Place>)>>,
}

/// The memory of an answer that is not read yet.
type Place = OwnedSemaphorePermit;

impl LargeAnswers {
    /// None yet; who reads nothing is one of `lives`.
    pub(super) fn new(limits: &Limits, lives: Rc<Lives>) -> Self {
        let units = u32::try_from(limits.unread_bytes / UNIT).unwrap_or(u32::MAX).max(1);
        Self {
            reads: Semaphore::new(limits.large_reads),
            slow_reads: Semaphore::new(limits.large_reads),
            gatherings: Semaphore::new(limits.large_reads),
            unread: Arc::new(Semaphore::new(units as usize)),
            units,
            patience: limits.large_patience,
            lives,
            last: RefCell::default(),
        }
    }

    /// Whether an answer of so many bytes is one.
    pub(super) fn is_large(length: usize) -> bool {
        length >= LARGE
    }

    /// The turn of a call that may read a whole log, to be kept until its answer is
    /// [admitted](Self::admit); `None` when that does not come.
    pub(super) async fn read(&self) -> Option<SemaphorePermit<'_>> {
        self.turn(&self.reads).await
    }

    /// A turn among the slow, for a call that has one and makes it free; waits as
    /// long as it takes.
    pub(super) async fn read_slowly(&self) -> Option<SemaphorePermit<'_>> {
        self.slow_reads.acquire().await.ok()
    }

    /// The same as [`read`](Self::read) for a multicall whose results are or may become
    /// large. It has that before it asks for the turns of its calls, so none waits for another.
    pub(super) async fn gather(&self) -> Option<SemaphorePermit<'_>> {
        self.turn(&self.gatherings).await
    }

    async fn turn<'a>(&self, turns: &'a Semaphore) -> Option<SemaphorePermit<'a>> {
        timeout(self.patience, turns.acquire()).await.ok()?.ok()
    }

    /// The same answer when there is room for it: at once if it is not large, else
    /// perhaps after a while; `None` if those who do not read theirs leave none.
    pub(super) async fn admit(&self, reply: Reply) -> Option<Reply> {
        let large = reply.whole_bytes().filter(|bytes| Self::is_large(bytes.len()));
        let Some(bytes) = large.cloned() else { return Some(reply) };
        let place = self.place(&bytes).await?;
        Some(reply.with_bytes(Bytes::from_owner(Placed { bytes, _place: place })))
    }

    async fn place(&self, bytes: &Bytes) -> Option<Arc<Place>> {
        let at = bytes.as_ptr() as usize;
        let last = self.last.borrow().as_ref().filter(|(last, _)| *last == at).and_then(|(_, place)| place.upgrade());
        if last.is_some() {
            return last;
        }
        let units = u32::try_from(bytes.len().div_ceil(UNIT)).unwrap_or(u32::MAX).min(self.units);
        let mut permit = pin!(Arc::clone(&self.unread).acquire_many_owned(units));
        let limit = Instant::now() + self.patience;
        let permit = loop {
            tokio::select! {
                biased;
                permit = permit.as_mut() => break permit.ok()?,
                () = sleep(LOOK) => {
                    if Instant::now() >= limit {
                        return None;
                    }
                    self.lives.drop_unread(LARGE);
                }
            }
        };
        let place = Arc::new(permit);
        *self.last.borrow_mut() = Some((at, Arc::downgrade(&place)));
        Some(place)
    }
}

/// Bytes that take their place as long as somebody has them.
struct Placed {
    bytes: Bytes,
    _place: Arc<Place>,
}

impl Drop for Placed {
    /// The system takes a while to take back many pages, for which the loop does not wait.
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        if let Ok(runtime) = Handle::try_current() {
            drop(runtime.spawn_blocking(move || drop(bytes)));
        }
    }
}

impl AsRef<[u8]> for Placed {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}
