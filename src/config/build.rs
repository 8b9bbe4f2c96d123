//! Sections to a checked [`Config`], in upstream's order, since only the first
//! error is told (A3.4). This file holds how one option is read; the sections
//! have a file each.

mod fcgi;
mod groups;
mod program;
mod rpcinterface;
mod servers;
mod supervisord;

use super::error::ConfigError;
use super::expand::{Names, expand};
use super::files::Files;
use super::ini::Sections;
use super::keys::Key;
use super::number::strip;
use super::source::Overrides;
use super::world::World;
use super::{Config, values};
use crate::model::{Level, LogLine};
use std::path::PathBuf;

pub use program::MAX_NUMPROCS;

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
    let mut messages = Messages(files.messages);
    let mut machine = Names::default();
    machine.add_environment(&world.environment());
    let main = supervisord::read(&reading, &machine, &mut messages)?;
    let mut names = Names::over(&machine);
    names.add_environment(&main.environment);
    let interfaces = rpcinterface::read(&reading, &names, main.foreign, &mut messages)?;
    let groups = groups::read(&reading, &names, &main, &mut messages)?;
    let servers = servers::read(&reading, &names)?;
    let supervisord = main.with(overrides, world)?;
    let rpc_namespaces = rpcinterface::check(interfaces, &servers)?;
    let path = PathBuf::from(files.path);
    Ok(Config { path, supervisord, servers, rpc_namespaces, groups, messages: messages.sorted() })
}

/// What `foreign_rpcinterfaces` says about things that need Python.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Foreign {
    Refuse,
    Ignore,
}

/// What reading has to say beside the configuration.
struct Messages(Vec<LogLine>);

impl Messages {
    fn warn(&mut self, text: String) {
        self.0.push(LogLine::new(Level::Warn, text));
    }

    /// A warning about a text that several processes share.
    fn warn_once(&mut self, text: String) {
        let line = LogLine::new(Level::Warn, text);
        if !self.0.contains(&line) {
            self.0.push(line);
        }
    }

    /// Warnings before news, each in its order (A1.22).
    fn sorted(mut self) -> Vec<LogLine> {
        self.0.sort_by_key(|line| line.level);
        self.0
    }
}

/// The sections and what they are read with.
struct Reading<'a> {
    sections: &'a Sections,
    here: &'a str,
    root: &'a str,
    world: &'a dyn World,
}

impl Reading<'_> {
    /// The text of an option before any expansion, or its default.
    fn raw(&self, section: &str, key: &Key) -> Option<&str> {
        self.sections.get(section, key.name).or(key.default)
    }

    /// The expanded text, converted; a missing one without default is `None`.
    fn option<T, E: Into<ConfigError>>(
        &self,
        section: &str,
        key: &Key,
        names: &Names<'_>,
        convert: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(raw) = self.raw(section, key) else { return Ok(None) };
        let read = || {
            let text = expand(raw, names, &format!("{section}.{}", key.name))?;
            convert(&text).map_err(Into::into)
        };
        read().map(Some).map_err(|error| self.at(section, key, error))
    }

    /// The same for keys with a default.
    fn value<T, E: Into<ConfigError>>(
        &self,
        section: &str,
        key: &Key,
        names: &Names<'_>,
        convert: impl Fn(&str) -> Result<T, E>,
    ) -> Result<T, ConfigError> {
        match self.option(section, key, names, &convert)? {
            Some(value) => Ok(value),
            None => convert("").map_err(Into::into),
        }
    }

    /// The expanded text of an option.
    fn text(&self, section: &str, key: &Key, names: &Names<'_>) -> Result<Option<String>, ConfigError> {
        self.option(section, key, names, |text| Ok::<_, ConfigError>(text.to_owned()))
    }

    /// `error` with the place of the option.
    fn at(&self, section: &str, key: &Key, error: ConfigError) -> ConfigError {
        let place = self.sections.place(section, key.name);
        ConfigError::Option { place, source: Box::new(error) }
    }

    /// What stands behind the first colon of a section, as a name (A3.64).
    fn name_of(&self, section: &str) -> Result<String, ConfigError> {
        let name = values::name(suffix(section))?;
        if name.is_empty() { Err(ConfigError::Nameless(section.to_owned())) } else { Ok(name) }
    }

    /// The sections whose names start with `prefix`, in order.
    fn with_prefix(&self, prefix: &'static str) -> impl Iterator<Item = &str> {
        self.sections.names().filter(move |name| name.starts_with(prefix))
    }
}

/// What stands behind the first colon, stripped.
fn suffix(section: &str) -> &str {
    section.split_once(':').map_or("", |(_, name)| strip(name))
}

#[cfg(test)]
mod tests;
