//! Calling a daemon: one small blocking HTTP client, XML-RPC calls on top of it
//! and the log streams. Prints nothing and decides nothing about exit codes.

pub mod answer;
pub mod at_once;
pub mod endpoint;
pub mod error;
pub mod http;
pub mod proxy;
pub mod stream;
pub mod transport;

pub use crate::xmlrpc::WireFault;
pub use answer::{CallResult, ConfigEntry, ProcessEntry, Reread};
pub use at_once::AtOnce;
pub use error::CallError;
pub use proxy::Proxy;
pub use stream::LogStream;
pub use transport::{Credentials, Transport};
