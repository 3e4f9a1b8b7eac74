//! Playbook: a device of ours talked to something suspicious. Who talked, who owns what it talked to, and what does
//! that offer to the internet? Three look-ups side by side, and one ticket with what they found.
//!
//! A look-up that is not possible, fails or finds nothing never keeps the ticket from being written: the ticket says so.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod age;
mod connection;
mod findings;
#[cfg(test)]
mod tests;
mod ticket;

use casework::{CREATE_TICKET, Gap, Lookup, Ticket};
use palisade_sdk::{
    log,
    playbook::{Playbook, Run},
};

use crate::{
    connection::Connection,
    findings::{Findings, Owner, OwnerOfDomain, OwnerOfNetwork},
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
        .needs(CREATE_TICKET.0, CREATE_TICKET.1)
        .manual_minutes(30)
}

fn handle(run: &Run) -> Result<String, String> {
    let alert = run.alert();
    let connection = Connection::from(&run.artifacts());
    let findings = look_up(run, &connection);

    let short_description = ticket::short_description(&connection, &findings, alert.received);
    let description = ticket::description(&alert, &connection, &findings);
    match Ticket::create(run, alert.severity, &short_description, &description) {
        Ok(Ticket { number, link }) => {
            let link = link.map(|link| format!("\n\n{link}")).unwrap_or_default();
            run.add_note(&format!("Ticket {number}"), &format!("{short_description}{link}"));
            Ok(format!("Ticket {number}: {short_description}"))
        }
        Err(why) => {
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
