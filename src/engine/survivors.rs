//! Looking behind a stop: the kernel is asked whether the child's group is still
//! there, and only if it is, and stays, is /proc searched, on another thread.

use super::Engine;
use super::handle::aside::Work;
use crate::manager::survivors::Found;
use crate::model::Now;
use crate::sys::{clock, process_group};
use std::io;

/// A search under way.
pub(super) type Search = Work<io::Result<Found>>;

/// The result of a search; never, when there is none. It can be had once.
pub(super) async fn result(search: &mut Option<Search>) -> Option<Found> {
    match search {
        Some(running) => running.await.ok()??.ok(),
        None => std::future::pending().await,
    }
}

impl Engine {
    /// The child `pid` of process `name` is dead, as it was told to be.
    pub(super) fn look_behind(&mut self, name: String, pid: i32) {
        if self.is_left(pid) {
            self.survivors.suspect(name, pid, clock::now().mono);
        }
    }

    /// Whether the group of a dead child is there and has not become another's:
    /// its number is free as soon as it is empty, and a new child may get it.
    fn is_left(&self, group: i32) -> bool {
        process_group::exists(group) && self.manager.owner_of(group).is_none()
    }

    /// Searches for those whose moment has come, and gives up on a search that
    /// takes too long.
    pub(super) fn take_suspects(&mut self, now: Now) {
        if self.survivors.is_overdue(now.mono) {
            self.take_found(None);
        }
        let groups = self.survivors.search(now.mono);
        let left: Vec<i32> = groups.iter().copied().filter(|group| self.is_left(*group)).collect();
        match (groups.is_empty(), left.is_empty()) {
            (true, _) => {}
            (false, true) => self.take_found(Some(Found::new())),
            (false, false) => {
                let search = self.inbox.aside.begin("a search for survivors", move || process_group::members(&left));
                self.search = Some(search);
            }
        }
    }

    /// Says who was found, or that a search came to nothing.
    pub(super) fn take_found(&mut self, found: Option<Found>) {
        self.search = None;
        for line in self.survivors.found(found.as_ref()) {
            self.write(line);
        }
    }
}
