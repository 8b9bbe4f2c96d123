//! `clear`: empties log files (B3.7.70).

use super::verb::Verb;
use crate::client::proxy::Answer;
use crate::client::{CallError, CallResult, Proxy, WireFault};
use crate::ctl::{CtlError, Session, exit};
use crate::model::NameSpec;
use crate::rpc::FaultCode;

const REASONS: &[(FaultCode, &str)] = &[(FaultCode::BadName, "no such process"), (FaultCode::Failed, "failed")];

pub(super) fn run(session: &mut Session, argument: &str) -> Result<(), CtlError> {
    let words: Vec<&str> = argument.split_whitespace().collect();
    if words.is_empty() {
        return session.misuse("Error: clear requires a process name", "clear");
    }
    let verb = Verb {
        name: "clear",
        done: "cleared",
        reasons: REASONS,
        told_by_daemon: None,
        fine: None,
        unknown_group: exit::GENERIC,
        at_once: None,
        one: &|proxy, name| proxy.clear_logs(name),
        group: &clear_group,
        all: &|proxy| proxy.clear_all_logs(),
    };
    verb.run(session, &words)
}

/// The API has no method for this, so each member is cleared by itself.
fn clear_group(proxy: &mut Proxy, group: &str) -> Answer<Vec<CallResult>> {
    let mut members = proxy.all_processes()?;
    members.retain(|process| process.group == group);
    if members.is_empty() {
        let text = format!("BAD_NAME: {group}");
        return Err(CallError::Fault(WireFault { code: FaultCode::BadName.code(), text }));
    }
    let mut results = Vec::with_capacity(members.len());
    for member in members {
        let spec = NameSpec { group: member.group.clone(), process: Some(member.name.clone()) };
        let (status, description) = match proxy.clear_logs(&spec.to_string()) {
            Ok(()) => (exit::RESULT_OK, String::new()),
            Err(CallError::Fault(fault)) => (fault.code, fault.text),
            Err(error) => return Err(error),
        };
        results.push(CallResult { name: member.name, group: member.group, status, description });
    }
    Ok(results)
}
