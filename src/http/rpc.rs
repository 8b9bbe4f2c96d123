//! `POST /RPC2`: from bytes to bytes, the engine asked in between (B2.1, B2.2).

use super::Context;
use super::reply::Reply;
use crate::model::{Level, py_repr};
use crate::rpc::{Dispatch, Fault, Step, dispatch, multicall_step, render};
use crate::xmlrpc::{Call, Value, decode_call, encode_fault, encode_response};
use hyper::StatusCode;

/// Of a body that is no call, the log shows no more characters.
const MOST_SHOWN: usize = 1000;

/// Answers the call in `body`: 400 when it is none, else 200 with a value or a fault.
pub(super) async fn answer(body: Vec<u8>, context: &Context) -> Reply {
    let call = match decode_call(&body) {
        Ok(call) => call,
        Err(error) => {
            let start: String = String::from_utf8_lossy(&body).chars().take(MOST_SHOWN).collect();
            let line = format!("XML-RPC request data {} is invalid: {error}", py_repr(&start));
            context.engine.log(Level::Error, line);
            return Reply::error(StatusCode::BAD_REQUEST);
        }
    };
    // The call may wait long, and needs its bytes no more.
    drop(body);
    trace(context, || format!("XML-RPC method called: {}()", call.method));
    let answer = perform(&call, context).await;
    trace(context, || match &answer {
        Ok(_) => format!("XML-RPC method {}() returned successfully", call.method),
        Err(fault) => {
            format!("XML-RPC method {}() returned fault: [{}] {}", call.method, fault.code.code(), fault.text())
        }
    });
    let body = match answer {
        Ok(value) => encode_response(&value),
        Err(fault) => encode_fault(&fault.to_wire()),
    };
    Reply::whole("text/xml", body)
}

async fn perform(call: &Call, context: &Context) -> Result<Value, Fault> {
    match dispatch(call, &context.namespaces)? {
        Dispatch::System(value) => Ok(value),
        Dispatch::Call(request) => context.engine.call(request).await.map(|reply| render(&reply)),
        Dispatch::Multicall(calls) => {
            let mut results = Vec::with_capacity(calls.len());
            for call in &calls {
                results.push(perform_step(call, context).await.unwrap_or_else(|fault| as_struct(&fault)));
            }
            Ok(Value::Array(results))
        }
    }
}

/// One call of a multicall; its result is not wrapped in an array (B1.14.6).
async fn perform_step(call: &Value, context: &Context) -> Result<Value, Fault> {
    match multicall_step(call, &context.namespaces)? {
        Step::Answer(value) => Ok(value),
        Step::Call(request) => context.engine.call(request).await.map(|reply| render(&reply)),
    }
}

/// A fault among the results of a multicall (B1.14.7).
fn as_struct(fault: &Fault) -> Value {
    Value::Struct(vec![
        ("faultCode".to_owned(), Value::Int(fault.code.code().into())),
        ("faultString".to_owned(), Value::Text(fault.text())),
    ])
}

/// Most daemons do not trace; theirs shall not pay for making the line.
fn trace(context: &Context, line: impl FnOnce() -> String) {
    if context.engine.wants(Level::Trace) {
        context.engine.log(Level::Trace, line());
    }
}
