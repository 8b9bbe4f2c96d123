//! Pools as lines of a snapshot, and back: what waits, and who stands where.

use super::losses::Losses;
use super::{Accepted, Pool, Serials};
use crate::manager::event::{Change, Event, Output, Period, ProcessId};
use crate::manager::listener::Listener;
use crate::manager::snapshot::{Fields, Line, SnapshotError};
use crate::model::{Channel, ListenerState, ProcessState};
use std::sync::Arc;

/// Where an accepted event is: in a queue, or owed a result by this member.
enum Place {
    Waiting,
    With(usize),
}

impl Pool {
    /// One line for the pool, one for each listener, one for each event; all
    /// name the group they are about.
    pub(in crate::manager) fn to_lines(&self, group: u32) -> Vec<String> {
        let mut pool = Line::new("pool");
        pool.put("group", group);
        pool.put("serial", self.serials.next());
        pool.put("early_over", self.early.begun);
        self.losses.put(&mut pool);
        let mut lines = vec![pool.text];
        for (number, member) in self.members.iter().enumerate() {
            let (state, heard, announced) = member.protocol.parts();
            let mut line = Line::new("listener");
            line.put("group", group);
            line.put("number", number);
            line.put("state", state.name());
            line.put_bytes("heard", heard);
            line.put_some("announced", announced);
            line.put("deaf", member.deaf);
            line.put("lags", member.lags);
            lines.push(line.text);
            let owed = member.event.as_ref().map(|event| event_line(group, event, &Place::With(number)));
            lines.extend(owed);
        }
        let waiting = self.early.queue.iter().chain(&self.queue);
        lines.extend(waiting.map(|event| event_line(group, event, &Place::Waiting)));
        lines
    }

    /// Takes one of these lines back in.
    pub(in crate::manager) fn restore(&mut self, line: &Fields<'_>) -> Result<(), SnapshotError> {
        match line.kind {
            "pool" => {
                self.serials = Serials::starting_at(line.get("serial")?);
                self.early.begun = line.get("early_over")?;
                self.losses = Losses::from_line(line)?;
            }
            "listener" => {
                let state = listener_state(&line.text("state")?).ok_or_else(|| line.bad("state"))?;
                let protocol = Listener::from_parts(state, line.bytes("heard")?, line.find("announced")?);
                let number = line.get::<usize>("number")?;
                let member = self.members.get_mut(number).ok_or_else(|| line.bad("number"))?;
                member.protocol = protocol;
                member.deaf = line.get("deaf")?;
                member.lags = line.get("lags")?;
                self.note(number);
            }
            _ => self.restore_event(line)?,
        }
        Ok(())
    }

    fn restore_event(&mut self, line: &Fields<'_>) -> Result<(), SnapshotError> {
        let accepted = Accepted {
            event: Arc::new(event_of(line)?),
            serial: line.get("serial")?,
            poolserial: line.get("poolserial")?,
            early: line.get("early")?,
        };
        match line.find::<usize>("with")? {
            Some(number) => {
                let member = self.members.get_mut(number).ok_or_else(|| line.bad("with"))?;
                member.event = Some(accepted);
            }
            None if accepted.early => {
                self.early.bytes += accepted.event.weight();
                self.early.queue.push_back(accepted);
            }
            None => self.queue.push_back(accepted),
        }
        Ok(())
    }
}

fn listener_state(name: &str) -> Option<ListenerState> {
    use ListenerState::{Acknowledged, Busy, Ready, Unknown};
    [Ready, Busy, Acknowledged, Unknown].into_iter().find(|state| state.name() == name)
}

fn event_line(group: u32, accepted: &Accepted, place: &Place) -> String {
    let mut line = Line::new("event");
    line.put("group", group);
    line.put("serial", accepted.serial);
    line.put("poolserial", accepted.poolserial);
    line.put("early", accepted.early);
    if let Place::With(number) = place {
        line.put("with", number);
    }
    put_event(&mut line, &accepted.event);
    line.text
}

