//! What the daemon answers, as far as a client needs it. Texts and numbers are
//! kept as sent: a newer daemon may know states that we do not.

use super::CallError;
use crate::xmlrpc::{self, Value};

/// The value in the body of an answer.
pub(super) fn value(body: &[u8]) -> Result<Value, CallError> {
    let decoded = xmlrpc::decode_response(body).map_err(|error| CallError::BadAnswer(error.to_string()))?;
    decoded.map_err(CallError::Fault)
}

/// One process of `getAllProcessInfo` and `getProcessInfo` (B1.8.1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProcessEntry {
    /// Process name.
    pub name: String,
    /// Group name.
    pub group: String,
    /// Code of the state.
    pub state: i64,
    /// Name of the state.
    pub statename: String,
    /// The text for people.
    pub description: String,
    /// 0 when there is no child.
    pub pid: i64,
    /// Epoch seconds of the last start; 0 before the first.
    pub start: i64,
    /// Epoch seconds of the last end; 0 before the first.
    pub stop: i64,
    /// Epoch seconds of the answer, by the daemon's clock.
    pub now: i64,
    /// Of the last end.
    pub exitstatus: i64,
    /// Why the last spawn failed; empty when it did not.
    pub spawnerr: String,
    /// Empty when there is none.
    pub stdout_logfile: String,
    /// Empty when there is none.
    pub stderr_logfile: String,
}

/// One process of `ext.getAllProcessUsage`, which only our daemon has.
#[derive(Debug, Clone, PartialEq)]
pub struct UsageEntry {
    /// Group name.
    pub group: String,
    /// Process name.
    pub name: String,
    /// 0 when there is no child.
    pub pid: i64,
    /// Children started in this life of the daemon.
    pub starts: i64,
    /// Processor time in seconds.
    pub cpu: f64,
    /// Resident bytes.
    pub rss: i64,
}

/// One process of `getAllConfigInfo` (B1.9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigEntry {
    /// Process name.
    pub name: String,
    /// Group name.
    pub group: String,
    /// A group of that name is active.
    pub inuse: bool,
    /// Starts with the daemon.
    pub autostart: bool,
    /// Priority of the group.
    pub group_prio: i64,
    /// Priority in the group.
    pub process_prio: i64,
}

/// How one process fared in a call for several (B1.7).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallResult {
    /// Process name.
    pub name: String,
    /// Group name.
    pub group: String,
    /// 80 for success, else a fault code.
    pub status: i32,
    /// `OK`, or the fault's text.
    pub description: String,
}

/// `reloadConfig`: names of groups (B1.11.1).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reread {
    /// In the file, not active.
    pub added: Vec<String>,
    /// Active with other settings.
    pub changed: Vec<String>,
    /// Active, not in the file.
    pub removed: Vec<String>,
}

impl ProcessEntry {
    /// Seconds since the start of the child, by the daemon's clock; `None` when
    /// there is no child.
    #[must_use]
    pub fn uptime(&self) -> Option<i64> {
        (self.pid > 0).then(|| self.now.saturating_sub(self.start).max(0))
    }

    pub(super) fn from_value(value: &Value) -> Result<Self, CallError> {
        Ok(Self {
            name: member_text(value, "name")?,
            group: member_text(value, "group")?,
            state: int(member(value, "state")?)?,
            statename: member_text(value, "statename")?,
            description: member_text(value, "description")?,
            pid: int(member(value, "pid")?)?,
            // what follows is for documents and tables; nothing depends on it
            start: member(value, "start").and_then(int).unwrap_or_default(),
            stop: member(value, "stop").and_then(int).unwrap_or_default(),
            now: member(value, "now").and_then(int).unwrap_or_default(),
            exitstatus: member(value, "exitstatus").and_then(int).unwrap_or_default(),
            spawnerr: member_text(value, "spawnerr").unwrap_or_default(),
            stdout_logfile: member_text(value, "stdout_logfile").unwrap_or_default(),
            stderr_logfile: member_text(value, "stderr_logfile").unwrap_or_default(),
        })
    }
}

impl UsageEntry {
    pub(super) fn from_value(value: &Value) -> Result<Self, CallError> {
        let cpu = match member(value, "cpu")? {
            Value::Double(seconds) => *seconds,
            _ => return Err(unexpected("cpu")),
        };
        Ok(Self {
            group: member_text(value, "group")?,
            name: member_text(value, "name")?,
            pid: int(member(value, "pid")?)?,
            starts: int(member(value, "starts")?)?,
            cpu,
            rss: int(member(value, "rss")?)?,
        })
    }
}

