//! A terminal that is drawn over and over: its size, keys one by one, and
//! everything as it was afterwards.

use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd};

/// Opens the screen: another one, without a cursor, on which long lines are cut.
pub const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[?7l";
/// Gives back the screen from before, with its cursor and its long lines.
pub const LEAVE: &str = "\x1b[?7h\x1b[?25h\x1b[?1049l";
/// The upper left corner.
const HOME: &str = "\x1b[H";
/// The rest of a line is blank.
const CLEAR_LINE: &str = "\x1b[K";
/// What is below is blank.
const CLEAR_BELOW: &str = "\x1b[J";

/// The terminal of our standard input, giving key by key without an echo, until
/// dropped.
pub struct Keys {
    terminal: File,
    before: Termios,
}

impl Keys {
    /// Takes the terminal.
    ///
    /// # Errors
    /// Standard input is no terminal.
    pub fn take() -> io::Result<Self> {
        let terminal = File::from(io::stdin().as_fd().try_clone_to_owned()?);
        let before = tcgetattr(&terminal)?;
        let mut raw = before.clone();
        // Ctrl-C stays a signal
        raw.local_flags.remove(LocalFlags::ECHO | LocalFlags::ICANON);
        tcsetattr(&terminal, SetArg::TCSANOW, &raw)?;
        Ok(Self { terminal, before })
    }

    /// Keys that were pressed; empty when the terminal has gone. Blocks until
    /// there is one.
    ///
    /// # Errors
    /// The terminal fails.
    pub fn read(&mut self) -> io::Result<Vec<u8>> {
        let mut keys = [0; 64];
        let count = self.terminal.read(&mut keys)?;
        Ok(keys.get(..count).unwrap_or_default().to_vec())
    }
}

impl AsFd for Keys {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.terminal.as_fd()
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, SetArg::TCSADRAIN, &self.before);
    }
}

/// What draws `lines` over what was there, without a flicker.
#[must_use]
pub fn frame(lines: &[String]) -> String {
    let mut text = HOME.to_owned();
    for (index, line) in lines.iter().enumerate() {
        text.push_str(if index == 0 { "" } else { "\r\n" });
        text.push_str(line);
        text.push_str(CLEAR_LINE);
    }
    text.push_str(CLEAR_BELOW);
    text
}

#[cfg(test)]
mod tests {
    use super::frame;

    #[test]
    fn a_frame_covers_the_one_before() {
        assert_eq!(frame(&["a".to_owned(), "b".to_owned()]), "\x1b[Ha\x1b[K\r\nb\x1b[K\x1b[J");
        assert_eq!(frame(&[]), "\x1b[H\x1b[J");
    }
}
