//! Text of strangers on a terminal.
//!
//! An alert, a vendor's answer and a plugin's message may carry escape sequences that rewrite the screen, and
//! characters that reverse or hide text. They are shown, not obeyed.

/// One line: line breaks and tabs become spaces.
pub(crate) fn line(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.trim_end().chars() {
        if matches!(c, '\n' | '\t') { safe.push(' ') } else { push(&mut safe, c) }
    }
    safe
}

/// Text of several lines: line breaks and tabs stay.
pub(crate) fn text(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.trim_end().chars() {
        if matches!(c, '\n' | '\t') { safe.push(c) } else { push(&mut safe, c) }
    }
    safe
}

/// JSON text, changed only where a terminal would obey it, into escapes that mean the same (RFC 8259, section 7).
pub(crate) fn json(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if c != '\n' && is_active(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                safe.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            safe.push(c);
        }
    }
    safe
}

fn push(safe: &mut String, c: char) {
    match c {
        // The control pictures of Unicode stand in the order of the characters they picture.
        '\0'..='\x1f' => safe.extend(char::from_u32(0x2400 + u32::from(c))),
        '\x7f' => safe.push('␡'),
        c if is_active(c) => safe.extend(c.escape_unicode()),
        c => safe.push(c),
    }
}

/// Whether a terminal does something else than to show this character: controls, marks of direction (Unicode Standard
/// Annex 9), separators, and characters that nobody sees. The joiners stay; scripts need them.
fn is_active(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_are_shown_and_not_obeyed() {
        assert_eq!(line("a\x1b]0;owned\x07b\r\nc\u{9b}2J\x7f"), "a␛]0;owned␇b␍ c\\u{9b}2J␡");
        assert_eq!(line("exe.\u{202e}fdp"), "exe.\\u{202e}fdp");
        assert_eq!(text("one\n\ttwo\x1b[1A\n"), "one\n\ttwo␛[1A");
        assert_eq!(line("Zoë 👩‍💻 東京"), "Zoë 👩‍💻 東京");
    }

    #[test]
    fn json_keeps_its_meaning() {
        let value = serde_json::json!({ "a": "\u{9b}2J \u{202e} \u{e0041} \x1b é" });
        let safe = json(&serde_json::to_string_pretty(&value).unwrap());
        assert!(!safe.chars().any(|c| c != '\n' && is_active(c)), "{safe}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
    }
}
