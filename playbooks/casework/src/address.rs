use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address is one of an internal network, or of none at all (RFC 6890): nobody outside knows who uses it.
/// The networks for documentation do not count: nobody has them inside.
pub fn is_internal(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_internal_v4(address),
        IpAddr::V6(address) => is_internal_v6(address),
    }
}

fn is_internal_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || first == 0
        // A carrier's shared network (RFC 6598), and the one for benchmarks (RFC 2544).
        || (first == 100 && second & 0xc0 == 64)
        || (first == 198 && second & 0xfe == 18)
        // Multicast, class E and broadcast.
        || first >= 224
}

fn is_internal_v6(address: Ipv6Addr) -> bool {
    address.is_unspecified()
        || address.is_loopback()
        || address.is_unique_local()
        || address.is_unicast_link_local()
        // Site-local addresses, which are no more (RFC 3879).
        || address.segments()[0] & 0xffc0 == 0xfec0
        || address.is_multicast()
}

#[cfg(test)]
mod tests {
    use super::is_internal;

    #[test]
    fn what_is_inside_is_told_from_the_internet() {
        for inside in [
            "10.0.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "127.0.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "100.127.255.255",
            "198.19.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fd00::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "::ffff:10.0.0.1",
        ] {
            assert!(is_internal(inside.parse().unwrap()), "{inside}");
        }
        for outside in [
            "9.9.9.9",
            "172.32.0.1",
            "100.128.0.1",
            "198.20.0.1",
            "203.0.113.66",
            "2001:db8::1",
            "::ffff:9.9.9.9",
        ] {
            assert!(!is_internal(outside.parse().unwrap()), "{outside}");
        }
    }
}
