//! Requests and responses (RFC 4511, section 4).

use palisade_sdk::Failure;

use crate::{
    ber::{self, ENUMERATED, INTEGER, Malformed, OCTETS, Reader, SEQUENCE, SET},
    entry::Entry,
    filter::Filter,
};

/// How much of a server's own words a failure keeps, in characters: enough for a sentence.
const WORDS_CHARS_MAX: usize = 300;

/// Seconds that a server may work on one page of a search.
const SEARCH_SECONDS: u32 = 30;

/// Operations, by their tags.
const BIND: u8 = 0x60;
const BIND_RESPONSE: u8 = 0x61;
const SEARCH: u8 = 0x63;
const SEARCH_ENTRY: u8 = 0x64;
const SEARCH_DONE: u8 = 0x65;
const SEARCH_REFERENCE: u8 = 0x73;
const MODIFY: u8 = 0x66;
const MODIFY_RESPONSE: u8 = 0x67;
const EXTENDED: u8 = 0x77;
const EXTENDED_RESPONSE: u8 = 0x78;

/// What stands in them, by its tag.
const CONTROLS: u8 = 0xa0;
const REFERRAL: u8 = 0xa3;
const SIMPLE: u8 = 0x80;
const REQUEST_NAME: u8 = 0x80;

/// StartTLS (RFC 4511, section 4.14).
const START_TLS: &str = "1.3.6.1.4.1.1466.20037";

/// Paged results (RFC 2696).
const PAGED: &str = "1.2.840.113556.1.4.319";

/// What a server says of an operation (RFC 4511, section 4.1.9).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) code: u32,
    pub(crate) words: String,
}

/// One message of a server.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Response {
    Entry(Entry),
    /// Other servers know more. The host lets a connector go only where the asset says, so they are not asked.
    Reference,
    /// The search is over; with a cookie, as far as this page goes.
    SearchDone(Outcome, Vec<u8>),
    Bound(Outcome),
    Modified(Outcome),
    Extended(Outcome),
}

/// How far below its base a search goes.
#[derive(Clone, Copy)]
pub(crate) enum Scope {
    Base = 0,
    Subtree = 2,
}

/// What to search for.
pub(crate) struct Search<'a> {
    pub(crate) base: &'a str,
    pub(crate) scope: Scope,
    pub(crate) filter: Filter,
    pub(crate) attributes: &'a [&'a str],
}

/// One change of an entry.
pub(crate) enum Change<'a> {
    Add(&'a str, &'a str),
    Delete(&'a str, &'a str),
    /// Without a value the attribute is gone.
    Replace(&'a str, Option<&'a str>),
}

/// A simple bind (RFC 4513, section 5.1).
pub(crate) fn bind(name: &str, password: &str) -> Vec<u8> {
    ber::group(BIND, &[ber::integer(3), ber::octets(name), ber::element(SIMPLE, password)])
}

pub(crate) fn start_tls() -> Vec<u8> {
    ber::element(EXTENDED, ber::element(REQUEST_NAME, START_TLS))
}

/// Aliases are not followed: an action must hit what it names. The number of entries is bounded by the pages.
pub(crate) fn search(search: &Search<'_>) -> Vec<u8> {
    let attributes = search.attributes.iter().flat_map(ber::octets).collect::<Vec<_>>();
    ber::group(
        SEARCH,
        &[
            ber::octets(search.base),
            ber::enumerated(search.scope as u8),
            ber::enumerated(0),
            ber::integer(0),
            ber::integer(SEARCH_SECONDS),
            ber::boolean(false),
            search.filter.clone().into_bytes(),
            ber::element(SEQUENCE, attributes),
        ],
    )
}

