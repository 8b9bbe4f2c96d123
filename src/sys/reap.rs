//! Who has ended: every child of ours, and strangers that we inherited.

use crate::model::ExitStatus;
use nix::errno::Errno;
use std::io;

/// Exits collected by one sweep. As many as this means that more may wait.
pub const BATCH: usize = 256;

/// Collects children that have ended, in the kernel's order, without waiting.
/// None of them is waited for again, so whoever calls must know them all.
/// Fewer than [`BATCH`] means that nobody else has ended.
///
/// # Errors
/// Whatever `waitpid` says but `ECHILD`, which is no child and no error. What
/// was collected before an error is returned, and the error by the next call.
pub fn reap() -> io::Result<Vec<(i32, ExitStatus)>> {
    sweep(-1)
}

/// `whom` is as for `waitpid`: −1 for all, or minus a process group.
fn sweep(whom: i32) -> io::Result<Vec<(i32, ExitStatus)>> {
    let mut ended = vec![];
    while ended.len() < BATCH {
        let mut status = 0;
        // SAFETY: `status` is a live c_int, and nothing else is written.
        let pid = unsafe { libc::waitpid(whom, &raw mut status, libc::WNOHANG) };
        match pid {
            0 => break,
            1.. => ended.push((pid, ExitStatus::from_wait(status))),
            _ => match Errno::last() {
                Errno::EINTR => {}
                Errno::ECHILD => break,
                _ if !ended.is_empty() => break,
                other => return Err(other.into()),
            },
        }
    }
    Ok(ended)
}

#[cfg(test)]
mod tests {
    use super::sweep;
    use crate::model::ExitStatus;
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};

    // Sweeps here are limited to a group of their own: other tests of this
    // process wait for children too.

    #[test]
    fn a_group_without_children_has_no_exits() {
        assert_eq!(sweep(-i32::MAX).unwrap(), []);
    }

    #[test]
    #[expect(clippy::zombie_processes, reason = "the sweep under test is what waits")]
    fn exits_and_deaths_are_told_apart_and_the_living_are_left() {
        let mut leader = Command::new("/bin/sh");
        leader.args(["-c", "read line; exit 3"]).stdin(Stdio::piped()).process_group(0);
        let mut leader = leader.spawn().unwrap();
        let group = i32::try_from(leader.id()).unwrap();
        let other = Command::new("/bin/sh").args(["-c", "kill -9 $$"]).process_group(group).spawn().unwrap();

        let killed = ExitStatus::Signal { number: 9, core: false };
        assert_eq!(until_one_ended(group), [(i32::try_from(other.id()).unwrap(), killed)]);
        assert_eq!(sweep(-group).unwrap(), [], "the leader still reads");
        drop(leader.stdin.take());
        assert_eq!(until_one_ended(group), [(group, ExitStatus::Code(3))]);
    }

    /// Waits, without taking the status, until a child of `group` has ended.
    fn until_one_ended(group: i32) -> Vec<(i32, ExitStatus)> {
        let id = nix::sys::wait::Id::PGid(nix::unistd::Pid::from_raw(group));
        let flags = nix::sys::wait::WaitPidFlag::WEXITED | nix::sys::wait::WaitPidFlag::WNOWAIT;
        nix::sys::wait::waitid(id, flags).unwrap();
        sweep(-group).unwrap()
    }
}
