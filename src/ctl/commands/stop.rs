//! `stop` (B3.7.30).

use super::verb::Verb;
use crate::ctl::{CtlError, Session, exit};
use crate::rpc::FaultCode;

/// Shared with `signal`, as the faults are.
pub(super) const REASONS: &[(FaultCode, &str)] = &[
    (FaultCode::BadName, "no such process"),
    (FaultCode::BadSignal, "bad signal name"),
    (FaultCode::NotRunning, "not running"),
];

pub(super) fn run(session: &mut Session, argument: &str) -> Result<(), CtlError> {
    let words: Vec<&str> = argument.split_whitespace().collect();
    if words.is_empty() {
        return session.misuse("Error: stop requires a process name", "stop");
    }
    stop(session, &words)
}

pub(super) fn stop(session: &mut Session, words: &[&str]) -> Result<(), CtlError> {
    let verb = Verb {
        name: "stop",
        done: "stopped",
        reasons: REASONS,
        told_by_daemon: Some(FaultCode::Failed),
        fine: Some(FaultCode::NotRunning),
        unknown_group: exit::GENERIC,
        at_once: Some(["stopProcess", "stopProcessGroup"]),
        one: &|proxy, name| proxy.stop(name),
        group: &|proxy, group| proxy.stop_group(group),
        all: &|proxy| proxy.stop_all(),
    };
    verb.run(session, words)
}
