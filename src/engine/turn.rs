//! The loop: wait, read the clock once, look at everything, carry it out.
//!
//! A turn looks at signals, exits, child output, commands and deadlines in that
//! order, each within a bound, so that no source starves another.

use super::handle::Command;
use super::reload::Read;
use super::stdin::Pending;
use super::{Drain, Engine, survivors};
use crate::config::Config;
use crate::manager::survivors::Found;
use crate::manager::{Input, ProcessId};
use crate::model::{Level, Now, Signal, SupervisorState};
use crate::pump::PumpEvent;
use crate::sys::clock;
use std::io;
use std::time::Duration;
use tokio::time::Instant;

/// How long an exit waits for the child's last output. The pump answers in
/// microseconds; a log disk that hangs must not delay supervision.
const DRAIN_LIMIT: Duration = Duration::from_millis(200);

/// Commands and pump events looked at in one turn.
const BATCH: usize = 64;

/// How long a turn goes on carrying out actions. A spawn takes a tenth of a
/// millisecond, or many on a busy machine; connections are served in between.
const TURN: Duration = Duration::from_millis(2);

/// Between two looks at the wall clock while somebody hears ticks: when it is set
/// they come as late as upstream's (A6.41).
const CLOCK_LOOK: Duration = Duration::from_secs(1);

/// How a life ended.
#[derive(Debug)]
pub enum Ended {
    /// The daemon goes.
    Exit,
    /// Another life begins with this configuration.
    Restart(Box<Config>),
}

/// What others sent to the engine while it waited.
#[derive(Default)]
struct Sent {
    commands: Vec<Command>,
    output: Vec<PumpEvent>,
    /// Some caller has gone.
    gone: bool,
    /// A search is over; what it found, or that it came to nothing.
    searched: Option<Option<Found>>,
    /// The configuration that was read again, if it was.
    read: Option<Option<Read>>,
}

impl Engine {
    /// Lives until everything has stopped.
    pub async fn run(&mut self) -> Ended {
        // From before our signals were taken, or from the life before.
        self.reaper.alarm();
        self.feed(Input::Boot, clock::now());
        loop {
            if self.queue.is_empty()
                && self.survivors.is_empty()
                && let Some(ended) = self.end()
            {
                self.turn_away();
                return ended;
            }
            self.turn().await;
            if !self.pause.is_zero() {
                tokio::time::sleep(std::mem::take(&mut self.pause)).await;
            }
            // Chatty children must not starve the connections.
            tokio::task::yield_now().await;
        }
    }

    fn end(&mut self) -> Option<Ended> {
        match self.ended? {
            SupervisorState::Restarting => {
                let next = self.next.take().unwrap_or_else(|| self.config.clone());
                Some(Ended::Restart(Box::new(next)))
            }
            SupervisorState::Shutdown | SupervisorState::Running => Some(Ended::Exit),
        }
    }

    /// Takes no more commands. Who has made a call by now is told so at once, and
    /// does not hold up the end; those that wait for a process hear nothing (B1.13.5).
    pub(super) fn turn_away(&mut self) {
        self.inbox.commands.close();
        while let Ok(command) = self.inbox.commands.try_recv() {
            if let Command::Log(line) = command {
                self.write(line);
            }
        }
    }

    pub(super) async fn turn(&mut self) {
        let sent = self.wait().await;
        self.take(sent, clock::now());
    }

