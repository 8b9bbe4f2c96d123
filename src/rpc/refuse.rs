//! What the manager refuses, as faults and as entries of result lists.

use super::{Fault, FaultCode};
use crate::manager::info::ResultEntry;
use crate::manager::{Outcome, Refusal};
use crate::model::namespec;

/// Status of a member that fared well (B1.7.2).
const SUCCESS: i32 = 80;

/// The fault that a refusal is told as.
#[must_use]
fn from_refusal(refusal: &Refusal) -> Fault {
    let code = match refusal {
        Refusal::BadName(_) => FaultCode::BadName,
        Refusal::BadSignal(_) => FaultCode::BadSignal,
        Refusal::NoFile(_) => FaultCode::NoFile,
        Refusal::NotExecutable(_) => FaultCode::NotExecutable,
        Refusal::Failed(_) => FaultCode::Failed,
        Refusal::AbnormalTermination(_) => FaultCode::AbnormalTermination,
        Refusal::SpawnError(_) => FaultCode::SpawnError,
        Refusal::AlreadyStarted(_) => FaultCode::AlreadyStarted,
        Refusal::NotRunning(_) => FaultCode::NotRunning,
        Refusal::AlreadyAdded(_) => FaultCode::AlreadyAdded,
        Refusal::StillRunning(_) => FaultCode::StillRunning,
        Refusal::ShutdownState => return Fault::new(FaultCode::ShutdownState),
    };
    Fault::with(code, refusal.to_string())
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        from_refusal(&refusal)
    }
}

/// How one member fared, as a result list shows it (B1.7.2).
#[must_use]
pub fn result_entry(outcome: &Outcome) -> ResultEntry {
    let (status, description) = match &outcome.result {
        Ok(()) => (SUCCESS, "OK".to_owned()),
        Err(refusal) => {
            let fault = from_refusal(refusal);
            (fault.code.code(), fault.text())
        }
    };
    ResultEntry { name: outcome.name.clone(), group: outcome.group.clone(), status, description }
}

/// How the clearing of one process's logs went (B1.10.19).
#[must_use]
pub fn cleared_entry(group: &str, name: &str, cleared: bool) -> ResultEntry {
    let result = if cleared { Ok(()) } else { Err(Refusal::Failed(namespec(group, name))) };
    result_entry(&Outcome { name: name.to_owned(), group: group.to_owned(), result })
}

#[cfg(test)]
mod tests {
    use super::{cleared_entry, from_refusal};
    use crate::manager::{CommandError, Refusal};

    /// B1.6.1, B1.7.2
    #[test]
    fn refusals_read_as_upstreams_faults() {
        let missing = CommandError::NotFound("/no/such".into());
        assert_eq!(from_refusal(&missing.into()).text(), "NO_FILE: can't find command '/no/such'");
        let odd = CommandError::Unparsable { command: "a 'b".into(), reason: "No closing quotation".into() };
        let text = "NOT_EXECUTABLE: can't parse command \"a 'b\": No closing quotation";
        assert_eq!(from_refusal(&odd.into()).text(), text);
        assert_eq!(from_refusal(&Refusal::ShutdownState).text(), "SHUTDOWN_STATE");
        assert_eq!(cleared_entry("g", "p", true).status, 80);
        assert_eq!(cleared_entry("g", "p", false).description, "FAILED: g:p");
    }
}
