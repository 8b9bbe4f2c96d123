//! Pools by the contract, as far as the end of the daemon hangs on them: how
//! many events wait, and who has one (A6.61–A6.72). Which they are is not told.

use super::Shadow;
use crate::config::{GroupConfig, GroupKind};
use crate::manager::ProcessId;
use crate::model::ProcessState;
use std::collections::BTreeMap;

/// A pool that has subscribed to everything.
pub(super) struct Pool {
    buffer_size: usize,
    listeners: BTreeMap<ProcessId, Ear>,
    /// Events that wait: those of the start, and later ones.
    early: usize,
    later: usize,
    /// Somebody could take one once.
    begun: bool,
}

/// A listener by what it last said.
#[derive(Clone, Copy)]
struct Ear {
    hears: Hears,
    /// Reads no more.
    deaf: bool,
    /// Said something that is no whole line.
    mumbled: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Hears {
    /// Not READY yet, or not again.
    Soon,
    /// Is READY.
    Now,
    /// Has an event, from the early time or later.
    This { early: bool },
    /// Has fallen.
    Never,
}

const FRESH: Ear = Ear { hears: Hears::Soon, deaf: false, mumbled: false };

impl Pool {
    pub(super) fn new(config: &GroupConfig, members: &[ProcessId]) -> Option<Self> {
        let GroupKind::Listeners { buffer_size, .. } = config.kind else { return None };
        let listeners = members.iter().map(|id| (*id, FRESH)).collect();
        Some(Self { buffer_size, listeners, early: 0, later: 0, begun: false })
    }

    fn waiting(&self) -> usize {
        self.early + self.later
    }

    /// A6.70: one more than the buffer holds costs another.
    fn keep(&mut self, early: bool) {
        if early {
            self.early += 1;
        } else {
            self.later = self.buffer_size.min(self.later + 1);
        }
    }

    fn becomes(&mut self, id: ProcessId, hears: Hears) {
        let Some(ear) = self.listeners.get_mut(&id) else { return };
        ear.hears = hears;
        ear.mumbled = false;
    }

    /// Whatever it has is for others (A6.69, A6.72).
    fn gives_back(&mut self, id: ProcessId) {
        if let Some(Hears::This { early }) = self.listeners.get(&id).map(|ear| ear.hears) {
            self.keep(early || self.early > 0);
        }
    }
}

impl Shadow {
    /// A6.61
    pub(super) fn offer(&mut self) {
        for pool in self.pools.values_mut() {
            pool.keep(!pool.begun || pool.early > 0 && pool.later == 0);
        }
        self.hand_out();
    }

    /// A6.62
    fn hand_out(&mut self) {
        let Self { pools, programs, .. } = self;
        for pool in pools.values_mut() {
            for (id, ear) in &mut pool.listeners {
                let runs = programs.get(id).is_some_and(|program| program.state == ProcessState::Running);
                if !runs || ear.hears != Hears::Now || ear.deaf {
                    continue;
                }
                pool.begun = true;
                if pool.early + pool.later > 0 {
                    ear.hears = Hears::This { early: pool.early > 0 };
                    if pool.early > 0 { pool.early -= 1 } else { pool.later -= 1 }
                }
            }
        }
    }

    fn pool_of(&mut self, id: ProcessId) -> Option<&mut Pool> {
        self.pools.values_mut().find(|pool| pool.listeners.contains_key(&id))
    }

    /// A6.65
    pub(super) fn listener_began(&mut self, id: ProcessId) {
        if let Some(pool) = self.pool_of(id) {
            pool.listeners.insert(id, FRESH);
        }
    }

    /// A6.72
    pub(super) fn listener_ended(&mut self, id: ProcessId) {
        if let Some(pool) = self.pool_of(id) {
            pool.gives_back(id);
            pool.becomes(id, Hears::Never);
        }
        self.hand_out();
    }

    /// A6.64
    pub(super) fn listener_closed(&mut self, id: ProcessId) {
        if let Some(pool) = self.pool_of(id) {
            pool.gives_back(id);
            if let Some(ear) = pool.listeners.get_mut(&id) {
                ear.deaf = true;
                if matches!(ear.hears, Hears::This { .. }) {
                    ear.hears = Hears::Never;
                }
            }
        }
        self.hand_out();
        self.advance();
    }

    /// A6.66–A6.71: of the few things that listeners say here.
    pub(super) fn listener_says(&mut self, id: ProcessId, said: &[u8]) {
        if let Some(pool) = self.pool_of(id)
            && let Some(Ear { hears, mumbled, .. }) = pool.listeners.get(&id).copied()
        {
            match (hears, said) {
                (Hears::Never, _) => {}
                (Hears::Soon, b"READY\n") => pool.becomes(id, Hears::Now),
                (Hears::This { .. }, b"RESULT 2\nOK") if !mumbled => pool.becomes(id, Hears::Soon),
                (Hears::This { .. }, b"RESULT 2\nOKREADY\n") if !mumbled => pool.becomes(id, Hears::Now),
                (Hears::This { .. }, b"RESULT 4\nFAIL") if !mumbled => {
                    pool.gives_back(id);
                    pool.becomes(id, Hears::Soon);
                }
                (Hears::This { .. }, b"nonsense") => {
                    pool.listeners.entry(id).and_modify(|ear| ear.mumbled = true);
                }
                _ => {
                    pool.gives_back(id);
                    pool.becomes(id, Hears::Never);
                }
            }
        }
        self.hand_out();
        self.advance();
    }

    /// Whether a group is a pool in which somebody has an event, or may still
    /// take one of those that wait.
    pub(super) fn owes(&self, group: &str) -> bool {
        let Some(pool) = self.pools.get(group) else { return false };
        pool.listeners.iter().any(|(id, ear)| {
            let runs = self.programs.get(id).is_some_and(|program| program.state == ProcessState::Running);
            let owes = match ear.hears {
                Hears::This { .. } => true,
                Hears::Soon => pool.begun && !ear.deaf && pool.waiting() > 0,
                Hears::Now => !ear.deaf && pool.waiting() > 0,
                Hears::Never => false,
            };
            runs && owes
        })
    }
}
