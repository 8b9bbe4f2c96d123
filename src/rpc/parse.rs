//! From a method's name and parameters to a [`Request`], or to the fault that
//! upstream answers. Knows neither state nor processes: what can be refused
//! without them is refused here.

use super::pystr::py_str;
use super::table::{self, Method, Namespace};
use super::{Fault, FaultCode, Request};
use crate::model::{Channel, Signal};
use crate::xmlrpc::Value;

/// Reads a call of a method in one of `namespaces`, the `x` of each configured
/// `[rpcinterface:x]`. `system.*` is [`super::system`]'s.
///
/// # Errors
/// `UNKNOWN_METHOD` before all else, then `INCORRECT_PARAMETERS` for a wrong
/// number (B1.1.5) or type (B1.1.10) of parameters.
pub fn parse(method: &str, params: Vec<Value>, namespaces: &[String]) -> Result<Request, Fault> {
    match table::find(method, namespaces) {
        Some((Namespace::Supervisor | Namespace::Ext, found)) => request(found, params),
        _ => Err(Fault::new(FaultCode::UnknownMethod)),
    }
}

/// Reads a call of a method that has been found in the table.
pub(super) fn request(method: &Method, params: Vec<Value>) -> Result<Request, Fault> {
    if !method.takes(params.len()) {
        return Err(incorrect());
    }
    let mut params = Params(params);
    Ok(match method.main_name() {
        "addProcessGroup" => Request::AddProcessGroup(params.group(0)?),
        "clearAllProcessLogs" => Request::ClearAllProcessLogs,
        "clearLog" => Request::ClearLog,
        "clearProcessLogs" => Request::ClearProcessLogs(params.name(0)?),
        "getAPIVersion" => Request::GetApiVersion,
        "getAllConfigInfo" => Request::GetAllConfigInfo,
        "getAllProcessInfo" => Request::GetAllProcessInfo,
        "getAllProcessUsage" => Request::GetAllProcessUsage,
        "getIdentification" => Request::GetIdentification,
        "getLogStates" => Request::GetLogStates,
        "getLogOffset" => {
            Request::GetLogOffset { name: params.name(0)?, channel: params.name(1)?, seconds: params.position(2)? }
        }
        "getPID" => Request::GetPid,
        "getProcessInfo" => Request::GetProcessInfo(params.name(0)?),
        "getState" => Request::GetState,
        "getSupervisorVersion" => Request::GetSupervisorVersion,
        "readLog" => Request::ReadLog { offset: params.position(0)?, length: params.position(1)? },
        "readProcessStderrLog" => read_process_log(&mut params, Channel::Stderr)?,
        "readProcessStdoutLog" => read_process_log(&mut params, Channel::Stdout)?,
        "reloadConfig" => Request::ReloadConfig,
        "removeProcessGroup" => Request::RemoveProcessGroup(params.group(0)?),
        "restart" => Request::Restart,
        "sendProcessStdin" => {
            // Upstream looks at the text before the name (B1.6.24).
            let chars = params.chars(1)?;
            Request::SendProcessStdin { name: params.name(0)?, chars }
        }
        "sendRemoteCommEvent" => Request::SendRemoteCommEvent { kind: params.shown(0)?, data: params.shown(1)? },
        "shutdown" => Request::Shutdown,
        "signalAllProcesses" => Request::SignalAllProcesses { signal: params.signal(0)? },
        "signalProcess" => Request::SignalProcess { name: params.name(0)?, signal: params.signal(1)? },
        "signalProcessGroup" => Request::SignalProcessGroup { name: params.group(0)?, signal: params.signal(1)? },
        "startAllProcesses" => Request::StartAllProcesses { wait: params.wait(0) },
        "startProcess" => Request::StartProcess { name: params.name(0)?, wait: params.wait(1) },
        "startProcessGroup" => Request::StartProcessGroup { name: params.group(0)?, wait: params.wait(1) },
        "stopAllProcesses" => Request::StopAllProcesses { wait: params.wait(0) },
        "stopProcess" => Request::StopProcess { name: params.name(0)?, wait: params.wait(1) },
        "stopProcessGroup" => Request::StopProcessGroup { name: params.group(0)?, wait: params.wait(1) },
        "tailProcessStderrLog" => tail_process_log(&mut params, Channel::Stderr)?,
        "tailProcessStdoutLog" => tail_process_log(&mut params, Channel::Stdout)?,
        // A row without an arm; the test of the table fails first.
        _ => return Err(Fault::new(FaultCode::UnknownMethod)),
    })
}

