//! `help` (B3.7.116–B3.7.118).

use crate::ctl::{CtlError, Session, commands, print};

const HEADER: &str = "default commands (type help <topic>):";

pub(super) fn run(session: &mut Session, argument: &str) -> Result<(), CtlError> {
    if argument.is_empty() {
        let topics: Vec<&str> = commands::topics().collect();
        session.say("");
        session.say_all(&print::topics(HEADER, &topics));
        session.say("");
        return Ok(());
    }
    match commands::find(argument).filter(|command| !command.help.is_empty()) {
        Some(command) => session.say(command.help),
        None => session.say(&format!("*** No help on {argument}")),
    }
    Ok(())
}
