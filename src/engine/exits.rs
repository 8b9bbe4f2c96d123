//! Children that have ended: taken from the kernel at once, told to the manager
//! when their last output has been read or takes too long (A4.39).

use super::Engine;
use crate::manager::{Input, ProcessId};
use crate::model::{ExitStatus, Level, Now};
use std::io;
use std::time::Duration;

/// How long an exit waits for the child's last output. The pump answers in
/// microseconds; a log disk that hangs must not delay supervision.
const DRAIN_LIMIT: Duration = Duration::from_millis(200);

/// The same of a listener that has an event: its last words may be that it has dealt
/// with it, and nobody else is to get that event then (A6.72).
const RESULT_LIMIT: Duration = Duration::from_secs(5);

/// A dead child whose last output is on its way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drain {
    pub(super) pid: i32,
    pub(super) status: ExitStatus,
    /// When its exit is told although the pump has not answered.
    pub(super) limit: Duration,
}

impl Engine {
    /// Takes the statuses of dead children; their exits are told when their last
    /// output has been read (A4.39). One signal may stand for any number of
    /// deaths, so those that are left wait for the next turn and not for the
    /// next signal.
    pub(super) fn reap(&mut self, now: Now) {
        let dead = match self.reaper.collect(now.mono, self.attached.len()) {
            Ok(dead) => dead,
            Err(error) => return self.log(Level::Critical, waitpid_failed(&error)),
        };
        for (pid, status) in dead {
            match self.manager.owner_of(pid).filter(|id| self.attached.contains(id)) {
                Some(id) => self.drain(id, pid, status, now),
                None => self.feed(Input::Exited { pid, status }, now),
            }
        }
    }

    pub(super) fn drain(&mut self, id: ProcessId, pid: i32, status: ExitStatus, now: Now) {
        let patience = if self.manager.has_event(id) { RESULT_LIMIT } else { DRAIN_LIMIT };
        self.draining.insert(id, Drain { pid, status, limit: now.mono + patience });
        self.pump.drain(id.0, pid);
    }

    pub(super) fn take_overdue_drains(&mut self, now: Now) {
        let overdue = |(id, drain): (&ProcessId, &Drain)| (drain.limit <= now.mono).then_some(*id);
        let late: Vec<ProcessId> = self.draining.iter().filter_map(overdue).collect();
        for id in late {
            self.tell_exit(id, now);
        }
    }

    pub(super) fn tell_exit(&mut self, id: ProcessId, now: Now) {
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
}

/// A5.57: the number is all that upstream tells.
fn waitpid_failed(error: &io::Error) -> String {
    let number = error.raw_os_error().unwrap_or_default();
    format!("waitpid error {number}; a process may not be cleaned up properly")
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
