//! Spans of time as people write them: `10s`, `500ms`, `2m`, `1h`.

use std::time::Duration;

/// What stands behind a number, and the milliseconds of one.
const UNITS: &[(&str, f64)] =
    &[("ms", 1.0), ("s", 1_000.0), ("m", 60_000.0), ("h", 3_600_000.0), ("d", 86_400_000.0), ("", 1_000.0)];
/// Longest span taken, in milliseconds: a hundred years.
const LONGEST: f64 = 100.0 * 365.0 * 86_400_000.0;

/// A number with a unit; seconds without one.
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let (_, milliseconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let span = number.parse::<f64>().ok()? * milliseconds;
    (0.0..=LONGEST).contains(&span).then(|| Duration::from_secs_f64(span / 1_000.0))
}

#[cfg(test)]
mod tests {
    use super::parse;
    use std::time::Duration;

    #[test]
    fn numbers_have_units_and_seconds_need_none() {
        assert_eq!(parse("10s"), Some(Duration::from_secs(10)));
        assert_eq!(parse("10"), Some(Duration::from_secs(10)));
        assert_eq!(parse("1.5m"), Some(Duration::from_secs(90)));
        assert_eq!(parse("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(parse("2h"), Some(Duration::from_secs(7200)));
        assert_eq!(parse("1d"), Some(Duration::from_secs(86_400)));
        for bad in ["", "s", "-1s", "1x", "1 s", "1e999", "9999999999d"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
