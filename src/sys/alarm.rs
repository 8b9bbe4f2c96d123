//! An alarm that another thread sleeps on: set from anywhere, for one ring.
//! To set it costs one call and wakes nobody before its time.

use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use std::io;
use std::time::Duration;

/// The alarm.
#[derive(Debug)]
pub struct Alarm {
    timer: TimerFd,
}

impl Alarm {
    /// One that is not set.
    ///
    /// # Errors
    /// `EMFILE` and `ENFILE`, mostly.
    pub fn new() -> io::Result<Self> {
        Ok(Self { timer: TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_CLOEXEC)? })
    }

    /// Lets it ring once after `delay`; a ring that was set before is forgotten.
    pub fn set(&self, delay: Duration) {
        // a delay of zero would switch it off
        let delay = TimeSpec::from_duration(delay.max(Duration::from_nanos(1)));
        // a timer that exists takes every time that is no nonsense
        let _ = self.timer.set(Expiration::OneShot(delay), TimerSetTimeFlags::empty());
    }

    /// Waits for the ring.
    pub fn wait(&self) {
        // nothing can fail but by a signal, and who waits looks around anyway
        let _ = self.timer.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::Alarm;
    use std::time::Duration;

    #[test]
    fn it_wakes_another_thread_once() {
        let alarm = Alarm::new().unwrap();
        std::thread::scope(|scope| {
            let sleeper = scope.spawn(|| alarm.wait());
            alarm.set(Duration::from_secs(1000));
            alarm.set(Duration::ZERO);
            sleeper.join().unwrap();
        });
    }
}
