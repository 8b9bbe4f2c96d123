//! What start, stop, signal and clear have in common: `all`, groups and single
//! names, one line per result, and the exit code that follows from it.

use crate::client::proxy::Answer;
use crate::client::{CallError, CallResult, Proxy};
use crate::ctl::{CtlError, Session, exit, pattern};
use crate::model::{Json, NameSpec, namespec};
use crate::rpc::FaultCode;

/// A verb that acts on processes by name.
pub(super) struct Verb<'a> {
    /// Its name in documents.
    pub(super) name: &'static str,
    /// What is said of success.
    pub(super) done: &'static str,
    /// What is said in brackets of each fault.
    pub(super) reasons: &'static [(FaultCode, &'static str)],
    /// The fault whose own text is said instead.
    pub(super) told_by_daemon: Option<FaultCode>,
    /// The fault that leaves the exit code alone.
    pub(super) fine: Option<FaultCode>,
    /// The exit code for a group that is not there.
    pub(super) unknown_group: u8,
    /// Acts on one process.
    pub(super) one: &'a dyn Fn(&mut Proxy, &str) -> Answer<()>,
    /// Acts on a group.
    pub(super) group: &'a dyn Fn(&mut Proxy, &str) -> Answer<Vec<CallResult>>,
    /// Acts on everything.
    pub(super) all: &'a dyn Fn(&mut Proxy) -> Answer<Vec<CallResult>>,
}

impl Verb<'_> {
    /// Acts on words in their order; `all` among them makes the others moot
    /// (B3.7.2, B3.7.3).
    pub(super) fn run(&self, session: &mut Session, words: &[&str]) -> Result<(), CtlError> {
        if words.contains(&"all") {
            let results = (self.all)(session.proxy()?)?;
            return results.iter().try_for_each(|result| self.report(session, result));
        }
        for word in &pattern::expand(session, words)? {
            let spec = NameSpec::parse(word);
            match spec.process {
                None => self.run_group(session, &spec.group)?,
                Some(process) => self.run_one(session, word, spec.group, process)?,
            }
        }
        Ok(())
    }

    fn run_group(&self, session: &mut Session, group: &str) -> Result<(), CtlError> {
        match (self.group)(session.proxy()?, group) {
            Ok(results) => results.iter().try_for_each(|result| self.report(session, result)),
            Err(error) if error.fault_code() == Some(FaultCode::BadName as i32) => {
                session.say_failed(&format!("{group}:*"), "no such group", &format!("{group}: ERROR (no such group)"));
                session.set_exit(self.unknown_group);
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    fn run_one(&self, session: &mut Session, word: &str, group: String, name: String) -> Result<(), CtlError> {
        let (status, description) = match (self.one)(session.proxy()?, word) {
            Ok(()) => (exit::RESULT_OK, String::new()),
            Err(CallError::Fault(fault)) => (fault.code, fault.text),
            Err(error) => return Err(error.into()),
        };
        self.report(session, &CallResult { name, group, status, description })
    }

    fn report(&self, session: &mut Session, result: &CallResult) -> Result<(), CtlError> {
        let line = self.sentence(result)?;
        let code = exit::after_result(result.status, self.fine);
        session.tell(&line, || self.entry(result, code.is_none()));
        if let Some(code) = code {
            session.set_exit(code);
        }
        Ok(())
    }

    fn entry(&self, result: &CallResult, ok: bool) -> Json {
        let done = result.status == exit::RESULT_OK;
        let fault = FaultCode::ALL.into_iter().find(|code| code.code() == result.status);
        let reason = self.reasons.iter().find(|(code, _)| code.code() == result.status).map(|(_, reason)| *reason);
        let message = if done { self.done } else { reason.unwrap_or(&result.description) };
        Json::Object(vec![
            ("name", Json::Text(namespec(&result.group, &result.name))),
            ("group", Json::text(&result.group)),
            ("process", Json::text(&result.name)),
            ("action", Json::text(self.name)),
            ("ok", Json::Bool(ok)),
            ("changed", Json::Bool(done)),
            ("fault", Json::or_null(fault.filter(|_| !done).map(FaultCode::name))),
            ("message", Json::text(message)),
        ])
    }

    fn sentence(&self, result: &CallResult) -> Result<String, CtlError> {
        let name = namespec(&result.group, &result.name);
        if result.status == exit::RESULT_OK {
            return Ok(format!("{name}: {}", self.done));
        }
        if self.told_by_daemon.is_some_and(|code| code as i32 == result.status) {
            return Ok(result.description.clone());
        }
        match self.reasons.iter().find(|(code, _)| *code as i32 == result.status) {
            Some((_, reason)) => Ok(format!("{name}: ERROR ({reason})")),
            None => Err(CtlError::UnknownResult { code: result.status, name }),
        }
    }
}
