use std::fmt;

use palisade_sdk::Failure;

/// How many people one email may go to: the number that every server takes (RFC 5321 section 4.5.3.1.8).
const RECIPIENTS_MAX: usize = 100;

/// A mailbox, such as `alice@example.com`: a dot-atom, `@`, and a domain name (RFC 5321 section 4.1.2).
///
/// Quoted local parts, address literals and addresses beyond ASCII are refused. What remains has nothing in it that
/// could end a command or a header field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address(String);

impl Address {
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let invalid = || Failure::invalid(format!("{text:?} is no email address, such as alice@example.com"));
        let (local, domain) = text.rsplit_once('@').ok_or_else(invalid)?;
        let is_atom = |atom: &str| {
            !atom.is_empty()
                && atom.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b))
        };
        let is_label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let good = local.len() <= 64
            && domain.len() <= 253
            && local.split('.').all(is_atom)
            && domain.split('.').all(is_label);
        if good { Ok(Self(text.to_owned())) } else { Err(invalid()) }
    }

    /// The addresses of a list, separated by commas or semicolons.
    pub(crate) fn list(text: &str) -> Result<Vec<Self>, Failure> {
        let parts = text.split([',', ';']).map(str::trim).filter(|part| !part.is_empty());
        parts.map(Self::parse).collect()
    }

    pub(crate) fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// All of them, each once.
pub(crate) fn recipients(lists: [&[Address]; 3]) -> Result<Vec<Address>, Failure> {
    let mut all: Vec<Address> = Vec::new();
    for address in lists.into_iter().flatten() {
        if !all.contains(address) {
            all.push(address.clone());
        }
    }
    match all.len() {
        0 => Err(Failure::invalid("the email goes to nobody")),
        1..=RECIPIENTS_MAX => Ok(all),
        count => {
            Err(Failure::invalid(format!("an email goes to at most {RECIPIENTS_MAX} people, not {count}")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_what_is_none() {
        for good in ["a@b", "alice.o'hara+soc@mail.example.com", "x_y=z@xn--bcher-kva.example"] {
            assert_eq!(Address::parse(good).unwrap().to_string(), good);
        }
        for bad in [
            "",
            "a",
            "@b",
            "a@",
            "a b@c",
            "a@b c",
            "a@b\r\nBcc: c@d",
            "a\r\n@b",
            "<a@b>",
            "a@b>",
            "a..b@c",
            ".a@b",
            "a@b..c",
            "a@-b",
            "\"a b\"@c",
            "a@[192.0.2.1]",
            "ü@b",
            "a@ü",
            "a@b\0",
            "a:b@c",
        ] {
            assert!(Address::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn lists_have_commas_or_semicolons() {
        let list = Address::list(" a@b, c@d;;e@f ,").unwrap();
        assert_eq!(list.iter().map(Address::to_string).collect::<Vec<_>>(), ["a@b", "c@d", "e@f"]);
        assert!(Address::list("a@b c@d").is_err());
        assert_eq!(recipients([&list, &list[..1], &[]]).unwrap(), list);
        assert!(recipients([&[], &[], &[]]).is_err());
    }
}
