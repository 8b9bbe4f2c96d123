//! Followers of logs that do not grow, looked at together.
//!
//! A look is a call or two to the file system, which may hang. So none happens
//! on the loop's thread: at every beat all followers that wait go to a blocking
//! thread in one batch, and hundreds of them cost little more than one. Where a
//! disk hangs, only those of its batch hang with it.

use crate::logs::Follow;
use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::{spawn_blocking, spawn_local};
use tokio::time::sleep;

/// Between two looks at a log that has not grown (B2.9.6).
const BEAT: Duration = Duration::from_millis(120);

/// A follower again, and what it found; an error when the log cannot be read.
pub(super) type Found = (Follow, io::Result<Vec<u8>>);

/// Who waits for growth.
#[derive(Debug, Default)]
pub(super) struct Idle {
    waiting: RefCell<Vec<Waiting>>,
    /// Somebody beats already.
    beating: Cell<bool>,
}

#[derive(Debug)]
struct Waiting {
    follow: Follow,
    most: usize,
    tell: oneshot::Sender<Found>,
}

impl Idle {
    /// Waits until there is something to read, and reads at most `most` bytes of
    /// it. `None` when the runtime is going down. Whoever stops waiting is
    /// forgotten at the next beat.
    pub(super) async fn until_grown(self: &Rc<Self>, follow: Follow, most: usize) -> Option<Found> {
        let (tell, told) = oneshot::channel();
        self.waiting.borrow_mut().push(Waiting { follow, most, tell });
        if !self.beating.replace(true) {
            spawn_local(Rc::clone(self).beat());
        }
        told.await.ok()
    }

    /// Beats until nobody waits. Those in a batch that is under way come back by
    /// themselves.
    async fn beat(self: Rc<Self>) {
        loop {
            sleep(BEAT).await;
            let batch = self.waiting.take();
            if batch.is_empty() {
                return self.beating.set(false);
            }
            spawn_local(Rc::clone(&self).look_at(batch));
        }
    }

    async fn look_at(self: Rc<Self>, batch: Vec<Waiting>) {
        let looked = spawn_blocking(|| batch.into_iter().filter_map(Waiting::look).collect::<Vec<_>>()).await;
        let Ok(still) = looked else { return };
        self.waiting.borrow_mut().extend(still);
        if !self.waiting.borrow().is_empty() && !self.beating.replace(true) {
            spawn_local(self.beat());
        }
    }
}

impl Waiting {
    /// Tells what there is; itself again when there is nothing.
    fn look(mut self) -> Option<Self> {
        if self.tell.is_closed() {
            return None;
        }
        let found = match self.follow.next_chunk(self.most) {
            Ok(None) => return Some(self),
            Ok(Some(bytes)) => Ok(bytes),
            Err(error) => Err(error),
        };
        // Who has left meanwhile does not need it.
        drop(self.tell.send((self.follow, found)));
        None
    }
}
