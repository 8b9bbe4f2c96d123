//! One active group: who belongs to it, and in which order they move.

use super::input::ProcessId;
use crate::config::GroupConfig;
use crate::model::ProcessState;

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
    pub(crate) members: Vec<ProcessId>,
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
