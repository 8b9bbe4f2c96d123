//! The questions of a server that wants a user name and a password (B3.4.5).

use super::input::{Input, wait_any};
use super::{CtlError, Session};
use crate::model::Signal;
use crate::sys::watch::SignalWatch;
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::fd::AsFd;

/// The terminal, even when standard input is something else.
const TERMINAL: &str = "/dev/tty";

/// Asks for both and keeps them in the session.
///
/// # Errors
/// End of input, or Ctrl-C.
pub fn ask(session: &mut Session) -> Result<(), CtlError> {
    let username = session.ask("Username:")?;
    let password = match OpenOptions::new().read(true).write(true).open(TERMINAL) {
        Ok(terminal) => ask_hidden(terminal)?,
        Err(_) => {
            session.complain("Warning: Password input may be echoed.");
            session.ask("Password:")?
        }
    };
    session.say("");
    session.server.username = Some(username);
    session.server.password = Some(password);
    Ok(())
}

/// Reads a line that the terminal does not show.
fn ask_hidden(mut terminal: File) -> Result<String, CtlError> {
    let watch = SignalWatch::new(&[Signal::INT])?;
    // First: what is typed before is thrown away, so nobody is asked too early.
    let silence = Silence::begin(terminal.try_clone()?)?;
    terminal.write_all(b"Password:")?;
    let mut input = Input::new(terminal.try_clone()?);
    let line = loop {
        if let Some(line) = input.take_line() {
            break Ok(line);
        }
        if input.is_ended() {
            break Err(CtlError::EndOfInput);
        }
        wait_any(&[input.as_fd(), watch.as_fd()])?;
        if watch.next().is_some() {
            break Err(CtlError::Interrupted);
        }
        input.fill()?;
    };
    drop(silence);
    let line = line?;
    terminal.write_all(b"\n")?;
    Ok(line)
}

/// A terminal without echo, until dropped.
struct Silence {
    terminal: File,
    before: Termios,
}

impl Silence {
    fn begin(terminal: File) -> Result<Self, CtlError> {
        let before = tcgetattr(&terminal).map_err(std::io::Error::from)?;
        let mut silent = before.clone();
        silent.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(&terminal, SetArg::TCSAFLUSH, &silent).map_err(std::io::Error::from)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, SetArg::TCSADRAIN, &self.before);
    }
}
