//! Going to the background: one fork, a session of our own, no terminal.
//!
//! In pieces, since the daemon logs and enters its directory in between
//! (A4.110).

use nix::unistd::{ForkResult, dup2_stderr, dup2_stdin, dup2_stdout, fork, setsid};
use std::fs::{self, File};
use std::io;

/// Which of the two processes after a fork this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The one that was started; it is to end with [`leave_at_once`].
    Launcher,
    /// The one that goes on.
    Daemon,
}

/// Splits this process in two.
///
/// # Errors
/// `EAGAIN`, `ENOMEM`; and when the process has other threads, which would be
/// missing in the new one.
pub fn split() -> io::Result<Side> {
    if threads() > 1 {
        return Err(io::Error::other("a process with several threads cannot be split"));
    }
    // SAFETY: this is the only thread, so no lock is held by one that is lost.
    match unsafe { fork() }? {
        ForkResult::Parent { .. } => Ok(Side::Launcher),
        ForkResult::Child => Ok(Side::Daemon),
    }
}

/// Threads of this process; without `/proc` nothing is known of others.
fn threads() -> usize {
    fs::read_dir("/proc/self/task").map_or(1, Iterator::count)
}

/// Ends this process with status 0 and nothing else: no buffer is flushed and
/// no file of the daemon is removed.
pub fn leave_at_once() -> ! {
    // SAFETY: ends the process and returns to nobody.
    unsafe { libc::_exit(0) }
}

/// Puts `/dev/null` on the standard descriptors and begins a session.
///
/// # Errors
/// When `/dev/null` cannot be opened, or this process leads a group already.
pub fn detach() -> io::Result<()> {
    let input = File::open("/dev/null")?;
    let output = File::options().write(true).open("/dev/null")?;
    dup2_stdin(input)?;
    dup2_stdout(&output)?;
    dup2_stderr(&output)?;
    setsid()?;
    Ok(())
}

/// Sets the mode bits that new files shall not have.
pub fn set_umask(umask: u32) {
    // SAFETY: takes a number and cannot fail.
    unsafe { libc::umask(umask) };
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_process_with_threads_is_not_split() {
        let (hold, wait) = std::sync::mpsc::channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(move || wait.recv());
            assert!(split().is_err());
            drop(hold);
        });
    }
}
