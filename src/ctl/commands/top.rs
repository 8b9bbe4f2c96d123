//! `top`: a table that is drawn anew every other second, until `q` or Ctrl-C.
//! Without a terminal, or with `-1`, it is printed once.

use crate::client::ProcessEntry;
use crate::client::answer::UsageEntry;
use crate::ctl::input::{Woken, wait_for_any};
use crate::ctl::screen::{self, Keys};
use crate::ctl::style::{Colour, Style};
use crate::ctl::{CtlError, Session, exit, pattern};
use crate::model::{NameSpec, Signal, namespec};
use crate::rpc::FaultCode;
use crate::sys::terminal;
use crate::sys::watch::SignalWatch;
use std::collections::HashMap;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// Between two looks.
const BEAT: Duration = Duration::from_secs(2);
/// Between the two looks of a table that is printed once: the share of a
/// processor is a difference.
const FIRST_BEAT: Duration = Duration::from_millis(500);
/// Lines of a screen that does not tell its size.
const USUAL_LINES: usize = 24;
/// Width of the same.
const USUAL_COLUMNS: usize = 80;
/// Width of the longest state.
const STATE_WIDTH: usize = 8;

/// One look at everything.
struct Look {
    at: Instant,
    processes: Vec<ProcessEntry>,
    usages: HashMap<(String, String), UsageEntry>,
}

/// A line of the table.
#[derive(Debug, PartialEq)]
struct Row {
    name: String,
    state: String,
    pid: i64,
    uptime: Option<i64>,
    /// Percent of one processor since the look before.
    cpu: Option<f64>,
    /// Bytes.
    rss: Option<i64>,
    restarts: i64,
}

/// By what rows are sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Name,
    Cpu,
    Memory,
}

