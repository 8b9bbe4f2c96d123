//! Sinks on a real disk, with a clock that the test pushes.
//!
//! Long because each trouble of a log is followed from its begin to its end.

mod orders;

use super::{Done, Failure, Sink};
use crate::logs::backlog::{BEYOND, Budget, CHUNK, READ};
use crate::logs::file::{Limits, LogFile};
use crate::logs::outage::{PATIENCE, Trouble};
use crate::logs::rotate::part;
use crate::logs::stream::Stream;
use crate::model::Now;
use crate::sys::fds;
use crate::sys::testdir::TestDir;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn at(millis: u64) -> Now {
    Now { mono: Duration::from_millis(millis), wall: Duration::from_millis(millis) }
}

fn opened(path: &Path, maxbytes: i64, backups: i64) -> Sink {
    Sink::of(LogFile::open(path, Limits::new(maxbytes, backups)).unwrap())
}

fn write(sink: &mut Sink, text: &str, millis: u64) {
    sink.push(text.as_bytes(), at(millis));
    sink.work(at(millis));
}

fn texts(sink: &mut Sink) -> Vec<String> {
    sink.health().take_reports().into_iter().map(|line| line.text).collect()
}

fn in_dir() -> (TestDir, PathBuf) {
    let dir = TestDir::new();
    let path = dir.path().join("log");
    (dir, path)
}

/// A log whose disk is full until [`fs::remove_file`] removes its name.
fn on_a_full_disk(path: &Path) -> Sink {
    std::os::unix::fs::symlink("/dev/full", path).unwrap();
    opened(path, 0, 0)
}

/// A5.15: a program may come back with other settings while its log is slow.
#[test]
fn a_log_that_goes_on_keeps_to_the_new_limits() {
    let (_dir, path) = in_dir();
    let mut log = opened(&path, 100, 1);
    log.push(b"first", at(0));
    let job = log.take_job(at(0)).unwrap();
    assert!(log.renew(None, Limits::new(5, 1), at(0)).is_none());
    assert!(log.put_back(job.run(), at(0)).is_none());
    write(&mut log, "x", 1);
    assert_eq!(fs::read(part(&path, 1)).unwrap(), b"firstx");
    assert!(log.renew(None, Limits::new(0, 0), at(2)).is_none());
    write(&mut log, "longer than that", 2);
    assert_eq!(fs::read(&path).unwrap(), b"longer than that");
}

/// A5.16: we may read more at once than upstream does.
#[test]
fn a_large_read_is_rotated_as_if_it_had_come_in_parts() {
    let large = vec![b'x'; READ];
    for kept in [false, true] {
        let (_dir, path) = in_dir();
        let mut log = opened(&path, 1, 5);
        if kept {
            log.push(&large, at(0));
            log.work(at(0));
        } else {
            let job = log.take_through(b"", at(0)).unwrap();
            drop(log.put_back(job.run_with(&large), at(0)));
        }
        let parts = [2, 1].map(|number| fs::metadata(part(&path, number)).unwrap().len());
        assert_eq!(parts, [CHUNK as u64; 2]);
    }
}

/// A5.20
#[test]
fn a_rotation_that_fails_is_told_once_and_the_log_goes_on() {
    let (_dir, path) = in_dir();
    fs::create_dir(part(&path, 1)).unwrap();
    let mut log = opened(&path, 3, 1);
    for n in 0..3 {
        write(&mut log, "abcd", n);
    }
    assert_eq!(fs::read(&path).unwrap(), b"abcdabcdabcd");
    let told = texts(&mut log);
    assert!(told.len() == 1 && told[0].starts_with("could not rotate or reopen"), "{told:?}");
    assert!(told[0].contains(": [Errno ") && !told[0].contains("os error"), "{told:?}");
    fs::remove_dir(part(&path, 1)).unwrap();
    write(&mut log, "x", 60_000);
    assert_eq!(fs::read(part(&path, 1)).unwrap(), b"abcdabcdabcdx");
    let told = texts(&mut log);
    assert!(told.len() == 1 && told[0].contains(" can be moved and opened again after 60.0 s"), "{told:?}");
}

