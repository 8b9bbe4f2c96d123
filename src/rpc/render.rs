//! From a [`Reply`] to the wire, keys in upstream's order.

use super::{ConfigInfo, LogState, Reply, UsageEntry};
use crate::config::{AutoRestart, ChildLog, ServerUrl};
use crate::manager::info::{ProcessInfo, ResultEntry};
use crate::xmlrpc::{Encoder, Key, Value, is_xml_char, key};
use std::borrow::Cow;

/// What stands where a setting has no value.
const NONE: &str = "none";

/// Bytes of a process in an answer, with short names and paths.
const INFO_BYTES: usize = 1500;

/// Bytes of a process's usage in an answer.
const USAGE_BYTES: usize = 600;

/// Bytes of a setting's process in an answer, with a short command.
const CONFIG_BYTES: usize = 3000;

/// Writes the value that a method answers (B1.7–B1.9).
pub fn render(reply: &Reply, to: &mut Encoder) {
    match reply {
        Reply::Done => to.boolean(true),
        Reply::Int(number) => to.int(*number),
        Reply::Text(string) => to.text(string),
        Reply::State(state) => to.structure(|to| {
            int(to, key!("statecode"), state.code());
            text(to, key!("statename"), state.name());
        }),
        Reply::Info(info) => process_info(info, to),
        Reply::Infos(infos) => to.array(|to| infos.list().iter().for_each(|info| process_info(info, to))),
        Reply::Usages(entries) => to.array(|to| entries.iter().for_each(|entry| usage_entry(entry, to))),
        Reply::LogStates(states) => to.array(|to| states.iter().for_each(|state| log_state(state, to))),
        Reply::Configs(configs) => to.array(|to| configs.iter().for_each(|config| config_info(config, to))),
        Reply::Results(entries) => to.array(|to| entries.iter().for_each(|entry| result_entry(entry, to))),
        Reply::Reread { added, changed, removed } => to.array(|to| {
            to.array(|to| {
                for names in [added, changed, removed] {
                    to.array(|to| names.iter().for_each(|name| to.text(name)));
                }
            });
        }),
        Reply::Tail { text, offset, overflow } => to.array(|to| {
            to.text(text);
            to.int(*offset);
            to.boolean(*overflow);
        }),
    }
}

/// About how many bytes [`render`] writes.
#[must_use]
pub fn size_hint(reply: &Reply) -> usize {
    match reply {
        Reply::Done | Reply::Int(_) | Reply::State(_) | Reply::Reread { .. } => 0,
        Reply::Text(text) | Reply::Tail { text, .. } => text.len(),
        Reply::Info(_) => INFO_BYTES,
        Reply::Infos(infos) => infos.list().len() * INFO_BYTES,
        Reply::Usages(entries) => entries.len() * USAGE_BYTES,
        Reply::LogStates(states) => states.len() * USAGE_BYTES,
        Reply::Configs(configs) => configs.len() * CONFIG_BYTES,
        Reply::Results(entries) => entries.len() * INFO_BYTES / 3,
    }
}

