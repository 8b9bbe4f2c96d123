//! Users and groups of this machine, and becoming one of them for good.

use nix::unistd::{Gid, Group, Uid, getgrouplist, getuid, setgid, setgroups, setuid};
use std::ffi::CString;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// One line of the passwd data base, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Number.
    pub uid: u32,
    /// Primary group.
    pub gid: u32,
    /// Login name.
    pub name: String,
    /// Home directory.
    pub home: PathBuf,
}

impl User {
    /// The user of a number; `None` also when the data base cannot be read.
    #[must_use]
    pub fn by_uid(uid: u32) -> Option<Self> {
        nix::unistd::User::from_uid(Uid::from_raw(uid)).ok().flatten().map(Self::from)
    }

    /// The user of a name; `None` also when the data base cannot be read.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        nix::unistd::User::from_name(name).ok().flatten().map(Self::from)
    }

    /// The primary group, then every group that lists this user (A1.27).
    ///
    /// # Errors
    /// When the group data base cannot be read.
    pub fn groups(&self) -> io::Result<Vec<u32>> {
        let name = CString::new(self.name.as_str())?;
        let found = getgrouplist(&name, Gid::from_raw(self.gid))?;
        Ok(found.into_iter().map(Gid::as_raw).collect())
    }
}

impl From<nix::unistd::User> for User {
    fn from(found: nix::unistd::User) -> Self {
        Self { uid: found.uid.as_raw(), gid: found.gid.as_raw(), name: found.name, home: found.dir }
    }
}

/// The number of the group called `name`.
#[must_use]
pub fn group_by_name(name: &str) -> Option<u32> {
    Group::from_name(name).ok().flatten().map(|group| group.gid.as_raw())
}

/// Whether a group has the number `gid`.
#[must_use]
pub fn group_exists(gid: u32) -> bool {
    Group::from_gid(Gid::from_raw(gid)).is_ok_and(|group| group.is_some())
}

/// The real uid of this process.
#[must_use]
pub fn current_uid() -> u32 {
    getuid().as_raw()
}

/// Why a user could not be become; the sentences are upstream's (A1.26, A4.70).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum DropError {
    /// No such line in the passwd data base.
    #[error("Can't find uid {0}")]
    UnknownUid(u32),
    /// Only root can become somebody else.
    #[error("{}", Self::NOT_ROOT)]
    NotRoot,
    /// `setgroups` was refused.
    #[error("{}", Self::GROUPS)]
    Groups,
    /// `setgid` was refused.
    #[error("{}", Self::GROUP)]
    Group,
    /// `setuid` was refused; upstream has no sentence for this.
    #[error("{}", Self::USER)]
    User,
}

impl DropError {
    pub(super) const NOT_ROOT: &str = "Can't drop privilege as nonroot user";
    pub(super) const GROUPS: &str = "Could not set groups of effective user";
    pub(super) const GROUP: &str = "Could not set group id of effective user";
    pub(super) const USER: &str = "Could not set user id of effective user";
}

/// Makes this whole process run as `uid` with its groups, for good (A1.27).
/// Nothing happens when it does so already. The environment is not touched.
///
/// # Errors
/// [`DropError`]; the process may then be half way and should end.
pub fn drop_privileges(uid: u32) -> Result<(), DropError> {
    let user = User::by_uid(uid).ok_or(DropError::UnknownUid(uid))?;
    match current_uid() {
        current if current == uid => return Ok(()),
        0 => {}
        _ => return Err(DropError::NotRoot),
    }
    let groups = user.groups().map_err(|_| DropError::Groups)?;
    let groups: Vec<Gid> = groups.into_iter().map(Gid::from_raw).collect();
    setgroups(&groups).map_err(|_| DropError::Groups)?;
    setgid(Gid::from_raw(user.gid)).map_err(|_| DropError::Group)?;
    setuid(Uid::from_raw(uid)).map_err(|_| DropError::User)
}

#[cfg(test)]
mod tests {
    use super::{DropError, User, current_uid, drop_privileges, group_by_name, group_exists};

    #[test]
    fn root_is_found_by_name_and_by_number() {
        let root = User::by_uid(0).unwrap();
        assert_eq!(User::by_name(&root.name), Some(root.clone()));
        assert_eq!(root.groups().unwrap().first(), Some(&root.gid), "the primary group comes first");
        assert_eq!(User::by_name("no such user"), None);
    }

    #[test]
    fn groups_are_found_by_name_and_by_number() {
        assert_eq!(group_by_name("root"), Some(0));
        assert!(group_exists(0));
        assert_eq!(group_by_name("no such group"), None);
        assert!(!group_exists(u32::MAX - 7));
    }

    /// A1.26
    #[test]
    fn becoming_oneself_is_nothing_and_becoming_nobody_known_is_refused() {
        assert_eq!(drop_privileges(current_uid()), Ok(()));
        let unknown = u32::MAX - 7;
        assert_eq!(drop_privileges(unknown), Err(DropError::UnknownUid(unknown)));
        assert_eq!(DropError::UnknownUid(7).to_string(), "Can't find uid 7");
        assert_eq!(DropError::NotRoot.to_string(), "Can't drop privilege as nonroot user");
    }
}
