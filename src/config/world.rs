//! What reading a configuration has to ask the machine, as one trait.
//!
//! The real answers are in [`mod@super::load`]; tests bring their own. Paths are
//! text here, as they are in the file, and always absolute.

use std::time::Duration;

/// A user of the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its number.
    pub uid: u32,
    /// Its primary group.
    pub gid: u32,
    /// Its home directory, for `~`.
    pub home: String,
}

/// Why a file was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// There is none.
    Missing,
    /// It may not be opened, or is no file.
    Unreadable,
    /// It holds more than the limit.
    TooLarge,
    /// A pipe or a terminal whose end did not come in time.
    Endless,
}

/// The questions.
pub trait World {
    /// The bytes of the file at `path`, at most `limit` of them. A pipe or a
    /// terminal may say nothing for `patience`.
    ///
    /// # Errors
    /// [`Unread`] says why there are none.
    fn read(&self, path: &str, limit: u64, patience: Duration) -> Result<Vec<u8>, Unread>;
    /// Whether `path` exists once links are followed.
    fn exists(&self, path: &str) -> bool;
    /// Whether `path` exists, if only as a dangling link.
    fn lexists(&self, path: &str) -> bool;
    /// Whether `path` is a directory.
    fn is_dir(&self, path: &str) -> bool;
    /// Whether this process could execute the file at `path`.
    fn is_executable(&self, path: &str) -> bool;
    /// The names in a directory, in any order; empty if it cannot be listed.
    fn list(&self, directory: &str) -> Vec<String>;
    /// The user called `name`.
    fn user_by_name(&self, name: &str) -> Option<User>;
    /// The user with this number.
    fn user_by_id(&self, uid: u32) -> Option<User>;
    /// The number of the group called `name`.
    fn group_by_name(&self, name: &str) -> Option<u32>;
    /// Whether a group has this number.
    fn group_exists(&self, gid: u32) -> bool;
    /// What `uname -n` says.
    fn hostname(&self) -> String;
    /// Where temporary files go (A3.20).
    fn temp_dir(&self) -> String;
    /// What relative paths are relative to.
    fn cwd(&self) -> String;
    /// The real user of this process.
    fn uid(&self) -> u32;
    /// The environment; names and values that are not UTF-8 are mended.
    fn environment(&self) -> Vec<(String, String)>;
}
