//! Luck: whether a child can be made, a signal delivered, a command found.
//!
//! World and shadow draw the same luck as long as they try the same things in
//! the same order; when their luck differs, so did what they did.

use crate::manager::CommandError;
use crate::model::dice::Dice;

/// What the surroundings will answer, drawn one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chance {
    dice: Dice,
    pids: i32,
}

/// What becomes of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    Done,
    /// There is no such process any more.
    Gone,
    /// The system does not allow it.
    Refused,
}

impl Delivery {
    /// What the system says of it.
    pub(super) fn error(self) -> &'static str {
        match self {
            Self::Done => "",
            Self::Gone => "[Errno 3] No such process",
            Self::Refused => "[Errno 1] Operation not permitted",
        }
    }
}

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self { dice: Dice(seed), pids: 1000 }
    }

    pub(super) fn spawn(&mut self) -> Result<i32, String> {
        if self.dice.one_in(6) {
            return Err("too many open files to spawn 'x'".to_owned());
        }
        self.pids += 1;
        Ok(self.pids)
    }

    pub(super) fn signal(&mut self) -> Delivery {
        match self.dice.below(60) {
            0 => Delivery::Refused,
            1 => Delivery::Gone,
            _ => Delivery::Done,
        }
    }

    pub(super) fn command(&mut self) -> Result<(), CommandError> {
        match self.dice.below(20) {
            0 => Err(CommandError::NotFound("x".to_owned())),
            1 => Err(CommandError::NotExecutable("x".to_owned())),
            _ => Ok(()),
        }
    }

    pub(super) fn config_is_good(&mut self) -> bool {
        !self.dice.one_in(3)
    }
}
