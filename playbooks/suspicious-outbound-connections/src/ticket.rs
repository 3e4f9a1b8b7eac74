//! The ticket: readable in ten seconds, complete enough to act on.

use casework::{
    SHORT_DESCRIPTION_CHARS_MAX,
    text::{LISTED_MAX, VALUE_CHARS_MAX, counted, fact, line, listed, origin, section, shortened},
};
use palisade_sdk::playbook::Alert;

use crate::{
    connection::Connection,
    findings::{Device, Findings, Host},
};

/// How much of a name or a holder the first line shows, in characters, so that no name drowns the facts.
const SHORT_VALUE_CHARS_MAX: usize = 30;

/// Who talked to what, and the facts that decide; the age of the destination's domain is one if it is given.
pub(crate) fn short_description(
    connection: &Connection,
    findings: &Findings,
    young_days: Option<u64>,
) -> String {
    let mut facts = Vec::new();
    facts.extend(young_days.map(|days| format!("registered {} ago", counted(days, "day"))));
    if let Some(holder) = findings.owner.as_ref().ok().and_then(|owner| owner.holder.as_deref()) {
        facts.push(format!("held by {}", shortened(&line(holder), SHORT_VALUE_CHARS_MAX)));
    }
    if let Ok(host) = &findings.services {
        facts.push(counted(host.ports.len() as u64, "open port"));
        if !host.vulnerabilities.is_empty() {
            facts.push(counted(host.vulnerabilities.len() as u64, "suspected CVE"));
        }
    }
    let unanswered = gaps(findings).len();
    if unanswered > 0 {
        facts.push(format!("{unanswered} of 3 look-ups without a result"));
    }
    let what = format!(
        "{} talked to {}",
        connection.source_text(SHORT_VALUE_CHARS_MAX),
        connection.destination_text(SHORT_VALUE_CHARS_MAX)
    );
    shortened(&format!("{what}: {}", facts.join(", ")), SHORT_DESCRIPTION_CHARS_MAX)
}

/// The whole story, in sections.
pub(crate) fn description(alert: &Alert, connection: &Connection, findings: &Findings) -> String {
    let mut text = String::new();

    let mut what = vec![
        format!(
            "{} talked to {}.",
            connection.source_text(VALUE_CHARS_MAX),
            connection.destination_text(VALUE_CHARS_MAX)
        ),
        origin(alert),
    ];
    what.extend(Some(line(&alert.description)).filter(|description| !description.is_empty()));
    section(&mut text, "What happened", &what);

    section(&mut text, "Source device", &findings.device.as_ref().map_or_else(|_| unknown(), device));
    section(
        &mut text,
        "Destination owner",
        &findings.owner.as_ref().map_or_else(|_| unknown(), |owner| owner.lines(alert.received)),
    );
    section(
        &mut text,
        "Services on destination",
        &findings.services.as_ref().map_or_else(|_| unknown(), host),
    );

    let gaps = gaps(findings);
    let gaps = if gaps.is_empty() { vec!["None: all look-ups answered.".to_owned()] } else { gaps };
    section(&mut text, "Look-ups without a result", &gaps);

    let link = alert.link.as_deref().map_or_else(|| "The alert came without a link.".to_owned(), line);
    section(&mut text, "Source of the alert", &[link]);
    text
}

fn unknown() -> Vec<String> {
    vec!["Not known, see the look-ups without a result.".to_owned()]
}

fn gaps(findings: &Findings) -> Vec<String> {
    let Findings { device, owner, services } = findings;
    [device.as_ref().err(), owner.as_ref().err(), services.as_ref().err()]
        .into_iter()
        .flatten()
        .cloned()
        .collect()
}

fn device(device: &Device) -> Vec<String> {
    let mut lines = vec![line(&device.name)];
    fact(&mut lines, "Domain", device.domain.as_deref());
    fact(&mut lines, "Role", device.role.as_deref());
    let system =
        [&device.operating_system, &device.version].into_iter().flatten().cloned().collect::<Vec<_>>();
    fact(&mut lines, "System", Some(system.join(", ")).filter(|system| !system.is_empty()).as_deref());
    fact(&mut lines, "Logged on", device.user.as_deref());
    fact(&mut lines, "Last start", device.last_boot.as_deref());
    lines
}

fn host(host: &Host) -> Vec<String> {
    let mut lines = Vec::new();
    let place =
        [&host.organization, &host.asn, &host.country].into_iter().flatten().cloned().collect::<Vec<_>>();
    fact(&mut lines, "Network", Some(place.join(", ")).filter(|place| !place.is_empty()).as_deref());
    fact(&mut lines, "Names", listed(&host.hostnames).as_deref());
    for service in host.services.iter().take(LISTED_MAX) {
        let software =
            [&service.product, &service.version].into_iter().flatten().cloned().collect::<Vec<_>>();
        lines.push(line(&format!("{}/{} {}", service.port, service.transport, software.join(" "))));
    }
    let more = host.services.len().saturating_sub(LISTED_MAX);
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    if host.services.is_empty() {
        let ports: Vec<_> = host.ports.iter().map(u16::to_string).collect();
        lines.push(format!("Ports: {}", listed(&ports).unwrap_or_else(|| "none open".to_owned())));
    }
    fact(&mut lines, "Vulnerabilities that the versions suggest", listed(&host.vulnerabilities).as_deref());
    lines
}
