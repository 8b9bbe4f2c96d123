//! The status page: every process with what can be done to it (B2.11.4–B2.11.7).
//! Draws; asks nobody.

use super::html::{document, escape};
use crate::http::percent;
use crate::model::{ProcessState, namespec};
use crate::rpc::ProcessInfo;

/// What the page shows.
#[derive(Debug)]
pub(super) struct Status<'a> {
    /// The daemon's name.
    pub(super) identifier: &'a str,
    /// Its version.
    pub(super) version: &'a str,
    /// What the last action came to, or what is wrong.
    pub(super) message: Option<&'a str>,
    /// All processes; `None` while they cannot be had.
    pub(super) processes: Option<&'a [ProcessInfo]>,
}

/// One link of a process's row.
struct Action {
    name: &'static str,
    href: String,
    new_window: bool,
}

/// The whole page.
pub(super) fn render(status: &Status<'_>) -> String {
    let identifier = escape(status.identifier);
    let message = match status.message {
        Some(message) => format!(r#"<div class="status_msg">{}</div>"#, escape(message)),
        None => r##"<div class="hidden">#</div>"##.to_owned(),
    };
    let table = match status.processes {
        Some([]) => "<p class=\"empty\">No programs to manage</p>\n".to_owned(),
        Some(processes) => table(processes),
        None => String::new(),
    };
    let body = format!(
        r#"<div id="wrapper">
  <div id="header">
    <img alt="Supervisor status" src="images/supervisor.gif" width="32" height="32" />
    <h1>Supervisor</h1>
    <span class="identifier">{identifier}</span>
  </div>
  {message}
  <form action="index.html" method="post">
    <ul class="clr" id="buttons">
      <li class="action-button"><a href="index.html?action=refresh">Refresh</a></li>
      <li class="action-button"><a href="index.html?action=restartall">Restart All</a></li>
      <li class="action-button"><a href="index.html?action=stopall">Stop All</a></li>
    </ul>
{table}  </form>
  <div class="push"></div>
</div>
<div class="clr" id="footer">
  <div class="left"><a href="http://supervisord.org">Supervisor</a> <span>{version}</span></div>
  <div class="right"></div>
</div>
"#,
        version = escape(status.version),
    );
    document("Supervisor Status", &body)
}

fn table(processes: &[ProcessInfo]) -> String {
    let mut out = String::from(
        r#"    <table cellspacing="0">
      <thead>
        <tr>
          <th class="state">State</th>
          <th class="desc">Description</th>
          <th class="name">Name</th>
          <th class="action">Action</th>
        </tr>
      </thead>
      <tbody>
"#,
    );
    for (at, process) in processes.iter().enumerate() {
        push_row(&mut out, process, if at % 2 == 1 { "shade" } else { "" });
    }
    out.push_str("      </tbody>\n    </table>\n");
    out
}

fn push_row(out: &mut String, process: &ProcessInfo, class: &str) {
    let name = namespec(&process.group, &process.name);
    out.push_str(&format!(
        r#"        <tr class="{class}">
          <td class="status"><span class="{state_class}">{state}</span></td>
          <td class="desc"><span>{description}</span></td>
          <td class="name"><a href="tail.html?processname={link}" target="_blank">{name}</a></td>
          <td class="action">
            <ul>
"#,
        state_class = state_class(process.state),
        state = process.state.name().to_lowercase(),
        description = escape(&process.description),
        link = percent::encode(&name),
        name = escape(&name),
    ));
    for action in actions(process.state, &percent::encode(&name)) {
        out.push_str("              <li>");
        match action {
            Some(Action { name, href, new_window }) => {
                let target = if new_window { r#" target="_blank""# } else { "" };
                out.push_str(&format!(r#"<a href="{}" name="{name}"{target}>{name}</a>"#, escape(&href)));
            }
            None => out.push_str(r##"<a class="hidden" href="#" name="#">Action</a>"##),
        }
        out.push_str("</li>\n");
    }
    out.push_str("            </ul>\n          </td>\n        </tr>\n");
}

fn state_class(state: ProcessState) -> &'static str {
    match state {
        ProcessState::Running => "statusrunning",
        ProcessState::Fatal | ProcessState::Backoff => "statuserror",
        _ => "statusnominal",
    }
}

/// The five slots of a row; an empty one keeps its place (B2.11.6).
fn actions(state: ProcessState, name: &str) -> [Option<Action>; 5] {
    let act = |shown, verb| {
        let href = format!("index.html?processname={name}&action={verb}");
        Some(Action { name: shown, href, new_window: false })
    };
    let follow = |shown, href| Some(Action { name: shown, href, new_window: true });
    let (first, second) = match state {
        ProcessState::Running => (act("Restart", "restart"), act("Stop", "stop")),
        ProcessState::Stopped | ProcessState::Exited | ProcessState::Fatal => (act("Start", "start"), None),
        _ => (None, None),
    };
    [
        first,
        second,
        act("Clear Log", "clearlog"),
        follow("Tail -f Stdout", format!("logtail/{name}")),
        follow("Tail -f Stderr", format!("logtail/{name}/stderr")),
    ]
}

#[cfg(test)]
mod tests {
    use super::{Status, render};
    use crate::http::tests::engine::info;
    use crate::model::ProcessState;
    use crate::rpc::ProcessInfo;

    fn page(processes: Option<&[ProcessInfo]>, message: Option<&str>) -> String {
        render(&Status { identifier: "me & you", version: "4.3.0", message, processes })
    }

    /// B2.11.15: scrapers look for these.
    #[test]
    fn the_page_keeps_the_classes_that_upstreams_has() {
        let page = page(Some(&[info("p", "p", ProcessState::Running)]), None);
        for class in
            ["hidden", "clr", "action-button", "state", "desc", "name", "action", "status", "push", "left", "right"]
        {
            assert!(page.contains(&format!("class=\"{class}\"")), "{class}\n{page}");
        }
    }

    /// B2.11.4
    #[test]
    fn the_page_keeps_title_buttons_and_the_word_for_nothing() {
        let page = page(Some(&[]), None);
        for part in [
            "<title>Supervisor Status</title>",
            r#"<a href="index.html?action=refresh">Refresh</a>"#,
            r#"<a href="index.html?action=restartall">Restart All</a>"#,
            r#"<a href="index.html?action=stopall">Stop All</a>"#,
            "No programs to manage",
            r##"<div class="hidden">#</div>"##,
            "me &amp; you",
            "<span>4.3.0</span>",
        ] {
            assert!(page.contains(part), "{part}\n{page}");
        }
        assert!(!page.contains("<table"));
    }

    /// B2.11.5, B2.11.6
    #[test]
    fn a_row_links_to_what_its_state_allows() {
        let processes = [
            info("grp", "a b", ProcessState::Running),
            info("f", "f", ProcessState::Fatal),
            info("s", "s", ProcessState::Stopping),
        ];
        let page = page(Some(&processes), None);
        for part in [
            r#"<span class="statusrunning">running</span>"#,
            r#"<a href="tail.html?processname=grp%3Aa%20b" target="_blank">grp:a b</a>"#,
            r#"<a href="index.html?processname=grp%3Aa%20b&amp;action=restart" name="Restart">Restart</a>"#,
            r#"<a href="index.html?processname=grp%3Aa%20b&amp;action=stop" name="Stop">Stop</a>"#,
            r#"<a href="logtail/grp%3Aa%20b/stderr" name="Tail -f Stderr" target="_blank">Tail -f Stderr</a>"#,
            r#"<tr class="shade">"#,
            r#"<span class="statuserror">fatal</span>"#,
            r#"<a href="index.html?processname=f&amp;action=start" name="Start">Start</a>"#,
            r#"<span class="statusnominal">stopping</span>"#,
        ] {
            assert!(page.contains(part), "{part}\n{page}");
        }
        assert_eq!(page.matches(r##"<a class="hidden" href="#""##).count(), 3);
        assert!(!page.contains("processname=s&amp;action=st"));
    }

    /// B2.11.12
    #[test]
    fn messages_are_shown_escaped() {
        let page = page(None, Some(r#"hi <b>&amp;""#));
        assert!(page.contains(r#"<div class="status_msg">hi &lt;b&gt;&amp;amp;&quot;</div>"#), "{page}");
    }
}
