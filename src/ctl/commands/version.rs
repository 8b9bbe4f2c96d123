//! `version` (B3.7.111).

use crate::ctl::{CtlError, Session};

pub(super) fn run(session: &mut Session, _argument: &str) -> Result<(), CtlError> {
    let version = session.proxy()?.supervisor_version()?;
    session.say(&version);
    Ok(())
}
