//! The activity log: what the daemon itself has to say (A5.1–A5.10). One owner
//! writes it; others hand lines to that owner.

use super::file::{Limits, LogFile};
use super::sink::Sink;
use super::stream::Stream;
use super::syslog::{IDENT, Syslog};
use crate::model::{Level, LogLine, Now};
use crate::sys::clock::local_time;
use std::io;
use std::path::Path;

/// The log, its level and where it goes.
#[derive(Debug)]
pub struct MainLog {
    target: Target,
    quietest: Level,
    echo: Option<Stream>,
    stamp: Stamp,
}

#[derive(Debug)]
enum Target {
    File(Box<Sink>),
    /// Somebody else has the file; see [`MainLog::take_sink`].
    Elsewhere,
    Syslog(Syslog),
}

impl MainLog {
    /// Opens the file at `path` for lines down to `quietest`.
    ///
    /// # Errors
    /// It cannot be opened.
    pub fn file(path: &Path, limits: Limits, quietest: Level) -> io::Result<Self> {
        Ok(Self::new(Target::File(Box::new(Sink::of(LogFile::open(path, limits)?).of_lines())), quietest))
    }

    /// Sends lines to syslog (A5.6).
    #[must_use]
    pub fn syslog(quietest: Level) -> Self {
        Self::new(Target::Syslog(Syslog::new(IDENT)), quietest)
    }

    fn new(target: Target, quietest: Level) -> Self {
        Self { target, quietest, echo: None, stamp: Stamp::default() }
    }

    /// Says every line on `stream` too: stdout, in the foreground and not silent
    /// (A5.7). A reader that is slow or gone loses lines and holds up nobody (A5.9).
    #[must_use]
    pub fn with_echo(mut self, stream: Stream) -> Self {
        self.echo = Some(stream);
        self
    }

    /// The quietest level that is written.
    #[must_use]
    pub fn quietest(&self) -> Level {
        self.quietest
    }

    /// Writes a line that happened at `now`, if it is loud enough (A5.1–A5.3),
    /// however long that takes.
    pub fn write(&mut self, line: &LogLine, now: Now) {
        self.push(line, now);
        if let Target::File(sink) = &mut self.target {
            sink.work(now);
        }
        self.report(now);
    }

    /// Says a line everywhere but in the file, and gives the text for that; no
    /// text if the line is too quiet or there is no file.
    #[must_use]
    pub fn render(&mut self, line: &LogLine, now: Now) -> Option<String> {
        if line.level > self.quietest {
            return None;
        }
        let stamp = self.stamp.at(now);
        let tag = line.level.tag();
        let text = format!("{stamp} {tag} {}\n", line.text);
        if self.echo.as_mut().is_some_and(|echo| echo.write(text.as_bytes()).is_err()) {
            self.echo = None;
        }
        match &mut self.target {
            Target::File(_) | Target::Elsewhere => Some(text),
            // A5.6: every line of a message has its own time and level
            Target::Syslog(syslog) => {
                for part in line.text.trim_end_matches('\n').split('\n') {
                    syslog.send(&format!("{stamp} {tag} {part}\n"), now);
                }
                None
            }
        }
    }

    /// Gives up the file to who writes it from now on; `None` without one.
    pub fn take_sink(&mut self) -> Option<Sink> {
        match std::mem::replace(&mut self.target, Target::Elsewhere) {
            Target::File(sink) => Some(*sink),
            other => {
                self.target = other;
                None
            }
        }
    }

    fn push(&mut self, line: &LogLine, now: Now) {
        if let Some(text) = self.render(line, now)
            && let Target::File(sink) = &mut self.target
        {
            sink.push(text.as_bytes(), now);
        }
    }

    /// Echoes what waits for a slow reader, as far as it takes it.
    pub fn flush_echo(&mut self) {
        if self.echo.as_mut().is_some_and(|echo| echo.flush().is_err()) {
            self.echo = None;
        }
    }

    /// The way to syslog, if that is where it goes.
    #[must_use]
    pub fn syslog_way(&self) -> Option<&Syslog> {
        if let Target::Syslog(syslog) = &self.target { Some(syslog) } else { None }
    }

    /// The same.
    pub fn syslog_way_mut(&mut self) -> Option<&mut Syslog> {
        if let Target::Syslog(syslog) = &mut self.target { Some(syslog) } else { None }
    }

    /// Whether some of the echo waits for a slow reader.
    #[must_use]
    pub fn is_echo_behind(&self) -> bool {
        self.echo.as_ref().is_some_and(Stream::is_behind)
    }

    /// The log's own troubles go into it like anybody's; while it cannot be
    /// written they wait, and the echo has them.
    fn report(&mut self, now: Now) {
        let Target::File(sink) = &mut self.target else { return };
        for line in sink.health().take_reports() {
            self.push(&line, now);
        }
    }
}

/// `YYYY-MM-DD HH:MM:SS,mmm` (A5.1). Cutting a second into fields is dear, and
/// lines come many to a second.
#[derive(Debug, Default)]
struct Stamp {
    second: Option<u64>,
    text: String,
}

impl Stamp {
    fn at(&mut self, now: Now) -> String {
        let second = now.wall.as_secs();
        if self.second != Some(second) {
            self.text = local_time(now.wall).to_string();
            self.second = Some(second);
        }
        format!("{},{:03}", self.text, now.wall.subsec_millis())
    }
}

