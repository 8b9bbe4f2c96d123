//! Holds `docs/configuration.md` to the program: it is made of the prose in
//! `tests/docs/`, the table of keys, the bounds, and what the reader really
//! says. Every example on it is read.

#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test may fail where it stands")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use supervisord::config::keys::{Key, Kind, SECTIONS, Section};
use supervisord::config::{Config, Source, build, expand, files, ini, load};

const PAGE: &str = "docs/configuration.md";
const PROSE: &str = "tests/docs/configuration.md";
const MEND: &str = "run UPDATE=1 cargo test --test docs";
/// What the page calls the file with the error.
const SHOWN: &str = "/etc/supervisord.conf";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What the program makes of `text`, with sentences that name [`SHOWN`].
fn read(text: &str) -> Result<Config, String> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("docs-{}-{count}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("s.conf");
    fs::write(&path, text).unwrap();
    let source = Source { path: Some(path.clone()), cwd: folder.clone(), ..Source::default() };
    let read = load(&source).and_then(|config| config.check_start().map(|()| config));
    fs::remove_dir_all(&folder).unwrap();
    let shown = |text: &str| text.replace(&*path.to_string_lossy(), SHOWN);
    match read {
        Ok(mut config) => {
            config.messages.iter_mut().for_each(|line| line.text = shown(&line.text));
            Ok(config)
        }
        Err(error) => Err(shown(&error.to_string())),
    }
}

/// The sentence about `text` in a section that is else complete.
fn sentence(section: &str, text: &str) -> String {
    let needs = match section.split(':').next().unwrap() {
        "program" => "command=/bin/cat\n",
        "eventlistener" => "command=/bin/cat\nevents=TICK_5\n",
        "fcgi-program" => "command=/bin/cat\nsocket=unix:///tmp/s.sock\n",
        "unix_http_server" => "file=/tmp/s.sock\n",
        "inet_http_server" => "port=9001\n",
        "rpcinterface" => "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n",
        _ => "",
    };
    let all = format!("[supervisord]\n[{section}]\n{needs}{text}\n");
    read(&all).expect_err(&format!("{section}: {text} is no error"))
}

/// A kind of value: its name on the page, what it takes, and a line that is
/// wrong with the section it stands in.
fn kind(kind: Kind) -> (&'static str, &'static str, Option<(&'static str, &'static str)>) {
    const PROGRAM: &str = "program:web";
    const MAIN: &str = "supervisord";
    match kind {
        Kind::Text => ("text", "Anything.", None),
        Kind::Integer => ("number", "A whole number; `1_000` is 1000.", Some((PROGRAM, "startsecs=1.5"))),
        Kind::Boolean => (
            "truth",
            "`true`, `yes`, `on`, `1`, or `false`, `no`, `off`, `0`, in any case.",
            Some((PROGRAM, "autostart=maybe")),
        ),
        Kind::ByteSize => (
            "bytes",
            "A whole number, alone or with `KB`, `MB` or `GB` behind it, which are powers of 1024.",
            Some((PROGRAM, "stdout_logfile_maxbytes=1.5MB")),
        ),
        Kind::Octal => ("octal", "A mode or mask: `22`, `022` or `0o22`.", Some((PROGRAM, "umask=999"))),
        Kind::Signal => {
            ("signal", "A name with or without `SIG`, or its number.", Some((PROGRAM, "stopsignal=TERMINATE")))
        }
        Kind::ExitCodes => {
            ("exit codes", "Numbers from 0 to 255 with commas; may be empty.", Some((PROGRAM, "exitcodes=0,256")))
        }
        Kind::AutoRestart => ("restart", "A truth, or `unexpected`.", Some((PROGRAM, "autorestart=sometimes"))),
        Kind::LogLevel => (
            "level",
            "`critical`, `error`, `warn`, `info`, `debug`, `trace` or `blather`.",
            Some((MAIN, "loglevel=warning")),
        ),
        Kind::User => ("user", "The name or number of an account.", Some((PROGRAM, "user=nosuchuser"))),
        Kind::UserGroup => (
            "owner",
            "`user` or `user:group`, names or numbers.",
            Some(("unix_http_server", "chown=nosuchuser:nosuchgroup")),
        ),
        Kind::Directory => {
            ("directory", "A directory that exists; `~` is a home.", Some((MAIN, "childlogdir=/no/such/directory")))
        }
        Kind::DirPath => (
            "file",
            "A path whose directory exists; `~` is a home. The file itself is made.",
            Some((MAIN, "pidfile=/no/such/directory/s.pid")),
        ),
        Kind::Path => ("path", "A path; nothing is checked before it is used.", None),
        Kind::LogfileName => (
            "log file",
            "`AUTO` (a file in `childlogdir`, removed at the next start), `NONE`, or a *file*.",
            Some((PROGRAM, "stdout_logfile=/no/such/directory/web.log")),
        ),
        Kind::InetAddress => (
            "address",
            "`host:port`, or `*:port`, `:port` or `port` for all addresses of IPv4; `[::1]:port` is IPv6.",
            Some(("inet_http_server", "port=localhost:99999")),
        ),
        Kind::Socket => (
            "socket",
            "`unix:///path/to.sock` or `tcp://host:port`.",
            Some(("fcgi-program:php", "socket=localhost:9000")),
        ),
        Kind::Url => ("URL", "`http://host:port` or `unix:///path`.", None),
        Kind::List => ("list", "Words with commas between them.", Some(("group:shop", "programs=nosuch"))),
        Kind::Patterns => ("patterns", "Paths with wildcards, with blanks between them.", None),
        Kind::Name => ("name", "Text without blank, colon and slash.", Some((PROGRAM, "process_name=my web"))),
        Kind::Environment => ("variables", "See [environment](#environment).", Some((PROGRAM, "environment=A=1,B"))),
        Kind::Factory => (
            "factory",
            "The name of a Python object. Only the standard one is built in.",
            Some(("rpcinterface:other", "supervisor.rpcinterface_factory=my.module:make")),
        ),
        Kind::Foreign => ("foreign", "`refuse` or `ignore`.", Some((MAIN, "foreign_rpcinterfaces=maybe"))),
        Kind::LenUnit => ("unit", "`characters` or `bytes`.", Some(("eventlistener:watch", "len_unit=words"))),
    }
}

