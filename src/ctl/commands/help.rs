//! `help` (B3.7.116–B3.7.118).

use super::Origin;
use crate::ctl::{CtlError, Session, commands, print};

/// Upstream's commands and ours; a plug-in's would be a block of their own, too.
const BLOCKS: [(Origin, &str); 2] = [
    (Origin::Upstream, "default commands (type help <topic>):"),
    (Origin::Ours, "further commands (type help <topic>):"),
];

pub(super) fn run(session: &mut Session, argument: &str) -> Result<(), CtlError> {
    if argument.is_empty() {
        session.say("");
        for (origin, header) in BLOCKS {
            let topics: Vec<&str> = commands::topics(origin).collect();
            session.say_all(&print::topics(header, &topics));
            session.say("");
        }
        return Ok(());
    }
    match commands::find(argument).filter(|command| !command.forms.is_empty()) {
        Some(command) => session.say(&command.help()),
        None => session.say(&format!("*** No help on {argument}")),
    }
    Ok(())
}
