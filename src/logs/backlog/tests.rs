//! Backlogs that fill up, alone and together.

use super::{Backlog, Budget, CHUNK, READ};

fn backlog(max: usize) -> Backlog {
    Backlog::new(max, Budget::default())
}

fn text(backlog: &mut Backlog) -> String {
    let bytes: Vec<u8> = backlog.take(usize::MAX).into_iter().flatten().collect();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn bytes_come_out_as_they_went_in() {
    let mut kept = backlog(100);
    assert_eq!(kept.push(b"one\n", false) + kept.push(b"two\n", false) + kept.push(b"three", true), 0);
    let mut first = kept.take(1);
    assert_eq!(first, [b"one\ntwo\n"]);
    first[0].drain(..4);
    kept.put_back(first);
    assert_eq!((kept.len(), text(&mut kept)), (9, "two\nthree".to_owned()));
    assert!(kept.is_empty());
}

#[test]
fn the_newest_are_dropped_and_no_line_is_cut() {
    let mut kept = backlog(20);
    assert_eq!(kept.push(b"first line\nsec", false), 0);
    assert_eq!(kept.push(b"ond line\nthird", false), 3 + 14, "the second line does not fit");
    assert_eq!(kept.push(b"x", false), 1, "nor does anything until there is room");
    assert_eq!(text(&mut kept), "first line\n");
    assert_eq!(kept.push(b" tail of the x\nnext\n", false), 15);
    assert_eq!(kept.push(b"two lines\nthat do not fit\n", false), 16);
    assert_eq!(text(&mut kept), "next\ntwo lines\n");
    assert_eq!(kept.push(b"a line of its own\n", false), 0);
}

#[test]
fn a_line_that_fits_to_its_end_is_kept() {
    let mut kept = backlog(10);
    assert_eq!(kept.push(b"12\n456\n89abc\n", false), 6);
    assert_eq!(text(&mut kept), "12\n456\n");
}

#[test]
fn bytes_without_lines_are_cut_anywhere_and_come_back() {
    let mut kept = backlog(CHUNK * 2);
    assert_eq!(kept.push(&vec![b'x'; CHUNK * 3], false), CHUNK);
    assert_eq!(kept.take(usize::MAX).len(), 1);
    assert_eq!(kept.push(&vec![b'x'; CHUNK], false), CHUNK);
    assert_eq!(kept.push(&vec![b'x'; CHUNK - 1], false), CHUNK - 1);
    assert_eq!(kept.push(b"yz", false), 0);
    assert_eq!(text(&mut kept), "yz");
}

#[test]
fn what_was_granted_is_kept_whatever_others_took() {
    let budget = Budget::new(READ + CHUNK);
    let mut kept = [0, 1].map(|_| Backlog::new(2 * READ, budget.clone()));
    assert!(kept[0].has_room());
    assert_eq!(kept[1].push(&vec![b'\n'; READ], false), 0);
    assert!(!kept[0].has_room() && kept[0].has_spare_room() && !kept[1].has_spare_room());
    assert_eq!(kept[0].push_granted(&vec![b'\n'; READ], false), 0);
    assert!(!kept[0].has_room() && !kept[0].has_spare_room(), "there is one such read");
    assert_eq!(kept[1].push(b"no room\n", false), 8);
}

#[test]
fn a_gap_is_closed_to_the_end_of_the_line_that_it_cut() {
    let mut kept = backlog(10);
    assert_eq!(kept.push(b"one\ntwo and so on", false), 13);
    assert!(kept.is_full());
    kept.close_gap();
    assert!(!kept.is_full() && kept.has_gap());
    assert_eq!((kept.skip(b"and on"), kept.skip(b"end\nthree")), (6, 4));
    assert!(!kept.has_gap() && kept.skip(b"three\n") == 0);
    assert_eq!(kept.push(b"three\n", false), 0);
    assert_eq!(kept.push(b"line\n", false), 5);
    kept.close_gap();
    assert!(!kept.has_gap(), "no line was cut");
}

#[test]
fn a_long_line_goes_with_all_its_chunks() {
    let mut kept = backlog(CHUNK * 2);
    kept.push(b"one\ntwo", false);
    kept.push(&vec![b'2'; CHUNK], false);
    assert_eq!(kept.push(&vec![b'2'; CHUNK], false), 3 + 2 * CHUNK);
    assert_eq!(text(&mut kept), "one\n");
}

#[test]
fn all_together_are_bounded_too() {
    let budget = Budget::new(3 * CHUNK);
    let mut kept = [0, 1].map(|_| Backlog::new(2 * CHUNK, budget.clone()));
    assert_eq!(kept[0].push(&vec![b'\n'; 2 * CHUNK], false), 0);
    assert_eq!(kept[1].push(&vec![b'\n'; 2 * CHUNK], false), CHUNK);
    let [first, mut second] = kept;
    drop(first);
    assert_eq!(budget.free(), 2 * CHUNK);
    assert_eq!(second.take(usize::MAX).len(), 1);
    assert_eq!(budget.free(), 3 * CHUNK);
}
