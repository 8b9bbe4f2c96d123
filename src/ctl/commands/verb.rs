//! What start, stop, signal and clear have in common: `all`, groups and single
//! names, one line per result, and the exit code that follows from it.

use crate::client::answer;
use crate::client::proxy::Answer;
use crate::client::{CallError, CallResult, Proxy};
use crate::ctl::{CtlError, Session, exit, pattern};
use crate::model::{Json, NameSpec, namespec};
use crate::rpc::FaultCode;
use std::collections::{BTreeMap, BTreeSet};

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
    /// The methods for a process and for a group, if several words may be acted
    /// on at once.
    pub(super) at_once: Option<[&'static str; 2]>,
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
        let words = pattern::expand(session, words)?;
        if let (Some(methods), true) = (self.at_once, words.len() > 1 && are_apart(&words)) {
            return self.run_at_once(session, methods, &words);
        }
        for word in &words {
            let spec = NameSpec::parse(word);
            match spec.process {
                None => self.run_group(session, &spec.group)?,
                Some(process) => self.run_one(session, word, spec.group, process)?,
            }
        }
        Ok(())
    }

    /// All calls are made at once; lines come in the order of the words, as if
    /// each had been waited for.
    fn run_at_once(
        &self,
        session: &mut Session,
        [one, group]: [&'static str; 2],
        words: &[String],
    ) -> Result<(), CtlError> {
        let specs: Vec<NameSpec> = words.iter().map(|word| NameSpec::parse(word)).collect();
        let call = |(spec, word): (&NameSpec, &String)| match spec.process {
            None => (group, spec.group.clone()),
            Some(_) => (one, word.clone()),
        };
        let mut calls = session.proxy()?.at_once(specs.iter().zip(words).map(call).collect())?;
        for spec in specs {
            let Some(answer) = calls.next_answer() else { return Ok(()) };
            match spec.process {
                None => self.report_group(session, &spec.group, answer.and_then(|value| answer::results(&value)))?,
                Some(process) => self.report_one(session, spec.group, process, answer.map(drop))?,
            }
        }
        Ok(())
    }

    fn run_group(&self, session: &mut Session, group: &str) -> Result<(), CtlError> {
        let answer = (self.group)(session.proxy()?, group);
        self.report_group(session, group, answer)
    }

    fn report_group(
        &self,
        session: &mut Session,
        group: &str,
        answer: Answer<Vec<CallResult>>,
    ) -> Result<(), CtlError> {
        match answer {
            Ok(results) => results.iter().try_for_each(|result| self.report(session, result)),
            Err(error) if error.is_fault(FaultCode::BadName) => {
                session.say_failed(&format!("{group}:*"), "no such group", &format!("{group}: ERROR (no such group)"));
                session.set_exit(self.unknown_group);
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    fn run_one(&self, session: &mut Session, word: &str, group: String, name: String) -> Result<(), CtlError> {
        let answer = (self.one)(session.proxy()?, word);
        self.report_one(session, group, name, answer)
    }

    fn report_one(
        &self,
        session: &mut Session,
        group: String,
        name: String,
        answer: Answer<()>,
    ) -> Result<(), CtlError> {
        let (status, description) = match answer {
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
        if self.told_by_daemon.is_some_and(|code| code.code() == result.status) {
            return Ok(result.description.clone());
        }
        match self.reasons.iter().find(|(code, _)| code.code() == result.status) {
            Some((_, reason)) => Ok(format!("{name}: ERROR ({reason})")),
            None => Err(CtlError::UnknownResult { code: result.status, name }),
        }
    }
}

/// Whether no two words can mean the same process: only then may they be acted on
/// at once, since `start p p` is a start and a refusal.
fn are_apart(words: &[String]) -> bool {
    let mut seen: BTreeMap<String, BTreeSet<Option<String>>> = BTreeMap::new();
    words.iter().map(|word| NameSpec::parse(word)).all(|spec| {
        let members = seen.entry(spec.group).or_default();
        let whole = spec.process.is_none() || members.contains(&None);
        (members.is_empty() || !whole) && members.insert(spec.process)
    })
}

#[cfg(test)]
mod tests {
    use super::are_apart;

    /// B3.7.3: repeats are done again, one after the other.
    #[test]
    fn words_that_may_mean_the_same_process_are_not_apart() {
        let apart = |words: &[&str]| are_apart(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert!(apart(&["a", "b", "g:p", "g:q", "h:*"]));
        for words in [&["a", "a"][..], &["a", "a:a"], &["g:*", "g:p"], &["g:p", "g:"], &["g:*", "g:*"]] {
            assert!(!apart(words), "{words:?}");
        }
    }
}
