//! supervisorctl: options and configuration, single commands, the shell.
//! Everything it knows of a daemon it asks through `client`.

pub mod commands;
pub mod complete;
pub mod console;
pub mod error;
pub mod exit;
pub mod history;
pub mod input;
pub mod line;
pub mod login;
pub mod options;
pub mod pattern;
pub mod plugin;
pub mod print;
pub mod reach;
pub mod report;
pub mod screen;
pub mod server;
pub mod session;
pub mod shell;
pub mod span;
pub mod style;
mod upcheck;

pub use console::Console;
pub use error::CtlError;
pub use session::Session;

use crate::config::ctl::CtlConfig;
use crate::config::getopt;
use crate::config::load::load_ctl;
use crate::sys::errno::os_error_text;
use options::{CommandLine, Wish};
use server::Server;
use shell::ShellOptions;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use style::Style;

/// Runs supervisorctl; `args` are the words behind its name, `prog` is the name
/// it was called by. Answers with the exit code (B3.8).
#[must_use]
pub fn main(args: &[String], prog: &str) -> u8 {
    run(args, prog, Console::standard())
}

/// The same with any place for the lines.
#[must_use]
pub fn run(args: &[String], prog: &str, mut console: Console) -> u8 {
    let prog = crate::sys::prog::full_path(prog, std::env::var_os("PATH").as_deref());
    let line = match options::parse(args) {
        Ok(Wish::Run(line)) => *line,
        Ok(Wish::Help) => {
            console.say(&options::help(&prog));
            return exit::SUCCESS;
        }
        Err(error) => return misuse(&mut console, &error, &prog),
    };
    let config = match load_ctl(line.configuration.as_deref().map(Path::new), Path::new(&prog)) {
        Ok(config) => config,
        Err(error) => return misuse(&mut console, &error, &prog),
    };
    if !config.plugins.is_empty() {
        let error = plugin::hand_over(&with_file(args, &line, &config));
        console.complain(&lost_plugins(&config, error.as_ref()));
    }
    act(line, config, console)
}

/// The words for another client, which may look for its file elsewhere.
fn with_file(args: &[String], line: &CommandLine, config: &CtlConfig) -> Vec<String> {
    let found = config.path.as_ref().filter(|_| line.configuration.is_none());
    let option = found.map(|path| ["-c".to_owned(), path.to_string_lossy().into_owned()]);
    option.into_iter().flatten().chain(args.iter().cloned()).collect()
}

fn lost_plugins(config: &CtlConfig, error: Option<&std::io::Error>) -> String {
    let sections: Vec<String> = config.plugins.iter().map(|plugin| format!("[{}]", plugin.section)).collect();
    let why = match error {
        Some(error) => format!("Python's supervisorctl cannot be run: {}", os_error_text(error)),
        None => format!("Python's supervisorctl is not in PATH and {} does not name it", plugin::SETTING),
    };
    format!("Warning: the commands of {} are missing: {why}", sections.join(", "))
}

/// An action, or the shell; the command line beats the file (B3.2.4).
fn act(line: CommandLine, config: CtlConfig, console: Console) -> u8 {
    let typed = || server::no_file("command-line");
    let server = Server {
        url_place: match line.serverurl {
            Some(_) => typed(),
            None => config.serverurl_place.unwrap_or_else(|| server::no_file("default")),
        },
        password_place: line.password.as_ref().map(|_| typed()).or(config.password_place),
        url: line.serverurl.unwrap_or(config.serverurl),
        username: line.username.or(config.username),
        password: line.password.or(config.password),
    };
    let style = Style::choose(line.color.unwrap_or_default(), console.terminal, |name| std::env::var(name).ok());
    let mut session = Session::new(server, line.interactive || line.words.is_empty(), console);
    (session.style, session.config_file) = (style, config.path);
    if line.words.is_empty() {
        let history_file = line.history_file.map(PathBuf::from).or(config.history_file);
        let options = ShellOptions { prompt: &config.prompt, history_file: history_file.as_deref() };
        return shell::run(&mut session, &options);
    }
    // one line of it, blanks within words count like those between them (B3.1.8)
    match session.run_line(&line.words.join(" ")) {
        Ok(()) => session.exit_code(),
        Err(_) => exit::INTERRUPTED,
    }
}

fn misuse(console: &mut Console, error: &dyn Display, prog: &str) -> u8 {
    console.complain(getopt::refusal(prog, error).trim_end());
    exit::INVALID_ARGS
}
