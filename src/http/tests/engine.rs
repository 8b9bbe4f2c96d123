//! An engine made up: it answers at once, or when a test lets it.

use crate::engine::handle::Command;
use crate::model::{Channel, ProcessState, SupervisorState};
use crate::rpc::{Fault, FaultCode, Infos, ProcessInfo, Reply, Request};
use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::rc::Rc;
use tokio::sync::{Notify, mpsc};

/// What a test sees and steers of it.
#[derive(Clone, Default)]
pub(in crate::http) struct Engine {
    /// Requests in the order they came.
    pub(super) requests: Rc<RefCell<Vec<Request>>>,
    /// Lines for the activity log.
    pub(super) lines: Rc<RefCell<Vec<String>>>,
    /// Lets a start of the process `slow`, or a look at its log, be over.
    pub(super) release: Rc<Notify>,
    /// A request for one of these has come.
    pub(super) waiting: Rc<Notify>,
    /// All calls fault.
    pub(super) stopping: Rc<Cell<bool>>,
}

impl Engine {
    /// Answers commands; logs are files in `directory`.
    pub(super) fn run(mut commands: mpsc::Receiver<Command>, directory: PathBuf) -> Self {
        let engine = Self::default();
        let answering = engine.clone();
        tokio::task::spawn_local(async move {
            while let Some(command) = commands.recv().await {
                answering.perform(command, &directory);
            }
        });
        engine
    }

    fn perform(&self, command: Command, directory: &std::path::Path) {
        match command {
            Command::Log(line) => self.lines.borrow_mut().push(format!("{} {}", line.level.tag(), line.text)),
            Command::MainLogPath { answer } => drop(answer.send(Some(directory.join("main.log")))),
            Command::LogPath { name, channel, answer } => {
                let file = if channel == Channel::Stdout { name } else { format!("{name}.err") };
                drop(answer.send(Some(directory.join(file))));
            }
            Command::Call { request, answer } => {
                self.requests.borrow_mut().push(request.clone());
                if matches!(&request, Request::StartProcess { name, .. } | Request::ReadProcessLog { name, .. } if name == "slow")
                {
                    let engine = self.clone();
                    tokio::task::spawn_local(async move {
                        engine.waiting.notify_one();
                        engine.release.notified().await;
                        drop(answer.send(engine.reply(request)));
                    });
                } else {
                    drop(answer.send(self.reply(request)));
                }
            }
        }
    }

    fn reply(&self, request: Request) -> Result<Reply, Fault> {
        if self.stopping.get() {
            return Err(Fault::new(FaultCode::ShutdownState));
        }
        match request {
            Request::GetApiVersion => Ok(Reply::Text("3.0".to_owned())),
            Request::GetState => Ok(Reply::State(SupervisorState::Running)),
            Request::GetAllProcessInfo => Ok(Reply::Infos(Infos::new(vec![
                info("cat", "cat", ProcessState::Running),
                info("grp", "grp_b", ProcessState::Stopped),
            ]))),
            Request::ReadLog { .. } => Ok(Reply::Text("x".repeat(3 << 20))),
            Request::GetProcessInfo(name) if name == "nobody" || name.contains('*') => {
                Err(Fault::with(FaultCode::BadName, name))
            }
            Request::GetProcessInfo(name) => Ok(Reply::Info(Box::new(info(&name, &name, ProcessState::Running)))),
            Request::StartProcess { name, .. } if name == "fatal" => Err(Fault::with(FaultCode::SpawnError, name)),
            Request::StopProcess { name, .. } if name == "stopped" => Err(Fault::with(FaultCode::NotRunning, name)),
            Request::ReadProcessLog { name, .. } if name == "nolog" => Err(Fault::new(FaultCode::NoFile)),
            Request::ReadProcessLog { .. } => Ok(Reply::Text("café <tag> & €\n".to_owned())),
            _ => Ok(Reply::Done),
        }
    }
}

/// A process as the API tells of it.
pub(in crate::http) fn info(group: &str, name: &str, state: ProcessState) -> ProcessInfo {
    ProcessInfo {
        name: name.to_owned(),
        group: group.to_owned(),
        start: 1_795_359_000,
        stop: 0,
        now: 1_795_359_580,
        state,
        spawnerr: String::new(),
        exitstatus: 0,
        stdout_logfile: String::new(),
        stderr_logfile: String::new(),
        pid: 4711,
        description: "pid 4711, uptime 0:09:40".to_owned(),
    }
}
