//! The `Retry-After` header field (RFC 9110 section 10.2.3).

/// Milliseconds to wait: the field is either a number of seconds or a date, which is held against `now_ms`.
pub(super) fn milliseconds(field: &str, now_ms: impl FnOnce() -> u64) -> Option<u64> {
    if let Ok(seconds) = field.trim().parse::<u64>() {
        return seconds.checked_mul(1_000);
    }
    let date_ms = unix_seconds(field.trim())?.checked_mul(1_000)?;
    Some(date_ms.saturating_sub(now_ms()))
}

/// Seconds since 1970 of a date in the one form that senders may still use, `Sun, 06 Nov 1994 08:49:37 GMT`
/// (RFC 9110 section 5.6.7).
fn unix_seconds(date: &str) -> Option<u64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

    let (_, date) = date.split_once(", ")?;
    let mut fields = date.split(' ');
    let day: u64 = fields.next()?.parse().ok().filter(|day| (1..=31).contains(day))?;
    let month = fields.next()?;
    let month = MONTHS.iter().position(|name| *name == month)? as u64 + 1;
    let year: u64 = fields.next()?.parse().ok().filter(|year| (1970..=9999).contains(year))?;
    let mut time = fields.next()?.split(':').map(|field| field.parse::<u64>().ok().filter(|n| *n < 61));
    let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
    if hour > 23 || (fields.next(), fields.next()) != (Some("GMT"), None) {
        return None;
    }

    // Days since 1970, counting years from March so that the leap day comes last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    const DAYS_TO_1970: u64 = 719_468;
    Some((days.checked_sub(DAYS_TO_1970)? * 24 + hour) * 3600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::milliseconds;

    #[test]
    fn seconds_and_dates_are_understood() {
        assert_eq!(milliseconds("120", || 0), Some(120_000));
        // RFC 9110's own example date is 784111777 seconds after 1970.
        assert_eq!(milliseconds("Sun, 06 Nov 1994 08:49:37 GMT", || 784_111_770_000), Some(7_000));
        assert_eq!(milliseconds("Sun, 06 Nov 1994 08:49:37 GMT", || 784_111_780_000), Some(0));
        assert_eq!(milliseconds("Thu, 29 Feb 2024 00:00:00 GMT", || 1_709_164_799_000), Some(1_000));
        assert_eq!(milliseconds("soon", || 0), None);
    }
}
