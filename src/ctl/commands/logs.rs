//! `logs`: the last lines of several processes, both channels, once or on and on.
//!
//! Lines are whole, so that those of several processes do not mix; what is not
//! ended yet waits for its end.

use super::stream::HOW_TO_LEAVE;
use crate::client::LogStream;
use crate::client::stream::StreamState;
use crate::ctl::input::wait_while_read;
use crate::ctl::style::{Colour, Style};
use crate::ctl::{CtlError, Session, exit, pattern, span};
use crate::model::{Channel, NameSpec, Signal, namespec};
use crate::rpc::FaultCode;
use crate::sys::watch::SignalWatch;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

/// Lines shown when none are asked for.
const DEFAULT_LINES: usize = 10;
/// Bytes read at first for the last lines; doubled while they hold too few.
const FIRST_BYTES: i64 = 64 * 1024;
/// Most bytes read for the last lines.
const MOST_BYTES: i64 = 16 * 1024 * 1024;
/// A line longer than this is shown in parts.
const LINE_MAX: usize = 256 * 1024;

/// What the words mean.
#[derive(Debug, Default, PartialEq, Eq)]
struct Request<'a> {
    names: Vec<&'a str>,
    follow: bool,
    lines: Option<usize>,
    since: Option<Duration>,
}

pub(super) fn run(session: &mut Session, argument: &str) -> Result<(), CtlError> {
    let words: Vec<&str> = argument.split_whitespace().collect();
    let request = match parse(&words) {
        Ok(request) => request,
        Err(sentence) => return session.misuse(&sentence, "logs"),
    };
    let names = resolve(session, &request.names)?;
    if names.is_empty() {
        return Ok(());
    }
    let printer = Printer::new(session, names);
    if request.follow { follow(session, &request, &printer) } else { show(session, &request, &printer) }
}

fn parse<'a>(words: &[&'a str]) -> Result<Request<'a>, String> {
    let mut request = Request::default();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (flag, value) = match word.split_once('=') {
            Some((flag, value)) if flag.starts_with("--") => (flag, Some(value)),
            _ => (*word, None),
        };
        match flag {
            "-f" => request.follow = true,
            "-n" => {
                let value = words.next().copied().unwrap_or_default();
                request.lines = Some(value.parse().map_err(|_| format!("Error: bad number of lines {value:?}"))?);
            }
            "--since" => {
                let value = value.or_else(|| words.next().copied()).unwrap_or_default();
                request.since =
                    Some(span::parse(value).ok_or_else(|| format!("Error: bad time {value:?}, it is one like 10m"))?);
            }
            _ if word.starts_with('-') => return Err(format!("Error: bad argument {word}")),
            _ => request.names.push(word),
        }
    }
    if request.names.is_empty() { Err("Error: logs requires a process name".to_owned()) } else { Ok(request) }
}

/// The processes that are meant, each once, in the order of the words.
fn resolve(session: &mut Session, words: &[&str]) -> Result<Vec<String>, CtlError> {
    let all = session.proxy()?.all_processes()?;
    let mut names: Vec<String> = Vec::new();
    for word in words.iter().flat_map(|word| pattern::expand_word(word, &all)) {
        let spec = NameSpec::parse(&word);
        let meant = all.iter().filter(|process| word == "all" || pattern::is_meant(&spec, process));
        let found: Vec<String> = meant.map(|process| namespec(&process.group, &process.name)).collect();
        if found.is_empty() {
            session.say(&format!("{word}: ERROR (no such process)"));
            session.set_exit(exit::GENERIC);
        }
        names.extend(found);
    }
    let mut seen = std::collections::BTreeSet::new();
    names.retain(|name| seen.insert(name.clone()));
    Ok(names)
}

/// How lines look.
struct Printer {
    names: Vec<String>,
    width: usize,
    /// Lines say whose they are.
    prefixed: bool,
    style: Style,
}

impl Printer {
    fn new(session: &Session, names: Vec<String>) -> Self {
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
        let prefixed = names.len() > 1 || session.is_shown_on_terminal();
        Self { names, width, prefixed, style: session.style }
    }

