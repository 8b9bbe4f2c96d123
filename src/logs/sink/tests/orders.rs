//! Logs that are to be opened anew or emptied, and where that stands in what waits.

use super::{at, in_dir, on_a_full_disk, opened, texts, write};
use crate::logs::backlog::Budget;
use crate::logs::outage::Trouble;
use crate::model::Now;
use crate::sys::fds;
use std::fs;

/// A5.10, A5.26: an order behind what a slow reader has not taken is looked at with
/// it, and no more often.
#[test]
fn an_order_waits_for_a_slow_reader() {
    let (_dir, path) = in_dir();
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let reader = fs::File::options().read(true).write(true).open(&path).unwrap();
    let mut log = opened(&path, 0, 0);
    write(&mut log, &"x".repeat(100_000), 0);
    log.want_reopen();
    log.want_clear();
    let next = at(20).mono;
    assert_eq!((log.deadline(), log.take_job(at(0)).is_none()), (Some(next), true));
    while !log.is_idle() {
        fds::read(&reader, &mut [0; 50_000]).unwrap();
        let next = log.deadline().unwrap();
        log.work(Now { mono: next, wall: next });
    }
    assert_eq!((log.counts().written, log.deadline()), (100_000, None));
}

/// A5.10
#[test]
fn a_reopen_comes_behind_what_waits() {
    let (dir, path) = in_dir();
    let mut log = opened(&path, 0, 0);
    fs::rename(&path, dir.path().join("old")).unwrap();
    log.push(b"a", at(0));
    log.want_reopen();
    log.push(b"b", at(0));
    log.work(at(0));
    assert_eq!(fs::read(dir.path().join("old")).unwrap(), b"a");
    assert_eq!(fs::read(&path).unwrap(), b"b");
}

/// A5.10: nobody has to say something for it to be tried again.
#[test]
fn a_reopen_that_failed_is_tried_again_while_nothing_comes() {
    let (dir, path) = in_dir();
    let mut log = opened(&path, 0, 0);
    let (old, away) = (dir.path().join("old"), dir.path().join("away"));
    fs::rename(&path, &old).unwrap();
    std::os::unix::fs::symlink(away.join("log"), &path).unwrap();
    log.want_reopen();
    log.work(at(0));
    let told = texts(&mut log);
    assert!(told.len() == 1 && told[0].contains("; the open file is written on"), "{told:?}");
    let mut next = log.deadline().unwrap();
    assert!(next > at(0).mono);
    log.work(Now { mono: next, wall: next });
    assert!(texts(&mut log).is_empty() && log.deadline().unwrap() > next);
    fs::create_dir(&away).unwrap();
    next = log.deadline().unwrap();
    log.work(Now { mono: next, wall: next });
    let told = texts(&mut log);
    assert!(told.len() == 1 && told[0].contains("can be moved and opened again"), "{told:?}");
    assert!(away.join("log").exists() && log.deadline().is_none());
}

/// A5.10
#[test]
fn a_reopen_in_an_outage_tries_at_once() {
    let (_dir, path) = in_dir();
    let mut log = on_a_full_disk(&path);
    write(&mut log, "a", 0);
    fs::remove_file(&path).unwrap();
    log.push(b"b", at(1));
    log.want_reopen();
    log.work(at(1));
    assert_eq!(fs::read(&path).unwrap(), b"ab");
}

/// A5.10: what stands before an order may still be dropped, with the line that it
/// belongs to.
#[test]
fn a_reopen_does_not_wait_for_what_was_dropped() {
    let (dir, path) = in_dir();
    let mut log = opened(&path, 0, 0).keeping(16, Budget::default());
    let job = log.take_through(b"", at(0)).unwrap();
    fs::rename(&path, dir.path().join("old")).unwrap();
    log.push(b"one\ntwo and", at(1));
    log.want_reopen();
    log.push(b" so on and on\n", at(2));
    drop(log.put_back(job.run(), at(3)));
    // no more are needed
    for _ in 0..3 {
        log.take_job(at(4)).into_iter().for_each(|job| drop(log.put_back(job.run(), at(4))));
    }
    assert!(log.is_idle() && log.deadline().is_none(), "{log:?}");
    write(&mut log, "three\n", 5);
    assert_eq!(fs::read(dir.path().join("old")).unwrap(), b"one\n");
    assert_eq!(fs::read(&path).unwrap(), b"three\n");
}

