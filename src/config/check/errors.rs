//! What a start would refuse: each section is built alone, its first error
//! noted and mended, until it can be built.

use super::hint::hint;
use super::places::is_secret;
use super::{Draft, Mark};
use crate::config::build::build;
use crate::config::environment::EnvironmentError;
use crate::config::error::ConfigError;
use crate::config::expand::ExpandError;
use crate::config::files::Files;
use crate::config::ini::{Place, Sections};
use crate::config::keys::{self, Key, group, http, plugin, program, supervisord};
use crate::config::keys::{eventlistener, fcgi};
use crate::config::source::Overrides;
use crate::config::values::list;
use crate::config::world::World;
use crate::config::{Config, ProcessConfig};
use crate::model::py_repr;
use std::sync::Arc;

/// Errors of one section that are told.
const MAX_ERRORS: usize = 100;

const MAIN: &str = "supervisord";

/// What stands for a command or an event that is missing.
const SOME_COMMAND: &str = "true";
const SOME_EVENT: &str = "TICK_60";

/// What could be built, once the errors were taken out.
#[derive(Default)]
pub(super) struct Built {
    /// Programs, listeners and FastCGI programs: the section, and its processes.
    pub(super) programs: Vec<(String, Vec<Arc<ProcessConfig>>)>,
    /// `[group:x]`: the section, and those of its programs.
    pub(super) groups: Vec<(String, Vec<String>)>,
    /// `[supervisord]`, the servers and the interfaces, if all of them are sound.
    pub(super) main: Option<Config>,
    /// The sections as mended.
    pub(super) sections: Sections,
}

/// Builds each section by itself.
pub(super) fn settle(files: Files, overrides: &Overrides, world: &dyn World, drafts: &mut Vec<Draft>) -> Built {
    let names: Vec<String> = files.sections.names().map(str::to_owned).collect();
    let original = files.sections.clone();
    let mut settling = Settling { files, original, overrides, world, drafts };
    if !settling.files.sections.has(MAIN) {
        let hint = "write [supervisord], if only with nothing in it";
        settling.drafts.push(Draft::error(ConfigError::NoSection(MAIN).to_string()).hint(hint));
        settling.files.sections.set(MAIN, supervisord::NODAEMON.name, "false");
    }
    let mut built = Built::default();
    let mut rest = vec![MAIN];
    if settling.section(MAIN, &[MAIN]).is_none() {
        built.sections = settling.files.sections;
        return built;
    }
    for name in &names {
        let of = |kinds: &[&str]| keys::section(name).is_some_and(|kind| kinds.contains(&kind.name));
        if of(&["program", "eventlistener", "fcgi-program"]) {
            if let Some(config) = settling.section(name, &[MAIN, name]) {
                let processes = config.groups.into_iter().flat_map(|group| group.processes).collect();
                built.programs.push((name.clone(), processes));
            }
        } else if of(&["rpcinterface", "inet_http_server", "unix_http_server"])
            && settling.section(name, &[MAIN, name]).is_some()
        {
            rest.push(name);
        }
    }
    for name in names.iter().filter(|name| keys::section(name).is_some_and(|kind| kind.name == "group")) {
        let members = settling.members(name);
        let unit: Vec<&str> = [MAIN, name].into_iter().chain(members.iter().map(String::as_str)).collect();
        if settling.section(name, &unit).is_some() {
            built.groups.push((name.clone(), members));
        }
    }
    built.main = settling.build(&rest).ok();
    settling.arguments(built.main.as_ref());
    built.sections = settling.files.sections;
    built
}

struct Settling<'a> {
    files: Files,
    /// As written.
    original: Sections,
    overrides: &'a Overrides,
    world: &'a dyn World,
    drafts: &'a mut Vec<Draft>,
}

