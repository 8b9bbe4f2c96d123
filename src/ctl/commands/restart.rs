//! `restart`: a stop of all words, then a start of all words (B3.7.40).

use super::{start, stop};
use crate::ctl::{CtlError, Session};

pub(super) fn run(session: &mut Session, argument: &str) -> Result<(), CtlError> {
    let words: Vec<&str> = argument.split_whitespace().collect();
    if words.is_empty() {
        return session.misuse("Error: restart requires a process name", "restart");
    }
    stop::stop(session, &words)?;
    start::start(session, &words)
}