#[test]
fn a_reopen_that_fails_writes_the_open_file_on() {
    let (dir, path) = in_dir();
    let mut log = opened(&path, 0, 0);
    let old = dir.path().join("old");
    fs::rename(&path, &old).unwrap();
    fs::create_dir(&path).unwrap();
    log.want_reopen();
    write(&mut log, "a", 0);
    write(&mut log, "b", 1);
    assert_eq!(fs::read(&old).unwrap(), b"ab");
    fs::remove_dir(&path).unwrap();
    write(&mut log, "c", 60_000);
    assert_eq!(fs::read(&path).unwrap(), b"c");
    assert_eq!(texts(&mut log).len(), 2);
}

/// B1.10.16
#[test]
fn a_clear_comes_behind_what_waits_and_tells_its_outcome() {
    let (_dir, path) = in_dir();
    let mut log = opened(&path, 0, 0);
    log.push(b"old", at(0));
    log.want_clear();
    log.push(b"new", at(0));
    let mut told = vec![];
    while let Some(job) = log.take_job(at(0)) {
        told.extend(log.put_back(job.run(), at(0)).map(|outcome| outcome.is_ok()));
    }
    assert_eq!((told, fs::read(&path).unwrap()), (vec![true], b"new".to_vec()));
}

/// B1.10.16
#[test]
fn a_clear_in_an_outage_drops_what_waits() {
    let (_dir, path) = in_dir();
    let mut log = on_a_full_disk(&path);
    write(&mut log, "old", 0);
    fs::remove_file(&path).unwrap();
    fs::write(&path, "older").unwrap();
    log.want_clear();
    log.push(b"new", at(1));
    log.work(at(1));
    assert_eq!(log.counts().dropped, 3, "what is given up is counted");
    log.work(at(60_000));
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert!(texts(&mut log).last().unwrap().ends_with(": 3 bytes were kept, 3 bytes were dropped"));
}

/// B1.10.15: whoever wanted it was told that it failed.
#[test]
fn a_clear_that_nobody_waits_for_is_not_carried_out() {
    let (_dir, path) = in_dir();
    let mut log = opened(&path, 0, 0);
    log.push(b"out", at(0));
    let job = log.take_job(at(0)).unwrap();
    log.push(b", waiting", at(0));
    log.want_clear();
    log.forget_clear();
    assert!(log.put_back(job.run(), at(3000)).is_none());
    log.work(at(3000));
    assert_eq!(fs::read(&path).unwrap(), b"out, waiting");
}

/// A5.20: half a line stays half a line.
#[test]
fn a_clear_that_empties_nothing_leaves_half_a_line_as_it_is() {
    for withdrawn in [true, false] {
        let (dir, path) = in_dir();
        let mut log = opened(&path, 0, 0).keeping(100, Budget::new(0));
        let file = dir.path().join("old");
        fs::rename(&path, &file).unwrap();
        // what is no file is not emptied
        fs::create_dir(&path).unwrap();
        log.push(b"half", at(0));
        let mut job = log.take_job(at(0)).unwrap();
        log.want_clear();
        if withdrawn {
            log.forget_clear();
        } else {
            assert!(log.put_back(job.run(), at(0)).is_none());
            job = log.take_job(at(0)).unwrap();
        }
        log.fail(Trouble::Hanging, "it hangs", at(1));
        log.push(b" a line\n", at(1));
        assert_eq!(log.put_back(job.run(), at(2)).is_some(), !withdrawn);
        log.work(at(2));
        write(&mut log, "next\n", 3);
        assert_eq!(fs::read_to_string(&file).unwrap(), "half\nnext\n");
    }
}

/// A log without anything to do waits for nobody's call.
#[test]
fn who_waited_with_a_clear_alone_waits_no_more_without_it() {
    let (_dir, path) = in_dir();
    let mut log = opened(&path, 0, 0);
    log.want_clear();
    log.stall(at(0).mono, at(0));
    log.forget_clear();
    assert_eq!(log.stall_deadline(), None);
    log.push(b"a", at(9000));
    log.stall(at(0).mono, at(9000));
    assert!(!log.is_outage());
    log.work(at(9001));
    assert_eq!((fs::read(&path).unwrap(), texts(&mut log).len()), (b"a".to_vec(), 0));
}
