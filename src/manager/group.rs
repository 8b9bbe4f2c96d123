//! One active group: who belongs to it, and in which order they move.

use super::input::ProcessId;
use crate::config::GroupConfig;
use crate::model::ProcessState;
use std::collections::HashMap;

/// Names a group for as long as the daemon lives; ascends in the order of
/// activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct GroupId(pub(crate) u32);

/// An active group.
#[derive(Debug)]
pub(crate) struct Group {
    /// Its settings when it became active.
    pub(crate) config: GroupConfig,
    /// Its processes in starting order (A4.88).
    members: Vec<ProcessId>,
    /// The same by name, which clients know them by.
    by_name: HashMap<String, ProcessId>,
    /// How many of them are not stopped (A4.2). Counted as they change, since a
    /// shutdown asks after every exit.
    unstopped: usize,
}

impl Group {
    /// A group without members.
    pub(super) fn new(config: GroupConfig) -> Self {
        Self { config, members: vec![], by_name: HashMap::new(), unstopped: 0 }
    }

    /// Adds a process behind the others.
    pub(super) fn admit(&mut self, id: ProcessId, name: &str, state: ProcessState) {
        self.members.push(id);
        self.by_name.insert(name.to_owned(), id);
        self.unstopped += usize::from(!state.is_stopped());
    }

    /// Its processes in starting order (A4.88).
    pub(super) fn members(&self) -> &[ProcessId] {
        &self.members
    }

    /// The process of that name.
    pub(super) fn named(&self, name: &str) -> Option<ProcessId> {
        self.by_name.get(name).copied()
    }

    /// Takes note that a member went from one state to another.
    pub(super) fn member_changed(&mut self, from: ProcessState, to: ProcessState) {
        match (from.is_stopped(), to.is_stopped()) {
            (true, false) => self.unstopped += 1,
            (false, true) => self.unstopped = self.unstopped.saturating_sub(1),
            _ => {}
        }
    }

    /// How many members are not stopped (A4.2).
    pub(super) fn unstopped(&self) -> usize {
        self.unstopped
    }
}

/// A member as orderings see it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    pub(super) id: ProcessId,
    pub(super) priority: i64,
    pub(super) state: ProcessState,
}

/// Members by priority, ties in starting order: how calls act on a group (B1.6.15).
pub(super) fn ascending(mut members: Vec<Standing>) -> Vec<Standing> {
    members.sort_by_key(|member| member.priority);
    members
}

/// The reverse, ties reversed too: how a shutdown stops a group (A4.91).
pub(super) fn descending(members: Vec<Standing>) -> Vec<Standing> {
    let mut members = ascending(members);
    members.reverse();
    members
}
