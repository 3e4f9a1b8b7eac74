//! Which versions of a plugin may come without a word that says so.

use semver::Version;
use serde::{Deserialize, Serialize};

/// What is remembered of the versions of a plugin that were in place. Where versions have an order
/// (<https://semver.org>, section 11), that is the newest; a text without one can only be told from another, so the
/// text that was in place last is remembered, until a semantic version is let in after it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Remembered")]
pub struct Marks {
    /// The newest semantic version. It never becomes an older one.
    #[serde(skip_serializing_if = "Option::is_none")]
    newest: Option<String>,
    /// The version that was in place last, if it is no semantic version.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<String>,
}

/// Marks as they are kept, or as they were when there was one only.
#[derive(Deserialize)]
#[serde(untagged)]
enum Remembered {
    One(String),
    Marks { newest: Option<String>, last: Option<String> },
}

impl From<Remembered> for Marks {
    fn from(remembered: Remembered) -> Self {
        match remembered {
            Remembered::One(version) => Self::default().with(&version),
            Remembered::Marks { newest, last } => Self { newest, last },
        }
    }
}

impl Marks {
    /// The version for whose sake this one must be allowed: one that is newer, or one that cannot be compared with it.
    pub fn against(&self, version: &str) -> Option<&str> {
        match (Version::parse(version), self.last.as_deref(), self.newest.as_deref()) {
            (Err(_), Some(last), _) if last == version => None,
            (Err(_), last, newest) => last.or(newest),
            (Ok(version), _, Some(newest)) if is_newer(newest, &version) => Some(newest),
            (Ok(_), last, _) => last,
        }
    }

    /// With a version that is, or was, in place after all that are remembered.
    #[must_use]
    pub fn with(self, version: &str) -> Self {
        match (Version::parse(version), self.newest) {
            (Err(_), newest) => Self { newest, last: Some(version.to_owned()) },
            (Ok(parsed), Some(newest)) if is_newer(&newest, &parsed) => {
                Self { newest: Some(newest), last: None }
            }
            (Ok(_), _) => Self { newest: Some(version.to_owned()), last: None },
        }
    }
}

/// Whether what is remembered is newer. Anything that cannot be read is: whoever wrote it did not write it here.
fn is_newer(newest: &str, version: &Version) -> bool {
    Version::parse(newest).map_or(true, |newest| version.cmp_precedence(&newest).is_lt())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(versions: &[&str]) -> Marks {
        versions.iter().fold(Marks::default(), |marks, version| marks.with(version))
    }

    /// Versions that were in place one after the other, by whatever word; the one that comes then; and for whose sake it
    /// must be allowed.
    #[test]
    fn what_comes_is_held_against_what_was_in_place() {
        for (were_in_place, comes, against) in [
            // Nothing was ever there.
            (&[][..], "1.2.3", None),
            (&[], "tuesday", None),
            // Semantic versions stand in their order.
            (&["1.2.3"], "1.2.3", None),
            (&["1.2.3"], "1.2.3+build.7", None),
            (&["1.9.9"], "1.10.0", None),
            (&["1.10.0"], "1.9.9", Some("1.10.0")),
            (&["2.0.0"], "2.0.0-rc.1", Some("2.0.0")),
            // An old one that was allowed, or that a rollback brought back, does not make the newest forgotten.
            (&["2.0.0", "1.0.0"], "1.5.0", Some("2.0.0")),
            (&["2.0.0", "1.0.0"], "2.0.0", None),
            (&["2.0.0", "1.0.0"], "2.0.1", None),
            // A text after a semantic version, and another text after a text, might be anything.
            (&["1.2.3"], "tuesday", Some("1.2.3")),
            (&["1.2.3"], "1.2", Some("1.2.3")),
            (&["1.2.3"], "../1.2.3", Some("1.2.3")),
            (&["1.2.3", "tuesday"], "tuesday", None),
            (&["1.2.3", "tuesday"], "wednesday", Some("tuesday")),
            (&["tuesday", "wednesday"], "wednesday", None),
            (&["tuesday", "wednesday"], "tuesday", Some("wednesday")),
            (&["tuesday", "wednesday", "tuesday"], "wednesday", Some("tuesday")),
            // So might a semantic version after a text; once it was let in, its order holds.
            (&["tuesday"], "1.2.3", Some("tuesday")),
            (&["tuesday", "1.2.3"], "1.2.3", None),
            (&["tuesday", "1.2.3"], "1.2.4", None),
            (&["tuesday", "1.2.3"], "1.2.2", Some("1.2.3")),
            (&["tuesday", "1.2.3"], "tuesday", Some("1.2.3")),
            // And no text between makes the newest forgotten.
            (&["2.0.0", "tuesday"], "1.0.0", Some("2.0.0")),
            (&["2.0.0", "tuesday"], "2.0.0", Some("tuesday")),
            (&["2.0.0", "tuesday"], "3.0.0", Some("tuesday")),
            (&["2.0.0", "tuesday", "1.0.0"], "1.5.0", Some("2.0.0")),
            (&["2.0.0", "tuesday", "1.0.0"], "2.0.0", None),
            (&["2.0.0", "tuesday", "1.0.0"], "tuesday", Some("2.0.0")),
            (&["2.0.0", "tuesday", "3.0.0"], "2.9.9", Some("3.0.0")),
            (&["2.0.0", "tuesday", "3.0.0"], "3.0.1", None),
        ] {
            let marks = after(were_in_place);
            assert_eq!(marks.against(comes), against, "{comes} after {were_in_place:?}");
            // Remembering once more what is in place changes nothing.
            let again = were_in_place.last().map_or(marks.clone(), |last| marks.clone().with(last));
            assert_eq!(again, marks, "{were_in_place:?}");
        }
    }

    #[test]
    fn marks_are_read_as_they_were_kept_also_when_there_was_one_only() {
        for were_in_place in [&[][..], &["1.2.3"], &["tuesday"], &["1.2.3", "tuesday"]] {
            let marks = after(were_in_place);
            let kept = serde_json::to_string(&marks).unwrap();
            assert_eq!(serde_json::from_str::<Marks>(&kept).unwrap(), marks, "{kept}");
        }
        for version in ["1.2.3", "tuesday"] {
            let kept = serde_json::to_string(version).unwrap();
            assert_eq!(serde_json::from_str::<Marks>(&kept).unwrap(), after(&[version]));
        }
        assert!(serde_json::from_str::<Marks>("7").is_err());
    }
}