fn read_process_log(params: &mut Params, channel: Channel) -> Result<Request, Fault> {
    let (name, offset, length) = (params.name(0)?, params.position(1)?, params.position(2)?);
    Ok(Request::ReadProcessLog { name, channel, offset, length })
}

fn tail_process_log(params: &mut Params, channel: Channel) -> Result<Request, Fault> {
    let (name, offset, length) = (params.name(0)?, params.position(1)?, params.position(2)?);
    Ok(Request::TailProcessLog { name, channel, offset, length })
}

pub(super) fn incorrect() -> Fault {
    Fault::new(FaultCode::IncorrectParameters)
}

/// The parameters, each taken once as the type that a method wants: a text may be
/// many megabytes, and is not copied.
struct Params(Vec<Value>);

impl Params {
    fn take(&mut self, index: usize) -> Result<Value, Fault> {
        let value = self.0.get_mut(index).ok_or_else(incorrect)?;
        Ok(std::mem::replace(value, Value::Nil))
    }

    /// `process` or `group:process`: only a string has parts.
    fn name(&mut self, index: usize) -> Result<String, Fault> {
        match self.take(index)? {
            Value::Text(name) => Ok(name),
            _ => Err(incorrect()),
        }
    }

    /// A group's name. Upstream looks up whatever it is given, so a number is a
    /// name that is not there and is shown as such; what cannot be looked up is
    /// refused (B1.1.6).
    fn group(&mut self, index: usize) -> Result<String, Fault> {
        match self.take(index)? {
            Value::Array(_) | Value::Struct(_) | Value::Nil => Err(incorrect()),
            scalar => Ok(shown(scalar)),
        }
    }

    /// Any value as text.
    fn shown(&mut self, index: usize) -> Result<String, Fault> {
        self.take(index).map(shown)
    }

    /// Text and nothing but text; the fault shows what else it was (B1.6.24).
    fn chars(&mut self, index: usize) -> Result<String, Fault> {
        match self.take(index)? {
            Value::Text(text) => Ok(text),
            other => Err(Fault::about(FaultCode::IncorrectParameters, &other)),
        }
    }

    /// An offset or a length (B1.10.2).
    fn position(&mut self, index: usize) -> Result<i64, Fault> {
        number(&self.take(index)?)
    }

    /// A signal as text; the manager knows which there are (B1.6.19).
    fn signal(&mut self, index: usize) -> Result<String, Fault> {
        match self.take(index)? {
            Value::Text(signal) | Value::Wide(signal) => Ok(signal),
            other => {
                let number = number(&other)?;
                // A fault shows what came, not what it was cut to.
                Ok(Signal::from_number(number).map_or_else(|| shown(other), |signal| signal.number().to_string()))
            }
        }
    }

    /// Left out, it is true; else Python's truth of any value (B1.5.3).
    fn wait(&self, index: usize) -> bool {
        match self.0.get(index) {
            None | Some(Value::DateTime(_) | Value::Wide(_)) => true,
            Some(Value::Int(number)) => *number != 0,
            Some(Value::Bool(flag)) => *flag,
            Some(Value::Double(number)) => *number != 0.0,
            Some(Value::Text(text)) => !text.is_empty(),
            Some(Value::Array(items)) => !items.is_empty(),
            Some(Value::Struct(members)) => !members.is_empty(),
            Some(Value::Nil) => false,
        }
    }
}

fn shown(value: Value) -> String {
    match value {
        Value::Text(text) => text,
        other => py_str(&other),
    }
}

