//! How one option is read: its text or default, expanded and converted, with
//! its place in every error. Knows no key by itself.

use super::error::ConfigError;
use super::expand::{Names, expand};
use super::ini::Sections;
use super::keys::Key;
use super::number::strip;
use super::values;
use super::world::World;

/// The sections and what they are read with.
pub(super) struct Reading<'a> {
    pub(super) sections: &'a Sections,
    pub(super) here: &'a str,
    /// The root file as typed or found.
    pub(super) root: &'a str,
    pub(super) world: &'a dyn World,
}

impl Reading<'_> {
    /// The text of an option before any expansion, or its default.
    pub(super) fn raw(&self, section: &str, key: &Key) -> Option<&str> {
        self.sections.get(section, key.name).or(key.default)
    }

    /// The expanded text, converted; a missing one without default is `None`.
    pub(super) fn option<T, E: Into<ConfigError>>(
        &self,
        section: &str,
        key: &Key,
        names: &Names<'_>,
        convert: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(raw) = self.raw(section, key) else { return Ok(None) };
        let read = || {
            if !raw.contains('%') {
                return convert(raw).map_err(Into::into);
            }
            let text = expand(raw, names, &format!("{section}.{}", key.name))?;
            convert(&text).map_err(Into::into)
        };
        read().map(Some).map_err(|error| self.at(section, key, error))
    }

    /// The same for keys with a default.
    pub(super) fn value<T, E: Into<ConfigError>>(
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
    pub(super) fn text(&self, section: &str, key: &Key, names: &Names<'_>) -> Result<Option<String>, ConfigError> {
        self.option(section, key, names, |text| Ok::<_, ConfigError>(text.to_owned()))
    }

    /// `error` with the place of the option.
    pub(super) fn at(&self, section: &str, key: &Key, error: ConfigError) -> ConfigError {
        let place = self.sections.place(section, key.name);
        ConfigError::Option { place, source: Box::new(error) }
    }

    /// What stands behind the first colon of a section, as a name (A3.64).
    pub(super) fn name_of(&self, section: &str) -> Result<String, ConfigError> {
        let name = values::name(suffix(section))?;
        if name.is_empty() { Err(ConfigError::Nameless(section.to_owned())) } else { Ok(name) }
    }

    /// The sections whose names start with `prefix`, in order.
    pub(super) fn with_prefix(&self, prefix: &'static str) -> impl Iterator<Item = &str> {
        self.sections.names().filter(move |name| name.starts_with(prefix))
    }
}

/// What stands behind the first colon, stripped.
pub(super) fn suffix(section: &str) -> &str {
    section.split_once(':').map_or("", |(_, name)| strip(name))
}
