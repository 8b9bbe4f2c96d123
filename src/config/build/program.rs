//! The processes of one `[program:x]`, `[eventlistener:x]` or
//! `[fcgi-program:x]` section (A3.40–A3.65).

use super::Messages;
use crate::config::environment;
use crate::config::error::ConfigError;
use crate::config::expand::{Names, expand};
use crate::config::keys::{Key, program as keys};
use crate::config::number::strip;
use crate::config::reading::Reading;
use crate::config::values::{
    LogfileName, auto_restart, boolean, byte_size, exit_codes, integer, logfile_name, name, octal, signal, user,
};
use crate::config::{AutoRestart, ChannelConfig, ChildLog, FcgiSocket, ProcessConfig, ServerUrl, UserId};
use crate::model::{Channel, Signal};
use std::collections::BTreeMap;

/// Processes of all sections together; more than any machine can run.
pub const MAX_PROCESSES: i64 = 100_000;

/// A section and what it is read for.
pub(super) struct Program<'a> {
    pub(super) section: &'a str,
    /// The group its processes end up in.
    pub(super) group: &'a str,
    pub(super) fcgi: Option<FcgiSocket>,
    /// How many processes it may have at most.
    pub(super) room: i64,
    /// The machine's variables and the daemon's own.
    pub(super) global: &'a Names<'a>,
    /// `[supervisord] environment`.
    pub(super) environment: &'a [(String, String)],
}

/// All processes of the section, by (priority, name) (A4.88). Errors say which
/// section and file (A3.5).
pub(super) fn read(
    reading: &Reading<'_>,
    program: &Program<'_>,
    messages: &mut Messages,
) -> Result<Vec<ProcessConfig>, ConfigError> {
    processes(reading, program, messages).map_err(|error| ConfigError::InSection {
        section: program.section.to_owned(),
        file: reading.sections.file_of(program.section).unwrap_or(reading.root).to_owned(),
        source: Box::new(error),
    })
}

fn processes(
    reading: &Reading<'_>,
    program: &Program<'_>,
    messages: &mut Messages,
) -> Result<Vec<ProcessConfig>, ConfigError> {
    let names = Names::over(program.global)
        .with("here", reading.here)
        .with("program_name", &reading.name_of(program.section)?)
        .with("host_node_name", &reading.world.hostname())
        .with("group_name", program.group);
    let shared = Shared::read(reading, program.section, &names)?;
    if shared.numprocs > program.room {
        let error = ConfigError::TooManyProcesses(MAX_PROCESSES);
        return Err(reading.at(program.section, &keys::NUMPROCS, error));
    }
    let mut all = Vec::new();
    for index in 0..shared.numprocs {
        let number = shared.numprocs_start.saturating_add(index);
        let names = Names::over(&names).with_number("process_num", number).with_number("numprocs", shared.numprocs);
        all.push(One { reading, program, shared: &shared, names: &names }.read(messages)?);
    }
    all.sort_by(|a, b| (a.priority, &a.name).cmp(&(b.priority, &b.name)));
    Ok(all)
}

/// What all processes of a section have in common (A2.50 P1).
struct Shared {
    priority: i64,
    autostart: bool,
    autorestart: AutoRestart,
    startsecs: i64,
    startretries: i64,
    stopsignal: Signal,
    stopwaitsecs: i64,
    stopasgroup: bool,
    killasgroup: bool,
    exitcodes: Vec<i32>,
    redirect_stderr: bool,
    numprocs: i64,
    numprocs_start: i64,
    capture_maxbytes: [i64; 2],
    events_enabled: [bool; 2],
    serverurl: ServerUrl,
    user: Option<UserId>,
    umask: Option<u32>,
    /// Not expanded yet.
    process_name: String,
}

