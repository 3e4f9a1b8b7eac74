//! Takes secrets out of what comes back.
//!
//! Systems echo what they were sent: an error page quotes the URL, a debug header the token. Found are a secret as it
//! is, in each encoding that requests use, and in Base64 wherever it begins, which includes `user:password` of HTTP
//! Basic. This guards against accidents; a server that was given a secret and hands it on in a form of its own cannot be
//! stopped here, and neither can a secret that is split across two reads of a TCP stream.
//!
//! What a connector keeps as confidential in its asset's state is taken out as well, of what everyone reads: the connector
//! got it from a system, and may get it again.

use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

use base64::{Engine, engine::general_purpose};
use memchr::memmem::Finder;

use crate::secrets::{Encoding, Field, Placeholders, Secrets};

/// One form of one secret.
struct Needle {
    finder: Finder<'static>,
    /// What stands in its place.
    label: Arc<str>,
}

/// What is looked for of one secret of the asset.
struct Sought {
    needles: Vec<Needle>,
    revealed: bool,
}

/// Finds the secrets of one asset; built once, for its needles are prepared.
pub(crate) struct Scrubber {
    /// By index of the secret.
    secrets: Vec<Sought>,
}

/// A value of the asset's state that nobody must see.
pub(crate) struct Confidential {
    value: String,
    needles: Vec<Needle>,
}

/// Whose eyes the text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// The connector: it holds what was revealed to it, and may get it back.
    Connector,
    /// Everyone: logs, reports, the journal.
    Everyone,
}

impl Scrubber {
    pub(crate) fn new(secrets: &Secrets) -> Self {
        let sought = |field: &Field| Sought {
            needles: needles(field.secret.expose(), &format!("[secret:{}]", field.name)),
            revealed: field.revealed,
        };
        Self { secrets: secrets.fields().iter().map(sought).collect() }
    }

    /// Whether there is anything that this reader must not see.
    pub(crate) fn hides_from(&self, reader: Reader) -> bool {
        self.needles_for(reader).next().is_some()
    }

    /// The secrets that stand in a text.
    pub(crate) fn find(&self, text: &[u8]) -> impl Iterator<Item = usize> {
        let stands = |sought: &Sought| sought.needles.iter().any(|needle| needle.finder.find(text).is_some());
        self.secrets.iter().enumerate().filter(move |(_, sought)| stands(sought)).map(|(index, _)| index)
    }

    /// The bytes with `[secret:FIELD]` for every secret; the same bytes, not copied, if there is none.
    pub(crate) fn bytes(&self, text: Vec<u8>, reader: Reader) -> Vec<u8> {
        replace(text, self.needles_for(reader))
    }

    /// The text with `[secret:FIELD]` for every secret that this reader must not see.
    pub(crate) fn text(&self, text: String, reader: Reader) -> String {
        into_text(self.bytes(text.into_bytes(), reader))
    }

    /// The text for everyone: also with `[state:KEY]` for every confidential value.
    pub(crate) fn for_everyone<'a>(
        &self,
        text: String,
        confidential: impl Iterator<Item = &'a Confidential>,
    ) -> String {
        let confidential = confidential.flat_map(|confidential| &confidential.needles);
        into_text(replace(text.into_bytes(), self.needles_for(Reader::Everyone).chain(confidential)))
    }

    /// The text with `[secret:FIELD]` for every placeholder.
    pub(crate) fn placeholders(&self, text: String, placeholders: &Placeholders) -> String {
        let label = |index: usize| Some(Cow::Borrowed(&*self.secrets[index].needles.first()?.label));
        match placeholders.fill(text.as_bytes(), usize::MAX, label) {
            Ok(Some(filled)) => String::from_utf8_lossy(&filled).into_owned(),
            Ok(None) | Err(_) => text,
        }
    }

    fn needles_for(&self, reader: Reader) -> impl Iterator<Item = &Needle> {
        let secrets =
            self.secrets.iter().filter(move |sought| reader == Reader::Everyone || !sought.revealed);
        secrets.flat_map(|sought| &sought.needles)
    }
}

impl Confidential {
    pub(crate) fn new(key: &str, value: String) -> Self {
        Self { needles: needles(&value, &format!("[state:{key}]")), value }
    }

    pub(crate) fn value(&self) -> &str {
        &self.value
    }
}

fn needles(secret: &str, label: &str) -> Vec<Needle> {
    let label: Arc<str> = label.into();
    let needle = |form: String| Needle {
        finder: Finder::new(form.as_bytes()).into_owned(),
        label: Arc::clone(&label),
    };
    forms(secret).into_iter().map(needle).collect()
}

