//! What stands in a cassette for a value that must not: `[secret:FIELD]`, and `[key]` for the idempotency key.
//!
//! In a trial each secret is a canary: a word of its own that occurs nowhere else, made only of letters, digits, `.` and
//! `-`, so that it reads the same in a URL, a header, JSON, XML and a form.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use palisade_model::hex;

/// The idempotency key of the first call of each case; in a cassette, `[key]`.
pub const KEY: &str = "palisade-conformance-1-1";

/// A key that is another step's.
pub(crate) const OTHER_KEY: &str = "palisade-conformance-1-2";

/// The canaries of a plugin's secrets, by configuration field.
pub(crate) struct Labels(BTreeMap<String, String>);

impl Labels {
    pub(crate) fn new(secrets: &[String]) -> Self {
        let canary = |field: &String| {
            let plain: String = field.chars().filter(char::is_ascii_alphanumeric).collect();
            (field.clone(), format!("canary-{plain}-7f3a9c51e8"))
        };
        Self(secrets.iter().map(canary).collect())
    }

    pub(crate) fn canary(&self, field: &str) -> Option<&str> {
        self.0.get(field).map(String::as_str)
    }

    /// The text with the values in place of their labels.
    pub(crate) fn fill(&self, text: &str) -> String {
        let filled = text.replace("[key]", KEY);
        self.0.iter().fold(filled, |text, (field, canary)| text.replace(&label(field), canary))
    }

    /// The secret that stands in a text, and how; none if none does.
    pub(crate) fn find(&self, text: &str) -> Option<String> {
        self.0.iter().find_map(|(field, canary)| {
            if text.contains(&label(field)) {
                return Some(format!("the secret `{field}`, which the host took out,"));
            }
            if text.contains(canary.as_str()) {
                return Some(format!("the secret `{field}`"));
            }
            if text.to_ascii_lowercase().contains(&hex(canary.as_bytes())) {
                return Some(format!("the secret `{field}` in hexadecimal"));
            }
            in_base64(canary)
                .iter()
                .any(|form| text.contains(form))
                .then(|| format!("the secret `{field}` in Base64"))
        })
    }
}

/// The label of a secret.
pub fn label(field: &str) -> String {
    format!("[secret:{field}]")
}

/// What of a text is the same in Base64 wherever in a longer text it begins.
fn in_base64(text: &str) -> [String; 3] {
    [0, 1, 2].map(|before| {
        let padded = [&vec![b' '; before], text.as_bytes()].concat();
        let encoded = STANDARD_NO_PAD.encode(&padded[..padded.len() / 3 * 3]);
        // The first character groups hold bits of what stands before.
        encoded[(before * 8).div_ceil(6)..].to_owned()
    })
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn a_canary_is_found_in_each_form() {
        let labels = Labels::new(&["api_key".to_owned()]);
        let canary = labels.canary("api_key").unwrap().to_owned();
        assert_eq!(labels.fill("?k=[secret:api_key]&i=[key]"), format!("?k={canary}&i={KEY}"));
        for before in ["", "a", "ab", "user:"] {
            let text = STANDARD.encode(format!("{before}{canary}:after"));
            assert!(labels.find(&format!("x {text}")).unwrap().ends_with("Base64"), "{before}");
        }
        for leak in [canary.clone(), hex(canary.as_bytes()).to_uppercase(), "[secret:api_key]".to_owned()] {
            assert!(labels.find(&format!("x{leak}y")).is_some(), "{leak}");
        }
        assert_eq!(labels.find("nothing of it"), None);
    }
}
