//! Who has ended: every child of ours, and strangers that we inherited.
//!
//! To ask the kernel for anybody is a walk along all children until one is dead.
//! With ten thousand of them, and deaths that come one by one, those walks would
//! take more time than all the rest. So a walk is followed by a rest, and during
//! the rest only those are asked for who are likely to be dead: that costs the
//! same however many there are. Nobody is missed, since a signal stands for any
//! number of deaths and always wants a walk, if a later one.

use super::clock;
use crate::model::ExitStatus;
use nix::errno::Errno;
use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

/// Exits collected at a time, at most.
const BATCH: usize = 256;

/// How long a collection may take, about. A dead one at the far end costs a whole
/// walk.
const BUDGET: Duration = Duration::from_millis(5);

/// How long a walk is followed by none, for each child: some thirty times as long
/// as it takes. With a few children that is nothing.
const REST: Duration = Duration::from_micros(2);

/// Nobody waits longer than this, however many there are.
const LONGEST_REST: Duration = Duration::from_millis(20);

/// Children that may be dead. More are found by a walk.
const MOST_HINTS: usize = 16_384;

/// Collects children that have ended. It is the only one that waits for them, so
/// whoever calls must know them all.
#[derive(Debug, Default)]
pub struct Reaper {
    /// Somebody has ended, and a walk is to tell who.
    wanted: bool,
    /// No walk before this.
    rests_until: Duration,
    /// Perhaps dead.
    hints: BTreeSet<i32>,
    /// Of these not all have been asked for in this rest.
    more_hints: bool,
}

impl Reaper {
    /// Somebody may have ended, whoever it is.
    pub fn alarm(&mut self) {
        self.wanted = true;
    }

    /// This one may have ended. Where that is a guess it is no alarm: if it is
    /// right, a signal follows.
    pub fn hint(&mut self, pid: i32) {
        if self.hints.len() < MOST_HINTS {
            self.hints.insert(pid);
        }
    }

    /// When to collect, on the steady clock. That may be long past.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        if self.more_hints { Some(Duration::ZERO) } else { self.wanted.then_some(self.rests_until) }
    }

    /// Those who have ended, without waiting for any. `children` is how many
    /// there are, about. Who is left is left for the next [`deadline`].
    ///
    /// # Errors
    /// Whatever `waitpid` says but `ECHILD`, which is no child and no error. What
    /// was collected before an error is returned, and the error by the next call.
    ///
    /// [`deadline`]: Self::deadline
    pub fn collect(&mut self, now: Duration, children: usize) -> io::Result<Vec<(i32, ExitStatus)>> {
        if now < self.rests_until {
            return self.follow_hints();
        }
        // Whoever is left of them is for a walk to find, if one is wanted.
        self.more_hints = false;
        if !self.wanted {
            return Ok(vec![]);
        }
        self.wanted = false;
        let begun = clock::now().mono;
        let walked = walk(-1, BATCH, begun + BUDGET)?;
        self.wanted = !walked.to_the_end;
        if walked.to_the_end {
            // Nobody else is dead, whatever was thought of them.
            self.hints.clear();
            self.rests_until = now + rest(children);
        } else {
            let took = clock::now().mono.saturating_sub(begun);
            self.rests_until = now + took.min(LONGEST_REST);
        }
        Ok(walked.ended)
    }

    fn follow_hints(&mut self) -> io::Result<Vec<(i32, ExitStatus)>> {
        let mut ended = vec![];
        self.more_hints = false;
        for pid in std::mem::take(&mut self.hints) {
            if ended.len() == BATCH {
                self.more_hints = true;
                self.hints.insert(pid);
                continue;
            }
            match wait(pid) {
                Ok(Some(status)) => ended.push(status),
                // A stranger, or buried already.
                Err(Errno::ECHILD) => {}
                // What else there may be to say, the next walk will.
                Ok(None) | Err(_) => drop(self.hints.insert(pid)),
            }
        }
        Ok(ended)
    }
}

fn rest(children: usize) -> Duration {
    REST.saturating_mul(u32::try_from(children).unwrap_or(u32::MAX)).min(LONGEST_REST)
}

struct Walked {
    ended: Vec<(i32, ExitStatus)>,
    /// Nobody else has ended.
    to_the_end: bool,
}

/// At most so many of those who have ended, in the kernel's order, and no longer
/// than `until`. `whom` is as for `waitpid`: −1 for all, or minus a process group.
fn walk(whom: i32, most: usize, until: Duration) -> io::Result<Walked> {
    let mut ended = vec![];
    while ended.len() < most && (ended.is_empty() || clock::now().mono < until) {
        match wait(whom) {
            Ok(Some(status)) => ended.push(status),
            Ok(None) | Err(Errno::ECHILD) => return Ok(Walked { ended, to_the_end: true }),
            Err(_) if !ended.is_empty() => break,
            Err(other) => return Err(other.into()),
        }
    }
    Ok(Walked { ended, to_the_end: false })
}

