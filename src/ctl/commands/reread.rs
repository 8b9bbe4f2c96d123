//! `reread`: what a look at the configuration file would change (B3.7.80).

use crate::client::{CallError, Reread};
use crate::ctl::{CtlError, Session, exit};
use crate::model::Json;
use crate::rpc::FaultCode;
use std::collections::BTreeMap;

pub(super) fn run(session: &mut Session, _argument: &str) -> Result<(), CtlError> {
    match session.proxy()?.reread() {
        Ok(reread) => {
            let entries = changes(&reread).into_iter().map(|(group, change)| {
                Json::Object(vec![("group", Json::text(group)), ("change", Json::text(change))])
            });
            session.tell_all(|| change_lines(&reread), entries);
        }
        Err(error) => refused(session, error, "ERROR: supervisor shutting down")?,
    }
    Ok(())
}

/// What a refused reread is told as; `update` tells it alike.
pub(super) fn refused(session: &mut Session, error: CallError, shutting_down: &str) -> Result<(), CtlError> {
    match error {
        error if error.is_fault(FaultCode::ShutdownState) => session.say(shutting_down),
        CallError::Fault(fault) if fault.code == FaultCode::CantReread.code() => {
            session.say(&format!("ERROR: {}", fault.text));
        }
        error => return Err(error.into()),
    }
    session.set_exit(exit::GENERIC);
    Ok(())
}

/// Each group with what is new about it, by name over all kinds.
fn changes(reread: &Reread) -> BTreeMap<&str, &'static str> {
    let kinds = [(&reread.added, "available"), (&reread.changed, "changed"), (&reread.removed, "disappeared")];
    kinds.iter().flat_map(|(groups, kind)| groups.iter().map(|group| (group.as_str(), *kind))).collect()
}

fn change_lines(reread: &Reread) -> Vec<String> {
    let changes = changes(reread);
    if changes.is_empty() {
        return vec!["No config updates to processes".to_owned()];
    }
    changes.iter().map(|(group, kind)| format!("{group}: {kind}")).collect()
}

#[cfg(test)]
mod tests {
    use super::change_lines;
    use crate::client::Reread;

    /// B3.7.80
    #[test]
    fn changes_are_sorted_over_all_kinds() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let reread = Reread { added: names(&["zz", "aa"]), changed: names(&["fast"]), removed: names(&["both"]) };
        assert_eq!(change_lines(&reread), ["aa: available", "both: disappeared", "fast: changed", "zz: available"]);
        assert_eq!(change_lines(&Reread::default()), ["No config updates to processes"]);
    }
}
