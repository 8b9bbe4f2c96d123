//! Answering the API: each request is a read of the manager, something the
//! manager decides, or a log file somebody wants to see.

use super::Engine;
use super::handle::{Caller, Command};
use super::stdin::Undelivered;
use crate::manager::{Input, Refusal, Target, Ticket, Wish};
use crate::model::{API_VERSION, Channel, Now, SUPERVISOR_VERSION, SupervisorState};
use crate::rpc::{ConfigInfo, Fault, FaultCode, Reply, Request};
use crate::sys::clock;
use std::time::Duration;

impl Engine {
    pub(super) fn take_command(&mut self, command: Command, now: Now) {
        match command {
            Command::Call { request, answer } => self.call(request, answer, now),
            Command::LogPath { name, channel, answer } => {
                let id = self.manager.process_named(&name).ok();
                let path = id.and_then(|id| self.manager.logfile(id, channel)).map(Into::into);
                drop(answer.send(path));
            }
            Command::MainLogPath { answer } => drop(answer.send(self.main_log_path())),
            Command::Log(line) => self.write(line),
        }
    }

    fn call(&mut self, request: Request, caller: Caller, now: Now) {
        // B1.13.1, B1.13.2
        let running = self.manager.state() == SupervisorState::Running;
        if !running && !matches!(request, Request::SendRemoteCommEvent { .. }) {
            let refused = Fault::new(FaultCode::ShutdownState);
            return drop(caller.send(Err(refused)));
        }
        let answer = match request {
            Request::StartProcess { name, wait } => {
                return self.act(&Target::Named(name), &Wish::Start { wait }, caller, now);
            }
            Request::StartProcessGroup { name, wait } => {
                return self.act(&Target::Group(name), &Wish::Start { wait }, caller, now);
            }
            Request::StartAllProcesses { wait } => return self.act(&Target::All, &Wish::Start { wait }, caller, now),
            Request::StopProcess { name, wait } => {
                return self.act(&Target::Named(name), &Wish::Stop { wait }, caller, now);
            }
            Request::StopProcessGroup { name, wait } => {
                return self.act(&Target::Group(name), &Wish::Stop { wait }, caller, now);
            }
            Request::StopAllProcesses { wait } => return self.act(&Target::All, &Wish::Stop { wait }, caller, now),
            Request::SignalProcess { name, signal } => {
                return self.act(&Target::Named(name), &Wish::Signal(signal), caller, now);
            }
            Request::SignalProcessGroup { name, signal } => {
                return self.act(&Target::Group(name), &Wish::Signal(signal), caller, now);
            }
            Request::SignalAllProcesses { signal } => {
                return self.act(&Target::All, &Wish::Signal(signal), caller, now);
            }
            Request::ReadLog { offset, length } => return self.read_log(offset, length, caller),
            Request::ReadProcessLog { name, channel, offset, length } => {
                return self.read_process_log(&name, channel, offset, length, caller);
            }
            Request::TailProcessLog { name, channel, offset, length } => {
                return self.tail_process_log(&name, channel, offset, length, caller);
            }
            Request::GetAllProcessUsage => return self.all_process_usage(caller),
            Request::GetLogStates => return self.log_states(caller),
            Request::GetLogOffset { name, channel, seconds } => {
                return self.log_offset(&name, &channel, seconds, now, caller);
            }
            Request::ReloadConfig => return self.reread(caller),
            Request::Restart => return self.want_restart(Some(caller)),
            Request::ClearLog => return self.clear_log(caller),
            Request::ClearProcessLogs(name) => return self.clear_process_logs(&name, caller),
            Request::ClearAllProcessLogs => return self.clear_all_process_logs(caller),
            Request::GetApiVersion => Ok(Reply::Text(API_VERSION.to_owned())),
            Request::GetSupervisorVersion => Ok(Reply::Text(SUPERVISOR_VERSION.to_owned())),
            Request::GetIdentification => Ok(Reply::Text(self.config.supervisord.identifier.clone())),
            Request::GetState => Ok(Reply::State(self.manager.state())),
            Request::GetPid => Ok(Reply::Int(i64::from(std::process::id()))),
            Request::GetProcessInfo(name) => {
                let info = self.manager.info(&name, now, &stamp);
                info.map(|info| Reply::Info(Box::new(info))).map_err(Fault::from)
            }
            Request::GetAllProcessInfo => Ok(Reply::Infos(self.manager.infos(now))),
            Request::GetAllConfigInfo => Ok(Reply::Configs(self.config_infos())),
            Request::Shutdown => {
                self.feed(Input::Leave(SupervisorState::Shutdown), now);
                Ok(Reply::Done)
            }
            Request::AddProcessGroup(name) => self.add_process_group(&name, now),
            Request::RemoveProcessGroup(name) => self.remove_process_group(&name, now),
            Request::SendProcessStdin { name, chars } => self.send_stdin(&name, &chars),
            Request::SendRemoteCommEvent { kind, data } => {
                let mut out = vec![];
                self.manager.remote_communication(&kind, &data, &mut out);
                self.carry_out(out, now);
                Ok(Reply::Done)
            }
        };
        drop(caller.send(answer));
    }

