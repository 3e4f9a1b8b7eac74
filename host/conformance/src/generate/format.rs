//! Texts of a format, and texts that fit a name.
//!
//! Addresses and names are those for documentation (RFC 5737, RFC 3849, RFC 2606): whatever a plugin does with them, it
//! meets nobody.

use crate::random::Random;

/// A text of this format of JSON Schema (2020-12 validation, section 7.3), or of the formats that SDKs write; none if it is
/// not known.
pub(crate) fn text(format: &str, random: &mut Random) -> Option<String> {
    let number = random.below(250) + 1;
    Some(match format {
        "ipv4" | "ip" => format!("203.0.113.{number}"),
        "ipv6" => format!("2001:db8::{number:x}"),
        "hostname" | "idn-hostname" => format!("host{number}.example.com"),
        "email" | "idn-email" => format!("user{number}@example.com"),
        "uri" | "url" | "iri" | "uri-reference" => format!("https://host{number}.example.com/path"),
        "date-time" => format!("2026-01-{:02}T12:00:00Z", number % 28 + 1),
        "date" => format!("2026-01-{:02}", number % 28 + 1),
        "time" => format!("12:{:02}:00Z", number % 60),
        "duration" => format!("PT{number}S"),
        "uuid" => format!("{:08x}-0000-4000-8000-{:012x}", number, random.next() & 0xffff_ffff_ffff),
        "json-pointer" => format!("/field{number}"),
        "regex" => "^a+$".to_owned(),
        _ => return None,
    })
}

/// A text for a property of this name, where its schema says no more than that it is one.
pub(crate) fn by_name(name: &str, random: &mut Random) -> String {
    let name = name.to_ascii_lowercase();
    let has = |part: &str| name.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == part);
    let format = match () {
        () if has("ip") || has("address") => "ipv4",
        () if has("email") || has("mail") || has("sender") || has("to") || has("from") => "email",
        () if has("domain") || has("host") || has("hostname") || has("server") || has("fqdn") => "hostname",
        () if has("url") || has("uri") => "uri",
        () if has("id") || has("uuid") => "uuid",
        () => "",
    };
    match name.as_str() {
        "md5" => format!("{:032x}", random.next()),
        "sha1" => format!("{:040x}", random.next()),
        "hash" | "sha256" => format!("{:064x}", random.next()),
        _ => text(format, random).unwrap_or_else(|| format!("text{}", random.below(1_000))),
    }
}
