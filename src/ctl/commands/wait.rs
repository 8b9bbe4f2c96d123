//! `wait`: until processes are as somebody needs them. The API has no call for
//! it, so the states are looked at again and again, with any daemon.

use crate::client::ProcessEntry;
use crate::ctl::{CtlError, Session, exit, pattern, span};
use crate::model::{NameSpec, ProcessState, namespec};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Between two looks.
const BEAT: Duration = Duration::from_millis(100);

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goal {
    Running,
    Stopped,
    Exited,
}

/// How a process stands to the goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Reached,
    Pending,
    /// It will not come by itself.
    Hopeless,
}

/// What the words mean.
#[derive(Debug, PartialEq, Eq)]
struct Request<'a> {
    names: Vec<&'a str>,
    goal: Goal,
    timeout: Option<Duration>,
}

impl Goal {
    const ALL: [(&'static str, Self); 3] =
        [("running", Self::Running), ("stopped", Self::Stopped), ("exited", Self::Exited)];

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find_map(|(name, goal)| (name == word).then_some(goal))
    }

    fn name(self) -> &'static str {
        Self::ALL.into_iter().find_map(|(name, goal)| (goal == self).then_some(name)).unwrap_or_default()
    }

    /// `pid_before` is the child at the first look, 0 for none.
    fn judge(self, state: ProcessState, pid: i64, pid_before: i64) -> Verdict {
        let reached = match self {
            Self::Running => state == ProcessState::Running,
            Self::Stopped => state.is_stopped(),
            Self::Exited => state == ProcessState::Exited || (pid_before > 0 && pid != pid_before),
        };
        match (self, state) {
            _ if reached => Verdict::Reached,
            (Self::Running | Self::Exited, ProcessState::Fatal) => Verdict::Hopeless,
            _ => Verdict::Pending,
        }
    }
}

pub(super) fn run(session: &mut Session, argument: &str) -> Result<(), CtlError> {
    let words: Vec<&str> = argument.split_whitespace().collect();
    let request = match parse(&words) {
        Ok(request) => request,
        Err(sentence) => return session.misuse(&sentence, "wait"),
    };
    match wait(session, &request) {
        // in the shell; a single command ends with the signal
        Err(CtlError::Interrupted) => {
            session.say("");
            session.set_exit(exit::INTERRUPTED);
            Ok(())
        }
        result => result,
    }
}

/// Looks until all are there, or time is over.
fn wait(session: &mut Session, request: &Request<'_>) -> Result<(), CtlError> {
    let begun = Instant::now();
    let mut all = session.proxy()?.all_processes()?;
    let mut missing = choose(session, &request.names, &all);
    loop {
        settle(session, request.goal, &mut missing, &all);
        if missing.is_empty() {
            return Ok(());
        }
        if request.timeout.is_some_and(|timeout| begun.elapsed() >= timeout) {
            for process in all.iter().filter(|p| missing.contains_key(&namespec(&p.group, &p.name))) {
                session.say(&format!(
                    "{}: ERROR (still {})",
                    namespec(&process.group, &process.name),
                    process.statename
                ));
            }
            session.set_exit(exit::TIMED_OUT);
            return Ok(());
        }
        session.pause(BEAT)?;
        all = session.proxy()?.all_processes()?;
    }
}

/// The processes that are meant, each with its pid; unknown words are told.
fn choose(session: &mut Session, words: &[&str], all: &[ProcessEntry]) -> BTreeMap<String, i64> {
    let mut chosen = BTreeMap::new();
    for word in words.iter().flat_map(|word| pattern::expand_word(word, all)) {
        let spec = NameSpec::parse(&word);
        let mut meant = all.iter().filter(|process| word == "all" || pattern::is_meant(&spec, process)).peekable();
        if meant.peek().is_none() && word != "all" {
            session.say(&format!("{word}: ERROR (no such process)"));
            session.set_exit(exit::GENERIC);
        }
        chosen.extend(meant.map(|process| (namespec(&process.group, &process.name), process.pid)));
    }
    chosen
}

