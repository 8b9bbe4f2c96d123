//! Reading a configuration from this machine: the only I/O of this floor.

use super::world::{Unread, User, World};
use super::{Config, ConfigError, CtlConfig, Source, build, ctl, files};
use nix::unistd::{AccessFlags, Gid, Group, Uid, access, gethostname, getuid};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Reads and checks a whole configuration, as at start and at each reread.
///
/// # Errors
/// [`ConfigError`] with the sentence for the user.
pub fn load(source: &Source) -> Result<Config, ConfigError> {
    load_from(source, &System::at(&source.cwd))
}

/// The same with any machine.
///
/// # Errors
/// As [`load`].
pub fn load_from(source: &Source, world: &dyn World) -> Result<Config, ConfigError> {
    let shown = match &source.path {
        Some(path) => path.to_string_lossy().into_owned(),
        None => files::find(&source.argv0.to_string_lossy(), world)?,
    };
    build::build(files::read_all(&shown, world)?, &source.overrides, world)
}

/// Reads what the control client needs to know: `path`, or the first file of
/// the search list beside `argv0`, or the defaults (B3.2).
///
/// # Errors
/// [`ConfigError`] with the sentence for the user.
pub fn load_ctl(path: Option<&Path>, argv0: &Path) -> Result<CtlConfig, ConfigError> {
    ctl::load_ctl_from(path, argv0, &System::here())
}

/// This machine.
#[derive(Debug, Clone)]
pub struct System {
    cwd: PathBuf,
}

impl System {
    /// With `cwd` for relative paths, whatever the process's own is by now.
    #[must_use]
    pub fn at(cwd: &Path) -> Self {
        Self { cwd: cwd.to_owned() }
    }

    /// With the current directory of the process; `/` if it is gone.
    #[must_use]
    pub fn here() -> Self {
        Self { cwd: std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/")) }
    }
}

fn known(user: nix::unistd::User) -> User {
    User { uid: user.uid.as_raw(), gid: user.gid.as_raw(), home: user.dir.to_string_lossy().into_owned() }
}

fn lossy(text: impl AsRef<OsStr>) -> String {
    text.as_ref().to_string_lossy().into_owned()
}

impl World for System {
    fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, Unread> {
        let unread = |_| if self.exists(path) { Unread::Unreadable } else { Unread::Missing };
        let file = File::open(path).map_err(unread)?;
        if file.metadata().map_or(true, |about| about.is_dir()) {
            return Err(Unread::Unreadable);
        }
        let mut bytes = Vec::new();
        let most = limit.saturating_add(1);
        file.take(most).read_to_end(&mut bytes).map_err(|_| Unread::Unreadable)?;
        if bytes.len() as u64 > limit { Err(Unread::TooLarge) } else { Ok(bytes) }
    }

    fn exists(&self, path: &str) -> bool {
        Path::new(path).exists()
    }

    fn lexists(&self, path: &str) -> bool {
        fs::symlink_metadata(path).is_ok()
    }

    fn is_dir(&self, path: &str) -> bool {
        Path::new(path).is_dir()
    }

    fn list(&self, directory: &str) -> Vec<String> {
        let entries = fs::read_dir(directory).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
    }

    fn user_by_name(&self, name: &str) -> Option<User> {
        nix::unistd::User::from_name(name).ok().flatten().map(known)
    }

    fn user_by_id(&self, uid: u32) -> Option<User> {
        nix::unistd::User::from_uid(Uid::from_raw(uid)).ok().flatten().map(known)
    }

    fn group_by_name(&self, name: &str) -> Option<u32> {
        Group::from_name(name).ok().flatten().map(|group| group.gid.as_raw())
    }

    fn group_exists(&self, gid: u32) -> bool {
        Group::from_gid(Gid::from_raw(gid)).ok().flatten().is_some()
    }

    fn hostname(&self) -> String {
        gethostname().map(lossy).unwrap_or_default()
    }

    fn temp_dir(&self) -> String {
        let set = ["TMPDIR", "TEMP", "TMP"].into_iter().filter_map(std::env::var_os).map(PathBuf::from);
        let usual = ["/tmp", "/var/tmp", "/usr/tmp"].map(PathBuf::from);
        let places = set.chain(usual).map(|place| self.cwd.join(place));
        let usable = |place: &PathBuf| access(place, AccessFlags::W_OK | AccessFlags::X_OK).is_ok() && place.is_dir();
        lossy(places.into_iter().find(usable).unwrap_or_else(|| self.cwd.clone()))
    }

    fn cwd(&self) -> String {
        lossy(&self.cwd)
    }

    fn uid(&self) -> u32 {
        getuid().as_raw()
    }

    fn environment(&self) -> Vec<(String, String)> {
        std::env::vars_os().map(|(name, value)| (lossy(name), lossy(value))).collect()
    }
}