#[cfg(test)]
mod tests {
    use super::{MainLog, Stamp};
    use crate::logs::file::Limits;
    use crate::logs::stream::Stream;
    use crate::model::{Level, LogLine, Now};
    use crate::sys::fds::{pipe_cloexec, read};
    use crate::sys::testdir::TestDir;
    use std::fs;
    use std::path::Path;
    use std::time::Duration;

    fn at(millis: u64) -> Now {
        Now { mono: Duration::from_millis(millis), wall: Duration::from_millis(millis) }
    }

    fn say(log: &mut MainLog, level: Level, text: &str) {
        log.write(&LogLine::new(level, text), at(1_795_360_731_291));
    }

    fn plain(path: &Path, quietest: Level) -> MainLog {
        MainLog::file(path, Limits::new(0, 0), quietest).unwrap()
    }

    /// A5.1
    #[test]
    fn a_line_has_time_level_and_text() {
        let dir = TestDir::new();
        let path = dir.path().join("log");
        say(&mut plain(&path, Level::Info), Level::Critical, "text");
        let text = fs::read_to_string(path).unwrap();
        let (day, rest) = text.split_once(' ').unwrap();
        let (time, rest) = rest.split_once(',').unwrap();
        assert_eq!(rest, "291 CRIT text\n");
        assert!(day.len() == 10 && day.starts_with("2026-11-2") && time.len() == 8, "{text}");
    }

    /// A5.1: milliseconds are cut off, not rounded.
    #[test]
    fn each_second_is_stamped_anew() {
        let mut stamp = Stamp::default();
        let exact = Now { mono: Duration::ZERO, wall: Duration::from_nanos(1_000_000_000_999_999) };
        assert!(stamp.at(exact).ends_with(":40,000"));
        assert!(stamp.at(at(1_000_000_070)).ends_with(":40,070"), "the same second");
        assert!(stamp.at(at(1_000_001_005)).ends_with(":41,005"));
    }

    /// A5.2, A5.3
    #[test]
    fn quiet_lines_are_left_out_and_long_ones_have_one_stamp() {
        let dir = TestDir::new();
        let path = dir.path().join("log");
        let mut log = plain(&path, Level::Warn);
        say(&mut log, Level::Info, "quiet");
        say(&mut log, Level::Warn, "one\ntwo");
        let text = fs::read_to_string(path).unwrap();
        assert_eq!(text.lines().count(), 2);
        assert!(text.ends_with(",291 WARN one\ntwo\n"), "{text}");
    }

    /// A5.7, A5.9
    #[test]
    fn the_echo_says_the_same_and_may_go_away() {
        let dir = TestDir::new();
        let path = dir.path().join("log");
        let (reader, writer) = pipe_cloexec().unwrap();
        let mut log = plain(&path, Level::Info).with_echo(Stream::new(writer));
        say(&mut log, Level::Info, "one");
        let mut buffer = [0; 100];
        let n = read(&reader, &mut buffer).unwrap();
        assert_eq!(buffer[..n], fs::read(&path).unwrap());
        drop(reader);
        say(&mut log, Level::Info, "two");
        say(&mut log, Level::Info, "three");
        assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 3);
    }

    /// A5.5, A5.15
    #[test]
    fn it_rotates() {
        let dir = TestDir::new();
        let path = dir.path().join("log");
        let mut log = MainLog::file(&path, Limits::new(60, 1), Level::Info).unwrap();
        for n in 0..3 {
            say(&mut log, Level::Info, &format!("line {n}"));
        }
        assert_eq!(fs::read_to_string(dir.path().join("log.1")).unwrap().lines().count(), 2);
        assert!(fs::read_to_string(&path).unwrap().ends_with("line 2\n"));
    }

    /// A5.10, A5.52: the line that announces it is in the old file.
    #[test]
    fn reopened_it_writes_to_its_name_again() {
        let dir = TestDir::new();
        let (path, moved) = (dir.path().join("log"), dir.path().join("moved"));
        let mut log = plain(&path, Level::Info);
        fs::rename(&path, &moved).unwrap();
        log.push(&LogLine::new(Level::Info, "supervisord logreopen"), at(0));
        let mut sink = log.take_sink().unwrap();
        sink.want_reopen();
        sink.push(log.render(&LogLine::new(Level::Info, "next"), at(0)).unwrap().as_bytes(), at(0));
        sink.work(at(0));
        assert!(fs::read_to_string(moved).unwrap().ends_with("logreopen\n"));
        assert!(fs::read_to_string(path).unwrap().ends_with("INFO next\n"));
    }

    #[test]
    fn its_own_outage_is_told_in_it_when_it_is_over() {
        let dir = TestDir::new();
        let path = dir.path().join("log");
        std::os::unix::fs::symlink("/dev/full", &path).unwrap();
        let mut log = plain(&path, Level::Info);
        say(&mut log, Level::Info, "one");
        fs::remove_file(&path).unwrap();
        log.write(&LogLine::new(Level::Info, "two"), at(1_795_360_732_291));
        log.write(&LogLine::new(Level::Info, "three"), at(1_795_360_733_291));
        let text = fs::read_to_string(&path).unwrap();
        let said: Vec<&str> = text.lines().map(|line| line.split_once(",291 ").unwrap().1).collect();
        assert_eq!((said[0], said[2], said[4]), ("INFO one", "INFO two", "INFO three"), "{text}");
        assert!(said[1].contains("could not write") && said[3].contains("is written again"), "{text}");
    }
}
