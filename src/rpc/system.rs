//! The `system` namespace, answered from the table alone, and which way a call
//! goes. Making the calls of a multicall is up to whoever can wait.

use super::parse::{self, incorrect};
use super::table::{self, Method, Namespace};
use super::{Fault, FaultCode, Request, spec};
use crate::xmlrpc::Value;

/// Which way a call goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Dispatch {
    /// Answered already.
    System(Value),
    /// Its entries are to be made in order, each after the one before is
    /// answered, with [`multicall_step`] (B1.14.4).
    Multicall(Vec<Value>),
    /// To be asked of the engine.
    Call(Request),
}

/// One entry of a multicall.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Answered already.
    Answer(Value),
    /// To be asked of the engine.
    Call(Request),
}

/// Reads a call. `namespaces` are the `x` of each configured `[rpcinterface:x]`.
///
/// # Errors
/// `UNKNOWN_METHOD`, `INCORRECT_PARAMETERS`, and for help and signature of an
/// unknown method `SIGNATURE_UNSUPPORTED`.
pub fn dispatch(method: &str, mut params: Vec<Value>, namespaces: &[String]) -> Result<Dispatch, Fault> {
    let (namespace, found) = table::find(method, namespaces).ok_or_else(|| Fault::new(FaultCode::UnknownMethod))?;
    if namespace != Namespace::System {
        return parse::request(found, params).map(Dispatch::Call);
    }
    if !found.takes(params.len()) {
        return Err(incorrect());
    }
    let answer = match (found.name, params.as_mut_slice()) {
        ("listMethods", _) => texts(list_methods(namespaces)),
        ("methodHelp", [name]) => Value::Text(method_help(named(name)?, namespaces)?.to_owned()),
        ("methodSignature", [name]) => texts(method_signature(named(name)?, namespaces)?),
        ("multicall", [Value::Array(calls)]) => return Ok(Dispatch::Multicall(std::mem::take(calls))),
        ("multicall", _) => return Err(incorrect()),
        // A row without an arm; the test of the table fails first.
        _ => return Err(Fault::new(FaultCode::UnknownMethod)),
    };
    Ok(Dispatch::System(answer))
}

/// Reads one entry of a multicall. An error stands in the results as a struct,
/// and the entries behind it are made all the same (B1.14.7).
///
/// # Errors
/// Those of [`dispatch`]; `INCORRECT_PARAMETERS` also for an entry that is no
/// call and for a multicall in a multicall (B1.14.8, B1.14.10).
pub fn multicall_step(call: Value, namespaces: &[String]) -> Result<Step, Fault> {
    let Value::Struct(members) = call else { return Err(incorrect()) };
    let (mut method, mut params) = (None, None);
    for (name, value) in members {
        match name.as_str() {
            "methodName" => method = Some(value),
            "params" => params = Some(value),
            _ => {}
        }
    }
    let method = match method {
        None | Some(Value::Nil) => return Err(Fault::with(FaultCode::IncorrectParameters, "No methodName")),
        Some(Value::Text(method)) => method,
        Some(_) => return Err(incorrect()),
    };
    if method == "system.multicall" {
        let extra = "Recursive system.multicall forbidden";
        return Err(Fault::with(FaultCode::IncorrectParameters, extra));
    }
    let params = match params {
        None => vec![],
        Some(Value::Array(params)) => params,
        Some(_) => return Err(incorrect()),
    };
    match dispatch(&method, params, namespaces)? {
        Dispatch::System(value) => Ok(Step::Answer(value)),
        Dispatch::Call(request) => Ok(Step::Call(request)),
        Dispatch::Multicall(_) => Err(incorrect()),
    }
}

/// Every full name, aliases and `system` included, sorted (B1.14.1). `ext` is not:
/// clients compare the list with upstream's.
#[must_use]
pub fn list_methods(namespaces: &[String]) -> Vec<String> {
    let full = |namespace: &str, methods: &[Method]| -> Vec<String> {
        methods.iter().map(|method| format!("{namespace}.{}", method.name)).collect()
    };
    let mut names: Vec<String> = namespaces.iter().flat_map(|name| full(name, spec::SUPERVISOR)).collect();
    names.extend(full("system", spec::SYSTEM));
    names.sort();
    names
}

/// What a method does, with a line for each parameter (B1.14.2).
///
/// # Errors
/// `SIGNATURE_UNSUPPORTED` for an unknown method.
pub fn method_help(name: &str, namespaces: &[String]) -> Result<&'static str, Fault> {
    known(name, namespaces).map(|method| method.help)
}

/// The type returned, then the type of each parameter (B1.14.3).
///
/// # Errors
/// `SIGNATURE_UNSUPPORTED` for an unknown method.
pub fn method_signature(name: &str, namespaces: &[String]) -> Result<Vec<String>, Fault> {
    let method = known(name, namespaces)?;
    let kinds = method.params.iter().map(|param| param.kind);
    Ok(std::iter::once(method.returns).chain(kinds).map(str::to_owned).collect())
}

