//! What the connector keeps in a firewall's configuration.
//!
//! The block list of addresses is a dynamic address group: every address object with the group's tag is in it. A static
//! group must not be empty, so that the last address could not be unblocked. The block list of URLs is a custom URL
//! category, which keeps [`NEVER`] for the same reason.

use std::net::IpAddr;

use palisade_sdk::Failure;

use crate::xml::escaped;

/// A URL that no server has (RFC 2606).
pub(crate) const NEVER: &str = "palisade.invalid/";

/// Custom URL category with the blocked URLs.
const CATEGORY: &str = "palisade-blocked-urls";

/// The longest URL that a custom URL category takes.
const URL_CHARS_MAX: usize = 255;

/// A virtual system of a firewall, as the beginning of an XPath.
pub(crate) struct Vsys(String);

/// A list that a rule denies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum List {
    Destinations,
    Sources,
    Urls,
}

/// One thing on a list.
#[derive(Debug)]
pub(crate) struct Blocked {
    pub(crate) list: List,
    /// The address or URL as the firewall has it.
    pub(crate) value: String,
    /// Name of its address object; nothing for a URL.
    object: Option<String>,
}

impl Vsys {
    /// It becomes part of an XPath: nothing in the name may end a literal there.
    pub(crate) fn named(name: &str) -> Result<Self, Failure> {
        let number = name.strip_prefix("vsys").filter(|number| {
            (1..=3).contains(&number.len()) && number.bytes().all(|digit| digit.is_ascii_digit())
        });
        if number.is_none() {
            return Err(Failure::invalid(format!("`{name}` is no virtual system, such as vsys1")));
        }
        Ok(Self(format!("/config/devices/entry[@name='localhost.localdomain']/vsys/entry[@name='{name}']")))
    }

    fn at(&self, path: &str) -> String {
        format!("{}/{path}", self.0)
    }

    pub(crate) fn rule_names(&self) -> String {
        self.at("rulebase/security/rules/entry/@name")
    }

    pub(crate) fn rule(&self, list: List) -> String {
        self.at(&format!("rulebase/security/rules/entry[@name='{}']", list.rule()))
    }

    /// All address objects.
    pub(crate) fn addresses(&self) -> String {
        self.at("address")
    }

    /// The blocked URLs.
    pub(crate) fn urls(&self) -> String {
        self.at(&format!("profiles/custom-url-category/entry[@name='{CATEGORY}']/list"))
    }

    /// What must be there for this list to be denied, apart from the rule: places and elements, in an order in which
    /// nothing refers to what is not there yet.
    pub(crate) fn list(&self, list: List) -> Vec<(String, String)> {
        let name = list.name();
        match list {
            List::Destinations | List::Sources => vec![
                (
                    self.at(&format!("tag/entry[@name='{name}']")),
                    "<comments>Blocked by Palisade</comments>".to_owned(),
                ),
                (
                    self.at(&format!("address-group/entry[@name='{name}']")),
                    format!(
                        "<dynamic><filter>'{name}'</filter></dynamic><description>Blocked by Palisade</description>"
                    ),
                ),
            ],
            List::Urls => vec![(
                self.at(&format!("profiles/custom-url-category/entry[@name='{name}']")),
                format!(
                    "<description>Blocked by Palisade</description><list><member>{NEVER}</member></list><type>URL List</type>"
                ),
            )],
        }
    }

    /// Place and element of one thing on a list.
    pub(crate) fn entry(&self, blocked: &Blocked) -> (String, String) {
        let value = escaped(&blocked.value);
        match &blocked.object {
            Some(object) => (
                self.at(&format!("address/entry[@name='{object}']")),
                format!(
                    "<ip-netmask>{value}</ip-netmask><tag><member>{}</member></tag>",
                    blocked.list.name()
                ),
            ),
            None => (self.urls(), format!("<member>{value}</member>")),
        }
    }

    /// The place of one thing on a list, to read or delete it.
    pub(crate) fn place(&self, blocked: &Blocked) -> String {
        match &blocked.object {
            Some(_) => self.entry(blocked).0,
            None => format!("{}/member[text()='{}']", self.urls(), blocked.value),
        }
    }
}

impl List {
    pub(crate) const ALL: [List; 3] = [List::Destinations, List::Sources, List::Urls];

    /// The list of addresses on this side of the traffic.
    pub(crate) fn of(is_source: bool) -> List {
        if is_source { List::Sources } else { List::Destinations }
    }

