//! Times as people read them.

use palisade_model::Timestamp;

/// A duration in microseconds: `0.4 ms`, `212 ms`, `2.41 s`, `3 min 12 s`, `2 h 5 min`, `3 d 4 h`.
pub(crate) fn duration(us: u64) -> String {
    match us {
        0..1_000 => format!("0.{} ms", us / 100),
        1_000..1_000_000 => format!("{} ms", us / 1_000),
        1_000_000..60_000_000 => format!("{}.{:02} s", us / 1_000_000, us % 1_000_000 / 10_000),
        _ => match us / 1_000_000 {
            seconds @ 0..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
            seconds @ 3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
            seconds => format!("{} d {} h", seconds / 86_400, seconds % 86_400 / 3_600),
        },
    }
}

/// A place in time behind a beginning, in microseconds: as a duration within the first minute, then to the second, as in
/// `0:03:12` and `3 d 4:00:00`.
pub(crate) fn offset(us: u64) -> String {
    let seconds = us / 1_000_000;
    let (days, hours) = (seconds / 86_400, seconds / 3_600 % 24);
    let clock = format!("{hours}:{:02}:{:02}", seconds / 60 % 60, seconds % 60);
    match seconds {
        0..60 => duration(us),
        60..86_400 => clock,
        _ => format!("{days} d {clock}"),
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
        seconds => format!("{} ago", roughly(seconds)),
    }
}

/// How far off a moment is: `now`, `in 40 s`, `in 3 min`, `in 2 h`, `in 5 d`.
pub(crate) fn until(then: Timestamp, now: Timestamp) -> String {
    match between(now, then) / 1_000_000 {
        0..2 => "now".to_owned(),
        seconds => format!("in {}", roughly(seconds)),
    }
}

fn roughly(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
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
            (3_599_999_999, "59 min 59 s"),
            (7_500_000_000, "2 h 5 min"),
            (273_600_000_000, "3 d 4 h"),
        ] {
            assert_eq!(duration(us), text);
        }
    }

    #[test]
    fn an_offset_keeps_its_seconds_for_days() {
        for (us, text) in [
            (59_990_000, "59.99 s"),
            (192_999_999, "0:03:12"),
            (7_380_000_000, "2:03:00"),
            (273_661_000_000, "3 d 4:01:01"),
        ] {
            assert_eq!(offset(us), text);
        }
    }

    #[test]
    fn a_clock_that_was_set_back_is_no_time_at_all() {
        let then: Timestamp = "2026-01-01T00:01:00Z".parse().unwrap();
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        assert_eq!((between(then, now), ago(then, now).as_str()), (0, "just now"));
        assert_eq!(ago(now, then), "1 min ago");
        assert_eq!((until(then, now).as_str(), until(now, then).as_str()), ("in 1 min", "now"));
    }
}
