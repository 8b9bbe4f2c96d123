//! Groups coming and going: the log files and sockets that belong to them.

use super::fcgi::{FcgiError, FcgiSockets};
use super::{Engine, EngineError};
use crate::config::{ChildLog, Config, GroupConfig, ProcessConfig, Supervisord};
use crate::logs::autolog;
use crate::manager::{Action, Manager, ProcessId};
use crate::model::{Channel, LogLine, Now};
use std::io;
use std::path::PathBuf;

/// Tries at names of AUTO logs that are all free; the first is as good as sure.
const TRIES: u32 = 3;

/// All groups active, their files and sockets seen to be possible, and nothing
/// started: what can go wrong before the daemon goes to the background.
#[derive(Debug)]
pub struct Prepared {
    pub(super) manager: Manager,
    pub(super) fcgi: FcgiSockets,
    /// What the manager wants done about it, once there is an engine.
    pub(super) actions: Vec<Action>,
}

impl Prepared {
    /// Removes the AUTO logs of earlier lives and makes every group of `config`
    /// active. `serial` is where event serials go on (A4.138). Adds to `lines`
    /// what the activity log should say (A1.22, steps 8 and 9), on failure too.
    ///
    /// Waits for the disk however long it takes: nothing runs yet that could be
    /// held up, and whoever starts the daemon is to see what is wrong (A1.35).
    ///
    /// # Errors
    /// An AUTO log or a FastCGI socket cannot be made.
    pub fn new(config: &Config, serial: u64, lines: &mut Vec<LogLine>) -> Result<Self, EngineError> {
        let settings = &config.supervisord;
        if !settings.nocleanup {
            lines.extend(autolog::clean(&settings.childlogdir, &settings.identifier));
        }
        let manager = Manager::new(settings.identifier.clone(), config.groups.clone(), serial);
        let mut prepared = Self { manager, fcgi: FcgiSockets::default(), actions: vec![] };
        let mut made = vec![];
        let mut make = |logs: Vec<PathBuf>| {
            autolog::make_all(&logs)?;
            made.extend(logs);
            Ok(())
        };
        let Self { manager, fcgi, actions } = &mut prepared;
        let mut activate = |group| activate(manager, fcgi, settings, group, &mut make, actions, lines);
        let activated = config.groups.iter().cloned().try_for_each(&mut activate);
        activated.inspect_err(|_| autolog::remove(&made))?;
        Ok(prepared)
    }
}

impl Engine {
    /// Makes a group active while everything else runs; what starts by itself
    /// is started.
    pub(super) fn activate(&mut self, group: GroupConfig, now: Now) -> Result<(), EngineError> {
        let (mut out, mut lines) = (vec![], vec![]);
        let (settings, pump) = (&self.config.supervisord, &self.pump);
        let mut make = |logs| pump.make(logs);
        let activated = activate(&mut self.manager, &mut self.fcgi, settings, group, &mut make, &mut out, &mut lines);
        lines.into_iter().for_each(|line| self.write(line));
        activated?;
        self.carry_out(out, now);
        Ok(())
    }

    /// Lets go of what a process holds: its stdin, and its share of a socket.
    pub(super) fn release(&mut self, id: ProcessId) {
        self.stdins.remove(id, self.poller.get_ref());
        self.attached.remove(&id);
        for line in self.fcgi.release(id) {
            self.write(line);
        }
    }
}

/// Makes all of these AUTO logs or none.
type Make<'a> = &'a mut dyn FnMut(Vec<PathBuf>) -> io::Result<()>;

/// FastCGI sockets are tried out and AUTO logs made first, so that a group that
/// cannot work does not become active and leaves nothing behind.
fn activate(
    manager: &mut Manager,
    fcgi: &mut FcgiSockets,
    settings: &Supervisord,
    group: GroupConfig,
    make: Make<'_>,
    out: &mut Vec<Action>,
    lines: &mut Vec<LogLine>,
) -> Result<(), EngineError> {
    let mut tried: Vec<&str> = vec![];
    for socket in group.processes.iter().filter_map(|process| process.fcgi.as_ref()) {
        if !tried.contains(&socket.program.as_str()) {
            fcgi.try_out(&group.name, socket, lines).map_err(FcgiError::into_engine)?;
            tried.push(&socket.program);
        }
    }
    let directory = settings.childlogdir.display();
    let no_log = |error| EngineError::AutoLog { directory: directory.to_string(), error };
    let logfiles = logfiles(&group, settings, make).map_err(no_log)?;
    for (id, [stdout, stderr]) in manager.add_group(group, out).unwrap_or_default().into_iter().zip(logfiles) {
        manager.set_logfile(id, Channel::Stdout, stdout);
        manager.set_logfile(id, Channel::Stderr, stderr);
    }
    Ok(())
}

