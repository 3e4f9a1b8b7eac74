//! What registries and their token servers answer in JSON.

use http::HeaderValue;
use serde::Deserialize;

use crate::limits::REASON_CHARS;

/// What a token server answers; some call it one, some the other, some both.
#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    access_token: Option<String>,
}

/// How registries explain what they do not do.
#[derive(Deserialize)]
struct Refusal {
    errors: Vec<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

/// What is shown to the registry for the token in this answer.
pub(crate) fn token(answer: &[u8]) -> Result<HeaderValue, &'static str> {
    let none = "its token server answers with no token";
    let Token { token, access_token } = serde_json::from_slice(answer).map_err(|_| none)?;
    let token = [token, access_token].into_iter().flatten().find(|token| !token.is_empty()).ok_or(none)?;
    let mut value = HeaderValue::try_from(format!("Bearer {token}"))
        .map_err(|_| "its token cannot stand in a header field")?;
    value.set_sensitive(true);
    Ok(value)
}

/// The first reason that a registry gives, in its words; nothing if it gives none that can be read.
pub(crate) fn reason(answer: &[u8]) -> String {
    let reason = serde_json::from_slice(answer).ok().and_then(|Refusal { errors }| errors.into_iter().next());
    let words = reason.map(|Reason { code, message }| format!("{code} {message}")).unwrap_or_default();
    words.trim().chars().take(REASON_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_two_names_and_stands_on_one_line() {
        for answer in [r#"{"token":"t0ken"}"#, r#"{"token":"","access_token":"t0ken"}"#] {
            let value = token(answer.as_bytes()).unwrap();
            assert_eq!(value, "Bearer t0ken");
            assert!(value.is_sensitive());
        }
        for bad in ["", "[]", "{}", r#"{"token":""}"#, r#"{"token":7}"#, r#"{"token":"a\r\nx: y"}"#] {
            assert!(token(bad.as_bytes()).is_err(), "{bad} was read");
        }
    }

    #[test]
    fn a_reason_is_the_first_and_short() {
        let two = br#"{"errors":[{"code":"DENIED","message":"no"},{"code":"OTHER"}]}"#;
        assert_eq!(reason(two), "DENIED no");
        assert_eq!(reason(br#"{"errors":[{"code":"DENIED"}]}"#), "DENIED");
        for none in ["", "<html>", r#"{"errors":[]}"#, r#"{"errors":"x"}"#] {
            assert_eq!(reason(none.as_bytes()), "");
        }
        let long = format!(r#"{{"errors":[{{"message":"{}"}}]}}"#, "é".repeat(REASON_CHARS + 1));
        assert_eq!(reason(long.as_bytes()).chars().count(), REASON_CHARS);
    }
}