impl ConfigEntry {
    pub(super) fn from_value(value: &Value) -> Result<Self, CallError> {
        Ok(Self {
            name: member_text(value, "name")?,
            group: member_text(value, "group")?,
            inuse: truth(member(value, "inuse")?)?,
            autostart: truth(member(value, "autostart")?)?,
            group_prio: int(member(value, "group_prio")?)?,
            process_prio: int(member(value, "process_prio")?)?,
        })
    }
}

impl CallResult {
    pub(super) fn from_value(value: &Value) -> Result<Self, CallError> {
        let status = int(member(value, "status")?)?;
        Ok(Self {
            name: member_text(value, "name")?,
            group: member_text(value, "group")?,
            status: i32::try_from(status).map_err(|_| unexpected("status"))?,
            description: member_text(value, "description")?,
        })
    }
}

impl Reread {
    /// The three lists stand in a list of their own.
    pub(super) fn from_value(value: &Value) -> Result<Self, CallError> {
        match list(value, |outer| list(outer, |inner| list(inner, text)))?.into_iter().next().as_deref() {
            Some([added, changed, removed]) => {
                Ok(Self { added: added.clone(), changed: changed.clone(), removed: removed.clone() })
            }
            _ => Err(unexpected("reloadConfig")),
        }
    }
}

pub(super) fn text(value: &Value) -> Result<String, CallError> {
    match value {
        Value::Text(text) => Ok(text.clone()),
        _ => Err(unexpected("a text")),
    }
}

pub(super) fn int(value: &Value) -> Result<i64, CallError> {
    match value {
        Value::Int(number) => Ok(*number),
        _ => Err(unexpected("a number")),
    }
}

/// A yes or no; a number is true when it is not 0, as to Python.
fn truth(value: &Value) -> Result<bool, CallError> {
    match value {
        Value::Bool(truth) => Ok(*truth),
        other => int(other).map(|number| number != 0),
    }
}

/// A list of results (B1.7).
///
/// # Errors
/// [`CallError::BadAnswer`] when it is none.
pub fn results(value: &Value) -> Result<Vec<CallResult>, CallError> {
    list(value, CallResult::from_value)
}

pub(super) fn list<T>(value: &Value, entry: impl Fn(&Value) -> Result<T, CallError>) -> Result<Vec<T>, CallError> {
    match value {
        Value::Array(entries) => entries.iter().map(entry).collect(),
        _ => Err(unexpected("a list")),
    }
}

fn member<'a>(value: &'a Value, name: &str) -> Result<&'a Value, CallError> {
    let members = match value {
        Value::Struct(members) => members.as_slice(),
        _ => &[],
    };
    members.iter().find(|(known, _)| known == name).map(|(_, value)| value).ok_or_else(|| unexpected(name))
}

fn member_text(value: &Value, name: &str) -> Result<String, CallError> {
    text(member(value, name)?)
}

fn unexpected(what: &str) -> CallError {
    CallError::BadAnswer(format!("the answer has no {what} where it should"))
}

#[cfg(test)]
mod tests {
    use super::{CallResult, ProcessEntry, Reread};
    use crate::xmlrpc::Value;

    fn names(names: &[&str]) -> Value {
        Value::Array(names.iter().map(|name| Value::Text((*name).to_owned())).collect())
    }

    #[test]
    fn only_what_runs_has_an_uptime_and_a_clock_set_back_makes_none_negative() {
        let uptime = |pid, now| ProcessEntry { pid, start: 1000, now, ..ProcessEntry::default() }.uptime();
        assert_eq!((uptime(7, 1090), uptime(7, 900), uptime(0, 1090)), (Some(90), Some(0), None));
    }

    /// B1.11.1
    #[test]
    fn a_reread_is_unwrapped_from_its_two_lists() {
        let inner = Value::Array(vec![names(&["a", "b"]), names(&[]), names(&["c"])]);
        let reread = Reread::from_value(&Value::Array(vec![inner.clone()])).unwrap();
        assert_eq!((reread.added.len(), reread.changed.len(), reread.removed.len()), (2, 0, 1));
        assert!(Reread::from_value(&inner).is_err());
        assert!(Reread::from_value(&Value::Array(vec![])).is_err());
    }

    /// B1.7
    #[test]
    fn an_answer_without_a_member_is_refused() {
        let member = |name: &str, value| (name.to_owned(), value);
        let mut members = vec![
            member("name", Value::Text("p".to_owned())),
            member("group", Value::Text("g".to_owned())),
            member("status", Value::Int(80)),
            member("description", Value::Text("OK".to_owned())),
        ];
        let result = CallResult::from_value(&Value::Struct(members.clone())).unwrap();
        assert_eq!((result.name.as_str(), result.status), ("p", 80));
        members.pop();
        assert!(CallResult::from_value(&Value::Struct(members)).is_err());
    }
}