    /// Start, stop and signal: the answer comes when the manager gives it.
    fn act(&mut self, target: &Target, wish: &Wish, caller: Caller, now: Now) {
        let ticket = Ticket(self.next_ticket);
        self.next_ticket += 1;
        let mut out = vec![];
        match self.manager.request(target, wish, ticket, &mut out) {
            Ok(()) => {
                // Whoever has gone by now does not tell so again.
                if caller.is_closed() {
                    self.manager.forget(ticket);
                } else {
                    self.answers.insert(ticket, caller);
                }
                self.carry_out(out, now);
            }
            Err(refusal) => drop(caller.send(Err(refusal.into()))),
        }
    }

    /// Callers may have gone: nothing is kept for them any longer.
    pub(super) fn forget_gone_callers(&mut self) {
        let manager = &mut self.manager;
        self.answers.retain(|ticket, caller| {
            let gone = caller.is_closed();
            if gone {
                manager.forget(*ticket);
            }
            !gone
        });
        self.restarts.forget_gone();
    }

    // B1.11.9
    fn add_process_group(&mut self, name: &str, now: Now) -> Result<Reply, Fault> {
        let read = self.manager.read_group(name).cloned();
        let group = read.ok_or_else(|| Fault::with(FaultCode::BadName, name))?;
        if self.manager.is_active(name) {
            return Err(Refusal::AlreadyAdded(name.to_owned()).into());
        }
        let failed = |error: super::EngineError| Fault::from(Refusal::Failed(error.to_string()));
        self.activate(group, now).map_err(failed)?;
        Ok(Reply::Done)
    }

    // B1.11.10
    fn remove_process_group(&mut self, name: &str, now: Now) -> Result<Reply, Fault> {
        let mut out = vec![];
        let gone = self.manager.remove_group(name, &mut out)?;
        for id in gone {
            self.release(id);
            self.starts.remove(&id);
        }
        self.carry_out(out, now);
        Ok(Reply::Done)
    }

    // B1.6.24
    fn send_stdin(&mut self, name: &str, chars: &str) -> Result<Reply, Fault> {
        let refused = |code| Fault::with(code, name);
        let id = self.manager.process_named(name)?;
        if !self.manager.process(id).is_some_and(|process| process.pid.is_some() && !process.killing) {
            return Err(refused(FaultCode::NotRunning));
        }
        match self.stdins.send(id, chars.as_bytes(), self.poller.get_ref()) {
            Ok(()) => Ok(Reply::Done),
            Err(Undelivered::Closed | Undelivered::Begun) => Err(refused(FaultCode::NoFile)),
            Err(Undelivered::Full) => Err(refused(FaultCode::Failed)),
        }
    }

    // B1.9.1
    fn config_infos(&self) -> Vec<ConfigInfo> {
        let mut all: Vec<ConfigInfo> = vec![];
        for group in self.manager.last_read() {
            all.extend(ConfigInfo::of_group(group, self.manager.is_active(&group.name)));
        }
        for info in &mut all {
            let spec = format!("{}:{}", info.group, info.process.name);
            let Ok(id) = self.manager.process_named(&spec) else { continue };
            let path = |channel| self.manager.logfile(id, channel).map(ToOwned::to_owned);
            info.stdout_auto = path(Channel::Stdout);
            info.stderr_auto = path(Channel::Stderr);
        }
        all.sort_by(|a, b| a.process.name.cmp(&b.process.name));
        all
    }
}

/// `Sep 01 02:00 PM` (B1.8.6)
pub(super) fn stamp(epoch: Duration) -> String {
    let at = clock::local_time(epoch);
    let half = if at.hour < 12 { "AM" } else { "PM" };
    let hour = match at.hour % 12 {
        0 => 12,
        hour => hour,
    };
    format!("{} {:02} {hour:02}:{:02} {half}", at.month_name(), at.day, at.minute)
}
