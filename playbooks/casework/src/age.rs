const MS_PER_DAY: u64 = 24 * 60 * 60 * 1_000;

/// Whole days from a date, `2025-12-20` with anything behind it, to a time in milliseconds since 1970. None have
/// passed since a date that is yet to come.
pub(crate) fn days_between(date: &str, now_ms: u64) -> Option<u64> {
    let mut parts = date.get(..10)?.split('-');
    let year: u64 = parts.next()?.parse().ok().filter(|year| *year >= 1970)?;
    let month: u64 = parts.next()?.parse().ok().filter(|month| (1..=12).contains(month))?;
    let day: u64 = parts.next()?.parse().ok().filter(|day| (1..=31).contains(day))?;
    Some((now_ms / MS_PER_DAY).saturating_sub(days_since_1970(year, month, day)))
}

/// Years are counted from March, so that the leap day comes last.
fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    const FROM_YEAR_0: u64 = 719_468;
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1 - FROM_YEAR_0
}

#[cfg(test)]
mod tests {
    use super::days_between;

    #[test]
    fn days_are_counted_over_leap_years() {
        let first_of_march_2024 = 1_709_251_200_000;
        assert_eq!(days_between("2024-02-28T23:59:59Z", first_of_march_2024), Some(2));
        assert_eq!(days_between("1970-01-01", first_of_march_2024), Some(19_783));
        assert_eq!(days_between("2024-03-02", first_of_march_2024), Some(0));
        assert_eq!(days_between("before 1996", first_of_march_2024), None);
    }
}
