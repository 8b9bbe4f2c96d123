//! A panic is a bug; one must cost no more than what it happened to. Here it is
//! caught and told as text, and too many of them at once are slowed down. What
//! is given up for one is decided above.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

/// Panics within [`SPAN`] that cost no time.
const MOST: u32 = 100;
/// See [`MOST`].
const SPAN: Duration = Duration::from_secs(10);
/// The pause after each one more.
const PAUSE: Duration = Duration::from_secs(1);

/// Does `work`. What it has changed before a panic stays as it is: the caller
/// throws that away or can live with it.
///
/// # Errors
/// The text of the panic; the usual report has been written to stderr.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| text_of(&*panic))
}

/// The same for work that waits now and then.
///
/// # Errors
/// The text of the panic; the usual report has been written to stderr.
pub async fn caught_in<T>(work: impl Future<Output = T>) -> Result<T, String> {
    let mut work = pin!(work);
    poll_fn(|context| match caught(|| work.as_mut().poll(context)) {
        Ok(polled) => polled.map(Ok),
        Err(text) => Poll::Ready(Err(text)),
    })
    .await
}

/// What a caught panic says.
#[must_use]
pub fn text_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no text".to_owned())
}

/// Counts panics, so that one that comes again and again does not spin.
#[derive(Debug, Default)]
pub struct Brake {
    since: Duration,
    count: u32,
}

impl Brake {
    /// One more at `now`, on the monotonic clock; how long to pause for it.
    pub fn one_more(&mut self, now: Duration) -> Duration {
        if now.saturating_sub(self.since) > SPAN {
            (self.since, self.count) = (now, 0);
        }
        self.count = self.count.saturating_add(1);
        if self.count > MOST { PAUSE } else { Duration::ZERO }
    }
}

#[cfg(test)]
mod tests {
    use super::{Brake, MOST, PAUSE, SPAN, caught, caught_in};
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};
    use std::time::Duration;

    #[test]
    fn a_panic_is_a_text_and_the_rest_a_result() {
        assert_eq!(caught(|| 7), Ok(7));
        assert_eq!(caught(|| panic!("plain")), Err::<(), _>("plain".to_owned()));
        assert_eq!(caught(|| panic!("number {}", 3)), Err::<(), _>("number 3".to_owned()));
        assert_eq!(caught(|| std::panic::panic_any(5)), Err::<(), _>("no text".to_owned()));
    }

    #[test]
    fn a_panic_after_a_wait_is_a_text_too() {
        let mut context = Context::from_waker(Waker::noop());
        let mut first = true;
        let mut work = pin!(caught_in(std::future::poll_fn(|_| {
            assert!(first, "later");
            first = false;
            Poll::<()>::Pending
        })));
        assert_eq!(work.as_mut().poll(&mut context), Poll::Pending);
        assert_eq!(work.as_mut().poll(&mut context), Poll::Ready(Err("later".to_owned())));
        assert_eq!(pin!(caught_in(async { 7 })).poll(&mut context), Poll::Ready(Ok(7)));
    }

    #[test]
    fn more_than_a_hundred_panics_in_ten_seconds_are_slowed_down() {
        let mut brake = Brake::default();
        let begin = Duration::from_secs(1000);
        for _ in 0..MOST {
            assert_eq!(brake.one_more(begin), Duration::ZERO);
        }
        assert_eq!(brake.one_more(begin + SPAN), PAUSE);
        assert_eq!(brake.one_more(begin + SPAN + Duration::from_secs(1)), Duration::ZERO, "that is long ago");
    }
}
