//! Reading a configuration from this machine: the only I/O of this floor.

use super::world::{Unread, User, World};
use super::{Config, ConfigError, CtlConfig, Source, build, ctl, files};
use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::{AccessFlags, Gid, Group, Uid, access, gethostname, getuid};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Bytes of a pipe that are read at once.
const CHUNK: usize = 64 << 10;

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

/// What comes out of a pipe, a terminal or a device until its end.
fn read_stream(mut file: File, limit: u64, patience: Duration) -> Result<Vec<u8>, Unread> {
    let (mut bytes, mut chunk) = (Vec::new(), vec![0; CHUNK]);
    let mut waited = false;
    loop {
        match file.read(&mut chunk) {
            Ok(0) if waited || !bytes.is_empty() => return Ok(bytes),
            // before its first writer a pipe looks as if it had ended
            Ok(0) => {}
            Ok(count) => {
                bytes.extend(chunk.iter().take(count));
                if bytes.len() as u64 > limit {
                    return Err(Unread::TooLarge);
                }
                continue;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => return Err(Unread::Unreadable),
        }
        wait(&file, patience)?;
        waited = true;
    }
}

/// Until there is something to read, or the end.
fn wait(file: &File, patience: Duration) -> Result<(), Unread> {
    let patience = PollTimeout::try_from(patience).unwrap_or(PollTimeout::ZERO);
    match poll(&mut [PollFd::new(file.as_fd(), PollFlags::POLLIN)], patience) {
        Ok(0) => Err(Unread::Endless),
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(_) => Err(Unread::Unreadable),
    }
}

impl World for System {
    fn read(&self, path: &str, limit: u64, patience: Duration) -> Result<Vec<u8>, Unread> {
        let unread = |_| if self.exists(path) { Unread::Unreadable } else { Unread::Missing };
        // a pipe without a writer must not hold up the open
        let mut options = File::options();
        let file = options.read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path).map_err(unread)?;
        let about = file.metadata().map_err(|_| Unread::Unreadable)?;
        if about.is_dir() {
            return Err(Unread::Unreadable);
        }
        if !about.is_file() {
            return read_stream(file, limit, patience);
        }
        if about.len() > limit {
            return Err(Unread::TooLarge);
        }
        let mut bytes = Vec::new();
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|_| Unread::Unreadable)?;
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

    fn is_executable(&self, path: &str) -> bool {
        access(path, AccessFlags::X_OK).is_ok() && Path::new(path).is_file()
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

/// For tests: the configuration `text` in the folder `dir`, and where it is found again.
#[cfg(test)]
pub(crate) fn load_text(dir: &Path, text: &str) -> (Source, super::Config) {
    let path = dir.join("s.conf");
    std::fs::write(&path, text).unwrap();
    let (argv0, cwd) = ("supervisord".into(), dir.to_owned());
    let source = Source { path: Some(path), argv0, cwd, ..Source::default() };
    let config = load(&source).unwrap();
    (source, config)
}

#[cfg(test)]
mod tests {
    use super::{System, load, load_ctl};
    use crate::config::world::Unread;
    use crate::config::{Source, World};
    use std::io::Write as _;
    use std::os::fd::AsRawFd as _;
    use std::path::{Path, PathBuf};
    use std::time::Duration;

    /// A directory of its own, gone with the value.
    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("sv-config-{name}-{}", std::process::id()));
            std::fs::create_dir_all(path.join("d")).unwrap();
            Self(path)
        }

        fn write(&self, name: &str, text: &str) {
            std::fs::write(self.0.join(name), text).unwrap();
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    /// A1.19, A1.20, A4.143
    #[test]
    fn a_relative_file_is_found_from_where_the_daemon_started() {
        let place = Place::new("load");
        place.write("s.conf", "[include]\nfiles=d/*.ini\n[supervisord]\nlogfile=%(here)s/d/a.log\n[supervisorctl]\n");
        place.write("d/p.ini", "[program:p]\ncommand=%(here)s/run\n");
        let source = Source { path: Some("s.conf".into()), cwd: place.0.clone(), ..Source::default() };
        let config = load(&source).unwrap();
        assert_eq!(config.path, place.0.join("s.conf"));
        assert_eq!(config.groups[0].processes[0].command, place.0.join("d/run").to_string_lossy());
        let ctl = load_ctl(Some(&config.path), Path::new("supervisorctl")).unwrap();
        assert_eq!(ctl.path, Some(config.path));
    }

    /// A1.19
    #[test]
    fn what_is_no_file_is_refused_and_holds_nobody_up() {
        let place = Place::new("strange");
        let system = System::at(&place.0);
        let read = |name: &str| system.read(&place.0.join(name).to_string_lossy(), 100, Duration::from_millis(20));
        std::fs::File::create(place.0.join("sparse")).unwrap().set_len(1 << 30).unwrap();
        std::os::unix::fs::symlink("nowhere", place.0.join("dangling")).unwrap();
        nix::unistd::mkfifo(&place.0.join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(read("sparse"), Err(Unread::TooLarge));
        assert_eq!(read("dangling"), Err(Unread::Missing));
        assert_eq!(read("pipe"), Err(Unread::Endless));
        assert_eq!(read("/dev/null"), Ok(vec![]));
        assert_eq!(read("/dev/zero"), Err(Unread::TooLarge));
    }

    #[test]
    fn a_pipe_is_read_to_its_end() {
        let place = Place::new("pipe");
        let (path, system) = (place.0.join("pipe"), System::at(&place.0));
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let (text, patience) = (vec![b'x'; 300_000], Duration::from_secs(20));
        let writer = std::thread::spawn({
            let (path, text) = (path.clone(), text.clone());
            move || std::fs::write(path, text).unwrap()
        });
        assert_eq!(system.read(&path.to_string_lossy(), 1 << 20, patience), Ok(text));
        writer.join().unwrap();
        // as `-c <(echo ...)` looks whose writer was quick
        let (reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(b"text").unwrap();
        drop(writer);
        let path = format!("/dev/fd/{}", reader.as_raw_fd());
        assert_eq!(system.read(&path, 100, patience), Ok(b"text".to_vec()));
    }

    #[test]
    fn the_machine_answers_as_the_fake_one_does() {
        let place = Place::new("machine");
        place.write("x", "12345");
        let system = System::at(&place.0);
        let path = |name: &str| place.0.join(name).to_string_lossy().into_owned();
        assert_eq!(system.read(&path("x"), 5, Duration::ZERO), Ok(b"12345".to_vec()));
        assert_eq!(system.read(&path("x"), 4, Duration::ZERO), Err(Unread::TooLarge));
        assert_eq!(system.read(&path("d"), 5, Duration::ZERO), Err(Unread::Unreadable));
        assert_eq!(system.read(&path("none"), 5, Duration::ZERO), Err(Unread::Missing));
        assert_eq!((system.is_dir(&path("d")), system.is_dir(&path("x"))), (true, false));
        std::os::unix::fs::symlink("nowhere", place.0.join("link")).unwrap();
        assert_eq!((system.exists(&path("link")), system.lexists(&path("link"))), (false, true));
        let mut names = system.list(&path(""));
        names.sort();
        assert_eq!(names, ["d", "link", "x"]);
        assert_eq!(system.user_by_name("root").map(|user| user.uid), Some(0));
        assert_eq!(system.user_by_id(0), system.user_by_name("root"));
        assert!(system.group_exists(0) && system.user_by_name("no such user").is_none());
        assert!(system.is_dir(&system.temp_dir()) && !system.hostname().is_empty());
    }
}
