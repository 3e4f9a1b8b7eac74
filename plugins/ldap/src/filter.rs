use palisade_sdk::Failure;

use crate::ber;

/// How deep filters may stand in one another; those of people stay below five.
const DEPTH_MAX: usize = 16;

/// Choices of a filter, and of what stands in one (RFC 4511, section 4.5.1).
const AND: u8 = 0xa0;
const OR: u8 = 0xa1;
const NOT: u8 = 0xa2;
const EQUAL: u8 = 0xa3;
const SUBSTRINGS: u8 = 0xa4;
const GREATER_OR_EQUAL: u8 = 0xa5;
const LESS_OR_EQUAL: u8 = 0xa6;
const PRESENT: u8 = 0x87;
const APPROXIMATE: u8 = 0xa8;
const EXTENSIBLE: u8 = 0xa9;
const INITIAL: u8 = 0x80;
const BETWEEN: u8 = 0x81;
const FINAL: u8 = 0x82;
const RULE: u8 = 0x81;
const RULE_TYPE: u8 = 0x82;
const RULE_VALUE: u8 = 0x83;
const DN_ATTRIBUTES: u8 = 0x84;

/// A filter of a search, encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filter(Vec<u8>);

impl Filter {
    /// Reads the text form (RFC 4515).
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let mut parser = Parser { rest: text.trim() };
        match parser.filter(0) {
            Ok(filter) if parser.rest.is_empty() => Ok(Self(filter)),
            Ok(_) => Err(Failure::invalid(format!("the filter goes on after its end: `{}`", parser.rest))),
            Err(what) => Err(Failure::invalid(format!("the filter is none (RFC 4515): {what}"))),
        }
    }

    /// Puts values in place of each `{}`, so that none of them can be more than a value.
    pub(crate) fn fill(template: &str, values: &[String]) -> Result<Self, Failure> {
        let parts: Vec<_> = template.split("{}").collect();
        if parts.len() != values.len() + 1 {
            return Err(Failure::invalid(format!(
                "the filter has {} places `{{}}` for {} values",
                parts.len() - 1,
                values.len()
            )));
        }
        let values = values.iter().map(|value| escape(value)).chain([String::new()]);
        Self::parse(
            &parts.iter().zip(values).map(|(part, value)| format!("{part}{value}")).collect::<String>(),
        )
    }

    pub(crate) fn equal(attribute: &str, value: &str) -> Self {
        Self(ber::group(EQUAL, &[ber::octets(attribute), ber::octets(value)]))
    }

    pub(crate) fn present(attribute: &str) -> Self {
        Self(ber::element(PRESENT, attribute))
    }

    pub(crate) fn all<const N: usize>(filters: [Self; N]) -> Self {
        Self(ber::group(AND, &filters.map(|filter| filter.0)))
    }

    pub(crate) fn any<const N: usize>(filters: [Self; N]) -> Self {
        Self(ber::group(OR, &filters.map(|filter| filter.0)))
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

/// A value as it may stand in the text of a filter (RFC 4515, section 3).
fn escape(value: &str) -> String {
    let mut escaped = String::new();
    for character in value.chars() {
        match character {
            '*' | '(' | ')' | '\\' | '\0' => escaped.push_str(&format!("\\{:02x}", u32::from(character))),
            _ => escaped.push(character),
        }
    }
    escaped
}

/// The grammar of RFC 4515, section 3.
struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn filter(&mut self, depth: usize) -> Result<Vec<u8>, String> {
        if depth == DEPTH_MAX {
            return Err(format!("it is more than {DEPTH_MAX} filters deep"));
        }
        self.expect('(')?;
        let filter = match self.rest.as_bytes().first() {
            Some(b'&') => self.list(AND, depth)?,
            Some(b'|') => self.list(OR, depth)?,
            Some(b'!') => {
                self.expect('!')?;
                ber::element(NOT, self.filter(depth + 1)?)
            }
            _ => self.item()?,
        };
        self.expect(')')?;
        Ok(filter)
    }

    fn list(&mut self, tag: u8, depth: usize) -> Result<Vec<u8>, String> {
        self.rest = &self.rest[1..];
        let mut filters = Vec::new();
        while filters.is_empty() || self.rest.starts_with('(') {
            filters.extend(self.filter(depth + 1)?);
        }
        Ok(ber::element(tag, filters))
    }

    fn item(&mut self) -> Result<Vec<u8>, String> {
        let end = self.rest.find(['(', ')']).unwrap_or(self.rest.len());
        let (item, rest) = self.rest.split_at(end);
        self.rest = rest;
        let (left, value) = item.split_once('=').ok_or_else(|| format!("`{item}` compares nothing"))?;
        let (tag, attribute) = match left.as_bytes().last() {
            Some(b':') => return extensible(&left[..left.len() - 1], value),
            Some(b'~') => (APPROXIMATE, &left[..left.len() - 1]),
            Some(b'>') => (GREATER_OR_EQUAL, &left[..left.len() - 1]),
            Some(b'<') => (LESS_OR_EQUAL, &left[..left.len() - 1]),
            _ if value == "*" => return Ok(ber::element(PRESENT, description(left)?)),
            _ if value.contains('*') => return substrings(left, value),
            _ => (EQUAL, left),
        };
        Ok(ber::group(tag, &[ber::octets(description(attribute)?), ber::octets(unescape(value)?)]))
    }

    fn expect(&mut self, character: char) -> Result<(), String> {
        let rest = self.rest.strip_prefix(character);
        self.rest = rest.ok_or_else(|| format!("`{character}` is missing before `{}`", self.rest))?;
        Ok(())
    }
}

