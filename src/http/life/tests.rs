//! What connections are, and which of them goes first.

use super::{Life, Lives, Phase};
use std::rc::Rc;
use std::time::Duration;

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
    drop(stuck.life().sending());
    slow.life().begin(100);
    assert!(!lives.make_room());
    age(stuck.life(), 11);
    assert!(lives.make_room());
    assert!(!lives.make_room());
    age(slow.life(), 11);
    assert!(lives.make_room());
}

#[test]
fn who_has_read_nothing_for_longest_goes_when_memory_is_short() {
    let lives = Rc::new(Lives::default());
    let (idle, first, second) = (lives.admit(), lives.admit(), lives.admit());
    age(idle.life(), 100);
    for (stuck, seconds) in [(&first, 1), (&second, 3)] {
        drop(stuck.life().sending());
        age(stuck.life(), seconds);
    }
    lives.drop_unread();
    lives.drop_unread();
    let gone = [&idle, &first, &second].map(|admitted| admitted.life().is_evicted());
    assert_eq!(gone, [false, false, true], "only one has had enough time");
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
    drop(life.sending());
    life.flushed();
    assert!(woken.0.load(Ordering::Relaxed));
    assert_eq!(life.phase(), Phase::Idle);
}
