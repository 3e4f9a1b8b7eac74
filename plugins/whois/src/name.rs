use std::{fmt, net::IpAddr};

use palisade_sdk::Failure;

/// How many names are asked for at most, the longest first: enough for every public suffix there is, plus a host.
const CANDIDATES_MAX: usize = 5;

/// A domain name in its ASCII form, lower case, with at least two labels.
pub(crate) struct Name {
    labels: Vec<String>,
}

impl Name {
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let name = text.trim().trim_end_matches('.').to_ascii_lowercase();
        if name.parse::<IpAddr>().is_ok() {
            return Err(Failure::invalid(format!("`{text}` is an address: `whois ip` looks it up")));
        }
        if !name.is_ascii() {
            return Err(Failure::invalid(format!(
                "write `{text}` in its ASCII form, which begins with `xn--`"
            )));
        }
        let labels: Vec<_> = name.split('.').map(str::to_owned).collect();
        let usable = |label: &String| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        if name.len() > 253 || labels.len() < 2 || !labels.iter().all(usable) {
            return Err(Failure::invalid(format!("`{text}` is no domain name")));
        }
        Ok(Self { labels })
    }

    /// The last label.
    pub(crate) fn top_level(&self) -> &str {
        self.labels.last().map_or("", String::as_str)
    }

    /// Names that may be the registered one, the longest first, down to one label below the top level. Which one is
    /// registered, only the registry knows: some register below `co.uk`, some below `uk`.
    pub(crate) fn candidates(&self) -> impl Iterator<Item = String> {
        let longest = self.labels.len().min(CANDIDATES_MAX + 1);
        (2..=longest).rev().map(|count| self.labels[self.labels.len() - count..].join("."))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.labels.join("."))
    }
}

#[cfg(test)]
mod tests {
    use super::Name;

    #[test]
    fn candidates_go_from_the_host_to_the_registered_name() {
        let name = Name::parse("WWW.Shop.Example.co.uk.").unwrap();
        let candidates: Vec<_> = name.candidates().collect();
        assert_eq!(candidates, ["www.shop.example.co.uk", "shop.example.co.uk", "example.co.uk", "co.uk"]);
        assert_eq!(Name::parse("a.b.c.d.e.f.g.h.com").unwrap().candidates().count(), 5);
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in ["com", "192.0.2.1", "a..b", "münchen.example", "example.com\r\nquit", "a b.example", ""]
        {
            assert!(Name::parse(text).is_err(), "{text:?}");
        }
    }
}