    /// Waits until there is something to do, and gathers what others sent.
    async fn wait(&mut self) -> Sent {
        let mut sent = Sent::default();
        // How much was sent; nothing comes of what is closed, at once and for ever.
        let (mut asked, mut told) = (None, None);
        let before = clock::now();
        let wake = self.wake_at(before);
        // A sleep of the runtime is at least a millisecond.
        let dead = self.reaper.deadline().is_some_and(|at| at <= before.mono);
        let (commands, output) = (&mut sent.commands, &mut sent.output);
        tokio::select! {
            () = std::future::ready(()), if dead || !self.queue.is_empty() => {}
            guard = self.signals.readable() => drop(guard),
            guard = self.poller.readable() => drop(guard),
            count = self.inbox.commands.recv_many(commands, BATCH), if !self.callers_gone => asked = Some(count),
            () = self.inbox.gone.notified() => sent.gone = true,
            count = self.pump_events.recv_many(output, BATCH), if !self.pump_gone => told = Some(count),
            found = survivors::result(&mut self.search) => sent.searched = Some(found),
            read = self.rereads.result() => sent.read = Some(read),
            () = sleep_until(wake) => {}
        }
        self.callers_gone |= asked == Some(0);
        if told == Some(0) {
            self.tell_pump_gone();
        }
        while sent.output.len() < BATCH {
            let Ok(event) = self.pump_events.try_recv() else { break };
            sent.output.push(event);
        }
        while sent.commands.len() < BATCH {
            let Ok(command) = self.inbox.commands.try_recv() else { break };
            sent.commands.push(command);
        }
        sent
    }

    /// Looks at everything that may have happened by `now`, and acts on it.
    fn take(&mut self, sent: Sent, now: Now) {
        self.turn_end = now.mono + TURN;
        self.guarded(|engine| engine.take_signals(&sent.output, now));
        for event in sent.output {
            self.guarded(|engine| engine.take_output(event, now));
        }
        self.guarded(|engine| engine.take_overdue_drains(now));
        if let Some(found) = sent.searched {
            self.guarded(|engine| engine.take_found(found));
        }
        self.guarded(|engine| engine.take_suspects(now));
        self.guarded(|engine| engine.take_writable(now));
        for command in sent.commands {
            self.guarded(|engine| engine.take_command(command, now));
        }
        if let Some(read) = sent.read {
            self.guarded(|engine| engine.take_read(read));
        }
        if sent.gone {
            self.guarded(Self::forget_gone_callers);
        }
        if self.manager.deadline(now).is_some_and(|at| at <= now.mono) {
            self.feed(Input::Wake, now);
        }
        // At least one action, however late it is.
        self.perform_queue(now);
    }

    /// The next moment something is due, as the runtime counts.
    fn wake_at(&self, now: Now) -> Option<Instant> {
        let drain = self.draining.values().map(|drain| drain.limit).min();
        let look = self.manager.hears_ticks().then(|| now.mono + CLOCK_LOOK);
        let next = [self.manager.deadline(now), drain, look, self.survivors.deadline(), self.reaper.deadline()]
            .into_iter()
            .flatten()
            .min()?;
        Some(Instant::now() + next.saturating_sub(now.mono))
    }

    /// Takes the signals, and the dead before anything is done about a signal.
    fn take_signals(&mut self, output: &[PumpEvent], now: Now) {
        let read = |signals: &AsyncSignals| signals.try_io(tokio::io::Interest::READABLE, |fd| fd.read());
        let came = read(&self.signals).unwrap_or_default();
        if came.signals.contains(&Signal::CHLD) {
            self.reaper.alarm();
        }
        came.children.into_iter().for_each(|pid| self.reaper.hint(pid));
        for event in output {
            if let PumpEvent::Ended { pid } = event
                && self.manager.owner_of(*pid).is_some_and(|id| !self.draining.contains_key(&id))
            {
                self.reaper.hint(*pid);
            }
        }
        self.reap(now);
        for signal in came.signals {
            self.feed(Input::Signalled(signal), now);
        }
    }

    /// Takes the statuses of dead children; their exits are told when their last
    /// output has been read (A4.39). One signal may stand for any number of
    /// deaths, so those that are left wait for the next turn and not for the
    /// next signal.
    fn reap(&mut self, now: Now) {
        let dead = match self.reaper.collect(now.mono, self.attached.len()) {
            Ok(dead) => dead,
            Err(error) => {
                return self.log(Level::Critical, waitpid_failed(&error));
            }
        };
        for (pid, status) in dead {
            match self.manager.owner_of(pid).filter(|id| self.attached.contains(id)) {
                Some(id) => {
                    self.draining.insert(id, Drain { pid, status, limit: now.mono + DRAIN_LIMIT });
                    self.pump.drain(id.0, pid);
                }
                None => self.feed(Input::Exited { pid, status }, now),
            }
        }
    }

