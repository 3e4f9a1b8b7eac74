//! Playbook: a device of ours talked to something suspicious. Who talked, who owns what it talked to, and what does
//! that offer to the internet? Three look-ups side by side, and one ticket with what they found.
//!
//! A look-up that is not possible, fails or finds nothing never keeps the ticket from being written: the ticket says so.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod age;
mod connection;
mod findings;
mod lookup;
#[cfg(test)]
mod tests;
mod text;
mod ticket;

use palisade_sdk::{
    Report, Status, log,
    playbook::{Action, Playbook, Run, Severity},
};
use serde_json::json;

use crate::{
    connection::Connection,
    findings::{Findings, Owner, OwnerOfDomain, OwnerOfNetwork},
    lookup::Lookup,
    text::line,
};

palisade_sdk::playbook!(playbook);

/// The playbook as the host sees it.
pub fn playbook() -> Playbook {
    Playbook::new("suspicious-outbound-connections", env!("CARGO_PKG_VERSION"), handle)
        .about("Gathers who talked to what into one ticket.")
        .publisher("Palisade")
        .label("suspicious-outbound-connection")
        .needs("windows", "get system info")
        .needs("whois", "whois domain")
        .needs("whois", "whois ip")
        .needs("shodan", "query ip")
        .needs("servicenow", "create ticket")
        .manual_minutes(30)
}

fn handle(run: &Run) -> Result<String, String> {
    let alert = run.alert();
    let connection = Connection::from(&run.artifacts());
    let findings = look_up(run, &connection);

    let short_description = ticket::short_description(&connection, &findings, alert.received);
    let description = ticket::description(&alert, &connection, &findings);
    let created = run
        .start(
            Action::new("servicenow", "create ticket")
                .parameter("short_description", short_description.as_str())
                .parameter("description", description.as_str())
                .parameter("fields", json!({ "urgency": urgency(alert.severity) })),
        )
        .wait();
    match created {
        Ok(Report { status: Status::Success, summary, .. }) => {
            let of = |fact: &str| summary.get(fact).and_then(|fact| fact.as_str());
            let number = of("number").or(of("sys_id")).unwrap_or("without a number");
            let link = of("link").map(|link| format!("\n\n{link}")).unwrap_or_default();
            run.add_note(&format!("Ticket {number}"), &format!("{short_description}{link}"));
            Ok(format!("Ticket {number}: {short_description}"))
        }
        other => {
            let why = other.map_or_else(|failure| failure.sentence(), |report| report.message);
            let why = line(&why);
            log::error(format!("No ticket: {why}"));
            // What was found must not be lost with the ticket.
            run.add_note("No ticket could be created", &format!("{why}\n\n{description}"));
            Err(format!("No ticket could be created: {why}. What was found stands in a note on the alert."))
        }
    }
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
            lookup.wait::<OwnerOfDomain>().map(Owner::from)
        } else {
            lookup.wait::<OwnerOfNetwork>().map(Owner::from)
        }
    });
    Findings {
        device: device.map_err(str::to_owned).and_then(Lookup::wait),
        owner,
        services: services.map_err(str::to_owned).and_then(Lookup::wait),
    }
}

/// ServiceNow's urgency: 1 high, 2 medium, 3 low.
fn urgency(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "1",
        Severity::Medium => "2",
        Severity::Low | Severity::Informational => "3",
    }
}
