//! Resource limits that the daemon wants raised. Never lowers one.

use nix::sys::resource::{self, RLIM_INFINITY, getrlimit, setrlimit};
use std::io;

/// Has a name for each descriptor.
const FILES: &str = "/proc/self/fd";
/// Descriptors that clients leave alone, if there are four times as many.
const KEPT_FILES: u64 = 32;

/// What can be raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// `minfds`: RLIMIT_NOFILE.
    Files,
    /// `minprocs`: RLIMIT_NPROC.
    Processes,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The soft limit is there already.
    Enough,
    /// It is now.
    Raised,
    /// It cannot be.
    Refused {
        /// The most that is allowed now.
        hard: u64,
    },
}

/// Makes the soft limit at least `min`, and the hard one too where that is
/// needed and allowed (A1.28).
#[must_use]
pub fn raise(resource: Resource, min: u64) -> Outcome {
    let which = match resource {
        Resource::Files => resource::Resource::RLIMIT_NOFILE,
        Resource::Processes => resource::Resource::RLIMIT_NPROC,
    };
    let Ok((soft, hard)) = getrlimit(which) else { return Outcome::Refused { hard: 0 } };
    match wanted(soft, hard, min) {
        None => Outcome::Enough,
        Some((soft, higher)) if setrlimit(which, soft, higher).is_ok() => Outcome::Raised,
        Some(_) => Outcome::Refused { hard },
    }
}

/// Whether so many descriptors are in use that those left are for children, of which
/// each needs up to ten. False where `/proc` does not tell.
#[must_use]
pub fn files_are_scarce() -> bool {
    let Ok((soft, _)) = getrlimit(resource::Resource::RLIMIT_NOFILE) else { return false };
    match used_files() {
        Ok(used) => is_scarce(used, soft),
        Err(error) => error.raw_os_error() == Some(libc::EMFILE),
    }
}

/// Descriptors in use, and one more. Since 6.2 the kernel knows the number; before,
/// they are counted, which takes milliseconds when there are thousands.
fn used_files() -> io::Result<u64> {
    let known = std::fs::metadata(FILES)?.len();
    if known > 0 { Ok(known + 1) } else { count_files() }
}

/// The same, found by counting: the one more is what counts them.
fn count_files() -> io::Result<u64> {
    Ok(std::fs::read_dir(FILES)?.count() as u64)
}

fn is_scarce(used: u64, soft: u64) -> bool {
    used >= soft - KEPT_FILES.min(soft / 4)
}

/// The (soft, hard) limits to set, if any. Unlimited is above every number.
fn wanted(soft: u64, hard: u64, min: u64) -> Option<(u64, u64)> {
    const { assert!(RLIM_INFINITY == u64::MAX) };
    (soft < min).then_some((min, hard.max(min)))
}

#[cfg(test)]
mod tests {
    use super::{Outcome, RLIM_INFINITY, Resource, count_files, is_scarce, raise, used_files, wanted};

    /// A1.28
    #[test]
    fn limits_go_up_and_never_down() {
        assert_eq!(wanted(1024, 4096, 1024), None);
        assert_eq!(wanted(RLIM_INFINITY, RLIM_INFINITY, 1 << 40), None);
        assert_eq!(wanted(1024, 4096, 2048), Some((2048, 4096)));
        assert_eq!(wanted(1024, 4096, 8192), Some((8192, 8192)));
        assert_eq!(wanted(1024, RLIM_INFINITY, 8192), Some((8192, RLIM_INFINITY)));
    }

    #[test]
    fn some_descriptors_are_kept_for_children() {
        assert!(is_scarce(992, 1024) && !is_scarce(991, 1024));
        assert!(is_scarce(48, 64) && !is_scarce(47, 64));
        assert!(is_scarce(7, 0) && !is_scarce(1 << 30, RLIM_INFINITY));
    }

    #[test]
    fn the_kernel_and_counting_agree_on_the_descriptors_in_use() {
        // other tests open and close files meanwhile, so they need not agree at once
        let agree = || used_files().unwrap() == count_files().unwrap();
        assert!((0..100_000).any(|_| agree()));
    }

    /// A1.29, A1.30, A7.73
    #[test]
    fn an_impossible_wish_is_refused_with_the_real_limit() {
        assert_eq!(raise(Resource::Processes, 0), Outcome::Enough);
        // above fs.nr_open, which binds root as well
        let (_, hard) = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE).unwrap();
        if hard < 1 << 40 {
            assert_eq!(raise(Resource::Files, 1 << 40), Outcome::Refused { hard });
        }
    }
}