pub(crate) fn modify(dn: &str, changes: &[Change<'_>]) -> Vec<u8> {
    let changes = changes.iter().flat_map(|change| {
        let (operation, attribute, value) = match change {
            Change::Add(attribute, value) => (0, attribute, Some(value)),
            Change::Delete(attribute, value) => (1, attribute, Some(value)),
            Change::Replace(attribute, value) => (2, attribute, value.as_ref()),
        };
        let values = ber::element(SET, value.map(ber::octets).unwrap_or_default());
        let attribute = ber::group(SEQUENCE, &[ber::octets(attribute), values]);
        ber::group(SEQUENCE, &[ber::enumerated(operation), attribute])
    });
    ber::group(MODIFY, &[ber::octets(dn), ber::element(SEQUENCE, changes.collect::<Vec<_>>())])
}

/// The control that asks for one page; critical, so that no server sends everything at once instead.
pub(crate) fn page(entries: u32, cookie: &[u8]) -> Vec<u8> {
    let value = ber::group(SEQUENCE, &[ber::integer(entries), ber::octets(cookie)]);
    ber::group(SEQUENCE, &[ber::octets(PAGED), ber::boolean(true), ber::octets(value)])
}

/// A whole message.
pub(crate) fn message(id: u32, operation: Vec<u8>, control: Option<Vec<u8>>) -> Vec<u8> {
    let controls = control.map(|control| ber::element(CONTROLS, control)).unwrap_or_default();
    ber::group(SEQUENCE, &[ber::integer(id), operation, controls])
}

/// Reads one message: the id of the request that it answers, and what it says.
pub(crate) fn read(bytes: &[u8]) -> Result<(u32, Response), Malformed> {
    let mut message = Reader::new(bytes).inside(SEQUENCE)?;
    let id = message.number(INTEGER)?;
    let (tag, operation) = message.any()?;
    let operation = Reader::new(operation);
    let response = match tag {
        SEARCH_ENTRY => Response::Entry(entry(operation)?),
        SEARCH_REFERENCE => Response::Reference,
        SEARCH_DONE => Response::SearchDone(outcome(operation)?, cookie(message)?),
        BIND_RESPONSE => Response::Bound(outcome(operation)?),
        MODIFY_RESPONSE => Response::Modified(outcome(operation)?),
        EXTENDED_RESPONSE => Response::Extended(outcome(operation)?),
        _ => return Err(Malformed),
    };
    Ok((id, response))
}

fn entry(mut entry: Reader<'_>) -> Result<Entry, Malformed> {
    let dn = entry.text(OCTETS)?;
    let mut attributes = Vec::new();
    let mut list = entry.inside(SEQUENCE)?;
    while !list.is_empty() {
        let mut attribute = list.inside(SEQUENCE)?;
        let name = attribute.text(OCTETS)?;
        let mut set = attribute.inside(SET)?;
        let mut values = Vec::new();
        while !set.is_empty() {
            values.push(set.content(OCTETS)?.to_vec());
        }
        attributes.push((name, values));
    }
    Ok(Entry { dn, attributes })
}

fn outcome(mut result: Reader<'_>) -> Result<Outcome, Malformed> {
    let code = result.number(ENUMERATED)?;
    let _matched_dn = result.content(OCTETS)?;
    let mut words = result.text(OCTETS)?;
    if let Some(referral) = result.optional(REFERRAL)? {
        words = format!("{words} {}", Reader::new(referral).text(OCTETS)?);
    }
    Ok(Outcome { code, words: shorten(&words) })
}

/// The cookie of the next page; empty on the last.
fn cookie(mut message: Reader<'_>) -> Result<Vec<u8>, Malformed> {
    let Some(controls) = message.optional(CONTROLS)? else { return Ok(Vec::new()) };
    let mut controls = Reader::new(controls);
    while !controls.is_empty() {
        let mut control = controls.inside(SEQUENCE)?;
        let name = control.text(OCTETS)?;
        let _critical = control.optional(ber::BOOLEAN)?;
        if name == PAGED {
            let mut value = control.inside(OCTETS)?.inside(SEQUENCE)?;
            let _estimate = value.content(INTEGER)?;
            return value.content(OCTETS).map(<[u8]>::to_vec);
        }
    }
    Ok(Vec::new())
}

impl Outcome {
    pub(crate) const SUCCESS: u32 = 0;
    pub(crate) const SIZE_LIMIT_EXCEEDED: u32 = 4;
    pub(crate) const NO_SUCH_ATTRIBUTE: u32 = 16;

    /// Nothing, if the operation succeeded.
    pub(crate) fn check(self) -> Result<(), Failure> {
        // The names of the codes are those of RFC 4511, section 4.1.9.
        let name = match self.code {
            Self::SUCCESS => return Ok(()),
            1 => "operationsError",
            2 => "protocolError",
            3 => "timeLimitExceeded",
            4 => "sizeLimitExceeded",
            8 => "strongerAuthRequired",
            10 => "referral",
            11 => "adminLimitExceeded",
            12 => "unavailableCriticalExtension",
            13 => "confidentialityRequired",
            16 => "noSuchAttribute",
            17 => "undefinedAttributeType",
            19 => "constraintViolation",
            20 => "attributeOrValueExists",
            21 => "invalidAttributeSyntax",
            32 => "noSuchObject",
            34 => "invalidDNSyntax",
            48 => "inappropriateAuthentication",
            49 => "invalidCredentials",
            50 => "insufficientAccessRights",
            51 => "busy",
            52 => "unavailable",
            53 => "unwillingToPerform",
            65 => "objectClassViolation",
            _ => "resultCode",
        };
        let message = format!("{name} ({}): {}", self.code, self.words).trim_end_matches(": ").to_owned();
        Err(match self.code {
            8 | 13 | 48..=50 => Failure::Authentication(message),
            32 => Failure::NotFound(message),
            34 => Failure::InvalidParameters(message),
            51 | 52 => Failure::Unavailable(message),
            _ => Failure::upstream(message),
        })
    }
}

/// One line of at most [`WORDS_CHARS_MAX`] characters; Active Directory ends its words with a zero byte.
fn shorten(words: &str) -> String {
    let visible = words.split(|c: char| c.is_whitespace() || c.is_control());
    let line = visible.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    line.chars().take(WORDS_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What ldapsearch and ldapmodify of OpenLDAP 2.5 send for the same.
    #[test]
    fn requests_are_those_of_another_client() {
        let bind = message(1, bind("cn=palisade,dc=acme,dc=example", "secret"), None);
        assert_eq!(
            hex(&bind),
            "3030020101602b020103041e636e3d70616c69736164652c64633d61636d652c64633d6578616d706c658006736563726574"
        );

        let filter = Filter::parse("(&(objectClass=person)(uid=j*))").unwrap();
        let found =
            Search { base: "dc=acme,dc=example", scope: Scope::Subtree, filter, attributes: &["mail"] };
        assert_eq!(
            hex(&message(2, search(&found), Some(page(500, b"")))),
            "307e0201026350041264633d61636d652c64633d6578616d706c650a01020a010002010002011e010100a023a315040b6f626a65\
             6374436c6173730406706572736f6ea40a0403756964300380016a300604046d61696ca02730250416312e322e3834302e313133\
             3535362e312e342e3331390101ff04083006020201f40400"
        );

        let changes = [
            Change::Delete("userAccountControl", "512"),
            Change::Add("userAccountControl", "514"),
            Change::Replace("shadowExpire", None),
        ];
        assert_eq!(
            hex(&message(2, modify("uid=jdoe,dc=acme,dc=example", &changes), None)),
            "307f020102667a041b7569643d6a646f652c64633d61636d652c64633d6578616d706c65305b30200a0101301b04127573657241\
             63636f756e74436f6e74726f6c3105040335313230200a0100301b0412757365724163636f756e74436f6e74726f6c3105040335\
             313430150a01023010040c736861646f774578706972653100"
        );
    }

    #[test]
    fn the_next_page_has_a_cookie() {
        let control = ber::group(
            SEQUENCE,
            &[ber::octets(PAGED), ber::octets(ber::group(SEQUENCE, &[ber::integer(0), ber::octets("next")]))],
        );
        let other = ber::group(SEQUENCE, &[ber::octets("1.2.3"), ber::boolean(true)]);
        let result = [ber::enumerated(0), ber::octets(""), ber::octets("")].concat();
        let done = |controls: &[u8]| {
            let parts = [ber::integer(7), ber::element(SEARCH_DONE, &result), controls.to_vec()];
            read(&ber::group(SEQUENCE, &parts))
        };
        let outcome = || Outcome { code: 0, words: String::new() };
        let controls = ber::element(CONTROLS, [other, control].concat());
        assert_eq!(done(&controls), Ok((7, Response::SearchDone(outcome(), b"next".to_vec()))));
        assert_eq!(done(&[]), Ok((7, Response::SearchDone(outcome(), Vec::new()))));
    }

    #[test]
    fn a_servers_words_stay_one_short_line() {
        assert_eq!(shorten("a\nb\x1b[31m  c\0"), "a b [31m c");
        assert_eq!(shorten(&"ü".repeat(1_000)).chars().count(), WORDS_CHARS_MAX);
    }
}
