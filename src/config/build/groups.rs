//! Sections to groups: `[group:x]` first, then the programs, listeners and
//! FastCGI programs that stand alone (A3.70–A3.83, A4.85–A4.88).

use super::program::{self, MAX_PROCESSES, Program};
use super::supervisord::Main;
use super::{Foreign, Messages, fcgi};
use crate::config::error::ConfigError;
use crate::config::expand::Names;
use crate::config::keys::{Key, eventlistener as listener, group, program as keys};
use crate::config::reading::{Reading, suffix};
use crate::config::values::{boolean, integer, len_unit, list};
use crate::config::{GroupConfig, GroupKind, ProcessConfig};
use crate::model::event_names::is_event_name;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The only result handler that is recognised (B4.1.11).
const STANDARD_HANDLER: &str = "supervisor.dispatchers:default_handler";

/// All groups by (priority, name) (A4.87).
pub(super) fn read(
    reading: &Reading<'_>,
    global: &Names<'_>,
    main: &Main,
    messages: &mut Messages,
) -> Result<Vec<GroupConfig>, ConfigError> {
    let names = Names::over(global).with("here", reading.here);
    let mut building =
        Building { reading, global, names, main, messages, grouped: BTreeSet::new(), room: MAX_PROCESSES };
    let mut groups = Vec::new();
    for section in reading.with_prefix("group:") {
        groups.push(building.group(section)?);
    }
    for section in building.ungrouped("program:") {
        groups.push(building.alone(section)?);
    }
    for section in reading.with_prefix("eventlistener:") {
        groups.push(building.pool(section)?);
    }
    for section in building.ungrouped("fcgi-program:") {
        groups.push(building.alone(section)?);
    }
    groups.sort_by(|a, b| (a.priority, &a.name).cmp(&(b.priority, &b.name)));
    Ok(groups)
}

struct Building<'a> {
    reading: &'a Reading<'a>,
    global: &'a Names<'a>,
    /// For options of groups (A2.50 GR).
    names: Names<'a>,
    main: &'a Main,
    messages: &'a mut Messages,
    /// Sections that belong to a group and form none of their own (A3.81).
    grouped: BTreeSet<String>,
    /// How many more processes there may be.
    room: i64,
}

