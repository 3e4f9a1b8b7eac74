//! What the look-ups find. Each of them may fail, and what they say are the words of others, some of them the attacker's.

use std::net::IpAddr;

use casework::{Gap, Lookup, Owner, OwnerOfDomain, OwnerOfNetwork};
use palisade_sdk::playbook::{Need, Run};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::source::{self, Source};

/// The look-ups, with what they are asked and what of their answers is read.
pub(crate) fn needs() -> [Need; 7] {
    let by_ip = |connector, action| Need::new(connector, action).sends_texts(["ip"]);
    let by_domain = |connector, action| Need::new(connector, action).sends_texts(["domain"]);
    [
        by_ip("virustotal", "ip reputation").reads::<Reputation>(),
        by_domain("virustotal", "domain reputation").reads::<Reputation>(),
        by_ip("geoip", "geolocate ip").reads::<Place>(),
        by_ip("dns", "lookup ip").reads::<AddressNames>(),
        by_domain("dns", "lookup domain").sends_texts(["type"]).reads::<DomainRecords>(),
        by_ip("whois", "whois ip").reads::<OwnerOfNetwork>(),
        by_domain("whois", "whois domain").reads::<OwnerOfDomain>(),
    ]
}

/// What is known of the source.
#[derive(Debug)]
pub(crate) struct Findings {
    pub(crate) address: IpAddr,
    pub(crate) reputation: Result<Reputation, Gap>,
    pub(crate) place: Result<Place, Gap>,
    pub(crate) owner: Result<Owner, Gap>,
    /// What the address is called by whoever holds it; none if it has no name.
    pub(crate) names: Result<Vec<String>, Gap>,
    /// The domains that were looked into: the one that the alert names, and the first of `names`.
    pub(crate) domains: Vec<Domain>,
}

/// What is known of a domain that the source is said to have.
#[derive(Debug)]
pub(crate) struct Domain {
    pub(crate) name: String,
    /// Who says so.
    pub(crate) said_by: SaidBy,
    /// Whether the name leads back to the address. If it does not, anybody may have made it up.
    pub(crate) confirmed: Result<bool, Gap>,
    pub(crate) reputation: Result<Reputation, Gap>,
    pub(crate) owner: Result<Owner, Gap>,
}

/// Who says that the source has a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SaidBy {
    Alert,
    ReverseDns,
}

/// The answer of `virustotal: ip reputation` and `domain reputation`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Reputation {
    /// What it is about.
    pub(crate) subject: String,
    pub(crate) malicious: u32,
    pub(crate) suspicious: u32,
    harmless: u32,
    undetected: u32,
    pub(crate) link: Option<String>,
}

/// The answer of `geoip: geolocate ip`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Place {
    city: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) organization: Option<String>,
    pub(crate) as_organization: Option<String>,
    pub(crate) asn: Option<u32>,
    pub(crate) anonymous: Option<bool>,
}

/// The answer of `dns: lookup ip`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
struct AddressNames {
    hostnames: Vec<String>,
}

/// The answer of `dns: lookup domain`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
struct DomainRecords {
    records: Vec<Record>,
}

#[derive(Deserialize, JsonSchema)]
struct Record {
    value: String,
}

impl Reputation {
    /// How many engines were asked.
    pub(crate) fn engines(&self) -> u32 {
        self.rated().saturating_add(self.undetected)
    }

    /// How many have looked, and say what they think; the rest has not rated it.
    pub(crate) fn rated(&self) -> u32 {
        self.objections().saturating_add(self.harmless)
    }

    /// How many engines object.
    pub(crate) fn objections(&self) -> u32 {
        self.malicious.saturating_add(self.suspicious)
    }
}

impl Place {
    /// City and country, as far as they are known.
    pub(crate) fn name(&self) -> Option<String> {
        let parts: Vec<&str> =
            [&self.city, &self.country].into_iter().flatten().map(String::as_str).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }
}

