//! A loop's threads by number: how many there are, how many have nothing to do,
//! and whether one more is needed. Counts only; begins and ends none.

/// Threads in all.
const MOST: usize = 16;

/// The threads of one loop.
#[derive(Debug, Default)]
pub(super) struct Crew {
    count: usize,
    /// Those with nothing to do, and those on their way to that.
    free: usize,
}

impl Crew {
    /// One that has work from its first moment.
    pub(super) fn add_busy(&mut self) {
        self.count += 1;
    }

    /// One more, to be free, if that is fewer than are `wanted` and there may be one;
    /// tells whether.
    pub(super) fn add_free(&mut self, wanted: usize) -> bool {
        let needed = self.free < wanted && self.count < MOST;
        if needed {
            self.count += 1;
            self.free += 1;
        }
        needed
    }

    /// A free one has work now.
    pub(super) fn engage(&mut self) {
        self.free = self.free.saturating_sub(1);
    }

    /// One that had work is free again.
    pub(super) fn release(&mut self) {
        self.free += 1;
    }

    /// A free one ends, or did not even begin.
    pub(super) fn remove_free(&mut self) {
        self.engage();
        self.remove_busy();
    }

    /// One that had work did not even begin.
    pub(super) fn remove_busy(&mut self) {
        self.count = self.count.saturating_sub(1);
    }

    /// Whether a free one is the only such.
    pub(super) fn is_last_free(&self) -> bool {
        self.free <= 1
    }
}

#[cfg(test)]
mod tests {
    use super::{Crew, MOST};

    #[test]
    fn there_are_as_many_free_as_are_wanted_and_no_more() {
        let mut crew = Crew::default();
        crew.add_busy();
        assert!(crew.add_free(2) && crew.add_free(2) && !crew.add_free(2));
        assert!(!crew.is_last_free());
        crew.engage();
        assert!(crew.is_last_free() && !crew.add_free(1));
        assert!(crew.add_free(2), "another takes its place");
        crew.release();
        assert!(!crew.add_free(3));
        crew.remove_free();
        assert!(crew.add_free(3));
    }

    #[test]
    fn there_is_a_bound_on_those_that_are_stuck() {
        let mut crew = Crew::default();
        for _ in 0..MOST {
            assert!(crew.add_free(1));
            crew.engage();
        }
        assert!(!crew.add_free(1));
        crew.release();
        crew.remove_free();
        assert!(crew.add_free(1));
    }
}
