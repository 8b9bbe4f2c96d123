//! Log streams shown until Ctrl-C (B3.7.63–B3.7.65). Bytes are passed on as the
//! log has them, whatever they encode.

use crate::client::proxy::Answer;
use crate::client::stream::StreamState;
use crate::client::{CallError, LogStream, Proxy};
use crate::ctl::input::wait_while_read;
use crate::ctl::{CtlError, Session, exit};
use crate::model::Signal;
use crate::sys::watch::SignalWatch;
use std::os::fd::AsFd;

/// The line above every stream.
pub(super) const HOW_TO_LEAVE: &str = "==> Press Ctrl-C to exit <==";

/// Shows one stream; `path` is for messages.
pub(super) fn follow(
    session: &mut Session,
    path: &str,
    open: impl FnOnce(&Proxy) -> Answer<LogStream>,
) -> Result<(), CtlError> {
    let watch = SignalWatch::new(&[Signal::INT])?;
    session.end_calls_by(&watch)?;
    session.say(HOW_TO_LEAVE);
    let mut stream = match open(session.proxy()?) {
        Ok(stream) => stream,
        Err(CallError::Interrupted) => {
            session.say("");
            return Ok(());
        }
        Err(error) => {
            cannot_connect(session, path, &error);
            session.set_exit(exit::GENERIC);
            return Ok(());
        }
    };
    loop {
        if wait_while_read(&[watch.as_fd(), stream.as_fd()], session.reader())?.is_none() {
            return Ok(());
        }
        if watch.next().is_some() {
            session.say("");
            return Ok(());
        }
        if !pass_on(session, path, &mut stream)? {
            return Ok(());
        }
    }
}

/// Reads once and shows what came; false when the stream is over.
pub(super) fn pass_on(session: &mut Session, path: &str, stream: &mut LogStream) -> Result<bool, CtlError> {
    let mut bytes = Vec::new();
    let state = stream.read(&mut bytes)?;
    session.pass_on(&bytes)?;
    if let StreamState::Refused(status) = state {
        let url = session.server.url.clone();
        session.complain(&format!("{url}{path} Cannot read, status code {status}"));
        session.set_exit(exit::GENERIC);
    }
    Ok(state == StreamState::Open)
}

/// Says that a stream could not be opened.
pub(super) fn cannot_connect(session: &mut Session, path: &str, error: &CallError) {
    let url = session.server.url.clone();
    session.complain(&format!("{url}{path} Cannot connect, error: {} ({error})", error.python_type()));
}
