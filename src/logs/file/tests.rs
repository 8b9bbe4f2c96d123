//! Logs on a real disk, with a clock that the test pushes.

use super::{Limits, LogFile, clear_closed, names_a_descriptor};
use crate::logs::rotate::part;
use crate::logs::testdir::TestDir;
use crate::model::Now;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn at(millis: u64) -> Now {
    Now { mono: Duration::from_millis(millis), wall: Duration::from_millis(millis) }
}

fn opened(path: &Path, maxbytes: i64, backups: i64) -> LogFile {
    LogFile::open(path, Limits::new(maxbytes, backups)).unwrap()
}

fn texts(log: &mut LogFile) -> Vec<String> {
    log.take_reports().into_iter().map(|line| line.text).collect()
}

fn in_dir() -> (TestDir, PathBuf) {
    let dir = TestDir::new();
    let path = dir.path().join("log");
    (dir, path)
}

/// A5.15, A5.16, A8.36
#[test]
fn it_rotates_after_the_write_that_fills_it() {
    let (_dir, path) = in_dir();
    let mut log = opened(&path, 10, 2);
    for text in ["123456789", "X", "aaaaaaaaaaaaaaaaaaaa", "new"] {
        log.write(text.as_bytes(), at(0));
    }
    let text = |n| fs::read_to_string(part(&path, n)).unwrap();
    assert_eq!((text(2), text(1), text(0)), ("123456789X".into(), "aaaaaaaaaaaaaaaaaaaa".into(), "new".into()));
    assert_eq!(texts(&mut log), [""; 0]);
}

/// A5.17
#[test]
fn without_backups_it_begins_anew() {
    let (_dir, path) = in_dir();
    let mut log = opened(&path, 4, 0);
    log.write(b"12345", at(0));
    assert_eq!(fs::read(&path).unwrap(), b"");
    log.write(b"6", at(0));
    assert_eq!(fs::read(&path).unwrap(), b"6");
}

/// A5.19
#[test]
fn old_content_counts() {
    let (_dir, path) = in_dir();
    fs::write(&path, "12345678").unwrap();
    opened(&path, 10, 1).write(b"ab", at(0));
    assert_eq!(fs::read(part(&path, 1)).unwrap(), b"12345678ab");
}

/// A5.5
#[test]
fn negative_limits_are_none() {
    assert_eq!(Limits::new(-1, -5), Limits { maxbytes: 0, backups: 0 });
    assert_eq!(Limits::new(50, i64::MAX).backups, u32::MAX);
}

/// A5.21
#[test]
fn a_log_cut_by_others_is_written_on_from_its_beginning() {
    let (_dir, path) = in_dir();
    let mut log = opened(&path, 10, 1);
    log.write(b"1234567890", at(0));
    log.write(b"12345678", at(0));
    fs::File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
    log.write(b"abc", at(0));
    assert_eq!(fs::read(&path).unwrap(), b"abc");
    assert_eq!(fs::read(part(&path, 1)).unwrap(), b"1234567890");
}

/// A5.20
#[test]
fn a_rotation_that_fails_is_told_once_and_the_log_goes_on() {
    let (_dir, path) = in_dir();
    fs::create_dir(part(&path, 1)).unwrap();
    let mut log = opened(&path, 3, 1);
    for n in 0..3 {
        log.write(b"abcd", at(n));
    }
    assert_eq!(fs::read(&path).unwrap(), b"abcdabcdabcd");
    let told = texts(&mut log);
    assert!(told.len() == 1 && told[0].starts_with("could not rotate or reopen"), "{told:?}");
    assert!(told[0].contains(": [Errno ") && !told[0].contains("os error"), "{told:?}");
    fs::remove_dir(part(&path, 1)).unwrap();
    log.write(b"x", at(60_000));
    assert_eq!(fs::read(part(&path, 1)).unwrap(), b"abcdabcdabcdx");
    assert_eq!(texts(&mut log), [format!("{} is written again; 0 bytes were lost", path.display())]);
}

#[test]
fn a_directory_that_went_away_is_used_again_when_it_is_back() {
    let dir = TestDir::new();
    let path = dir.path().join("sub/log");
    fs::create_dir(dir.path().join("sub")).unwrap();
    let mut log = opened(&path, 3, 1);
    fs::remove_dir_all(dir.path().join("sub")).unwrap();
    log.write(b"abcd", at(0));
    log.write(b"abcd", at(60_000));
    assert_eq!(texts(&mut log).len(), 1);
    fs::create_dir(dir.path().join("sub")).unwrap();
    log.write(b"ok", at(120_000));
    assert_eq!(fs::read(&path).unwrap(), b"ok");
    assert_eq!(texts(&mut log).len(), 1);
}

