//! The action `whois domain`.

use palisade_sdk::{
    Failure,
    connector::{Call, Done},
    log,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Configuration, bootstrap,
    contact::Contact,
    name::Name,
    rdap::{self, DomainAnswer},
    whois::{self, Text},
};

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Parameters {
    /// Domain name, or the name of a host in it.
    domain: String,
}

/// What the registry knows of a domain.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Domain {
    /// The registered domain.
    domain: String,
    /// Who holds it.
    registrant: Option<Contact>,
    /// Through whom it is registered.
    registrar: Option<String>,
    /// When it was registered, as the registry writes it.
    created: Option<String>,
    /// When it was last changed.
    updated: Option<String>,
    /// Until when it is registered.
    expires: Option<String>,
    /// Its name servers.
    nameservers: Vec<String>,
    /// Its status, in the registry's words.
    status: Vec<String>,
    /// Whom to tell about abuse.
    abuse: Option<Contact>,
    /// The holder's country.
    country: Option<String>,
    /// Server that answered.
    source: String,
    /// The whole answer, where it is free text.
    raw: Option<String>,
}

pub(crate) fn look_up(
    call: &Call<Configuration>,
    Parameters { domain }: Parameters,
) -> Result<Done<Domain>, Failure> {
    let name = Name::parse(&domain)?;
    let registry = bootstrap::fetch(call, bootstrap::File::Dns)?;
    let found = match registry.for_name(&name) {
        Some(base) => by_rdap(call, base, &name)?,
        None => by_whois(call, &name)?,
    };

    let owner = found.registrant.as_ref().and_then(Contact::title).map(str::to_owned);
    let holder = owner.as_deref().unwrap_or("Someone who is not published");
    let through =
        found.registrar.as_ref().map(|registrar| format!(" through {registrar}")).unwrap_or_default();
    let since = found.created.as_ref().map(|date| format!(" since {date}")).unwrap_or_default();
    // A registrar's name may bring the full stop along: `Example Inc.`
    let message = format!("{holder} holds {}{through}{since}", found.domain);
    let message = format!("{}.", message.trim_end_matches('.'));
    let (domain, registrar) = (found.domain.clone(), found.registrar.clone());
    let (created, country) = (found.created.clone(), found.country.clone());
    Ok(Done::success(message, found)
        .fact("domain", domain)
        .fact("owner", owner)
        .fact("registrar", registrar)
        .fact("created", created)
        .fact("country", country))
}

fn by_rdap(call: &Call<Configuration>, base: &str, name: &Name) -> Result<Domain, Failure> {
    let mut candidates = name.candidates().peekable();
    while let Some(candidate) = candidates.next() {
        let response = rdap::ask(call, base, "domain", &candidate)?;
        // Not all servers take the name of a host for one that could be registered.
        let refused = matches!(response.status, 400 | 422) && candidates.peek().is_some();
        if response.status == 404 || refused {
            continue;
        }
        let answer: DomainAnswer = response.ok_or_words(rdap::words)?.json()?;
        return Ok(Domain::from_rdap(call, base, candidate, answer));
    }
    Err(Failure::not_found(format!("{base} has no registration for {name}")))
}

fn by_whois(call: &Call<Configuration>, name: &Name) -> Result<Domain, Failure> {
    let server = whois::referral(call, name.top_level())?;
    for candidate in name.candidates() {
        let answer = whois::ask(call, &server, &candidate)?;
        if !answer.is_nothing() {
            return Ok(Domain::from_whois(candidate, answer));
        }
    }
    Err(Failure::not_found(format!("{server} has no registration for {name}")))
}

impl Domain {
    fn from_rdap(call: &Call<Configuration>, base: &str, asked: String, answer: DomainAnswer) -> Self {
        let mut registrant = rdap::contact(&answer.entities, "registrant");
        let mut abuse = rdap::contact(&answer.entities, "abuse");
        // A thin registry knows the registrar only; the registrar knows the holder.
        if registrant.is_none()
            && let Some(url) = answer.registrar_url()
        {
            match rdap::follow::<DomainAnswer>(call, url) {
                Ok(registrar) => {
                    registrant = rdap::contact(&registrar.entities, "registrant");
                    abuse = abuse.or_else(|| rdap::contact(&registrar.entities, "abuse"));
                }
                Err(failure) => {
                    log::warn(format!("The registrar's {url} did not answer: {}", failure.sentence()));
                }
            }
        }
        let registrar = rdap::contact(&answer.entities, "registrar");
        Self {
            domain: answer.ldh_name.map_or(asked, |name| name.to_ascii_lowercase()),
            country: registrant.as_ref().and_then(|contact| contact.country.clone()),
            registrant,
            registrar: registrar.as_ref().and_then(Contact::title).map(str::to_owned),
            created: rdap::date(&answer.events, "registration"),
            updated: rdap::date(&answer.events, "last changed"),
            expires: rdap::date(&answer.events, "expiration"),
            nameservers: answer
                .nameservers
                .into_iter()
                .filter_map(|server| server.ldh_name)
                .map(|name| name.to_ascii_lowercase())
                .collect(),
            status: answer.status,
            abuse,
            source: base.to_owned(),
            raw: None,
        }
    }

    fn from_whois(asked: String, answer: Text) -> Self {
        let registrant = Contact {
            name: answer.first(&["registrant name", "registrant", "holder", "owner"]),
            organization: answer.first(&["registrant organization", "organisation", "org"]),
            email: answer.first(&["registrant email"]),
            phone: answer.first(&["registrant phone"]),
            country: answer.first(&["registrant country", "country"]),
        };
        let abuse = Contact {
            email: answer.first(&["registrar abuse contact email", "abuse-mailbox"]),
            phone: answer.first(&["registrar abuse contact phone"]),
            ..Contact::default()
        };
        Self {
            domain: asked,
            country: registrant.country.clone(),
            registrant: registrant.published(),
            registrar: answer.first(&[
                "registrar",
                "registrar organization",
                "registrar name",
                "sponsoring registrar",
            ]),
            created: answer.first(&["creation date", "created", "registered", "registered on"]),
            updated: answer.first(&[
                "updated date",
                "changed",
                "last-update",
                "last update",
                "modified",
                "last updated",
            ]),
            expires: answer.first(&[
                "registry expiry date",
                "registrar registration expiration date",
                "expiration date",
                "expires",
                "expire",
                "expire date",
                "expiry date",
                "paid-till",
            ]),
            nameservers: answer
                .all(&["name server", "nserver", "nameserver", "nameservers"])
                .iter()
                // Some registries append the server's addresses.
                .filter_map(|server| server.split_whitespace().next())
                .map(str::to_ascii_lowercase)
                .collect(),
            status: answer.all(&["domain status", "status", "state"]),
            abuse: abuse.published(),
            source: answer.server,
            raw: Some(answer.raw),
        }
    }
}
