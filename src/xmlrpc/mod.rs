//! XML-RPC values and their bytes. Knows no method, no socket and no process.
//!
//! [`decode`] is lenient exactly where Python's parser is; [`encode`] writes
//! byte for byte what Python's `xmlrpc.client.dumps` writes (B2.1, B2.2).

/// A value as XML-RPC carries it.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `<int>`; wider than the 32 bits of the standard, as clients accept it.
    Int(i64),
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
