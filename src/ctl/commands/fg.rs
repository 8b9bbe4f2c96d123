//! `fg`: a process in the foreground, its logs shown and our input sent to it
//! (B3.7.113–B3.7.115). One poll over all of it, so that it ends at once.

use super::stream;
use crate::client::{CallError, LogStream};
use crate::ctl::input::wait_while_read;
use crate::ctl::{CtlError, Session, exit};
use crate::model::{Channel, ProcessState, Signal};
use crate::rpc::FaultCode;
use crate::sys::watch::SignalWatch;
use std::os::fd::{AsFd, BorrowedFd};

/// A log stream and its path, for messages.
type Follow = (String, LogStream);

pub(super) fn run(session: &mut Session, argument: &str) -> Result<(), CtlError> {
    let words: Vec<&str> = argument.split_whitespace().collect();
    let name = match words.as_slice() {
        [] => return session.misuse("ERROR: no process name supplied", "fg"),
        [name] => *name,
        _ => return fail(session, "ERROR: too many process names supplied"),
    };
    match session.proxy()?.process(name) {
        Ok(process) if !is_running(process.state) => return fail(session, "ERROR: process not running"),
        Ok(_) => {}
        Err(error) if error.is_fault(FaultCode::BadName) => {
            return fail(session, "ERROR: bad process name supplied");
        }
        Err(CallError::Fault(fault)) => {
            session.say(&format!("ERROR: {}", CallError::Fault(fault)));
            return Ok(());
        }
        Err(error) => return Err(error.into()),
    }
    let watch = SignalWatch::new(&[Signal::INT])?;
    session.end_calls_by(&watch)?;
    session.say(stream::HOW_TO_LEAVE);
    let before = session.exit_code();
    match attach(session, name, &watch) {
        // the terminal has shown ^C, which needs an end of its line
        Err(CtlError::Interrupted) if session.is_shown_on_terminal() => session.say(""),
        Err(CtlError::Interrupted) => {}
        result => result?,
    }
    // a log that cannot be shown was said already; it is no failure of fg
    session.set_exit(before);
    session.say("Exiting foreground");
    Ok(())
}

fn open_streams(session: &mut Session, name: &str) -> Result<Vec<Follow>, CtlError> {
    let mut follows = Vec::new();
    for channel in [Channel::Stdout, Channel::Stderr] {
        let path = format!("/logtail/{name}/{channel}");
        match session.proxy()?.follow_process_log(name, channel) {
            Ok(stream) => follows.push((path, stream)),
            Err(CallError::Interrupted) => return Err(CtlError::Interrupted),
            Err(error) => stream::cannot_connect(session, &path, &error),
        }
    }
    Ok(follows)
}

/// Goes on until the end of input, or the process is gone; Ctrl-C is
/// [`CtlError::Interrupted`].
fn attach(session: &mut Session, name: &str, watch: &SignalWatch) -> Result<(), CtlError> {
    let mut follows = open_streams(session, name)?;
    loop {
        while let Some(line) = session.input()?.take_line() {
            if !send(session, name, &format!("{line}\n"))? {
                return Ok(());
            }
        }
        if session.input()?.is_ended() {
            return Ok(());
        }
        let input = session.input()?.as_fd().try_clone_to_owned()?;
        let mut fds: Vec<BorrowedFd<'_>> = vec![watch.as_fd(), input.as_fd()];
        fds.extend(follows.iter().map(|(_, stream)| stream.as_fd()));
        let Some(ready) = wait_while_read(&fds, session.reader())? else { return Ok(()) };
        let mut ready = ready.into_iter();
        if ready.next() == Some(true) && watch.next().is_some() {
            return Err(CtlError::Interrupted);
        }
        if ready.next() == Some(true) {
            session.input()?.fill()?;
        }
        let mut open = Vec::with_capacity(follows.len());
        for ((path, mut stream), ready) in follows.drain(..).zip(ready) {
            if !ready || stream::pass_on(session, &path, &mut stream)? {
                open.push((path, stream));
            }
        }
        follows = open;
    }
}

/// Sends a line; false when the process will take no more.
fn send(session: &mut Session, name: &str, line: &str) -> Result<bool, CtlError> {
    match session.proxy()?.send_stdin(name, line) {
        Ok(()) => {}
        Err(error) if error.is_fault(FaultCode::NotRunning) => {
            session.say("Process got killed");
            return Ok(false);
        }
        Err(CallError::Fault(fault)) => {
            session.say(&format!("ERROR: {}", CallError::Fault(fault)));
            return Ok(false);
        }
        Err(error) => return Err(error.into()),
    }
    let alive = is_running(session.proxy()?.process(name)?.state);
    if !alive {
        session.say("Process got killed");
    }
    Ok(alive)
}

fn is_running(state: i64) -> bool {
    state == i64::from(ProcessState::Running.code())
}

fn fail(session: &mut Session, sentence: &str) -> Result<(), CtlError> {
    session.say(sentence);
    session.set_exit(exit::GENERIC);
    Ok(())
}