impl Settling<'_> {
    /// The configuration of `unit` alone, with the errors of `section` mended.
    fn section(&mut self, section: &str, unit: &[&str]) -> Option<Config> {
        let mut found: Vec<Draft> = Vec::new();
        let mut config = None;
        for _ in 0..MAX_ERRORS {
            match self.build(unit) {
                Ok(built) => {
                    let said = built.messages.iter().filter_map(|line| said(&line.text, section, &self.files.sections));
                    let as_written =
                        |key: &str| self.original.get(section, key) == self.files.sections.get(section, key);
                    let own = |draft: &Draft| {
                        draft.section.as_deref() == Some(section) && draft.key.as_deref().is_none_or(as_written)
                    };
                    found.extend(said.filter(own));
                    config = Some(built);
                    break;
                }
                Err(error) => {
                    let draft = told(&error, section, &self.files.sections);
                    let follows = self.follows(root(&error), section);
                    let mended = self.mend(&error, &draft);
                    if !follows {
                        found.push(draft);
                    }
                    if !mended {
                        break;
                    }
                }
            }
        }
        let mut kept: Vec<Draft> = Vec::new();
        for draft in found {
            if !kept.contains(&draft) {
                kept.push(draft);
            }
        }
        self.drafts.append(&mut kept);
        config
    }

    /// Whether it is an error only because of what was taken out for another one:
    /// a key that is missing, or a name that the environment would have.
    fn follows(&self, error: &ConfigError, section: &str) -> bool {
        let taken_out = |section: &str, key: &Key| {
            let mended = self.files.sections.get(section, key.name);
            self.original.get(section, key.name).filter(|_| mended.is_none())
        };
        let name = match error {
            ConfigError::Expand(ExpandError::UnknownName { name, .. }) => name.strip_prefix("ENV_"),
            _ => None,
        };
        let sets = |text: &str| name.is_some_and(|name| text.contains(&format!("{name}=")));
        missing(error).is_some_and(|key| taken_out(section, key).is_some())
            || [MAIN, section].into_iter().any(|section| taken_out(section, &program::ENVIRONMENT).is_some_and(sets))
    }

    fn build(&self, unit: &[&str]) -> Result<Config, ConfigError> {
        let Files { shown, path, here, .. } = &self.files;
        let (shown, path, here) = (shown.clone(), path.clone(), here.clone());
        let sections = self.files.sections.only(unit);
        build(Files { sections, shown, path, here, messages: Vec::new() }, self.overrides, self.world)
    }

    /// Changes what is wrong, so that the next error shows; says whether it could.
    fn mend(&mut self, error: &ConfigError, draft: &Draft) -> bool {
        let Some(section) = &draft.section else { return false };
        let sections = &mut self.files.sections;
        match root(error) {
            ConfigError::NoCommand(_) => sections.set(section, program::COMMAND.name, SOME_COMMAND),
            ConfigError::NoProcessNum => sections.set(section, program::NUMPROCS.name, "1"),
            ConfigError::NoEvents(_) => sections.set(section, eventlistener::EVENTS.name, SOME_EVENT),
            ConfigError::HalfAuthentication(_) | ConfigError::EmptyUsername(_) => {
                sections.remove(section, http::USERNAME.name);
                sections.remove(section, http::PASSWORD.name);
            }
            ConfigError::UnknownEvent { event, .. } => {
                let event = event.clone();
                drop_word(sections, section, &eventlistener::EVENTS, |word| word.to_uppercase() == event);
                if sections.get(section, eventlistener::EVENTS.name).is_some_and(str::is_empty) {
                    sections.set(section, eventlistener::EVENTS.name, SOME_EVENT);
                }
            }
            ConfigError::UnknownProgram { program, .. } | ConfigError::AmbiguousProgram { program, .. } => {
                drop_word(sections, section, &group::PROGRAMS, |word| word == program);
            }
            _ => {
                let Some(key) = draft.key.as_ref().filter(|key| sections.get(section, key).is_some()) else {
                    return false;
                };
                sections.remove(section, key);
            }
        }
        true
    }

    /// The sections of the programs that a group names.
    fn members(&self, section: &str) -> Vec<String> {
        let sections = &self.files.sections;
        let candidates = |program: &str| [format!("program:{program}"), format!("fcgi-program:{program}")];
        let named = list(sections.get(section, group::PROGRAMS.name).unwrap_or_default());
        named.into_iter().flat_map(candidates).filter(|name| sections.has(name)).collect()
    }

    /// The standard interface takes none, which shows once there is a server.
    fn arguments(&mut self, main: Option<&Config>) {
        let Some(Err(ConfigError::RpcInterface(name))) = main.map(Config::check_start) else { return };
        let section = format!("rpcinterface:{name}");
        let message = ConfigError::RpcInterface(name).to_string();
        for key in self.files.sections.options(&section) {
            if key != plugin::RPCINTERFACE_FACTORY.name {
                let hint = "it takes no further keys; remove this one";
                self.drafts.push(Draft::error(&message).value(&section, key).mark(Mark::Key).hint(hint));
            }
        }
    }
}

fn drop_word(sections: &mut Sections, section: &str, key: &Key, bad: impl Fn(&str) -> bool) {
    let text = sections.get(section, key.name).unwrap_or_default();
    let good: Vec<&str> = list(text).into_iter().filter(|word| !bad(word)).collect();
    let good = good.join(",");
    sections.set(section, key.name, &good);
}

/// The error without what says where it is.
fn root(error: &ConfigError) -> &ConfigError {
    match error {
        ConfigError::Option { source, .. } | ConfigError::InSection { source, .. } => root(source),
        other => other,
    }
}

/// The key that an error says is missing.
fn missing(error: &ConfigError) -> Option<&'static Key> {
    match error {
        ConfigError::NoCommand(_) => Some(&program::COMMAND),
        ConfigError::NoEvents(_) => Some(&eventlistener::EVENTS),
        ConfigError::NoSocket(_) => Some(&fcgi::SOCKET),
        ConfigError::NoFactory { .. } => Some(&plugin::RPCINTERFACE_FACTORY),
        ConfigError::NoAddress { key, .. } if *key == http::PORT.name => Some(&http::PORT),
        ConfigError::NoAddress { .. } => Some(&http::FILE),
        _ => None,
    }
}

