//! What a command did, as the one JSON document that `--json` asks for
//! (`docs/ctl-json.md`). Everything that would be a line for people is an entry
//! of its list or of `errors`. Collects and renders; prints nothing.

use crate::model::Json;

/// The version of the form of all documents. It grows when a member changes its
/// meaning or goes; a new member alone does not change it.
pub const FORMAT: i64 = 1;

/// A document that grows while its command runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    command: &'static str,
    list: &'static str,
    entries: Vec<Json>,
    errors: Vec<Failure>,
}

#[derive(Debug, Clone, PartialEq)]
struct Failure {
    name: Option<String>,
    message: String,
    hint: Option<String>,
}

impl Report {
    /// An empty document of `command`, whose entries stand under `list`.
    #[must_use]
    pub fn new(command: &'static str, list: &'static str) -> Self {
        Self { command, list, entries: Vec::new(), errors: Vec::new() }
    }

    /// Adds to the list.
    pub fn add(&mut self, entry: Json) {
        self.entries.push(entry);
    }

    /// Something went wrong; `name` is the word it is about, if it is about one.
    pub fn fail(&mut self, name: Option<&str>, message: &str) {
        let (name, message) = (name.map(str::to_owned), message.to_owned());
        self.errors.push(Failure { name, message, hint: None });
    }

    /// What to do about the last thing that went wrong.
    pub fn hint(&mut self, hint: &str) {
        if let Some(failure) = self.errors.last_mut() {
            failure.hint = Some(hint.to_owned());
        }
    }

    /// The whole document.
    #[must_use]
    pub fn finish(self, exit: u8) -> Json {
        let failure = |failure: Failure| {
            Json::Object(vec![
                ("name", Json::or_null(failure.name)),
                ("message", Json::Text(failure.message)),
                ("hint", Json::or_null(failure.hint)),
            ])
        };
        Json::Object(vec![
            ("format", Json::Int(FORMAT)),
            ("command", Json::text(self.command)),
            ("exit", Json::Int(exit.into())),
            (self.list, Json::List(self.entries)),
            ("errors", Json::List(self.errors.into_iter().map(failure).collect())),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::Report;
    use crate::model::Json;

    #[test]
    fn a_document_holds_entries_and_errors() {
        let mut report = Report::new("status", "processes");
        report.hint("about nothing");
        report.add(Json::Int(1));
        report.fail(Some("x"), "no such process");
        report.fail(None, "gone");
        report.hint("start it");
        let expected = r#"{"format": 1, "command": "status", "exit": 4, "processes": [1], "errors": [{"name": "x", "message": "no such process", "hint": null}, {"name": null, "message": "gone", "hint": "start it"}]}"#;
        assert_eq!(report.finish(4).to_string(), expected);
    }
}
