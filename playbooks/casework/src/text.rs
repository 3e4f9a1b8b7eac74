//! Words of others in a text of ours.

use palisade_sdk::playbook::{Alert, Severity};

/// How much of one value a text shows, in characters.
pub const VALUE_CHARS_MAX: usize = 200;

/// How many values are listed one by one; the rest is a number.
pub const LISTED_MAX: usize = 15;

/// One short line: what an alert or a vendor says can neither begin a section of its own nor drown the others.
pub fn line(text: &str) -> String {
    shortened(
        &text
            .split(|c: char| c.is_whitespace() || c.is_control())
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(" "),
        VALUE_CHARS_MAX,
    )
}

/// At most this many characters.
pub fn shortened(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        None => text.to_owned(),
        Some(_) => text.chars().take(chars_max - 1).chain(['…']).collect(),
    }
}

/// `1 day`, `2 days`.
pub fn counted(count: u64, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

/// The values with commas between them, if there are any: the first of them, and how many more there are.
pub fn listed(values: &[String]) -> Option<String> {
    let more = values.len().saturating_sub(LISTED_MAX);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    let first = values.iter().take(LISTED_MAX).cloned().collect::<Vec<_>>().join(", ");
    Some(format!("{first}{rest}")).filter(|_| !values.is_empty())
}

/// Adds a section: its title, and its lines below it.
pub fn section(text: &mut String, title: &str, lines: &[String]) {
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(title);
    text.push('\n');
    for line in lines {
        text.push_str("  ");
        text.push_str(line);
        text.push('\n');
    }
}

/// Adds a line with a fact, if it is known.
pub fn fact(lines: &mut Vec<String>, name: &str, value: Option<&str>) {
    lines.extend(value.map(|value| format!("{name}: {}", line(value))));
}

/// Which alert it is about, how bad that is, and who sent it.
pub fn origin(alert: &Alert) -> String {
    let Alert { id, source, name, .. } = alert;
    format!("Alert {id}, {}, from {}: {}", severity(alert.severity), line(source), line(name))
}

/// The word for how bad something is.
fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Informational => "informational",
        Severity::Low => "low",
        Severity::Medium => "medium",
        Severity::High => "high",
        Severity::Critical => "critical",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_on_one_short_line() {
        assert_eq!(line(" a\n\n  b\u{1b}[2J\tc "), "a b [2J c");
        assert_eq!(line(&"x".repeat(300)).chars().count(), VALUE_CHARS_MAX);
        assert_eq!(shortened("naïve", 4), "naï…");
    }

    #[test]
    fn sections_stand_apart() {
        let mut text = String::new();
        section(&mut text, "One", &["a".to_owned()]);
        section(&mut text, "Two", &[]);
        assert_eq!(text, "One\n  a\n\nTwo\n");
    }
}