#[test]
fn a_directory_that_went_away_is_used_again_when_it_is_back() {
    let dir = TestDir::new();
    let path = dir.path().join("sub/log");
    fs::create_dir(dir.path().join("sub")).unwrap();
    let mut log = opened(&path, 3, 1);
    fs::remove_dir_all(dir.path().join("sub")).unwrap();
    write(&mut log, "lost in the file without a name", 0);
    write(&mut log, "kept", 60_000);
    assert_eq!(texts(&mut log).len(), 1);
    fs::create_dir(dir.path().join("sub")).unwrap();
    write(&mut log, "ok", 120_000);
    assert_eq!(fs::read(part(&path, 1)).unwrap(), b"keptok");
    assert_eq!(texts(&mut log).len(), 1);
}

#[test]
fn a_full_disk_costs_nothing_that_fits() {
    let (_dir, path) = in_dir();
    let mut log = on_a_full_disk(&path);
    for n in 0..10 {
        write(&mut log, &format!("line {n}\n"), n * 100);
    }
    let told = texts(&mut log);
    assert!(told.len() == 1 && told[0].contains("No space left"), "{told:?}");
    assert!(log.is_outage() && log.waiting() == 70);
    fs::remove_file(&path).unwrap();
    write(&mut log, "later\n", 60_000);
    let told = texts(&mut log);
    assert!(told[0].ends_with(": 76 bytes were kept, 0 bytes were dropped"), "{told:?}");
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().map(|line| &line[5..]).collect::<String>(), "0123456789");
    assert!(log.is_idle() && log.health().is_well());
    assert_eq!((log.counts().written, log.counts().dropped, log.counts().outages), (76, 0, 1));
}

#[test]
fn what_does_not_fit_is_dropped_and_counted() {
    let (_dir, path) = in_dir();
    let mut log = on_a_full_disk(&path).keeping(16, Budget::default());
    for n in 0..10 {
        write(&mut log, &format!("line {n}\n"), n);
        assert!(n == 0 || !log.must_wait(), "in an outage nobody waits");
    }
    fs::remove_file(&path).unwrap();
    log.work(at(60_000));
    write(&mut log, "later\n", 60_001);
    assert_eq!(fs::read(&path).unwrap(), b"line 0\nline 1\nlater\n");
    let told = texts(&mut log);
    assert!(told.len() == 2 && told[1].ends_with(": 14 bytes were kept, 56 bytes were dropped"), "{told:?}");
    assert_eq!(log.counts().dropped, 56);
}

#[test]
fn grave_lines_are_kept_though_others_are_dropped() {
    let (_dir, path) = in_dir();
    let mut log = on_a_full_disk(&path).of_lines().keeping(10, Budget::default());
    write(&mut log, "0123\n", 0);
    log.push(b"too long\n", at(1));
    log.push_grave(b"disk full\n", at(1));
    log.push(b"also too long\n", at(2));
    let most = vec![b'\n'; BEYOND];
    log.push_grave(&most, at(2));
    assert_eq!((log.counts().dropped, log.counts().waiting), (23 + BEYOND as u64, 15), "it has a bound, too");
    fs::remove_file(&path).unwrap();
    log.work(at(60_000));
    assert_eq!(fs::read(&path).unwrap(), b"0123\ndisk full\n");
    assert_eq!(texts(&mut log).len(), 2);
    log.push_grave(b"well\n", at(60_001));
    log.work(at(60_001));
    assert!(fs::read(&path).unwrap().ends_with(b"\nwell\n"));
}

/// A5.20
#[test]
fn a_line_that_does_not_fit_is_dropped_from_its_beginning() {
    let (_dir, path) = in_dir();
    let mut log = on_a_full_disk(&path).keeping(20, Budget::default());
    for text in ["one\ntwo and so ", "on for long\n", "three\n"] {
        write(&mut log, text, 0);
    }
    fs::remove_file(&path).unwrap();
    log.work(at(60_000));
    assert_eq!(fs::read(&path).unwrap(), b"one\nthree\n");
    let told = texts(&mut log);
    assert!(told[1].ends_with(": 10 bytes were kept, 23 bytes were dropped"), "{told:?}");
}

