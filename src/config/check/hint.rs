//! What would be right: one clause for each thing that can be wrong with a value.

use crate::config::error::{ConfigError, SocketError};
use crate::config::expand::ExpandError;
use crate::config::keys::{Key, Kind};

/// Names of an expansion that a hint lists.
const MAX_NAMES: usize = 12;

/// Says what would be right; `raw` is what was written for `key`.
pub(super) fn hint(error: &ConfigError, key: Option<&Key>, raw: &str) -> String {
    match error {
        ConfigError::Expand(error) => expansion(error),
        ConfigError::Value(_) | ConfigError::Environment(_) | ConfigError::Invalid { .. } => {
            slip(raw, key).unwrap_or_else(|| key.map_or("", |key| right(key.kind))).to_owned()
        }
        ConfigError::NoFiles => "write files = conf.d/*.conf, or remove [include]".to_owned(),
        ConfigError::NoCommand(_) => "write command=/path/of/program and its arguments".to_owned(),
        ConfigError::NoProcessNum => {
            "write process_name=%(program_name)s_%(process_num)02d, so that each process has its own name".to_owned()
        }
        ConfigError::StopNotKill => "remove killasgroup; it follows stopasgroup".to_owned(),
        ConfigError::UnknownProgram { .. } => "programs= lists the names behind [program:], with commas".to_owned(),
        ConfigError::AmbiguousProgram { .. } => "rename one of the two sections".to_owned(),
        ConfigError::NoEvents(_) => "write events=PROCESS_STATE, or another event type".to_owned(),
        ConfigError::UnknownEvent { .. } => {
            "types are EVENT, PROCESS_STATE, PROCESS_LOG, PROCESS_COMMUNICATION, TICK_5 and those below them".to_owned()
        }
        ConfigError::BufferSize { .. } => "write 1 or more".to_owned(),
        ConfigError::ListenerRedirects(_) => {
            "remove it: what a listener says on stdout is its answer to the daemon".to_owned()
        }
        ConfigError::HalfAuthentication(_) => "give both username and password, or neither".to_owned(),
        ConfigError::EmptyUsername(_) => "give a username, or remove both".to_owned(),
        ConfigError::NoAddress { key: "port", .. } => "write port=127.0.0.1:9001".to_owned(),
        ConfigError::NoAddress { .. } => "write file=/path/of/the.sock".to_owned(),
        ConfigError::NoFactory { key, .. } if key.contains("rpcinterface") => {
            format!("write {key} = supervisor.rpcinterface:make_main_rpcinterface")
        }
        ConfigError::NoSocket(_) => "write socket=unix:///path/of/the.sock or socket=tcp://127.0.0.1:9000".to_owned(),
        ConfigError::Socket { reason: SocketError::NotUnix, .. } => "remove these two keys".to_owned(),
        ConfigError::Socket { .. } => right(Kind::Socket).to_owned(),
        ConfigError::Nameless(_) => "write a name behind the colon".to_owned(),
        _ => String::new(),
    }
}

/// Slips that are seen in the text, whatever the key is.
fn slip(raw: &str, key: Option<&Key>) -> Option<&'static str> {
    let quoted = raw.starts_with(['"', '\'']);
    if quoted && key.is_some_and(|key| key.kind != Kind::Environment) {
        Some("write the value without quotes")
    } else if raw.contains([';', '#']) && key.is_some_and(|key| key.kind != Kind::Environment) {
        Some("a comment needs a blank in front of its ; or #")
    } else if raw.is_empty() {
        Some("write a value, or remove the line")
    } else {
        None
    }
}

/// What a value of this kind looks like.
fn right(kind: Kind) -> &'static str {
    match kind {
        Kind::Integer => "write a whole number, such as 10",
        Kind::Boolean => "write true or false",
        Kind::ByteSize => "write a whole number, with KB, MB or GB behind it if you like, such as 50MB",
        Kind::Octal => "write digits from 0 to 7, such as 0700 or 022",
        Kind::Signal => "write the name of a signal: TERM, HUP, INT, QUIT, KILL, USR1 or USR2",
        Kind::ExitCodes => "write numbers from 0 to 255 with commas between them, such as 0,2",
        Kind::AutoRestart => "write true, false or unexpected",
        Kind::LogLevel => "write critical, error, warn, info, debug, trace or blather",
        Kind::User => "write the name or number of an account of this machine",
        Kind::UserGroup => "write user or user:group, both known to this machine",
        Kind::Directory => "make the directory, or name one that is there",
        Kind::DirPath | Kind::LogfileName => "make the directory first; nobody does it for you",
        Kind::InetAddress => "write an address and a port, such as 127.0.0.1:9001",
        Kind::Socket => "write unix:///path/of/the.sock or tcp://127.0.0.1:9000",
        Kind::Url => "write http://127.0.0.1:9001 or unix:///path/of/the.sock",
        Kind::Name => "use no blank, colon or slash in a name",
        Kind::Environment => "write NAME=\"value\", with commas between several",
        Kind::Foreign => "write refuse or ignore",
        Kind::LenUnit => "write characters or bytes",
        _ => "",
    }
}

fn expansion(error: &ExpandError) -> String {
    match error {
        ExpandError::UnknownName { name, available, .. } => {
            if let Some(variable) = name.strip_prefix("ENV_") {
                return format!(
                    "the variable {variable} is not set here; set it before the start, or write %% for a percent sign"
                );
            }
            let names = available.split(", ").filter(|name| !name.starts_with("ENV_")).take(MAX_NAMES);
            let names: Vec<String> = names.map(|name| format!("%({name})s")).collect();
            match names.split_last() {
                None => "no name can be used here; write %% for a percent sign".to_owned(),
                Some((last, [])) => format!("write {last}, or %% for a percent sign"),
                Some((last, rest)) => format!("names are {} and {last}; write %% for a percent sign", rest.join(", ")),
            }
        }
        ExpandError::TooLong(_) => String::new(),
        ExpandError::BadFormat { .. } => "write %% for a percent sign".to_owned(),
    }
}
