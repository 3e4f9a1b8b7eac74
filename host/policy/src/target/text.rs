//! A text as the systems see it that compare names.

use icu_normalizer::{
    ComposingNormalizerBorrowed as ComposingNormalizer,
    DecomposingNormalizerBorrowed as DecomposingNormalizer,
};
use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{DefaultIgnorableCodePoint, GeneralCategory, GeneralCategoryGroup},
};
use palisade_model::unhex;

/// In one spelling (Unicode, NFKC, so that full-width forms are ASCII and letters are composed), without case, without what
/// is not seen (Unicode, `Default_Ignorable_Code_Point`; systems that map names drop it: RFC 4518, UTS #46), the dots of
/// other scripts as dots, and every run of blanks as one.
pub(super) fn folded(text: &str) -> String {
    let unseen = CodePointSetData::new::<DefaultIgnorableCodePoint>();
    let compose = ComposingNormalizer::new_nfkc();
    let mut out = String::with_capacity(text.len());
    for seen in compose.normalize(text).chars().filter(|c| *c != '\0' && !unseen.contains(*c)) {
        let plain = match seen {
            '\u{3002}' => '.',
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
    // What was taken out may have kept a letter from its mark.
    compose.normalize(&out).into_owned()
}

/// A folded text without accents: some directories compare so (Active Directory ignores marks that take no place).
pub(super) fn bare(folded: &str) -> String {
    let category = CodePointMapData::<GeneralCategory>::new();
    let is_mark = |c: &char| GeneralCategoryGroup::Mark.contains(category.get(*c));
    DecomposingNormalizer::new_nfkd().normalize(folded).chars().filter(|c| !is_mark(c)).collect()
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
        for spelling in
            ["  CEO ", "ｃｅｏ", "c\u{200b}eo", "\tc\u{ad}eo\n", "ⓒeo", "c\u{202a}eo", "c\u{fe0f}eo"]
        {
            assert_eq!(folded(spelling), "ceo", "{spelling:?}");
        }
        assert_eq!(folded("Jane \u{a0}\u{3000} DOE"), "jane doe");
        assert_eq!(folded("ſtrasse"), "strasse");
        assert_eq!(folded("MU\u{308}NCHEN"), folded("m\u{200b}ünchen"));
        assert_eq!(folded("１０。0｡0.1"), "10.0.0.1");
    }

    #[test]
    fn without_accents_a_text_is_what_a_directory_may_find() {
        assert_eq!(bare(&folded("ÇÉO")), "ceo");
        assert_eq!(bare("jörg"), bare("jo\u{308}rg"));
    }

    #[test]
    fn an_escape_is_its_character() {
        assert_eq!(percent_decoded("%31%30.0.0%2e1").as_deref(), Some("10.0.0.1"));
        assert_eq!(percent_decoded("100%").as_deref(), Some("100%"));
        assert_eq!(percent_decoded("a%zz%41").as_deref(), Some("a%zzA"));
        assert_eq!(percent_decoded("%ff"), None);
    }
}
