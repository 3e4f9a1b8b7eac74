//! Secrets of an asset, their placeholders in one call, and how a secret is written into each kind of text.

use std::{borrow::Cow, collections::BTreeMap};

use memchr::memmem;
use palisade_model::plugin::ConnectorManifest;
use palisade_vault::Secret;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::rand::{SecureRandom, SystemRandom};

/// How every placeholder begins; with the digits after it, only unreserved characters of RFC 3986, so that every
/// encoder leaves it alone.
const PREFIX: &str = "palisade.";
/// Random bytes in a placeholder. An alert's text travels through the same requests: it must not be able to name a
/// secret, so a placeholder is new in every call and cannot be guessed.
const NONCE_BYTES: usize = 16;
const PLACEHOLDER_BYTES: usize = PREFIX.len() + 2 * NONCE_BYTES;

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// One secret of an asset.
pub(crate) struct Field {
    /// The configuration field.
    pub(crate) name: String,
    pub(crate) secret: Secret,
    /// Whether the connector was granted to hold it itself.
    pub(crate) revealed: bool,
}

/// The secrets of one asset. A secret is spoken of by its index.
pub(crate) struct Secrets(Vec<Field>);

impl Secrets {
    pub(crate) fn new(manifest: &ConnectorManifest, secrets: BTreeMap<String, Secret>) -> Self {
        let revealed = |name: &str| manifest.capabilities.reveal.iter().any(|reveal| reveal.field == name);
        Self(
            secrets
                .into_iter()
                .map(|(name, secret)| Field { revealed: revealed(&name), name, secret })
                .collect(),
        )
    }

    pub(crate) fn fields(&self) -> &[Field] {
        &self.0
    }

    pub(crate) fn index(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|field| field.name == name)
    }

    pub(crate) fn name(&self, index: usize) -> &str {
        &self.0[index].name
    }
}

/// What stands for each secret in one call; as many as there are [`Secrets`], in the same order.
pub(crate) struct Placeholders(Vec<String>);

/// Why a text's placeholders were not filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotFilled {
    /// The secret of this index has no business here.
    Misplaced(usize),
    /// The text would become longer than its limit.
    TooLong,
}

impl Placeholders {
    /// New ones.
    pub(crate) fn new(secrets: &Secrets) -> Self {
        let random = SystemRandom::new();
        let placeholder = |_| {
            let mut nonce = [0; NONCE_BYTES];
            random
                .fill(&mut nonce)
                .expect("the operating system's random numbers do not fail once it has started");
            let mut text = String::with_capacity(PLACEHOLDER_BYTES);
            text.push_str(PREFIX);
            text.extend(nonce.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(hex_digit));
            text
        };
        Self(secrets.fields().iter().map(placeholder).collect())
    }

    pub(crate) fn get(&self, index: usize) -> &str {
        &self.0[index]
    }

    /// Where placeholders stand in a text, and whose they are.
    fn find<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = (usize, usize)> + 'a {
        memmem::find_iter(text, PREFIX).filter_map(|at| {
            let candidate = text.get(at..at + PLACEHOLDER_BYTES)?;
            let index = self.0.iter().position(|placeholder| placeholder.as_bytes() == candidate)?;
            Some((at, index))
        })
    }

    /// The secret of the first placeholder in a text.
    pub(crate) fn first(&self, text: &[u8]) -> Option<usize> {
        self.find(text).next().map(|(_, index)| index)
    }

    /// The secrets of all placeholders in a text.
    pub(crate) fn all<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
        self.find(text).map(|(_, index)| index)
    }

    /// The text with what `value` gives in place of each placeholder; `None` if there is no placeholder in it.
    ///
    /// The limit is checked while it grows: a body full of placeholders of a long secret would be gigabytes.
    pub(crate) fn fill<'s>(
        &self,
        text: &[u8],
        limit: usize,
        mut value: impl FnMut(usize) -> Option<Cow<'s, str>>,
    ) -> Result<Option<Vec<u8>>, NotFilled> {
        let mut filled = Vec::new();
        let mut copied = 0;
        for (at, index) in self.find(text) {
            let value = value(index).ok_or(NotFilled::Misplaced(index))?;
            filled.extend_from_slice(&text[copied..at]);
            filled.extend_from_slice(value.as_bytes());
            copied = at + PLACEHOLDER_BYTES;
            if filled.len() > limit {
                return Err(NotFilled::TooLong);
            }
        }
        if copied == 0 {
            return Ok(None);
        }
        filled.extend_from_slice(&text[copied..]);
        if filled.len() > limit { Err(NotFilled::TooLong) } else { Ok(Some(filled)) }
    }
}

