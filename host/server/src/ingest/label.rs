//! The label of an alert, and its title: what becomes of the words of its source.

use serde::Deserialize;

/// What the URL of a source may say of its alerts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Options {
    /// The label of these alerts; without it, one made from what the source calls them.
    pub(crate) label: Option<String>,
}

/// `Suspicious Outbound Connection` is the label `suspicious-outbound-connection`.
pub(crate) fn label_from(name: &str) -> String {
    let mut label = String::with_capacity(name.len());
    for c in name.chars().map(|c| c.to_ascii_lowercase()) {
        if c.is_ascii_alphanumeric() {
            label.push(c);
        } else if !label.is_empty() && !label.ends_with('-') {
            label.push('-');
        }
    }
    match label.trim_end_matches('-') {
        "" => "event".to_owned(),
        label => label.to_owned(),
    }
}

/// The text on one line: names are titles.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
