//! `add` and `remove`: groups by name, one call each (B3.7.90–B3.7.92).

use crate::ctl::{CtlError, Session, exit};
use crate::rpc::FaultCode;

pub(super) fn add(session: &mut Session, argument: &str) -> Result<(), CtlError> {
    for group in argument.split_whitespace() {
        let error = match session.proxy()?.add_group(group) {
            Ok(()) => {
                session.say(&format!("{group}: added process group"));
                continue;
            }
            Err(error) => error,
        };
        let is = |code| error.is_fault(code);
        if is(FaultCode::AlreadyAdded) {
            // it is there, as was wished: no failure
            session.say("ERROR: process group already active");
        } else if is(FaultCode::ShutdownState) {
            fail(session, "ERROR: shutting down");
        } else if is(FaultCode::BadName) {
            fail(session, &format!("ERROR: no such process/group: {group}"));
        } else {
            return Err(error.into());
        }
    }
    Ok(())
}

pub(super) fn remove(session: &mut Session, argument: &str) -> Result<(), CtlError> {
    for group in argument.split_whitespace() {
        let error = match session.proxy()?.remove_group(group) {
            Ok(()) => {
                session.say(&format!("{group}: removed process group"));
                continue;
            }
            Err(error) => error,
        };
        let is = |code| error.is_fault(code);
        if is(FaultCode::StillRunning) {
            fail(session, &format!("ERROR: process/group still running: {group}"));
        } else if is(FaultCode::BadName) {
            fail(session, &format!("ERROR: no such process/group: {group}"));
        } else {
            return Err(error.into());
        }
    }
    Ok(())
}

fn fail(session: &mut Session, sentence: &str) {
    session.say(sentence);
    session.set_exit(exit::GENERIC);
}
