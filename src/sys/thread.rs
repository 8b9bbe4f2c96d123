//! Threads of this process as the kernel sees them.

use super::stat::{STATE, Stat};
use nix::unistd::gettid;

/// The number of the calling thread.
#[must_use]
pub fn own_id() -> i32 {
    gettid().as_raw()
}

/// Whether thread `id` of this process waits in the kernel, so that it is not
/// just waiting for its turn on a busy machine. When the kernel does not tell,
/// it does.
#[must_use]
pub fn is_blocked(id: i32) -> bool {
    Stat::read(format!("/proc/self/task/{id}/stat")).map_or(true, |stat| stat.field(STATE) != Some("R"))
}

#[cfg(test)]
mod tests {
    use super::{is_blocked, own_id};
    use std::sync::mpsc::channel;
    use std::time::{Duration, Instant};

    #[test]
    fn one_that_runs_is_not_blocked_and_one_that_waits_is() {
        assert!(!is_blocked(own_id()));
        let (tell, told) = channel();
        let (end, ended) = channel::<()>();
        let waiting = std::thread::spawn(move || {
            tell.send(own_id()).unwrap();
            ended.recv().unwrap_err();
        });
        let id = told.recv().unwrap();
        let began = Instant::now();
        while !is_blocked(id) {
            assert!(began.elapsed() < Duration::from_secs(30));
            std::thread::yield_now();
        }
        drop(end);
        waiting.join().unwrap();
        assert!(is_blocked(id), "what is not there does not run");
    }
}
