//! `start` (B3.7.20–B3.7.22).

use super::verb::Verb;
use crate::ctl::{CtlError, Session, exit};
use crate::rpc::FaultCode;

const REASONS: &[(FaultCode, &str)] = &[
    (FaultCode::BadName, "no such process"),
    (FaultCode::NoFile, "no such file"),
    (FaultCode::NotExecutable, "file is not executable"),
    (FaultCode::AlreadyStarted, "already started"),
    (FaultCode::SpawnError, "spawn error"),
    (FaultCode::AbnormalTermination, "abnormal termination"),
];

pub(super) fn run(session: &mut Session, argument: &str) -> Result<(), CtlError> {
    let words: Vec<&str> = argument.split_whitespace().collect();
    if words.is_empty() {
        session.misuse("Error: start requires a process name", "start")?;
        session.set_exit(exit::INVALID_ARGS);
        return Ok(());
    }
    start(session, &words)
}

pub(super) fn start(session: &mut Session, words: &[&str]) -> Result<(), CtlError> {
    let verb = Verb {
        name: "start",
        done: "started",
        reasons: REASONS,
        told_by_daemon: None,
        fine: Some(FaultCode::AlreadyStarted),
        unknown_group: exit::INVALID_ARGS,
        at_once: Some(["startProcess", "startProcessGroup"]),
        one: &|proxy, name| proxy.start(name),
        group: &|proxy, group| proxy.start_group(group),
        all: &|proxy| proxy.start_all(),
    };
    verb.run(session, words)
}
