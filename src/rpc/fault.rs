//! Faults: their codes, names and texts. They are made here and nowhere else,
//! so that what a client reads can be found in one place.

use super::pystr::py_str;
use crate::xmlrpc::{Value, WireFault};

/// A refusal, before it is made into bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which fault.
    pub code: FaultCode,
    /// What follows the name in `faultString`; `None` shows the bare name.
    pub extra: Option<String>,
}

/// The faults of the API (B1.2.1); the discriminant is the code on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
#[expect(missing_docs, reason = "the names are upstream's and rpc-spec/faults.toml tells when each is raised")]
pub enum FaultCode {
    UnknownMethod = 1,
    IncorrectParameters = 2,
    BadArguments = 3,
    SignatureUnsupported = 4,
    ShutdownState = 6,
    BadName = 10,
    BadSignal = 11,
    NoFile = 20,
    NotExecutable = 21,
    Failed = 30,
    AbnormalTermination = 40,
    SpawnError = 50,
    AlreadyStarted = 60,
    NotRunning = 70,
    AlreadyAdded = 90,
    StillRunning = 91,
    CantReread = 92,
}

impl FaultCode {
    /// All faults in the order of their codes.
    pub const ALL: [Self; 17] = [
        Self::UnknownMethod,
        Self::IncorrectParameters,
        Self::BadArguments,
        Self::SignatureUnsupported,
        Self::ShutdownState,
        Self::BadName,
        Self::BadSignal,
        Self::NoFile,
        Self::NotExecutable,
        Self::Failed,
        Self::AbnormalTermination,
        Self::SpawnError,
        Self::AlreadyStarted,
        Self::NotRunning,
        Self::AlreadyAdded,
        Self::StillRunning,
        Self::CantReread,
    ];

    /// `faultCode`
    #[must_use]
    pub fn code(self) -> i32 {
        self as i32
    }

    /// The head of `faultString`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::UnknownMethod => "UNKNOWN_METHOD",
            Self::IncorrectParameters => "INCORRECT_PARAMETERS",
            Self::BadArguments => "BAD_ARGUMENTS",
            Self::SignatureUnsupported => "SIGNATURE_UNSUPPORTED",
            Self::ShutdownState => "SHUTDOWN_STATE",
            Self::BadName => "BAD_NAME",
            Self::BadSignal => "BAD_SIGNAL",
            Self::NoFile => "NO_FILE",
            Self::NotExecutable => "NOT_EXECUTABLE",
            Self::Failed => "FAILED",
            Self::AbnormalTermination => "ABNORMAL_TERMINATION",
            Self::SpawnError => "SPAWN_ERROR",
            Self::AlreadyStarted => "ALREADY_STARTED",
            Self::NotRunning => "NOT_RUNNING",
            Self::AlreadyAdded => "ALREADY_ADDED",
            Self::StillRunning => "STILL_RUNNING",
            Self::CantReread => "CANT_REREAD",
        }
    }
}

impl Fault {
    /// A fault that shows its bare name.
    #[must_use]
    pub fn new(code: FaultCode) -> Self {
        Self { code, extra: None }
    }

    /// A fault that shows its name, a colon and `extra`.
    #[must_use]
    pub fn with(code: FaultCode, extra: impl Into<String>) -> Self {
        Self { code, extra: Some(extra.into()) }
    }

    /// A fault that shows a value as the client sent it; nil shows nothing
    /// (B1.2.3).
    #[must_use]
    pub fn about(code: FaultCode, value: &Value) -> Self {
        let extra = (*value != Value::Nil).then(|| py_str(value));
        Self { code, extra }
    }

    /// `faultString`: `NAME` or `NAME: extra` (B1.2.1).
    #[must_use]
    pub fn text(&self) -> String {
        match &self.extra {
            None => self.code.name().to_owned(),
            Some(extra) => format!("{}: {extra}", self.code.name()),
        }
    }

    /// The fault as the wire shows it.
    #[must_use]
    pub fn to_wire(&self) -> WireFault {
        WireFault { code: self.code.code(), text: self.text() }
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, FaultCode};
    use crate::xmlrpc::Value;

    /// B1.2.1, B1.2.2, B1.4.4
    #[test]
    fn a_fault_shows_its_name_and_what_it_is_about() {
        assert_eq!(Fault::new(FaultCode::ShutdownState).text(), "SHUTDOWN_STATE");
        assert_eq!(Fault::with(FaultCode::BadName, "").text(), "BAD_NAME: ");
        assert_eq!(Fault::about(FaultCode::BadSignal, &Value::Int(99)).text(), "BAD_SIGNAL: 99");
        assert_eq!(Fault::about(FaultCode::IncorrectParameters, &Value::Nil).text(), "INCORRECT_PARAMETERS");
        assert_eq!(Fault::new(FaultCode::Failed).to_wire().code, 30);
    }
}
