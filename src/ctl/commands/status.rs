//! `status` (B3.7.10–B3.7.15).

use crate::client::ProcessEntry;
use crate::ctl::{CtlError, Session, exit, print};
use crate::model::{NameSpec, ProcessState};

pub(super) fn run(session: &mut Session, argument: &str) -> Result<(), CtlError> {
    let all = session.proxy()?.all_processes()?;
    let words: Vec<&str> = argument.split_whitespace().collect();
    let shown = if words.is_empty() || words.contains(&"all") {
        all
    } else {
        let selection = select(&all, &words);
        if !selection.unknown.is_empty() {
            session.say_all(&selection.unknown);
            session.set_exit(exit::STATUS_UNKNOWN);
        }
        selection.shown
    };
    session.say_all(&print::status_lines(&shown));
    if shown.iter().any(is_down) {
        session.set_exit(exit::STATUS_NOT_RUNNING);
    }
    Ok(())
}

struct Selection {
    shown: Vec<ProcessEntry>,
    /// A line for each word that fits nothing.
    unknown: Vec<String>,
}

/// What the words mean, in their order and as often as they are given.
fn select(all: &[ProcessEntry], words: &[&str]) -> Selection {
    let mut selection = Selection { shown: Vec::new(), unknown: Vec::new() };
    for word in words {
        let spec = NameSpec::parse(word);
        let fits =
            |p: &&ProcessEntry| p.group == spec.group && spec.process.as_ref().is_none_or(|name| *name == p.name);
        let before = selection.shown.len();
        selection.shown.extend(all.iter().filter(fits).cloned());
        if selection.shown.len() == before {
            selection.unknown.push(match spec.process {
                None => format!("{}: ERROR (no such group)", spec.group),
                Some(_) => format!("{word}: ERROR (no such process)"),
            });
        }
    }
    selection
}

fn is_down(process: &ProcessEntry) -> bool {
    ProcessState::ALL.iter().any(|state| i64::from(state.code()) == process.state && state.is_stopped())
}

#[cfg(test)]
mod tests {
    use super::{is_down, select};
    use crate::client::ProcessEntry;
    use crate::model::ProcessState;

    fn process(group: &str, name: &str, state: ProcessState) -> ProcessEntry {
        ProcessEntry {
            name: name.to_owned(),
            group: group.to_owned(),
            state: state.code().into(),
            statename: state.name().to_owned(),
            description: String::new(),
            pid: 0,
        }
    }

    /// B3.7.12, B3.7.13
    #[test]
    fn words_select_in_their_order_and_unknown_ones_are_named() {
        let up = ProcessState::Running;
        let all = [process("cat", "cat", up), process("g", "a", up), process("g", "b", up)];
        let selection = select(&all, &["g:*", "cat", "g:", "g:b", "g", "x:*", "x:y"]);
        let names: Vec<&str> = selection.shown.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "cat", "a", "b", "b"]);
        assert_eq!(
            selection.unknown,
            ["g: ERROR (no such process)", "x: ERROR (no such group)", "x:y: ERROR (no such process)"]
        );
    }

    /// B3.7.14
    #[test]
    fn only_stopped_exited_fatal_and_unknown_count_as_down() {
        let down: Vec<&str> =
            ProcessState::ALL.iter().filter(|s| is_down(&process("p", "p", **s))).map(|s| s.name()).collect();
        assert_eq!(down, ["STOPPED", "EXITED", "FATAL", "UNKNOWN"]);
    }
}
