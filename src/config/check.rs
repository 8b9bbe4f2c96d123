//! Everything that is wrong or doubtful about a configuration, for
//! `--check-config`: what a start would refuse, and what would start but not do
//! what was meant. Opens nothing but the files; starts nothing.
//!
//! The errors are those of [`build`](super::build): a section is built, the
//! first error is noted and mended, and so on until it can be built. So no rule
//! stands here a second time, and what is found behind an error is sound.

mod across;
mod command;
mod daemonising;
mod doubts;
mod errors;
mod hint;
mod mended;
mod places;
pub mod show;

use super::ini::{Place, Repeat, Sections};
use super::source::Source;
use super::unknown::{Unknown, unknown};
use super::world::World;
use super::{ConfigError, ctl, files};
use mended::Mended;
use std::path::Path;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// A start would be refused.
    Error,
    /// It starts, but hardly as meant.
    Warning,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The file as opened and the line, if it is somewhere.
    pub place: Option<Place>,
    /// The whole name.
    pub section: Option<String>,
    /// In lower case.
    pub key: Option<String>,
    /// What is wrong; upstream's sentence if it has one.
    pub message: String,
    /// What would be right.
    pub hint: Option<String>,
    /// The line in the file, and where in it.
    pub excerpt: Option<Excerpt>,
}

/// The line that a finding is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// Without its end. Of a secret, only what stands before the value.
    pub text: String,
    /// The first character in question, counted from 1.
    pub column: usize,
    /// How many characters; at least 1.
    pub width: usize,
}

/// All that was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The root file as typed or found.
    pub file: Option<String>,
    /// By file and line.
    pub findings: Vec<Finding>,
}

impl Report {
    /// How many findings of one kind there are.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }
}

/// A finding before its place in the file is known.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Draft {
    severity: Severity,
    section: Option<String>,
    key: Option<String>,
    mark: Mark,
    message: String,
    hint: Option<String>,
}

/// What a finding points at.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Mark {
    /// The header of the section, or nothing.
    Section,
    /// The key.
    Key,
    /// The whole value.
    Value,
    /// This text inside the value.
    Text(String),
    /// A line that belongs to no option, or another one than the last.
    Line(Place),
}

impl Draft {
    fn new(severity: Severity, message: impl Into<String>) -> Self {
        let (section, key, hint) = (None, None, None);
        Self { severity, section, key, mark: Mark::Section, message: message.into(), hint }
    }

    fn error(message: impl Into<String>) -> Self {
        Self::new(Severity::Error, message)
    }

    fn warning(message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, message)
    }

    fn section(mut self, section: &str) -> Self {
        self.section = Some(section.to_owned());
        self
    }

    /// Points at the value of `key`.
    fn value(mut self, section: &str, key: &str) -> Self {
        (self.key, self.mark) = (Some(key.to_owned()), Mark::Value);
        self.section(section)
    }

    fn mark(mut self, mark: Mark) -> Self {
        self.mark = mark;
        self
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into()).filter(|hint| !hint.is_empty());
        self
    }
}

/// Looks for everything that is wrong with the configuration of `source`.
#[must_use]
pub fn check(source: &Source, world: &dyn World) -> Report {
    let shown = match &source.path {
        Some(path) => path.to_string_lossy().into_owned(),
        None => match files::find(&source.argv0.to_string_lossy(), world) {
            Ok(found) => found,
            Err(error) => return Report { file: None, findings: vec![placeless(&error)] },
        },
    };
    let world = Mended::over(world);
    let mut drafts = Vec::new();
    let Some(files) = mended::read(&shown, &world, &mut drafts) else {
        return Report { file: Some(shown), findings: places::resolve(drafts, &Sections::new(), &world) };
    };
    let sections = files.sections.clone();
    drafts.extend(unknown(&sections).map(unknown_draft));
    drafts.extend(sections.repeats().filter_map(|repeat| repeat_draft(&repeat)));
    if sections.has("supervisorctl")
        && let Err(error) = ctl::load_ctl_from(Some(Path::new(&shown)), &source.argv0, &world)
    {
        drafts.push(errors::told(&error, "supervisorctl", &sections));
    }
    let built = errors::settle(files, &source.overrides, &world, &mut drafts);
    doubts::look(&sections, &built, &world, &mut drafts);
    across::look(&sections, &built, &world, &mut drafts);
    let findings = places::resolve(drafts, &sections, &world);
    Report { file: Some(shown), findings }
}

fn placeless(error: &ConfigError) -> Finding {
    let (message, severity) = (error.to_string(), Severity::Error);
    Finding { severity, place: None, section: None, key: None, message, hint: None, excerpt: None }
}

fn unknown_draft(unknown: Unknown) -> Draft {
    let Unknown { section, key, meant, .. } = unknown;
    match key {
        Some(key) => {
            let hint = match meant {
                Some(meant) => format!("did you mean \"{meant}\"?"),
                None if key.starts_with('[') => "write a ] at its end, if it begins a section".to_owned(),
                None => "it has no effect; remove it".to_owned(),
            };
            Draft::warning("unknown key").value(&section, &key).mark(Mark::Key).hint(hint)
        }
        None => {
            let hint = match meant {
                Some(meant) => format!("did you mean [{meant}]?"),
                None => "nothing in it has any effect; remove it".to_owned(),
            };
            Draft::warning("unknown section").section(&section).hint(hint)
        }
    }
}

fn repeat_draft(repeat: &Repeat) -> Option<Draft> {
    let Repeat { section, key, first, again } = repeat;
    let nested = section == "include" && first.file != again.file;
    let before = if first.file == again.file {
        format!("line {}", first.line)
    } else {
        format!("{}:{}", first.file, first.line)
    };
    let draft = match key {
        Some(_) if nested => return None,
        None if nested => Draft::warning("an included file cannot include others; none of these is read")
            .section(section)
            .hint("name them in the first file"),
        Some(key) => Draft::warning(format!("written in {before} already; only this one counts"))
            .value(section, key)
            .hint("remove one of them"),
        None => Draft::warning(format!("the section began in {before} already; both are read as one"))
            .section(section)
            .hint("join them, or give one another name"),
    };
    Some(draft.mark(Mark::Line(again.clone())))
}

#[cfg(test)]
mod tests;
