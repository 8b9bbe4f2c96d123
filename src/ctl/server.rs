//! Which daemon is talked to. Opens nothing before the first call.

use super::CtlError;
use crate::client::{CallError, Credentials, Transport};
use crate::config::ini::Place;

/// The server and how to log in there.
#[derive(Debug, Clone)]
pub struct Server {
    /// As configured; shown in messages.
    pub url: String,
    /// Sent only together with a password (B3.3.1).
    pub username: Option<String>,
    /// As configured.
    pub password: Option<String>,
    /// Where the URL was given, for who has to mend it.
    pub url_place: Place,
    /// The same of the password.
    pub password_place: Option<Place>,
}

/// The place of what stands in no file: something in angle brackets, as Python
/// has it.
#[must_use]
pub fn no_file(what: &str) -> Place {
    Place { file: format!("<{what}>"), line: 1 }
}

impl Server {
    /// Where to look after this error: where the password was given if that was
    /// refused, else where the server was.
    #[must_use]
    pub fn place_of(&self, error: &CtlError) -> &Place {
        self.password_place.as_ref().filter(|_| error.wants_login()).unwrap_or(&self.url_place)
    }

    /// A fresh client of this server.
    ///
    /// # Errors
    /// The URL is none we can call.
    pub fn connect(&self) -> Result<Transport, CallError> {
        Transport::new(&self.url, self.credentials().as_ref())
    }

    /// What is sent to log in: nothing without both halves (B3.3.1).
    #[must_use]
    pub fn credentials(&self) -> Option<Credentials> {
        let (username, password) = (self.username.clone()?, self.password.clone()?);
        Some(Credentials { username, password })
    }
}
