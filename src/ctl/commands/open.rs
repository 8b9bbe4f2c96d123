//! `open`: another server for the rest of the session (B3.7.112).

use crate::ctl::{CtlError, Session, exit};

pub(super) fn run(session: &mut Session, argument: &str) -> Result<(), CtlError> {
    let scheme = argument.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    if !matches!(scheme.as_deref(), Some("http" | "unix")) {
        session.say("ERROR: url must be http:// or unix://");
        session.set_exit(exit::GENERIC);
        return Ok(());
    }
    let before = session.exit_code();
    session.switch_server(argument);
    session.run_within("status", "")?;
    // the switch itself succeeded, whatever the new server has to show
    session.set_exit(before);
    Ok(())
}
