use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    age::days_between,
    text::{counted, fact, line},
};

/// Who holds a domain or an address, as registries say. All of it may be absent, and all of it is others' words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The registered domain, or the network.
    pub subject: Option<String>,
    /// The person or organization.
    pub holder: Option<String>,
    /// Its country.
    pub country: Option<String>,
    /// Through whom a domain is registered.
    pub registrar: Option<String>,
    /// Since when, as the registry writes it.
    pub created: Option<String>,
    /// Until when, likewise.
    pub expires: Option<String>,
    /// Where abuse is reported, a mail address.
    pub abuse: Option<String>,
}

/// The answer of `whois: whois domain`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct OwnerOfDomain {
    domain: Option<String>,
    registrant: Option<Contact>,
    registrar: Option<String>,
    created: Option<String>,
    expires: Option<String>,
    abuse: Option<Contact>,
    country: Option<String>,
}

/// The answer of `whois: whois ip`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct OwnerOfNetwork {
    name: Option<String>,
    owner: Option<Contact>,
    range: Option<String>,
    country: Option<String>,
    created: Option<String>,
    abuse: Option<Contact>,
}

#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
struct Contact {
    name: Option<String>,
    organization: Option<String>,
    email: Option<String>,
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

impl Owner {
    /// Whole days from the registration to a time in milliseconds since 1970, if the registry gives a date that can be
    /// read; 0 for a date after that time.
    pub fn age_days(&self, now_ms: u64) -> Option<u64> {
        days_between(self.created.as_ref()?, now_ms)
    }

    /// What is known, a fact on each line; ages as they were at this time, in milliseconds since 1970.
    pub fn lines(&self, now_ms: u64) -> Vec<String> {
        let mut lines: Vec<_> = self.subject.iter().map(|subject| line(subject)).collect();
        let holder = self.holder.as_deref().map_or_else(|| "not published".to_owned(), line);
        lines.push(format!("Holder: {holder}"));
        fact(&mut lines, "Country", self.country.as_deref());
        fact(&mut lines, "Registrar", self.registrar.as_deref());
        let age = self.age_days(now_ms).map(|days| format!(" ({} before the alert)", counted(days, "day")));
        let age = age.unwrap_or_default();
        let registered = self.created.as_ref().map(|created| format!("{created}{age}"));
        fact(&mut lines, "Registered", registered.as_deref());
        fact(&mut lines, "Expires", self.expires.as_deref());
        fact(&mut lines, "Abuse contact", self.abuse.as_deref());
        lines
    }
}