/// A log of 20 bytes that works again since 60 s, while the second line that came in
/// its outage is not over; 28 bytes of it are dropped.
fn amid_a_cut_line(path: &Path) -> Sink {
    let mut log = on_a_full_disk(path).keeping(20, Budget::default());
    for text in ["one\ntwo and so ", "on for long, and "] {
        write(&mut log, text, 0);
    }
    fs::remove_file(path).unwrap();
    log.work(at(60_000));
    assert_eq!(texts(&mut log).len(), 1);
    log
}

/// An outage that cut a line has its last words when the rest of that line has come.
#[test]
fn the_rest_of_a_cut_line_is_dropped_with_the_outage() {
    let (_dir, path) = in_dir();
    let mut log = amid_a_cut_line(&path);
    assert!(!log.is_outage() && log.take_through(b"", at(60_001)).is_none());
    write(&mut log, "on", 60_001);
    write(&mut log, ".\nthree\n", 60_002);
    assert_eq!(fs::read(&path).unwrap(), b"one\nthree\n");
    let told = texts(&mut log);
    assert!(told.len() == 1 && told[0].ends_with(": 4 bytes were kept, 32 bytes were dropped"), "{told:?}");
    assert!(told[0].contains(" is written again after 60.0 s "), "{told:?}");
    assert_eq!((log.counts().dropped, log.counts().written), (32, 10));
    assert!(log.take_through(b"", at(60_003)).is_some());
}

#[test]
fn the_rest_of_a_cut_line_is_not_waited_for_long() {
    let (_dir, path) = in_dir();
    let mut log = amid_a_cut_line(&path);
    let limit = log.deadline().unwrap();
    log.look(Now { mono: limit, wall: limit });
    let told = texts(&mut log);
    assert!(told.len() == 1 && told[0].ends_with(": 4 bytes were kept, 28 bytes were dropped"), "{told:?}");
    assert_eq!(log.deadline(), None);
    write(&mut log, "later.\n", 70_000);
    assert_eq!(fs::read(&path).unwrap(), b"one\nlater.\n");
    assert_eq!((texts(&mut log).len(), log.counts().dropped), (0, 28));
}

#[test]
fn an_outage_is_over_without_another_byte() {
    let (_dir, path) = in_dir();
    let mut log = on_a_full_disk(&path);
    write(&mut log, "last\n", 0);
    fs::remove_file(&path).unwrap();
    let next = log.deadline().unwrap();
    log.work(Now { mono: next - Duration::from_millis(1), wall: next });
    assert!(log.is_outage());
    log.work(Now { mono: next, wall: next });
    assert_eq!(fs::read(&path).unwrap(), b"last\n");
    assert_eq!(log.deadline(), None);
}

#[test]
fn a_write_that_fails_in_the_middle_goes_on_there() {
    let (_dir, path) = in_dir();
    let mut log = opened(&path, 0, 0);
    let job = log.take_through(b"", at(0)).unwrap();
    let mut done = job.run_with(b"first ");
    done.failure = Some(Failure::Write(std::io::ErrorKind::StorageFull.into()));
    done.rest.push_back(b"rest ".to_vec());
    log.push(b"kept meanwhile", at(1));
    drop(log.put_back(done, at(1)));
    assert!(log.take_through(b"", at(1)).is_none());
    log.work(at(60_000));
    assert_eq!(fs::read(&path).unwrap(), b"first rest kept meanwhile");
}

