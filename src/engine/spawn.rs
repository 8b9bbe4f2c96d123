//! Making a child: log files, pipes, environment, then `sys::spawn`.

use super::command::{self, Executable};
use super::{Engine, fcgi};
use crate::config::{Address, ProcessConfig, ServerUrl};
use crate::logs::Limits;
use crate::manager::{Action, CommandError, ProcessId};
use crate::model::{Channel, Level};
use crate::pump::{ChannelId, ChannelSetup, NewLog};
use crate::sys::errno::errno_name;
use crate::sys::fds::{pipe_cloexec, set_nonblocking};
use crate::sys::plan::{ChildPlan, ChildSpec, ChildUser};
use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;

/// The descriptors of a child to be, ours and its own.
struct Pipes {
    stdin: Stdin,
    stdout: (OwnedFd, OwnedFd),
    stderr: Option<(OwnedFd, OwnedFd)>,
}

/// A stream of a child of which the log has not told yet.
pub(super) struct Unread {
    id: ChannelId,
    pid: i32,
    fd: OwnedFd,
    setup: ChannelSetup,
}

/// What the child reads from.
enum Stdin {
    Pipe { reader: OwnedFd, writer: OwnedFd },
    Socket(OwnedFd),
}

impl Engine {
    /// Whether the command of `id` can be run, as far as can be seen.
    pub(super) fn check_command(&self, id: ProcessId) -> Result<(), CommandError> {
        self.executable(id).map(|_| ())
    }

    /// Makes a child for `id` and takes over its pipes.
    ///
    /// # Errors
    /// Upstream's sentence for `spawnerr` (A4.50–A4.59).
    pub(super) fn spawn(&mut self, id: ProcessId) -> Result<i32, String> {
        let config = self.manager.process(id).ok_or_else(|| "no such process".to_owned())?.config.clone();
        let name = config.name.as_str();
        // Before all else, as the log tells; given back when the spawn fails (A4.101).
        let socket = self.fcgi_socket(id, &config).map_err(|error| error.to_string())?;
        let executable = self.executable(id).map_err(|error| error.to_string())?;
        let logs = self.open_logs(id, &config).map_err(|error| no_pipes(name, &error))?;
        let pipes = Pipes::new(&config, socket).map_err(|error| no_pipes(name, &error))?;
        let spec = self.child_spec(id, &config, executable, &pipes);
        let plan = ChildPlan::new(spec).map_err(|error| format!("can't run command of '{name}': {error}"))?;
        let pid = self.spawner.spawn(&plan).map_err(|error| no_child(name, &error))?;
        drop(plan);
        self.adopt_pipes(id, pid, &config, pipes, logs);
        Ok(pid)
    }

    fn executable(&self, id: ProcessId) -> Result<Executable, CommandError> {
        let config = &self.manager.process(id).ok_or(CommandError::Empty)?.config;
        let path = self.environment.iter().find(|(key, _)| key == "PATH").map(|(_, value)| value.as_os_str());
        command::find(config, path)
    }

    // A4.73: the files exist before the child does, unless the disk hangs.
    fn open_logs(&self, id: ProcessId, config: &ProcessConfig) -> io::Result<[Option<NewLog>; 2]> {
        let open = |channel| {
            let Some(path) = self.manager.logfile(id, channel) else { return Ok(None) };
            let settings = config.channel(channel);
            let limits = Limits::new(settings.maxbytes, settings.backups);
            self.pump.open(id.0, PathBuf::from(path), limits).map(Some)
        };
        Ok([open(Channel::Stdout)?, open(Channel::Stderr)?])
    }

    fn fcgi_socket(&mut self, id: ProcessId, config: &ProcessConfig) -> Result<Option<OwnedFd>, fcgi::FcgiError> {
        let Some(socket) = &config.fcgi else { return Ok(None) };
        let group = self.manager.group_of(id).map(|group| group.name.clone()).unwrap_or_default();
        let mut lines = vec![];
        let shared = self.fcgi.share(id, &group, socket, &mut lines);
        lines.into_iter().for_each(|line| self.write(line));
        shared.map(Some)
    }

