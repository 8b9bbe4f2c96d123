//! `pid` (B3.7.50).

use crate::ctl::{CtlError, Session, exit, pattern};
use crate::rpc::FaultCode;

pub(super) fn run(session: &mut Session, argument: &str) -> Result<(), CtlError> {
    let words: Vec<&str> = argument.split_whitespace().collect();
    if words.is_empty() {
        let pid = session.proxy()?.pid()?;
        session.say(&pid.to_string());
    } else if words.contains(&"all") {
        let all = session.proxy()?.all_processes()?;
        all.iter().for_each(|process| session.say(&process.pid.to_string()));
    } else {
        pattern::expand(session, &words)?.iter().try_for_each(|word| one(session, word))?;
    }
    Ok(())
}

fn one(session: &mut Session, name: &str) -> Result<(), CtlError> {
    match session.proxy()?.process(name) {
        Ok(process) => {
            session.say(&process.pid.to_string());
            if process.pid == 0 {
                session.set_exit(exit::NOT_RUNNING);
            }
        }
        Err(error) if error.is_fault(FaultCode::BadName) => {
            session.say(&format!("No such process {name}"));
            session.set_exit(exit::GENERIC);
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
