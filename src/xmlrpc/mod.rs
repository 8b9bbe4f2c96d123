//! XML-RPC values and their bytes. Knows no method, no socket and no process.
//!
//! [`decode`] is lenient exactly where Python's parser is; [`encode`] writes
//! byte for byte what Python's `xmlrpc.client.dumps` writes (B2.1, B2.2).

pub mod decode;
pub mod encode;
mod scalar;
mod usual;
mod wellformed;

pub use decode::{decode_call, decode_response};
pub(crate) use encode::key;
pub use encode::{Encoder, Key, double_text, encode_call, encode_fault, encode_response};
pub use wellformed::is_xml_char;

use thiserror::Error;

/// A value as XML-RPC carries it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `<int>`; wider than the 32 bits of the standard, as clients accept it.
    Int(i64),
    /// `<int>` beyond 64 bits, which is only ever refused or shown: its digits,
    /// with a minus in front if it has one and without zeros.
    Wide(String),
    /// `<boolean>`
    Bool(bool),
    /// `<string>`; also what a decoded `<base64>` becomes.
    Text(String),
    /// `<double>`
    Double(f64),
    /// `<dateTime.iso8601>`, kept as its text `20260102T03:04:05`.
    DateTime(String),
    /// `<array>`
    Array(Vec<Value>),
    /// `<struct>`, members in order; a name stands once.
    Struct(Vec<(String, Value)>),
    /// `<nil/>`; only ever received.
    Nil,
}

/// A decoded `<methodCall>`.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The method's full name, as sent.
    pub method: String,
    /// The positional parameters.
    pub params: Vec<Value>,
}

/// A fault as the wire shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WireFault {
    /// `faultCode`
    pub code: i32,
    /// `faultString`
    pub text: String,
}

impl WireFault {
    /// The struct that stands for a fault, in its own response and among the
    /// results of a multicall (B2.2.3, B1.14.7).
    #[must_use]
    pub fn to_value(&self) -> Value {
        let code = ("faultCode".to_owned(), Value::Int(self.code.into()));
        let text = ("faultString".to_owned(), Value::Text(self.text.clone()));
        Value::Struct(vec![code, text])
    }
}

/// Why a body is no XML-RPC; the texts end upstream's log line (A5.93).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// Not well-formed, past a limit, or a value that is none. Holds what was
    /// wrong, for tests and debugging.
    #[error("unmarshallable")]
    Unmarshallable(&'static str),
    /// A call without a `<methodName>`, or with an empty one.
    #[error("no method name")]
    NoMethodName,
}
