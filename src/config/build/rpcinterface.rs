//! `[rpcinterface:x]`: the standard one is built in, others need Python (A3.85,
//! B4.1).

use super::{Foreign, Messages};
use crate::config::error::ConfigError;
use crate::config::expand::{Names, expand};
use crate::config::keys::plugin::RPCINTERFACE_FACTORY as FACTORY;
use crate::config::reading::Reading;

/// The only factory that is recognised (B4.1.6).
const STANDARD: &str = "supervisor.rpcinterface:make_main_rpcinterface";

/// The namespaces in order, and the first whose section has further keys, which
/// would be the factory's arguments. Foreign ones are refused, or left out with
/// a warning.
pub(super) fn read(
    reading: &Reading<'_>,
    names: &Names<'_>,
    foreign: Foreign,
    messages: &mut Messages,
) -> Result<(Vec<String>, Option<String>), ConfigError> {
    let mut namespaces = Vec::new();
    let mut with_arguments = None;
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
        if with_arguments.is_none() && !keys.is_empty() {
            with_arguments = Some(name.clone());
        }
        namespaces.push(name);
    }
    Ok((namespaces, with_arguments))
}