fn put_event(line: &mut Line, event: &Event) {
    line.put("kind", event.kind().name());
    match event {
        Event::ProcessState { process, from, to } => {
            put_process(line, process);
            line.put("from", from);
            line.put("to", to.state());
            match to {
                Change::Starting { tries } | Change::Backoff { tries } => line.put("tries", tries),
                Change::Running { pid } | Change::Stopping { pid } | Change::Stopped { pid } => line.put("pid", pid),
                Change::Exited { expected, pid } => {
                    line.put("expected", expected);
                    line.put("pid", pid);
                }
                Change::Fatal | Change::Unknown => {}
            }
        }
        Event::ProcessLog(output) | Event::ProcessCommunication(output) => {
            put_process(line, &output.process);
            line.put("pid", output.pid);
            line.put_bytes("data", &output.data);
        }
        Event::RemoteCommunication { kind, data } => {
            line.put("type", kind);
            line.put("data", data);
        }
        Event::Tick { when, .. } => line.put("when", when),
        Event::GroupAdded(name) | Event::GroupRemoved(name) => line.put("of_group", name),
        Event::SupervisorRunning | Event::SupervisorStopping => {}
    }
}

fn put_process(line: &mut Line, process: &ProcessId) {
    line.put("process", &process.name);
    line.put("of_group", &process.group);
}

fn event_of(line: &Fields<'_>) -> Result<Event, SnapshotError> {
    let process = || Ok(ProcessId { name: line.text("process")?, group: line.text("of_group")? });
    let output =
        |channel| Ok(Output { process: process()?, pid: line.get("pid")?, channel, data: line.bytes("data")? });
    let kind = line.text("kind")?;
    let tick = Period::ALL.into_iter().find(|period| kind == format!("TICK_{}", period.secs()));
    if let Some(period) = tick {
        return Ok(Event::Tick { period, when: line.get("when")? });
    }
    Ok(match kind.as_str() {
        "PROCESS_LOG_STDOUT" => Event::ProcessLog(output(Channel::Stdout)?),
        "PROCESS_LOG_STDERR" => Event::ProcessLog(output(Channel::Stderr)?),
        "PROCESS_COMMUNICATION_STDOUT" => Event::ProcessCommunication(output(Channel::Stdout)?),
        "PROCESS_COMMUNICATION_STDERR" => Event::ProcessCommunication(output(Channel::Stderr)?),
        "REMOTE_COMMUNICATION" => Event::RemoteCommunication { kind: line.text("type")?, data: line.text("data")? },
        "SUPERVISOR_STATE_CHANGE_RUNNING" => Event::SupervisorRunning,
        "SUPERVISOR_STATE_CHANGE_STOPPING" => Event::SupervisorStopping,
        "PROCESS_GROUP_ADDED" => Event::GroupAdded(line.text("of_group")?),
        "PROCESS_GROUP_REMOVED" => Event::GroupRemoved(line.text("of_group")?),
        _ => Event::ProcessState { process: process()?, from: state(line, "from")?, to: change(line)? },
    })
}

fn state(line: &Fields<'_>, key: &'static str) -> Result<ProcessState, SnapshotError> {
    ProcessState::from_name(&line.text(key)?).ok_or_else(|| line.bad(key))
}

fn change(line: &Fields<'_>) -> Result<Change, SnapshotError> {
    Ok(match state(line, "to")? {
        ProcessState::Starting => Change::Starting { tries: line.get("tries")? },
        ProcessState::Backoff => Change::Backoff { tries: line.get("tries")? },
        ProcessState::Running => Change::Running { pid: line.get("pid")? },
        ProcessState::Stopping => Change::Stopping { pid: line.get("pid")? },
        ProcessState::Stopped => Change::Stopped { pid: line.get("pid")? },
        ProcessState::Exited => Change::Exited { expected: line.get("expected")?, pid: line.get("pid")? },
        ProcessState::Fatal => Change::Fatal,
        ProcessState::Unknown => Change::Unknown,
    })
}