impl Shared {
    /// In upstream's order: only the first error is told.
    fn read(reading: &Reading<'_>, section: &str, names: &Names<'_>) -> Result<Self, ConfigError> {
        let number = |key| reading.value(section, key, names, integer);
        let truth = |key| reading.value(section, key, names, boolean);
        let size = |key| reading.value(section, key, names, byte_size);
        let priority = number(&keys::PRIORITY)?;
        let autostart = truth(&keys::AUTOSTART)?;
        let autorestart = reading.value(section, &keys::AUTORESTART, names, auto_restart)?;
        let startsecs = number(&keys::STARTSECS)?;
        let startretries = number(&keys::STARTRETRIES)?;
        let stopsignal = reading.value(section, &keys::STOPSIGNAL, names, signal)?;
        let stopwaitsecs = number(&keys::STOPWAITSECS)?;
        let stopasgroup = truth(&keys::STOPASGROUP)?;
        let killasgroup = reading.option(section, &keys::KILLASGROUP, names, boolean)?.unwrap_or(stopasgroup);
        let exitcodes = reading.value(section, &keys::EXITCODES, names, exit_codes)?;
        let redirect_stderr = truth(&keys::REDIRECT_STDERR)?;
        let numprocs = number(&keys::NUMPROCS)?;
        let numprocs_start = number(&keys::NUMPROCS_START)?;
        let stdout_capture = size(&keys::STDOUT_CAPTURE_MAXBYTES)?;
        let stdout_events = truth(&keys::STDOUT_EVENTS_ENABLED)?;
        let stderr_capture = size(&keys::STDERR_CAPTURE_MAXBYTES)?;
        let stderr_events = truth(&keys::STDERR_EVENTS_ENABLED)?;
        let serverurl = server_url(reading.text(section, &keys::SERVERURL, names)?);
        let user = reading.option(section, &keys::USER, names, |text| user(text, reading.world))?;
        let umask = reading.option(section, &keys::UMASK, names, octal)?;
        let raw_name = reading.raw(section, &keys::PROCESS_NAME).unwrap_or_default();
        let process_name = name(raw_name).map_err(|error| reading.at(section, &keys::PROCESS_NAME, error.into()))?;
        if numprocs > 1 && !process_name.contains("%(process_num)") {
            return Err(ConfigError::NoProcessNum);
        }
        if stopasgroup && !killasgroup {
            return Err(ConfigError::StopNotKill);
        }
        Ok(Self {
            priority,
            autostart,
            autorestart,
            startsecs,
            startretries,
            stopsignal,
            stopwaitsecs,
            stopasgroup,
            killasgroup,
            exitcodes,
            redirect_stderr,
            numprocs,
            numprocs_start,
            capture_maxbytes: [stdout_capture, stderr_capture],
            events_enabled: [stdout_events, stderr_events],
            serverurl,
            user,
            umask,
            process_name,
        })
    }
}

fn server_url(text: Option<String>) -> ServerUrl {
    match text {
        None => ServerUrl::Auto,
        Some(text) if strip(&text).eq_ignore_ascii_case("auto") => ServerUrl::Auto,
        Some(text) if text.is_empty() => ServerUrl::Unset,
        Some(text) => ServerUrl::Url(text),
    }
}

/// One process of a section: what its number can change (A2.50 P2).
struct One<'a> {
    reading: &'a Reading<'a>,
    program: &'a Program<'a>,
    shared: &'a Shared,
    /// With the number, without the program's own variables.
    names: &'a Names<'a>,
}