/// Every key of a kind of section, its own before the shared.
fn keys(section: &Section) -> impl Iterator<Item = &'static Key> {
    section.keys.iter().flat_map(|rows| rows.iter())
}

/// The kinds in the order of their first use, so that none is on the page that
/// no key has.
fn render_kinds() -> String {
    let mut out = "| Kind | What it takes | For example | Answer |\n| --- | --- | --- | --- |\n".to_owned();
    let mut seen: Vec<Kind> = Vec::new();
    for key in SECTIONS.iter().flat_map(keys) {
        if seen.contains(&key.kind) {
            continue;
        }
        seen.push(key.kind);
        let (name, takes, wrong) = kind(key.kind);
        let (line, answer) = wrong.map_or(("—".to_owned(), "—".to_owned()), |(section, line)| {
            (format!("`{line}`"), format!("`{}`", sentence(section, line)))
        });
        let _ = writeln!(out, "| {name} | {takes} | {line} | {answer} |");
    }
    out
}

fn render_section(name: &str) -> String {
    let section = SECTIONS.iter().find(|section| section.name == name).unwrap_or_else(|| panic!("no {name}"));
    let title = if section.named { format!("[{name}:x]") } else { format!("[{name}]") };
    let mut out = format!("### {title}\n\n| Key | Kind | Default | Since | What it does |\n");
    out.push_str("| --- | --- | --- | --- | --- |\n");
    for key in section.keys.first().into_iter().flat_map(|rows| rows.iter()) {
        let default = match key.default {
            None => "—".to_owned(),
            Some("") => "empty".to_owned(),
            Some(text) => format!("`{text}`"),
        };
        let blank = if key.limit.is_empty() { "" } else { " " };
        let (name, kind) = (key.name, kind(key.kind).0);
        let _ = writeln!(out, "| `{name}` | {kind} | {default} | {} | {}{blank}{} |", key.since, key.doc, key.limit);
    }
    out
}

/// Mistakes across keys and sections, with the answers.
fn render_bad() -> String {
    let rows: &[(&str, &str, &str)] = &[
        ("A line that is neither section nor key", "program:web", "startsecs 5"),
        ("A program without a command", "", "[supervisord]\n[program:web]\n"),
        ("Several processes that cannot be told apart", "program:web", "numprocs=2"),
        ("A stop that would leave the group", "program:web", "stopasgroup=true\nkillasgroup=false"),
        ("A name that is not known", "program:web", "directory=/srv/%(program)s"),
        ("A percent sign alone", "program:web", "directory=/srv/100%"),
        ("A quote that is not closed", "program:web", "environment=A=\"1"),
        ("A name with a blank", "program:my web", ""),
        ("A listener without events", "", "[supervisord]\n[eventlistener:watch]\ncommand=/bin/cat\n"),
        ("Events that do not exist", "eventlistener:watch", "events=TICK_7"),
        ("User name without password", "inet_http_server", "username=admin"),
        ("No section of the daemon", "", "[program:web]\ncommand=/bin/cat\n"),
        ("Keys before the first section", "", "command=/bin/cat\n[supervisord]\n"),
    ];
    let mut out = "| Mistake | Answer |\n| --- | --- |\n".to_owned();
    for (mistake, section, text) in rows {
        let answer = if section.is_empty() { read(text).expect_err(mistake) } else { sentence(section, text) };
        // The variables of this machine, which the sentence lists, are no part of the page.
        let (shown, more) = answer.split_once("ENV_").map_or((&*answer, ""), |(shown, _)| (shown, "…"));
        let lines: Vec<String> = shown.lines().map(|line| format!("`{}{more}`", line.replace('\t', "    "))).collect();
        let _ = writeln!(out, "| {mistake} | {} |", lines.join("<br>"));
    }
    out
}