/// Where the streams of each process are logged, if anywhere; has the AUTO files
/// made (A4.118).
fn logfiles(group: &GroupConfig, settings: &Supervisord, make: Make<'_>) -> io::Result<Vec<[Option<String>; 2]>> {
    let mut tries = TRIES;
    loop {
        let mut auto = vec![];
        let mut name = |process: &ProcessConfig, channel| logfile(process, channel, settings, &mut auto);
        let mut both = |process: &ProcessConfig| Ok([name(process, Channel::Stdout)?, name(process, Channel::Stderr)?]);
        let named = group.processes.iter().map(|process| both(process)).collect::<io::Result<_>>()?;
        tries -= 1;
        match make(auto) {
            Err(taken) if taken.kind() == io::ErrorKind::AlreadyExists && tries > 0 => {}
            made => return made.map(|()| named),
        }
    }
}

/// Where a stream is logged, if anywhere; adds to `auto` what has to be made.
fn logfile(
    process: &ProcessConfig,
    channel: Channel,
    settings: &Supervisord,
    auto: &mut Vec<PathBuf>,
) -> io::Result<Option<String>> {
    if channel == Channel::Stderr && process.redirect_stderr {
        return Ok(None);
    }
    let path = match &process.channel(channel).logfile {
        ChildLog::None | ChildLog::Empty => return Ok(None),
        ChildLog::File(path) => path.clone(),
        ChildLog::Auto => {
            let name = autolog::name(&settings.childlogdir, &process.name, channel, &settings.identifier)?;
            auto.push(name.clone());
            name
        }
    };
    Ok(Some(path.to_string_lossy().into_owned()))
}

#[cfg(test)]
mod tests {
    use super::{FcgiSockets, Prepared, activate};
    use crate::config::{Config, load_text};
    use crate::engine::EngineError;
    use crate::logs::autolog;
    use crate::manager::Manager;
    use crate::model::Channel;
    use crate::sys::testdir::TestDir;
    use std::fs;
    use std::path::PathBuf;

    /// A configuration with its AUTO logs in a folder `logs`.
    fn read(dir: &TestDir, programs: &str) -> Config {
        let logs = dir.path().join("logs");
        fs::create_dir(&logs).unwrap();
        load_text(dir.path(), &format!("[supervisord]\nchildlogdir={}\n{programs}", logs.display())).1
    }

    fn add(manager: &mut Manager, read: &Config) -> Result<(), EngineError> {
        let (mut fcgi, settings, group) = (FcgiSockets::default(), &read.supervisord, read.groups[0].clone());
        let mut make = |logs: Vec<PathBuf>| autolog::make_all(&logs);
        activate(manager, &mut fcgi, settings, group, &mut make, &mut vec![], &mut vec![])
    }

    fn count(dir: &TestDir) -> usize {
        fs::read_dir(dir.path().join("logs")).unwrap().count()
    }

    /// B1.11.9: an `addProcessGroup` that failed can be tried again.
    #[test]
    fn a_group_whose_logs_cannot_be_made_does_not_become_active() {
        let dir = TestDir::new();
        let read = read(&dir, "[program:a]\ncommand=/bin/cat\n");
        let mut manager = Manager::new("supervisor".to_owned(), vec![], 0);
        let logs = dir.path().join("logs");
        fs::remove_dir(&logs).unwrap();
        assert!(matches!(add(&mut manager, &read), Err(EngineError::AutoLog { .. })));
        assert!(!manager.is_active("a"));
        fs::create_dir(&logs).unwrap();
        add(&mut manager, &read).unwrap();
        let id = manager.process_named("a").unwrap();
        let logs = [Channel::Stdout, Channel::Stderr].map(|of| manager.logfile(id, of));
        assert!(logs[0].is_some_and(|path| path.contains("/a-stdout---")), "{logs:?}");
        assert!(logs[1].is_some_and(|path| path.contains("/a-stderr---")), "{logs:?}");
        assert_eq!(count(&dir), 2);
    }

    /// B1.11.9, A1.35: a name that is too long is found out last.
    #[test]
    fn what_was_made_for_a_group_that_cannot_work_is_removed() {
        let dir = TestDir::new();
        let long = "x".repeat(250);
        let programs = format!("[program:a]\ncommand=x\n[program:{long}]\ncommand=x\n");
        let text = format!("[group:both]\nprograms=a,{long}\n{programs}");
        let mut manager = Manager::new("supervisor".to_owned(), vec![], 0);
        let together = read(&dir, &text);
        assert!(matches!(add(&mut manager, &together), Err(EngineError::AutoLog { .. })));
        assert_eq!(count(&dir), 0);
        let dir = TestDir::new();
        let apart = read(&dir, &programs);
        assert!(Prepared::new(&apart, 0, &mut vec![]).is_err());
        assert_eq!(count(&dir), 0, "nor those of groups before");
    }
}
