//! The manager, and what was told of all its processes last. To gather and write
//! that takes long, so it is told again as long as it is true: nobody has had a
//! hand on the manager since, and the second is the same, which is as exact as
//! the answer is. Decides nothing.

use super::calls::stamp;
use crate::manager::Manager;
use crate::model::Now;
use crate::rpc::Infos;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Weak};

/// A manager, to be read and changed as it is.
pub(super) struct Known {
    manager: Manager,
    /// In which second what was told. Not kept here: it may be megabytes, and is
    /// there while it is sent to somebody.
    told: Option<(u64, Weak<Infos>)>,
}

impl Known {
    /// Nothing has been told of it.
    pub(super) fn new(manager: Manager) -> Self {
        Self { manager, told: None }
    }

    /// All processes, for the API (B1.8.11).
    pub(super) fn infos(&mut self, now: Now) -> Arc<Infos> {
        let second = now.epoch_secs();
        let told = self.told.as_ref().filter(|(when, _)| *when == second);
        if let Some(infos) = told.and_then(|(_, infos)| infos.upgrade()) {
            return infos;
        }
        let infos = Infos::new(self.manager.infos(now, &stamp));
        self.told = Some((second, Arc::downgrade(&infos)));
        infos
    }
}

impl Deref for Known {
    type Target = Manager;

    fn deref(&self) -> &Manager {
        &self.manager
    }
}

/// For a change.
impl DerefMut for Known {
    fn deref_mut(&mut self) -> &mut Manager {
        self.told = None;
        &mut self.manager
    }
}

#[cfg(test)]
mod tests {
    use super::Known;
    use crate::manager::Manager;
    use crate::model::Now;
    use std::sync::Arc;
    use std::time::Duration;

    fn at(millis: u64) -> Now {
        Now { wall: Duration::from_millis(millis), ..Now::default() }
    }

    /// B1.8.11
    #[test]
    fn the_same_is_told_again_until_the_second_is_over_or_something_is_changed() {
        let mut known = Known::new(Manager::new("supervisor".to_owned(), vec![], 0));
        let first = known.infos(at(1000));
        assert!(known.state() == crate::model::SupervisorState::Running, "a look changes nothing");
        assert!(Arc::ptr_eq(&first, &known.infos(at(1999))));
        let second = known.infos(at(2000));
        assert!(!Arc::ptr_eq(&first, &second));
        known.set_identifier("other");
        assert!(!Arc::ptr_eq(&second, &known.infos(at(2000))));
    }

    #[test]
    fn what_was_told_is_gone_when_nobody_is_sent_it_any_more() {
        let mut known = Known::new(Manager::new("supervisor".to_owned(), vec![], 0));
        let told = Arc::downgrade(&known.infos(at(1000)));
        assert!(told.upgrade().is_none());
    }
}
