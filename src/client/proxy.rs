//! The calls a client makes, typed: one function per method in use.

use super::answer::{self, CallResult, ConfigEntry, ProcessEntry, Reread, UsageEntry};
use super::at_once::{AtOnce, NamedCall};
use super::{CallError, LogStream, Transport};
use crate::model::Channel;
use crate::xmlrpc::{self, Value};

/// Makes calls over one transport.
#[derive(Debug)]
pub struct Proxy {
    transport: Transport,
}

/// Answers of calls.
pub type Answer<T> = Result<T, CallError>;

/// All functions fail alike: with the daemon's fault, or with what went wrong
/// on the way to it.
#[expect(clippy::missing_errors_doc, reason = "said once, above")]
impl Proxy {
    /// Calls over `transport`.
    #[must_use]
    pub fn new(transport: Transport) -> Self {
        Self { transport }
    }

    /// Makes several calls at once.
    pub fn at_once(&self, calls: Vec<NamedCall>) -> Answer<AtOnce> {
        Ok(AtOnce::begin(self.transport.another()?, calls))
    }

    /// `getVersion`: the API's version, under the name every daemon knows.
    pub fn api_version(&mut self) -> Answer<String> {
        answer::text(&self.call("getVersion", &[])?)
    }

    /// `getSupervisorVersion`
    pub fn supervisor_version(&mut self) -> Answer<String> {
        answer::text(&self.call("getSupervisorVersion", &[])?)
    }

    /// `getPID`
    pub fn pid(&mut self) -> Answer<i64> {
        answer::int(&self.call("getPID", &[])?)
    }

    /// `getAllProcessInfo`
    pub fn all_processes(&mut self) -> Answer<Vec<ProcessEntry>> {
        answer::list(&self.call("getAllProcessInfo", &[])?, ProcessEntry::from_value)
    }

    /// `getProcessInfo`
    pub fn process(&mut self, name: &str) -> Answer<ProcessEntry> {
        ProcessEntry::from_value(&self.call("getProcessInfo", &[string(name)])?)
    }

    /// `getAllConfigInfo`
    pub fn all_configs(&mut self) -> Answer<Vec<ConfigEntry>> {
        answer::list(&self.call("getAllConfigInfo", &[])?, ConfigEntry::from_value)
    }

    /// `startProcess`, waiting.
    pub fn start(&mut self, name: &str) -> Answer<()> {
        self.done("startProcess", &[string(name)])
    }

    /// `startProcessGroup`, waiting.
    pub fn start_group(&mut self, group: &str) -> Answer<Vec<CallResult>> {
        self.results("startProcessGroup", &[string(group)])
    }

    /// `startAllProcesses`, waiting.
    pub fn start_all(&mut self) -> Answer<Vec<CallResult>> {
        self.results("startAllProcesses", &[])
    }

    /// `stopProcess`, waiting.
    pub fn stop(&mut self, name: &str) -> Answer<()> {
        self.done("stopProcess", &[string(name)])
    }

    /// `stopProcessGroup`, waiting.
    pub fn stop_group(&mut self, group: &str) -> Answer<Vec<CallResult>> {
        self.results("stopProcessGroup", &[string(group)])
    }

    /// `stopAllProcesses`, waiting.
    pub fn stop_all(&mut self) -> Answer<Vec<CallResult>> {
        self.results("stopAllProcesses", &[])
    }

    /// `signalProcess`
    pub fn signal(&mut self, name: &str, signal: &str) -> Answer<()> {
        self.done("signalProcess", &[string(name), string(signal)])
    }

    /// `signalProcessGroup`
    pub fn signal_group(&mut self, group: &str, signal: &str) -> Answer<Vec<CallResult>> {
        self.results("signalProcessGroup", &[string(group), string(signal)])
    }

    /// `signalAllProcesses`
    pub fn signal_all(&mut self, signal: &str) -> Answer<Vec<CallResult>> {
        self.results("signalAllProcesses", &[string(signal)])
    }

    /// `readProcessStdoutLog`, `readProcessStderrLog`
    pub fn read_process_log(&mut self, name: &str, channel: Channel, offset: i64, length: i64) -> Answer<String> {
        let method = match channel {
            Channel::Stdout => "readProcessStdoutLog",
            Channel::Stderr => "readProcessStderrLog",
        };
        answer::text(&self.call(method, &[string(name), Value::Int(offset), Value::Int(length)])?)
    }