fn hex_digit(value: u8) -> char {
    char::from_digit(value.into(), 16).expect("a nibble is a hexadecimal digit")
}

/// How a secret is written so that the reader of the text finds exactly the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// As it is.
    Raw,
    /// Percent-encoded: in a query, and in a form, whose readers understand it as well.
    Percent,
    /// Within a string of JSON.
    Json,
    /// Within an element or an attribute of XML.
    Xml,
}

impl Encoding {
    pub(crate) const ALL: [Self; 4] = [Self::Raw, Self::Percent, Self::Json, Self::Xml];

    /// The encoding for a body of this content type.
    pub(crate) fn of_body(content_type: &str) -> Self {
        let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match essence.as_str() {
            "application/x-www-form-urlencoded" => Self::Percent,
            "application/json" | "text/json" => Self::Json,
            "application/xml" | "text/xml" => Self::Xml,
            // RFC 6839: `application/soap+xml`, `application/scim+json`.
            other if other.ends_with("+json") => Self::Json,
            other if other.ends_with("+xml") => Self::Xml,
            _ => Self::Raw,
        }
    }

    pub(crate) fn encode(self, secret: &str) -> Cow<'_, str> {
        match self {
            Self::Raw => secret.into(),
            Self::Percent => utf8_percent_encode(secret, RESERVED).into(),
            Self::Json => {
                let quoted = serde_json::Value::from(secret).to_string();
                quoted[1..quoted.len() - 1].to_owned().into()
            }
            Self::Xml if secret.contains(['&', '<', '>', '"', '\'']) => secret
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;")
                .replace('\'', "&apos;")
                .into(),
            Self::Xml => secret.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets(values: &[(&str, &str)]) -> Secrets {
        let field = |(name, value): &(&str, &str)| Field {
            name: (*name).to_owned(),
            secret: Secret::new((*value).to_owned()).unwrap(),
            revealed: false,
        };
        Secrets(values.iter().map(field).collect())
    }

    #[test]
    fn placeholders_are_new_in_every_call_and_unreserved() {
        let secrets = secrets(&[("api key ü", "correct horse"), ("other", "battery staple")]);
        let (one, two) = (Placeholders::new(&secrets), Placeholders::new(&secrets));
        assert_ne!(one.get(0), one.get(1));
        assert_ne!(one.get(0), two.get(0));
        assert_eq!(utf8_percent_encode(one.get(0), RESERVED).to_string(), one.get(0));
        assert_eq!(one.first(format!("x{}", one.get(1)).as_bytes()), Some(1));
        assert_eq!(one.first(two.get(0).as_bytes()), None, "another call's placeholder means nothing");
    }

    #[test]
    fn filling_stops_at_the_limit_and_at_what_is_misplaced() {
        let secrets = secrets(&[("key", "correct horse")]);
        let placeholders = Placeholders::new(&secrets);
        let text = format!("<{0}|{0}>", placeholders.get(0));
        let fill = |limit, value: Option<&'static str>| {
            placeholders.fill(text.as_bytes(), limit, |_| value.map(Cow::Borrowed))
        };
        assert_eq!(fill(100, Some("abc")), Ok(Some(b"<abc|abc>".to_vec())));
        assert_eq!(fill(9, Some("abc")), Ok(Some(b"<abc|abc>".to_vec())));
        assert_eq!(fill(8, Some("abc")), Err(NotFilled::TooLong));
        assert_eq!(fill(100, None), Err(NotFilled::Misplaced(0)));
        assert_eq!(placeholders.fill(b"palisade.none", 1, |_| None), Ok(None));
    }

    #[test]
    fn each_content_type_has_its_encoding() {
        let secret = "a\"b&c<d> é\n/'";
        for (content_type, expected) in [
            ("application/json; charset=utf-8", "a\\\"b&c<d> é\\n/'"),
            ("application/scim+json", "a\\\"b&c<d> é\\n/'"),
            ("text/xml", "a&quot;b&amp;c&lt;d&gt; é\n/&apos;"),
            ("Application/SOAP+XML;charset=UTF-8", "a&quot;b&amp;c&lt;d&gt; é\n/&apos;"),
            ("application/x-www-form-urlencoded", "a%22b%26c%3Cd%3E%20%C3%A9%0A%2F%27"),
            ("text/plain", secret),
            ("", secret),
        ] {
            assert_eq!(Encoding::of_body(content_type).encode(secret), expected, "{content_type}");
        }
    }
}