/// Bytes of a log as text that XML can carry: what is not UTF-8 and characters
/// that XML forbids become U+FFFD (B1.10.11, B1.10.12).
#[must_use]
pub fn log_text(bytes: Vec<u8>) -> String {
    let text = String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    // Most logs are fit as they are, and large ones shall not be there twice.
    if text.chars().all(is_xml_char) {
        return text;
    }
    text.chars().map(|c| if is_xml_char(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

/// B1.8.1
fn process_info(info: &ProcessInfo, to: &mut Encoder) {
    to.structure(|to| {
        text(to, key!("name"), &info.name);
        text(to, key!("group"), &info.group);
        int(to, key!("start"), seconds(info.start));
        int(to, key!("stop"), seconds(info.stop));
        int(to, key!("now"), seconds(info.now));
        int(to, key!("state"), info.state.code());
        text(to, key!("statename"), info.state.name());
        text(to, key!("spawnerr"), &info.spawnerr);
        int(to, key!("exitstatus"), info.exitstatus);
        text(to, key!("logfile"), &info.stdout_logfile);
        text(to, key!("stdout_logfile"), &info.stdout_logfile);
        text(to, key!("stderr_logfile"), &info.stderr_logfile);
        int(to, key!("pid"), info.pid);
        text(to, key!("description"), &info.description);
    });
}

fn usage_entry(entry: &UsageEntry, to: &mut Encoder) {
    to.structure(|to| {
        text(to, key!("group"), &entry.group);
        text(to, key!("name"), &entry.name);
        int(to, key!("pid"), entry.pid);
        int(to, key!("starts"), number(entry.starts));
        to.member(key!("cpu"), |to| to.value(&Value::Double(entry.cpu.as_secs_f64())));
        int(to, key!("rss"), number(entry.rss));
        int(to, key!("threads"), number(entry.threads));
    });
}

fn log_state(state: &LogState, to: &mut Encoder) {
    to.structure(|to| {
        text(to, key!("group"), &state.group);
        text(to, key!("name"), &state.name);
        text(to, key!("channel"), state.channel.name());
        text(to, key!("path"), &state.path);
        int(to, key!("written"), number(state.written));
        int(to, key!("dropped"), number(state.dropped));
        int(to, key!("waiting"), number(state.waiting));
        int(to, key!("outages"), number(state.outages));
        int(to, key!("since"), state.out_since.map_or(0, |since| number(since.as_secs())));
    });
}

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// B1.7.1
fn result_entry(entry: &ResultEntry, to: &mut Encoder) {
    to.structure(|to| {
        text(to, key!("name"), &entry.name);
        text(to, key!("group"), &entry.group);
        int(to, key!("status"), entry.status);
        text(to, key!("description"), &entry.description);
    });
}

/// B1.9.2
fn config_info(info: &ConfigInfo, to: &mut Encoder) {
    let process = &info.process;
    let (stdout, stderr) = (&process.stdout, &process.stderr);
    // With redirect_stderr there is no second log, whatever is configured.
    let stderr_log = if process.redirect_stderr { &ChildLog::None } else { &stderr.logfile };
    to.structure(|to| {
        boolean(to, key!("autostart"), process.autostart);
        to.member(key!("autorestart"), |to| autorestart(process.autorestart, to));
        text(to, key!("directory"), process.directory.as_deref().unwrap_or(NONE));
        to.member(key!("uid"), |to| match process.user {
            Some(user) => to.int(user.0.into()),
            None => to.text(NONE),
        });
        text(to, key!("command"), &process.command);
        to.member(key!("exitcodes"), |to| {
            to.array(|to| process.exitcodes.iter().for_each(|code| to.int((*code).into())));
        });
        text(to, key!("group"), &info.group);
        int(to, key!("group_prio"), info.group_priority);
        boolean(to, key!("inuse"), info.in_use);
        boolean(to, key!("killasgroup"), process.killasgroup);
        text(to, key!("name"), &process.name);
        int(to, key!("process_prio"), process.priority);
        boolean(to, key!("redirect_stderr"), process.redirect_stderr);
        int(to, key!("startretries"), process.startretries);
        int(to, key!("startsecs"), process.startsecs);
        int(to, key!("stdout_capture_maxbytes"), stdout.capture_maxbytes);
        boolean(to, key!("stdout_events_enabled"), stdout.events_enabled);
        text(to, key!("stdout_logfile"), &logfile(&stdout.logfile, info.stdout_auto.as_deref()));
        int(to, key!("stdout_logfile_backups"), stdout.backups);
        int(to, key!("stdout_logfile_maxbytes"), stdout.maxbytes);
        boolean(to, key!("stdout_syslog"), stdout.syslog);
        int(to, key!("stopsignal"), process.stopsignal.number());
        int(to, key!("stopwaitsecs"), process.stopwaitsecs);
        int(to, key!("stderr_capture_maxbytes"), stderr.capture_maxbytes);
        boolean(to, key!("stderr_events_enabled"), stderr.events_enabled);
        text(to, key!("stderr_logfile"), &logfile(stderr_log, info.stderr_auto.as_deref()));
        int(to, key!("stderr_logfile_backups"), stderr.backups);
        int(to, key!("stderr_logfile_maxbytes"), stderr.maxbytes);
        boolean(to, key!("stderr_syslog"), stderr.syslog);
        text(to, key!("serverurl"), server_url(&process.serverurl));
    });
}

/// Booleans where they say it all; the middle way has a word (B0.6).
fn autorestart(setting: AutoRestart, to: &mut Encoder) {
    match setting {
        AutoRestart::Never => to.boolean(false),
        AutoRestart::Always => to.boolean(true),
        AutoRestart::Unexpected => to.text("unexpected"),
    }
}

fn logfile<'a>(log: &'a ChildLog, resolved: Option<&'a str>) -> Cow<'a, str> {
    match log {
        ChildLog::None => NONE.into(),
        ChildLog::Empty => "".into(),
        ChildLog::Auto => resolved.unwrap_or("auto").into(),
        ChildLog::File(path) => path.to_string_lossy(),
    }
}

fn server_url(setting: &ServerUrl) -> &str {
    match setting {
        ServerUrl::Url(url) => url,
        ServerUrl::Unset => "",
        ServerUrl::Auto => NONE,
    }
}

/// Epoch seconds, held within 32 bits for clients that have no more (B1.8.2).
fn seconds(epoch: i64) -> i64 {
    epoch.clamp(i32::MIN.into(), i32::MAX.into())
}

fn text(to: &mut Encoder, key: Key, text: &str) {
    to.member(key, |to| to.text(text));
}

fn int(to: &mut Encoder, key: Key, number: impl Into<i64>) {
    to.member(key, |to| to.int(number.into()));
}

fn boolean(to: &mut Encoder, key: Key, flag: bool) {
    to.member(key, |to| to.boolean(flag));
}

#[cfg(test)]
mod tests;
