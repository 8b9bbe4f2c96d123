//! Which pipes are made larger: those that are found full again and again, and
//! those of hot streams that would be full before long. Their writers then run on
//! for longer, and each is woken less often. Decides only.

use crate::logs::backlog::READ;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// Bytes that a pipe has room for.
const PLAIN: usize = 64 << 10;
/// Bytes of a pipe that is as good as full: all, less what its pages do not hold of
/// writes that do not fit them.
const NEARLY_ALL: usize = PLAIN / 4 * 3;
/// Bytes of a hot stream's pipe that would fill it if it were let gather for longer.
const SOME: usize = PLAIN / 5;
/// Bytes that a wide one has room for: one read takes them all.
pub(super) const WIDE: usize = READ;
/// So much a full pipe counts; one that is not takes one off.
const FULL: u32 = 4;
/// The count that says that its writer keeps waiting.
const ENOUGH: u32 = 32;
/// Wide pipes of all loops: their 32 MiB are half of what the kernel lets the
/// pipes of one user have before new ones become very small.
const MOST_WIDE: usize = 128;

/// How many pipes are wide.
#[derive(Debug, Clone, Default)]
pub(super) struct Widths {
    wide: Arc<AtomicUsize>,
}

impl Widths {
    fn take(&self) -> Option<Place> {
        let more = |wide: usize| (wide < MOST_WIDE).then_some(wide + 1);
        self.wide.fetch_update(SeqCst, SeqCst, more).ok()?;
        Some(Place(self.clone()))
    }
}

/// One of them; given back with the stream.
#[derive(Debug)]
struct Place(Widths);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.wide.fetch_sub(1, SeqCst);
    }
}

/// One pipe.
#[derive(Debug, Default)]
pub(super) struct Width {
    count: u32,
    place: Option<Place>,
    refused: bool,
}

impl Width {
    /// Half of what the pipe holds, in bytes.
    pub(super) fn half(&self) -> usize {
        if self.place.is_some() { WIDE / 2 } else { PLAIN / 2 }
    }

    /// After a read of `count` bytes of a stream that is `hot` or not: whether the
    /// pipe should be made [`WIDE`] now.
    pub(super) fn should_grow(&mut self, count: usize, hot: bool, widths: &Widths) -> bool {
        if self.place.is_some() || self.refused {
            return false;
        }
        let much = if hot { SOME } else { NEARLY_ALL };
        self.count = if count >= much { self.count + FULL } else { self.count.saturating_sub(1) };
        if self.count < ENOUGH {
            return false;
        }
        self.count = 0;
        self.place = widths.take();
        self.place.is_some()
    }

    /// The kernel did not want that; it is not asked again.
    pub(super) fn refuse(&mut self) {
        (self.place, self.refused) = (None, true);
    }
}

#[cfg(test)]
mod tests {
    use super::{ENOUGH, FULL, MOST_WIDE, NEARLY_ALL, PLAIN, SOME, WIDE, Width, Widths};

    const READS: u32 = ENOUGH / FULL;

    /// Whether it grew when it was full that often.
    fn grew(width: &mut Width, widths: &Widths) -> bool {
        (0..READS).any(|_| width.should_grow(NEARLY_ALL, false, widths))
    }

    #[test]
    fn a_pipe_that_is_always_full_grows_once() {
        let (mut width, widths) = (Width::default(), Widths::default());
        assert!((1..READS).all(|_| !width.should_grow(NEARLY_ALL, false, &widths)));
        assert!(width.should_grow(NEARLY_ALL, false, &widths));
        assert!(!grew(&mut width, &widths));
    }

    #[test]
    fn one_that_is_full_half_the_time_grows_too() {
        let (mut width, widths) = (Width::default(), Widths::default());
        assert!((0..2 * READS).any(
            |_| !width.should_grow(NEARLY_ALL - 1, false, &widths) && width.should_grow(NEARLY_ALL, false, &widths)
        ));
    }

    #[test]
    fn the_pipe_of_a_hot_stream_grows_before_it_is_full() {
        let (mut width, widths) = (Width::default(), Widths::default());
        assert!((0..100).all(|_| !width.should_grow(SOME, false, &widths)));
        assert_eq!(width.half(), PLAIN / 2);
        assert!((1..READS).all(|_| !width.should_grow(SOME, true, &widths)));
        assert!(width.should_grow(SOME, true, &widths));
        assert_eq!(width.half(), WIDE / 2);
    }

    #[test]
    fn who_writes_in_bursts_keeps_its_pipe() {
        let (mut width, widths) = (Width::default(), Widths::default());
        for _ in 0..100 {
            assert!((1..READS).all(|_| !width.should_grow(NEARLY_ALL, false, &widths)));
            assert!((0..ENOUGH).all(|_| !width.should_grow(100, false, &widths)));
        }
    }

    #[test]
    fn there_are_so_many_wide_pipes_and_one_that_ends_makes_room() {
        let widths = Widths::default();
        let mut wide: Vec<Width> = (0..MOST_WIDE).map(|_| Width::default()).collect();
        assert!(wide.iter_mut().all(|width| grew(width, &widths)));
        let mut late = Width::default();
        assert!(!grew(&mut late, &widths));
        wide.pop();
        assert!(grew(&mut late, &widths));
    }

    #[test]
    fn what_the_kernel_refuses_is_not_asked_for_again() {
        let (mut width, widths) = (Width::default(), Widths::default());
        assert!(grew(&mut width, &widths));
        width.refuse();
        assert!(!grew(&mut width, &widths));
        assert_eq!(widths.wide.load(std::sync::atomic::Ordering::SeqCst), 0);
    }
}
