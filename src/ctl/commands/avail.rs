//! `avail`: what the configuration file has, in use or not (B3.7.110).

use crate::ctl::{CtlError, Session, exit, print};
use crate::rpc::FaultCode;

pub(super) fn run(session: &mut Session, _argument: &str) -> Result<(), CtlError> {
    match session.proxy()?.all_configs() {
        Ok(configs) => configs.iter().for_each(|config| session.say(&print::avail_line(config))),
        Err(error) if error.fault_code() == Some(FaultCode::ShutdownState as i32) => {
            session.say("ERROR: supervisor shutting down");
            session.set_exit(exit::GENERIC);
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
