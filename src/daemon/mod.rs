//! supervisord: read, boot, live, and perhaps live again.
//!
//! A life begins with a configuration and ends when everything has stopped. A
//! restart is another life in the same process: limits and the background are
//! kept, everything else is done anew (A4.136).

pub mod args;
mod boot;
mod check;
mod rehearsal;
#[cfg(test)]
mod tests;

use crate::config::{self, Config, Source, System, getopt};
use crate::engine::{Ended, Engine, EngineHandle, Parts, Prepared, Rest};
use crate::http::{Context, Door, Limits, Listener};
use crate::logs::MainLog;
use crate::model::{Level, LogLine, SUPERVISOR_VERSION};
use crate::pump::{Left, Pump};
use crate::rpc::SPEC_JSON;
use crate::sys::inherited::Inherited;
use crate::sys::signals::Signals;
use crate::sys::{clock, memory, user};
use args::Options;
use boot::{BootError, Pidfile, SocketFiles};
use std::error::Error;
use std::fmt::Display;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinSet, LocalSet, spawn_blocking};

/// Events of children that wait for the engine; more make the pump wait.
const PUMP_EVENTS: usize = 1024;

/// How long the last log lines may take to reach the disk at the end of a life.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Threads beside the loop: they read logs, /proc, long calls, and the
/// configuration again.
const HELPERS: usize = 64;

/// How long an idle one of them is kept: for good. Where no process can be made
/// no thread can be made either, and the runtime panics if there is none at all.
const KEPT: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Status for an error of usage or configuration (A1.38).
const USAGE: u8 = 2;

/// Runs the daemon; `args` are the words behind the program's name `prog`.
/// Returns the exit status.
#[must_use]
pub fn main(args: &[String], prog: &str) -> u8 {
    match args::parse(args, &System::here()) {
        Ok(args::Action::Help) => say(&args::help_text(prog)),
        Ok(args::Action::Version) => say(&format!("{SUPERVISOR_VERSION}\n")),
        Ok(args::Action::About) => say(&args::about_text()),
        Ok(args::Action::RpcSpec) => say(SPEC_JSON),
        Ok(args::Action::Check(options, how)) => check::check(&source(*options, prog), how),
        Ok(args::Action::Run(options)) => run(*options, prog).unwrap_or_else(|error| refuse(&*error, prog)),
        Err(error) => refuse(&error, prog),
    }
}

fn run(options: Options, prog: &str) -> Result<u8, Box<dyn Error>> {
    if options.configuration.is_none() && user::current_uid() == 0 {
        complain(args::SEARCHING_AS_ROOT);
    }
    let profiled = options.profile_options.is_some();
    let source = source(options, prog);
    let mut config = config::load(&source)?;
    if profiled {
        let text = "profile_options has no effect, there is no Python to profile";
        config.messages.push(LogLine::new(Level::Warn, text));
    }
    if !config.supervisord.nodaemon && std::process::id() == 1 {
        complain(args::LEAVING_AS_FIRST_PROCESS);
    }
    live(config, &source)?;
    Ok(0)
}

fn source(options: Options, prog: &str) -> Source {
    Source {
        path: options.configuration,
        argv0: PathBuf::from(prog),
        cwd: std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/")),
        overrides: options.overrides,
    }
}

/// One life after the other.
fn live(mut config: Config, source: &Source) -> Result<(), BootError> {
    let mut inherited = Inherited::take();
    // Before there is anything that an end by a signal would leave behind. One
    // that comes while the steps of the start are taken is read behind them.
    let mut signals = Signals::take()?;
    memory::keep_few_heaps();
    memory::join_freed_blocks();
    memory::give_back_large_blocks();
    let (mut first, mut serial) = (true, 0);
    let (mut before, mut notes) = (None, vec![]);
    loop {
        let begun = match begin(&config, first, serial, std::mem::take(&mut notes)) {
            Ok(begun) => begun,
            // Everything has stopped already; what has run before can run again.
            Err(error) => {
                let Some(old) = before.take() else {
                    if !first {
                        boot::say_last(&config.supervisord, &error);
                    }
                    return Err(error);
                };
                let text = format!("the new configuration could not be started, the one before is used again: {error}");
                notes.push(LogLine::new(Level::Critical, text));
                config = old;
                continue;
            }
        };
        let (ended, rest) = begun.live(config, source.clone(), signals)?;
        match ended {
            Ended::Exit => return Ok(()),
            Ended::Restart(next) => config = *next,
        }
        inherited.close_below(config.supervisord.minfds);
        (signals, serial, before) = (rest.signals, rest.serial, Some(rest.config));
        first = false;
    }
}