#[test]
fn a_call_that_does_not_come_back_becomes_an_outage() {
    let (_dir, path) = in_dir();
    let mut log = opened(&path, 0, 0).keeping(450_000, Budget::default());
    let job = log.take_through(b"", at(0)).unwrap();
    assert!(log.take_through(b"", at(0)).is_none() && log.take_job(at(0)).is_none());
    log.push(&[b'x'; 200_000], at(1));
    assert!(log.must_wait(), "first its writer waits");
    log.look(at(1999));
    assert!(!log.is_outage());
    assert_eq!(log.deadline(), Some(PATIENCE));
    log.look(at(2000));
    assert!(log.is_outage() && !log.must_wait());
    let told = texts(&mut log);
    assert!(told[0].contains("takes nothing: a call has not come back for 2 seconds"), "{told:?}");
    log.push(&[b'x'; 350_000], at(2001));
    drop(log.put_back(job.run_with(b"first"), at(3000)));
    log.work(at(3000));
    assert_eq!(fs::metadata(&path).unwrap().len(), 450_005);
    assert_eq!(texts(&mut log).len(), 0, "the line that was cut may still end");
    log.look(at(4000));
    let told = texts(&mut log);
    assert!(told[0].contains("is written again after 3.0 s"), "{told:?}");
    assert_eq!(log.counts().dropped, 100_000);
}

#[test]
fn what_is_kept_of_too_much_is_counted_once() {
    let (_dir, path) = in_dir();
    let mut log = opened(&path, 0, 0).keeping(16, Budget::default());
    let job = log.take_through(b"", at(0)).unwrap();
    log.push(b"one\n", at(1));
    log.push(b"two\nthree, and so on\n", at(2));
    drop(log.put_back(job.run(), at(3)));
    let told = texts(&mut log);
    assert!(told[0].contains(" takes nothing: more comes than it takes; "), "{told:?}");
    assert!(told[1].ends_with(": 8 bytes were kept, 17 bytes were dropped"), "{told:?}");
}

#[test]
fn who_waits_for_others_on_a_disk_that_hangs_has_an_outage_too() {
    let (_dir, path) = in_dir();
    let mut log = opened(&path, 0, 0);
    log.push(b"kept", at(0));
    log.stall(at(100).mono, at(100));
    assert_eq!(log.stall_deadline(), Some(at(100).mono + PATIENCE));
    log.stall(at(100).mono, at(2099));
    assert!(!log.is_outage());
    log.stall(at(100).mono, at(2100));
    assert!(log.is_outage());
    assert_eq!(log.stall_deadline(), None);
    log.work(at(9000));
    assert_eq!(fs::read(&path).unwrap(), b"kept");
    let told = texts(&mut log);
    assert!(told.len() == 2 && told[1].contains("is written again after 8.9 s"), "{told:?}");
}

/// A disk that is slow but takes something has no outage for each log on it.
#[test]
fn who_only_waits_for_its_turn_has_no_outage() {
    let (_dir, path) = in_dir();
    let mut log = opened(&path, 0, 0);
    log.push(b"kept", at(0));
    for millis in (100..20_000).step_by(100) {
        // a call of another log came back each second
        log.stall(at(millis / 1000 * 1000).mono, at(millis));
    }
    assert!(!log.is_outage());
    assert_eq!(log.stall_deadline(), Some(at(19_000).mono + PATIENCE));
    log.work(at(20_000));
    assert_eq!((fs::read(&path).unwrap(), texts(&mut log).len()), (b"kept".to_vec(), 0));
}

#[test]
fn what_a_call_has_with_it_is_counted_when_its_log_is_given_up() {
    let (_dir, path) = in_dir();
    let mut log = opened(&path, 0, 0);
    log.push(b"on its way", at(0));
    let job = log.take_job(at(0)).unwrap();
    log.push(b"waits", at(0));
    assert_eq!((log.in_job(), log.waiting(), log.counts().waiting), (10, 5, 15));
    let (told, counts, _) = log.close(at(100));
    assert_eq!((counts.written, counts.dropped), (0, 15));
    assert!(told[0].text.contains("15 bytes were dropped, but 10 of them may yet be written"), "{told:?}");
    drop(job);
    let mut through = opened(&path, 0, 0);
    let job = through.take_through(b"as it is", at(0)).unwrap();
    drop(through.put_back(job.run_with(b"as it is"), at(0)));
    assert_eq!((through.in_job(), through.counts().dropped), (0, 0));
    drop(through.take_through(b"as it is", at(0)));
    assert_eq!(through.close(at(0)).1.dropped, 8);
}

