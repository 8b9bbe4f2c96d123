//! What is doubtful about one section: its command, logs, paths and numbers.

use super::errors::Built;
use super::{Draft, command};
use crate::config::ini::Sections;
use crate::config::keys::{self, Key, Kind, http, program, supervisord};
use crate::config::paths::dirname;
use crate::config::world::World;
use crate::config::{Address, AutoRestart, ChildLog, Config, MainLog, ProcessConfig};
use std::path::Path;
use std::sync::Arc;

/// Bytes of a path that a unix socket can have.
const MAX_SOCKET_PATH: usize = 107;

/// Values of log keys that are no paths.
const NO_PATHS: &[&str] = &["none", "off", "auto", "syslog"];

/// Looks at all sections that could be built.
pub(super) fn look(sections: &Sections, built: &Built, world: &dyn World, drafts: &mut Vec<Draft>) {
    for section in sections.names() {
        relative_paths(sections, section, drafts);
    }
    for (section, processes) in &built.programs {
        let numprocs = sections.get(section, program::NUMPROCS.name);
        let Some(process) = processes.first() else {
            let message = format!("no process is made with numprocs={}", numprocs.unwrap_or_default());
            drafts.push(Draft::warning(message).value(section, program::NUMPROCS.name).hint("write 1 or more"));
            continue;
        };
        let command = program::COMMAND.name;
        if sections.get(section, command) == built.sections.get(section, command) {
            command::look(section, &process.command, world, drafts);
        }
        logs(section, processes, drafts);
        directory(section, process, world, drafts);
        if process.startsecs == 0 && process.autorestart == AutoRestart::Always {
            let message =
                "with startsecs=0 and autorestart=true a program that fails at once is started again for ever";
            let draft = Draft::warning(message).value(section, program::STARTSECS.name);
            drafts.push(draft.hint("write startsecs=1, so that it ends up FATAL after some tries"));
        }
    }
    if let Some(config) = &built.main {
        main_log(config, drafts);
        servers(config, world, drafts);
    }
}

/// Relative paths depend on where the daemon happens to be started.
fn relative_paths(sections: &Sections, section: &str, drafts: &mut Vec<Draft>) {
    let Some(kind) = keys::section(section).filter(|kind| kind.name != "supervisorctl") else { return };
    for (name, _) in sections.written(section) {
        let is_path = |key: &&Key| matches!(key.kind, Kind::DirPath | Kind::Directory | Kind::Path | Kind::LogfileName);
        let Some(raw) = kind.key(name).filter(is_path).and_then(|_| sections.get(section, name)) else { continue };
        let special = raw.is_empty() || NO_PATHS.contains(&raw.to_lowercase().as_str());
        if !special && !raw.starts_with(['/', '~', '%']) {
            let message = "a relative path starts where supervisord is started, not beside this file";
            let bare = raw.trim_start_matches("./");
            let hint = format!("write %(here)s/{bare} for a path beside this file");
            drafts.push(Draft::warning(message).value(section, name).hint(hint));
        }
    }
}

fn is_device(path: &Path) -> bool {
    path.starts_with("/dev") || path.starts_with("/proc")
}

fn no_rotation(section: &str, key: &Key, path: &Path, maxbytes: &Key, drafts: &mut Vec<Draft>) {
    let message = format!("{} cannot be rotated, but {} is not 0", path.display(), maxbytes.name);
    drafts.push(Draft::warning(message).value(section, key.name).hint(format!("write {}=0", maxbytes.name)));
}

fn logs(section: &str, processes: &[Arc<ProcessConfig>], drafts: &mut Vec<Draft>) {
    let [first, ..] = processes else { return };
    let channels = [
        (&first.stdout, &program::STDOUT_LOGFILE, &program::STDOUT_LOGFILE_MAXBYTES),
        (&first.stderr, &program::STDERR_LOGFILE, &program::STDERR_LOGFILE_MAXBYTES),
    ];
    for (index, (channel, key, maxbytes)) in channels.into_iter().enumerate() {
        let ChildLog::File(path) = &channel.logfile else { continue };
        if is_device(path) {
            if channel.maxbytes != 0 && path != Path::new("/dev/null") {
                no_rotation(section, key, path, maxbytes, drafts);
            }
            continue;
        }
        let same = |other: &Arc<ProcessConfig>| {
            let other = if index == 0 { &other.stdout } else { &other.stderr };
            other.logfile == channel.logfile
        };
        if processes.get(1).is_some_and(same) {
            let message = format!("all {} processes write and rotate the same file", processes.len());
            let hint = "put %(process_num)02d into its name";
            drafts.push(Draft::warning(message).value(section, key.name).hint(hint));
        }
    }
    if let (ChildLog::File(out), ChildLog::File(err)) = (&first.stdout.logfile, &first.stderr.logfile)
        && out == err
        && !is_device(out)
    {
        let message = "output and errors go to the same file, and each rotates it for itself";
        let hint = "write redirect_stderr=true and remove stderr_logfile";
        drafts.push(Draft::warning(message).value(section, program::STDERR_LOGFILE.name).hint(hint));
    }
}

fn directory(section: &str, process: &ProcessConfig, world: &dyn World, drafts: &mut Vec<Draft>) {
    let Some(directory) = &process.directory else { return };
    let key = program::DIRECTORY.name;
    if directory.starts_with('~') {
        let hint = "write %(ENV_HOME)s, or the whole path";
        drafts.push(Draft::warning("~ is not replaced here").value(section, key).hint(hint));
    } else if directory.starts_with('/') && !world.is_dir(directory) {
        let hint = "make it; the program cannot be started without it";
        let message = format!("{directory} is not an existing directory");
        drafts.push(Draft::warning(message).value(section, key).hint(hint));
    }
}

fn main_log(config: &Config, drafts: &mut Vec<Draft>) {
    if let MainLog::File(path) = &config.supervisord.logfile
        && is_device(path)
        && path != Path::new("/dev/null")
        && config.supervisord.logfile_maxbytes != 0
    {
        no_rotation("supervisord", &supervisord::LOGFILE, path, &supervisord::LOGFILE_MAXBYTES, drafts);
    }
}

fn servers(config: &Config, world: &dyn World, drafts: &mut Vec<Draft>) {
    for server in &config.servers {
        let section = server.section.as_str();
        match &server.address {
            Address::Unix { path, .. } => {
                let path = path.to_string_lossy();
                if !world.is_dir(dirname(&path)) {
                    let message = format!("The directory named as part of the path {path} does not exist");
                    let hint = "make the directory first; nobody does it for you";
                    drafts.push(Draft::error(message).value(section, http::FILE.name).hint(hint));
                } else if path.len() > MAX_SOCKET_PATH {
                    let message =
                        format!("a socket's path has at most {MAX_SOCKET_PATH} bytes, this one {}", path.len());
                    drafts.push(Draft::error(message).value(section, http::FILE.name).hint("choose a shorter one"));
                }
            }
            Address::Inet { host, .. } if host.is_empty() && server.auth.is_none() => {
                let message = "everybody who reaches this machine may start and stop programs";
                let hint = "write 127.0.0.1 before the port, or give username and password";
                drafts.push(Draft::warning(message).value(section, http::PORT.name).hint(hint));
            }
            Address::Inet { .. } => {}
        }
    }
}
