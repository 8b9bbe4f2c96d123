//! Which daemon is talked to. Opens nothing before the first call.

use crate::client::{CallError, Credentials, Transport};

/// The server and how to log in there.
#[derive(Debug, Clone)]
pub struct Server {
    /// As configured; shown in messages.
    pub url: String,
    /// Sent only together with a password (B3.3.1).
    pub username: Option<String>,
    /// As configured.
    pub password: Option<String>,
}

impl Server {
    /// A fresh client of this server.
    ///
    /// # Errors
    /// The URL is none we can call.
    pub fn connect(&self) -> Result<Transport, CallError> {
        let credentials = match (&self.username, &self.password) {
            (Some(username), Some(password)) => {
                Some(Credentials { username: username.clone(), password: password.clone() })
            }
            _ => None,
        };
        Transport::new(&self.url, credentials.as_ref())
    }
}
