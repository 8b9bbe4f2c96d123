//! What connections are, and which of them goes first.

use super::{Admitted, Life, Lives, Outgoing, Phase};
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

const LARGE: usize = 1 << 20;

/// A socket with so many bytes that the peer has not read.
#[derive(Debug)]
struct Queue(Cell<usize>);

impl Outgoing for Queue {
    fn unread(&self) -> usize {
        self.0.get()
    }
}

/// Sends an answer of so many bytes, of which the socket has taken some.
fn sends(admitted: &Admitted, length: usize) -> Rc<Queue> {
    let queue = Rc::new(Queue(Cell::new(9)));
    admitted.life().sends_to(Rc::clone(&queue) as Rc<dyn Outgoing>);
    drop(admitted.life().sending(length));
    admitted.life().sent();
    admitted.life().is_stuck();
    queue
}

fn age(life: &Life, seconds: u64) {
    life.since.set(life.since.get() - Duration::from_secs(seconds));
}

#[test]
fn the_longest_idle_connection_makes_room_and_busy_ones_never_do() {
    let lives = Rc::new(Lives::default());
    let (busy, first, second) = (lives.admit(), lives.admit(), lives.admit());
    busy.life().enter(Phase::Answering);
    age(busy.life(), 100);
    age(first.life(), 5);
    age(second.life(), 50);
    assert!(lives.make_room());
    assert!(lives.0.borrow().iter().all(|life| !Rc::ptr_eq(life, second.life())));
    assert!(lives.make_room());
    assert!(!lives.make_room());
    drop((first, second));
    assert_eq!(lives.count(), 1);
}

#[test]
fn an_answer_that_nobody_reads_and_a_slow_body_make_room_after_a_while() {
    let lives = Rc::new(Lives::default());
    let (stuck, slow) = (lives.admit(), lives.admit());
    sends(&stuck, 1);
    slow.life().begin(100);
    assert!(!lives.make_room());
    age(stuck.life(), 11);
    assert!(lives.make_room());
    assert!(!lives.make_room());
    age(slow.life(), 11);
    assert!(lives.make_room());
}

#[test]
fn who_has_read_nothing_of_a_large_answer_for_longest_goes_when_memory_is_short() {
    let lives = Rc::new(Lives::default());
    let (idle, small, first, second) = (lives.admit(), lives.admit(), lives.admit(), lives.admit());
    age(idle.life(), 100);
    for (stuck, length, seconds) in [(&small, LARGE - 1, 100), (&first, LARGE, 1), (&second, LARGE, 3)] {
        sends(stuck, length);
        age(stuck.life(), seconds);
    }
    assert!(lives.drop_unread(LARGE));
    assert!(!lives.drop_unread(LARGE));
    let gone = [&idle, &small, &first, &second].map(|admitted| admitted.life().is_evicted());
    assert_eq!(gone, [false, false, false, true], "only one has had enough time");
}

/// A socket that is full takes more when much of it has been read, and not before.
#[test]
fn who_reads_slowly_does_read() {
    let lives = Rc::new(Lives::default());
    let slow = lives.admit();
    let queue = sends(&slow, LARGE);
    for unread in [8, 7] {
        queue.0.set(unread);
        age(slow.life(), 1000);
        assert!(!lives.drop_unread(LARGE) && !lives.make_room());
        assert!(slow.life().unread_for().as_secs() < 10);
    }
    age(slow.life(), 3);
    assert!(lives.drop_unread(LARGE));
}

/// B1.12.6, B2.5.6
#[test]
fn a_held_reader_goes_on_when_the_answer_is_out() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    #[derive(Default)]
    struct Woken(AtomicBool);
    impl std::task::Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let (life, woken) = (Life::new(), Arc::new(Woken::default()));
    life.begin(3);
    life.took(3);
    assert_eq!(life.body_left(), 0);
    life.hold(&Arc::clone(&woken).into());
    life.flushed();
    assert!(!woken.0.load(Ordering::Relaxed));
    drop(life.sending(LARGE));
    life.flushed();
    assert!(woken.0.load(Ordering::Relaxed));
    assert_eq!(life.phase(), Phase::Idle);
}
