//! `[inet_http_server]` and `[unix_http_server]` (A3.25–A3.31).

use crate::config::error::ConfigError;
use crate::config::expand::Names;
use crate::config::keys::http as keys;
use crate::config::number::strip;
use crate::config::reading::Reading;
use crate::config::values::{inet_address, octal, user_group};
use crate::config::{Address, Credentials, HttpServer, Ownership, paths};
use std::path::PathBuf;

/// All servers in the order they open: inet, then unix (A3.31). Every section
/// counts whose name starts with one of the two words (A3.30).
pub(super) fn read(reading: &Reading<'_>, names: &Names<'_>) -> Result<Vec<HttpServer>, ConfigError> {
    let inet = reading.with_prefix("inet_http_server").map(|section| inet(reading, names, section));
    let unix = reading.with_prefix("unix_http_server").map(|section| unix(reading, names, section));
    inet.chain(unix).collect()
}

fn inet(reading: &Reading<'_>, names: &Names<'_>, section: &str) -> Result<HttpServer, ConfigError> {
    let auth = credentials(reading, names, section)?;
    let missing = || ConfigError::NoAddress { section: section.to_owned(), key: keys::PORT.name };
    let (host, port) = reading.option(section, &keys::PORT, names, inet_address)?.ok_or_else(missing)?;
    Ok(HttpServer { section: section.to_owned(), address: Address::Inet { host, port }, auth })
}

fn unix(reading: &Reading<'_>, names: &Names<'_>, section: &str) -> Result<HttpServer, ConfigError> {
    let with_here = Names::over(names).with("here", reading.here);
    let missing = || ConfigError::NoAddress { section: section.to_owned(), key: keys::FILE.name };
    let file = reading.text(section, &keys::FILE, &with_here)?.ok_or_else(missing)?;
    let path = PathBuf::from(paths::normalize(strip(&file), reading.world));
    let auth = credentials(reading, names, section)?;
    let owner = |text: &str| {
        let invalid = |_| ConfigError::Invalid { key: "sockchown", value: text.to_owned() };
        user_group(text, reading.world).map_err(invalid)
    };
    let chown: Option<Ownership> = reading.option(section, &keys::CHOWN, names, owner)?;
    let mode =
        |text: &str| octal(text).map_err(|_| ConfigError::Invalid { key: keys::CHMOD.name, value: text.to_owned() });
    let chmod = reading.value(section, &keys::CHMOD, names, mode)?;
    let address = Address::Unix { path, chmod, chown: chown.unwrap_or_default() };
    Ok(HttpServer { section: section.to_owned(), address, auth })
}

/// Both or none (A3.27). An empty name opens upstream's server to everybody;
/// here it may only stand beside an empty password, where that was meant.
fn credentials(reading: &Reading<'_>, names: &Names<'_>, section: &str) -> Result<Option<Credentials>, ConfigError> {
    let username = reading.text(section, &keys::USERNAME, names)?;
    let password = reading.text(section, &keys::PASSWORD, names)?;
    match (username, password) {
        (None, None) => Ok(None),
        (Some(username), Some(password)) if username.is_empty() => {
            if password.is_empty() {
                Ok(None)
            } else {
                Err(ConfigError::EmptyUsername(section.to_owned()))
            }
        }
        (Some(username), Some(password)) => Ok(Some(Credentials { username, password })),
        _ => Err(ConfigError::HalfAuthentication(section.to_owned())),
    }
}