fn known(name: &str, namespaces: &[String]) -> Result<&'static Method, Fault> {
    let found = table::find(name, namespaces);
    found.map(|(_, method)| method).ok_or_else(|| Fault::new(FaultCode::SignatureUnsupported))
}

/// What is no text names no method.
fn named(value: &Value) -> Result<&str, Fault> {
    match value {
        Value::Text(name) => Ok(name),
        _ => Err(Fault::new(FaultCode::SignatureUnsupported)),
    }
}

fn texts(texts: Vec<String>) -> Value {
    Value::Array(texts.into_iter().map(Value::Text).collect())
}

#[cfg(test)]
mod tests {
    use super::{Dispatch, Step, dispatch, list_methods, method_help, method_signature, multicall_step};
    use crate::rpc::{Fault, Request};
    use crate::xmlrpc::Value;

    fn names() -> Vec<String> {
        vec!["supervisor".to_owned()]
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    fn go(method: &str, params: Vec<Value>) -> Result<Dispatch, Fault> {
        dispatch(method, params, &names())
    }

    fn entry(members: &[(&str, Value)]) -> Value {
        Value::Struct(members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect())
    }

    fn refused(call: Value) -> String {
        multicall_step(call, &names()).unwrap_err().text()
    }

    /// B1.5, B1.5.2, B1.14.1, B1.1.9
    #[test]
    fn all_methods_are_listed_sorted() {
        let list = list_methods(&names());
        assert_eq!(list.len(), 41);
        assert!(list.is_sorted() && list.contains(&"supervisor.readMainLog".to_owned()));
        assert_eq!(list_methods(&[]).len(), 4);
        assert_eq!(go("system.listMethods", vec![]).unwrap(), Dispatch::System(super::texts(list)));
    }

    /// B1.14.2, B1.14.3, B1.5.1
    #[test]
    fn help_and_signature_come_from_the_table() {
        let help = method_help("supervisor.stopProcess", &names()).unwrap();
        assert!(help.contains("\n\n@param string name ") && help.contains("\n@param boolean wait "), "{help}");
        assert!(help.ends_with("\n@return boolean true"), "{help}");
        let signature = method_signature("supervisor.readProcessLog", &names()).unwrap();
        assert_eq!(signature, ["string", "string", "int", "int"]);
        assert_eq!(method_signature("system.multicall", &[]).unwrap(), ["array", "array"]);
        for method in ["system.methodHelp", "system.methodSignature"] {
            for name in [text("supervisor.nosuch"), text(""), Value::Int(1)] {
                assert_eq!(go(method, vec![name]).unwrap_err().text(), "SIGNATURE_UNSUPPORTED");
            }
            assert_eq!(go(method, vec![]).unwrap_err().text(), "INCORRECT_PARAMETERS");
        }
    }

    /// B1.1.3, B1.1.10, B1.14.11
    #[test]
    fn calls_go_one_of_three_ways() {
        assert_eq!(go("supervisor.getPID", vec![]), Ok(Dispatch::Call(Request::GetPid)));
        assert_eq!(go("system.multicall", vec![Value::Array(vec![])]), Ok(Dispatch::Multicall(vec![])));
        assert_eq!(go("system.multicall", vec![text("x")]).unwrap_err().text(), "INCORRECT_PARAMETERS");
        for unknown in ["system.nosuch", "system._listMethods", "nosuch.getPID", "", "system"] {
            assert_eq!(go(unknown, vec![]).unwrap_err().text(), "UNKNOWN_METHOD", "{unknown:?}");
        }
    }

    /// B1.14.5, B1.14.7, B1.14.8, B1.14.9, B1.14.10
    #[test]
    fn entries_of_a_multicall_are_calls_or_faults() {
        let pid = entry(&[("methodName", text("supervisor.getPID")), ("other", Value::Int(1))]);
        assert_eq!(multicall_step(pid, &names()), Ok(Step::Call(Request::GetPid)));
        let list = entry(&[("methodName", text("system.listMethods")), ("params", Value::Array(vec![]))]);
        assert!(matches!(multicall_step(list, &names()), Ok(Step::Answer(Value::Array(_)))));

        assert_eq!(refused(entry(&[])), "INCORRECT_PARAMETERS: No methodName");
        let nested = entry(&[("methodName", text("system.multicall")), ("params", Value::Array(vec![]))]);
        assert_eq!(refused(nested), "INCORRECT_PARAMETERS: Recursive system.multicall forbidden");
        assert_eq!(refused(entry(&[("methodName", text(""))])), "UNKNOWN_METHOD");
        assert_eq!(refused(entry(&[("methodName", Value::Int(5))])), "INCORRECT_PARAMETERS");
        let spread = entry(&[("methodName", text("supervisor.getProcessInfo")), ("params", text("c"))]);
        assert_eq!(refused(spread), "INCORRECT_PARAMETERS");
        assert_eq!(refused(text("supervisor.getPID")), "INCORRECT_PARAMETERS");
    }
}
