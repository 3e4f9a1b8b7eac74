//! Which RDAP server is responsible: the bootstrap files of IANA (RFC 9224).

use std::net::IpAddr;

use palisade_sdk::{Failure, connector::Call};
use serde::Deserialize;

use crate::{Configuration, name::Name};

/// One of the files.
#[derive(Clone, Copy)]
pub(crate) enum File {
    Dns,
    Ipv4,
    Ipv6,
}

/// What a file says: which servers are responsible for which entries.
#[derive(Deserialize)]
pub(crate) struct Registry {
    services: Vec<(Vec<String>, Vec<String>)>,
}

/// Reads a file.
pub(crate) fn fetch(call: &Call<Configuration>, file: File) -> Result<Registry, Failure> {
    let path = match file {
        File::Dns => "/dns.json",
        File::Ipv4 => "/ipv4.json",
        File::Ipv6 => "/ipv6.json",
    };
    call.http().get(&call.configuration.bootstrap_url).path(path).send()?.ok()?.json()
}

impl Registry {
    /// The server for a name: that of the entry with most labels (RFC 9224 section 4).
    pub(crate) fn for_name(&self, name: &Name) -> Option<&str> {
        let name = name.to_string();
        self.best(|entry| {
            let entry = entry.to_ascii_lowercase();
            let below = name.strip_suffix(&entry)?;
            (below.is_empty() || below.ends_with('.')).then(|| entry.split('.').count())
        })
    }

    /// The server for an address: that of the entry with the longest prefix (RFC 9224 section 5).
    pub(crate) fn for_address(&self, address: IpAddr) -> Option<&str> {
        self.best(|entry| {
            let (network, length) = entry.split_once('/')?;
            let length = length.parse::<usize>().ok()?;
            contains(network.parse().ok()?, length, address)?.then_some(length)
        })
    }

    /// The server of the entry that fits best; HTTPS if there is a choice.
    fn best(&self, fit: impl Fn(&str) -> Option<usize>) -> Option<&str> {
        let fitting = self.services.iter().filter_map(|(entries, servers)| {
            let fit = entries.iter().filter_map(|entry| fit(entry)).max()?;
            Some((fit, servers))
        });
        let (_, servers) = fitting.max_by_key(|(fit, _)| *fit)?;
        let secure = servers.iter().find(|server| server.starts_with("https://"));
        secure.or(servers.first()).map(String::as_str)
    }
}

/// Whether the network of this prefix length contains the address; nothing if they are of different families.
fn contains(network: IpAddr, length: usize, address: IpAddr) -> Option<bool> {
    let (network, address, bits) = match (network, address) {
        (IpAddr::V4(network), IpAddr::V4(address)) => {
            (network.to_bits().into(), address.to_bits().into(), 32)
        }
        (IpAddr::V6(network), IpAddr::V6(address)) => (network.to_bits(), address.to_bits(), 128),
        _ => return None,
    };
    let shift = u32::try_from(bits - length.min(bits)).ok()?;
    // A shift by all 128 bits has no result, and then every address is inside.
    Some(u128::checked_shr(network ^ address, shift).unwrap_or(0) == 0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Registry;
    use crate::name::Name;

    #[test]
    fn the_longest_match_counts() {
        let registry: Registry = serde_json::from_value(json!({ "services": [
            [["com", "net"], ["http://a.example/", "https://a.example/"]],
            [["xy.com"], ["https://b.example/"]],
            [["203.0.0.0/8"], ["https://c.example/"]],
            [["203.0.113.0/24", "198.51.100.0/24"], ["https://d.example/"]],
            [["2001:db8::/32"], ["https://e.example/"]],
        ]}))
        .unwrap();
        let name = |name| registry.for_name(&Name::parse(name).unwrap());
        assert_eq!(name("www.example.com"), Some("https://a.example/"));
        assert_eq!(name("example.xy.com"), Some("https://b.example/"));
        assert_eq!(name("foxy.com"), Some("https://a.example/"));
        assert_eq!(name("example.telecom"), None);

        let address = |address: &str| registry.for_address(address.parse().unwrap());
        assert_eq!(address("203.0.113.9"), Some("https://d.example/"));
        assert_eq!(address("203.1.0.1"), Some("https://c.example/"));
        assert_eq!(address("2001:db8::1"), Some("https://e.example/"));
        assert_eq!(address("192.0.2.1"), None);
    }
}
