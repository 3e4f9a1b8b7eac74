//! How a registry asks who somebody is: `WWW-Authenticate` (RFC 9110, section 11.6.1).

use http::{HeaderMap, header::WWW_AUTHENTICATE};

use crate::limits::CHALLENGE_BYTES;

/// What it asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// User and password.
    Basic,
    /// A token of this server.
    Bearer { realm: String, service: Option<String> },
}

/// The challenge that can be met; where there are two, the token: it says less about whoever has it.
pub(crate) fn challenge(headers: &HeaderMap) -> Result<Challenge, &'static str> {
    let challenges = headers.get_all(WWW_AUTHENTICATE).iter().map(|value| {
        let text = value.to_str().ok().filter(|text| text.len() <= CHALLENGE_BYTES);
        text.ok_or("what it asks for is not text of usual length").and_then(parse)
    });
    let mut met = Err("it does not say how");
    for challenge in challenges {
        match challenge {
            Ok(bearer @ Challenge::Bearer { .. }) => return Ok(bearer),
            Ok(basic) => met = Ok(basic),
            Err(why) if met.is_err() => met = Err(why),
            Err(_) => {}
        }
    }
    met
}

fn parse(text: &str) -> Result<Challenge, &'static str> {
    let (scheme, rest) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
    if scheme.eq_ignore_ascii_case("basic") {
        return Ok(Challenge::Basic);
    }
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err("it asks for something else than a password or a token");
    }
    let (mut realm, mut service) = (None, None);
    let mut rest = rest.trim_start();
    while !rest.is_empty() {
        let (name, value, after) = parameter(rest).ok_or("its parameters cannot be read")?;
        match name.to_ascii_lowercase().as_str() {
            "realm" => realm = Some(value),
            "service" => service = Some(value),
            _ => {}
        }
        rest = after;
    }
    realm.map(|realm| Challenge::Bearer { realm, service }).ok_or("it names no token server")
}

/// One `name=value` or `name="value"`, and what comes after it and its comma.
fn parameter(text: &str) -> Option<(&str, String, &str)> {
    let (name, rest) = text.split_once('=')?;
    let (value, rest) = match rest.strip_prefix('"') {
        Some(quoted) => quoted_string(quoted)?,
        None => {
            let end = rest.find([',', ' ']).unwrap_or(rest.len());
            (rest[..end].to_owned(), &rest[end..])
        }
    };
    let rest = rest.trim_start();
    let rest = if rest.is_empty() { rest } else { rest.strip_prefix(',')?.trim_start() };
    Some((name.trim(), value, rest))
}

/// What stands up to the closing quote, and what comes after it.
fn quoted_string(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(chars.next()?.1),
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(values: &[&str]) -> Result<Challenge, &'static str> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(WWW_AUTHENTICATE, HeaderValue::from_str(value).unwrap());
        }
        challenge(&headers)
    }

    #[test]
    fn a_challenge_is_read_as_registries_write_it() {
        let bearer = |realm: &str, service: Option<&str>| {
            Ok(Challenge::Bearer { realm: realm.to_owned(), service: service.map(str::to_owned) })
        };
        let ghcr = r#"Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:a/b:pull""#;
        assert_eq!(of(&[ghcr]), bearer("https://ghcr.io/token", Some("ghcr.io")));
        assert_eq!(of(&[r#"bearer realm=x , scope="a,b" , service="q\"q""#]), bearer("x", Some("q\"q")));
        assert_eq!(of(&[r#"Basic realm="basic-realm""#]), Ok(Challenge::Basic));
        assert_eq!(of(&["Negotiate", "Basic", r#"Bearer realm="x""#]), bearer("x", None));
        assert_eq!(of(&["Negotiate", "Basic"]), Ok(Challenge::Basic));
        for bad in [
            "",
            "Negotiate",
            "Bearer",
            "Bearer service=x",
            r#"Bearer realm="x"#,
            "Bearer realm",
            r#"Bearer realm="x" y"#,
        ] {
            assert!(of(&[bad]).is_err(), "{bad} was read");
        }
        assert!(of(&[]).is_err());
        assert!(of(&[&format!("Basic {}", "x".repeat(CHALLENGE_BYTES))]).is_err());
    }
}
