//! Room for answers. The memory of one that has gone out is lent to the next:
//! most are longer than what the allocator has at hand, and have to be looked for.

use hyper::body::Bytes;
use std::cell::Cell;

/// The room for an answer of more bytes is given back.
const MOST_KEPT: usize = 4 << 10;

thread_local! {
    static SPARE: Cell<String> = const { Cell::new(String::new()) };
}

/// A text without characters and with some room, if there is any to spare.
pub(super) fn take() -> String {
    let mut room = SPARE.take();
    room.clear();
    room
}

/// An answer, whose room is spare when all of it has been sent.
pub(super) fn bytes(text: String) -> Bytes {
    if text.capacity() > MOST_KEPT { text.into() } else { Bytes::from_owner(Lent(text)) }
}

struct Lent(String);

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // A thread that ends has no spare room any more.
        let _ = SPARE.try_with(|spare| spare.set(std::mem::take(&mut self.0)));
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST_KEPT, bytes, take};

    #[test]
    fn the_room_of_an_answer_is_lent_to_the_next() {
        let mut first = take();
        first.push_str("first");
        let place = first.as_ptr();
        let answer = bytes(first);
        let second = take();
        assert_ne!(second.as_ptr(), place, "still in use");
        assert_eq!(answer, "first");
        drop(answer);
        let third = take();
        assert_eq!((third.as_ptr(), third.as_str()), (place, ""));
    }

    #[test]
    fn the_room_of_a_large_answer_is_not_kept() {
        let mut large = take();
        large.reserve(MOST_KEPT + 1);
        drop(bytes(large));
        assert!(take().capacity() <= MOST_KEPT);
    }
}
