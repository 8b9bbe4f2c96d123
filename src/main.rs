//! One binary, four programs: the name it is called by, or the first word
//! behind it, chooses. Each program answers with its exit status.

use std::ffi::{OsStr, OsString};
use std::io::stdout;
use std::path::Path;
use std::process::ExitCode;
use supervisord::sys::prog;
use supervisord::{ctl, daemon, tools};

/// One of the four.
#[derive(Clone, Copy)]
enum Program {
    Daemon,
    Ctl,
    EchoConf,
    PidProxy,
}

/// The program of a name, be it a link's or a first word.
fn named(name: &OsStr) -> Option<Program> {
    match name.to_str()? {
        "supervisord" => Some(Program::Daemon),
        "supervisorctl" | "ctl" => Some(Program::Ctl),
        "echo_supervisord_conf" => Some(Program::EchoConf),
        "pidproxy" => Some(Program::PidProxy),
        _ => None,
    }
}

fn main() -> ExitCode {
    let mut words: Vec<OsString> = std::env::args_os().collect();
    let called = if words.is_empty() { "supervisord".to_owned() } else { text(&words.remove(0)) };
    let link = Path::new(&called).file_name().and_then(named).unwrap_or(Program::Daemon);
    let mut prog = prog::full_path(&called, std::env::var_os("PATH").as_deref());
    let program = match (link, words.first().and_then(|word| named(word))) {
        (Program::Daemon, Some(program)) => {
            prog = format!("{prog} {}", text(&words.remove(0)));
            program
        }
        (link, _) => link,
    };
    ExitCode::from(match program {
        Program::Daemon => daemon::main(&texts(&words), &prog),
        Program::Ctl => ctl::main(&texts(&words), &prog),
        Program::EchoConf => u8::from(tools::echo_conf::print(&mut stdout()).is_err()),
        Program::PidProxy => tools::pidproxy::main(&words, &prog),
    })
}

/// What is not UTF-8 is shown as such, and found nowhere.
fn text(word: &OsStr) -> String {
    word.to_string_lossy().into_owned()
}

fn texts(words: &[OsString]) -> Vec<String> {
    words.iter().map(|word| text(word)).collect()
}
