//! Groups coming and going: the log files and sockets that belong to them.

use super::fcgi::{FcgiError, FcgiSockets};
use super::{Engine, EngineError};
use crate::config::{ChildLog, Config, GroupConfig, Supervisord};
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

/// FastCGI sockets are tried out first and AUTO logs made, so that a group
/// that cannot work does not become active.
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
    for id in manager.add_group(group, out).unwrap_or_default() {
        name_logfiles(manager, id, settings)?;
    }
    Ok(())
}

/// Settles where the streams of a process are logged; makes the AUTO files
/// (A4.118).
fn name_logfiles(manager: &mut Manager, id: ProcessId, settings: &Supervisord) -> Result<(), EngineError> {
    for channel in [Channel::Stdout, Channel::Stderr] {
        let Some(config) = manager.process(id).map(|process| &process.config) else { continue };
        if channel == Channel::Stderr && config.redirect_stderr {
            continue;
        }
        let path = match &config.channel(channel).logfile {
            ChildLog::None | ChildLog::Empty => continue,
            ChildLog::File(path) => path.clone(),
            ChildLog::Auto => {
                let directory = &settings.childlogdir;
                let made = autolog::create(directory, &config.name, channel, &settings.identifier);
                made.map_err(|error| EngineError::AutoLog { directory: directory.display().to_string(), error })?
            }
        };
        manager.set_logfile(id, channel, Some(path.to_string_lossy().into_owned()));
    }
    Ok(())
}
