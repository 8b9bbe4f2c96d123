//! `shutdown` and `reload`: the daemon as a whole (B3.7.100, B3.7.101).

use super::reread;
use crate::ctl::{CtlError, Session, exit};
use crate::rpc::FaultCode;
use nix::errno::Errno;

pub(super) fn shutdown(session: &mut Session, _argument: &str) -> Result<(), CtlError> {
    if !session.confirm("Really shut the remote supervisord process down y/N? ")? {
        return Ok(());
    }
    let url = session.server.url.clone();
    match session.proxy()?.shutdown() {
        Ok(()) => session.say("Shut down"),
        // what was wished is under way: no failure
        Err(error) if error.is_fault(FaultCode::ShutdownState) => session.say("ERROR: already shutting down"),
        Err(error) if error.is_errno(Errno::ECONNREFUSED) => {
            session.say(&format!("ERROR: {url} refused connection (already shut down?)"));
            session.advise(&error);
            session.set_exit(exit::GENERIC);
        }
        Err(error) if error.is_errno(Errno::ENOENT) => {
            session.say(&format!("ERROR: {url} no such file (already shut down?)"));
            session.advise(&error);
            session.set_exit(exit::GENERIC);
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

pub(super) fn reload(session: &mut Session, _argument: &str) -> Result<(), CtlError> {
    if !session.confirm("Really restart the remote supervisord process y/N? ")? {
        return Ok(());
    }
    match session.proxy()?.restart() {
        Ok(()) => session.say("Restarted supervisord"),
        Err(error) => reread::refused(session, error, "ERROR: already shutting down")?,
    }
    Ok(())
}
