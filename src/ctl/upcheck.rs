//! Whether a daemon answers that we understand (B3.5), and what to say when none
//! does.

use super::{CtlError, Session, exit, reach};
use crate::client::CallError;
use crate::model::API_VERSION;
use crate::rpc::FaultCode;
use nix::errno::Errno;

impl Session {
    /// The check before most commands (B3.5): whether a daemon answers that we
    /// understand. If not, that is said.
    pub(super) fn is_up(&mut self) -> Result<bool, CtlError> {
        let url = self.server.url.clone();
        let (sentence, code) = match self.proxy()?.api_version() {
            Ok(version) if version == API_VERSION => return Ok(true),
            Ok(version) => (
                format!(
                    "Sorry, this version of supervisorctl expects to talk to a server with API version \
                     {API_VERSION}, but the remote version is {version}."
                ),
                exit::NOT_INSTALLED,
            ),
            Err(error) if error.is_fault(FaultCode::UnknownMethod) => (
                "Sorry, supervisord responded but did not recognize the supervisor namespace commands that \
                 supervisorctl uses to control it.  Please check that the [rpcinterface:supervisor] section is \
                 enabled in the configuration file (see sample.conf)."
                    .to_owned(),
                exit::UNIMPLEMENTED_FEATURE,
            ),
            Err(error) if error.is_errno(Errno::ECONNREFUSED) => {
                return Ok(self.is_down(&format!("{url} refused connection"), &error, exit::INSUFFICIENT_PRIVILEGES));
            }
            Err(error) if error.is_errno(Errno::ENOENT) => {
                return Ok(self.is_down(&format!("{url} no such file"), &error, exit::NOT_RUNNING));
            }
            Err(error) => return Err(error.into()),
        };
        self.say(&sentence);
        self.set_exit(code);
        Ok(false)
    }

    /// Nobody answers: upstream's line, then what to do. Answers false.
    fn is_down(&mut self, sentence: &str, error: &CallError, code: u8) -> bool {
        self.say(sentence);
        self.advise(error);
        self.set_exit(code);
        false
    }

    /// Why the daemon cannot be reached and what to do, behind the line that said
    /// so: on standard error, where nobody parses it.
    pub fn advise(&mut self, error: &CallError) {
        let facts = reach::gather(&self.server, self.config_file.as_deref());
        let Some(advice) = reach::advice(&self.server.url, error, &facts) else { return };
        self.hint(&advice);
    }
}
