//! `[rpcinterface:x]`: the standard one is built in, others need Python (A3.85,
//! B4.1).

use super::{Foreign, Messages};
use crate::config::HttpServer;
use crate::config::error::ConfigError;
use crate::config::expand::{Names, expand};
use crate::config::keys::plugin::RPCINTERFACE_FACTORY as FACTORY;
use crate::config::reading::Reading;

/// The only factory that is recognised (B4.1.6).
const STANDARD: &str = "supervisor.rpcinterface:make_main_rpcinterface";

/// A namespace to serve.
pub(super) struct Interface {
    name: String,
    /// Keys that would be the factory's arguments.
    extras: bool,
}

/// All sections in order. Foreign ones are refused, or left out with a warning.
pub(super) fn read(
    reading: &Reading<'_>,
    names: &Names<'_>,
    foreign: Foreign,
    messages: &mut Messages,
) -> Result<Vec<Interface>, ConfigError> {
    let mut interfaces = Vec::new();
    for section in reading.with_prefix("rpcinterface:") {
        let missing = || ConfigError::NoFactory { section: section.to_owned(), key: FACTORY.name };
        let factory = reading.text(section, &FACTORY, names)?.ok_or_else(missing)?;
        if factory != STANDARD {
            if foreign == Foreign::Refuse {
                return Err(ConfigError::Foreign { factory, section: section.to_owned() });
            }
            messages.warn(format!("Ignored [{section}], since {factory} is not built in"));
            continue;
        }
        let keys: Vec<&str> =
            reading.sections.options(section).into_iter().filter(|key| *key != FACTORY.name).collect();
        for key in &keys {
            let raw = reading.sections.get(section, key).unwrap_or_default();
            expand(raw, names, &format!("{section}.{key}"))?;
        }
        let name = section.split_once(':').map_or("", |(_, name)| name).to_owned();
        interfaces.push(Interface { name, extras: !keys.is_empty() });
    }
    Ok(interfaces)
}

/// The namespaces. The standard interface takes no arguments, which upstream
/// notices when it makes one for a server.
pub(super) fn check(interfaces: Vec<Interface>, servers: &[HttpServer]) -> Result<Vec<String>, ConfigError> {
    match interfaces.iter().find(|interface| interface.extras) {
        Some(bad) if !servers.is_empty() => Err(ConfigError::RpcInterface(bad.name.clone())),
        _ => Ok(interfaces.into_iter().map(|interface| interface.name).collect()),
    }
}
