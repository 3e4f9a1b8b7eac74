//! Takes secrets out of what comes back.
//!
//! Systems echo what they were sent: an error page quotes the URL, a debug header the token. Found are a secret as it
//! is, in each encoding that requests use, and in Base64 wherever it begins, which includes `user:password` of HTTP
//! Basic. This guards against accidents; a server that was given a secret and hands it on in a form of its own cannot be
//! stopped here, and neither can a secret that is split across two reads of a TCP stream.

use std::{borrow::Cow, collections::BTreeSet};

use base64::{Engine, engine::general_purpose};
use memchr::memmem::Finder;

use crate::secrets::{Encoding, Placeholders, Secrets};

/// One form of one secret.
struct Needle {
    finder: Finder<'static>,
    /// Index of the secret.
    field: usize,
    revealed: bool,
}

/// Finds the secrets of one asset; built once, for its needles are prepared.
pub(crate) struct Scrubber {
    needles: Vec<Needle>,
    /// What stands in a secret's place, by index.
    labels: Vec<String>,
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
        let mut needles = Vec::new();
        for (index, field) in secrets.fields().iter().enumerate() {
            needles.extend(forms(field.secret.expose()).into_iter().map(|form| Needle {
                finder: Finder::new(form.as_bytes()).into_owned(),
                field: index,
                revealed: field.revealed,
            }));
        }
        let labels = secrets.fields().iter().map(|field| format!("[secret:{}]", field.name)).collect();
        Self { needles, labels }
    }

    /// Whether there is anything that this reader must not see.
    pub(crate) fn hides_from(&self, reader: Reader) -> bool {
        self.needles_for(reader).next().is_some()
    }

    /// The secrets that stand in a text.
    pub(crate) fn find(&self, text: &[u8]) -> impl Iterator<Item = usize> {
        self.needles.iter().filter(|needle| needle.finder.find(text).is_some()).map(|needle| needle.field)
    }

    /// The bytes with `[secret:FIELD]` for every secret; the same bytes, not copied, if there is none.
    pub(crate) fn bytes(&self, text: Vec<u8>, reader: Reader) -> Vec<u8> {
        let mut hits: Vec<(usize, usize, usize)> = self
            .needles_for(reader)
            .flat_map(|needle| {
                let length = needle.finder.needle().len();
                needle.finder.find_iter(&text).map(move |at| (at, at + length, needle.field))
            })
            .collect();
        if hits.is_empty() {
            return text;
        }
        hits.sort_unstable();

        let mut scrubbed = Vec::with_capacity(text.len());
        let mut hits = hits.into_iter().peekable();
        let mut copied = 0;
        while let Some((start, mut end, field)) = hits.next() {
            // Forms overlap: one may begin within another and end after it. What they cover together goes.
            while let Some((_, longer, _)) = hits.next_if(|&(next, ..)| next < end) {
                end = end.max(longer);
            }
            scrubbed.extend_from_slice(&text[copied..start]);
            scrubbed.extend_from_slice(self.labels[field].as_bytes());
            copied = end;
        }
        scrubbed.extend_from_slice(&text[copied..]);
        scrubbed
    }

    /// The text with `[secret:FIELD]` for every secret.
    pub(crate) fn text(&self, text: String, reader: Reader) -> String {
        // Every form is whole UTF-8, so what is left is; lossy only names that.
        match String::from_utf8(self.bytes(text.into_bytes(), reader)) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        }
    }

    /// The text with `[secret:FIELD]` for every placeholder.
    pub(crate) fn placeholders(&self, text: String, placeholders: &Placeholders) -> String {
        let filled =
            placeholders.fill(text.as_bytes(), usize::MAX, |field| Some(Cow::Borrowed(&self.labels[field])));
        match filled {
            Ok(Some(filled)) => String::from_utf8_lossy(&filled).into_owned(),
            Ok(None) | Err(_) => text,
        }
    }

    fn needles_for(&self, reader: Reader) -> impl Iterator<Item = &Needle> {
        self.needles.iter().filter(move |needle| reader == Reader::Everyone || !needle.revealed)
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
    fn a_text_without_secrets_is_not_copied() {
        let body = b"{\"nothing\": \"to hide\"}".to_vec();
        let before = body.as_ptr();
        let scrubbed = scrubber("correct horse").bytes(body, Reader::Everyone);
        assert_eq!(scrubbed.as_ptr(), before);
    }
}
