//! A configuration file from anybody. What is read keeps the promises that the
//! rest of the program builds on, and reading it again gives the same.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use supervisord::config::check::{Severity, check, show};
use supervisord::config::ctl::load_ctl_from;
use supervisord::config::diff::changed;
use supervisord::config::world::{Unread, User, World};
use supervisord::config::{Config, ConfigError, Source, load_from};

const ROOT: &str = "/c/s.conf";

pub(super) fn run(data: &[u8]) {
    let machine = Machine(data);
    drop(load_ctl_from(Some(Path::new(ROOT)), Path::new("supervisorctl"), &machine));
    let source = Source { path: Some(ROOT.into()), ..Source::default() };
    let read = || load_from(&source, &machine);
    let report = check(&source, &machine);
    assert!(read().is_ok() || report.count(Severity::Error) > 0, "a start is refused, a check finds nothing");
    drop((show::text(&report), show::json(&report)));
    match (read(), read()) {
        (Ok(config), Ok(again)) => {
            assert_eq!(config, again);
            sound(&config);
        }
        (Err(error), Err(again)) => told(&error, &again),
        (first, second) => panic!("{:?} and then {:?}", first.is_ok(), second.is_ok()),
    }
}

fn sound(config: &Config) {
    assert!(config.groups.is_sorted_by_key(|group| (group.priority, group.name.clone())));
    for group in &config.groups {
        assert!(!group.name.is_empty() && !group.name.contains([' ', ':', '/']), "{:?}", group.name);
        let names: BTreeSet<_> = group.processes.iter().map(|process| &process.name).collect();
        assert_eq!(names.len(), group.processes.len());
        assert!(names.iter().all(|name| !name.contains([' ', ':', '/'])));
        assert_eq!(changed(group, group), []);
    }
    assert!(config.messages.is_sorted_by_key(|line| line.level));
}

fn told(error: &ConfigError, again: &ConfigError) {
    assert_eq!(error, again);
    assert!(!error.to_string().is_empty());
    if let Some(place) = error.place() {
        assert!(place.line > 0 && place.file.starts_with("/c/"));
    }
}

/// One directory with the file, which every name inside stands for.
struct Machine<'a>(&'a [u8]);

impl World for Machine<'_> {
    fn read(&self, path: &str, limit: u64, _: Duration) -> Result<Vec<u8>, Unread> {
        if self.0.len() as u64 > limit {
            return Err(Unread::TooLarge);
        }
        if self.lexists(path) { Ok(self.0.to_vec()) } else { Err(Unread::Missing) }
    }

    fn exists(&self, path: &str) -> bool {
        self.lexists(path)
    }

    fn lexists(&self, path: &str) -> bool {
        [ROOT, "/c/a.ini", "/c/b.ini"].contains(&path)
    }

    fn is_dir(&self, path: &str) -> bool {
        ["/", "/c", "/tmp"].contains(&path)
    }

    fn is_executable(&self, path: &str) -> bool {
        self.exists(path)
    }

    fn list(&self, directory: &str) -> Vec<String> {
        let names = ["b.ini", "a.ini", "s.conf"].map(str::to_owned).to_vec();
        if directory == "/c" { names } else { Vec::new() }
    }

    fn user_by_name(&self, name: &str) -> Option<User> {
        (name == "web").then(|| User { uid: 33, gid: 33, home: "/c".to_owned() })
    }

    fn user_by_id(&self, uid: u32) -> Option<User> {
        (uid == 33).then(|| User { uid, gid: 33, home: "/c".to_owned() })
    }

    fn group_by_name(&self, name: &str) -> Option<u32> {
        (name == "web").then_some(33)
    }

    fn group_exists(&self, gid: u32) -> bool {
        gid == 33
    }

    fn hostname(&self) -> String {
        "box".to_owned()
    }

    fn temp_dir(&self) -> String {
        "/tmp".to_owned()
    }

    fn cwd(&self) -> String {
        "/c".to_owned()
    }

    fn uid(&self) -> u32 {
        0
    }

    fn environment(&self) -> Vec<(String, String)> {
        vec![("X".to_owned(), "a %d \" ' ; #".to_owned())]
    }
}
