//! What a stop left behind: which process groups are looked at when, and what
//! the log says about them. Finds nobody itself.
//!
//! A program's children belong to its process group unless they leave it. When
//! the program has been stopped they should be gone too; those of a group that
//! was killed as a whole die a moment later, so a group that is still there is
//! looked at a second time before anything is said.

use crate::model::{Level, LogLine};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Until the second look.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long a search for pids may take; then the log does without them.
const SEARCH_LIMIT: Duration = Duration::from_secs(2);

/// Processes named in one line.
const NAMED: usize = 10;

/// Processes by group, each with its pid and its name.
pub type Found = BTreeMap<i32, Vec<(i32, String)>>;

/// Groups whose leader was stopped and which were there afterwards.
#[derive(Debug, Default)]
pub struct Survivors {
    /// To be searched, the earliest first. Holds the stops of half a second.
    waiting: VecDeque<Group>,
    /// Being searched.
    searched: Vec<Group>,
}

/// The group of one stopped child.
#[derive(Debug)]
struct Group {
    /// Of the process that was stopped.
    name: String,
    /// The pid of its child, which is the number of the group.
    leader: i32,
    /// When it is to be searched, or when its search has lasted too long.
    at: Duration,
}

impl Survivors {
    /// The group of `leader`, the stopped child of process `name`, is still there.
    pub fn suspect(&mut self, name: String, leader: i32, now: Duration) {
        self.waiting.push_back(Group { name, leader, at: now + PATIENCE });
    }

    /// When there is something to search, or a search takes too long, on the
    /// monotonic clock.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        self.searched.first().or(self.waiting.front()).map(|group| group.at)
    }

    /// Whether nobody is suspected; until then the daemon does not end.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.searched.is_empty()
    }

    /// The groups that are to be searched now, all in one go; none while another
    /// search is under way.
    pub fn search(&mut self, now: Duration) -> Vec<i32> {
        if !self.searched.is_empty() {
            return vec![];
        }
        let due = self.waiting.iter().take_while(|group| group.at <= now).count();
        let at = now + SEARCH_LIMIT;
        self.searched = self.waiting.drain(..due).map(|group| Group { at, ..group }).collect();
        self.searched.iter().map(|group| group.leader).collect()
    }

    /// Whether a search takes too long.
    #[must_use]
    pub fn is_overdue(&self, now: Duration) -> bool {
        self.searched.first().is_some_and(|group| group.at <= now)
    }

    /// The end of a search: a line for each group with a process in it. One that
    /// came to nothing (`None`) leaves what is known: somebody is there.
    #[must_use]
    pub fn found(&mut self, found: Option<&Found>) -> Vec<LogLine> {
        let line = |Group { name, leader, .. }: Group| {
            let who = match found {
                Some(found) => shown(found.get(&leader).filter(|members| !members.is_empty())?),
                None => "processes of its group are".to_owned(),
            };
            Some(LogLine::new(Level::Warn, format!("{name} (pid {leader}): {who} left after the stop")))
        };
        std::mem::take(&mut self.searched).into_iter().filter_map(line).collect()
    }
}

/// `process 13 (sh) of its group is`, or `processes 13 (sh), 14 (cat) of its group are`.
fn shown(members: &[(i32, String)]) -> String {
    let named: Vec<String> = members.iter().take(NAMED).map(|(pid, name)| format!("{pid} ({name})")).collect();
    let more = members.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let (noun, verb) = if members.len() == 1 { ("process", "is") } else { ("processes", "are") };
    format!("{noun} {}{more} of its group {verb}", named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::{Found, SEARCH_LIMIT, Survivors};
    use std::time::Duration;

    fn at(millis: u64) -> Duration {
        Duration::from_secs(1000) + Duration::from_millis(millis)
    }

    fn members(pids: std::ops::Range<i32>) -> Vec<(i32, String)> {
        pids.map(|pid| (pid, "sh".to_owned())).collect()
    }

    fn texts(lines: Vec<crate::model::LogLine>) -> Vec<String> {
        lines.into_iter().map(|line| format!("{} {}", line.level.tag(), line.text)).collect()
    }

    #[test]
    fn a_group_is_given_a_moment_and_then_named_with_who_is_left() {
        let mut survivors = Survivors::default();
        assert_eq!((survivors.deadline(), survivors.is_empty()), (None, true));
        survivors.suspect("web".to_owned(), 12, at(0));
        assert_eq!(survivors.search(at(499)), [0; 0]);
        assert_eq!(survivors.deadline(), Some(at(500)));
        assert_eq!(survivors.search(at(500)), [12]);
        assert!(!survivors.is_empty());
        let lines = survivors.found(Some(&Found::from([(12, members(13..15)), (99, members(1..2))])));
        assert_eq!(
            texts(lines),
            ["WARN web (pid 12): processes 13 (sh), 14 (sh) of its group are left after the stop"]
        );
        assert_eq!((survivors.deadline(), survivors.is_empty()), (None, true));
    }

    #[test]
    fn a_group_that_died_meanwhile_is_not_mentioned() {
        let mut survivors = Survivors::default();
        survivors.suspect("web".to_owned(), 12, at(0));
        survivors.suspect("db".to_owned(), 20, at(1));
        assert_eq!(survivors.search(at(501)), [12, 20]);
        let lines = survivors.found(Some(&Found::from([(12, vec![]), (20, members(21..22))])));
        assert_eq!(texts(lines), ["WARN db (pid 20): process 21 (sh) of its group is left after the stop"]);
    }

    #[test]
    fn a_line_names_the_first_ten_of_a_crowd() {
        let mut survivors = Survivors::default();
        survivors.suspect("web".to_owned(), 12, at(0));
        survivors.search(at(500));
        let lines = texts(survivors.found(Some(&Found::from([(12, members(100..5000))]))));
        assert!(lines[0].ends_with(" 109 (sh) and 4890 more of its group are left after the stop"), "{lines:?}");
    }

    #[test]
    fn groups_that_come_during_a_search_wait_for_the_next() {
        let mut survivors = Survivors::default();
        survivors.suspect("a".to_owned(), 1, at(0));
        assert_eq!(survivors.search(at(500)), [1]);
        survivors.suspect("b".to_owned(), 2, at(501));
        assert_eq!(survivors.search(at(5000)), [0; 0]);
        assert_eq!(survivors.deadline(), Some(at(500) + SEARCH_LIMIT));
        assert!(survivors.found(Some(&Found::new())).is_empty());
        assert_eq!(survivors.search(at(5000)), [2]);
    }

    #[test]
    fn a_search_without_an_end_is_given_up() {
        let mut survivors = Survivors::default();
        survivors.suspect("web".to_owned(), 12, at(0));
        survivors.search(at(600));
        assert!(!survivors.is_overdue(at(599) + SEARCH_LIMIT));
        assert!(survivors.is_overdue(at(600) + SEARCH_LIMIT));
        let lines = survivors.found(None);
        assert_eq!(texts(lines), ["WARN web (pid 12): processes of its group are left after the stop"]);
        assert!(survivors.is_empty());
    }
}
