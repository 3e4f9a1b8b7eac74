//! Times as people read them.

use palisade_model::Timestamp;

/// A duration in microseconds: `0.4 ms`, `212 ms`, `2.41 s`, `3 min 12 s`.
pub(crate) fn duration(us: u64) -> String {
    match us {
        0..1_000 => format!("0.{} ms", us / 100),
        1_000..1_000_000 => format!("{} ms", us / 1_000),
        1_000_000..60_000_000 => format!("{}.{:02} s", us / 1_000_000, us % 1_000_000 / 10_000),
        _ => format!("{} min {} s", us / 60_000_000, us % 60_000_000 / 1_000_000),
    }
}

/// Microseconds from one moment to a later one; none if the clock was set back between them.
pub(crate) fn between(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.duration_since(from).as_micros()).unwrap_or(0)
}

/// How long ago a moment was: `just now`, `40 s ago`, `3 min ago`, `2 h ago`, `5 d ago`.
pub(crate) fn ago(then: Timestamp, now: Timestamp) -> String {
    match between(then, now) / 1_000_000 {
        0..2 => "just now".to_owned(),
        seconds @ 2..60 => format!("{seconds} s ago"),
        seconds @ 60..3_600 => format!("{} min ago", seconds / 60),
        seconds @ 3_600..86_400 => format!("{} h ago", seconds / 3_600),
        seconds => format!("{} d ago", seconds / 86_400),
    }
}

/// A moment in UTC, to the second.
pub(crate) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_at_a_glance() {
        for (us, text) in [
            (40, "0.0 ms"),
            (999, "0.9 ms"),
            (212_900, "212 ms"),
            (2_413_000, "2.41 s"),
            (192_000_000, "3 min 12 s"),
        ] {
            assert_eq!(duration(us), text);
        }
    }

    #[test]
    fn a_clock_that_was_set_back_is_no_time_at_all() {
        let then: Timestamp = "2026-01-01T00:01:00Z".parse().unwrap();
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        assert_eq!((between(then, now), ago(then, now).as_str()), (0, "just now"));
        assert_eq!(ago(now, then), "1 min ago");
    }
}
