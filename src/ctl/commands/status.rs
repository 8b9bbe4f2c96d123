//! `status` (B3.7.10–B3.7.15).

use crate::client::ProcessEntry;
use crate::ctl::{CtlError, Session, exit, pattern, print};
use crate::model::{Json, NameSpec, ProcessState, namespec};

pub(super) fn run(session: &mut Session, argument: &str) -> Result<(), CtlError> {
    let all = session.proxy()?.all_processes()?;
    let words: Vec<&str> = argument.split_whitespace().collect();
    let shown = if words.is_empty() || words.contains(&"all") {
        all
    } else {
        let names: Vec<String> = words.iter().flat_map(|word| pattern::expand_word(word, &all)).collect();
        let selection = select(&all, &names);
        for Unknown { name, why } in &selection.unknown {
            session.say_failed(name, why, &format!("{name}: ERROR ({why})"));
            session.set_exit(exit::STATUS_UNKNOWN);
        }
        selection.shown
    };
    let style = session.style;
    session.tell_all(|| print::status_lines(&shown, style), shown.iter().map(entry));
    if shown.iter().any(is_down) {
        session.set_exit(exit::STATUS_NOT_RUNNING);
    }
    Ok(())
}

fn entry(process: &ProcessEntry) -> Json {
    let time = |epoch: i64| Json::or_null(Some(epoch).filter(|epoch| *epoch > 0));
    Json::Object(vec![
        ("name", Json::Text(namespec(&process.group, &process.name))),
        ("group", Json::text(&process.group)),
        ("process", Json::text(&process.name)),
        ("state", Json::text(&process.statename)),
        ("state_code", Json::Int(process.state)),
        ("description", Json::text(&process.description)),
        ("pid", Json::or_null(Some(process.pid).filter(|pid| *pid > 0))),
        ("uptime", Json::or_null(process.uptime())),
        ("started_at", time(process.start)),
        ("ended_at", time(process.stop)),
        ("exit_status", Json::or_null(Some(process.exitstatus).filter(|_| process.stop > 0))),
        ("spawn_error", Json::or_null(Some(process.spawnerr.as_str()).filter(|text| !text.is_empty()))),
        ("stdout_logfile", Json::or_null(Some(process.stdout_logfile.as_str()).filter(|path| !path.is_empty()))),
        ("stderr_logfile", Json::or_null(Some(process.stderr_logfile.as_str()).filter(|path| !path.is_empty()))),
    ])
}

struct Selection {
    shown: Vec<ProcessEntry>,
    /// The words that fit nothing.
    unknown: Vec<Unknown>,
}

#[derive(Debug, PartialEq, Eq)]
struct Unknown {
    name: String,
    why: &'static str,
}

/// What the words mean, in their order and as often as they are given.
fn select(all: &[ProcessEntry], words: &[String]) -> Selection {
    let mut selection = Selection { shown: Vec::new(), unknown: Vec::new() };
    for word in words {
        let spec = NameSpec::parse(word);
        let before = selection.shown.len();
        selection.shown.extend(all.iter().filter(|process| pattern::is_meant(&spec, process)).cloned());
        if selection.shown.len() == before {
            selection.unknown.push(match spec.process {
                None => Unknown { name: spec.group, why: "no such group" },
                Some(_) => Unknown { name: word.clone(), why: "no such process" },
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
            ..ProcessEntry::default()
        }
    }

    /// B3.7.12, B3.7.13
    #[test]
    fn words_select_in_their_order_and_unknown_ones_are_named() {
        let up = ProcessState::Running;
        let all = [process("cat", "cat", up), process("g", "a", up), process("g", "b", up)];
        let words = ["g:*", "cat", "g:", "g:b", "g", "x:*", "x:y"].map(str::to_owned);
        let selection = select(&all, &words);
        let names: Vec<&str> = selection.shown.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "cat", "a", "b", "b"]);
        let unknown: Vec<(&str, &str)> = selection.unknown.iter().map(|u| (u.name.as_str(), u.why)).collect();
        assert_eq!(unknown, [("g", "no such process"), ("x", "no such group"), ("x:y", "no such process")]);
    }

    /// B3.7.14
    #[test]
    fn only_stopped_exited_fatal_and_unknown_count_as_down() {
        let down: Vec<&str> =
            ProcessState::ALL.iter().filter(|s| is_down(&process("p", "p", **s))).map(|s| s.name()).collect();
        assert_eq!(down, ["STOPPED", "EXITED", "FATAL", "UNKNOWN"]);
    }
}
