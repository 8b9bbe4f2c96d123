//! The two clocks, and wall time cut into the fields that people read.
//!
//! The only place that reads a clock; everyone else is handed a [`Now`].

use crate::model::Now;
use std::fmt;
use std::mem::MaybeUninit;
use std::time::Duration;

/// One reading of both clocks.
#[must_use]
pub fn now() -> Now {
    Now { mono: read(libc::CLOCK_MONOTONIC), wall: read(libc::CLOCK_REALTIME) }
}

/// The same as of the last tick, a few milliseconds ago at most, for a tenth of
/// the price: for those who ask often and count in seconds.
#[must_use]
pub fn coarse() -> Now {
    Now { mono: read(libc::CLOCK_MONOTONIC_COARSE), wall: read(libc::CLOCK_REALTIME_COARSE) }
}

/// A moment in the time zone of the daemon (`TZ`, else `/etc/localtime`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalTime {
    /// All digits, as in 2026.
    pub year: i32,
    /// 1 to 12.
    pub month: i32,
    /// 1 to 31.
    pub day: i32,
    /// 0 to 23.
    pub hour: i32,
    /// 0 to 59.
    pub minute: i32,
    /// 0 to 60, since there are leap seconds.
    pub second: i32,
    /// 0 is Sunday.
    pub weekday: i32,
    /// Seconds east of Greenwich.
    pub utc_offset: i64,
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl LocalTime {
    /// `Jan` to `Dec`: the wire and the log are English whatever the locale.
    #[must_use]
    pub fn month_name(&self) -> &'static str {
        let index = usize::try_from(self.month).ok().and_then(|month| month.checked_sub(1));
        index.and_then(|index| MONTHS.get(index)).copied().unwrap_or("???")
    }
}

/// `2026-11-22 20:07:16`
impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, hour, minute, second, .. } = self;
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    }
}

/// Cuts a time since the epoch into local fields, by the C library as upstream
/// does: it alone reads every form of `TZ` the way other programs do.
#[must_use]
pub fn local_time(epoch: Duration) -> LocalTime {
    let seconds = libc::time_t::try_from(epoch.as_secs()).unwrap_or(libc::time_t::MAX);
    let mut fields = MaybeUninit::<libc::tm>::zeroed();
    // SAFETY: both pointers are to live values of the right type. A year that
    // does not fit gives NULL and leaves the zeroed fields, which are valid.
    unsafe { libc::localtime_r(&raw const seconds, fields.as_mut_ptr()) };
    // SAFETY: all-zero bytes are a valid `tm`, and `localtime_r` only writes valid ones.
    let fields = unsafe { fields.assume_init() };
    LocalTime {
        year: fields.tm_year.saturating_add(1900),
        month: fields.tm_mon + 1,
        day: fields.tm_mday,
        hour: fields.tm_hour,
        minute: fields.tm_min,
        second: fields.tm_sec,
        weekday: fields.tm_wday,
        utc_offset: fields.tm_gmtoff,
    }
}

fn read(clock: libc::clockid_t) -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a live timespec. Both clocks exist on every Linux, so
    // this cannot fail; if it did, the zero would stand.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    // A wall clock set before 1970 counts as the epoch itself.
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::{LocalTime, local_time, now};
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    #[test]
    fn the_steady_clock_does_not_go_back_and_the_wall_clock_is_the_systems() {
        let (first, second) = (now(), now());
        assert!(first.mono <= second.mono);
        let system = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        assert!(system.abs_diff(first.wall) < Duration::from_secs(5), "{first:?} is not {system:?}");
    }

    /// A5.1
    #[test]
    fn local_fields_and_offset_give_back_the_moment() {
        // 2026-11-22 15:18:51 UTC was a Sunday; zones lie within 14 hours of it
        let moment = 1_795_360_731_u64;
        let local = local_time(Duration::from_secs(moment));
        let shifted = i64::try_from(moment).unwrap() + local.utc_offset;
        assert_eq!((local.year, local.month), (2026, 11));
        assert_eq!(i64::from(local.second + 60 * (local.minute + 60 * local.hour)), shifted.rem_euclid(86_400));
        assert_eq!(i64::from(local.weekday), (shifted.div_euclid(86_400) + 4).rem_euclid(7));
        assert!((21..=23).contains(&local.day), "{local:?}");
    }

    /// A5.1
    #[test]
    fn a_moment_is_written_with_all_its_digits() {
        let at = LocalTime { year: 2026, month: 1, day: 2, hour: 3, minute: 4, second: 5, weekday: 5, utc_offset: 0 };
        assert_eq!(at.to_string(), "2026-01-02 03:04:05");
        let names = [1, 12, 0, 13, -1].map(|month| LocalTime { month, ..at }.month_name());
        assert_eq!(names, ["Jan", "Dec", "???", "???", "???"]);
    }
}
