//! A follower on small files that grow, move and shrink.

use super::{Follow, From, TRUNCATED};
use crate::sys::testdir::TestDir;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

pub(super) fn append(path: &Path, text: &str) {
    OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

fn all(follow: &mut Follow) -> String {
    let mut text = String::new();
    while let Some(bytes) = follow.next_chunk(7).unwrap() {
        text.push_str(std::str::from_utf8(&bytes).unwrap());
    }
    text
}

/// A log with this text, followed from its last bytes on.
fn begun(text: &str) -> (TestDir, PathBuf, Follow) {
    let dir = TestDir::new();
    let log = dir.path().join("log");
    append(&log, text);
    let follow = Follow::open(&log, From::LastBytes).unwrap();
    (dir, log, follow)
}

/// B2.9.5, B2.9.6
#[test]
fn the_last_1024_bytes_come_first_and_then_what_grows() {
    let (_dir, log, mut follow) = begun(&"x".repeat(2000));
    assert_eq!(follow.next_chunk(5000).unwrap().unwrap().len(), 1024);
    assert_eq!(follow.next_chunk(5000).unwrap(), None);
    append(&log, "one\n");
    assert_eq!(all(&mut follow), "one\n");
}

#[test]
fn it_may_begin_at_the_last_lines_or_at_a_byte() {
    let dir = TestDir::new();
    let log = dir.path().join("log");
    append(&log, &"0123456789\n".repeat(20_000));
    append(&log, "a\nb\nc");
    let from = |from| all(&mut Follow::open(&log, from).unwrap());
    assert_eq!(from(From::Lines(0)), "");
    assert_eq!(from(From::Lines(1)), "c");
    assert_eq!(from(From::Lines(3)), "a\nb\nc");
    append(&log, "\n");
    assert_eq!(from(From::Lines(2)), "b\nc\n");
    assert_eq!(from(From::Lines(10_003)).lines().count(), 10_003);
    assert_eq!(from(From::Lines(usize::MAX)).lines().count(), 20_003);
    assert_eq!(from(From::Offset(220_002)), "b\nc\n");
    assert_eq!(from(From::Offset(u64::MAX)), "");
}

/// B2.9.5
#[test]
fn an_empty_file_has_no_chunk_yet() {
    let dir = TestDir::new();
    let log = dir.path().join("log");
    append(&log, "");
    assert_eq!(Follow::open(&log, From::LastBytes).unwrap().next_chunk(10).unwrap(), None);
    assert!(Follow::open(&dir.path().join("missing"), From::LastBytes).is_err());
    assert!(Follow::open(dir.path(), From::LastBytes).is_err());
}

/// B2.9.7: as upstream, whose client is shown an empty log
#[test]
fn of_a_device_or_a_pipe_nothing_comes_until_a_file_takes_its_place() {
    let dir = TestDir::new();
    let log = dir.path().join("log");
    nix::unistd::mkfifo(&log, nix::sys::stat::Mode::S_IRWXU).unwrap();
    for path in [log.as_path(), Path::new("/dev/null"), Path::new("/dev/zero")] {
        for from in [From::LastBytes, From::Lines(3), From::Offset(9)] {
            let mut follow = Follow::open(path, from).unwrap();
            assert_eq!(follow.next_chunk(10).unwrap(), None, "{}", path.display());
            assert!(follow.is_drained() && !follow.is_regular());
        }
    }
    let mut follow = Follow::open(&log, From::LastBytes).unwrap();
    let write = OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(&log);
    assert_eq!(write.unwrap_err().raw_os_error(), Some(libc::ENXIO), "a follower is no reader");
    fs::remove_file(&log).unwrap();
    append(&log, "file\n");
    assert_eq!(all(&mut follow), "file\n");
    assert!(follow.is_regular());
    let mut follow = Follow::open(&log, From::LastBytes).unwrap();
    fs::remove_file(&log).unwrap();
    std::os::unix::fs::symlink("/dev/null", &log).unwrap();
    assert_eq!(all(&mut follow), "file\n");
    assert_eq!(follow.device(), fs::metadata("/dev/null").unwrap().dev(), "where it is now");
}

/// B2.9.13
#[test]
fn no_chunk_is_longer_than_asked() {
    let (_dir, _log, mut follow) = begun(&"y".repeat(100));
    assert_eq!(follow.next_chunk(30).unwrap().unwrap().len(), 30);
    assert_eq!(follow.next_chunk(300).unwrap().unwrap().len(), 70);
}

/// B2.9.8
#[test]
fn a_rotated_file_is_read_to_its_end_before_the_new_one() {
    let (dir, log, mut follow) = begun("a\n");
    assert_eq!(all(&mut follow), "a\n");
    append(&log, "late\n");
    fs::rename(&log, dir.path().join("log.1")).unwrap();
    append(&log, "new\n");
    assert_eq!(all(&mut follow), "late\nnew\n");
}

/// B2.9.8
#[test]
fn two_rotations_between_two_looks_lose_nothing() {
    let dir = TestDir::new();
    let (log, one, two) = (dir.path().join("log"), dir.path().join("log.1"), dir.path().join("log.2"));
    append(&log, "a\n");
    let mut follow = Follow::open(&log, From::LastBytes).unwrap();
    fs::rename(&log, &two).unwrap();
    append(&one, "b\n");
    append(&log, "c\n");
    assert_eq!(all(&mut follow), "a\nb\nc\n");
}

/// B2.9.8: whoever moves the log away counts up
#[test]
fn numbers_of_others_that_count_up_are_followed_in_order() {
    let dir = TestDir::new();
    let log = dir.path().join("log");
    let part = |number| super::part(&log, number);
    // file times tell which came first, and are not exact
    let pause = || std::thread::sleep(std::time::Duration::from_millis(20));
    let begin = |text| {
        pause();
        append(&log, text);
    };
    begin("old\n");
    fs::rename(&log, part(1)).unwrap();
    begin("a\n");
    let mut follow = Follow::open(&log, From::LastBytes).unwrap();
    assert_eq!(all(&mut follow), "a\n");
    fs::rename(&log, part(2)).unwrap();
    assert_eq!(all(&mut follow), "", "nothing that came before");
    begin("b\n");
    assert_eq!(all(&mut follow), "b\n");
    for (number, next) in [(3, "c\n"), (4, "d\n"), (5, "e\n")] {
        fs::rename(&log, part(number)).unwrap();
        begin(next);
    }
    assert_eq!(all(&mut follow), "c\nd\ne\n", "more than one between two looks");
}

/// B2.9.9
#[test]
fn a_removed_file_is_followed_until_there_is_another() {
    let dir = TestDir::new();
    let log = dir.path().join("log");
    append(&log, "a\n");
    let mut held = OpenOptions::new().append(true).open(&log).unwrap();
    let mut follow = Follow::open(&log, From::LastBytes).unwrap();
    fs::remove_file(&log).unwrap();
    held.write_all(b"b\n").unwrap();
    assert_eq!(all(&mut follow), "a\nb\n");
    append(&log, "c\n");
    assert_eq!(all(&mut follow), "c\n");
}

/// B2.9.10
#[test]
fn a_shrunk_file_is_told_and_read_from_its_beginning() {
    let (_dir, log, mut follow) = begun("long enough\n");
    assert_eq!(all(&mut follow), "long enough\n");
    fs::write(&log, "s\n").unwrap();
    assert_eq!(all(&mut follow), "==> File truncated <==\ns\n");
}

/// Whoever waits for the next change of the file must not miss what is there.
#[test]
fn a_follower_is_drained_only_when_another_look_finds_nothing() {
    let (dir, log, mut follow) = begun("0123456789");
    let mut look = |most| (follow.next_chunk(most).unwrap().map(|bytes| bytes.len()), follow.is_drained());
    assert_eq!(look(4), (Some(4), false));
    assert_eq!(look(4), (Some(4), false));
    assert_eq!(look(4), (Some(2), true));
    assert_eq!(look(4), (None, true));
    fs::write(&log, "abc").unwrap();
    assert_eq!(look(4), (Some(TRUNCATED.len()), false));
    assert_eq!(look(4), (Some(3), true));
    append(&log, "de");
    fs::rename(&log, dir.path().join("log.1")).unwrap();
    append(&log, "new");
    assert_eq!(look(4), (Some(2), false), "another file comes behind it");
    assert_eq!(look(4), (Some(3), true));
}

/// B2.9.8: a part that is removed, or on its way in the middle of a rotation
#[test]
fn a_part_that_is_not_there_is_passed_over() {
    let dir = TestDir::new();
    let log = dir.path().join("log");
    let part = |number| super::part(&log, number);
    append(&log, "a\n");
    let mut follow = Follow::open(&log, From::LastBytes).unwrap();
    assert_eq!(all(&mut follow), "a\n");
    fs::rename(&log, part(3)).unwrap();
    append(&part(1), "b\n");
    assert_eq!(all(&mut follow), "b\n", "it will be the second");
    append(&log, "c\n");
    fs::rename(part(1), part(2)).unwrap();
    assert_eq!(all(&mut follow), "c\n");
    fs::rename(&log, part(1)).unwrap();
    append(&log, "d\n");
    assert_eq!(all(&mut follow), "d\n");
}