/// One of them, if it has ended.
fn wait(whom: i32) -> Result<Option<(i32, ExitStatus)>, Errno> {
    loop {
        let mut status = 0;
        // SAFETY: `status` is a live c_int, and nothing else is written.
        match unsafe { libc::waitpid(whom, &raw mut status, libc::WNOHANG) } {
            0 => return Ok(None),
            pid @ 1.. => return Ok(Some((pid, ExitStatus::from_wait(status)))),
            _ => match Errno::last() {
                Errno::EINTR => {}
                other => return Err(other),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BATCH, LONGEST_REST, Reaper, rest, walk};
    use crate::model::ExitStatus;
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command, Stdio};
    use std::time::Duration;

    // Walks here are limited to a group of their own: other tests of this
    // process wait for children too.

    #[test]
    fn a_group_without_children_has_no_exits() {
        assert_eq!(group(i32::MAX), []);
    }

    #[test]
    #[expect(clippy::zombie_processes, reason = "the walk under test is what waits")]
    fn exits_and_deaths_are_told_apart_and_the_living_are_left() {
        let mut leader = Command::new("/bin/sh");
        leader.args(["-c", "read line; exit 3"]).stdin(Stdio::piped()).process_group(0);
        let mut leader = leader.spawn().unwrap();
        let group = i32::try_from(leader.id()).unwrap();
        let other = Command::new("/bin/sh").args(["-c", "kill -9 $$"]).process_group(group).spawn().unwrap();

        let killed = ExitStatus::Signal { number: 9, core: false };
        assert_eq!(until_one_ended(group), [(i32::try_from(other.id()).unwrap(), killed)]);
        assert_eq!(self::group(group), [], "the leader still reads");
        drop(leader.stdin.take());
        assert_eq!(until_one_ended(group), [(group, ExitStatus::Code(3))]);
    }

    /// Waits, without taking the status, until a child of `group` has ended.
    fn until_one_ended(group: i32) -> Vec<(i32, ExitStatus)> {
        let id = nix::sys::wait::Id::PGid(nix::unistd::Pid::from_raw(group));
        let flags = nix::sys::wait::WaitPidFlag::WEXITED | nix::sys::wait::WaitPidFlag::WNOWAIT;
        nix::sys::wait::waitid(id, flags).unwrap();
        self::group(group)
    }

    /// Those of a process group who have ended.
    fn group(id: i32) -> Vec<(i32, ExitStatus)> {
        walk(-id, BATCH, Duration::MAX).unwrap().ended
    }

    #[test]
    fn a_walk_ends_with_its_budget() {
        let leader = dead_in(0);
        for _ in 0..2 {
            dead_in(leader);
        }
        let first = walk(-leader, BATCH, Duration::ZERO).unwrap();
        assert_eq!((first.ended.len(), first.to_the_end), (1, false), "one it takes, however late it is");
        let rest = walk(-leader, BATCH, Duration::MAX).unwrap();
        assert_eq!((rest.ended.len(), rest.to_the_end), (2, true));
    }

    /// The pid of a child that has ended, in that process group or one of its own.
    #[expect(clippy::zombie_processes, reason = "the walk under test is what waits")]
    fn dead_in(group: i32) -> i32 {
        let child = Command::new("/bin/true").process_group(group).spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        wait_for(pid);
        pid
    }

    fn wait_for(pid: i32) {
        let id = nix::sys::wait::Id::Pid(nix::unistd::Pid::from_raw(pid));
        let flags = nix::sys::wait::WaitPidFlag::WEXITED | nix::sys::wait::WaitPidFlag::WNOWAIT;
        nix::sys::wait::waitid(id, flags).unwrap();
    }

    /// A child that has ended, which nobody has waited for.
    fn dead() -> Child {
        let child = Command::new("/bin/true").spawn().unwrap();
        wait_for(i32::try_from(child.id()).unwrap());
        child
    }

    /// A reaper that rests until ten seconds.
    fn resting() -> Reaper {
        Reaper { rests_until: Duration::from_secs(10), ..Reaper::default() }
    }

    #[test]
    fn during_a_rest_only_those_are_asked_for_who_may_be_dead() {
        let (dead, unnamed) = (dead(), dead());
        let mut alive = Command::new("/bin/cat").stdin(Stdio::piped()).spawn().unwrap();
        let [gone, left, lives] = [&dead, &unnamed, &alive].map(|child| i32::try_from(child.id()).unwrap());
        let mut reaper = resting();
        reaper.alarm();
        for pid in [gone, lives, i32::MAX] {
            reaper.hint(pid);
        }
        let now = Duration::from_secs(9);
        assert_eq!(reaper.collect(now, 3).unwrap(), [(gone, ExitStatus::Code(0))]);
        assert_eq!(reaper.collect(now, 3).unwrap(), [], "{left} was not named, and {lives} lives");
        assert_eq!(reaper.deadline(), Some(Duration::from_secs(10)), "a walk is still wanted");
        alive.kill().unwrap();
        alive.wait().unwrap();
        assert_eq!(walk(left, 1, Duration::MAX).unwrap().ended, [(left, ExitStatus::Code(0))]);
    }

    #[test]
    fn a_guess_is_no_alarm() {
        let mut reaper = Reaper::default();
        reaper.hint(i32::MAX);
        assert_eq!(reaper.deadline(), None);
        assert_eq!(reaper.collect(Duration::from_secs(1), 1).unwrap(), []);
        assert_eq!(resting().collect(Duration::from_secs(1), 1).unwrap(), []);
    }

    /// Else who waits for the deadline would never sleep again.
    #[test]
    fn hints_that_are_left_when_a_rest_is_over_are_for_the_next_walk() {
        let now = Duration::from_secs(10);
        let mut reaper = Reaper { more_hints: true, ..resting() };
        reaper.hint(i32::MAX);
        assert_eq!(reaper.deadline(), Some(Duration::ZERO), "they are followed at once");
        assert_eq!(reaper.collect(now, 1).unwrap(), []);
        assert_eq!(reaper.deadline(), None);
    }

    #[test]
    fn a_rest_is_as_long_as_there_are_children() {
        assert_eq!(rest(10), Duration::from_micros(20));
        assert_eq!(rest(1_000), Duration::from_millis(2));
        assert_eq!(rest(usize::MAX), LONGEST_REST);
    }
}
