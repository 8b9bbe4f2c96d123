//! Descriptors that were open when the program began: somebody else's, and left
//! open until a restart closes them, as upstream does (A4.137).

use std::fs;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// Those below are never closed: stdio, and two more as upstream has it.
const FIRST: RawFd = 5;

/// The descriptors that whoever started us has left open.
#[derive(Debug)]
pub struct Inherited(Vec<OwnedFd>);

impl Inherited {
    /// To be called once, before the program opens anything that it keeps.
    #[must_use]
    pub fn take() -> Self {
        let names = fs::read_dir("/proc/self/fd").map(|entries| entries.flatten().map(|entry| entry.file_name()));
        // Collected first: the folder itself is open while it is read.
        let numbers: Vec<RawFd> = names
            .into_iter()
            .flatten()
            .filter_map(|name| name.to_str()?.parse().ok())
            .filter(|fd| *fd >= FIRST)
            .collect();
        Self(numbers.into_iter().filter_map(own).collect())
    }

    /// Closes those with a number below `end`, which is `minfds`.
    pub fn close_below(&mut self, end: i64) {
        self.0.retain(|fd| i64::from(fd.as_raw_fd()) >= end);
    }
}

fn own(number: RawFd) -> Option<OwnedFd> {
    // SAFETY: takes a number and answers with one.
    let open = unsafe { libc::fcntl(number, libc::F_GETFD) } != -1;
    // SAFETY: it is open, and was before anything of this program was, so
    // nothing else owns it.
    open.then(|| unsafe { OwnedFd::from_raw_fd(number) })
}
