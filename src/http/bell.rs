//! What wakes a connection's task. hyper wakes it whenever a piece of a body has
//! been taken, since it has room for more then. Behind the last piece nothing
//! comes, and a turn of the task for that is a good part of what a call costs.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Wake, Waker};

/// Stands between a connection and its task.
#[derive(Debug, Default)]
pub(super) struct Bell {
    task: OnceLock<Waker>,
    muffled: AtomicBool,
}

impl Bell {
    /// Waits for `work`, which rings instead of waking the task. It must be the same
    /// task each time.
    pub(super) fn wakes<F: Future>(self: &Arc<Self>, mut work: Pin<&mut F>) -> impl Future<Output = F::Output> {
        poll_fn(move |cx| {
            self.task.get_or_init(|| cx.waker().clone());
            work.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(self))))
        })
    }

    /// Does `work`, which wakes nobody.
    pub(super) fn muffled<T>(&self, work: impl FnOnce() -> T) -> T {
        self.muffled.store(true, Ordering::Relaxed);
        let done = work();
        self.muffled.store(false, Ordering::Relaxed);
        done
    }

    /// Wakes the task.
    pub(super) fn ring(&self) {
        if let Some(task) = self.task.get() {
            task.wake_by_ref();
        }
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.muffled.load(Ordering::Relaxed) {
            self.ring();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Bell;
    use std::future::poll_fn;
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll, Wake, Waker};

    #[derive(Default)]
    struct Task(AtomicUsize);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn the_bell_wakes_the_task_but_not_while_it_is_muffled() {
        let (bell, task) = (Arc::new(Bell::default()), Arc::new(Task::default()));
        bell.ring();
        let mut own = None;
        let mut work = pin!(poll_fn(|cx| {
            own = Some(cx.waker().clone());
            Poll::Ready(())
        }));
        let waker = Waker::from(Arc::clone(&task));
        assert!(pin!(bell.wakes(work.as_mut())).poll(&mut Context::from_waker(&waker)).is_ready());
        let own = own.unwrap();
        own.wake_by_ref();
        assert_eq!(task.0.load(Ordering::Relaxed), 1);
        bell.muffled(|| own.wake_by_ref());
        assert_eq!(task.0.load(Ordering::Relaxed), 1);
        own.wake();
        bell.ring();
        assert_eq!(task.0.load(Ordering::Relaxed), 3);
    }
}