    /// `readLog`
    pub fn read_main_log(&mut self, offset: i64, length: i64) -> Answer<String> {
        answer::text(&self.call("readLog", &[Value::Int(offset), Value::Int(length)])?)
    }

    /// `clearProcessLogs`
    pub fn clear_logs(&mut self, name: &str) -> Answer<()> {
        self.done("clearProcessLogs", &[string(name)])
    }

    /// `clearAllProcessLogs`
    pub fn clear_all_logs(&mut self) -> Answer<Vec<CallResult>> {
        self.results("clearAllProcessLogs", &[])
    }

    /// `sendProcessStdin`
    pub fn send_stdin(&mut self, name: &str, chars: &str) -> Answer<()> {
        self.done("sendProcessStdin", &[string(name), string(chars)])
    }

    /// `reloadConfig`
    pub fn reread(&mut self) -> Answer<Reread> {
        Reread::from_value(&self.call("reloadConfig", &[])?)
    }

    /// `addProcessGroup`
    pub fn add_group(&mut self, group: &str) -> Answer<()> {
        self.done("addProcessGroup", &[string(group)])
    }

    /// `removeProcessGroup`
    pub fn remove_group(&mut self, group: &str) -> Answer<()> {
        self.done("removeProcessGroup", &[string(group)])
    }

    /// `shutdown`
    pub fn shutdown(&mut self) -> Answer<()> {
        self.done("shutdown", &[])
    }

    /// `restart`
    pub fn restart(&mut self) -> Answer<()> {
        self.done("restart", &[])
    }

    /// The stream of a process's log; the name may hold anything.
    pub fn follow_process_log(&self, name: &str, channel: Channel) -> Answer<LogStream> {
        self.transport.follow(&format!("/logtail/{}/{channel}", percent_encode(name)))
    }

    /// The same from another place on: `lines=N` or `offset=N`. A daemon that does
    /// not know that begins as it always does.
    pub fn follow_process_log_from(&self, name: &str, channel: Channel, from: &str) -> Answer<LogStream> {
        self.transport.follow(&format!("/logtail/{}/{channel}?{from}", percent_encode(name)))
    }

    /// `ext.getAllProcessUsage`
    pub fn all_usages(&mut self) -> Answer<Vec<UsageEntry>> {
        answer::list(&self.call_in("ext", "getAllProcessUsage", &[])?, UsageEntry::from_value)
    }

    /// `ext.getLogOffset`: where in a log that begins which may have been written
    /// in the last `seconds`.
    pub fn log_offset_since(&mut self, name: &str, channel: Channel, seconds: i64) -> Answer<i64> {
        let params = [string(name), string(channel.name()), Value::Int(seconds)];
        answer::int(&self.call_in("ext", "getLogOffset", &params)?)
    }

    /// The stream of the activity log.
    pub fn follow_main_log(&self) -> Answer<LogStream> {
        self.transport.follow("/mainlogtail")
    }

    fn call(&mut self, method: &str, params: &[Value]) -> Answer<Value> {
        self.call_in("supervisor", method, params)
    }

    fn call_in(&mut self, namespace: &str, method: &str, params: &[Value]) -> Answer<Value> {
        let request = xmlrpc::encode_call(&format!("{namespace}.{method}"), params);
        let body = self.transport.post(&request)?;
        answer::value(&body)
    }

    fn done(&mut self, method: &str, params: &[Value]) -> Answer<()> {
        self.call(method, params).map(drop)
    }

    fn results(&mut self, method: &str, params: &[Value]) -> Answer<Vec<CallResult>> {
        answer::results(&self.call(method, params)?)
    }
}

fn string(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// A name as part of a path; the daemon decodes it (B2.9.1).
fn percent_encode(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b':' | b'*' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::percent_encode;

    /// B2.9.1
    #[test]
    fn names_survive_the_way_through_a_path() {
        assert_eq!(percent_encode("grp:grp_a_00"), "grp:grp_a_00");
        assert_eq!(percent_encode("a/b?c%41 é"), "a%2Fb%3Fc%2541%20%C3%A9");
    }
}
