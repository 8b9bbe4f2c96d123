//! The loop: wait, read the clock once, look at everything, carry it out.
//!
//! A turn looks at signals, exits, child output, commands and deadlines in that
//! order, each within a bound, so that no source starves another.

use super::handle::Command;
use super::reload::Read;
use super::restart::Seen;
use super::stdin::{Pending, Undelivered};
use super::{Engine, survivors};
use crate::config::Config;
use crate::manager::survivors::Found;
use crate::manager::{Input, ProcessId};
use crate::model::{Now, Signal, SupervisorState};
use crate::pump::PumpEvent;
use crate::sys::clock;
use crate::sys::signals::Signals;
use std::io;
use std::time::Duration;
use tokio::io::Interest;
use tokio::time::Instant;

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
    /// What a restart would come to, if somebody has looked.
    seen: Option<Option<Seen>>,
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
            seen = self.restarts.result() => sent.seen = Some(seen),
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
        if self.manager.state() != SupervisorState::Running {
            self.give_up_reading();
        }
        if let Some(read) = sent.read {
            self.guarded(|engine| engine.take_read(read));
        }
        if let Some(seen) = sent.seen {
            self.guarded(|engine| engine.take_seen(seen, now));
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
        let came = self.signals.try_io(Interest::READABLE, Signals::read).unwrap_or_default();
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

    /// Children whose stdin takes more.
    pub(super) fn take_writable(&mut self, now: Now) {
        let mut ready = Vec::new();
        // Asks only if the runtime has seen something. The nested set is
        // level-triggered, the runtime's view of it is not: only when nothing is
        // left may it sleep on it again.
        let asked = self.poller.try_io(Interest::READABLE, |poller| {
            poller.wait(Some(Duration::ZERO), &mut ready)?;
            if ready.is_empty() { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
        });
        if asked.is_err() {
            return;
        }
        for token in ready {
            let Ok(id) = u32::try_from(token).map(ProcessId) else { continue };
            match self.stdins.writable(id, self.poller.get_ref()) {
                // It may be the turn of the next event, which then turns out to be for others.
                Ok(Pending::Nothing) | Err(Undelivered::Begun) => self.feed(Input::StdinDrained { id }, now),
                Ok(Pending::Little | Pending::Much) => {}
                Err(Undelivered::Closed | Undelivered::Full) => self.feed(Input::ListenerDeaf { id }, now),
            }
        }
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
