//! `signal` (B3.7.30).

use super::stop::REASONS;
use super::verb::Verb;
use crate::ctl::{CtlError, Session, exit};
use crate::rpc::FaultCode;

pub(super) fn run(session: &mut Session, argument: &str) -> Result<(), CtlError> {
    let words: Vec<&str> = argument.split_whitespace().collect();
    let (signal, names) = match words.as_slice() {
        [signal, names @ ..] if !names.is_empty() => (*signal, names),
        _ => return session.misuse("Error: signal requires a signal name and a process name", "signal"),
    };
    let verb = Verb {
        name: "signal",
        done: "signalled",
        reasons: REASONS,
        told_by_daemon: Some(FaultCode::Failed),
        fine: None,
        unknown_group: exit::GENERIC,
        at_once: None,
        one: &|proxy, name| proxy.signal(name, signal),
        group: &|proxy, group| proxy.signal_group(group, signal),
        all: &|proxy| proxy.signal_all(signal),
    };
    verb.run(session, names)
}
