//! What a session tells: lines for people, or the one document that was asked for.

use super::Session;
use crate::model::Json;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};

impl Session {
    /// A line on standard output; an error of the document, if there is one.
    pub fn say(&mut self, line: &str) {
        match &mut self.report {
            Some(report) => report.fail(None, line),
            None => self.console.say(line),
        }
    }

    /// Lines on standard output.
    pub fn say_all(&mut self, lines: &[String]) {
        match &mut self.report {
            Some(report) => lines.iter().for_each(|line| report.fail(None, line)),
            None => self.console.say_all(lines.iter().map(String::as_str)),
        }
    }

    /// A line about what went wrong with the word `name`; `why` is what the
    /// document says of it.
    pub fn say_failed(&mut self, name: &str, why: &str, line: &str) {
        match &mut self.report {
            Some(report) => report.fail(Some(name), why),
            None => self.console.say(line),
        }
    }

    /// A line for people, or an entry of the document.
    pub fn tell(&mut self, line: &str, entry: impl FnOnce() -> Json) {
        match &mut self.report {
            Some(report) => report.add(entry()),
            None => self.console.say(line),
        }
    }

    /// Lines for people and entries of the document, which need not be as many.
    pub fn tell_all(&mut self, lines: impl FnOnce() -> Vec<String>, entries: impl Iterator<Item = Json>) {
        match &mut self.report {
            Some(report) => entries.for_each(|entry| report.add(entry)),
            None => self.console.say_all(lines().iter().map(String::as_str)),
        }
    }

    /// A line that says what to do, on standard error, where nobody parses it.
    pub fn hint(&mut self, hint: &str) {
        match &mut self.report {
            Some(report) => report.hint(hint),
            None => self.complain(&format!("hint: {hint}")),
        }
    }

    /// A line on standard error.
    pub fn complain(&mut self, line: &str) {
        self.console.complain(line);
    }

    /// Bytes as they are on standard output, at once.
    ///
    /// # Errors
    /// Nobody reads it any more.
    pub fn pass_on(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.console.pass_on(bytes)
    }

    /// Nobody reads our output any more: nothing is left to do.
    #[must_use]
    pub fn is_deaf(&self) -> bool {
        self.console.deaf
    }

    /// Standard output, to wait for the moment when nobody reads it any more.
    #[must_use]
    pub fn reader(&self) -> Option<BorrowedFd<'_>> {
        self.console.reader.as_ref().map(AsFd::as_fd)
    }

    /// Whether somebody looks at a screen.
    #[must_use]
    pub fn is_shown_on_terminal(&self) -> bool {
        self.console.terminal
    }
}