fn render_limits() -> String {
    let rows = [
        ("Bytes of all files together", (files::MAX_BYTES >> 20).to_string() + " MB"),
        ("Files of one `[include]`", files::MAX_FILES.to_string()),
        ("Sections", ini::MAX_SECTIONS.to_string()),
        ("Options of all sections", ini::MAX_OPTIONS.to_string()),
        ("Processes of all programs", build::MAX_PROCESSES.to_string()),
        ("Bytes of a line, and of a value", (ini::MAX_VALUE >> 20).to_string() + " MB"),
        ("Width of a format, as in `%(process_num)05d`", expand::MAX_WIDTH.to_string()),
    ];
    let mut out = "| What | At most |\n| --- | --- |\n".to_owned();
    for (what, most) in rows {
        let _ = writeln!(out, "| {what} | {most} |");
    }
    out
}

/// `docs/configuration.md` as it should be.
fn render_page() -> String {
    let mut out =
        format!("<!-- GENERATED from src/config/keys/ and {PROSE} by tests/docs.rs, do not edit: {MEND}. -->\n");
    for line in fs::read_to_string(root().join(PROSE)).unwrap().lines() {
        match line.strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}")) {
            Some("kinds") => out.push_str(&render_kinds()),
            Some("bad") => out.push_str(&render_bad()),
            Some("limits") => out.push_str(&render_limits()),
            Some("unknown") => {
                let config =
                    read("[supervisord]\n[program:web]\ncommand=/bin/cat\nstopwaitsec=5\n[programm:x]\n").unwrap();
                config.messages.iter().for_each(|line| {
                    let _ = writeln!(out, "{}", line.text);
                });
            }
            Some("error") => {
                let _ = writeln!(out, "Error: {}", sentence("program:web", "autostart=maybe"));
                out.push_str("For help, use /usr/bin/supervisord -h\n");
            }
            Some(section) => match section.strip_prefix("section ") {
                Some(name) => out.push_str(&render_section(name)),
                None => panic!("{PROSE} wants an unknown {section:?}"),
            },
            None => {
                out.push_str(line);
                out.push('\n');
            }
        }
    }
    out
}

/// A3.1
#[test]
fn the_reference_page_is_current() {
    let wanted = render_page();
    let path = root().join(PAGE);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &wanted).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap();
    let line = found.lines().zip(wanted.lines()).position(|(a, b)| a != b);
    assert!(found == wanted, "{PAGE} is stale from line {:?} on: {MEND}", line.map(|line| line + 1));
}

#[test]
fn every_section_and_key_has_its_place_on_the_page() {
    let page = render_page();
    for section in SECTIONS {
        let (_, part) =
            page.split_once(&format!("### [{}", section.name)).unwrap_or_else(|| panic!("{}", section.name));
        let part = part.split("\n### ").next().unwrap();
        for key in section.keys.first().into_iter().flat_map(|rows| rows.iter()) {
            assert!(part.contains(&format!("\n| `{}` |", key.name)), "[{}] {}", section.name, key.name);
        }
    }
}

/// An example that is refused would be worse than none.
#[test]
fn every_example_can_be_read() {
    let page = render_page();
    let examples: Vec<&str> = page.split("```ini\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(examples.len() > 10);
    for example in examples {
        let mut text = example.to_owned();
        if !text.contains("[supervisord]") {
            text.push_str("[supervisord]\n");
        }
        let known = supervisord::config::keys::section;
        let mut sections = ini::Sections::new();
        sections.read(&text, "example").unwrap();
        for name in sections.names() {
            let kind = known(name).unwrap_or_else(|| panic!("[{name}]"));
            for key in sections.options(name) {
                assert!(kind.key(key).is_some(), "[{name}] {key}");
            }
        }
        if let Err(sentence) = read(&text) {
            panic!("{sentence}\n{example}");
        }
    }
}

/// Links inside the page lead somewhere.
#[test]
fn links_within_the_page_have_a_heading() {
    let page = render_page();
    let anchor = |title: &str| -> String {
        let kept = title
            .to_lowercase()
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
            .collect::<String>();
        kept.replace(' ', "-")
    };
    let headings: Vec<String> = page
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches(['#', ' '])))
        .collect();
    for link in page.split("(#").skip(1).map(|rest| rest.split(')').next().unwrap()) {
        assert!(headings.iter().any(|heading| heading == link), "#{link}: {headings:?}");
    }
}
