//! What a process uses of the machine, from `/proc`.

use super::stat::Stat;
use nix::unistd::{SysconfVar, sysconf};
use std::io;
use std::time::Duration;

/// Fields of the line, by their numbers in proc(5).
const UTIME: usize = 14;
const STIME: usize = 15;
const THREADS: usize = 20;
const RSS: usize = 24;

/// What one process has used so far and holds now; not what its children do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Time on a processor, its own and the kernel's for it.
    pub cpu: Duration,
    /// Resident memory in bytes.
    pub rss: u64,
    /// Threads.
    pub threads: u64,
}

/// Looks at process `pid`.
///
/// # Errors
/// `NotFound` when it is gone, `InvalidData` for a line that is none.
pub fn usage(pid: i32) -> io::Result<Usage> {
    let stat = Stat::read(format!("/proc/{pid}/stat"))?;
    let number = |var, usual| sysconf(var).ok().flatten().and_then(|n| u64::try_from(n).ok()).unwrap_or(usual);
    let (ticks, page) = (number(SysconfVar::CLK_TCK, 100), number(SysconfVar::PAGE_SIZE, 4096));
    used(&stat, ticks, page).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// `ticks` are those of a second, `page` is in bytes.
fn used(stat: &Stat, ticks: u64, page: u64) -> Option<Usage> {
    let spent = stat.number::<u64>(UTIME)?.checked_add(stat.number(STIME)?)?;
    let cpu = Duration::from_millis(spent.checked_mul(1000)?.checked_div(ticks)?);
    Some(Usage { cpu, rss: stat.number::<u64>(RSS)?.checked_mul(page)?, threads: stat.number(THREADS)? })
}

#[cfg(test)]
mod tests {
    use super::{Stat, Usage, usage, used};
    use std::time::Duration;

    #[test]
    fn times_are_in_ticks_and_memory_is_in_pages() {
        let line = b"7 (cat) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 3 0 1000 2000000 25 1 2 3";
        let expected = Usage { cpu: Duration::from_secs(3), rss: 102_400, threads: 3 };
        assert_eq!(used(&Stat::of(line), 100, 4096), Some(expected));
        assert_eq!(used(&Stat::of(b"7 (cat) S 1"), 100, 4096), None);
    }

    #[test]
    fn we_use_memory_and_a_pid_that_cannot_be_uses_nothing() {
        let ours = usage(i32::try_from(std::process::id()).unwrap()).unwrap();
        assert!(ours.rss > 100_000 && ours.threads > 0, "{ours:?}");
        assert!(usage(i32::MAX).is_err());
    }
}
