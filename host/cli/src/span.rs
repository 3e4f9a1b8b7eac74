//! A number of seconds as people write it: `90s`, `15m`, `2h`.

use std::{fmt, str::FromStr};

/// A number of seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) u32);

/// Why a text is not a [`Span`].
#[derive(Debug, thiserror::Error)]
#[error("write it as a number of seconds, minutes or hours: 90s, 15m or 2h")]
pub(crate) struct NotASpan;

impl FromStr for Span {
    type Err = NotASpan;

    fn from_str(text: &str) -> Result<Self, NotASpan> {
        let (count, seconds) = [("s", 1), ("m", 60), ("h", 3_600)]
            .into_iter()
            .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)))
            .ok_or(NotASpan)?;
        if !count.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NotASpan);
        }
        let count: u32 = count.parse().map_err(|_| NotASpan)?;
        count.checked_mul(seconds).map(Self).ok_or(NotASpan)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            seconds if seconds >= 3_600 && seconds % 3_600 == 0 => write!(f, "{}h", seconds / 3_600),
            seconds if seconds >= 60 && seconds % 60 == 0 => write!(f, "{}m", seconds / 60),
            seconds => write!(f, "{seconds}s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_read_and_shown_in_the_unit_that_fits() {
        for (text, seconds, shown) in
            [("90s", 90, "90s"), ("900s", 900, "15m"), ("120m", 7_200, "2h"), ("0s", 0, "0s")]
        {
            assert_eq!(text.parse::<Span>().unwrap(), Span(seconds));
            assert_eq!(Span(seconds).to_string(), shown);
            assert_eq!(shown.parse::<Span>().unwrap(), Span(seconds));
        }
        for bad in ["", "90", "h", "1.5h", "-1s", "+1s", "1 s", "2d", "2ß", "1193047h"] {
            assert!(bad.parse::<Span>().is_err(), "{bad:?} was taken");
        }
    }
}
