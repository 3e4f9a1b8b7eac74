//! Playbook: a device of ours talked to something suspicious. Who talked, who owns what it talked to, and what does
//! that offer to the internet? Three look-ups side by side, and one ticket with what they found.
//!
//! A look-up that is not possible, fails or finds nothing never keeps the ticket from being written: the ticket says so.
//! The alert gets what was found as a note, before anything else can go wrong, and goes to a person.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod connection;
mod findings;
mod settings;
#[cfg(test)]
mod tests;
mod ticket;

use casework::{
    Gap, Lookup, Owner, OwnerOfDomain, OwnerOfNetwork, create_ticket, escalate, file_ticket, raise_severity,
};
use palisade_sdk::playbook::{Need, Playbook, Run};

use crate::{
    connection::Connection,
    findings::{Device, Findings, Host},
    settings::Settings,
};

palisade_sdk::playbook!(playbook);

/// The playbook as the host sees it.
pub fn playbook() -> Playbook {
    Playbook::new("suspicious-outbound-connections", env!("CARGO_PKG_VERSION"), handle)
        .about("Gathers who talked to what into one ticket.")
        .publisher("Palisade")
        .label("suspicious-outbound-connection")
        .need(Need::new("windows", "get system info").sends_texts(["ip_hostname"]).reads::<Device>())
        .need(Need::new("whois", "whois domain").sends_texts(["domain"]).reads::<OwnerOfDomain>())
        .need(Need::new("whois", "whois ip").sends_texts(["ip"]).reads::<OwnerOfNetwork>())
        .need(Need::new("shodan", "query ip").sends_texts(["ip"]).reads::<Host>())
        .need(create_ticket())
        .configured_by::<Settings>()
        .manual_minutes(30)
}

fn handle(run: &Run) -> Result<String, String> {
    let settings: Settings = run.configuration()?;
    let alert = run.alert();
    let connection = Connection::from(&run.artifacts());
    let findings = look_up(run, &connection);
    let young_days = findings.young_days(alert.received, settings.young_days);

    let short_description = ticket::short_description(&connection, &findings, young_days);
    let description = ticket::description(&alert, &connection, &findings);
    run.add_note("What was found", &description);
    if young_days.is_some() || findings.is_vulnerable(settings.vulnerabilities_at) {
        raise_severity(run, settings.severity.into());
    }
    // A person need not wait for the ticket.
    escalate(run, settings.escalate_to.as_deref(), &short_description);
    file_ticket(run, &short_description, &description)
}

/// All three start before the first is waited for.
fn look_up(run: &Run, connection: &Connection) -> Findings {
    let device = Lookup::start(run, "windows", "get system info", "ip_hostname", connection.source())
        .ok_or("Source device: the alert names none.");
    let address = connection.address.map(|address| address.to_string());
    let (by_name, action, parameter, subject) = match &connection.domain {
        Some(domain) => (true, "whois domain", "domain", Some(domain.as_str())),
        None => (false, "whois ip", "ip", address.as_deref()),
    };
    let owner = Lookup::start(run, "whois", action, parameter, subject)
        .ok_or("Destination owner: the alert names neither a domain nor an address.");
    let services = Lookup::start(run, "shodan", "query ip", "ip", address.as_deref())
        .ok_or("Services on the destination: the alert names no address.");

    let owner = owner.map_err(str::to_owned).and_then(|lookup| {
        if by_name {
            told(lookup.wait::<OwnerOfDomain>()).map(Owner::from)
        } else {
            told(lookup.wait::<OwnerOfNetwork>()).map(Owner::from)
        }
    });
    Findings {
        device: device.map_err(str::to_owned).and_then(|lookup| told(lookup.wait())),
        owner,
        services: services.map_err(str::to_owned).and_then(|lookup| told(lookup.wait())),
    }
}

/// The ticket has a line for each gap, whatever kind of gap it is.
fn told<T>(found: Result<T, Gap>) -> Result<T, String> {
    found.map_err(|gap| gap.line)
}
