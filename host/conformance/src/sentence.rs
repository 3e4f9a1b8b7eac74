//! Whether a text is a sentence for a person.

use crate::limits::SENTENCE_CHARS;

/// Words of programs that no person should have to read.
const PROGRAM: [&str; 10] = [
    "panicked at",
    "Traceback",
    "RuntimeError",
    "TypeError:",
    "Err(",
    "Some(",
    "Ok(",
    "[object ",
    "undefined",
    "NoneType",
];

/// What keeps a text from being a sentence for a person; nothing if it is one.
pub(crate) fn wrong(text: &str) -> Option<String> {
    let trimmed = text.trim();
    if !trimmed.contains(char::is_alphabetic) {
        return Some(format!("{trimmed:?} says nothing"));
    }
    let count = trimmed.chars().count();
    let shown = || trimmed.chars().take(80).collect::<String>();
    if count > SENTENCE_CHARS {
        return Some(format!("{count} characters, more than {SENTENCE_CHARS}: {}…", shown()));
    }
    if trimmed.contains(char::is_control) || trimmed.starts_with(['{', '[', '<']) {
        return Some(format!("no sentence but an answer as it came: {}", shown()));
    }
    PROGRAM
        .into_iter()
        .find(|word| trimmed.contains(word))
        .map(|word| format!("`{word}` is a program's word: {}", shown()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_for_a_person() {
        for good in ["The server refuses the password.", "203.0.113.7 is not known.", "Ja."] {
            assert_eq!(wrong(good), None);
        }
        for bad in [
            "",
            " 17 ",
            r#"{"error": 1}"#,
            "<html>",
            "called `Option::unwrap()` and panicked at x",
            "Some(1) is it",
        ] {
            assert!(wrong(bad).is_some(), "{bad}");
        }
        assert!(wrong(&"long ".repeat(200)).is_some());
    }
}
