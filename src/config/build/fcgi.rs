//! The socket of an `[fcgi-program:x]` (A3.83, A3.84).

use crate::config::error::{ConfigError, SocketError};
use crate::config::expand::Names;
use crate::config::keys::fcgi as keys;
use crate::config::keys::program::USER;
use crate::config::number::is_space;
use crate::config::reading::Reading;
use crate::config::values::{integer, octal, port_number, user, user_group};
use crate::config::{FcgiAddress, FcgiSocket, Ownership, UserId, paths};
use std::path::PathBuf;

/// The most that `socket_backlog` may be.
const MAX_BACKLOG: i32 = 65_535;

/// What only a unix socket has.
struct UnixOnly {
    owner: Option<Ownership>,
    mode: Option<u32>,
    /// Who runs the program, if not the daemon's own user.
    user: Option<UserId>,
}

/// Reads the socket. `names` are the group's.
pub(super) fn read(reading: &Reading<'_>, names: &Names<'_>, section: &str) -> Result<FcgiSocket, ConfigError> {
    let world = reading.world;
    let program = reading.name_of(section)?;
    let user = reading.option(section, &USER, names, |text| user(text, world))?;
    let invalid = |key: &'static str, value: &dyn ToString| ConfigError::Invalid { key, value: value.to_string() };
    let backlog = reading.option(section, &keys::SOCKET_BACKLOG, names, |text| {
        let wanted = integer(text)?;
        let known = i32::try_from(wanted).ok().filter(|wanted| (1..=MAX_BACKLOG).contains(wanted));
        known.ok_or_else(|| invalid(keys::SOCKET_BACKLOG.name, &wanted))
    })?;
    let owner = reading.option(section, &keys::SOCKET_OWNER, names, |text| {
        user_group(text, world).map_err(|_| invalid(keys::SOCKET_OWNER.name, &text))
    })?;
    let mode = reading.option(section, &keys::SOCKET_MODE, names, |text| {
        octal(text).map_err(|_| invalid(keys::SOCKET_MODE.name, &text))
    })?;
    let names = Names::over(names).with("program_name", &program);
    let text = reading.text(section, &keys::SOCKET, &names)?.filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| ConfigError::NoSocket(section.to_owned()))?;
    let user = user.filter(|user| user.0 != world.uid());
    let address = address(reading, &text, UnixOnly { owner, mode, user }).map_err(|reason| {
        reading.at(section, &keys::SOCKET, ConfigError::Socket { reason, section: section.to_owned() })
    })?;
    Ok(FcgiSocket { program, address, backlog })
}

fn address(reading: &Reading<'_>, text: &str, only: UnixOnly) -> Result<FcgiAddress, SocketError> {
    if let Some(path) = text.strip_prefix("unix://") {
        if !path.starts_with('/') {
            return Err(SocketError::Relative(path.to_owned()));
        }
        let path = PathBuf::from(paths::normalize(path, reading.world));
        let user = only.user.and_then(|user| reading.world.user_by_id(user.0));
        let as_user = user.map(|user| Ownership { uid: Some(user.uid), gid: Some(user.gid) });
        let owner = only.owner.or(as_user).unwrap_or_default();
        return Ok(FcgiAddress::Unix { path, mode: only.mode.unwrap_or(keys::SOCKET_MODE_IF_UNSET), owner });
    }
    if only.owner.is_some() || only.mode.is_some() {
        return Err(SocketError::NotUnix);
    }
    let bad = || SocketError::Format(text.to_owned());
    let (host, port) = text.strip_prefix("tcp://").and_then(|rest| rest.split_once(':')).ok_or_else(bad)?;
    let sound = !host.is_empty() && !host.contains(is_space) && port.chars().all(char::is_numeric) && !port.is_empty();
    if !sound {
        return Err(bad());
    }
    Ok(FcgiAddress::Tcp { host: host.to_lowercase(), port: port_number(port)? })
}
