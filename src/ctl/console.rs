//! Where lines go and come from. Knows nothing of commands.

use super::input::Input;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::os::fd::{AsFd, OwnedFd};

/// Where lines go and come from. Tests put buffers in.
pub struct Console {
    /// Results and errors of commands (B3.4.1).
    pub out: Box<dyn Write>,
    /// Option, configuration and stream errors.
    pub err: Box<dyn Write>,
    /// What is typed; `None` is standard input.
    pub input: Option<Input>,
    /// `out` is a terminal.
    pub terminal: bool,
    /// Standard output itself, to see that nobody reads it any more.
    pub reader: Option<OwnedFd>,
    /// Nobody reads `out` any more.
    pub deaf: bool,
}

impl Console {
    /// Our own standard output and error.
    #[must_use]
    pub fn standard() -> Self {
        Self {
            out: Box::new(BufWriter::new(io::stdout())),
            err: Box::new(io::stderr()),
            terminal: io::stdout().is_terminal(),
            reader: io::stdout().as_fd().try_clone_to_owned().ok(),
            ..Self::to(Box::new(io::sink()), Box::new(io::sink()), None)
        }
    }

    /// Buffers, files or pipes.
    #[must_use]
    pub fn to(out: Box<dyn Write>, err: Box<dyn Write>, input: Option<Input>) -> Self {
        Self { out, err, input, terminal: false, reader: None, deaf: false }
    }

    /// A line on standard output, at once. Nobody is left to be told when that
    /// fails.
    pub fn say(&mut self, line: &str) {
        self.say_all(std::iter::once(line));
    }

    /// Lines on standard output, all at once.
    pub fn say_all<'a>(&mut self, lines: impl Iterator<Item = &'a str>) {
        let mut lines = lines;
        let written = lines.try_for_each(|line| writeln!(self.out, "{line}")).and_then(|()| self.out.flush());
        self.deaf |= written.is_err();
    }

    /// Bytes as they are on standard output, at once.
    ///
    /// # Errors
    /// Nobody reads it any more.
    pub fn pass_on(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = self.out.write_all(bytes).and_then(|()| self.out.flush());
        self.deaf |= written.is_err();
        written
    }

    /// A line on standard error.
    pub fn complain(&mut self, line: &str) {
        drop(writeln!(self.err, "{line}"));
    }
}