#[test]
fn a_full_disk_costs_bytes_that_are_counted_and_nothing_else() {
    let (_dir, path) = in_dir();
    std::os::unix::fs::symlink("/dev/full", &path).unwrap();
    let mut log = opened(&path, 3, 1);
    for n in 0..10 {
        log.write(b"abcd", at(n * 100));
    }
    let told = texts(&mut log);
    assert!(told.len() == 1 && told[0].contains("No space left"), "{told:?}");
    fs::remove_file(&path).unwrap();
    log.write(b"ok", at(60_000));
    assert_eq!(texts(&mut log), [format!("{} is written again; 40 bytes were lost", path.display())]);
    assert_eq!(fs::read(&path).unwrap(), b"ok");
}

#[test]
fn what_was_lost_is_told_at_the_end_too() {
    let mut log = opened(Path::new("/dev/full"), 0, 0);
    log.write(b"abcd", at(0));
    let told = log.close();
    assert_eq!(told.last().unwrap().text, "4 bytes for /dev/full were lost");
}

/// A5.10
#[test]
fn reopening_follows_the_name() {
    let (dir, path) = in_dir();
    let mut log = opened(&path, 0, 0);
    fs::rename(&path, dir.path().join("old")).unwrap();
    log.write(b"a", at(0));
    log.reopen(at(0));
    log.write(b"b", at(0));
    assert_eq!(fs::read(dir.path().join("old")).unwrap(), b"a");
    assert_eq!(fs::read(&path).unwrap(), b"b");
}

/// B1.10.16
#[test]
fn clearing_removes_the_file_but_not_its_parts() {
    let (_dir, path) = in_dir();
    fs::write(part(&path, 1), "old").unwrap();
    let mut log = opened(&path, 0, 0);
    log.write(b"a", at(0));
    log.clear(at(0)).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"");
    log.write(b"b", at(0));
    assert_eq!(fs::read(&path).unwrap(), b"b");
    assert_eq!(fs::read(part(&path, 1)).unwrap(), b"old");
    fs::remove_file(&path).unwrap();
    log.clear(at(0)).unwrap();
    assert!(path.exists());
}

/// A5.26, B1.10.18
#[test]
fn what_is_no_file_is_neither_rotated_nor_removed() {
    let (_dir, path) = in_dir();
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert_eq!(LogFile::open(&path, Limits::default()).unwrap_err().raw_os_error(), Some(libc::ENXIO));
    let reader = fs::File::options().read(true).write(true).open(&path).unwrap();
    let mut log = opened(&path, 3, 2);
    log.write(b"abcd", at(0));
    log.write(b"efgh", at(0));
    log.clear(at(0)).unwrap();
    clear_closed(&path).unwrap();
    let mut buffer = [0; 100];
    let n = crate::sys::fds::read(&reader, &mut buffer).unwrap();
    assert_eq!(&buffer[..n], b"abcdefgh");
    assert!(!part(&path, 1).exists() && texts(&mut log).is_empty());
}

/// B1.10.18
#[test]
fn a_name_that_became_a_device_is_not_removed() {
    let (_dir, path) = in_dir();
    let mut log = opened(&path, 0, 0);
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/dev/null", &path).unwrap();
    log.clear(at(0)).unwrap();
    assert_eq!(fs::read_link(&path).unwrap(), Path::new("/dev/null"));
}

/// A5.7, B1.10.18
#[test]
fn our_own_descriptors_are_known_behind_links() {
    let (_dir, path) = in_dir();
    std::os::unix::fs::symlink("/dev/stdout", &path).unwrap();
    for name in [path.as_path(), Path::new("/dev/stdout"), Path::new("/dev/fd/1"), Path::new("/proc/self/fd/2")] {
        assert!(names_a_descriptor(name), "{}", name.display());
    }
    for name in ["/dev/shm/log", "/var/log/x", "/dev/null"] {
        assert!(!names_a_descriptor(Path::new(name)), "{name}");
    }
}

/// B1.10.17
#[test]
fn the_log_of_a_stopped_process_is_emptied() {
    let (_dir, path) = in_dir();
    clear_closed(&path).unwrap();
    assert!(!path.exists());
    fs::write(&path, "old").unwrap();
    clear_closed(&path).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"");
}
