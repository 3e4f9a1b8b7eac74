use std::{fmt, net::IpAddr};

use palisade_sdk::Failure;

/// Characters of a name as text: 255 bytes on the wire less the length of the first label and the root (RFC 1035,
/// section 2.3.4).
const NAME_CHARS_MAX: usize = 253;

/// Characters of one label (RFC 1035, section 2.3.4).
const LABEL_CHARS_MAX: usize = 63;

/// A domain name to ask for, in its ASCII form.
pub(crate) struct Name(String);

impl Name {
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        let name = text.strip_suffix('.').unwrap_or(text);
        if name.parse::<IpAddr>().is_ok() {
            return Err(Failure::invalid(format!("`{text}` is an address: `lookup ip` looks it up")));
        }
        if !name.is_ascii() {
            return Err(Failure::invalid(format!(
                "write `{text}` in its ASCII form, which begins with `xn--`"
            )));
        }
        let usable = |label: &str| {
            (1..=LABEL_CHARS_MAX).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        if name.len() > NAME_CHARS_MAX || !name.split('.').all(usable) {
            return Err(Failure::invalid(format!("`{text}` is no domain name")));
        }
        Ok(Self(name.to_owned()))
    }

    /// The name under which the names of an address stand (RFC 1035, section 3.5; RFC 3596, section 2.5).
    pub(crate) fn reverse(ip: IpAddr) -> Self {
        let mut name = String::new();
        match ip {
            IpAddr::V4(ip) => {
                for byte in ip.octets().iter().rev() {
                    name.push_str(&format!("{byte}."));
                }
                name.push_str("in-addr.arpa");
            }
            IpAddr::V6(ip) => {
                for byte in ip.octets().iter().rev() {
                    name.push_str(&format!("{:x}.{:x}.", byte & 0xf, byte >> 4));
                }
                name.push_str("ip6.arpa");
            }
        }
        Self(name)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Name;

    #[test]
    fn what_is_no_name_is_refused() {
        let long = format!("{}.example", "a".repeat(64));
        for text in ["", ".", "a..b", "192.0.2.1", "2001:db8::1", "münchen.example", r"a\.b", "a b", &long] {
            assert!(Name::parse(text).is_err(), "{text:?}");
        }
        assert_eq!(Name::parse("_dmarc.Example.com.").unwrap().as_str(), "_dmarc.Example.com");
    }

    #[test]
    fn addresses_are_reversed() {
        assert_eq!(Name::reverse("192.0.2.7".parse().unwrap()).as_str(), "7.2.0.192.in-addr.arpa");
        // RFC 3596, section 2.5.
        assert_eq!(
            Name::reverse("4321:0:1:2:3:4:567:89ab".parse().unwrap()).as_str(),
            "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa"
        );
    }
}
