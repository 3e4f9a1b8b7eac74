//! Whether what came is what a cassette says.

use serde_json::Value;

/// What stands for any text in a text that is expected.
const ANY: &str = "[any]";

/// Whether a text is the expected one.
pub(crate) fn text(expected: &str, seen: &str) -> bool {
    let Some((first, mut rest)) = expected.split_once(ANY) else { return expected == seen };
    let Some(mut seen) = seen.strip_prefix(first) else { return false };
    // Every part between two of them is taken where it first occurs; the last must be the end.
    while let Some((part, after)) = rest.split_once(ANY) {
        let Some((_, remains)) = seen.split_once(part) else { return false };
        (seen, rest) = (remains, after);
    }
    seen.ends_with(rest)
}

/// Whether a JSON value is the expected one, each of its texts as [`text`] says.
pub(crate) fn json(expected: &Value, seen: &Value) -> bool {
    match (expected, seen) {
        (Value::String(expected), Value::String(seen)) => text(expected, seen),
        (Value::Array(expected), Value::Array(seen)) => {
            expected.len() == seen.len()
                && expected.iter().zip(seen).all(|(expected, seen)| json(expected, seen))
        }
        (Value::Object(expected), Value::Object(seen)) => {
            expected.len() == seen.len()
                && expected.iter().all(|(name, value)| seen.get(name).is_some_and(|seen| json(value, seen)))
        }
        _ => expected == seen,
    }
}

/// The first place where a JSON value lacks what is expected: of an object these fields, and perhaps more.
pub(crate) fn lacks(expected: &Value, seen: &Value, place: &str) -> Option<String> {
    match (expected, seen) {
        (Value::Object(expected), Value::Object(seen)) => expected.iter().find_map(|(name, value)| {
            let place = format!("{place}.{name}");
            match seen.get(name) {
                Some(seen) => lacks(value, seen, &place),
                None => Some(format!("{place} is not there")),
            }
        }),
        (Value::Array(expected), Value::Array(seen)) if expected.len() == seen.len() => expected
            .iter()
            .zip(seen)
            .enumerate()
            .find_map(|(index, (expected, seen))| lacks(expected, seen, &format!("{place}[{index}]"))),
        _ if json(expected, seen) => None,
        _ => Some(format!("{place} is {seen}, not {expected}")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn any_stands_for_any_text() {
        for (expected, seen, matches) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a[any]", "ab", true),
            ("a[any]c", "abc", true),
            ("a[any]c", "abcd", false),
            ("[any]b[any]", "abc", true),
            ("[any]b[any]d", "abcd", true),
            ("[any]x[any]", "abc", false),
            ("a[any]a", "a", false),
        ] {
            assert_eq!(text(expected, seen), matches, "{expected} {seen}");
        }
    }

    #[test]
    fn what_is_lacking_is_named() {
        let seen = json!({ "a": [{ "b": "x1", "c": 2 }] });
        assert_eq!(lacks(&json!({ "a": [{ "b": "x[any]" }] }), &seen, "data"), None);
        let lacking = lacks(&json!({ "a": [{ "b": "y" }] }), &seen, "data").unwrap();
        assert_eq!(lacking, "data.a[0].b is \"x1\", not \"y\"");
        assert_eq!(lacks(&json!({ "d": 1 }), &seen, "data").unwrap(), "data.d is not there");
    }
}
