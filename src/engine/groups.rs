//! Groups coming and going: the log files and sockets that belong to them.

use super::fcgi::{FcgiError, FcgiSockets};
use super::{Engine, EngineError};
use crate::config::{ChildLog, Config, GroupConfig, ProcessConfig, Supervisord};
use crate::logs::autolog;
use crate::manager::{Action, Manager, ProcessId};
use crate::model::{Channel, LogLine, Now};

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
    /// # Errors
    /// An AUTO log or a FastCGI socket cannot be made.
    pub fn new(config: &Config, serial: u64, lines: &mut Vec<LogLine>) -> Result<Self, EngineError> {
        let settings = &config.supervisord;
        if !settings.nocleanup {
            lines.extend(autolog::clean(&settings.childlogdir, &settings.identifier));
        }
        let manager = Manager::new(settings.identifier.clone(), config.groups.clone(), serial);
        let mut prepared = Self { manager, fcgi: FcgiSockets::default(), actions: vec![] };
        for group in &config.groups {
            let Self { manager, fcgi, actions } = &mut prepared;
            activate(manager, fcgi, settings, group.clone(), actions, lines)?;
        }
        Ok(prepared)
    }
}

impl Engine {
    /// Makes a group active while everything else runs; what starts by itself
    /// is started.
    pub(super) fn activate(&mut self, group: GroupConfig, now: Now) -> Result<(), EngineError> {
        let (mut out, mut lines) = (vec![], vec![]);
        let settings = &self.config.supervisord;
        let activated = activate(&mut self.manager, &mut self.fcgi, settings, group, &mut out, &mut lines);
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

/// FastCGI sockets are tried out and AUTO logs made first, so that a group that
/// cannot work does not become active.
fn activate(
    manager: &mut Manager,
    fcgi: &mut FcgiSockets,
    settings: &Supervisord,
    group: GroupConfig,
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
    let logs =
        |process| Ok([logfile(process, Channel::Stdout, settings)?, logfile(process, Channel::Stderr, settings)?]);
    let logfiles: Vec<_> = group.processes.iter().map(|process| logs(process)).collect::<Result<_, EngineError>>()?;
    for (id, [stdout, stderr]) in manager.add_group(group, out).unwrap_or_default().into_iter().zip(logfiles) {
        manager.set_logfile(id, Channel::Stdout, stdout);
        manager.set_logfile(id, Channel::Stderr, stderr);
    }
    Ok(())
}

/// Where a stream is logged, if anywhere; makes the AUTO file (A4.118).
fn logfile(process: &ProcessConfig, channel: Channel, settings: &Supervisord) -> Result<Option<String>, EngineError> {
    if channel == Channel::Stderr && process.redirect_stderr {
        return Ok(None);
    }
    let path = match &process.channel(channel).logfile {
        ChildLog::None | ChildLog::Empty => return Ok(None),
        ChildLog::File(path) => path.clone(),
        ChildLog::Auto => {
            let directory = &settings.childlogdir;
            let made = autolog::create(directory, &process.name, channel, &settings.identifier);
            made.map_err(|error| EngineError::AutoLog { directory: directory.display().to_string(), error })?
        }
    };
    Ok(Some(path.to_string_lossy().into_owned()))
}

#[cfg(test)]
mod tests {
    use super::{FcgiSockets, activate};
    use crate::config::{self, Overrides, Source};
    use crate::engine::EngineError;
    use crate::logs::testdir::TestDir;
    use crate::manager::Manager;
    use std::fs;

    /// B1.11.9: an `addProcessGroup` that failed can be tried again.
    #[test]
    fn a_group_whose_logs_cannot_be_made_does_not_become_active() {
        let dir = TestDir::new();
        let (file, childlogdir) = (dir.path().join("s.conf"), dir.path().join("logs"));
        fs::create_dir(&childlogdir).unwrap();
        let text = format!("[supervisord]\nchildlogdir={}\n[program:a]\ncommand=/bin/cat\n", childlogdir.display());
        fs::write(&file, text).unwrap();
        let (argv0, cwd) = ("supervisord".into(), dir.path().to_owned());
        let read = config::load(&Source { path: Some(file), argv0, cwd, overrides: Overrides::default() }).unwrap();
        let mut manager = Manager::new("supervisor".to_owned(), vec![], 0);
        let (mut out, mut lines) = (vec![], vec![]);
        let mut add = |manager: &mut Manager| {
            let mut sockets = FcgiSockets::default();
            activate(manager, &mut sockets, &read.supervisord, read.groups[0].clone(), &mut out, &mut lines)
        };

        fs::remove_dir(&childlogdir).unwrap();
        assert!(matches!(add(&mut manager), Err(EngineError::AutoLog { .. })));
        assert!(!manager.is_active("a"));
        fs::create_dir(&childlogdir).unwrap();
        add(&mut manager).unwrap();
        let id = manager.process_named("a").unwrap();
        let logs = [crate::model::Channel::Stdout, crate::model::Channel::Stderr].map(|of| manager.logfile(id, of));
        assert!(logs[0].is_some_and(|path| path.contains("/a-stdout---")), "{logs:?}");
        assert!(logs[1].is_some_and(|path| path.contains("/a-stderr---")), "{logs:?}");
    }
}
