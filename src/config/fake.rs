//! A machine for tests: files, users and variables as they are told.

use super::world::{Unread, User, World};
use std::collections::BTreeMap;
use std::time::Duration;

/// Starts with the directories `/` and `/tmp` and the current directory
/// `/start`, as root on host `box`.
#[derive(Debug, Default, Clone)]
pub(crate) struct Fake {
    files: BTreeMap<String, Vec<u8>>,
    /// Files that are there and give nothing.
    closed: BTreeMap<String, Unread>,
    directories: Vec<String>,
    users: Vec<(String, User)>,
    environment: Vec<(String, String)>,
}

impl Fake {
    pub(crate) fn new() -> Self {
        Self { directories: ["/", "/tmp", "/start"].map(str::to_owned).to_vec(), ..Self::default() }
    }

    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        self.bytes(path, text.as_bytes())
    }

    pub(crate) fn bytes(mut self, path: &str, bytes: &[u8]) -> Self {
        self.files.insert(path.to_owned(), bytes.to_owned());
        let parents = path.match_indices('/').skip(1).map(|(at, _)| path[..at].to_owned());
        self.directories.extend(parents);
        self
    }

    pub(crate) fn closed(self, path: &str, why: Unread) -> Self {
        let mut all = self.bytes(path, b"");
        all.closed.insert(path.to_owned(), why);
        all
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn user(mut self, name: &str, uid: u32, gid: u32) -> Self {
        self.users.push((name.to_owned(), User { uid, gid, home: format!("/homes/{name}") }));
        self
    }
}

impl World for Fake {
    fn read(&self, path: &str, limit: u64, _patience: Duration) -> Result<Vec<u8>, Unread> {
        if self.is_dir(path) {
            return Err(Unread::Unreadable);
        }
        if let Some(why) = self.closed.get(path) {
            return Err(*why);
        }
        let bytes = self.files.get(path).ok_or(Unread::Missing)?;
        if bytes.len() as u64 > limit { Err(Unread::TooLarge) } else { Ok(bytes.clone()) }
    }

    fn exists(&self, path: &str) -> bool {
        self.lexists(path)
    }

    fn lexists(&self, path: &str) -> bool {
        self.files.contains_key(path) || self.is_dir(path)
    }

    fn is_dir(&self, path: &str) -> bool {
        let path = if path == "/" { path } else { path.trim_end_matches('/') };
        self.directories.iter().any(|directory| directory == path)
    }

    /// What lies in a `bin`.
    fn is_executable(&self, path: &str) -> bool {
        self.files.contains_key(path) && super::paths::dirname(path).ends_with("bin")
    }

    fn list(&self, directory: &str) -> Vec<String> {
        let inside = |path: &String| {
            let (parent, name) = super::paths::split(path);
            (parent == directory).then(|| name.to_owned())
        };
        let mut names: Vec<String> = self.files.keys().chain(&self.directories).filter_map(inside).collect();
        names.sort();
        names.dedup();
        names.reverse();
        names
    }

    fn user_by_name(&self, name: &str) -> Option<User> {
        self.users.iter().find(|(known, _)| known == name).map(|(_, user)| user.clone())
    }

    fn user_by_id(&self, uid: u32) -> Option<User> {
        self.users.iter().find(|(_, user)| user.uid == uid).map(|(_, user)| user.clone())
    }

    /// Each user has a group of its name.
    fn group_by_name(&self, name: &str) -> Option<u32> {
        self.user_by_name(name).map(|user| user.gid)
    }

    fn group_exists(&self, gid: u32) -> bool {
        self.users.iter().any(|(_, user)| user.gid == gid)
    }

    fn hostname(&self) -> String {
        "box".to_owned()
    }

    fn temp_dir(&self) -> String {
        "/tmp".to_owned()
    }

    fn cwd(&self) -> String {
        "/start".to_owned()
    }

    fn uid(&self) -> u32 {
        0
    }

    fn environment(&self) -> Vec<(String, String)> {
        self.environment.clone()
    }
}
