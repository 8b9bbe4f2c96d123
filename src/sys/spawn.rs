//! Starting a child.
//!
//! By `clone` with the memory shared and the parent held until the child is
//! another program: it costs the same however large the daemon is, and a
//! signal sent right after cannot meet a child that is still us. Where that is
//! refused (some sandboxes), by `fork`; the child's code is the same. The table
//! of descriptors is shared too where the kernel can cut it: see [`Slots`].

use super::child::{self, Entry};
use super::plan::ChildPlan;
use super::slots::Slots;
use libc::{c_int, c_void};
use nix::sys::signal::{SigSet, SigmaskHow};
use std::io;
use std::mem::MaybeUninit;

/// Stack of a child until its exec, in bytes; it needs a tenth of this.
const STACK: usize = 64 * 1024;

/// Starts children.
#[derive(Debug)]
pub struct Spawner {
    slots: Option<Slots>,
}

impl Default for Spawner {
    /// Best made while few descriptors are open.
    fn default() -> Self {
        Self { slots: Slots::reserve().ok() }
    }
}

impl Spawner {
    /// Starts the child of `plan` and returns its pid. A child that cannot become
    /// its program still has a pid: it says why on its fd 2 and exits with 127.
    ///
    /// # Errors
    /// `EAGAIN` when there are too many processes, `ENOMEM`.
    pub fn spawn(&mut self, plan: &ChildPlan<'_>) -> io::Result<i32> {
        let Some(slots) = &mut self.slots else { return spawn(&Entry::plain(plan)) };
        let filled = slots.fill(plan.stdio);
        let started =
            filled.and_then(|()| spawn(&Entry { plan, stdio: slots.numbers(), table_end: Some(slots.end()) }));
        slots.empty();
        started
    }
}

fn spawn(entry: &Entry<'_>) -> io::Result<i32> {
    // A handler run in the child would run in our memory, so all are held back.
    let ours = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
    let dumpable = Dumpable::read();
    let started = match sharing_memory(entry) {
        Err(refused) if matches!(refused.raw_os_error(), Some(libc::EPERM | libc::ENOSYS | libc::EINVAL)) => {
            copying_memory(entry)
        }
        other => other,
    };
    if entry.plan.user.is_some() {
        dumpable.restore();
    }
    ours.thread_set_mask()?;
    started
}

fn sharing_memory(entry: &Entry<'_>) -> io::Result<i32> {
    let mut stack = [const { MaybeUninit::<u128>::uninit() }; STACK / size_of::<u128>()];
    let files = if entry.table_end.is_some() { libc::CLONE_FILES } else { 0 };
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | files | libc::SIGCHLD;
    let argument = (&raw const *entry).cast_mut().cast();
    // SAFETY: the stack grows down from the end of a live, aligned array that
    // nothing else uses, and `enter` gets the entry it expects. CLONE_VFORK
    // holds us here until the child has left our memory, so both outlive it. A
    // shared table of descriptors is left alone until the child has its own.
    pid(unsafe { libc::clone(enter, stack.as_mut_ptr_range().end.cast(), flags, argument) })
}

extern "C" fn enter(entry: *mut c_void) -> c_int {
    // SAFETY: `sharing_memory` passes a live entry and is held until we are gone.
    child::run(unsafe { &*entry.cast::<Entry<'_>>() })
}

fn copying_memory(entry: &Entry<'_>) -> io::Result<i32> {
    // SAFETY: the child only runs `child`, which is safe however many threads
    // the parent had.
    match pid(unsafe { libc::fork() })? {
        0 => child::run(entry),
        pid => Ok(pid),
    }
}

fn pid(result: c_int) -> io::Result<i32> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// Whether our memory may be dumped and traced. A child that changes its user
/// while it shares our memory takes that away from us too. It must: else its
/// new user could trace it and write to us. Once it is gone we want it back.
struct Dumpable(c_int);

impl Dumpable {
    fn read() -> Self {
        // SAFETY: takes numbers and answers with one.
        Self(unsafe { libc::prctl(libc::PR_GET_DUMPABLE) })
    }

    fn restore(self) {
        // SAFETY: takes numbers. A value that may not be set (2) is refused and
        // need not be set.
        unsafe { libc::prctl(libc::PR_SET_DUMPABLE, libc::c_long::from(self.0)) };
    }
}

#[cfg(test)]
mod tests;
