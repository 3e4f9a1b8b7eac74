//! What `describe` does: the word after `variant:` in the component's own data.
//!
//! A component that describes itself has no input, so a test writes the word into a copy of the component. One build
//! makes any number of liars.

use std::hint::black_box;

/// The place in the data; a test looks for exactly these bytes, up to the end of the padding.
static WORD: [u8; 40] = *b"variant:honest..........................";

/// The word.
pub(crate) fn variant() -> &'static str {
    // Without the black box the compiler would settle the answer and drop the place.
    let word = &black_box(&WORD)["variant:".len()..];
    std::str::from_utf8(word).unwrap_or_default().trim_end_matches('.')
}
