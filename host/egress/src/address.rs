//! Which addresses are on the public internet.
//!
//! Everything else is refused unless the operator granted it to the asset: a connector that may call `anywhere`, or a
//! name whose owner answers with an inner address (DNS rebinding), must not reach what lies behind the firewall or the
//! metadata service of a cloud. The tables follow the IANA special-purpose registries (RFC 6890 and its updates).

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// A network that is not on the public internet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reserved {
    network: IpAddr,
    prefix: u8,
    /// What it is for.
    pub(crate) what: &'static str,
}

/// The network as `--allow-network` takes it.
impl fmt::Display for Reserved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix)
    }
}

type Row<A> = (A, u8, &'static str);

const V4: &[Row<Ipv4Addr>] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8, "\"this\" network"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "a private network"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "a carrier's shared network"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "this machine"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "the link-local network, where clouds serve metadata"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "a private network"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "a network for protocol assignments"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "a documentation network"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "the network of 6to4 relays"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "a private network"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "a benchmarking network"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "a documentation network"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "a documentation network"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "a multicast network"),
    // Class E, and the broadcast address in it.
    (Ipv4Addr::new(240, 0, 0, 0), 4, "a reserved network"),
];

const V6: &[Row<Ipv6Addr>] = &[
    (Ipv6Addr::UNSPECIFIED, 128, "the unspecified address"),
    (Ipv6Addr::LOCALHOST, 128, "this machine"),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, "a private network"),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, "the link-local network"),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, "a private network"),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, "a multicast network"),
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48, "a network of local translators"),
    // Teredo, ORCHID, benchmarking.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "a network for protocol assignments"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "a documentation network"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "a documentation network"),
];

/// Networks whose addresses stand for the IPv4 address that begins at this bit.
const CARRIES_V4: &[(Ipv6Addr, u8, u8)] = &[
    // 6to4, RFC 3056.
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, 16),
    // NAT64, RFC 6052.
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96, 96),
];

/// Global unicast, the only part of IPv6 that is routed (RFC 4291).
const GLOBAL: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// The reserved network that this address is in; `None` if it is public.
pub(crate) fn reserved(address: IpAddr) -> Option<Reserved> {
    // An IPv4-mapped address is the IPv4 address: the operating system connects there.
    match address.to_canonical() {
        IpAddr::V4(v4) => reserved_v4(v4),
        IpAddr::V6(v6) => reserved_v6(v6),
    }
}

fn reserved_v4(address: Ipv4Addr) -> Option<Reserved> {
    let bits = address.to_bits();
    V4.iter()
        .find(|(network, prefix, _)| (bits ^ network.to_bits()) >> (32 - prefix) == 0)
        .map(|&(network, prefix, what)| Reserved { network: network.into(), prefix, what })
}

fn reserved_v6(address: Ipv6Addr) -> Option<Reserved> {
    let bits = address.to_bits();
    let within = |network: Ipv6Addr, prefix: u8| (bits ^ network.to_bits()) >> (128 - prefix) == 0;
    if let Some(&(network, prefix, what)) = V6.iter().find(|&&(network, prefix, _)| within(network, prefix)) {
        return Some(Reserved { network: network.into(), prefix, what });
    }
    if let Some(&(.., start)) = CARRIES_V4.iter().find(|&&(network, prefix, _)| within(network, prefix)) {
        let carried = Ipv4Addr::from_bits((bits >> (96 - start)) as u32);
        // The grant is for the one address: the whole network would open every inner IPv4 address.
        return reserved_v4(carried).map(|inner| Reserved {
            network: address.into(),
            prefix: 128,
            what: inner.what,
        });
    }
    let (network, prefix) = GLOBAL;
    (!within(network, prefix)).then(|| Reserved {
        network: address.into(),
        prefix: 128,
        what: "no part of the public internet",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str) -> Option<String> {
        reserved(address.parse().unwrap()).map(|reserved| reserved.to_string())
    }

    #[test]
    fn public_addresses_are_public() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2a00::1",
            "::ffff:8.8.8.8",
            "2002:808:808::1",
            "64:ff9b::808:808",
        ] {
            assert_eq!(check(address), None, "{address}");
        }
    }

    #[test]
    fn everything_else_is_reserved_and_names_its_network() {
        for (address, network) in [
            ("0.0.0.0", "0.0.0.0/8"),
            ("10.1.2.3", "10.0.0.0/8"),
            ("100.64.0.1", "100.64.0.0/10"),
            ("100.127.255.255", "100.64.0.0/10"),
            ("127.0.0.1", "127.0.0.0/8"),
            ("127.255.255.254", "127.0.0.0/8"),
            ("169.254.169.254", "169.254.0.0/16"),
            ("172.16.0.1", "172.16.0.0/12"),
            ("172.31.255.255", "172.16.0.0/12"),
            ("192.0.0.8", "192.0.0.0/24"),
            ("192.0.2.1", "192.0.2.0/24"),
            ("192.168.1.1", "192.168.0.0/16"),
            ("198.18.0.1", "198.18.0.0/15"),
            ("198.19.255.255", "198.18.0.0/15"),
            ("198.51.100.7", "198.51.100.0/24"),
            ("203.0.113.7", "203.0.113.0/24"),
            ("224.0.0.1", "224.0.0.0/4"),
            ("239.255.255.255", "224.0.0.0/4"),
            ("240.0.0.1", "240.0.0.0/4"),
            ("255.255.255.255", "240.0.0.0/4"),
            ("::", "::/128"),
            ("::1", "::1/128"),
            ("::ffff:127.0.0.1", "127.0.0.0/8"),
            ("::ffff:a9fe:a9fe", "169.254.0.0/16"),
            ("::127.0.0.1", "::7f00:1/128"),
            ("::8.8.8.8", "::808:808/128"),
            ("fc00::1", "fc00::/7"),
            ("fd00:ec2::254", "fc00::/7"),
            ("fe80::1", "fe80::/10"),
            ("febf::1", "fe80::/10"),
            ("fec0::1", "fec0::/10"),
            ("ff02::1", "ff00::/8"),
            ("100::1", "100::1/128"),
            ("2001::1", "2001::/23"),
            ("2001:db8::1", "2001:db8::/32"),
            ("3fff::1", "3fff::/20"),
            ("2002:7f00:1::", "2002:7f00:1::/128"),
            ("2002:a00:1::1", "2002:a00:1::1/128"),
            ("64:ff9b::7f00:1", "64:ff9b::7f00:1/128"),
            ("64:ff9b::a9fe:a9fe", "64:ff9b::a9fe:a9fe/128"),
            ("64:ff9b:1::1", "64:ff9b:1::/48"),
            ("5f00::1", "5f00::1/128"),
        ] {
            assert_eq!(check(address).as_deref(), Some(network), "{address}");
        }
    }
}