impl<'a> Building<'a> {
    /// The sections that no group names.
    fn ungrouped(&self, prefix: &'static str) -> Vec<&'a str> {
        self.reading.with_prefix(prefix).filter(|section| !self.grouped.contains(*section)).collect()
    }

    fn number(&self, section: &str, key: &Key) -> Result<i64, ConfigError> {
        self.reading.value(section, key, &self.names, integer)
    }

    fn group(&mut self, section: &str) -> Result<GroupConfig, ConfigError> {
        let name = self.reading.name_of(section)?;
        let programs = self.reading.text(section, &group::PROGRAMS, &self.names)?.unwrap_or_default();
        let priority = self.number(section, &group::PRIORITY)?;
        let mut processes = Vec::new();
        for program in list(&programs) {
            let member = self.member(section, program)?;
            processes.extend(self.processes(&member, &name)?);
            self.grouped.insert(member);
        }
        Ok(GroupConfig { name, priority, kind: GroupKind::Programs, processes: latest_of_each(processes) })
    }

    /// The section of a program that a group names. Upstream blames the wrong
    /// section when it is not the first one (A3.80, A7.65).
    fn member(&self, section: &str, program: &str) -> Result<String, ConfigError> {
        let (plain, fcgi) = (format!("program:{program}"), format!("fcgi-program:{program}"));
        let (section, program) = (section.to_owned(), program.to_owned());
        match (self.reading.sections.has(&plain), self.reading.sections.has(&fcgi)) {
            (true, false) => Ok(plain),
            (false, true) => Ok(fcgi),
            (false, false) => Err(ConfigError::UnknownProgram { section, program }),
            (true, true) => Err(ConfigError::AmbiguousProgram { section, program }),
        }
    }

    /// A program or FastCGI program that is its own group.
    fn alone(&mut self, section: &str) -> Result<GroupConfig, ConfigError> {
        let name = self.reading.name_of(section)?;
        let priority = self.number(section, &keys::PRIORITY)?;
        let processes = latest_of_each(self.processes(section, &name)?);
        Ok(GroupConfig { name, priority, kind: GroupKind::Programs, processes })
    }

    /// The socket is read for members of groups, too, where upstream forgets it
    /// (A3.88, A4.104).
    fn processes(&mut self, section: &str, group: &str) -> Result<Vec<ProcessConfig>, ConfigError> {
        let is_fcgi = section.starts_with("fcgi-program:");
        let fcgi = is_fcgi.then(|| fcgi::read(self.reading, &self.names, section)).transpose()?;
        let (global, environment, room) = (self.global, self.main.environment.as_slice(), self.room);
        let program = Program { section, group, fcgi, room, global, environment };
        let processes = program::read(self.reading, &program, self.messages)?;
        self.room -= i64::try_from(processes.len()).unwrap_or(i64::MAX);
        Ok(processes)
    }

    fn pool(&mut self, section: &str) -> Result<GroupConfig, ConfigError> {
        let name = suffix(section).to_owned();
        let priority = self.number(section, &listener::PRIORITY)?;
        let size = self.number(section, &listener::BUFFER_SIZE)?;
        let buffer_size = usize::try_from(size).ok().filter(|size| *size > 0);
        let buffer_size = buffer_size.ok_or_else(|| ConfigError::BufferSize { section: section.to_owned(), size })?;
        let len_unit = self.reading.value(section, &listener::LEN_UNIT, &self.names, len_unit)?;
        self.result_handler(section)?;
        let events = self.events(section)?;
        if self.reading.value(section, &keys::REDIRECT_STDERR, &self.names, boolean)? {
            return Err(ConfigError::ListenerRedirects(section.to_owned()));
        }
        let processes = latest_of_each(self.processes(section, &name)?);
        Ok(GroupConfig { name, priority, kind: GroupKind::Listeners { buffer_size, events, len_unit }, processes })
    }

    fn result_handler(&mut self, section: &str) -> Result<(), ConfigError> {
        let factory = self.reading.text(section, &listener::RESULT_HANDLER, &self.names)?.unwrap_or_default();
        if factory == STANDARD_HANDLER {
            return Ok(());
        }
        if self.main.foreign == Foreign::Refuse {
            return Err(ConfigError::Foreign { factory, section: section.to_owned() });
        }
        self.messages
            .warn(format!("For [{section}], result_handler={factory} is not built in; the standard one is used"));
        Ok(())
    }

    /// In upper case, each once (A3.77).
    fn events(&mut self, section: &str) -> Result<Vec<String>, ConfigError> {
        let text = self.reading.text(section, &listener::EVENTS, &self.names)?.unwrap_or_default();
        let mut events: Vec<String> = Vec::new();
        for event in list(&text).into_iter().map(str::to_uppercase) {
            if !is_event_name(&event) {
                if self.main.foreign == Foreign::Refuse {
                    return Err(ConfigError::UnknownEvent { section: section.to_owned(), event });
                }
                self.messages.warn(format!("For [{section}], ignored the unknown event type {event}"));
            } else if !events.contains(&event) {
                events.push(event);
            }
        }
        if events.is_empty() { Err(ConfigError::NoEvents(section.to_owned())) } else { Ok(events) }
    }
}

/// Of processes with one name the last stays, at the place of the first (A4.86).
fn latest_of_each(processes: Vec<ProcessConfig>) -> Vec<Arc<ProcessConfig>> {
    let mut places = std::collections::BTreeMap::new();
    let mut kept: Vec<Arc<ProcessConfig>> = Vec::new();
    for process in processes.into_iter().map(Arc::new) {
        let place = *places.entry(process.name.clone()).or_insert(kept.len());
        match kept.get_mut(place) {
            Some(earlier) => *earlier = process,
            None => kept.push(process),
        }
    }
    kept
}
