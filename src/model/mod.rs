//! Words: the vocabulary that every floor above shares.
//!
//! Types here name things of the field (a state, a signal, a log level) and
//! can parse and print themselves. They decide nothing, hold no resources and
//! see no other module.

pub mod clock;
#[cfg(test)]
pub(crate) mod dice;
pub mod event_names;
pub mod exit;
pub mod json;
pub mod log;
pub mod names;
pub mod pytext;
pub mod signal;
pub mod state;
pub mod wrap;

pub use clock::Now;
pub use exit::ExitStatus;
pub use json::Json;
pub use log::{Level, LogLine};
pub use names::{Channel, NameSpec, namespec};
pub use pytext::{py_repr, py_repr_bytes};
pub use signal::Signal;
pub use state::{ListenerState, ProcessState, SupervisorState};
pub use wrap::wrapped;

/// The Supervisor release whose behaviour is offered; what `-v` and
/// `getSupervisorVersion` answer (A1.11, B0.3).
pub const SUPERVISOR_VERSION: &str = "4.3.0";

/// The version of the XML-RPC API; upstream's client refuses any other (B0.2).
pub const API_VERSION: &str = "3.0";
