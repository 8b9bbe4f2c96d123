//! Columns and sentences as upstream prints them. Makes lines, writes none.

use super::style::{Colour, Style};
use crate::client::{ConfigEntry, ProcessEntry};
use crate::model::namespec;

/// Width of the name column that short names get (B3.7.10).
const NAME_WIDTH: usize = 30;
/// Width of the state column.
const STATE_WIDTH: usize = 10;
/// Width of the screen that topics are laid out for (B3.7.116).
const SCREEN_WIDTH: usize = 79;
/// Blanks between two columns of topics.
const GAP: usize = 2;

/// The lines of `status`: as wide as the longest name shown needs (B3.7.10).
#[must_use]
pub fn status_lines(processes: &[ProcessEntry], style: Style) -> Vec<String> {
    let names: Vec<String> = processes.iter().map(|p| namespec(&p.group, &p.name)).collect();
    let widest = names.iter().map(|name| name.chars().count()).fold(NAME_WIDTH, usize::max);
    let width = widest.saturating_add(3);
    let line = |(name, p): (&String, &ProcessEntry)| {
        let state = style.cell(Colour::of_state(&p.statename), &p.statename, STATE_WIDTH);
        format!("{}{state}{}", style.cell(None, name, width), p.description)
    };
    names.iter().zip(processes).map(line).collect()
}

/// A line of `avail` (B3.7.110).
#[must_use]
pub fn avail_line(config: &ConfigEntry) -> String {
    let name = namespec(&config.group, &config.name);
    let used = if config.inuse { "in use" } else { "avail" };
    let start = if config.autostart { "auto" } else { "manual" };
    format!("{name:<32} {used:<9} {start:<9} {}:{}", config.group_prio, config.process_prio)
}

/// The block that `help` prints: header, rule, topics in columns (B3.7.116).
#[must_use]
pub fn topics(header: &str, topics: &[&str]) -> Vec<String> {
    let mut lines = vec![header.to_owned(), "=".repeat(header.chars().count())];
    lines.extend(columns(topics));
    lines
}

/// Words in columns, read downwards, in as few rows as fit the screen. Every
/// cell is padded, the last one of a row too.
fn columns(words: &[&str]) -> Vec<String> {
    (1..=words.len()).find_map(|rows| columns_of(words, rows)).unwrap_or_default()
}

fn columns_of(words: &[&str], rows: usize) -> Option<Vec<String>> {
    let columns: Vec<&[&str]> = words.chunks(rows).collect();
    let widths: Vec<usize> = columns.iter().map(|column| widest(column)).collect();
    let total = widths.iter().sum::<usize>().saturating_add(GAP.saturating_mul(columns.len().saturating_sub(1)));
    if total > SCREEN_WIDTH && rows < words.len() {
        return None;
    }
    let row = |index: usize| {
        let cells = columns.iter().zip(&widths).filter_map(|(column, width)| {
            let word = column.get(index)?;
            Some(format!("{word:<width$}"))
        });
        cells.collect::<Vec<_>>().join(&" ".repeat(GAP))
    };
    Some((0..rows).map(row).collect())
}

fn widest(words: &[&str]) -> usize {
    words.iter().map(|word| word.chars().count()).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Style, avail_line, status_lines, topics};
    use crate::client::{ConfigEntry, ProcessEntry};

    fn entry(group: &str, name: &str, statename: &str, description: &str) -> ProcessEntry {
        let [group, name, statename, description] = [group, name, statename, description].map(str::to_owned);
        ProcessEntry { name, group, statename, description, ..ProcessEntry::default() }
    }

    /// B3.7.10, B3.7.11
    #[test]
    fn status_columns_are_33_and_10_wide_and_keep_trailing_blanks() {
        let lines = status_lines(
            &[
                entry("cat", "cat", "RUNNING", "pid 8503, uptime 0:00:03"),
                entry("slow", "slow", "STARTING", ""),
                entry("esc", "café0", "STOPPED", "Not started"),
            ],
            Style::PLAIN,
        );
        assert_eq!(
            lines,
            [
                "cat                              RUNNING   pid 8503, uptime 0:00:03",
                "slow                             STARTING  ",
                "esc:café0                        STOPPED   Not started",
            ]
        );
    }

    /// B3.7.10
    #[test]
    fn a_long_name_widens_the_column_for_all() {
        let long = "x".repeat(31);
        let lines = status_lines(&[entry(&long, &long, "FATAL", "d"), entry("a", "a", "FATAL", "d")], Style::PLAIN);
        assert_eq!(lines, [format!("{long}   FATAL     d"), format!("a{}FATAL     d", " ".repeat(33))]);
        let longer = "x".repeat(70_000);
        let [line] = status_lines(&[entry(&longer, &longer, "FATAL", "d")], Style::PLAIN).try_into().unwrap();
        assert_eq!(line.len(), 70_000 + "   FATAL     d".len());
    }

    /// B3.7.110
    #[test]
    fn avail_shows_use_start_and_priorities() {
        let config = ConfigEntry {
            name: "grp_b".to_owned(),
            group: "grp".to_owned(),
            inuse: true,
            autostart: false,
            group_prio: -1,
            process_prio: 999,
        };
        assert_eq!(avail_line(&config), "grp:grp_b                        in use    manual    -1:999");
        let config = ConfigEntry { group: "grp_b".to_owned(), inuse: false, autostart: true, ..config };
        assert_eq!(avail_line(&config), "grp_b                            avail     auto      -1:999");
    }

    /// B3.7.116
    #[test]
    fn topics_stand_in_columns_with_the_last_one_padded() {
        let words = [
            "add", "avail", "clear", "exit", "fg", "maintail", "open", "pid", "quit", "reload", "remove", "reread",
            "restart", "shutdown", "signal", "start", "status", "stop", "tail", "update", "version",
        ];
        let expected = [
            "default commands (type help <topic>):",
            "=====================================",
            "add    exit      open  reload  restart   start   tail   ",
            "avail  fg        pid   remove  shutdown  status  update ",
            "clear  maintail  quit  reread  signal    stop    version",
        ];
        assert_eq!(topics("default commands (type help <topic>):", &words), expected);
    }
}
