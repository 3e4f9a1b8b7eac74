//! Words of others in a ticket of ours.

/// How much of one value a ticket shows, in characters.
pub(crate) const VALUE_CHARS_MAX: usize = 200;

/// One short line: what an alert or a vendor says can neither begin a section of its own nor drown the others.
pub(crate) fn line(text: &str) -> String {
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
pub(crate) fn shortened(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        None => text.to_owned(),
        Some(_) => text.chars().take(chars_max - 1).chain(['…']).collect(),
    }
}

/// `1 day`, `2 days`.
pub(crate) fn counted(count: u64, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}