pub(super) fn run(session: &mut Session, argument: &str) -> Result<(), CtlError> {
    let mut words: Vec<&str> = argument.split_whitespace().collect();
    let once = words.contains(&"-1");
    words.retain(|word| *word != "-1");
    if let Some(bad) = words.iter().find(|word| word.starts_with('-')) {
        return session.misuse(&format!("Error: bad argument {bad}"), "top");
    }
    if words.contains(&"all") {
        words.clear();
    }
    let first = match look(session) {
        Ok(first) => first,
        Err(CtlError::Call(error)) if error.is_fault(FaultCode::UnknownMethod) => {
            session.say("ERROR: this daemon does not tell what processes use");
            session.set_exit(exit::UNIMPLEMENTED_FEATURE);
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let mut names = Vec::new();
    for word in words.iter().flat_map(|word| pattern::expand_word(word, &first.processes)) {
        let spec = NameSpec::parse(&word);
        if first.processes.iter().any(|process| pattern::is_meant(&spec, process)) {
            names.push(spec);
        } else {
            session.say(&format!("{word}: ERROR (no such process)"));
            session.set_exit(exit::GENERIC);
        }
    }
    if names.is_empty() && !words.is_empty() {
        return Ok(());
    }
    if once || !session.is_on_terminal() {
        session.pause(FIRST_BEAT)?;
        let second = look(session)?;
        let lines = table(&rows(&first, &second, &names), session.style, Order::Name);
        session.say_all(&lines);
        return Ok(());
    }
    let result = draw(session, first, &names);
    session.pass_on(screen::LEAVE.as_bytes())?;
    match result {
        // somebody had enough of a daemon that does not answer
        Err(CtlError::Interrupted) => Ok(()),
        result => result,
    }
}

/// Draws until somebody has enough.
fn draw(session: &mut Session, mut before: Look, names: &[NameSpec]) -> Result<(), CtlError> {
    let watch = SignalWatch::new(&[Signal::INT, Signal::TERM, Signal::HUP])?;
    session.end_calls_by(&watch)?;
    let mut keys = Keys::take()?;
    let mut order = Order::Name;
    let mut beat = FIRST_BEAT;
    session.pass_on(screen::ENTER.as_bytes())?;
    let mut shown = rows(&before, &before, names);
    loop {
        session.pass_on(picture(&shown, session.style, order).as_bytes())?;
        match wait_for_any(&[watch.as_fd(), keys.as_fd()], session.reader(), beat)? {
            Woken::Nobody => {
                let now = look(session)?;
                shown = rows(&before, &now, names);
                (before, beat) = (now, BEAT);
            }
            Woken::By(0) | Woken::Deaf => return Ok(()),
            Woken::By(_) => {
                let pressed = keys.read()?;
                if pressed.is_empty() || pressed.contains(&b'q') {
                    return Ok(());
                }
                order = pressed.iter().rev().find_map(|key| Order::of_key(*key)).unwrap_or(order);
            }
        }
    }
}

impl Order {
    fn of_key(key: u8) -> Option<Self> {
        match key.to_ascii_lowercase() {
            b'n' => Some(Self::Name),
            b'c' => Some(Self::Cpu),
            b'm' => Some(Self::Memory),
            _ => None,
        }
    }

    fn sort(self, rows: &mut [&Row]) {
        match self {
            Self::Name => {}
            Self::Cpu => rows.sort_by(|a, b| b.cpu.unwrap_or(-1.0).total_cmp(&a.cpu.unwrap_or(-1.0))),
            Self::Memory => rows.sort_by_key(|row| std::cmp::Reverse(row.rss)),
        }
    }
}

fn look(session: &mut Session) -> Result<Look, CtlError> {
    let usages = session.proxy()?.all_usages()?;
    let processes = session.proxy()?.all_processes()?;
    let usages = usages.into_iter().map(|usage| ((usage.group.clone(), usage.name.clone()), usage)).collect();
    Ok(Look { at: Instant::now(), processes, usages })
}

/// The rows of those that are meant; all without a name.
fn rows(before: &Look, now: &Look, names: &[NameSpec]) -> Vec<Row> {
    let span = now.at.duration_since(before.at).as_secs_f64();
    let row = |process: &ProcessEntry| {
        let key = (process.group.clone(), process.name.clone());
        let usage = now.usages.get(&key).filter(|usage| usage.pid > 0);
        let earlier = before.usages.get(&key).filter(|earlier| usage.is_some_and(|usage| usage.pid == earlier.pid));
        let share = |usage: &UsageEntry, earlier: &UsageEntry| (usage.cpu - earlier.cpu).max(0.0) / span * 100.0;
        let starts = now.usages.get(&key).map_or(0, |usage| usage.starts);
        Row {
            name: namespec(&process.group, &process.name),
            state: process.statename.clone(),
            pid: process.pid,
            uptime: process.uptime(),
            cpu: usage.zip(earlier).filter(|_| span > 0.0).map(|(usage, earlier)| share(usage, earlier)),
            rss: usage.map(|usage| usage.rss),
            restarts: starts.saturating_sub(1).max(0),
        }
    };
    let is_shown =
        |process: &&ProcessEntry| names.is_empty() || names.iter().any(|name| pattern::is_meant(name, process));
    now.processes.iter().filter(is_shown).map(row).collect()
}

/// What fills the screen, and no more.
fn picture(rows: &[Row], style: Style, order: Order) -> String {
    let (lines, columns) = terminal::size().unwrap_or((USUAL_LINES, USUAL_COLUMNS));
    let running = rows.iter().filter(|row| row.state == "RUNNING").count();
    let head = format!("{running} of {} running; sort by n(ame), c(pu), m(emory); q(uit)", rows.len());
    let mut all = vec![cut(&head, columns)];
    all.extend(table(rows, style, order));
    let hidden = all.len().saturating_sub(lines);
    if hidden > 0 {
        all.truncate(lines.saturating_sub(1));
        all.push(cut(&format!("... and {} more", hidden.saturating_add(1)), columns));
    }
    screen::frame(&all)
}

fn cut(line: &str, columns: usize) -> String {
    line.chars().take(columns).collect()
}

fn table(rows: &[Row], style: Style, order: Order) -> Vec<String> {
    let mut sorted: Vec<&Row> = rows.iter().collect();
    order.sort(&mut sorted);
    let width = rows.iter().map(|row| row.name.chars().count()).fold(4, usize::max);
    let name = |name| style.cell(None, name, width);
    let mut lines = vec![format!(
        "{}  {:<STATE_WIDTH$} {:>8} {:>12} {:>6} {:>8} {:>8}",
        name("NAME"),
        "STATE",
        "PID",
        "UPTIME",
        "CPU%",
        "RSS",
        "RESTARTS"
    )];
    lines.extend(sorted.into_iter().map(|row| {
        let state = style.cell(Colour::of_state(&row.state), &row.state, STATE_WIDTH);
        let dash = || "-".to_owned();
        let pid = if row.pid > 0 { row.pid.to_string() } else { dash() };
        let uptime = row.uptime.map_or_else(dash, span);
        let cpu = row.cpu.map_or_else(dash, |share| format!("{share:.1}"));
        let rss = row.rss.map_or_else(dash, size);
        format!("{}  {state} {pid:>8} {uptime:>12} {cpu:>6} {rss:>8} {:>8}", name(&row.name), row.restarts)
    }));
    lines
}

/// `3d 04:05:06`
fn span(seconds: i64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let clock = format!("{:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60);
    if days > 0 { format!("{days}d {clock}") } else { clock }
}

/// `12.3M`
fn size(bytes: i64) -> String {
    let mut number = bytes as f64;
    for unit in ["", "K", "M", "G", "T"] {
        if number < 1000.0 {
            return if unit.is_empty() { format!("{number:.0}") } else { format!("{number:.1}{unit}") };
        }
        number /= 1024.0;
    }
    format!("{number:.0}P")
}

#[cfg(test)]
mod tests {
    use super::{Look, NameSpec, Order, Style, UsageEntry, rows, size, span, table};
    use crate::client::ProcessEntry;
    use std::time::{Duration, Instant};

    fn look(at: Instant, cpu: f64, pid: i64) -> Look {
        let process = |name: &str, statename: &str, pid| ProcessEntry {
            name: name.to_owned(),
            group: "g".to_owned(),
            statename: statename.to_owned(),
            pid,
            start: 1000,
            now: 1090,
            ..ProcessEntry::default()
        };
        let usage = |name: &str, pid, cpu, starts| {
            let usage = UsageEntry { group: "g".to_owned(), name: name.to_owned(), pid, starts, cpu, rss: 2048 };
            (("g".to_owned(), name.to_owned()), usage)
        };
        Look {
            at,
            processes: vec![process("a", "RUNNING", pid), process("b", "STOPPED", 0)],
            usages: [usage("a", pid, cpu, 3), usage("b", 0, 0.0, 0)].into(),
        }
    }

    #[test]
    fn the_share_of_a_processor_is_a_difference_of_one_child() {
        let begun = Instant::now();
        let later = begun + Duration::from_secs(2);
        let shown = rows(&look(begun, 1.0, 7), &look(later, 2.0, 7), &[]);
        assert_eq!((shown[0].cpu, shown[0].uptime, shown[0].restarts), (Some(50.0), Some(90), 2));
        assert_eq!((shown[1].cpu, shown[1].rss, shown[1].restarts), (None, None, 0));
        assert_eq!(rows(&look(begun, 1.0, 7), &look(later, 2.0, 8), &[])[0].cpu, None);
        assert_eq!(rows(&look(begun, 1.0, 7), &look(later, 2.0, 7), &[NameSpec::parse("g:b")]).len(), 1);
    }

    #[test]
    fn a_table_has_a_head_and_a_dash_for_what_is_not_there() {
        let begun = Instant::now();
        let shown = rows(&look(begun, 1.0, 7), &look(begun + Duration::from_secs(1), 1.25, 7), &[]);
        let expected = [
            "NAME  STATE         PID       UPTIME   CPU%      RSS RESTARTS",
            "g:a   RUNNING         7     00:01:30   25.0     2.0K        2",
            "g:b   STOPPED         -            -      -        -        0",
        ];
        assert_eq!(table(&shown, Style::PLAIN, Order::Name), expected);
        assert_eq!(table(&shown, Style::PLAIN, Order::Memory)[1], expected[1]);
    }

    #[test]
    fn spans_and_sizes_are_short() {
        assert_eq!((span(59), span(90_061)), ("00:00:59".to_owned(), "1d 01:01:01".to_owned()));
        assert_eq!([0, 999, 1000, 5_000_000].map(size), ["0", "999", "1.0K", "4.8M"]);
    }
}