    /// A line as it is shown; `index` is that of its process.
    fn line(&self, index: usize, channel: Channel, line: &[u8]) -> Vec<u8> {
        let mut shown = Vec::with_capacity(line.len().saturating_add(64));
        if self.prefixed {
            let name = self.names.get(index).map(String::as_str).unwrap_or_default();
            let (sign, colour) = match channel {
                Channel::Stdout => ("|", Colour::nth(index)),
                Channel::Stderr => ("!", Colour::RED),
            };
            let name = self.style.cell(Some(Colour::nth(index)), name, self.width);
            shown.extend_from_slice(format!("{name} {} ", self.style.paint(Some(colour), sign)).as_bytes());
        }
        shown.extend_from_slice(line);
        shown.push(b'\n');
        shown
    }
}

/// Shows what there is.
fn show(session: &mut Session, request: &Request<'_>, printer: &Printer) -> Result<(), CtlError> {
    for (index, name) in printer.names.iter().enumerate() {
        let mut logs = 0;
        for channel in [Channel::Stdout, Channel::Stderr] {
            let Some(text) = read(session, request, name, channel)? else { continue };
            logs += 1;
            let most = request.lines.unwrap_or(if request.since.is_some() { usize::MAX } else { DEFAULT_LINES });
            let shown: Vec<u8> =
                last_lines(&text, most).flat_map(|line| printer.line(index, channel, line.as_bytes())).collect();
            session.pass_on(&shown)?;
        }
        if logs == 0 {
            no_log(session, name);
        }
    }
    Ok(())
}

fn no_log(session: &mut Session, name: &str) {
    session.say(&format!("{name}: ERROR (no log file)"));
    session.set_exit(exit::GENERIC);
}

fn last_lines(text: &str, most: usize) -> impl Iterator<Item = &str> {
    let count = text.lines().count();
    text.lines().skip(count.saturating_sub(most))
}

/// Enough of a log's end; `None` when there is no log.
fn read(
    session: &mut Session,
    request: &Request<'_>,
    name: &str,
    channel: Channel,
) -> Result<Option<String>, CtlError> {
    if let Some(since) = request.since {
        return match offset_since(session, name, channel, since)? {
            Some(offset) => piece(session, name, channel, offset),
            None => Ok(None),
        };
    }
    let wanted = request.lines.unwrap_or(DEFAULT_LINES);
    let mut bytes = FIRST_BYTES;
    loop {
        let Some(text) = piece(session, name, channel, bytes.saturating_neg())? else { return Ok(None) };
        let is_all = i64::try_from(text.len()).is_ok_and(|length| length < bytes);
        if is_all || bytes >= MOST_BYTES || text.lines().count() > wanted {
            return Ok(Some(text));
        }
        bytes = bytes.saturating_mul(2);
    }
}

