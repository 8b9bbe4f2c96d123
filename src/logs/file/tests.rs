//! Log files on a real disk.

use super::{Failure, Limits, LogFile, Written, clear_closed, names_a_descriptor};
use crate::logs::rotate::part;
use crate::sys::testdir::TestDir;
use std::fs;
use std::path::{Path, PathBuf};

fn opened(path: &Path, maxbytes: i64, backups: i64) -> LogFile {
    LogFile::open(path, Limits::new(maxbytes, backups)).unwrap()
}

fn write(log: &mut LogFile, text: &str) {
    let Written { count, failure } = log.write(text.as_bytes(), true);
    assert!(count == text.len() && failure.is_none(), "{failure:?}");
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
        write(&mut log, text);
    }
    let text = |n| fs::read_to_string(part(&path, n)).unwrap();
    assert_eq!((text(2), text(1), text(0)), ("123456789X".into(), "aaaaaaaaaaaaaaaaaaaa".into(), "new".into()));
}

/// A5.17
#[test]
fn without_backups_it_begins_anew() {
    let (_dir, path) = in_dir();
    let mut log = opened(&path, 4, 0);
    write(&mut log, "12345");
    assert_eq!(fs::read(&path).unwrap(), b"");
    write(&mut log, "6");
    assert_eq!(fs::read(&path).unwrap(), b"6");
}

/// A5.19
#[test]
fn old_content_counts() {
    let (_dir, path) = in_dir();
    fs::write(&path, "12345678").unwrap();
    write(&mut opened(&path, 10, 1), "ab");
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
    write(&mut log, "1234567890");
    write(&mut log, "12345678");
    fs::File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
    write(&mut log, "abc");
    assert_eq!(fs::read(&path).unwrap(), b"abc");
    assert_eq!(fs::read(part(&path, 1)).unwrap(), b"1234567890");
}

/// A5.10
#[test]
fn reopening_follows_the_name() {
    let (dir, path) = in_dir();
    let mut log = opened(&path, 0, 0);
    fs::rename(&path, dir.path().join("old")).unwrap();
    write(&mut log, "a");
    log.reopen().unwrap();
    write(&mut log, "b");
    assert_eq!(fs::read(dir.path().join("old")).unwrap(), b"a");
    assert_eq!(fs::read(&path).unwrap(), b"b");
}

/// B1.10.16
#[test]
fn clearing_removes_the_file_but_not_its_parts() {
    let (_dir, path) = in_dir();
    fs::write(part(&path, 1), "old").unwrap();
    let mut log = opened(&path, 0, 0);
    write(&mut log, "a");
    log.clear().unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"");
    write(&mut log, "b");
    assert_eq!(fs::read(&path).unwrap(), b"b");
    assert_eq!(fs::read(part(&path, 1)).unwrap(), b"old");
    fs::remove_file(&path).unwrap();
    log.clear().unwrap();
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
    write(&mut log, "abcd");
    write(&mut log, "efgh");
    log.clear().unwrap();
    clear_closed(&path).unwrap();
    let mut buffer = [0; 100];
    let n = crate::sys::fds::read(&reader, &mut buffer).unwrap();
    assert_eq!(&buffer[..n], b"abcdefgh");
    assert!(!part(&path, 1).exists());
}

/// B1.10.18
#[test]
fn a_name_that_became_a_device_is_not_removed() {
    let (_dir, path) = in_dir();
    let mut log = opened(&path, 0, 0);
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/dev/null", &path).unwrap();
    log.clear().unwrap();
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

/// A5.20
#[test]
fn a_move_that_fails_leaves_the_open_file() {
    let (_dir, path) = in_dir();
    fs::create_dir(part(&path, 1)).unwrap();
    let mut log = opened(&path, 3, 1);
    let Written { count, failure } = log.write(b"abcd", true);
    assert!(count == 4 && matches!(failure, Some(Failure::Move(_))), "{failure:?}");
    assert!(log.write(b"efgh", false).failure.is_none());
    assert_eq!(fs::read(&path).unwrap(), b"abcdefgh");
}

#[test]
fn a_file_that_nobody_will_find_is_no_place_to_write_to() {
    let dir = TestDir::new();
    fs::create_dir(dir.path().join("sub")).unwrap();
    let mut log = opened(&dir.path().join("sub/log"), 3, 1);
    fs::remove_dir_all(dir.path().join("sub")).unwrap();
    let Written { failure, .. } = log.write(b"abcd", true);
    assert!(matches!(failure, Some(Failure::Write(_))), "{failure:?}");
}

#[test]
fn what_a_write_took_is_told_when_it_fails() {
    let (_dir, path) = in_dir();
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let _reader = fs::File::options().read(true).write(true).open(&path).unwrap();
    let Written { count, failure } = opened(&path, 0, 0).write(&[b'x'; 1 << 20], true);
    assert!(
        count > 0 && count < 1 << 20 && matches!(failure, Some(Failure::Slow | Failure::Crowded)),
        "{count} {failure:?}"
    );
    let Written { count, failure } = opened(Path::new("/dev/full"), 0, 0).write(b"x", true);
    assert!(count == 0 && matches!(failure, Some(Failure::Write(_))), "{failure:?}");
}
