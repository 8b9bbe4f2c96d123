//! `update`: makes the active groups what the configuration file says, group by
//! group (B3.7.81–B3.7.85).

use super::reread;
use crate::client::Reread;
use crate::ctl::{CtlError, Session, exit};
use crate::model::Json;
use crate::rpc::FaultCode;

pub(super) fn run(session: &mut Session, argument: &str) -> Result<(), CtlError> {
    let mut words: Vec<&str> = argument.split_whitespace().collect();
    if words.contains(&"all") {
        words.clear();
    }
    let changes = match session.proxy()?.reread() {
        Ok(changes) => changes,
        Err(error) => return reread::refused(session, error, "ERROR: already shutting down"),
    };
    if !words.is_empty() {
        name_unknown(session, &words, &changes)?;
    }
    let wanted = |group: &&String| words.is_empty() || words.contains(&group.as_str());
    for group in changes.removed.iter().filter(wanted) {
        remove(session, group)?;
    }
    for group in changes.changed.iter().filter(wanted) {
        session.proxy()?.stop_group(group)?;
        session.tell(&format!("{group}: stopped"), || entry(group, "stopped", true));
        session.proxy()?.remove_group(group)?;
        session.proxy()?.add_group(group)?;
        session.tell(&format!("{group}: updated process group"), || entry(group, "updated", true));
    }
    for group in changes.added.iter().filter(wanted) {
        session.proxy()?.add_group(group)?;
        session.tell(&format!("{group}: added process group"), || entry(group, "added", true));
    }
    Ok(())
}

fn entry(group: &str, change: &str, ok: bool) -> Json {
    Json::Object(vec![("group", Json::text(group)), ("change", Json::text(change)), ("ok", Json::Bool(ok))])
}

/// Words that are neither active nor about to be; the others are still done.
fn name_unknown(session: &mut Session, words: &[&str], changes: &Reread) -> Result<(), CtlError> {
    let active = session.proxy()?.all_processes()?;
    for (index, word) in words.iter().enumerate() {
        let known = active.iter().any(|process| process.group == *word) || changes.added.iter().any(|g| g == word);
        let repeated = words.iter().take(index).any(|earlier| earlier == word);
        if !known && !repeated {
            session.say_failed(word, "no such group", &format!("ERROR: no such group: {word}"));
            session.set_exit(exit::GENERIC);
        }
    }
    Ok(())
}

fn remove(session: &mut Session, group: &str) -> Result<(), CtlError> {
    let results = session.proxy()?.stop_group(group)?;
    session.tell(&format!("{group}: stopped"), || entry(group, "stopped", true));
    if results.iter().any(|result| result.status == FaultCode::Failed.code()) {
        session.tell(&format!("{group}: has problems; not removing"), || entry(group, "removed", false));
        session.set_exit(exit::GENERIC);
        return Ok(());
    }
    session.proxy()?.remove_group(group)?;
    session.tell(&format!("{group}: removed process group"), || entry(group, "removed", true));
    Ok(())
}
