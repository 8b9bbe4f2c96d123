//! `[supervisord]` (A3.10–A3.22) and the command line over it.

use super::{Foreign, Messages};
use crate::config::environment;
use crate::config::error::ConfigError;
use crate::config::expand::{Names, expand};
use crate::config::keys::supervisord as keys;
use crate::config::reading::Reading;
use crate::config::source::Overrides;
use crate::config::values::{
    boolean, byte_size, existing_directory, existing_dirpath, integer, log_level, octal, user,
};
use crate::config::world::World;
use crate::config::{MainLog, Supervisord, paths};
use crate::model::Level;
use std::ops::RangeInclusive;
use std::path::PathBuf;

const SECTION: &str = "supervisord";

/// Less would refuse calls that ordinary clients make, more is no body of a call.
const REQUEST_BYTES: RangeInclusive<i64> = 64 << 10..=1 << 30;

/// What the file says. The command line, the user and the paths come last.
pub(super) struct Main {
    minfds: i64,
    minprocs: i64,
    directory: Option<String>,
    user: Option<String>,
    umask: u32,
    logfile: String,
    logfile_maxbytes: i64,
    logfile_backups: i64,
    loglevel: Level,
    pidfile: String,
    identifier: String,
    nodaemon: bool,
    silent: bool,
    childlogdir: String,
    nocleanup: bool,
    strip_ansi: bool,
    /// Sorted by name.
    pub(super) environment: Vec<(String, String)>,
    pub(super) foreign: Foreign,
    cross_origin: bool,
    request_maxbytes: usize,
}

/// Reads the section in upstream's order (A3.4); `names` are the machine's.
pub(super) fn read(reading: &Reading<'_>, names: &Names<'_>, messages: &mut Messages) -> Result<Main, ConfigError> {
    let names = Names::over(names).with("here", reading.here);
    let world = reading.world;
    let number = |key| reading.value(SECTION, key, &names, integer);
    let truth = |key| reading.value(SECTION, key, &names, boolean);
    let path = |key| reading.value(SECTION, key, &names, |text| existing_dirpath(text, world));
    let directory = |key| reading.option(SECTION, key, &names, |text| existing_directory(text, world));
    Ok(Main {
        minfds: number(&keys::MINFDS)?,
        minprocs: number(&keys::MINPROCS)?,
        directory: directory(&keys::DIRECTORY)?,
        user: reading.text(SECTION, &keys::USER, &names)?,
        umask: reading.value(SECTION, &keys::UMASK, &names, octal)?,
        logfile: path(&keys::LOGFILE)?,
        logfile_maxbytes: reading.value(SECTION, &keys::LOGFILE_MAXBYTES, &names, byte_size)?,
        logfile_backups: number(&keys::LOGFILE_BACKUPS)?,
        loglevel: reading.value(SECTION, &keys::LOGLEVEL, &names, log_level)?,
        pidfile: path(&keys::PIDFILE)?,
        identifier: reading.text(SECTION, &keys::IDENTIFIER, &names)?.unwrap_or_default(),
        nodaemon: truth(&keys::NODAEMON)?,
        silent: truth(&keys::SILENT)?,
        childlogdir: directory(&keys::CHILDLOGDIR)?.unwrap_or_else(|| world.temp_dir()),
        nocleanup: truth(&keys::NOCLEANUP)?,
        strip_ansi: truth(&keys::STRIP_ANSI)?,
        environment: variables(reading, &names, messages)?,
        foreign: reading.value(SECTION, &keys::FOREIGN_RPCINTERFACES, &names, foreign)?,
        cross_origin: truth(&keys::CROSS_ORIGIN)?,
        request_maxbytes: reading.value(SECTION, &keys::REQUEST_MAXBYTES, &names, request_bytes)?,
    })
}

/// Expanded once, with the host's name (A2.66: 4.3.0 did it twice).
fn variables(
    reading: &Reading<'_>,
    names: &Names<'_>,
    messages: &mut Messages,
) -> Result<Vec<(String, String)>, ConfigError> {
    let names = Names::over(names).with("host_node_name", &reading.world.hostname());
    let raw = reading.raw(SECTION, &keys::ENVIRONMENT).unwrap_or_default();
    let read = || Ok(environment::parse(&expand(raw, &names, keys::ENVIRONMENT.name)?)?);
    let read = read().map_err(|error| reading.at(SECTION, &keys::ENVIRONMENT, error))?;
    messages.ambiguous(SECTION, &read.ambiguous);
    Ok(read.variables.into_iter().collect())
}

fn foreign(text: &str) -> Result<Foreign, ConfigError> {
    match text.to_lowercase().as_str() {
        "refuse" => Ok(Foreign::Refuse),
        "ignore" => Ok(Foreign::Ignore),
        _ => Err(ConfigError::BadForeign(text.to_owned())),
    }
}

fn request_bytes(text: &str) -> Result<usize, ConfigError> {
    let bytes = byte_size(text)?;
    let size = usize::try_from(bytes).ok().filter(|_| REQUEST_BYTES.contains(&bytes));
    size.ok_or_else(|| ConfigError::BadRequestBytes(text.to_owned()))
}

impl Messages {
    /// Says which variables a later upstream reads otherwise (A2.90). Never the
    /// values: they may be secrets.
    pub(super) fn ambiguous(&mut self, section: &str, names: &[String]) {
        for name in names {
            self.warn_once(format!(
                "For [{section}], the quotes or backslashes around {name} in environment are read as Supervisor 4.3 \
                 does; Supervisor 4.4 reads them differently.  Write {name}=\"value\" without quotes or backslashes in \
                 the value to avoid this message."
            ));
        }
    }
}

impl Main {
    /// Lays the command line over it (A1.2), makes the paths absolute (A1.23)
    /// and finds the user (A1.25).
    pub(super) fn with(self, over: &Overrides, world: &dyn World) -> Result<Supervisord, ConfigError> {
        let chosen = |over: &Option<String>, own: String| over.clone().unwrap_or(own);
        let name = over.user.as_ref().or(self.user.as_ref());
        let user = name.map(|name| user(name, world)).transpose()?;
        let logfile = chosen(&over.logfile, self.logfile);
        let absolute = |path: &str| PathBuf::from(paths::normalize(path, world));
        Ok(Supervisord {
            logfile: if logfile == "syslog" { MainLog::Syslog } else { MainLog::File(absolute(&logfile)) },
            logfile_maxbytes: over.logfile_maxbytes.unwrap_or(self.logfile_maxbytes),
            logfile_backups: over.logfile_backups.unwrap_or(self.logfile_backups),
            loglevel: over.loglevel.unwrap_or(self.loglevel),
            pidfile: absolute(&chosen(&over.pidfile, self.pidfile)),
            umask: over.umask.unwrap_or(self.umask),
            nodaemon: over.nodaemon || self.nodaemon,
            silent: over.silent || self.silent,
            nocleanup: over.nocleanup || self.nocleanup,
            strip_ansi: over.strip_ansi || self.strip_ansi,
            minfds: over.minfds.unwrap_or(self.minfds),
            minprocs: over.minprocs.unwrap_or(self.minprocs),
            user,
            directory: over.directory.clone().or(self.directory).map(PathBuf::from),
            childlogdir: PathBuf::from(chosen(&over.childlogdir, self.childlogdir)),
            identifier: chosen(&over.identifier, self.identifier),
            environment: self.environment,
            cross_origin: self.cross_origin,
            request_maxbytes: self.request_maxbytes,
        })
    }
}