/// The error as a finding; `section` is the one that was read.
pub(super) fn told(error: &ConfigError, section: &str, sections: &Sections) -> Draft {
    let section = match error {
        ConfigError::InSection { section, .. } => section,
        _ => section,
    };
    let inner = root(error);
    let (section, key) = match error.place().and_then(|place| written_at(place, section, sections)) {
        Some((section, key)) => (section, Some(key)),
        None => (section.to_owned(), key_of(inner, section, sections).map(str::to_owned)),
    };
    let kind = keys::section(&section).and_then(|kind| kind.key(key.as_deref()?));
    let raw = key.as_deref().and_then(|key| sections.get(&section, key)).unwrap_or_default();
    let draft = Draft::error(sentence(inner, key.as_deref())).hint(hint(inner, kind, raw));
    let mark = match inner {
        ConfigError::UnknownProgram { program, .. } | ConfigError::AmbiguousProgram { program, .. } => {
            Mark::Text(program.clone())
        }
        ConfigError::UnknownEvent { event, .. } => Mark::Text(event.clone()),
        _ => Mark::Value,
    };
    match key {
        Some(key) => draft.value(&section, &key).mark(mark),
        None => draft.section(&section),
    }
}

/// Upstream's sentence; without the list of all names, which is the machine's
/// whole environment, and without values that may be secrets.
fn sentence(error: &ConfigError, key: Option<&str>) -> String {
    let text = match error {
        ConfigError::Expand(ExpandError::UnknownName { name, .. }) if is_secret(key) => {
            format!("The value contains names ({}) which cannot be expanded.", py_repr(name))
        }
        ConfigError::Expand(ExpandError::BadFormat { reason, .. }) if is_secret(key) => {
            format!("The value is badly formatted: {reason}")
        }
        ConfigError::Environment(EnvironmentError::UnexpectedEnd(_)) => "Unexpected end of key/value pairs".to_owned(),
        _ => error.to_string(),
    };
    match text.split_once(" Available names: ") {
        Some((sentence, _)) => sentence.to_owned(),
        None => text,
    }
}

fn written_at(place: &Place, section: &str, sections: &Sections) -> Option<(String, String)> {
    let at = |section: &str| {
        let written = sections.written(section);
        written.iter().find(|(_, at)| at == place).map(|(key, _)| (section.to_owned(), (*key).to_owned()))
    };
    at(section).or_else(|| at(Sections::DEFAULT)).or_else(|| at(MAIN))
}

/// The key that an error without a place is about, if it is written.
fn key_of(error: &ConfigError, section: &str, sections: &Sections) -> Option<&'static str> {
    let candidates: &[&Key] = match error {
        ConfigError::NoProcessNum => &[&program::PROCESS_NAME, &program::NUMPROCS],
        ConfigError::StopNotKill => &[&program::KILLASGROUP],
        ConfigError::UnknownEvent { .. } | ConfigError::NoEvents(_) => &[&eventlistener::EVENTS],
        ConfigError::BufferSize { .. } => &[&eventlistener::BUFFER_SIZE],
        ConfigError::ListenerRedirects(_) => &[&program::REDIRECT_STDERR],
        ConfigError::Foreign { .. } => &[&eventlistener::RESULT_HANDLER, &plugin::RPCINTERFACE_FACTORY],
        ConfigError::HalfAuthentication(_) => &[&http::USERNAME, &http::PASSWORD],
        ConfigError::EmptyUsername(_) => &[&http::USERNAME],
        ConfigError::UnknownProgram { .. } | ConfigError::AmbiguousProgram { .. } => &[&group::PROGRAMS],
        ConfigError::Socket { .. } => &[&fcgi::SOCKET],
        ConfigError::Value(_) if section == MAIN => &[&supervisord::USER],
        _ => &[],
    };
    candidates.iter().map(|key| key.name).find(|key| sections.get(section, key).is_some())
}

/// What reading warns of anyway: it names its section, and often a key.
fn said(text: &str, section: &str, sections: &Sections) -> Option<Draft> {
    let rest = text.strip_prefix("For [").or_else(|| text.strip_prefix("Ignored ["))?;
    let (named, message) = rest.split_once(']')?;
    let message = if text.starts_with("For [") { message.trim_start_matches([',', ' ']) } else { text };
    let named = if sections.has(named) { named } else { section };
    let written = sections.written(named);
    let key = written.iter().map(|(key, _)| *key).filter(|key| message.contains(key)).max_by_key(|key| key.len());
    let draft = Draft::warning(message);
    Some(match key {
        Some(key) => draft.value(named, key),
        None => draft.section(named),
    })
}