/// A life that has passed every step that its configuration can make fail.
struct Begun {
    log: MainLog,
    prepared: Prepared,
    listeners: Vec<Listener>,
    sockets: SocketFiles,
    pidfile: Pidfile,
}

// A1.22
fn begin(config: &Config, first: bool, serial: u64, notes: Vec<LogLine>) -> Result<Begun, BootError> {
    let settings = &config.supervisord;
    let mut stored = notes;
    stored.extend(config.messages.iter().cloned());
    stored.extend(boot::become_user(settings)?);
    if first {
        stored.extend(boot::raise_limits(settings)?);
    }
    let mut log = boot::open_log(settings)?;
    boot::say_stored(&mut log, &stored);
    config.check_start()?;
    // Before the AUTO logs: those of a daemon that is running on the same
    // configuration must not be taken for leftovers.
    let (listeners, sockets) = boot::open_servers(&config.servers)?;
    let mut lines = vec![];
    let prepared = Prepared::new(config, serial, &mut lines);
    lines.iter().for_each(|line| log.write(line, clock::now()));
    let prepared = prepared?;
    boot::say_servers(config, &mut log);
    if first && !settings.nodaemon {
        boot::daemonize(settings, &mut log)?;
    }
    let pidfile = boot::write_pidfile(&settings.pidfile, &mut log);
    log.write(&LogLine::new(Level::Debug, args::about_text().trim_end()), clock::now());
    Ok(Begun { log, prepared, listeners, sockets, pidfile })
}

impl Begun {
    /// Serves and supervises until everything has stopped. What keeps it from that
    /// is told in the log: in the background nobody sees more.
    fn live(self, config: Config, source: Source, signals: Signals) -> Result<(Ended, Rest), BootError> {
        let settings = config.supervisord.clone();
        self.serve(config, source, signals).inspect_err(|error| boot::say_last(&settings, error))
    }

    fn serve(self, config: Config, source: Source, signals: Signals) -> Result<(Ended, Rest), BootError> {
        let Self { pidfile, sockets, log, prepared, listeners } = self;
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().max_blocking_threads(HELPERS).thread_keep_alive(KEPT).build()?;
        let lived = LocalSet::new().block_on(&runtime, async {
            first_helper().await?;
            let (tell, pump_events) = mpsc::channel(PUMP_EVENTS);
            let (handle, inbox) = EngineHandle::channel(config.supervisord.loglevel);
            let context = Rc::new(context(handle, &config));
            let open = |listener| Door::new(listener, &context);
            let doors = listeners.into_iter().map(open).collect::<Result<Vec<_>, _>>()?;
            let pump = Pump::start(log, tell)?;
            pump.set_strip_ansi(config.supervisord.strip_ansi);
            let rehearse = rehearsal::rehearse;
            let parts = Parts { prepared, config, source, rehearse, signals, pump, pump_events, inbox };
            let mut engine = Engine::new(parts)?;
            let (stop, stopped) = watch::channel(false);
            let mut servers = JoinSet::new();
            for door in doors {
                servers.spawn_local(door.serve(stopped.clone()));
            }
            let ended = engine.run().await;
            stop.send_replace(true);
            while servers.join_next().await.is_some() {}
            let (rest, pump) = engine.into_rest();
            let waits = |left: Left| complain(&left.waits_text());
            match pump.stop(LAST_WORDS, waits) {
                Some(left) if left.bytes == 0 => {}
                Some(left) => complain(&format!("{left} could not be written")),
                None => complain("the last log lines could not be written"),
            }
            Ok((ended, rest))
        });
        runtime.shutdown_background();
        drop((sockets, pidfile));
        lived
    }
}

/// Makes the runtime's first helper while that can still be refused as an error.
async fn first_helper() -> io::Result<()> {
    let possible = std::thread::Builder::new().spawn(|| {})?;
    drop(possible.join());
    Ok(spawn_blocking(|| {}).await?)
}

fn context(engine: EngineHandle, config: &Config) -> Context {
    Context {
        engine,
        namespaces: config.rpc_namespaces.clone(),
        identifier: config.supervisord.identifier.clone(),
        version: SUPERVISOR_VERSION.to_owned(),
        started: clock::now().wall,
        cross_origin: config.supervisord.cross_origin,
        limits: Limits { body_bytes: config.supervisord.request_maxbytes, ..Limits::default() },
    }
}

// A1.5
fn refuse(error: &(impl Display + ?Sized), prog: &str) -> u8 {
    complain(getopt::refusal(prog, &error).trim_end());
    USAGE
}

/// Says something on stderr. A stderr that is closed cannot be told so.
fn complain(text: &str) {
    drop(writeln!(io::stderr(), "{text}"));
}

fn say(text: &str) -> u8 {
    drop(io::stdout().write_all(text.as_bytes()));
    0
}
