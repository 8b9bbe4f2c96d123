//! `avail`: what the configuration file has, in use or not (B3.7.110).

use crate::client::ConfigEntry;
use crate::ctl::{CtlError, Session, exit, print};
use crate::model::{Json, namespec};
use crate::rpc::FaultCode;

pub(super) fn run(session: &mut Session, _argument: &str) -> Result<(), CtlError> {
    match session.proxy()?.all_configs() {
        Ok(configs) => {
            session.tell_all(|| configs.iter().map(print::avail_line).collect(), configs.iter().map(entry));
        }
        Err(error) if error.is_fault(FaultCode::ShutdownState) => {
            session.say("ERROR: supervisor shutting down");
            session.set_exit(exit::GENERIC);
        }
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

fn entry(config: &ConfigEntry) -> Json {
    Json::Object(vec![
        ("name", Json::Text(namespec(&config.group, &config.name))),
        ("group", Json::text(&config.group)),
        ("process", Json::text(&config.name)),
        ("in_use", Json::Bool(config.inuse)),
        ("autostart", Json::Bool(config.autostart)),
        ("group_priority", Json::Int(config.group_prio)),
        ("process_priority", Json::Int(config.process_prio)),
    ])
}