fn substrings(attribute: &str, value: &str) -> Result<Vec<u8>, String> {
    let parts: Vec<_> = value.split('*').collect();
    let mut encoded = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let tag = match index {
            0 => INITIAL,
            _ if index == parts.len() - 1 => FINAL,
            _ => BETWEEN,
        };
        if !part.is_empty() {
            encoded.extend(ber::element(tag, unescape(part)?));
        }
    }
    if encoded.is_empty() {
        return Err(format!("`{attribute}={value}` has nothing between its asterisks"));
    }
    Ok(ber::group(SUBSTRINGS, &[ber::octets(description(attribute)?), ber::element(ber::SEQUENCE, encoded)]))
}

/// `attribute:dn:rule:=value`, each part before the value optional.
fn extensible(left: &str, value: &str) -> Result<Vec<u8>, String> {
    let mut parts = left.split(':');
    let attribute = parts.next().unwrap_or_default();
    let mut rest: Vec<_> = parts.collect();
    let dn = rest.first().is_some_and(|part| part.eq_ignore_ascii_case("dn"));
    if dn {
        rest.remove(0);
    }
    let mut encoded = Vec::new();
    match rest[..] {
        [] if attribute.is_empty() => {
            return Err(format!("`{left}:={value}` names neither attribute nor rule"));
        }
        [] => {}
        [rule] => encoded.extend(ber::element(RULE, description(rule)?)),
        _ => return Err(format!("`{left}:={value}` has too many parts")),
    }
    if !attribute.is_empty() {
        encoded.extend(ber::element(RULE_TYPE, description(attribute)?));
    }
    encoded.extend(ber::element(RULE_VALUE, unescape(value)?));
    if dn {
        encoded.extend(ber::element(DN_ATTRIBUTES, [0xff]));
    }
    Ok(ber::element(EXTENSIBLE, encoded))
}

/// An attribute description (RFC 4512, section 2.5): a name or an OID, and options.
fn description(text: &str) -> Result<&str, String> {
    if is_description(text) { Ok(text) } else { Err(format!("`{text}` is no attribute")) }
}

pub(crate) fn is_description(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b';'))
}

fn unescape(value: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let mut rest = value.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        match first {
            b'\\' => {
                let byte = rest.split_at_checked(2).and_then(|(digits, after)| {
                    rest = after;
                    hexadecimal(digits)
                });
                bytes.push(byte.ok_or_else(|| format!("`{value}` has a `\\` without two digits"))?);
            }
            0 | b'*' => return Err(format!("`{value}` has a character that must be escaped")),
            byte => bytes.push(byte),
        }
    }
    Ok(bytes)
}

