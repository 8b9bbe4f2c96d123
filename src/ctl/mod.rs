//! supervisorctl: options and configuration, single commands, the shell.
//! Everything it knows of a daemon it asks through `client`.

pub mod commands;
pub mod complete;
pub mod error;
pub mod exit;
pub mod history;
pub mod input;
pub mod line;
pub mod login;
pub mod print;
pub mod session;
pub mod shell;

pub use error::CtlError;
pub use session::{Console, Session};
