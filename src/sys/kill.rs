//! Sending signals, to one process or to its group.

use super::stat::Stat;
use crate::model::Signal;
use std::io;

/// Sends `signal` to one process; 0 only asks whether it is there.
///
/// # Errors
/// `ESRCH` when there is no such process, `EPERM` when it is not ours to
/// signal. A `pid` that is not above 0 would mean groups and is refused with
/// `EINVAL`.
pub fn kill(pid: i32, signal: Signal) -> io::Result<()> {
    if pid <= 0 { Err(io::Error::from_raw_os_error(libc::EINVAL)) } else { send(pid, signal) }
}

/// Whether there is such a process, whoever it belongs to, and it runs: one that
/// is dead and only not buried yet does not. Where there is no /proc to tell that,
/// it counts as running.
#[must_use]
pub fn is_alive(pid: i32) -> bool {
    let answer = if pid > 0 { Signal::from_number(0).map(|probe| send(pid, probe)) } else { None };
    let is_there = match answer {
        Some(Ok(())) => true,
        Some(Err(error)) => error.raw_os_error() == Some(libc::EPERM),
        None => false,
    };
    let is_dead = || Stat::read(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.is_dead());
    is_there && !is_dead()
}

/// Sends `signal` to every process of the group whose leader is or was `pgid`.
///
/// # Errors
/// As [`kill`]. Group 1 is refused too, since the kernel takes its negative
/// for "everybody".
pub fn kill_group(pgid: i32, signal: Signal) -> io::Result<()> {
    if pgid <= 1 { Err(io::Error::from_raw_os_error(libc::EINVAL)) } else { send(-pgid, signal) }
}

fn send(target: i32, signal: Signal) -> io::Result<()> {
    // SAFETY: takes two numbers and touches no memory of ours.
    match unsafe { libc::kill(target, signal.number()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_alive, kill, kill_group};
    use crate::model::Signal;
    use nix::sys::wait::{Id, WaitPidFlag, waitid};
    use nix::unistd::Pid;
    use std::process::Command;

    #[test]
    fn who_is_dead_and_not_buried_is_not_alive() {
        assert!(is_alive(1) && !is_alive(0) && !is_alive(-1) && !is_alive(i32::MAX));
        let mut child = Command::new("/bin/true").spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        waitid(Id::Pid(Pid::from_raw(pid)), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT).unwrap();
        let (there, alive) = (kill(pid, Signal::from_number(0).unwrap()).is_ok(), is_alive(pid));
        child.wait().unwrap();
        assert_eq!((there, alive), (true, false));
    }

    #[test]
    fn pids_that_mean_more_than_one_process_are_refused() {
        let probe = Signal::from_number(0).unwrap();
        for pid in [0, -1, -7, i32::MIN] {
            assert_eq!(kill(pid, probe).unwrap_err().raw_os_error(), Some(libc::EINVAL), "{pid}");
            assert_eq!(kill_group(pid, probe).unwrap_err().raw_os_error(), Some(libc::EINVAL), "{pid}");
        }
        assert_eq!(kill_group(1, probe).unwrap_err().raw_os_error(), Some(libc::EINVAL));
    }

    #[test]
    fn a_probe_finds_us_and_not_a_pid_that_cannot_be() {
        let probe = Signal::from_number(0).unwrap();
        kill(i32::try_from(std::process::id()).unwrap(), probe).unwrap();
        // above the kernel's greatest pid, which is 2^22
        assert_eq!(kill(i32::MAX, probe).unwrap_err().raw_os_error(), Some(libc::ESRCH));
    }
}
