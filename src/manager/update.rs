//! Which groups are active: adding, removing, and what a reread found (B1.11).

use super::group::{Group, GroupId};
use super::info::Reread;
use super::input::{Action, Input, ProcessId};
use super::pool::Pool;
use super::refusal::Refusal;
use super::{Manager, Member, Process};
use crate::config::{GroupConfig, GroupKind, diff};
use std::collections::HashMap;
use std::time::Duration;

impl Manager {
    /// Makes a group active: its processes exist from here on, stopped. Returns
    /// them in the order of `config`, for the engine to tell where they log;
    /// `None` when a group of that name is active already (A4.98).
    pub fn add_group(&mut self, config: GroupConfig, out: &mut Vec<Action>) -> Option<Vec<ProcessId>> {
        if self.group_named(&config.name).is_some() {
            return None;
        }
        let id = GroupId(self.next_group);
        self.next_group = self.next_group.wrapping_add(1);
        let mut group = Group::new(config);
        for (place, config) in group.config.processes.clone().into_iter().enumerate() {
            let member = ProcessId(self.next_process);
            self.next_process = self.next_process.wrapping_add(1);
            let process = Process::new(config);
            group.admit(member, &process.config.name, process.state);
            self.members.insert(member, Member::new(id, place, process));
        }
        let name = group.config.name.clone();
        let members = group.members().to_vec();
        self.by_name.insert(name.clone(), id);
        self.pools.extend(self.pool_of(&group.config, &members).map(|pool| (id, pool)));
        self.groups.insert(id, group);
        self.group_added(&name, out);
        if self.booted {
            out.extend(members.iter().map(|member| Action::Then(Input::Autostart(*member))));
        }
        Some(members)
    }

    /// Makes a group inactive. Returns its processes, for the engine to let go
    /// of what they hold.
    ///
    /// # Errors
    /// `BadName` when it is not active, `StillRunning` when a member has not
    /// stopped (B1.11.10).
    pub fn remove_group(&mut self, name: &str, out: &mut Vec<Action>) -> Result<Vec<ProcessId>, Refusal> {
        let id = self.group_named(name).ok_or_else(|| Refusal::BadName(name.to_owned()))?;
        if self.groups.get(&id).is_some_and(|group| group.unstopped() > 0) {
            return Err(Refusal::StillRunning(name.to_owned()));
        }
        self.by_name.remove(name);
        let members = self.groups.remove(&id).map(|group| group.members().to_vec()).unwrap_or_default();
        for member in &members {
            self.deadlines.remove(*member);
            for ticket in self.waits.asking(*member) {
                // Behind all that came to an end of its own.
                let refusal = Err(Refusal::BadName(name.to_owned()));
                self.waits.settle(ticket, *member, refusal, Duration::MAX, out);
            }
            // A child lost in UNKNOWN may still be alive; it is a stranger now.
            if let Some(pid) = self.members.remove(member).and_then(|gone| gone.process.pid) {
                self.pids.remove(&pid);
            }
        }
        self.pool_ends(id, out);
        self.group_removed(name, out);
        Ok(members)
    }

    /// The queue of events of a group that is a pool of listeners.
    pub(super) fn pool_of(&self, config: &GroupConfig, members: &[ProcessId]) -> Option<Pool> {
        let GroupKind::Listeners { buffer_size, events, len_unit } = &config.kind else { return None };
        let names = members.iter().filter_map(|id| self.process(*id)).map(|process| process.config.name.clone());
        Some(Pool::new(config.name.clone(), *buffer_size, events.clone(), *len_unit, names.collect()))
    }

    /// Takes note of a configuration that was read, and says how it differs
    /// from what is active (B1.11.1–B1.11.5). Changes no process.
    pub fn reread(&mut self, read: Vec<GroupConfig>) -> Reread {
        self.read_by_name = places(&read);
        self.read = read;
        let mut found = Reread::default();
        for config in &self.read {
            match self.group_named(&config.name).and_then(|id| self.groups.get(&id)) {
                None => found.added.push(config.name.clone()),
                Some(active) => {
                    let reasons = diff::changed(&active.config, config);
                    if !reasons.is_empty() {
                        found.changed.push((config.name.clone(), reasons));
                    }
                }
            }
        }
        let gone = |group: &&Group| !self.read_by_name.contains_key(&group.config.name);
        found.removed = self.groups.values().filter(gone).map(|group| group.config.name.clone()).collect();
        found
    }

    /// The group of that name in the last configuration that was read.
    #[must_use]
    pub fn read_group(&self, name: &str) -> Option<&GroupConfig> {
        self.read.get(*self.read_by_name.get(name)?)
    }

    /// The groups that are active, as they are.
    pub fn active(&self) -> impl Iterator<Item = &GroupConfig> {
        self.groups.values().map(|group| &group.config)
    }

    /// The last configuration that was read.
    #[must_use]
    pub fn last_read(&self) -> &[GroupConfig] {
        &self.read
    }
}

/// Where each group of a configuration is, by its name.
pub(super) fn places(read: &[GroupConfig]) -> HashMap<String, usize> {
    read.iter().enumerate().map(|(place, group)| (group.name.clone(), place)).collect()
}