/// The bytes with its label for every needle; the same bytes, not copied, if there is none.
fn replace<'a>(text: Vec<u8>, needles: impl Iterator<Item = &'a Needle>) -> Vec<u8> {
    let mut hits: Vec<(usize, usize, &str)> = needles
        .flat_map(|needle| {
            let length = needle.finder.needle().len();
            needle.finder.find_iter(&text).map(move |at| (at, at + length, &*needle.label))
        })
        .collect();
    if hits.is_empty() {
        return text;
    }
    hits.sort_unstable();

    let mut scrubbed = Vec::with_capacity(text.len());
    let mut hits = hits.into_iter().peekable();
    let mut copied = 0;
    while let Some((start, mut end, label)) = hits.next() {
        // Forms overlap: one may begin within another and end after it. What they cover together goes.
        while let Some((_, longer, _)) = hits.next_if(|&(next, ..)| next < end) {
            end = end.max(longer);
        }
        scrubbed.extend_from_slice(&text[copied..start]);
        scrubbed.extend_from_slice(label.as_bytes());
        copied = end;
    }
    scrubbed.extend_from_slice(&text[copied..]);
    scrubbed
}

/// What is left of a text: every form is whole UTF-8, so that this is; lossy only names that.
fn into_text(bytes: Vec<u8>) -> String {
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}

/// Every form in which a secret is looked for.
fn forms(secret: &str) -> BTreeSet<String> {
    let mut forms: BTreeSet<String> =
        Encoding::ALL.iter().map(|encoding| encoding.encode(secret).into_owned()).collect();
    // Some writers of JSON escape the slash as well, PHP's for one.
    forms.insert(Encoding::Json.encode(secret).replace('/', "\\/"));
    for before in 0..3 {
        forms.insert(base64_core(&general_purpose::STANDARD_NO_PAD, before, secret));
        forms.insert(base64_core(&general_purpose::URL_SAFE_NO_PAD, before, secret));
    }
    forms
}

/// The characters that Base64 has for these bytes whatever stands around them, if `before` bytes (modulo 3) precede
/// them. The characters at the edges mix in the neighbours' bits and are left: at most 4 bits of the secret each.
fn base64_core(engine: &impl Engine, before: usize, secret: &str) -> String {
    let encoded = engine.encode([&b"\0\0"[..before], secret.as_bytes()].concat());
    let first = (8 * before).div_ceil(6);
    let end = 8 * (before + secret.len()) / 6;
    encoded[first..end].to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use palisade_vault::Secret;

    use super::*;
    use crate::gate::tests::manifest;

    fn scrubber(secret: &str) -> Scrubber {
        let secrets = BTreeMap::from([("key".to_owned(), Secret::new(secret.to_owned()).unwrap())]);
        Scrubber::new(&Secrets::new(&manifest(), secrets))
    }

    #[test]
    fn every_form_that_was_sent_is_found() {
        let secret = "pä&ss/wo\"rd+";
        let scrubber = scrubber(secret);
        let mut texts: Vec<String> = forms(secret).into_iter().collect();
        for user in ["", "a:", "ab:", "abc:", "admin:"] {
            texts.push(general_purpose::STANDARD.encode(format!("{user}{secret}")));
            texts.push(general_purpose::URL_SAFE.encode(format!("{user}{secret}?")));
        }
        for text in texts {
            let scrubbed = scrubber.text(format!("before {text} after"), Reader::Everyone);
            assert!(scrubbed.contains("[secret:key]"), "{text} -> {scrubbed}");
            assert!(scrubbed.starts_with("before ") && scrubbed.ends_with(" after"), "{scrubbed}");
        }
    }

    #[test]
    fn overlapping_occurrences_leave_nothing_behind() {
        let scrubber = scrubber("abcabc");
        assert_eq!(scrubber.text("xabcabcabcy".to_owned(), Reader::Everyone), "x[secret:key]abcy");
        assert_eq!(
            scrubber.text("xabcabcabcabcy".to_owned(), Reader::Everyone),
            "x[secret:key][secret:key]y"
        );
    }

    #[test]
    fn a_confidential_value_is_taken_out_with_the_secrets_and_leaves_nothing_behind() {
        let scrubber = scrubber("abcabc");
        let values =
            [Confidential::new("token", "cabcdef".into()), Confidential::new("old", "cabcde".into())];
        let text = "abcabcabcdefg abcabc cabcde".to_owned();
        assert_eq!(scrubber.for_everyone(text, values.iter()), "[secret:key]g [secret:key] [state:old]");
    }

    #[test]
    fn a_text_without_secrets_is_not_copied() {
        let body = b"{\"nothing\": \"to hide\"}".to_vec();
        let before = body.as_ptr();
        let scrubbed = scrubber("correct horse").bytes(body, Reader::Everyone);
        assert_eq!(scrubbed.as_ptr(), before);
    }
}