/// The byte of two digits; the standard library would take a sign as well.
fn hexadecimal(digits: &[u8]) -> Option<u8> {
    let digit = |digit: u8| char::from(digit).to_digit(16);
    let [high, low] = digits else { return None };
    u8::try_from(digit(*high)? << 4 | digit(*low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn equal(attribute: &str, value: impl AsRef<[u8]>) -> Vec<u8> {
        ber::group(EQUAL, &[ber::octets(attribute), ber::octets(value)])
    }

    fn parse(text: &str) -> Vec<u8> {
        Filter::parse(text).unwrap_or_else(|error| panic!("{text}: {error:?}")).into_bytes()
    }

    /// All examples of RFC 4515, section 4.
    #[test]
    fn the_examples_of_rfc_4515() {
        let sequence = |parts: &[Vec<u8>]| ber::element(ber::SEQUENCE, parts.concat());
        assert_eq!(parse("(cn=Babs Jensen)"), equal("cn", "Babs Jensen"));
        assert_eq!(parse("(!(cn=Tim Howes))"), ber::element(NOT, equal("cn", "Tim Howes")));
        let babs = [ber::octets("cn"), sequence(&[ber::element(INITIAL, "Babs J")])];
        let or = ber::element(OR, [equal("sn", "Jensen"), ber::group(SUBSTRINGS, &babs)].concat());
        assert_eq!(
            parse("(&(objectClass=Person)(|(sn=Jensen)(cn=Babs J*)))"),
            ber::element(AND, [equal("objectClass", "Person"), or].concat())
        );
        let parts = ["univ", "of", "mich"].map(|part| ber::element(BETWEEN, part));
        assert_eq!(
            parse("(o=*univ*of*mich*)"),
            ber::group(SUBSTRINGS, &[ber::octets("o"), sequence(&parts)])
        );
        assert_eq!(parse("(seeAlso=)"), equal("seeAlso", ""));

        let rule = |rule: &str| ber::element(RULE, rule);
        let named = |name: &str| ber::element(RULE_TYPE, name);
        let value = |value: &str| ber::element(RULE_VALUE, value);
        let dn = || ber::element(DN_ATTRIBUTES, [0xff]);
        for (text, parts) in [
            (
                "(cn:caseExactMatch:=Fred Flintstone)",
                vec![rule("caseExactMatch"), named("cn"), value("Fred Flintstone")],
            ),
            ("(cn:=Betty Rubble)", vec![named("cn"), value("Betty Rubble")]),
            (
                "(sn:dn:2.4.6.8.10:=Barney Rubble)",
                vec![rule("2.4.6.8.10"), named("sn"), value("Barney Rubble"), dn()],
            ),
            ("(o:dn:=Ace Industry)", vec![named("o"), value("Ace Industry"), dn()]),
            ("(:1.2.3:=Wilma Flintstone)", vec![rule("1.2.3"), value("Wilma Flintstone")]),
            ("(:DN:2.4.6.8.10:=Dino)", vec![rule("2.4.6.8.10"), value("Dino"), dn()]),
        ] {
            assert_eq!(parse(text), ber::element(EXTENSIBLE, parts.concat()), "{text}");
        }

        assert_eq!(
            parse(r"(o=Parens R Us \28for all your parenthetical needs\29)"),
            equal("o", "Parens R Us (for all your parenthetical needs)")
        );
        let star = [ber::octets("cn"), sequence(&[ber::element(BETWEEN, "*")])];
        assert_eq!(parse(r"(cn=*\2A*)"), ber::group(SUBSTRINGS, &star));
        assert_eq!(parse(r"(filename=C:\5cMyFile)"), equal("filename", r"C:\MyFile"));
        assert_eq!(parse(r"(bin=\00\00\00\04)"), equal("bin", [0, 0, 0, 4]));
        assert_eq!(parse(r"(sn=Lu\c4\8di\c4\87)"), equal("sn", "Lučić"));
        assert_eq!(parse(r"(1.3.6.1.4.1.1466.0=\04\02\48\69)"), equal("1.3.6.1.4.1.1466.0", "\x04\x02Hi"));
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        let deep = format!("{}(a=b){}", "(!".repeat(DEPTH_MAX), ")".repeat(DEPTH_MAX));
        for text in [
            "",
            "cn=x",
            "(cn=x",
            "(cn=x))",
            "()",
            "(&)",
            "(cn)",
            "(=x)",
            "(c n=x)",
            "(cn=**)",
            r"(cn=\2)",
            r"(cn=\+1)",
            r"(cn=\zz)",
            "(cn=a(b)",
            "(cn>=a*)",
            "(:=x)",
            "(a:b:c:=x)",
            "(!(a=b)(c=d))",
            &deep,
        ] {
            assert!(Filter::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_value_stays_a_value() {
        let hostile = "x)(|(uid=*))\0\\2a".to_owned();
        let filter = Filter::fill("(&(objectClass=person)(uid={}))", std::slice::from_ref(&hostile));
        let person = equal("objectClass", "person");
        assert_eq!(filter.unwrap().into_bytes(), ber::element(AND, [person, equal("uid", hostile)].concat()));
        assert!(Filter::fill("(uid=x)", &["a".into()]).is_err());
        assert!(Filter::fill("(uid={})", &["a".into(), "b".into()]).is_err());
    }
}
