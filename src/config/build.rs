//! Sections to a checked [`Config`], in upstream's order, since only the first
//! error is told (A3.4). The sections have a file each.

mod fcgi;
mod groups;
mod program;
mod rpcinterface;
mod servers;
mod supervisord;

use super::Config;
use super::error::ConfigError;
use super::expand::Names;
use super::files::Files;
use super::ini::Sections;
use super::reading::Reading;
use super::source::Overrides;
use super::unknown::{self, MAX_TOLD, unknown};
use super::world::World;
use crate::model::{Level, LogLine};
use std::collections::BTreeSet;
use std::path::PathBuf;

pub use program::MAX_PROCESSES;

/// Builds the configuration that `files` describe, with the command line laid
/// over it.
///
/// # Errors
/// The first thing that is wrong.
pub fn build(files: Files, overrides: &Overrides, world: &dyn World) -> Result<Config, ConfigError> {
    let reading = Reading { sections: &files.sections, here: &files.here, root: &files.shown, world };
    if !files.sections.has("supervisord") {
        return Err(ConfigError::NoSection("supervisord"));
    }
    let mut messages = Messages { lines: files.messages, once: BTreeSet::new() };
    let mut machine = Names::default();
    machine.add_environment(&world.environment());
    let main = supervisord::read(&reading, &machine, &mut messages)?;
    let mut names = Names::over(&machine);
    names.add_environment(&main.environment);
    let (rpc_namespaces, rpc_with_arguments) = rpcinterface::read(&reading, &names, main.foreign, &mut messages)?;
    let groups = groups::read(&reading, &names, &main, &mut messages)?;
    let servers = servers::read(&reading, &names)?;
    let supervisord = main.with(overrides, world)?;
    let path = PathBuf::from(files.path);
    messages.unknown(&files.sections);
    let messages = messages.sorted();
    Ok(Config { path, supervisord, servers, rpc_namespaces, rpc_with_arguments, groups, messages })
}

/// What `foreign_rpcinterfaces` says about things that need Python.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Foreign {
    Refuse,
    Ignore,
}

/// What reading has to say beside the configuration.
struct Messages {
    lines: Vec<LogLine>,
    /// Texts that are not said again.
    once: BTreeSet<String>,
}

impl Messages {
    fn warn(&mut self, text: String) {
        self.lines.push(LogLine::new(Level::Warn, text));
    }

    /// A warning about a text that several processes share.
    fn warn_once(&mut self, text: String) {
        if self.once.insert(text.clone()) {
            self.warn(text);
        }
    }

    /// One line for each key and section that means nothing, up to a bound.
    fn unknown(&mut self, sections: &Sections) {
        unknown(sections).take(MAX_TOLD).for_each(|unknown| self.warn(unknown.to_string()));
        let more = unknown::count(sections).saturating_sub(MAX_TOLD);
        if more > 0 {
            self.warn(format!("{more} more unknown keys and sections"));
        }
    }

    /// Warnings before news, each in its order (A1.22).
    fn sorted(mut self) -> Vec<LogLine> {
        self.lines.sort_by_key(|line| line.level);
        self.lines
    }
}

#[cfg(test)]
mod tests;
