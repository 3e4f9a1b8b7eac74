//! A text as the systems see it that compare names.

use palisade_model::unhex;

/// What stands in a text without being seen, and is dropped by what maps names (RFC 3454, table B.1; UTS #46).
const INVISIBLE: [char; 15] = [
    '\u{ad}', '\u{34f}', '\u{180e}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{200e}', '\u{200f}', '\u{2060}',
    '\u{2061}', '\u{2062}', '\u{2063}', '\u{2064}', '\u{feff}', '\0',
];

/// How far a full-width form is from the ASCII character that it stands for (Unicode, block FF00).
const FULL_WIDTH: u32 = 0xfee0;

/// Without case, without what cannot be seen, full-width forms as ASCII, the dots of other scripts as dots, and every
/// run of blanks as one.
pub(super) fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for seen in text.chars().filter(|c| !INVISIBLE.contains(c)) {
        let plain = match seen {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(seen) - FULL_WIDTH).unwrap_or(seen),
            '\u{3002}' | '\u{ff61}' => '.',
            blank if blank.is_whitespace() => ' ',
            other => other,
        };
        if plain == ' ' && (out.is_empty() || out.ends_with(' ')) {
            continue;
        }
        // By way of the upper case, so that letters with two small forms become one.
        out.extend(plain.to_uppercase().flat_map(char::to_lowercase));
    }
    out.truncate(out.trim_end().len());
    out
}

/// With `%2e` as the character that it stands for, the text being folded; nothing if it is no text then.
pub(super) fn percent_decoded(text: &str) -> Option<String> {
    let mut pieces = text.split('%');
    let mut out = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        match escaped(piece) {
            Some((byte, rest)) => {
                out.push(byte);
                out.extend_from_slice(rest.as_bytes());
            }
            None => {
                out.push(b'%');
                out.extend_from_slice(piece.as_bytes());
            }
        }
    }
    String::from_utf8(out).ok()
}

/// The byte that two hexadecimal digits stand for, and what follows.
pub(super) fn escaped(text: &str) -> Option<(u8, &str)> {
    let (digits, rest) = text.split_at_checked(2)?;
    Some((unhex(digits)?.pop()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_look_alike_are_alike() {
        for spelling in ["  CEO ", "ｃｅｏ", "c\u{200b}eo", "\tc\u{ad}eo\n"] {
            assert_eq!(folded(spelling), "ceo", "{spelling:?}");
        }
        assert_eq!(folded("Jane \u{a0}\u{3000} DOE"), "jane doe");
        assert_eq!(folded("ſtrasse"), "strasse");
        assert_eq!(folded("１０。0｡0.1"), "10.0.0.1");
    }

    #[test]
    fn an_escape_is_its_character() {
        assert_eq!(percent_decoded("%31%30.0.0%2e1").as_deref(), Some("10.0.0.1"));
        assert_eq!(percent_decoded("100%").as_deref(), Some("100%"));
        assert_eq!(percent_decoded("a%zz%41").as_deref(), Some("a%zzA"));
        assert_eq!(percent_decoded("%ff"), None);
    }
}