/// Tells of those that are there or will never be, and forgets them. One that
/// has left the configuration is stopped for good.
fn settle(session: &mut Session, goal: Goal, missing: &mut BTreeMap<String, i64>, all: &[ProcessEntry]) {
    let by_name: BTreeMap<String, &ProcessEntry> = all.iter().map(|p| (namespec(&p.group, &p.name), p)).collect();
    missing.retain(|name, pid_before| {
        let process = by_name.get(name);
        let (state, pid) =
            process.map_or((Some(ProcessState::Stopped), 0), |p| (ProcessState::from_name(&p.statename), p.pid));
        let state = state.unwrap_or(ProcessState::Unknown);
        match (goal.judge(state, pid, *pid_before), process) {
            (Verdict::Pending, Some(_)) => return true,
            (Verdict::Reached, _) => session.say(&format!("{name}: {}", goal.name())),
            (Verdict::Hopeless, _) => {
                session.say(&format!("{name}: ERROR ({})", state.name()));
                session.set_exit(exit::NOT_RUNNING);
            }
            (Verdict::Pending, None) => {
                session.say(&format!("{name}: ERROR (no such process any more)"));
                session.set_exit(exit::GENERIC);
            }
        }
        false
    });
}

fn parse<'a>(words: &[&'a str]) -> Result<Request<'a>, String> {
    let mut request = Request { names: Vec::new(), goal: Goal::Running, timeout: None };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (flag, value) = match word.split_once('=') {
            Some((flag, value)) => (flag, Some(value)),
            None => (*word, None),
        };
        match flag {
            "--for" => {
                let value = value.or_else(|| words.next().copied()).unwrap_or_default();
                request.goal = Goal::parse(value)
                    .ok_or_else(|| format!("Error: bad state {value:?}, it is running, stopped or exited"))?;
            }
            "--timeout" => {
                let value = value.or_else(|| words.next().copied()).unwrap_or_default();
                request.timeout =
                    Some(span::parse(value).ok_or_else(|| format!("Error: bad time {value:?}, it is one like 10s"))?);
            }
            _ if word.starts_with('-') => return Err(format!("Error: bad argument {word}")),
            _ => request.names.push(word),
        }
    }
    if request.names.is_empty() { Err("Error: wait requires a process name".to_owned()) } else { Ok(request) }
}

#[cfg(test)]
mod tests {
    use super::{Goal, Request, Verdict, parse};
    use crate::model::ProcessState;
    use std::time::Duration;

    #[test]
    fn words_name_processes_goal_and_time() {
        let request = |names: &[&'static str], goal, timeout| Ok(Request { names: names.to_vec(), goal, timeout });
        assert_eq!(parse(&["a", "g:*"]), request(&["a", "g:*"], Goal::Running, None));
        let ten = Some(Duration::from_secs(10));
        assert_eq!(parse(&["--for=stopped", "a", "--timeout=10s"]), request(&["a"], Goal::Stopped, ten));
        assert_eq!(parse(&["--for", "exited", "--timeout", "10", "a"]), request(&["a"], Goal::Exited, ten));
        for bad in
            [&[][..], &["--for=up", "a"], &["--timeout=x", "a"], &["--timeout"], &["-x", "a"], &["--for=running"]]
        {
            assert!(parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn each_state_reaches_its_goal_or_never_will() {
        use ProcessState::{Backoff, Exited, Fatal, Running, Starting, Stopped, Stopping};
        let of = |goal: Goal, verdict| {
            let judged = |state: &ProcessState| goal.judge(*state, 0, 0) == verdict;
            ProcessState::ALL
                .into_iter()
                .filter(|state| *state != ProcessState::Unknown)
                .filter(judged)
                .collect::<Vec<_>>()
        };
        assert_eq!(of(Goal::Running, Verdict::Reached), [Running]);
        assert_eq!(of(Goal::Running, Verdict::Hopeless), [Fatal]);
        assert_eq!(of(Goal::Stopped, Verdict::Reached), [Stopped, Exited, Fatal]);
        assert_eq!(of(Goal::Stopped, Verdict::Pending), [Starting, Running, Backoff, Stopping]);
        assert_eq!(of(Goal::Exited, Verdict::Reached), [Exited]);
        assert_eq!(of(Goal::Exited, Verdict::Hopeless), [Fatal]);
    }

    #[test]
    fn an_exit_is_seen_though_the_process_runs_again() {
        assert_eq!(Goal::Exited.judge(ProcessState::Running, 7, 7), Verdict::Pending);
        assert_eq!(Goal::Exited.judge(ProcessState::Running, 8, 7), Verdict::Reached);
        assert_eq!(Goal::Exited.judge(ProcessState::Backoff, 0, 7), Verdict::Reached);
        assert_eq!(Goal::Exited.judge(ProcessState::Running, 8, 0), Verdict::Pending);
    }
}
