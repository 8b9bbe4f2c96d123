//! What a process uses of the machine, from `/proc`.

use nix::unistd::{SysconfVar, sysconf};
use std::fs::File;
use std::io::{self, Read};
use std::time::Duration;

/// Longer than any line of `/proc/PID/stat`.
const LONGEST: u64 = 4096;
/// Fields of the line behind the closing bracket of the name; field 3 is the first.
const UTIME: usize = 14 - 3;
const STIME: usize = 15 - 3;
const THREADS: usize = 20 - 3;
const RSS: usize = 24 - 3;

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
    let mut line = String::new();
    File::open(format!("/proc/{pid}/stat"))?.take(LONGEST).read_to_string(&mut line)?;
    let number = |var, usual| sysconf(var).ok().flatten().and_then(|n| u64::try_from(n).ok()).unwrap_or(usual);
    let (ticks, page) = (number(SysconfVar::CLK_TCK, 100), number(SysconfVar::PAGE_SIZE, 4096));
    parse(&line, ticks, page).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// The name in the second field may hold anything, brackets too.
fn parse(line: &str, ticks: u64, page: u64) -> Option<Usage> {
    let (_, rest) = line.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    let field = |index: usize| fields.get(index)?.parse::<u64>().ok();
    let spent = field(UTIME)?.checked_add(field(STIME)?)?;
    let cpu = Duration::from_millis(spent.checked_mul(1000)?.checked_div(ticks)?);
    Some(Usage { cpu, rss: field(RSS)?.checked_mul(page)?, threads: field(THREADS)? })
}

#[cfg(test)]
mod tests {
    use super::{Usage, parse, usage};
    use std::time::Duration;

    #[test]
    fn a_name_with_brackets_and_blanks_confuses_nobody() {
        let line = "7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 3 0 1000 2000000 25 1 2 3";
        let expected = Usage { cpu: Duration::from_secs(3), rss: 102_400, threads: 3 };
        assert_eq!(parse(line, 100, 4096), Some(expected));
        assert_eq!(parse("7 (a) S 1", 100, 4096), None);
        assert_eq!(parse("", 100, 4096), None);
    }

    #[test]
    fn we_use_memory_and_a_pid_that_cannot_be_uses_nothing() {
        let ours = usage(i32::try_from(std::process::id()).unwrap()).unwrap();
        assert!(ours.rss > 100_000 && ours.threads > 0, "{ours:?}");
        assert!(usage(i32::MAX).is_err());
    }
}
