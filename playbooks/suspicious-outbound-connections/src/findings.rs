//! What the look-ups found, as far as the ticket tells it. All of it may be absent, and all of it is others' words.

use serde::Deserialize;

/// What was found; for each look-up without a result, one line that says why.
#[derive(Debug)]
pub(crate) struct Findings {
    pub(crate) device: Result<Device, String>,
    pub(crate) owner: Result<Owner, String>,
    pub(crate) services: Result<Host, String>,
}

/// The source device, by `windows: get system info`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Device {
    pub(crate) name: String,
    pub(crate) domain: Option<String>,
    pub(crate) role: Option<String>,
    pub(crate) operating_system: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) last_boot: Option<String>,
    pub(crate) user: Option<String>,
}

/// The destination's owner.
#[derive(Debug)]
pub(crate) struct Owner {
    /// The registered domain, or the network.
    pub(crate) subject: Option<String>,
    pub(crate) holder: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) registrar: Option<String>,
    pub(crate) created: Option<String>,
    pub(crate) expires: Option<String>,
    pub(crate) abuse: Option<String>,
}

/// The answer of `whois: whois domain`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct OwnerOfDomain {
    domain: Option<String>,
    registrant: Option<Contact>,
    registrar: Option<String>,
    created: Option<String>,
    expires: Option<String>,
    abuse: Option<Contact>,
    country: Option<String>,
}

/// The answer of `whois: whois ip`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct OwnerOfNetwork {
    name: Option<String>,
    owner: Option<Contact>,
    range: Option<String>,
    country: Option<String>,
    created: Option<String>,
    abuse: Option<Contact>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Contact {
    name: Option<String>,
    organization: Option<String>,
    email: Option<String>,
}

/// The destination's services, by `shodan: query ip`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Host {
    pub(crate) organization: Option<String>,
    pub(crate) asn: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) hostnames: Vec<String>,
    pub(crate) ports: Vec<u16>,
    pub(crate) vulnerabilities: Vec<String>,
    pub(crate) services: Vec<Service>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Service {
    pub(crate) port: u16,
    pub(crate) transport: String,
    pub(crate) product: Option<String>,
    pub(crate) version: Option<String>,
}

impl Contact {
    fn title(self) -> Option<String> {
        self.organization.or(self.name)
    }
}

impl From<OwnerOfDomain> for Owner {
    fn from(found: OwnerOfDomain) -> Self {
        Self {
            subject: found.domain,
            holder: found.registrant.and_then(Contact::title),
            country: found.country,
            registrar: found.registrar,
            created: found.created,
            expires: found.expires,
            abuse: found.abuse.and_then(|contact| contact.email),
        }
    }
}

impl From<OwnerOfNetwork> for Owner {
    fn from(found: OwnerOfNetwork) -> Self {
        Self {
            subject: found.range.map(|range| format!("network {range}")),
            holder: found.owner.and_then(Contact::title).or(found.name),
            country: found.country,
            registrar: None,
            created: found.created,
            expires: None,
            abuse: found.abuse.and_then(|contact| contact.email),
        }
    }
}