impl Findings {
    /// Looks everything up: what is about the address side by side, then what is about its domains.
    pub(crate) fn gather(run: &Run, source: &Source, address: IpAddr) -> Self {
        let ip = address.to_string();
        let about = |connector, action| {
            Lookup::with(run, connector, action, &ip, |it| it.parameter("ip", ip.as_str()))
        };
        let names = about("dns", "lookup ip");
        let reputation = about("virustotal", "ip reputation");
        let place = about("geoip", "geolocate ip");
        let owner = about("whois", "whois ip");

        let names = match names.wait::<AddressNames>() {
            Ok(found) => Ok(found.hostnames),
            Err(gap) if gap.is_unknown => Ok(Vec::new()),
            Err(gap) => Err(gap),
        };
        let first_name = names.iter().flatten().find_map(|name| source::domain(name));
        let mut said = vec![(source.domain.clone(), SaidBy::Alert)];
        if first_name != source.domain {
            said.push((first_name, SaidBy::ReverseDns));
        }
        let said = said.into_iter().filter_map(|(name, said_by)| Some((name?, said_by)));
        let started: Vec<_> =
            said.map(|(name, said_by)| StartedDomain::start(run, name, said_by, address)).collect();
        let mut domains: Vec<_> = started.into_iter().map(|domain| domain.wait(address)).collect();
        ask_about_registered_domains(run, &mut domains);
        Self {
            address,
            reputation: reputation.wait(),
            place: place.wait(),
            owner: owner.wait::<OwnerOfNetwork>().map(Owner::from),
            names,
            domains,
        }
    }

    /// One line for each look-up without a result.
    pub(crate) fn gaps(&self) -> Vec<&Gap> {
        let mut gaps: Vec<_> =
            [gap(&self.reputation), gap(&self.place), gap(&self.owner), gap(&self.names)].into();
        for domain in &self.domains {
            gaps.extend([gap(&domain.confirmed), gap(&domain.reputation), gap(&domain.owner)]);
        }
        gaps.into_iter().flatten().collect()
    }

    /// The domain that the source has beyond doubt.
    pub(crate) fn confirmed_domain(&self) -> Option<&Domain> {
        self.domains.iter().find(|domain| matches!(domain.confirmed, Ok(true)))
    }
}

fn gap<T>(found: &Result<T, Gap>) -> Option<&Gap> {
    found.as_ref().err()
}

/// The look-ups about one domain, side by side.
struct StartedDomain {
    name: String,
    said_by: SaidBy,
    records: Lookup,
    reputation: Lookup,
    owner: Lookup,
}

impl StartedDomain {
    fn start(run: &Run, name: String, said_by: SaidBy, address: IpAddr) -> Self {
        let about = |connector, action| {
            Lookup::with(run, connector, action, &name, |it| it.parameter("domain", name.as_str()))
        };
        let record_type = if address.is_ipv4() { "A" } else { "AAAA" };
        let records = Lookup::with(run, "dns", "lookup domain", &name, |it| {
            it.parameter("domain", name.as_str()).parameter("type", record_type)
        });
        let (reputation, owner) = (about("virustotal", "domain reputation"), about("whois", "whois domain"));
        Self { name, said_by, records, reputation, owner }
    }

    fn wait(self, address: IpAddr) -> Domain {
        let leads_back = |found: DomainRecords| {
            let addresses = found.records.iter().filter_map(|record| record.value.parse::<IpAddr>().ok());
            addresses.into_iter().any(|found| found.to_canonical() == address)
        };
        let confirmed = match self.records.wait().map(leads_back) {
            Err(gap) if gap.is_unknown => Ok(false),
            confirmed => confirmed,
        };
        Domain {
            name: self.name,
            said_by: self.said_by,
            confirmed,
            reputation: self.reputation.wait(),
            owner: self.owner.wait::<OwnerOfDomain>().map(Owner::from),
        }
    }
}

/// Few engines know the name of a single host; more know the domain it belongs to. Where none knows the one, the other is
/// asked about.
fn ask_about_registered_domains(run: &Run, domains: &mut [Domain]) {
    let lookups: Vec<_> = domains
        .iter()
        .map(|domain| {
            let registered = domain.owner.as_ref().ok()?.subject.as_deref().and_then(source::domain)?;
            let is_unknown = domain.reputation.as_ref().is_ok_and(|reputation| reputation.engines() == 0);
            // What registries answer with is no reason to ask about another name.
            let is_below = domain.name.strip_suffix(&registered).is_some_and(|host| host.ends_with('.'));
            (is_unknown && is_below)
                .then(|| Lookup::start(run, "virustotal", "domain reputation", "domain", Some(registered)))?
        })
        .collect();
    for (domain, lookup) in domains.iter_mut().zip(lookups) {
        if let Some(reputation) = lookup.map(Lookup::wait) {
            domain.reputation = reputation;
        }
    }
}
