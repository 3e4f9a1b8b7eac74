//! Texts that match a pattern.

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::{limits::PATTERN_REPEATS, random::Random};

/// A text that matches this pattern, at least so many characters long where the pattern leaves it open. None for a pattern
/// that cannot be read; one with a look-around inside may give a text that does not match, which its caller checks.
pub(crate) fn text(pattern: &str, least: usize, random: &mut Random) -> Option<String> {
    let hir = regex_syntax::parse(pattern).ok()?;
    let mut text = String::new();
    write(&hir, least, random, &mut text);
    Some(text)
}

fn write(hir: &Hir, least: usize, random: &mut Random, text: &mut String) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => text.push_str(&String::from_utf8_lossy(&literal.0)),
        HirKind::Class(class) => text.extend(character(class, random)),
        HirKind::Repetition(repetition) => {
            let (min, max) = (repetition.min, repetition.max.unwrap_or(u32::MAX));
            let open = u32::try_from(least).unwrap_or(u32::MAX).min(PATTERN_REPEATS);
            // What may be absent is there now and then.
            let more = u32::try_from(random.below(4)).unwrap_or(0);
            let times = min.saturating_add(more).max(open).min(max).min(min.saturating_add(PATTERN_REPEATS));
            (0..times).for_each(|_| write(&repetition.sub, 0, random, text));
        }
        HirKind::Capture(capture) => write(&capture.sub, least, random, text),
        HirKind::Concat(parts) => parts.iter().for_each(|part| write(part, least, random, text)),
        HirKind::Alternation(choices) => {
            if let Some(choice) = choices.get(random.below(choices.len())) {
                write(choice, least, random, text);
            }
        }
    }
}

/// A character of the class, a letter or digit if it has any.
fn character(class: &Class, random: &mut Random) -> Option<char> {
    const PLAIN: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let contains = |c: char| match class {
        Class::Unicode(class) => {
            class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&c))
        }
        Class::Bytes(class) => u8::try_from(c)
            .is_ok_and(|c| class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&c))),
    };
    let plain: Vec<_> = PLAIN.chars().filter(|c| contains(*c)).collect();
    if let Some(c) = plain.get(random.below(plain.len())) {
        return Some(*c);
    }
    match class {
        Class::Unicode(class) => class.ranges().first().map(|range| range.start()),
        Class::Bytes(class) => class.ranges().first().map(|range| char::from(range.start())),
    }
}