/// A5.20: half of a line is out of reach when the rest finds no room.
#[test]
fn a_line_whose_rest_is_dropped_keeps_its_end() {
    for through in [true, false] {
        let (_dir, path) = in_dir();
        let mut log = opened(&path, 0, 0).keeping(16, Budget::default());
        let begin = |log: &mut Sink, bytes: &[u8], millis| {
            if through {
                return (log.take_through(bytes, at(millis)).unwrap(), bytes.to_vec());
            }
            log.push(bytes, at(millis));
            (log.take_job(at(millis)).unwrap(), vec![])
        };
        let (job, bytes) = begin(&mut log, b"begun, ", 0);
        log.push(b"and goes on and on", at(1));
        log.push(b".", at(1));
        assert!(log.is_outage());
        log.push(b" to its end\nanother\n", at(1));
        drop(log.put_back(job.run_with(&bytes), at(2)));
        log.work(at(2));
        log.push(b"next\n", at(3));
        log.work(at(9000));
        assert_eq!(fs::read_to_string(&path).unwrap(), "begun, and goes on and \nnext\n");
        // the rest comes when all is well again
        let (job, bytes) = begin(&mut log, b"half", 9001);
        log.push(b"0123456789abcdefg", at(9002));
        drop(log.put_back(job.run_with(&bytes), at(9003)));
        log.work(at(9003));
        log.push(b"\nwhole\n", at(9004));
        log.work(at(9004));
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.ends_with("next\nhalf0123456789abcdef\nwhole\n"), "{text}");
        let told = texts(&mut log);
        assert!(told.last().unwrap().contains("is written again after"), "{told:?}");
        let said = 7 + 18 + 1 + 20 + 5 + 4 + 17 + 7;
        assert_eq!((log.counts().written + log.counts().dropped, log.waiting()), (said, 0));
        // a file that was emptied has no half of a line
        let (job, bytes) = begin(&mut log, b"gone", 9005);
        log.want_clear();
        log.push(b"a line that is too long\n", at(9006));
        drop(log.put_back(job.run_with(&bytes), at(9007)));
        log.work(at(20_000));
        log.push(b"last\n", at(20_001));
        log.work(at(20_002));
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text, "a line that is t\nlast\n");
    }
}

/// A5.20: the half went past the backlog, and not one byte may wait.
#[test]
fn a_line_that_was_written_through_keeps_its_end() {
    let (_dir, path) = in_dir();
    let mut log = opened(&path, 0, 0).keeping(100, Budget::new(0));
    let mut through = |bytes: &[u8], after: &[u8]| {
        let job = log.take_through(bytes, at(0)).unwrap();
        log.fail(Trouble::Hanging, "it hangs", at(0));
        log.push(after, at(0));
        drop(log.put_back(job.run_with(bytes), at(1)));
        log.work(at(1));
    };
    through(b"half", b" a line\n");
    through(b"whole\n", b"dropped\n");
    assert_eq!(fs::read_to_string(&path).unwrap(), "half\nwhole\n");
}

/// A job that panics loses what it had with it.
#[test]
fn what_a_panic_takes_with_it_is_counted_and_told() {
    let (_dir, path) = in_dir();
    let mut log = opened(&path, 0, 0);
    log.push(b"lost", at(0));
    drop(log.take_job(at(0)));
    drop(log.put_back(Done::panicked("why"), at(0)));
    assert_eq!((log.counts().dropped, log.waiting()), (4, 0));
    let (told, ..) = log.close(at(0));
    assert!(told[1].text.ends_with(" and is given up: 4 bytes were dropped"), "{told:?}");
}

/// A5.26: a slow reader delays its writer; one that does not read at all does not.
#[test]
fn a_reader_that_stopped_reading_becomes_an_outage() {
    let (_dir, path) = in_dir();
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let reader = fs::File::options().read(true).write(true).open(&path).unwrap();
    let mut log = opened(&path, 3, 2).keeping(450_000, Budget::default());
    write(&mut log, &"x".repeat(200_000), 0);
    assert!(!log.is_idle() && !log.is_outage());
    let mut buffer = vec![0; 50_000];
    let first = fds::read(&reader, &mut buffer).unwrap();
    log.work(at(1900));
    log.work(at(3800));
    assert!(!log.is_outage(), "it took some 1.9 s ago");
    log.work(at(3901));
    assert!(log.is_outage());
    let mut got = first;
    let mut now = 4000;
    while got < 200_000 {
        got += fds::read(&reader, &mut buffer).unwrap();
        log.work(at(now));
        now += 5000;
    }
    assert!(log.is_idle() && log.health().is_well());
    assert_eq!(texts(&mut log).len(), 2);
}

