//! The small values of the file, checked while it is read, so that an error has its line.

use std::{fmt, marker::PhantomData, time::Duration};

use palisade_model::action::Effect;
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, SeqAccess, Visitor},
};

use crate::limits::{DEADLINE_MAX, LIST_ITEMS_MAX, QUOTED_CHARS, TEXT_BYTES};

/// Seconds of the units in which a time is written, longest first.
const UNITS: [(char, u64); 4] = [('d', 24 * 60 * 60), ('h', 60 * 60), ('m', 60), ('s', 1)];

/// An effect that a policy is about. The others change nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mutating {
    Contain,
    Correct,
    Generic,
}

impl From<Mutating> for Effect {
    fn from(effect: Mutating) -> Self {
        match effect {
            Mutating::Contain => Self::Contain,
            Mutating::Correct => Self::Correct,
            Mutating::Generic => Self::Generic,
        }
    }
}

/// What the file says of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Then {
    Allow,
    Approve,
    Deny,
}

impl fmt::Display for Then {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allow => "allow",
            Self::Approve => "approve",
            Self::Deny => "deny",
        })
    }
}

/// A list of at least one value.
#[derive(Clone, Debug)]
pub(crate) struct OneOf<T>(pub(crate) Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOf<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Items(PhantomData))
    }
}

struct Items<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Items<T> {
    type Value = OneOf<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list: [\"…\", \"…\"]")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OneOf<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            if items.len() == LIST_ITEMS_MAX {
                return Err(A::Error::custom(format!("a list has at most {LIST_ITEMS_MAX} entries")));
            }
            items.push(item);
        }
        if items.is_empty() {
            return Err(A::Error::custom(
                "an empty list fits nothing: name at least one, or leave the line out",
            ));
        }
        Ok(OneOf(items))
    }
}

/// A name or an entry as a person writes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Words(pub(crate) String);

impl TryFrom<String> for Words {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("a text that is empty fits nothing".to_owned());
        }
        if text.len() > TEXT_BYTES {
            return Err(format!("a text has at most {TEXT_BYTES} bytes"));
        }
        if text.contains(char::is_control) {
            return Err("a text has no control characters and no line breaks".to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

/// An action or a label: compared without case, so that a rule that denies does not miss for a capital.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Words")]
pub(crate) struct Phrase(String);

impl Phrase {
    pub(crate) fn fits(&self, text: &str) -> bool {
        self.0 == text.trim().to_lowercase()
    }
}

impl TryFrom<Words> for Phrase {
    type Error = String;

    fn try_from(Words(text): Words) -> Result<Self, String> {
        // It would be taken for a pattern, and never fit.
        if text.contains('*') {
            return Err(format!(
                "{text:?} is no name: patterns are not known here, leave the line out for any"
            ));
        }
        Ok(Self(text.to_lowercase()))
    }
}

/// A foreign text in a sentence for a person: escaped, so that it can pretend nothing on a terminal, and cut.
pub(crate) struct Quoted<'a>(pub(crate) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.char_indices().nth(QUOTED_CHARS) {
            Some((end, _)) => write!(f, "{:?}…", &self.0[..end]),
            None => write!(f, "{:?}", self.0),
        }
    }
}

/// A time as people write it: `90s`, `30m`, `4h`, `1d`. From a second to [`DEADLINE_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Period(pub(crate) Duration);

impl TryFrom<String> for Period {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let bad = || {
            format!(
                "{} is not a time: write 90s, 30m, 4h or 1d, at most {}",
                Quoted(&text),
                Self(DEADLINE_MAX)
            )
        };
        let (unit, seconds) = UNITS.into_iter().find(|(unit, _)| text.ends_with(*unit)).ok_or_else(bad)?;
        let number = text.trim_end_matches(unit);
        if number.len() + 1 != text.len() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(bad());
        }
        let seconds =
            number.parse::<u64>().ok().and_then(|number| number.checked_mul(seconds)).ok_or_else(bad)?;
        let period = Duration::from_secs(seconds);
        if period.is_zero() || period > DEADLINE_MAX {
            return Err(bad());
        }
        Ok(Self(period))
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match UNITS.into_iter().find(|(_, unit)| seconds.is_multiple_of(*unit)) {
            Some((name, unit)) => write!(f, "{}{name}", seconds / unit),
            None => write!(f, "{seconds}s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_reads_as_it_is_written_and_has_bounds() {
        for (text, seconds) in
            [("90s", 90), ("30m", 1_800), ("4h", 14_400), ("1d", 86_400), ("30d", 2_592_000)]
        {
            let period = Period::try_from(text.to_owned()).unwrap();
            assert_eq!(period.0, Duration::from_secs(seconds));
            assert_eq!(period.to_string(), text);
        }
        for bad in [
            "",
            "4",
            "h",
            "0m",
            "31d",
            "-1h",
            "1.5h",
            "4 h",
            "4hh",
            "1h30m",
            "4H",
            "99999999999999999999d",
            "4天",
        ] {
            assert!(Period::try_from(bad.to_owned()).is_err(), "{bad:?} was accepted");
        }
    }

    #[test]
    fn an_action_is_compared_without_case() {
        let phrase = Phrase::try_from(Words("Block IP".to_owned())).unwrap();
        assert!(phrase.fits("block ip"));
        assert!(!phrase.fits("block url"));
        assert!(Phrase::try_from(Words("block *".to_owned())).is_err());
    }
}
