//! What is doubtful between sections: names that meet, logs that are shared,
//! clients and servers that do not fit.

use super::errors::Built;
use super::{Draft, Mark};
use crate::config::ini::Sections;
use crate::config::keys::{group, program, supervisorctl};
use crate::config::reading::suffix;
use crate::config::values::list;
use crate::config::world::World;
use crate::config::{Address, ChildLog, Config, ProcessConfig};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The namespace that every client of the daemon calls.
const STANDARD: &str = "supervisor";

/// Looks at all sections together.
pub(super) fn look(sections: &Sections, built: &Built, world: &dyn World, drafts: &mut Vec<Draft>) {
    let grouped = members(sections, drafts);
    same_names(sections, &grouped, drafts);
    same_processes(built, drafts);
    same_logs(built, drafts);
    if let Some(config) = &built.main {
        interface(config, drafts);
        client(sections, config, world, drafts);
    }
}

/// The sections that groups name, each with the first of them.
fn members(sections: &Sections, drafts: &mut Vec<Draft>) -> BTreeMap<String, String> {
    let mut grouped: BTreeMap<String, String> = BTreeMap::new();
    for section in sections.names().filter(|name| name.starts_with("group:")) {
        let key = group::PROGRAMS.name;
        for program in list(sections.get(section, key).unwrap_or_default()) {
            let candidates = [format!("program:{program}"), format!("fcgi-program:{program}")];
            let Some(member) = candidates.into_iter().find(|name| sections.has(name)) else { continue };
            match grouped.get(&member) {
                Some(first) if first == section => {
                    let message = format!("{program} is named twice");
                    drafts.push(Draft::warning(message).value(section, key).mark(Mark::Text(program.to_owned())));
                }
                Some(first) => {
                    let message = format!("{program} belongs to [{first}], too, and runs once in each");
                    let draft = Draft::warning(message).value(section, key).mark(Mark::Text(program.to_owned()));
                    drafts.push(draft.hint("name it in one group only"));
                }
                None => drop(grouped.insert(member, section.to_owned())),
            }
        }
    }
    grouped
}

/// Two sections that make a group of one name: the first to start wins.
fn same_names(sections: &Sections, grouped: &BTreeMap<String, String>, drafts: &mut Vec<Draft>) {
    let mut makers: BTreeMap<&str, &str> = BTreeMap::new();
    let makes = |section: &&str| {
        let (kind, _) = section.split_once(':').unwrap_or_default();
        matches!(kind, "group" | "program" | "eventlistener" | "fcgi-program") && !grouped.contains_key(*section)
    };
    for section in sections.names().filter(makes) {
        let name = suffix(section);
        match makers.get(name) {
            Some(first) => {
                let message = format!("[{first}] is called {name}, too, and only one of the two is run");
                let program = format!("program:{name}");
                let into_group = (*first == program || section == program)
                    && (first.starts_with("group:") || section.starts_with("group:"));
                let hint = if into_group {
                    format!("give the group another name, or add {name} to its programs")
                } else {
                    "give one of them another name".to_owned()
                };
                drafts.push(Draft::warning(message).section(section).hint(hint));
            }
            None => drop(makers.insert(name, section)),
        }
    }
}

/// Of processes with one name in one group the last stays (A4.86).
fn same_processes(built: &Built, drafts: &mut Vec<Draft>) {
    let programs: BTreeMap<&str, &[Arc<ProcessConfig>]> =
        built.programs.iter().map(|(section, processes)| (section.as_str(), processes.as_slice())).collect();
    for (section, members) in &built.groups {
        let mut makers: BTreeMap<&str, &str> = BTreeMap::new();
        for member in members {
            for process in programs.get(member.as_str()).copied().unwrap_or_default() {
                let Some(first) = makers.insert(&process.name, member).filter(|first| first != member) else {
                    continue;
                };
                let name = &process.name;
                let message = format!("[{first}] and [{member}] both make a process {name}; only the last is run");
                let hint = "give them different process_name= values";
                drafts.push(Draft::warning(message).value(section, group::PROGRAMS.name).hint(hint));
            }
        }
    }
}

fn same_logs(built: &Built, drafts: &mut Vec<Draft>) {
    let mut writers: BTreeMap<&Path, &str> = BTreeMap::new();
    for (section, processes) in &built.programs {
        let Some(process) = processes.first() else { continue };
        for (channel, key) in [(&process.stdout, &program::STDOUT_LOGFILE), (&process.stderr, &program::STDERR_LOGFILE)]
        {
            let ChildLog::File(path) = &channel.logfile else { continue };
            if path.starts_with("/dev") || path.starts_with("/proc") {
                continue;
            }
            let first = *writers.entry(path).or_insert(section);
            if first != section {
                let message = format!("[{first}] writes and rotates the same file");
                drafts.push(Draft::warning(message).value(section, key.name).hint("give each a file of its own"));
            }
        }
    }
}

fn interface(config: &Config, drafts: &mut Vec<Draft>) {
    if let Some(server) = config.servers.first()
        && !config.rpc_namespaces.iter().any(|name| name == STANDARD)
    {
        let message = "supervisorctl can do nothing here without a section [rpcinterface:supervisor]";
        let hint = "add it, with supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface";
        drafts.push(Draft::warning(message).section(&server.section).hint(hint));
    }
}

/// Whether `[supervisorctl]` calls one of the servers.
fn client(sections: &Sections, config: &Config, world: &dyn World, drafts: &mut Vec<Draft>) {
    const SECTION: &str = "supervisorctl";
    let Ok(ctl) = crate::config::ctl::load_ctl_from(Some(&config.path), Path::new(""), world) else { return };
    let url = ctl.serverurl.as_str();
    let calls = |address: &Address| match address {
        Address::Unix { .. } => url == address.url(),
        Address::Inet { port, .. } => url.trim_end_matches('/').ends_with(&format!(":{port}")),
    };
    if config.servers.iter().any(|server| calls(&server.address)) {
        return;
    }
    let local = ["unix://", "http://localhost", "http://127."].iter().any(|begin| url.starts_with(begin));
    if !local {
        return;
    }
    let message = format!("no server of this file listens at {url}");
    let hint = match config.servers.first() {
        Some(server) => format!("write serverurl={}", server.address.url()),
        None => "add [unix_http_server] with file=, else supervisorctl finds nobody".to_owned(),
    };
    let draft = Draft::warning(message).hint(hint);
    drafts.push(if sections.get(SECTION, supervisorctl::SERVERURL.name).is_some() {
        draft.value(SECTION, supervisorctl::SERVERURL.name)
    } else {
        draft.section(SECTION)
    });
}
