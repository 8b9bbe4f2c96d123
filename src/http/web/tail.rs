//! The tail page: the end of one process's stdout log (B2.11.13).

use super::action::unexpected;
use super::html::{document, escape};
use crate::engine::EngineHandle;
use crate::http::percent::{self, Form};
use crate::model::Channel;
use crate::rpc::{FaultCode, Reply, Request};

/// Bytes shown when nobody asks for more.
const FEWEST_BYTES: i64 = 1024;
/// Bytes shown however many are asked for.
const MOST_BYTES: i64 = 4 << 20;

/// What is to be shown.
#[derive(Debug)]
pub(super) struct Tail {
    name: Option<String>,
    limit: i64,
}

impl Tail {
    /// Whose log, and how much of it.
    pub(super) fn of(form: &Form) -> Self {
        match form.get("processname") {
            Some(name) => Self { name: Some(name.to_owned()), limit: limit(form.get("limit")) },
            None => Self { name: None, limit: FEWEST_BYTES },
        }
    }

    fn request(&self) -> Option<Request> {
        let name = self.name.clone()?;
        Some(Request::ReadProcessLog { name, channel: Channel::Stdout, offset: -self.limit, length: 0 })
    }

    /// Much of a log may have to be read for it.
    pub(super) fn may_be_large(&self) -> bool {
        self.request().is_some_and(|request| request.may_read_much())
    }

    /// The end of the log, or what is wrong with it.
    pub(super) async fn text(&self, engine: &EngineHandle) -> String {
        let (Some(request), Some(name)) = (self.request(), &self.name) else {
            return "No process name found".to_owned();
        };
        match engine.call(request).await {
            Ok(Reply::Text(text)) => text,
            Ok(_) => String::new(),
            Err(fault) if fault.code == FaultCode::NoFile => format!("No file for {name}"),
            Err(fault) => format!("ERROR: {}", unexpected(&fault)),
        }
    }

    /// The page with that text.
    pub(super) fn render(&self, text: &str) -> String {
        render(self.name.as_deref(), self.limit, text)
    }
}

fn limit(asked: Option<&str>) -> i64 {
    let asked = asked.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    // Digits that do not fit a number are a lot.
    asked.map_or(FEWEST_BYTES, |digits| digits.parse().unwrap_or(MOST_BYTES)).clamp(FEWEST_BYTES, MOST_BYTES)
}

fn render(name: Option<&str>, limit: i64, text: &str) -> String {
    let title = format!("Supervisor tail of process {}", name.unwrap_or("None"));
    let refresh = name.map_or_else(String::new, |name| {
        let link = percent::encode(name);
        format!("    <a class=\"button\" href=\"tail.html?processname={link}&amp;limit={limit}\">Refresh</a>\n")
    });
    let body = format!(
        "<div id=\"wrapper\">\n  <div id=\"header\">\n    <h1>{}</h1>\n{refresh}  </div>\n<pre>{}</pre>\n</div>\n",
        escape(name.unwrap_or("Tail")),
        escape(text)
    );
    document(&title, &body)
}

#[cfg(test)]
mod tests {
    use super::{MOST_BYTES, limit, render};

    /// B2.11.13
    #[test]
    fn the_limit_is_at_least_1024_and_bounded() {
        for (asked, shown) in [
            (None, 1024),
            (Some("5"), 1024),
            (Some("5000"), 5000),
            (Some("-5000"), 1024),
            (Some("many"), 1024),
            (Some("99999999999999999999"), MOST_BYTES),
        ] {
            assert_eq!(limit(asked), shown, "{asked:?}");
        }
    }

    /// B2.11.13
    #[test]
    fn names_and_logs_are_escaped() {
        let page = render(Some("nob<o>dy"), 1024, "a <b> & c\n");
        assert!(page.contains("<title>Supervisor tail of process nob&lt;o&gt;dy</title>"), "{page}");
        assert!(page.contains("<pre>a &lt;b&gt; &amp; c\n</pre>"), "{page}");
        assert!(page.contains(r#"href="tail.html?processname=nob%3Co%3Edy&amp;limit=1024""#), "{page}");
    }

    /// B2.11.13
    #[test]
    fn without_a_name_there_is_nothing_to_refresh() {
        let page = render(None, 1024, "No process name found");
        assert!(page.contains("<title>Supervisor tail of process None</title>"));
        assert!(page.contains("<pre>No process name found</pre>") && !page.contains("limit="));
    }
}
