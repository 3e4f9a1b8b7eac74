//! An email as it is sent (RFC 5322), with a body of one part (RFC 2045).

use std::fmt::Write;

use base64::{Engine, prelude::BASE64_STANDARD};
use palisade_sdk::clock;

use crate::{address::Address, date};

/// Octets of UTF-8 in one encoded word: with its frame of 12 and a third more for base64, at most 72 characters of the
/// 75 that RFC 2047 section 2 allows.
const WORD_BYTES: usize = 45;

/// Characters of a line of base64 (RFC 2045 section 6.8).
const LINE_CHARS: usize = 76;

/// What an email says, and to whom.
pub(crate) struct Message<'a> {
    pub(crate) from: &'a Address,
    pub(crate) to: &'a [Address],
    pub(crate) cc: &'a [Address],
    pub(crate) subject: &'a str,
    /// For example `text/plain`.
    pub(crate) content_type: &'static str,
    pub(crate) body: &'a str,
    pub(crate) id: &'a str,
}

/// An identifier that every attempt at the same step shares, and no other step: a mailbox that drops duplicates by it
/// drops those of a repetition.
pub(crate) fn id(idempotency_key: &str, sender: &Address) -> String {
    let mut local = String::with_capacity(idempotency_key.len());
    for byte in idempotency_key.bytes() {
        // Anything but these would have to be quoted. `=` is none of them, so that no two keys become the same.
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            local.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(local, "={byte:02X}");
        }
    }
    format!("<{local}@{}>", sender.domain())
}

impl Message<'_> {
    /// The whole message in lines that end with CR LF, all of them ASCII, and none longer than 998 characters.
    pub(crate) fn compose(&self) -> String {
        let mut text = String::new();
        field(&mut text, "Date", &date::rfc5322(clock::now_ms()));
        field(&mut text, "From", &self.from.to_string());
        for (name, addresses) in [("To", self.to), ("Cc", self.cc)] {
            if !addresses.is_empty() {
                let addresses: Vec<_> = addresses.iter().map(Address::to_string).collect();
                field(&mut text, name, &addresses.join(",\r\n "));
            }
        }
        field(&mut text, "Message-ID", self.id);
        field(&mut text, "Subject", &words(self.subject));
        // A person's absence is not to be answered to a program (RFC 3834 section 5).
        field(&mut text, "Auto-Submitted", "auto-generated");
        field(&mut text, "MIME-Version", "1.0");
        field(&mut text, "Content-Type", &format!("{}; charset=utf-8", self.content_type));
        field(&mut text, "Content-Transfer-Encoding", "base64");
        text.push_str("\r\n");
        // In text, a line ends with CR LF before it is encoded (RFC 2049 section 4).
        let body = self.body.replace("\r\n", "\n").replace('\r', "\n").replace('\n', "\r\n");
        let encoded = BASE64_STANDARD.encode(body);
        for line in encoded.as_bytes().chunks(LINE_CHARS) {
            text.extend(line.iter().copied().map(char::from));
            text.push_str("\r\n");
        }
        text
    }
}

fn field(text: &mut String, name: &str, value: &str) {
    text.push_str(name);
    text.push_str(": ");
    text.push_str(value);
    text.push_str("\r\n");
}

/// Text for a header field, as it is if it is plain and short, else as encoded words (RFC 2047). Either way nothing of
/// it can end the field.
fn words(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let text = text.trim();
    let plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if plain && text.len() <= WORD_BYTES && !text.contains("=?") {
        return text.to_owned();
    }
    let mut words = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        // A character is never divided between two words.
        let end = rest.floor_char_boundary(WORD_BYTES);
        words.push(format!("=?utf-8?B?{}?=", BASE64_STANDARD.encode(&rest[..end])));
        rest = &rest[end..];
    }
    words.join("\r\n ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_stays_and_the_rest_is_encoded() {
        assert_eq!(words("Beaconing on srv01"), "Beaconing on srv01");
        assert_eq!(words("Grüße"), "=?utf-8?B?R3LDvMOfZQ==?=");
        assert_eq!(words("=?x?="), "=?utf-8?B?PT94Pz0=?=");
        assert_eq!(words("a\r\nBcc: b@example.com"), "a  Bcc: b@example.com");
        let long = words(&"ü".repeat(40));
        let lines: Vec<_> = long.split("\r\n ").collect();
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| line.len() <= 75 && line.starts_with("=?utf-8?B?")), "{long}");
    }

    #[test]
    fn every_key_has_an_identifier_of_its_own() {
        let sender = Address::parse("soar@example.com").unwrap();
        assert_eq!(id("palisade-ab12-7-3", &sender), "<palisade-ab12-7-3@example.com>");
        assert_eq!(id("a.b>\r\n=", &sender), "<a=2Eb=3E=0D=0A=3D@example.com>");
    }
}