fn number(value: &Value) -> Result<i64, Fault> {
    match value {
        Value::Int(number) => Ok(*number),
        // No file is that long: the ends of 64 bits act the same.
        Value::Wide(digits) => Ok(if digits.starts_with('-') { i64::MIN } else { i64::MAX }),
        Value::Bool(flag) => Ok(i64::from(*flag)),
        // Cut towards zero; beyond 64 bits it stays at the end of them.
        Value::Double(number) if number.is_finite() => Ok(*number as i64),
        Value::Text(digits) => digits.trim().parse().map_err(|_| incorrect()),
        _ => Err(incorrect()),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::model::Channel;
    use crate::rpc::{Fault, FaultCode, Request};
    use crate::xmlrpc::Value;

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn call(method: &str, params: &[Value]) -> Result<Request, Fault> {
        parse(method, params.to_vec(), &["supervisor".to_owned()])
    }

    fn refused(method: &str, params: &[Value]) -> String {
        call(method, params).unwrap_err().text()
    }

    /// B1.1.1, B1.1.2, B1.1.3, B1.1.4
    #[test]
    fn a_name_is_two_known_parts_exactly() {
        for unknown in [
            "getState",
            "",
            ".",
            "supervisor.",
            ".getState",
            "supervisor.getState.x",
            "supervisor._update",
            "supervisor.supervisord",
            "Supervisor.getState",
            "supervisor.getstate",
            " supervisor.getState ",
            "other.getState",
            "system.listMethods",
        ] {
            assert_eq!(refused(unknown, &[]), "UNKNOWN_METHOD", "{unknown:?}");
        }
        assert_eq!(call("supervisor.getState", &[]), Ok(Request::GetState));
    }

    /// B1.1.9
    #[test]
    fn every_configured_namespace_serves_the_same_methods() {
        let names = ["a".to_owned(), "b".to_owned()];
        assert_eq!(parse("b.getPID", vec![], &names), Ok(Request::GetPid));
        assert_eq!(parse("supervisor.getPID", vec![], &names), Err(Fault::new(FaultCode::UnknownMethod)));
    }

    /// B1.1.5, B1.1.8
    #[test]
    fn too_many_or_too_few_parameters_are_refused() {
        assert_eq!(refused("supervisor.getState", &[text("x")]), "INCORRECT_PARAMETERS");
        assert_eq!(refused("supervisor.startProcess", &[]), "INCORRECT_PARAMETERS");
        assert_eq!(
            refused("supervisor.startProcess", &[text("a"), Value::Bool(true), text("c")]),
            "INCORRECT_PARAMETERS"
        );
    }

    /// B1.1.6, B1.1.10, B1.2.3
    #[test]
    fn names_are_texts_and_group_names_anything_with_a_text() {
        let group = |value: Value| call("supervisor.addProcessGroup", &[value]);
        assert_eq!(group(Value::Int(5)), Ok(Request::AddProcessGroup("5".to_owned())));
        assert_eq!(group(Value::Bool(true)), Ok(Request::AddProcessGroup("True".to_owned())));
        for value in [Value::Array(vec![]), Value::Struct(vec![]), Value::Nil] {
            assert_eq!(group(value.clone()).unwrap_err().text(), "INCORRECT_PARAMETERS");
            assert_eq!(refused("supervisor.getProcessInfo", &[value]), "INCORRECT_PARAMETERS");
        }
        assert_eq!(refused("supervisor.startProcess", &[Value::Int(5)]), "INCORRECT_PARAMETERS");
    }

    /// B1.5.3
    #[test]
    fn wait_is_taken_for_its_truth() {
        let wait = |params: &[Value]| match call("supervisor.stopAllProcesses", params) {
            Ok(Request::StopAllProcesses { wait }) => wait,
            other => panic!("{other:?}"),
        };
        assert!(wait(&[]) && wait(&[Value::Int(1)]) && wait(&[text("false")]) && wait(&[Value::Double(0.1)]));
        assert!(wait(&[Value::Wide("99999999999999999999".to_owned())]));
        assert!(!wait(&[Value::Int(0)]) && !wait(&[text("")]) && !wait(&[Value::Bool(false)]) && !wait(&[Value::Nil]));
    }

    /// B1.10.2
    #[test]
    fn positions_are_anything_that_makes_a_number() {
        let read = |value: Value| match call("supervisor.readMainLog", &[value, Value::Int(0)]) {
            Ok(Request::ReadLog { offset, length: 0 }) => Ok(offset),
            Ok(other) => panic!("{other:?}"),
            Err(fault) => Err(fault.text()),
        };
        assert_eq!(read(Value::Int(-20)), Ok(-20));
        assert_eq!(read(Value::Bool(true)), Ok(1));
        assert_eq!(read(Value::Double(-1.9)), Ok(-1));
        assert_eq!(read(text(" 12 ")), Ok(12));
        assert_eq!(read(Value::Wide("99999999999999999999".to_owned())), Ok(i64::MAX));
        assert_eq!(read(Value::Wide("-99999999999999999999".to_owned())), Ok(i64::MIN));
        for bad in [text("x"), text(""), Value::Nil, Value::Array(vec![]), Value::Double(f64::NAN)] {
            assert_eq!(read(bad), Err("INCORRECT_PARAMETERS".to_owned()));
        }
    }

    /// B1.6.16, B1.6.19, B1.1.10
    #[test]
    fn signals_are_texts_or_numbers() {
        let sent = |value: Value| match call("supervisor.signalProcess", &[text("a"), value]) {
            Ok(Request::SignalProcess { signal, .. }) => Ok(signal),
            Ok(other) => panic!("{other:?}"),
            Err(fault) => Err(fault.text()),
        };
        assert_eq!(sent(text(" hup ")).as_deref(), Ok(" hup "));
        assert_eq!(sent(Value::Int(-1)).as_deref(), Ok("-1"));
        assert_eq!(sent(Value::Double(1.5)).as_deref(), Ok("1"));
        assert_eq!(sent(Value::Double(-1.5)).as_deref(), Ok("-1.5"));
        assert_eq!(sent(Value::Double(1e22)).as_deref(), Ok("1e+22"));
        assert_eq!(sent(Value::Bool(true)).as_deref(), Ok("1"));
        assert_eq!(sent(Value::Wide("99999999999999999999".to_owned())).as_deref(), Ok("99999999999999999999"));
        assert_eq!(sent(Value::Nil), Err("INCORRECT_PARAMETERS".to_owned()));
    }

    /// B1.6.24, B1.6.28
    #[test]
    fn stdin_takes_only_text_and_events_take_all() {
        let stdin = |name: Value, chars: Value| refused("supervisor.sendProcessStdin", &[name, chars]);
        assert_eq!(stdin(text("cat"), Value::Int(-12)), "INCORRECT_PARAMETERS: -12");
        let wide = Value::Wide("99999999999999999999".to_owned());
        assert_eq!(stdin(text("cat"), wide), "INCORRECT_PARAMETERS: 99999999999999999999");
        assert_eq!(stdin(Value::Int(1), Value::Bool(true)), "INCORRECT_PARAMETERS: True");
        assert_eq!(stdin(text("cat"), Value::Nil), "INCORRECT_PARAMETERS");
        let event = call("supervisor.sendRemoteCommEvent", &[Value::Int(5), Value::Nil]);
        assert_eq!(event, Ok(Request::SendRemoteCommEvent { kind: "5".to_owned(), data: "None".to_owned() }));
    }

    /// B1.5
    #[test]
    fn aliases_act_as_their_main_method() {
        let params = [text("a"), Value::Int(1), Value::Int(2)];
        let expected = Request::TailProcessLog { name: "a".to_owned(), channel: Channel::Stdout, offset: 1, length: 2 };
        assert_eq!(call("supervisor.tailProcessLog", &params), Ok(expected.clone()));
        assert_eq!(call("supervisor.tailProcessStdoutLog", &params), Ok(expected));
        assert_eq!(call("supervisor.getVersion", &[]), Ok(Request::GetApiVersion));
    }
}