    /// Name of the group and its tag, or of the category.
    pub(crate) fn name(self) -> &'static str {
        match self {
            List::Destinations => "palisade-blocked-destinations",
            List::Sources => "palisade-blocked-sources",
            List::Urls => CATEGORY,
        }
    }

    pub(crate) fn rule(self) -> &'static str {
        match self {
            List::Destinations => "Palisade blocked destinations",
            List::Sources => "Palisade blocked sources",
            List::Urls => "Palisade blocked URLs",
        }
    }

    /// The rule that denies everything on the list.
    pub(crate) fn rule_element(self) -> String {
        let column = |name: &str, list: Option<List>| {
            let member = if list == Some(self) { self.name() } else { "any" };
            format!("<{name}><member>{member}</member></{name}>")
        };
        [
            column("from", None),
            column("to", None),
            column("source", Some(List::Sources)),
            column("destination", Some(List::Destinations)),
            column("source-user", None),
            column("category", Some(List::Urls)),
            column("application", None),
            column("service", None),
            "<action>deny</action><description>Managed by Palisade</description>".to_owned(),
        ]
        .concat()
    }
}

impl Blocked {
    pub(crate) fn address(list: List, ip: IpAddr) -> Self {
        // The name of an object has no colon, and an IPv4 address no hyphen: no two addresses share a name.
        let side = if list == List::Sources { "from" } else { "to" };
        let object = format!("palisade-{side}-{}", ip.to_string().replace(':', "-"));
        let value = format!("{ip}/{}", if ip.is_ipv4() { 32 } else { 128 });
        Self { list, value, object: Some(object) }
    }

    /// A custom URL category takes URLs without their scheme. Without a slash at the end of the host `example.com` would
    /// also be the beginning of `example.com.example.org`.
    pub(crate) fn url(url: &str) -> Result<Self, Failure> {
        let refused = |why: &str| Err(Failure::invalid(format!("`{url}` cannot be blocked: {why}")));
        let bare = match url.split_once("://") {
            Some((scheme, rest))
                if ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) =>
            {
                rest
            }
            Some(_) => return refused("only http and https are"),
            None => url,
        };
        let bare = bare.split('#').next().unwrap_or_default();
        let (host, path) = bare.split_at(bare.find(['/', '?']).unwrap_or(bare.len()));
        if host.is_empty() || !host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b)) {
            return refused("it has no host name that the firewall could match");
        }
        // A wildcard would block more than was asked for, and a quote would end the literal in an XPath.
        if path.chars().any(|c| c.is_whitespace() || c.is_control() || "*^'\"<>".contains(c)) {
            return refused("its path has characters that mean something else to the firewall");
        }
        let slash = if path.starts_with('/') { "" } else { "/" };
        let value = format!("{}{slash}{path}", host.to_ascii_lowercase());
        if value.chars().count() > URL_CHARS_MAX {
            return refused(&format!("it is longer than {URL_CHARS_MAX} characters"));
        }
        if value == NEVER {
            return refused("it holds the place of the list");
        }
        Ok(Self { list: List::Urls, value, object: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_written_as_the_firewall_matches_them() {
        let value = |url: &str| Blocked::url(url).map(|blocked| blocked.value);
        assert_eq!(value("HTTPS://Evil.Example"), Ok("evil.example/".to_owned()));
        assert_eq!(value("evil.example:8080/A/b?c=1#d"), Ok("evil.example:8080/A/b?c=1".to_owned()));
        assert_eq!(value("evil.example?x"), Ok("evil.example/?x".to_owned()));
        for refused in
            ["ftp://a.example/", "", "*.example/", "a.example/*", "a.example/']", "u@a.example/", NEVER]
        {
            assert!(matches!(value(refused), Err(Failure::InvalidParameters(_))), "{refused}");
        }
    }

    #[test]
    fn addresses_have_objects_of_their_own() {
        let object = |ip: &str| Blocked::address(List::Sources, ip.parse().unwrap()).object.unwrap();
        assert_eq!(object("203.0.113.66"), "palisade-from-203.0.113.66");
        assert_eq!(object("2001:db8::1"), "palisade-from-2001-db8--1");
        // PAN-OS takes names of 63 characters.
        assert!(object("2001:db8:1111:2222:3333:4444:5555:6666").len() <= 63);
    }

    #[test]
    fn a_vsys_cannot_leave_its_literal() {
        assert!(Vsys::named("vsys12").is_ok());
        for refused in ["vsys", "vsys1']", "shared", "vsys1234"] {
            assert!(Vsys::named(refused).is_err(), "{refused}");
        }
    }
}
