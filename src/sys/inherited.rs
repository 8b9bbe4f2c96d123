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
    /// To be called once, before the program opens anything that would survive an
    /// exec. What libraries keep open would not: it is theirs.
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
    let flags = unsafe { libc::fcntl(number, libc::F_GETFD) };
    let inherited = flags != -1 && flags & libc::FD_CLOEXEC == 0;
    // SAFETY: it is open and came over our exec, so nothing of this program
    // owns it.
    inherited.then(|| unsafe { OwnedFd::from_raw_fd(number) })
}

#[cfg(test)]
mod tests {
    use super::own;
    use crate::sys::fds::pipe_cloexec;
    use nix::fcntl::{FcntlArg, fcntl};
    use std::os::fd::AsRawFd;

    /// A4.137: a library that looks users up may keep a connection.
    #[test]
    fn what_was_opened_since_is_not_taken_for_inherited() {
        let (ours, _other) = pipe_cloexec().unwrap();
        assert!(own(ours.as_raw_fd()).is_none());
        let theirs = fcntl(&ours, FcntlArg::F_DUPFD(100)).unwrap();
        assert!(own(theirs).is_some_and(|fd| fd.as_raw_fd() == theirs));
        assert!(own(i32::MAX).is_none(), "not open");
    }
}
