//! The prompt (B3.6). On a terminal lines are edited, kept and completed; from
//! a pipe the prompt is printed and lines are read as they come.

use super::complete::{self, Completes, Known, Offer};
use super::server::Server;
use super::style::Style;
use super::{CtlError, Session, exit, history};
use crate::client::{ProcessEntry, Proxy};
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use rustyline::completion::{Completer, Pair};
use rustyline::config::{BellStyle, Builder, Configurer};
use rustyline::error::{ReadlineError, Signal};
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Context, Editor, Helper};
use std::cell::RefCell;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::time::Duration;

/// How long completion waits for names: the line editor takes no Ctrl-C
/// meanwhile, and the daemon may hang.
const PATIENCE: Duration = Duration::from_secs(2);

/// What the prompt shows and remembers.
#[derive(Debug)]
pub struct ShellOptions<'a> {
    /// Without the `> ` behind it.
    pub prompt: &'a str,
    /// Where lines of earlier shells are.
    pub history_file: Option<&'a Path>,
}

/// One line of input, or why there is none.
enum Typed {
    Line(String),
    /// End of input.
    End,
    /// Ctrl-C.
    Interrupt,
    /// Either of both, and the blank line that follows it is there already.
    Left,
}

/// Runs a shell until it is left. The exit code is 0 whatever happened in it
/// (B3.1.7).
pub fn run(session: &mut Session, options: &ShellOptions<'_>) -> u8 {
    let mut terminal = if session.is_on_terminal() { Terminal::open(options.history_file) } else { None };
    let prompt = format!("{}> ", options.prompt);
    let mut line = "status".to_owned();
    while run_line(session, &line).is_ok() && !session.ended {
        let typed = match &mut terminal {
            Some(editor) => editor.read(&prompt, &session.server),
            None => read_plain(session, &prompt),
        };
        line = match typed {
            Typed::Line(line) => line,
            Typed::End => "EOF".to_owned(),
            Typed::Interrupt => {
                session.say("");
                break;
            }
            Typed::Left => break,
        };
    }
    if let Some(terminal) = &terminal {
        terminal.save(options.history_file);
    }
    exit::SUCCESS
}

/// Ctrl-C within a command ends the shell, too, but for the streams.
fn run_line(session: &mut Session, line: &str) -> Result<(), CtlError> {
    session.catch_interrupts()?;
    let result = session.run_line(line);
    session.release_interrupts();
    if result.is_err() {
        session.say("");
    }
    result
}

fn read_plain(session: &mut Session, prompt: &str) -> Typed {
    match session.ask(prompt) {
        Ok(line) => Typed::Line(line),
        Err(CtlError::Interrupted) => Typed::Interrupt,
        Err(_) => Typed::End,
    }
}

/// The line editor.
struct Terminal {
    editor: Editor<Candidates, MemHistory>,
}

impl Terminal {
    /// `None` when the editor does not like this terminal.
    fn open(history_file: Option<&Path>) -> Option<Self> {
        let config = Builder::new()
            .max_history_size(history::LINES_MAX)
            .ok()?
            .auto_add_history(true)
            .completion_type(CompletionType::List)
            .bell_style(BellStyle::Audible)
            // pasted lines run one by one, and the prompt stays free of marks
            .bracketed_paste(false)
            .build();
        let lines = MemHistory::with_config(&config);
        let mut editor = Editor::with_history(config, lines).ok()?;
        // its marks would stand between the prompt and what scripts look for
        editor.enable_synchronized_output(false);
        for line in history_file.map(history::load).unwrap_or_default() {
            editor.add_history_entry(line).ok()?;
        }
        Some(Self { editor })
    }

    fn read(&mut self, prompt: &str, server: &Server) -> Typed {
        self.editor.set_helper(Some(Candidates { server: server.clone(), names: RefCell::default() }));
        loop {
            return match quietly(|| self.editor.readline(prompt)) {
                Some(Ok(line)) => Typed::Line(line),
                Some(Err(ReadlineError::Interrupted | ReadlineError::Eof)) => Typed::Left,
                Some(Err(ReadlineError::Signal(Signal::Interrupt))) => Typed::Interrupt,
                Some(Err(ReadlineError::Signal(_))) => continue,
                Some(Err(_)) | None => Typed::End,
            };
        }
    }

    fn save(&self, history_file: Option<&Path>) {
        if let Some(path) = history_file {
            history::save(path, self.editor.history().into_iter().map(String::as_str));
        }
    }
}

/// A panic in the line editor must not end the shell with a backtrace.
fn quietly<T>(read: impl FnOnce() -> T) -> Option<T> {
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let result = panic::catch_unwind(AssertUnwindSafe(read)).ok();
    panic::set_hook(hook);
    result
}

/// Completion for one prompt. The names are asked for once, with the first Tab
/// that needs them (B3.6.10).
struct Candidates {
    server: Server,
    names: RefCell<Option<Vec<Known>>>,
}

impl Candidates {
    fn fetch(&self) -> Vec<Known> {
        let timer = || -> io::Result<OwnedFd> {
            let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_CLOEXEC)?;
            timer.set(Expiration::OneShot(PATIENCE.into()), TimerSetTimeFlags::empty())?;
            timer.as_fd().try_clone_to_owned()
        };
        let Ok(timer) = timer() else { return Vec::new() };
        let transport = self.server.connect().map(|transport| transport.interrupted_by(timer));
        let processes = transport.and_then(|transport| Proxy::new(transport).all_processes());
        let known =
            |process: ProcessEntry| Known { group: process.group, name: process.name, state: process.statename };
        processes.unwrap_or_default().into_iter().map(known).collect()
    }
}

impl Completer for Candidates {
    type Candidate = Pair;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let wanted = complete::wanted(line.get(..pos).unwrap_or_default());
        let candidates = match wanted.kind {
            Completes::Nothing | Completes::Commands => complete::candidates(&wanted, &[]),
            Completes::Groups | Completes::Processes => {
                let mut names = self.names.borrow_mut();
                complete::candidates(&wanted, names.get_or_insert_with(|| self.fetch()))
            }
        };
        Ok((wanted.start, listed(candidates)))
    }
}

/// The list that a second Tab shows: each candidate with what it is.
fn listed(offers: Vec<Offer>) -> Vec<Pair> {
    let width = offers.iter().map(|offer| offer.text.chars().count()).max().unwrap_or_default();
    let pair = |offer: Offer| {
        let display = if offer.about.is_empty() {
            offer.text.trim_end().to_owned()
        } else {
            format!("{} {}", Style::PLAIN.cell(None, &offer.text, width), offer.about)
        };
        Pair { display, replacement: offer.text }
    };
    offers.into_iter().map(pair).collect()
}

impl Hinter for Candidates {
    type Hint = String;
}

impl Highlighter for Candidates {}

impl Validator for Candidates {}

impl Helper for Candidates {}
