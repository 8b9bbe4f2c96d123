//! What a new child does until it is another program, or has failed.
//!
//! It may share the memory of its parent, and the parent may have threads: so
//! only calls that are safe in a signal handler, no allocation, no lock, no
//! drop that does anything, no panic. The order of the steps is upstream's
//! (A4.60), and so are the texts on fd 2 and the exit status 127 (A4.67).

use super::errno::errno_name;
use super::plan::{ChildPlan, ChildUser};
use super::user::DropError;
use libc::{c_int, c_long};
use nix::sys::signal::SigSet;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::ptr;

/// Exit status of a child that did not become another program.
const NOT_SPAWNED: c_int = 127;

/// Said last, whatever failed.
const LAST_WORDS: &[u8] = b"supervisor: child process was not spawned\n";

/// One past the greatest signal number of Linux.
const SIGNALS_END: c_int = 65;

/// What a child is handed.
pub(super) struct Entry<'a> {
    pub(super) plan: &'a ChildPlan<'a>,
    /// What becomes 0, 1 and 2.
    pub(super) stdio: [RawFd; 3],
    /// The table of descriptors may be our parent's: before anything is done to
    /// it, we need one of our own, and only what is below this number.
    pub(super) table_end: Option<RawFd>,
}

impl<'a> Entry<'a> {
    /// For a child with a whole table of its own.
    pub(super) fn plain(plan: &'a ChildPlan<'a>) -> Self {
        Self { plan, stdio: plan.stdio.map(|fd| fd.as_raw_fd()), table_end: None }
    }
}

/// A step that failed: what to say, in two parts.
struct Failure<'plan> {
    what: &'plan [u8],
    why: &'static str,
}

/// Becomes the program of the plan, or says why not and ends. The caller has
/// blocked all signals.
pub(super) fn run(entry: &Entry<'_>) -> ! {
    let plan = entry.plan;
    reset_signals();
    // SAFETY: takes two numbers; (0, 0) makes us the leader of a new group.
    unsafe { libc::setpgid(0, 0) };
    if place_descriptors(entry).is_ok() {
        let failure = change(plan).map_or_else(|failure| failure, |()| exec(plan));
        say(failure.what);
        say(failure.why.as_bytes());
        say(b"\n");
    }
    say(LAST_WORDS);
    // SAFETY: ends this process and nothing that it shares with its parent.
    unsafe { libc::_exit(NOT_SPAWNED) }
}

/// Default for all, but upstream's children start with these two ignored
/// (A4.66), and a program that outlives a broken pipe must go on doing so.
fn reset_signals() {
    // Whatever its layout, a kernel's sigaction of zeros is the default one.
    let default = [0_u64; 8];
    for number in 1..SIGNALS_END {
        // By the raw call, since the C library keeps two numbers to itself.
        // SAFETY: `default` is live and larger than what is read; our table of
        // dispositions is a copy. What cannot be set is refused.
        unsafe { libc::syscall(libc::SYS_rt_sigaction, number, &raw const default, ptr::null::<u64>(), 8) };
    }
    for number in [libc::SIGPIPE, libc::SIGXFSZ] {
        // SAFETY: takes two numbers, and ignoring runs no code.
        unsafe { libc::signal(number, libc::SIG_IGN) };
    }
}

/// Puts the three on 0, 1 and 2 and closes all others.
fn place_descriptors(entry: &Entry<'_>) -> io::Result<()> {
    if let Some(end) = entry.table_end {
        leave_table_of_parent(end)?;
    }
    let mut sources = [0; 3];
    for (source, fd) in sources.iter_mut().zip(entry.stdio) {
        *source = lifted(fd)?;
    }
    for (target, source) in (0..).zip(sources) {
        // SAFETY: both are numbers; dup2 clears CLOEXEC of the target.
        check(unsafe { libc::dup2(source, target) })?;
    }
    close_others(entry.plan.minfds);
    Ok(())
}

/// Makes the table of descriptors our own, with what is below `end`.
fn leave_table_of_parent(end: RawFd) -> io::Result<()> {
    let unshare = c_long::from(libc::CLOSE_RANGE_UNSHARE);
    // SAFETY: takes numbers. The kernel copies a table that is shared and closes
    // in the copy, so nothing of our parent is closed.
    check(unsafe { libc::syscall(libc::SYS_close_range, c_long::from(end), c_long::from(u32::MAX), unshare) })?;
    Ok(())
}

