//! The ticket: readable in ten seconds, complete enough to act on.

use casework::{
    SHORT_DESCRIPTION_CHARS_MAX,
    text::{VALUE_CHARS_MAX, counted, fact, line, section, severity, shortened},
};
use palisade_sdk::playbook::Alert;

use crate::{
    age,
    connection::Connection,
    findings::{Device, Findings, Host, Owner},
};

/// How much of a name or a holder the first line shows, in characters, so that no name drowns the facts.
const SHORT_VALUE_CHARS_MAX: usize = 30;

/// How many services and vulnerabilities are listed one by one; the rest is a number.
const LISTED_MAX: usize = 15;

/// A domain younger than this is worth a word in the first line: most that serve attacks are.
const YOUNG_DAYS: u64 = 90;

/// Who talked to what, and the facts that decide.
pub(crate) fn short_description(connection: &Connection, findings: &Findings, received_ms: u64) -> String {
    let mut facts = Vec::new();
    if let Ok(owner) = &findings.owner {
        let age = owner.created.as_ref().and_then(|created| age::days(created, received_ms));
        if let Some(days) = age.filter(|days| *days < YOUNG_DAYS) {
            facts.push(format!("registered {} ago", counted(days, "day")));
        }
        if let Some(holder) = &owner.holder {
            facts.push(format!("held by {}", shortened(&line(holder), SHORT_VALUE_CHARS_MAX)));
        }
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
        format!(
            "Alert {}, {}, from {}: {}",
            alert.id,
            severity(alert.severity),
            line(&alert.source),
            line(&alert.name)
        ),
    ];
    what.extend(Some(line(&alert.description)).filter(|description| !description.is_empty()));
    section(&mut text, "What happened", &what);

    section(&mut text, "Source device", &findings.device.as_ref().map_or_else(|_| unknown(), device));
    section(
        &mut text,
        "Destination owner",
        &findings.owner.as_ref().map_or_else(|_| unknown(), |it| owner(it, alert.received)),
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

fn owner(owner: &Owner, received_ms: u64) -> Vec<String> {
    let mut lines: Vec<_> = owner.subject.iter().map(|subject| line(subject)).collect();
    lines.push(format!(
        "Holder: {}",
        owner.holder.as_deref().map_or_else(|| "not published".to_owned(), line)
    ));
    fact(&mut lines, "Country", owner.country.as_deref());
    fact(&mut lines, "Registrar", owner.registrar.as_deref());
    let age = owner.created.as_ref().and_then(|created| age::days(created, received_ms));
    let age = age.map(|days| format!(" ({} before the alert)", counted(days, "day"))).unwrap_or_default();
    fact(
        &mut lines,
        "Registered",
        owner.created.as_ref().map(|created| format!("{created}{age}")).as_deref(),
    );
    fact(&mut lines, "Expires", owner.expires.as_deref());
    fact(&mut lines, "Abuse contact", owner.abuse.as_deref());
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

fn listed(values: &[String]) -> Option<String> {
    let more = values.len().saturating_sub(LISTED_MAX);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    let first = values.iter().take(LISTED_MAX).cloned().collect::<Vec<_>>().join(", ");
    Some(format!("{first}{rest}")).filter(|_| !values.is_empty())
}
