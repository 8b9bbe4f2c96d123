//! `--check-config`: prints what [`config::check`](mod@crate::config::check)
//! finds, and opens, makes and starts nothing.

use super::args::{Check, Format};
use crate::config::check::{Severity, check as look, show};
use crate::config::{Source, System};

/// Status for warnings that count.
const DOUBTFUL: u8 = 1;

/// Prints the findings and returns the exit status.
pub(super) fn check(source: &Source, how: Check) -> u8 {
    let report = look(source, &System::at(&source.cwd));
    super::say(&match how.format {
        Format::Text => show::text(&report),
        Format::Json => show::json(&report),
    });
    match (report.count(Severity::Error), report.count(Severity::Warning)) {
        (0, 1..) if how.strict => DOUBTFUL,
        (0, _) => 0,
        _ => super::USAGE,
    }
}
