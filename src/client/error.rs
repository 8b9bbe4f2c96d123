//! Why a call gave no value, in the words of upstream's client: scripts search
//! its `error: TYPE, TEXT` lines for `refused`, `No such file`, `401` (B3.4.3).

use crate::model::py_repr;
use crate::rpc::FaultCode;
use crate::xmlrpc::WireFault;
use nix::errno::Errno;
use std::io;
use thiserror::Error;

/// What went wrong with a call. Display is TEXT of B3.4.2,
/// [`python_type`](Self::python_type) is TYPE.
#[derive(Debug, Error)]
pub enum CallError {
    /// The daemon refused.
    #[error("<Fault {}: {}>", .0.code, py_repr(&.0.text))]
    Fault(WireFault),
    /// Another HTTP status than 200. The host is a constant in upstream's text.
    #[error("<ProtocolError for 127.0.0.1/RPC2: {status} {reason}>")]
    Status {
        /// As in the status line.
        status: u16,
        /// As in the status line.
        reason: String,
    },
    /// The system refused to connect, read or write.
    #[error("{}", errno_sentence(.0))]
    Io(#[from] io::Error),
    /// The host name leads nowhere.
    #[error("[Errno {code}] {text}")]
    Lookup {
        /// The resolver's number, negative.
        code: i32,
        /// The resolver's sentence.
        text: String,
    },
    /// The server's URL is of no kind we can call.
    #[error("Unknown protocol for serverurl {0}")]
    UnknownProtocol(String),
    /// The server's URL has a port that is none.
    #[error("{0}")]
    BadPort(String),
    /// The connection ended before an answer began.
    #[error("Remote end closed connection without response")]
    Hangup,
    /// The connection ended within an answer.
    #[error("IncompleteRead({got} bytes read)")]
    CutShort {
        /// Bytes of the body that came.
        got: usize,
    },
    /// The answer is not HTTP. Holds the line that is not.
    #[error("{0}")]
    BadStatusLine(String),
    /// The answer breaks HTTP further on, or is longer than we take.
    #[error("{0}")]
    BadHttp(&'static str),
    /// The answer's body is not what the method answers with.
    #[error("{0}")]
    BadAnswer(String),
    /// The user pressed Ctrl-C while we waited.
    #[error("interrupted")]
    Interrupted,
}

impl CallError {
    /// The name upstream's client shows for this kind of error.
    #[must_use]
    pub fn python_type(&self) -> &'static str {
        match self {
            Self::Fault(_) => "<class 'xmlrpc.client.Fault'>",
            Self::Status { .. } => "<class 'xmlrpc.client.ProtocolError'>",
            Self::Io(error) => os_error_type(error),
            Self::Lookup { .. } => "<class 'socket.gaierror'>",
            Self::UnknownProtocol(_) | Self::BadPort(_) => "<class 'ValueError'>",
            Self::Hangup => "<class 'http.client.RemoteDisconnected'>",
            Self::CutShort { .. } => "<class 'http.client.IncompleteRead'>",
            Self::BadStatusLine(_) => "<class 'http.client.BadStatusLine'>",
            Self::BadHttp(_) => "<class 'http.client.HTTPException'>",
            Self::BadAnswer(_) => "<class 'xmlrpc.client.ResponseError'>",
            Self::Interrupted => "<class 'KeyboardInterrupt'>",
        }
    }

    /// Whether the daemon answered with this fault.
    #[must_use]
    pub fn is_fault(&self, code: FaultCode) -> bool {
        matches!(self, Self::Fault(fault) if fault.code == code.code())
    }

    /// Whether this is the system error `errno`.
    #[must_use]
    pub fn is_errno(&self, errno: Errno) -> bool {
        matches!(self, Self::Io(error) if error.raw_os_error() == Some(errno as i32))
    }

    /// Whether the server wants a user name and password.
    #[must_use]
    pub fn wants_login(&self) -> bool {
        matches!(self, Self::Status { status: 401, .. })
    }
}

fn errno_sentence(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => format!("[Errno {number}] {}", Errno::from_raw(number).desc()),
        None => error.to_string(),
    }
}

fn os_error_type(error: &io::Error) -> &'static str {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::ENOENT) => "<class 'FileNotFoundError'>",
        Some(Errno::ECONNREFUSED) => "<class 'ConnectionRefusedError'>",
        Some(Errno::EACCES | Errno::EPERM) => "<class 'PermissionError'>",
        Some(Errno::ECONNRESET) => "<class 'ConnectionResetError'>",
        Some(Errno::ECONNABORTED) => "<class 'ConnectionAbortedError'>",
        Some(Errno::EPIPE) => "<class 'BrokenPipeError'>",
        Some(Errno::ETIMEDOUT) => "<class 'TimeoutError'>",
        _ => "<class 'OSError'>",
    }
}

#[cfg(test)]
mod tests {
    use super::CallError;
    use crate::xmlrpc::WireFault;
    use nix::errno::Errno;
    use std::io;

    fn line(error: &CallError) -> String {
        format!("error: {}, {error}", error.python_type())
    }

    /// B3.4.2
    #[test]
    fn errors_read_as_upstreams_client_writes_them() {
        let fault = CallError::Fault(WireFault { code: 6, text: "SHUTDOWN_STATE".to_owned() });
        assert_eq!(line(&fault), "error: <class 'xmlrpc.client.Fault'>, <Fault 6: 'SHUTDOWN_STATE'>");
        let status = CallError::Status { status: 500, reason: "Internal Server Error".to_owned() };
        assert_eq!(
            line(&status),
            "error: <class 'xmlrpc.client.ProtocolError'>, \
             <ProtocolError for 127.0.0.1/RPC2: 500 Internal Server Error>"
        );
        let system = |errno: Errno| line(&CallError::Io(io::Error::from(errno)));
        assert_eq!(
            system(Errno::ECONNREFUSED),
            "error: <class 'ConnectionRefusedError'>, [Errno 111] Connection refused"
        );
        assert_eq!(system(Errno::ENOENT), "error: <class 'FileNotFoundError'>, [Errno 2] No such file or directory");
        assert_eq!(system(Errno::EACCES), "error: <class 'PermissionError'>, [Errno 13] Permission denied");
        let lookup = CallError::Lookup { code: -2, text: "Name or service not known".to_owned() };
        assert_eq!(line(&lookup), "error: <class 'socket.gaierror'>, [Errno -2] Name or service not known");
    }

    /// B3.4.2: the text of a fault is quoted as Python quotes it.
    #[test]
    fn a_fault_with_a_quote_in_it_gets_the_other_quotes() {
        let fault = CallError::Fault(WireFault { code: 92, text: "CANT_REREAD: file: '/x'\n".to_owned() });
        assert_eq!(fault.to_string(), r#"<Fault 92: "CANT_REREAD: file: '/x'\n">"#);
    }
}