/// In an outage such a reader is one more failure, with a pause behind it.
#[test]
fn a_reader_that_does_not_read_ends_no_outage_and_is_not_asked_again_at_once() {
    let (_dir, path) = in_dir();
    let mut log = on_a_full_disk(&path);
    write(&mut log, "kept", 0);
    fs::remove_file(&path).unwrap();
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let reader = fs::File::options().read(true).write(true).open(&path).unwrap();
    let mut filler = opened(&path, 0, 0);
    write(&mut filler, &"x".repeat(100_000), 0);
    let mut next = log.deadline().unwrap();
    for _ in 0..4 {
        let now = Now { mono: next, wall: next };
        let job = log.take_job(now).unwrap();
        drop(log.put_back(job.run(), now));
        assert!(log.is_outage());
        next = log.deadline().unwrap();
        assert!(next > now.mono, "{log:?}");
    }
    fds::read(&reader, &mut [0; 50_000]).unwrap();
    log.work(Now { mono: next, wall: next });
    assert!(log.is_idle() && log.health().is_well());
    assert_eq!(texts(&mut log).len(), 2);
}

/// Nobody has to write before its log is ready for what they write.
#[test]
fn a_log_that_is_not_open_is_opened_without_a_byte() {
    let (_dir, path) = in_dir();
    let mut log = Sink::unopened(path.clone(), Limits::default());
    assert!(!log.is_idle() && !log.is_at_rest() && log.deadline() == Some(Duration::ZERO));
    log.work(at(0));
    assert!(path.exists() && log.is_at_rest() && log.deadline().is_none());
}

#[test]
fn a_log_that_is_not_open_yet_opens_itself() {
    let (_dir, path) = in_dir();
    let mut log = Sink::unopened(path.clone(), Limits::default());
    write(&mut log, "a", 0);
    let file = LogFile::open(&path, Limits::default()).unwrap();
    assert!(log.renew(Some(file), Limits::default(), at(1)).is_some());
    write(&mut log, "b", 1);
    assert_eq!(fs::read(&path).unwrap(), b"ab");
    let mut nowhere = Sink::unopened(path.join("x"), Limits::default());
    write(&mut nowhere, "a", 0);
    assert!(nowhere.is_outage() && nowhere.waiting() == 1);
    let (told, counts, file) = nowhere.close(at(1000));
    assert!(told.last().unwrap().text.ends_with("is given up: 1 bytes were dropped") && file.is_none(), "{told:?}");
    assert_eq!(counts.dropped, 1);
}

/// A5.26: several programs log to one pipe, as to `/dev/stdout` in a container.
#[test]
fn a_reader_that_takes_what_others_write_is_no_outage() {
    let (_dir, path) = in_dir();
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let reader = fs::File::options().read(true).write(true).open(&path).unwrap();
    let others = Stream::from(fs::File::options().write(true).open(&path).unwrap());
    let fill = || others.push(&[b'o'; 1 << 20]).unwrap();
    let mut log = opened(&path, 0, 0);
    assert!(fill() > 0);
    write(&mut log, "ours", 0);
    for second in 1..20 {
        assert!(fds::read(&reader, &mut [0; 8192]).unwrap() > 0 && fill() > 0);
        log.work(at(second * 1000));
        assert!(!log.is_outage() && log.waiting() == 4, "{second}");
    }
    log.work(at(20_900));
    log.work(at(21_100));
    assert!(log.is_outage(), "nobody reads any more");
    assert!(texts(&mut log)[0].contains("its reader does not read"));
    fds::set_nonblocking(&reader, true).unwrap();
    while fds::read(&reader, &mut [0; 8192]).is_ok() {}
    log.work(at(60_000));
    assert!(!log.is_outage() && log.is_idle());
}