    fn child_spec<'a>(
        &self,
        id: ProcessId,
        config: &ProcessConfig,
        executable: Executable,
        pipes: &'a Pipes,
    ) -> ChildSpec<'a> {
        ChildSpec {
            program: executable.path,
            argv: executable.argv.into_iter().map(OsString::from).collect(),
            env: self.child_environment(id, config),
            user: config.user.map(|user| ChildUser::look_up(user.0)),
            directory: config.directory.as_ref().map(Into::into),
            umask: config.umask,
            stdin: match &pipes.stdin {
                Stdin::Pipe { reader, .. } => reader.as_fd(),
                Stdin::Socket(socket) => socket.as_fd(),
            },
            stdout: pipes.stdout.1.as_fd(),
            stderr: pipes.stderr.as_ref().unwrap_or(&pipes.stdout).1.as_fd(),
            minfds: u32::try_from(self.config.supervisord.minfds.max(0)).unwrap_or(u32::MAX),
        }
    }

    /// The daemon's environment, then SUPERVISOR_*, then the configured one,
    /// which wins (A4.63).
    fn child_environment(&self, id: ProcessId, config: &ProcessConfig) -> Vec<(OsString, OsString)> {
        let group = self.manager.group_of(id).map(|group| group.name.as_str()).unwrap_or_default();
        let mut laid_over: Vec<(&str, String)> = vec![("SUPERVISOR_ENABLED", "1".to_owned())];
        if let Some(url) = self.server_url(config) {
            laid_over.push(("SUPERVISOR_SERVER_URL", url));
        }
        laid_over.push(("SUPERVISOR_PROCESS_NAME", config.name.clone()));
        laid_over.push(("SUPERVISOR_GROUP_NAME", group.to_owned()));
        laid_over.extend(config.environment.iter().map(|(key, value)| (key.as_str(), value.clone())));
        let mut environment = self.environment.clone();
        for (key, value) in laid_over {
            match environment.iter_mut().find(|(known, _)| known == key) {
                Some((_, old)) => *old = value.into(),
                None => environment.push((key.into(), value.into())),
            }
        }
        environment
    }

    // A3.34, A3.63
    fn server_url(&self, config: &ProcessConfig) -> Option<String> {
        match &config.serverurl {
            ServerUrl::Url(url) => Some(url.clone()),
            ServerUrl::Unset => None,
            ServerUrl::Auto => {
                let servers = &self.config.servers;
                let unix = servers.iter().find(|server| matches!(server.address, Address::Unix { .. }));
                unix.or(servers.first()).map(|server| server.address.url())
            }
        }
    }

    /// Has the streams of a new child read, behind the line that tells of it: that
    /// comes before what the child says (A5.60, A5.75).
    pub(super) fn read_newborn(&mut self) {
        if self.unread.is_empty() {
            return;
        }
        while let Some(Action::Log(line)) = self.queue.front() {
            self.write(line.clone());
            self.queue.pop_front();
        }
        for Unread { id, pid, fd, setup } in std::mem::take(&mut self.unread) {
            self.pump.attach(id, pid, fd, setup);
        }
    }

    /// Our ends are for the pump and the queue of writes; the child's close.
    fn adopt_pipes(
        &mut self,
        id: ProcessId,
        pid: i32,
        config: &ProcessConfig,
        pipes: Pipes,
        logs: [Option<NewLog>; 2],
    ) {
        let [stdout_log, stderr_log] = logs;
        let listener = self.manager.is_listener(id);
        let echo = self.config.supervisord.loglevel >= Level::Debug;
        let setup = |channel, log| {
            let settings = config.channel(channel);
            ChannelSetup {
                name: config.name.clone(),
                log,
                syslog: settings.syslog,
                capture_maxbytes: settings.capture_maxbytes,
                events: settings.events_enabled,
                listener: listener && channel == Channel::Stdout,
                echo,
            }
        };
        let stream = |channel, fd, log| {
            let id = ChannelId { process: id.0, channel };
            Unread { id, pid, fd, setup: setup(channel, log) }
        };
        self.unread.push(stream(Channel::Stdout, pipes.stdout.0, stdout_log));
        if let Some((reader, _)) = pipes.stderr {
            self.unread.push(stream(Channel::Stderr, reader, stderr_log));
        }
        if let Stdin::Pipe { writer, .. } = pipes.stdin {
            self.stdins.insert(id, writer, self.poller.get_ref());
        }
        self.attached.insert(id);
        *self.starts.entry(id).or_default() += 1;
    }
}

impl Pipes {
    fn new(config: &ProcessConfig, socket: Option<OwnedFd>) -> io::Result<Self> {
        let stdin = match socket {
            Some(socket) => Stdin::Socket(socket),
            None => {
                let (reader, writer) = pipe_cloexec()?;
                set_nonblocking(&writer, true)?;
                Stdin::Pipe { reader, writer }
            }
        };
        let output = || {
            let (reader, writer) = pipe_cloexec()?;
            set_nonblocking(&reader, true)?;
            Ok::<_, io::Error>((reader, writer))
        };
        Ok(Self { stdin, stdout: output()?, stderr: if config.redirect_stderr { None } else { Some(output()?) } })
    }
}

// A4.56, A4.57
fn no_pipes(name: &str, error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(libc::EMFILE) => format!("too many open files to spawn '{name}'"),
        Some(number) => format!("unknown error making dispatchers for '{name}': {}", errno_name(number)),
        None => format!("unknown error making dispatchers for '{name}': {error}"),
    }
}

// A4.58, A4.59
fn no_child(name: &str, error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(libc::EAGAIN) => format!("Too many processes in process table to spawn '{name}'"),
        Some(number) => format!("unknown error during fork for '{name}': {}", errno_name(number)),
        None => format!("unknown error during fork for '{name}': {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{no_child, no_pipes};
    use std::io::Error;

    /// A4.56–A4.59
    #[test]
    fn what_the_system_refuses_is_told_in_upstreams_words() {
        let of = |tell: fn(&str, &Error) -> String, number| tell("x", &Error::from_raw_os_error(number));
        assert_eq!(of(no_pipes, libc::EMFILE), "too many open files to spawn 'x'");
        assert_eq!(of(no_pipes, libc::EISDIR), "unknown error making dispatchers for 'x': EISDIR");
        assert_eq!(of(no_child, libc::EAGAIN), "Too many processes in process table to spawn 'x'");
        assert_eq!(of(no_child, libc::ENOMEM), "unknown error during fork for 'x': ENOMEM");
    }
}