/// The log from `offset` to its end; `None` when there is no log.
fn piece(session: &mut Session, name: &str, channel: Channel, offset: i64) -> Result<Option<String>, CtlError> {
    match session.proxy()?.read_process_log(name, channel, offset, 0) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.is_fault(FaultCode::NoFile) => Ok(None),
        Err(error) if error.is_fault(FaultCode::Failed) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Where that begins which may have been written since; the beginning of the log
/// when the daemon cannot tell. `None` when there is no log.
fn offset_since(session: &mut Session, name: &str, channel: Channel, since: Duration) -> Result<Option<i64>, CtlError> {
    let seconds = i64::try_from(since.as_millis().div_ceil(1000)).unwrap_or(i64::MAX);
    match session.proxy()?.log_offset_since(name, channel, seconds) {
        Ok(offset) => Ok(Some(offset)),
        Err(error) if error.is_fault(FaultCode::UnknownMethod) => Ok(Some(0)),
        Err(error) if error.is_fault(FaultCode::NoFile) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// One log that is followed.
struct Followed {
    index: usize,
    channel: Channel,
    stream: LogStream,
    /// The beginning of a line whose end has not come.
    rest: Vec<u8>,
}

/// Shows what there is and what comes, until Ctrl-C or the daemon's end.
fn follow(session: &mut Session, request: &Request<'_>, printer: &Printer) -> Result<(), CtlError> {
    let watch = SignalWatch::new(&[Signal::INT])?;
    session.end_calls_by(&watch)?;
    let mut followed = match open_all(session, request, printer) {
        Err(CtlError::Interrupted) => {
            session.say("");
            return Ok(());
        }
        followed => followed?,
    };
    let mut shown = vec![false; printer.names.len()];
    // said above the first log, if there is one
    let mut hint = session.is_shown_on_terminal().then_some(HOW_TO_LEAVE);
    while !followed.is_empty() {
        let mut fds: Vec<BorrowedFd<'_>> = vec![watch.as_fd()];
        fds.extend(followed.iter().map(|log| log.stream.as_fd()));
        let Some(ready) = wait_while_read(&fds, session.reader())? else { return Ok(()) };
        if ready.first() == Some(&true) && watch.next().is_some() {
            session.say("");
            return Ok(());
        }
        let mut open = Vec::with_capacity(followed.len());
        for (mut log, ready) in followed.drain(..).zip(ready.into_iter().skip(1)) {
            if !ready {
                open.push(log);
                continue;
            }
            let mut bytes = Vec::new();
            let state = log.stream.read(&mut bytes)?;
            if !matches!(state, StreamState::Refused(_)) {
                hint.take().into_iter().for_each(|hint| session.say(hint));
                shown.get_mut(log.index).into_iter().for_each(|shown| *shown = true);
            }
            session.pass_on(&log.take(&bytes, state != StreamState::Open, printer))?;
            if state == StreamState::Open {
                open.push(log);
            }
        }
        followed = open;
    }
    for (name, _) in printer.names.iter().zip(shown).filter(|(_, shown)| !shown) {
        no_log(session, name);
    }
    Ok(())
}

fn open_all(session: &mut Session, request: &Request<'_>, printer: &Printer) -> Result<Vec<Followed>, CtlError> {
    let mut followed = Vec::new();
    for (index, name) in printer.names.iter().enumerate() {
        for channel in [Channel::Stdout, Channel::Stderr] {
            let from = match request.since {
                None => format!("lines={}", request.lines.unwrap_or(DEFAULT_LINES)),
                Some(since) => match offset_since(session, name, channel, since)? {
                    Some(offset) => format!("offset={offset}"),
                    None => continue,
                },
            };
            let stream = session.proxy()?.follow_process_log_from(name, channel, &from)?;
            followed.push(Followed { index, channel, stream, rest: Vec::new() });
        }
    }
    Ok(followed)
}

impl Followed {
    /// The lines that `bytes` end, as they are shown; at the end the rest too.
    fn take(&mut self, bytes: &[u8], is_end: bool, printer: &Printer) -> Vec<u8> {
        self.rest.extend_from_slice(bytes);
        let mut shown = Vec::new();
        let complete = self.rest.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at.saturating_add(1));
        let complete = if is_end || self.rest.len() > LINE_MAX { self.rest.len() } else { complete };
        let lines: Vec<u8> = self.rest.drain(..complete).collect();
        let lines = lines.strip_suffix(b"\n").unwrap_or(&lines);
        if complete > 0 {
            for line in lines.split(|byte| *byte == b'\n') {
                shown.extend(printer.line(self.index, self.channel, line));
            }
        }
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::{Printer, Request, last_lines, parse};
    use crate::ctl::style::Style;
    use crate::model::Channel;
    use std::time::Duration;

    #[test]
    fn words_name_processes_and_how_much() {
        let expected =
            Request { names: vec!["a", "g:*"], follow: true, lines: Some(3), since: Some(Duration::from_secs(600)) };
        assert_eq!(parse(&["-f", "a", "-n", "3", "--since=10m", "g:*"]), Ok(expected));
        for bad in [&[][..], &["-f"], &["-n", "x", "a"], &["a", "-n"], &["--since=x", "a"], &["-x", "a"]] {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn only_the_last_lines_are_shown() {
        let last = |text, most| last_lines(text, most).collect::<Vec<_>>();
        assert_eq!(last("a\nb\nc\n", 2), ["b", "c"]);
        assert_eq!(last("a\nb\nc", 5), ["a", "b", "c"]);
        assert_eq!(last("a\n", 0), [""; 0]);
    }

    #[test]
    fn lines_of_several_say_whose_they_are_and_from_which_channel() {
        let names = vec!["cat".to_owned(), "web:one".to_owned()];
        let printer = Printer { names, width: 7, prefixed: true, style: Style::PLAIN };
        assert_eq!(printer.line(0, Channel::Stdout, b"x"), b"cat     | x\n");
        assert_eq!(printer.line(1, Channel::Stderr, b"\xff"), b"web:one ! \xff\n");
        assert_eq!(Printer { prefixed: false, ..printer }.line(0, Channel::Stdout, b"x"), b"x\n");
    }
}
