//! Assets: one configured system that a connector acts on, and what the operator granted there.

use std::{collections::BTreeMap, fmt, net::IpAddr, str::FromStr};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{action::RetryLimits, name::Name};

/// One configured system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asset {
    /// Its name.
    pub name: Name,
    /// The connector that acts on it.
    pub connector: Name,
    /// Configuration without the secrets, as the connector's schema says.
    pub configuration: Map<String, Value>,
    /// Secrets by configuration field, sealed by the vault: never the plain text.
    pub sealed: BTreeMap<String, String>,
    /// How it may be reached.
    #[serde(default)]
    pub network: Network,
    /// How long its actions are tried.
    #[serde(default)]
    pub retries: RetryLimits,
}

/// What the operator granted to one asset beyond the connector's own capabilities.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Network {
    /// Networks that are not on the public internet and may be reached all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<Cidr>,
    /// Where to connect instead, first match wins; names, TLS and policy stay those of the original.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub connect_to: Vec<ConnectTo>,
    /// Certificates of a private CA, PEM. Trusted beside the public ones, for this asset only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<String>,
}

/// An IP network: address and prefix length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cidr {
    address: IpAddr,
    prefix: u8,
}

impl Cidr {
    /// Whether this address lies in the network. An IPv4-mapped IPv6 address counts as the IPv4 address it is.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                net.to_bits() & mask == ip.to_bits() & mask
            }
            (IpAddr::V6(net), IpAddr::V6(ip)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                net.to_bits() & mask == ip.to_bits() & mask
            }
            _ => false,
        }
    }
}

/// Why a text is not a [`Cidr`] or a [`ConnectTo`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum NotANetwork {
    /// Not a network.
    #[error("{0:?} is not a network: write it as 10.0.0.0/8 or 2001:db8::/32")]
    Cidr(String),
    /// Not a rule.
    #[error(
        "{0:?} is not a connect-to rule: write it as HOST:PORT:ADDRESS:PORT, for example api.shodan.io:443:10.0.0.7:8443"
    )]
    ConnectTo(String),
}

impl FromStr for Cidr {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let bad = || NotANetwork::Cidr(text.to_owned());
        let (address, prefix) = text.split_once('/').ok_or_else(bad)?;
        let address: IpAddr = address.parse().map_err(|_| bad())?;
        let prefix: u8 = prefix.parse().map_err(|_| bad())?;
        if prefix > if address.is_ipv4() { 32 } else { 128 } {
            return Err(bad());
        }
        Ok(Self { address, prefix })
    }
}

impl TryFrom<String> for Cidr {
    type Error = NotANetwork;

    fn try_from(text: String) -> Result<Self, NotANetwork> {
        text.parse()
    }
}

impl From<Cidr> for String {
    fn from(cidr: Cidr) -> Self {
        cidr.to_string()
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// One rule of where to connect instead, in the form of curl's `--connect-to`: for a gateway, a split-horizon name, a
/// test system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ConnectTo {
    /// Host of the original.
    pub host: String,
    /// Port of the original.
    pub port: u16,
    /// Host or address to connect to.
    pub to_host: String,
    /// Port to connect to.
    pub to_port: u16,
}

impl FromStr for ConnectTo {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let parts = || {
            let (host, rest) = text.split_once(':')?;
            let (port, rest) = rest.split_once(':')?;
            let (to_host, to_port) = rest.rsplit_once(':')?;
            if host.is_empty() || to_host.is_empty() {
                return None;
            }
            Some(Self {
                host: host.to_ascii_lowercase(),
                port: port.parse().ok()?,
                to_host: to_host.trim_matches(['[', ']']).to_ascii_lowercase(),
                to_port: to_port.parse().ok()?,
            })
        };
        parts().ok_or_else(|| NotANetwork::ConnectTo(text.to_owned()))
    }
}

impl TryFrom<String> for ConnectTo {
    type Error = NotANetwork;

    fn try_from(text: String) -> Result<Self, NotANetwork> {
        text.parse()
    }
}

impl From<ConnectTo> for String {
    fn from(rule: ConnectTo) -> Self {
        let to = if rule.to_host.contains(':') { format!("[{}]", rule.to_host) } else { rule.to_host };
        format!("{}:{}:{}:{}", rule.host, rule.port, to, rule.to_port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_what_its_prefix_says() {
        let net: Cidr = "10.20.0.0/16".parse().unwrap();
        assert!(net.contains("10.20.255.1".parse().unwrap()));
        assert!(net.contains("::ffff:10.20.255.1".parse().unwrap()), "a mapped address is the IPv4 address");
        assert!(!net.contains("10.21.0.1".parse().unwrap()));
        let all: Cidr = "0.0.0.0/0".parse().unwrap();
        assert!(all.contains("203.0.113.1".parse().unwrap()));
        assert!(!all.contains("2001:db8::1".parse().unwrap()));
        for bad in ["10.0.0.0", "10.0.0.0/33", "x/8", "::/129"] {
            assert!(bad.parse::<Cidr>().is_err(), "{bad} was accepted");
        }
    }

    #[test]
    fn a_connect_to_rule_reads_like_curls() {
        let rule: ConnectTo = "api.shodan.io:443:[::1]:8443".parse().unwrap();
        assert_eq!((rule.host.as_str(), rule.port), ("api.shodan.io", 443));
        assert_eq!((rule.to_host.as_str(), rule.to_port), ("::1", 8443));
        assert_eq!(String::from(rule), "api.shodan.io:443:[::1]:8443");
        assert!("api.shodan.io:443".parse::<ConnectTo>().is_err());
    }
}