impl One<'_> {
    fn read(&self, messages: &mut Messages) -> Result<ProcessConfig, ConfigError> {
        let section = self.program.section;
        let own = self.variables(messages)?;
        let mut names = Names::over(self.names);
        names.add_environment(&own);
        let directory = self.reading.text(section, &keys::DIRECTORY, &names)?;
        let stdout = self.channel(&STDOUT, &names, messages)?;
        let mut stderr = self.channel(&STDERR, &names, messages)?;
        if self.shared.redirect_stderr {
            if matches!(stderr.logfile, ChildLog::File(_) | ChildLog::Empty) {
                messages.warn(format!(
                    "For [{section}], redirect_stderr=true but stderr_logfile has also been set to a filename, the \
                     filename has been ignored"
                ));
            }
            stderr.logfile = ChildLog::None;
        }
        let command = self.reading.text(section, &keys::COMMAND, &names)?;
        let command = command.ok_or_else(|| ConfigError::NoCommand(section.to_owned()))?;
        let shared = self.shared;
        Ok(ProcessConfig {
            name: self.name(&names)?,
            command,
            directory,
            umask: shared.umask,
            priority: shared.priority,
            autostart: shared.autostart,
            autorestart: shared.autorestart,
            startsecs: shared.startsecs,
            startretries: shared.startretries,
            stdout,
            stderr,
            stopsignal: shared.stopsignal,
            stopwaitsecs: shared.stopwaitsecs,
            stopasgroup: shared.stopasgroup,
            killasgroup: shared.killasgroup,
            exitcodes: shared.exitcodes.clone(),
            redirect_stderr: shared.redirect_stderr,
            user: shared.user,
            environment: self.merged(own),
            serverurl: shared.serverurl.clone(),
            fcgi: self.program.fcgi.clone(),
        })
    }

    /// The section's own variables; they cannot see each other.
    fn variables(&self, messages: &mut Messages) -> Result<Vec<(String, String)>, ConfigError> {
        let section = self.program.section;
        let raw = self.reading.raw(section, &keys::ENVIRONMENT).unwrap_or_default();
        let read = || Ok(environment::parse(&expand(raw, self.names, keys::ENVIRONMENT.name)?)?);
        let read = read().map_err(|error| self.reading.at(section, &keys::ENVIRONMENT, error))?;
        messages.ambiguous(section, &read.ambiguous);
        Ok(read.variables.into_iter().collect())
    }

    /// The daemon's variables under the program's (A3.62), sorted by name.
    fn merged(&self, own: Vec<(String, String)>) -> Vec<(String, String)> {
        let all: BTreeMap<String, String> = self.program.environment.iter().cloned().chain(own).collect();
        all.into_iter().collect()
    }

    /// Checked once more after the expansion, which upstream does not (A7.67).
    fn name(&self, names: &Names<'_>) -> Result<String, ConfigError> {
        let read = || {
            let expanded = expand(&self.shared.process_name, names, keys::PROCESS_NAME.name)?;
            Ok(name(&expanded)?)
        };
        read().map_err(|error| self.reading.at(self.program.section, &keys::PROCESS_NAME, error))
    }

    fn channel(
        &self,
        stream: &Stream,
        names: &Names<'_>,
        messages: &mut Messages,
    ) -> Result<ChannelConfig, ConfigError> {
        let (reading, section) = (self.reading, self.program.section);
        let file = reading.value(section, stream.logfile, names, |text| {
            // upstream expands once more, so `%%%%` is what it takes for one sign (A2.67)
            logfile_name(&text.replace("%%", "%"), reading.world)
        })?;
        let backups = reading.value(section, stream.backups, names, integer)?;
        let maxbytes = reading.value(section, stream.maxbytes, names, byte_size)?;
        let syslog = reading.value(section, stream.syslog, names, boolean)?;
        let (file_key, syslog_key) = (stream.logfile.name, stream.syslog.name);
        let (logfile, syslog) = match file {
            LogfileName::Log(log) => (log, syslog),
            LogfileName::Syslog => {
                messages.warn(format!(
                    "For [{section}], {file_key}=syslog but this is deprecated and will be removed.  Use \
                     {syslog_key}=true to enable syslog instead."
                ));
                (ChildLog::None, true)
            }
        };
        if logfile == ChildLog::Auto && maxbytes == 0 {
            messages.warn(format!(
                "For [{section}], AUTO logging used for {file_key} without rollover, set maxbytes > 0 to avoid \
                 filling up filesystem unintentionally"
            ));
        }
        let [stdout_capture, stderr_capture] = self.shared.capture_maxbytes;
        let [stdout_events, stderr_events] = self.shared.events_enabled;
        let (capture_maxbytes, events_enabled) = match stream.channel {
            Channel::Stdout => (stdout_capture, stdout_events),
            Channel::Stderr => (stderr_capture, stderr_events),
        };
        Ok(ChannelConfig { logfile, maxbytes, backups, capture_maxbytes, events_enabled, syslog })
    }
}

/// The keys of one output stream.
struct Stream {
    channel: Channel,
    logfile: &'static Key,
    backups: &'static Key,
    maxbytes: &'static Key,
    syslog: &'static Key,
}

const STDOUT: Stream = Stream {
    channel: Channel::Stdout,
    logfile: &keys::STDOUT_LOGFILE,
    backups: &keys::STDOUT_LOGFILE_BACKUPS,
    maxbytes: &keys::STDOUT_LOGFILE_MAXBYTES,
    syslog: &keys::STDOUT_SYSLOG,
};

const STDERR: Stream = Stream {
    channel: Channel::Stderr,
    logfile: &keys::STDERR_LOGFILE,
    backups: &keys::STDERR_LOGFILE_BACKUPS,
    maxbytes: &keys::STDERR_LOGFILE_MAXBYTES,
    syslog: &keys::STDERR_SYSLOG,
};
