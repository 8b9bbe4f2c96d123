//! What the links of the status page do, and what they say of it (B2.11.8–B2.11.11).

use crate::engine::EngineHandle;
use crate::http::percent::Form;
use crate::rpc::{Fault, FaultCode, Request};

/// What a link asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// Nothing but the page again.
    Refresh,
    /// Stop every process.
    StopAll,
    /// Stop and start every process.
    RestartAll,
    /// Something with one process.
    One(Verb, String),
}

/// What is done with one process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Start,
    Stop,
    Restart,
    ClearLog,
}

/// The form asks for an action that there is not, or does not say with what.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnknownAction;

impl Action {
    /// The action of a form, `None` when it has none.
    ///
    /// # Errors
    /// [`UnknownAction`], answered with 400.
    pub(super) fn of(form: &Form) -> Result<Option<Self>, UnknownAction> {
        let verb = match form.get("action") {
            None => return Ok(None),
            Some("refresh") => return Ok(Some(Self::Refresh)),
            Some("stopall") => return Ok(Some(Self::StopAll)),
            Some("restartall") => return Ok(Some(Self::RestartAll)),
            Some("start") => Verb::Start,
            Some("stop") => Verb::Stop,
            Some("restart") => Verb::Restart,
            Some("clearlog") => Verb::ClearLog,
            Some(_) => return Err(UnknownAction),
        };
        let name = form.get("processname").ok_or(UnknownAction)?;
        Ok(Some(Self::One(verb, name.to_owned())))
    }

    /// Does it, waits until it is done, and tells the user; `now` gives the
    /// moment of the end as text.
    pub(super) async fn perform(self, engine: &EngineHandle, now: impl FnOnce() -> String) -> String {
        match self {
            Self::Refresh => format!("Page refreshed at {}", now()),
            Self::StopAll => match engine.call(Request::StopAllProcesses { wait: true }).await {
                Ok(_) => format!("All stopped at {}", now()),
                Err(fault) => unexpected(&fault),
            },
            Self::RestartAll => match restart_all(engine).await {
                Ok(()) => format!("All restarted at {}", now()),
                Err(fault) => unexpected(&fault),
            },
            Self::One(verb, name) => perform_one(verb, name, engine).await,
        }
    }
}

async fn restart_all(engine: &EngineHandle) -> Result<(), Fault> {
    engine.call(Request::StopAllProcesses { wait: true }).await?;
    engine.call(Request::StartAllProcesses { wait: true }).await?;
    Ok(())
}

async fn perform_one(verb: Verb, name: String, engine: &EngineHandle) -> String {
    // `group:*` would start a group; only single processes have rows.
    if let Err(fault) = engine.call(Request::GetProcessInfo(name.clone())).await
        && fault.code == FaultCode::BadName
    {
        return format!("No such process named {name}");
    }
    let start = || engine.call(Request::StartProcess { name: name.clone(), wait: true });
    let stop = || engine.call(Request::StopProcess { name: name.clone(), wait: true });
    match verb {
        Verb::Start => match start().await {
            Ok(_) => format!("Process {name} started"),
            Err(fault) => start_failed(&name, &fault),
        },
        Verb::Stop => match stop().await {
            Ok(_) => format!("Process {name} stopped"),
            Err(fault) => unexpected(&fault),
        },
        Verb::Restart => {
            // It may have ended meanwhile: starting is what counts.
            drop(stop().await);
            match start().await {
                Ok(_) => format!("Process {name} restarted"),
                Err(fault) => start_failed(&name, &fault),
            }
        }
        Verb::ClearLog => match engine.call(Request::ClearProcessLogs(name.clone())).await {
            Ok(_) => format!("Log for {name} cleared"),
            Err(fault) => unexpected(&fault),
        },
    }
}

fn start_failed(name: &str, fault: &Fault) -> String {
    let why = match fault.code {
        FaultCode::NoFile => "no such file".to_owned(),
        FaultCode::NotExecutable => "file not executable".to_owned(),
        FaultCode::AlreadyStarted => "already started".to_owned(),
        FaultCode::SpawnError => "spawn error".to_owned(),
        FaultCode::AbnormalTermination => "abnormal termination".to_owned(),
        _ => unexpected(fault),
    };
    format!("ERROR: Process {name}: {why}")
}

/// A refusal that has no words of its own on the pages.
pub(super) fn unexpected(fault: &Fault) -> String {
    format!("unexpected rpc fault [{}] {}", fault.code.code(), fault.text())
}

#[cfg(test)]
mod tests {
    use super::{Action, UnknownAction, Verb, start_failed};
    use crate::http::percent::Form;
    use crate::rpc::{Fault, FaultCode};

    fn action(query: &str) -> Result<Option<Action>, UnknownAction> {
        Action::of(&Form::read(Some(query), b""))
    }

    /// B2.11.11
    #[test]
    fn actions_without_sense_are_refused() {
        assert_eq!(action("processname=x"), Ok(None));
        assert_eq!(action("action=stopall"), Ok(Some(Action::StopAll)));
        assert_eq!(
            action("action=clearlog&processname=g%3Ap"),
            Ok(Some(Action::One(Verb::ClearLog, "g:p".to_owned())))
        );
        for query in ["action=zap", "action=zap&processname=x", "action=start", "action=start&processname="] {
            assert_eq!(action(query), Err(UnknownAction), "{query}");
        }
    }

    /// B2.11.10
    #[test]
    fn failed_starts_are_told_in_words() {
        let told = |code| start_failed("x", &Fault { code, extra: None });
        assert_eq!(told(FaultCode::NoFile), "ERROR: Process x: no such file");
        assert_eq!(told(FaultCode::NotExecutable), "ERROR: Process x: file not executable");
        assert_eq!(told(FaultCode::AlreadyStarted), "ERROR: Process x: already started");
        assert_eq!(told(FaultCode::SpawnError), "ERROR: Process x: spawn error");
        assert_eq!(told(FaultCode::AbnormalTermination), "ERROR: Process x: abnormal termination");
        assert_eq!(told(FaultCode::ShutdownState), "ERROR: Process x: unexpected rpc fault [6] SHUTDOWN_STATE");
    }
}
