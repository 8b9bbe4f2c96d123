//! Tells what the XML-RPC codec makes of bodies, for the comparison with Python
//! in `compat-tests/`. No part of the program and not installed.
//!
//! A request is a line on stdin: `call` or `answer`, and a body in base64. The
//! answer is a line on stdout: `refused`, or texts in base64. Of a call these are
//! its method, its parameters as Python's `str()` shows a list of them, and the
//! same call as we write it; of an answer it is the answer as we write it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io::{self, BufWriter, Write};
use supervisord::rpc::dispatch;
use supervisord::xmlrpc::{Call, Value, decode_call, decode_response, encode_call, encode_fault, encode_response};

fn main() -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lines() {
        let line = line?;
        let (verb, body) = line.split_once(' ').ok_or_else(|| io::Error::other("no body"))?;
        let body = STANDARD.decode(body).map_err(io::Error::other)?;
        let texts = match verb {
            "call" => call(&body),
            "answer" => answer(&body),
            _ => return Err(io::Error::other(format!("no such request: {verb}"))),
        };
        let shown: Vec<String> = texts.iter().flatten().map(|text| STANDARD.encode(text)).collect();
        writeln!(out, "{}", if texts.is_some() { shown.join(" ") } else { "refused".to_owned() })?;
    }
    out.flush()
}

fn call(body: &[u8]) -> Option<Vec<String>> {
    let call = decode_call(body).ok()?;
    let written = encode_call(&call.method, &call.params);
    Some(vec![call.method, shown(call.params), written])
}

fn answer(body: &[u8]) -> Option<Vec<String>> {
    let answer = decode_response(body).ok()?;
    Some(vec![answer.map_or_else(|fault| encode_fault(&fault), |value| encode_response(&value))])
}

/// A parameter that is no text is told back in the fault it leads to (B1.2.3).
fn shown(params: Vec<Value>) -> String {
    let params = vec![Value::Text(String::new()), Value::Array(params)];
    let call = Call { method: "supervisor.sendProcessStdin".to_owned(), params };
    let fault = dispatch(&call.method, call.params.clone(), &["supervisor".to_owned()]).err();
    let told = fault.map(|fault| fault.text()).unwrap_or_default();
    told.strip_prefix("INCORRECT_PARAMETERS: ").unwrap_or(&told).to_owned()
}