/// A number of at least 3, so that no dup2 runs over a source of another.
fn lifted(fd: RawFd) -> io::Result<RawFd> {
    if fd > 2 {
        return Ok(fd);
    }
    // SAFETY: takes numbers; `fd` is open since our parent holds it.
    check(unsafe { libc::fcntl(fd, libc::F_DUPFD, 3) })
}

fn close_others(minfds: u32) {
    // SAFETY: takes numbers. The table of descriptors is our own copy, and
    // nothing here uses one above 2 any more.
    let done = unsafe { libc::syscall(libc::SYS_close_range, 3, c_long::from(u32::MAX), 0) };
    if done == 0 {
        return;
    }
    for fd in 3..RawFd::try_from(minfds).unwrap_or(RawFd::MAX) {
        // SAFETY: as above.
        unsafe { libc::close(fd) };
    }
}

/// Ids, directory, umask.
fn change<'plan>(plan: &'plan ChildPlan<'_>) -> Result<(), Failure<'plan>> {
    match &plan.user {
        None => {}
        Some(ChildUser::Unknown { .. }) => return Err(Failure { what: &plan.says.unknown_uid, why: "" }),
        Some(ChildUser::Known { uid, gid, groups }) => {
            become_user(*uid, *gid, groups).map_err(|why| Failure { what: &plan.says.setuid, why })?;
        }
    }
    if let Some(directory) = &plan.directory {
        // As the new user, as upstream: it may be private to it.
        // SAFETY: a live string that ends in NUL.
        let entered = check(unsafe { libc::chdir(directory.as_ptr()) });
        entered.map_err(|why| Failure { what: &plan.says.chdir, why: name(&why) })?;
    }
    if let Some(umask) = plan.umask {
        // SAFETY: takes a number and cannot fail.
        unsafe { libc::umask(umask) };
    }
    Ok(())
}

/// By raw calls: those of the C library would tell the threads of the parent.
fn become_user(uid: u32, gid: u32, groups: &[u32]) -> Result<(), &'static str> {
    // SAFETY: takes nothing and cannot fail.
    match unsafe { libc::getuid() } {
        current if current == uid => return Ok(()),
        0 => {}
        _ => return Err(DropError::NOT_ROOT),
    }
    // SAFETY: pointer and length are of one live slice of 32-bit ids.
    check(unsafe { libc::syscall(libc::SYS_setgroups, groups.len(), groups.as_ptr()) })
        .map_err(|_| DropError::GROUPS)?;
    // SAFETY: takes a number.
    check(unsafe { libc::syscall(libc::SYS_setgid, c_long::from(gid)) }).map_err(|_| DropError::GROUP)?;
    // SAFETY: takes a number.
    check(unsafe { libc::syscall(libc::SYS_setuid, c_long::from(uid)) }).map_err(|_| DropError::USER)?;
    Ok(())
}

/// Does not return when it succeeds.
fn exec<'plan>(plan: &'plan ChildPlan<'_>) -> Failure<'plan> {
    // A signal that came since the clone ends us here, as it should.
    let _cannot_fail = SigSet::empty().thread_set_mask();
    // SAFETY: the path ends in NUL; both arrays end in a null pointer and point
    // at live strings that end in NUL.
    unsafe { libc::execve(plan.program.as_ptr(), plan.argv.as_ptr(), plan.envp.as_ptr()) };
    Failure { what: &plan.says.exec, why: name(&io::Error::last_os_error()) }
}

/// Writes to fd 2, which a log reads.
fn say(text: &[u8]) {
    // SAFETY: pointer and length are of one live slice.
    unsafe { libc::write(2, text.as_ptr().cast(), text.len()) };
}

fn check<T: PartialEq + From<i8>>(result: T) -> io::Result<T> {
    // Reads errno and keeps the number: nothing is allocated.
    if result == T::from(-1) { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn name(error: &io::Error) -> &'static str {
    errno_name(error.raw_os_error().unwrap_or_default())
}
