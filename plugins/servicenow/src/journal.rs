//! Journal fields: what people and others have to say on a ticket.

use serde_json::{Map, Value};

/// The journal fields of every task.
const FIELDS: [&str; 2] = ["work_notes", "comments"];

/// What an instance shows between these, whatever their case, is HTML that runs in the browser of whoever reads the ticket.
const TAGS: [&str; 2] = ["[code]", "[/code]"];

/// The text with its tags broken by a space, so that they are words like others: notes quote alerts, and who wrote those is
/// not known.
pub(crate) fn plain(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut plain = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        plain.push(character);
        if TAGS.iter().any(|tag| lower[at..].starts_with(tag)) {
            plain.push(' ');
        }
    }
    plain
}

/// The fields with their journals in plain text.
pub(crate) fn with_plain_journals(mut fields: Map<String, Value>) -> Map<String, Value> {
    for (name, value) in &mut fields {
        if FIELDS.iter().any(|field| field.eq_ignore_ascii_case(name))
            && let Value::String(text) = value
        {
            *text = plain(text);
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn tags_are_broken_and_stay_readable() {
        assert_eq!(plain("a [code]<b>x</b>[/code] é"), "a [ code]<b>x</b>[ /code] é");
        assert_eq!(plain("[CODE][co[Code]de][/cOdE]"), "[ CODE][co[ Code]de][ /cOdE]");
        assert_eq!(plain("[é][codes] code]"), "[é][codes] code]");
    }
}
