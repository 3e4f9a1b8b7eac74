//! Two calls that should be one, under each other so that the eye finds where they part.

use palisade_model::journal::Divergence;

use crate::{
    printable,
    style::{BAD, DIM, GOOD},
};

/// Characters that are shown of a call.
const SHOWN_CHARS: usize = 160;
/// Characters in front of the place where two calls part, if that is far from their beginning.
const BEFORE_CHARS: usize = 40;

/// The recorded call and the one that was made, in two aligned lines.
pub(crate) fn lines(divergence: &Divergence) -> [String; 2] {
    let (expected, actual) = around(&divergence.expected, &divergence.actual);
    [
        format!("{DIM}journal  {DIM:#} {GOOD}{}{GOOD:#}", printable::line(&expected)),
        format!("{DIM}playbook {DIM:#} {BAD}{}{BAD:#}", printable::line(&actual)),
    ]
}

/// Cuts both alike, so that the place where they part can be seen.
fn around(expected: &str, actual: &str) -> (String, String) {
    let same = expected.chars().zip(actual.chars()).take_while(|(one, other)| one == other).count();
    let skipped = if same > SHOWN_CHARS / 2 { same - BEFORE_CHARS } else { 0 };
    let cut = |text: &str| {
        let (before, after) = (if skipped > 0 { "…" } else { "" }, text.chars().skip(skipped));
        let shown: String = after.clone().take(SHOWN_CHARS).collect();
        let more = if after.count() > SHOWN_CHARS { "…" } else { "" };
        format!("{before}{shown}{more}")
    };
    (cut(expected), cut(actual))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_two_long_calls_part_is_on_the_screen() {
        let (one, other) = (format!("{}X{}", "a".repeat(500), "b".repeat(500)), "a".repeat(501));
        let (expected, actual) = around(&one, &other);
        assert_eq!(expected.chars().position(|c| c == 'X'), Some(BEFORE_CHARS + 1));
        assert_eq!(actual, format!("…{}", "a".repeat(BEFORE_CHARS + 1)));
        assert!(expected.chars().count() <= SHOWN_CHARS + 2);
        assert_eq!(around("wait 1", "wait 2"), ("wait 1".into(), "wait 2".into()));
    }
}