    pub(super) fn take_output(&mut self, event: PumpEvent, now: Now) {
        match event {
            PumpEvent::Output { id, pid, bytes } => {
                let input = Input::Output { id: ProcessId(id.process), channel: id.channel, pid, bytes };
                self.feed(input, now);
            }
            PumpEvent::Captured { id, pid, bytes } => {
                let input = Input::Captured { id: ProcessId(id.process), channel: id.channel, pid, bytes };
                self.feed(input, now);
            }
            PumpEvent::Listener { process, pid, bytes } => {
                let id = ProcessId(process);
                // The last words of a child that was given up are not the next one's.
                if self.manager.process(id).is_some_and(|process| process.pid == Some(pid)) {
                    self.feed(Input::ListenerSaid { id, bytes }, now);
                }
            }
            // The reaper has had its hint.
            PumpEvent::Ended { .. } => {}
            PumpEvent::Drained { process, pid } => {
                let id = ProcessId(process);
                // A pump that was late may be answering for the child before.
                if self.draining.get(&id).is_some_and(|drain| drain.pid == pid) {
                    self.tell_exit(id, now);
                }
            }
        }
    }

    fn take_overdue_drains(&mut self, now: Now) {
        let overdue = |(id, drain): (&ProcessId, &Drain)| (drain.limit <= now.mono).then_some(*id);
        let late: Vec<ProcessId> = self.draining.iter().filter_map(overdue).collect();
        for id in late {
            self.tell_exit(id, now);
        }
    }

    fn tell_exit(&mut self, id: ProcessId, now: Now) {
        if let Some(exit) = self.take_exit(id) {
            self.feed(exit, now);
        }
    }

    fn take_exit(&mut self, id: ProcessId) -> Option<Input> {
        self.draining.remove(&id).map(|drain| Input::Exited { pid: drain.pid, status: drain.status })
    }

    /// A new child may have the pid of a dead one whose last output is still
    /// being read: that exit must be told first, or it would be the new one's.
    pub(super) fn exit_of_namesake(&mut self, spawned: &Input) -> Option<Input> {
        let Input::Spawned { pid, .. } = spawned else { return None };
        self.manager.owner_of(*pid).and_then(|id| self.take_exit(id))
    }

    /// Children whose stdin takes more.
    fn take_writable(&mut self, now: Now) {
        let mut ready = Vec::new();
        // Asks only if the runtime has seen something. The nested set is
        // level-triggered, the runtime's view of it is not: only when nothing is
        // left may it sleep on it again.
        let asked = self.poller.try_io(tokio::io::Interest::READABLE, |poller| {
            poller.wait(Some(Duration::ZERO), &mut ready)?;
            if ready.is_empty() { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
        });
        if asked.is_err() {
            return;
        }
        for token in ready {
            let Ok(id) = u32::try_from(token).map(ProcessId) else { continue };
            match self.stdins.writable(id, self.poller.get_ref()) {
                Ok(Pending::Nothing) => self.feed(Input::StdinDrained { id }, now),
                Ok(Pending::Little | Pending::Much) => {}
                Err(_) => self.feed(Input::ListenerDeaf { id }, now),
            }
        }
    }
}

/// A5.57: the number is all that upstream tells.
fn waitpid_failed(error: &io::Error) -> String {
    let number = error.raw_os_error().unwrap_or_default();
    format!("waitpid error {number}; a process may not be cleaned up properly")
}

type AsyncSignals = tokio::io::unix::AsyncFd<crate::sys::signals::Signals>;

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::waitpid_failed;
    use std::io;

    /// A5.57
    #[test]
    fn a_failed_wait_tells_the_number_of_the_error() {
        let error = io::Error::from_raw_os_error(libc::EINVAL);
        assert_eq!(waitpid_failed(&error), "waitpid error 22; a process may not be cleaned up properly");
    }
}
