//! From a [`Reply`] to the value on the wire, keys in upstream's order.

use super::{ConfigInfo, Reply};
use crate::config::{AutoRestart, ChildLog, ServerUrl};
use crate::manager::info::{ProcessInfo, ResultEntry};
use crate::xmlrpc::Value;
use std::path::Path;

/// The value that a method answers (B1.7–B1.9).
#[must_use]
pub fn render(reply: &Reply) -> Value {
    match reply {
        Reply::Done => Value::Bool(true),
        Reply::Int(number) => Value::Int(*number),
        Reply::Text(string) => text(string),
        Reply::State(state) => {
            members([("statecode", Value::Int(state.code().into())), ("statename", text(state.name()))])
        }
        Reply::Info(info) => process_info(info),
        Reply::Infos(infos) => Value::Array(infos.iter().map(process_info).collect()),
        Reply::Configs(configs) => Value::Array(configs.iter().map(config_info).collect()),
        Reply::Results(entries) => Value::Array(entries.iter().map(result_entry).collect()),
        Reply::Reread { added, changed, removed } => {
            let lists =
                [added, changed, removed].map(|names| Value::Array(names.iter().map(|name| text(name)).collect()));
            Value::Array(vec![Value::Array(lists.into())])
        }
        Reply::Tail { text: bytes, offset, overflow } => {
            Value::Array(vec![text(bytes), Value::Int(*offset), Value::Bool(*overflow)])
        }
    }
}

/// B1.8.1
fn process_info(info: &ProcessInfo) -> Value {
    members([
        ("name", text(&info.name)),
        ("group", text(&info.group)),
        ("start", seconds(info.start)),
        ("stop", seconds(info.stop)),
        ("now", seconds(info.now)),
        ("state", Value::Int(info.state.code().into())),
        ("statename", text(info.state.name())),
        ("spawnerr", text(&info.spawnerr)),
        ("exitstatus", Value::Int(info.exitstatus.into())),
        ("logfile", text(&info.stdout_logfile)),
        ("stdout_logfile", text(&info.stdout_logfile)),
        ("stderr_logfile", text(&info.stderr_logfile)),
        ("pid", Value::Int(info.pid.into())),
        ("description", text(&info.description)),
    ])
}

/// B1.7.1
fn result_entry(entry: &ResultEntry) -> Value {
    members([
        ("name", text(&entry.name)),
        ("group", text(&entry.group)),
        ("status", Value::Int(entry.status.into())),
        ("description", text(&entry.description)),
    ])
}

/// B1.9.2
fn config_info(info: &ConfigInfo) -> Value {
    let process = &info.process;
    let (stdout, stderr) = (&process.stdout, &process.stderr);
    let exitcodes = process.exitcodes.iter().map(|code| Value::Int((*code).into())).collect();
    // With redirect_stderr there is no second log, whatever is configured.
    let stderr_log = if process.redirect_stderr { &ChildLog::None } else { &stderr.logfile };
    members([
        ("autostart", Value::Bool(process.autostart)),
        ("autorestart", autorestart(process.autorestart)),
        ("directory", process.directory.as_deref().map_or_else(none, text)),
        ("uid", process.user.map_or_else(none, |user| Value::Int(user.0.into()))),
        ("command", text(&process.command)),
        ("exitcodes", Value::Array(exitcodes)),
        ("group", text(&info.group)),
        ("group_prio", Value::Int(info.group_priority)),
        ("inuse", Value::Bool(info.in_use)),
        ("killasgroup", Value::Bool(process.killasgroup)),
        ("name", text(&process.name)),
        ("process_prio", Value::Int(process.priority)),
        ("redirect_stderr", Value::Bool(process.redirect_stderr)),
        ("startretries", Value::Int(process.startretries)),
        ("startsecs", Value::Int(process.startsecs)),
        ("stdout_capture_maxbytes", Value::Int(stdout.capture_maxbytes)),
        ("stdout_events_enabled", Value::Bool(stdout.events_enabled)),
        ("stdout_logfile", logfile(&stdout.logfile, info.stdout_auto.as_deref())),
        ("stdout_logfile_backups", Value::Int(stdout.backups)),
        ("stdout_logfile_maxbytes", Value::Int(stdout.maxbytes)),
        ("stdout_syslog", Value::Bool(stdout.syslog)),
        ("stopsignal", Value::Int(process.stopsignal.number().into())),
        ("stopwaitsecs", Value::Int(process.stopwaitsecs)),
        ("stderr_capture_maxbytes", Value::Int(stderr.capture_maxbytes)),
        ("stderr_events_enabled", Value::Bool(stderr.events_enabled)),
        ("stderr_logfile", logfile(stderr_log, info.stderr_auto.as_deref())),
        ("stderr_logfile_backups", Value::Int(stderr.backups)),
        ("stderr_logfile_maxbytes", Value::Int(stderr.maxbytes)),
        ("stderr_syslog", Value::Bool(stderr.syslog)),
        ("serverurl", server_url(&process.serverurl)),
    ])
}

/// Booleans where they say it all; the middle way has a word (B0.6).
fn autorestart(setting: AutoRestart) -> Value {
    match setting {
        AutoRestart::Never => Value::Bool(false),
        AutoRestart::Always => Value::Bool(true),
        AutoRestart::Unexpected => text("unexpected"),
    }
}

fn logfile(log: &ChildLog, resolved: Option<&str>) -> Value {
    match log {
        ChildLog::None => none(),
        ChildLog::Empty => text(""),
        ChildLog::Auto => text(resolved.unwrap_or("auto")),
        ChildLog::File(path) => text(&shown(path)),
    }
}

fn server_url(setting: &ServerUrl) -> Value {
    match setting {
        ServerUrl::Url(url) => text(url),
        ServerUrl::Unset => text(""),
        ServerUrl::Auto => none(),
    }
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Epoch seconds, held within 32 bits for clients that have no more (B1.8.2).
fn seconds(epoch: i64) -> Value {
    Value::Int(epoch.clamp(i32::MIN.into(), i32::MAX.into()))
}

/// What stands where a setting has no value.
fn none() -> Value {
    text("none")
}

fn text(string: &str) -> Value {
    Value::Text(string.to_owned())
}

fn members<const N: usize>(members: [(&str, Value); N]) -> Value {
    Value::Struct(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

#[cfg(test)]
mod tests;
