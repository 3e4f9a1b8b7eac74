//! What people read: one line that can be taken in at a glance, and everything that was found.

use casework::{
    Gap, Owner,
    text::{VALUE_CHARS_MAX, fact, line, listed, origin, section, shortened},
};
use palisade_sdk::log;
use palisade_sdk::playbook::{Alert, Run};
use serde_json::{Map, Value, json};

use crate::{
    findings::{Domain, Findings, Reputation, SaidBy},
    source::Source,
    verdict::Verdict,
};

/// How much of a name the first line shows, in characters, so that no name drowns the facts.
const SHORT_VALUE_CHARS_MAX: usize = 30;

/// How many facts the first line tells; of more, it tells the number.
const FACTS_MAX: usize = 3;

/// How much of a fact the first line shows, in characters.
const FACT_CHARS_MAX: usize = 100;

/// Who probed what, and the facts that decide.
pub(crate) fn headline(source: &Source, findings: &Findings, facts: &[String]) -> String {
    let more = facts.len().saturating_sub(FACTS_MAX);
    let mut facts: Vec<_> =
        facts.iter().take(FACTS_MAX).map(|fact| shortened(fact, FACT_CHARS_MAX)).collect();
    if more > 0 {
        facts.push(format!("and {more} more"));
    }
    if let Some(country) = findings.place.as_ref().ok().and_then(|place| place.country.as_deref()) {
        facts.push(shortened(&line(country), SHORT_VALUE_CHARS_MAX));
    }
    if let Some(holder) = findings.owner.as_ref().ok().and_then(|owner| owner.holder.as_deref()) {
        facts.push(format!("network of {}", shortened(&line(holder), SHORT_VALUE_CHARS_MAX)));
    }
    // A name that is not confirmed may be that of somebody else.
    let name =
        findings.confirmed_domain().map(|domain| shortened(&line(&domain.name), SHORT_VALUE_CHARS_MAX));
    let name = name.map(|name| format!(" ({name})")).unwrap_or_default();
    let what = format!("{}{name} probed {}", findings.address, source.target_text(SHORT_VALUE_CHARS_MAX));
    format!("{what}: {}", facts.join(", "))
}

/// The whole story, in sections.
pub(crate) fn evidence(alert: &Alert, source: &Source, findings: &Findings, verdict: &Verdict) -> String {
    let mut text = String::new();
    let mut what =
        vec![format!("{} probed {}.", findings.address, source.target_text(VALUE_CHARS_MAX)), origin(alert)];
    what.extend(Some(line(&alert.description)).filter(|description| !description.is_empty()));
    section(&mut text, "What happened", &what);

    let (malicious, benign, undecided) =
        ("Malicious".to_owned(), "Benign".to_owned(), "Undecided".to_owned());
    match verdict {
        Verdict::Malicious { reasons, doubts } => {
            section(&mut text, "Verdict", &[&[malicious], reasons.as_slice()].concat());
            if !doubts.is_empty() {
                section(&mut text, "In doubt", doubts);
            }
        }
        Verdict::Benign => {
            section(
                &mut text,
                "Verdict",
                &[benign, "Neither the address nor its domain is anything else.".to_owned()],
            );
        }
        Verdict::Undecided { doubts } => {
            section(&mut text, "Verdict", &[&[undecided], doubts.as_slice()].concat());
        }
    }

    section(&mut text, "Address", &address(findings, alert.received));
    for domain in &findings.domains {
        section(&mut text, "Domain", &domain_lines(domain, alert.received));
    }
    if findings.domains.is_empty() {
        let none = match findings.names {
            Ok(_) => "None: the address has no name.",
            Err(_) => "Not known, see the look-ups without a result.",
        };
        section(&mut text, "Domain", &[none.to_owned()]);
    }
    let gaps: Vec<_> = findings.gaps().into_iter().map(|gap| gap.line.clone()).collect();
    let gaps = if gaps.is_empty() { vec!["None: all look-ups answered.".to_owned()] } else { gaps };
    section(&mut text, "Look-ups without a result", &gaps);
    let link = alert.link.as_deref().map_or_else(|| "The alert came without a link.".to_owned(), line);
    section(&mut text, "Source of the alert", &[link]);
    text
}

fn address(findings: &Findings, received_ms: u64) -> Vec<String> {
    let mut lines = vec![findings.address.to_string()];
    reputation(&mut lines, &findings.reputation);
    if let Ok(names) = &findings.names {
        let names: Vec<_> = names.iter().map(|name| line(name)).collect();
        fact(&mut lines, "Called", Some(listed(&names).as_deref().unwrap_or("nothing: it has no name")));
    }
    if let Ok(place) = &findings.place {
        fact(&mut lines, "Place", place.name().as_deref());
        let provider = place.organization.as_deref().or(place.as_organization.as_deref());
        let asn = place.asn.map(|asn| format!("AS{asn}"));
        let provider: Vec<_> = provider.into_iter().chain(asn.as_deref()).collect();
        fact(&mut lines, "Provider", Some(provider.join(", ")).filter(|text| !text.is_empty()).as_deref());
        if place.anonymous == Some(true) {
            lines.push("It belongs to a network that hides its users.".to_owned());
        }
    }
    owner(&mut lines, &findings.owner, received_ms);
    lines
}

fn domain_lines(domain: &Domain, received_ms: u64) -> Vec<String> {
    let mut lines = vec![line(&domain.name)];
    let said_by = match domain.said_by {
        SaidBy::Alert => "the alert",
        SaidBy::ReverseDns => "reverse DNS, which whoever holds the address may fill in at will",
    };
    lines.push(format!("Named by {said_by}."));
    lines.extend(match domain.confirmed {
        Ok(true) => Some("Confirmed: the name leads back to the address.".to_owned()),
        Ok(false) => Some("Not confirmed: the name does not lead back to the address.".to_owned()),
        Err(_) => None,
    });
    reputation(&mut lines, &domain.reputation);
    owner(&mut lines, &domain.owner, received_ms);
    lines
}

fn reputation(lines: &mut Vec<String>, found: &Result<Reputation, Gap>) {
    let Ok(reputation) = found else { return };
    let (malicious, suspicious, engines) =
        (reputation.malicious, reputation.suspicious, reputation.engines());
    let subject = line(&reputation.subject);
    if engines == 0 {
        lines.push(format!("VirusTotal does not know {subject}."));
        return;
    }
    lines.push(format!(
        "Of {engines} engines, {malicious} call {subject} malicious and {suspicious} suspicious."
    ));
    fact(lines, "See", reputation.link.as_deref());
}

fn owner(lines: &mut Vec<String>, found: &Result<Owner, Gap>, received_ms: u64) {
    lines.extend(found.iter().flat_map(|owner| owner.lines(received_ms)));
}

/// Adds what was found to the alert, for programs: one artifact for the address, and one for each domain.
pub(crate) fn enrich(run: &Run, findings: &Findings) {
    let mut cef = Map::new();
    let put = |cef: &mut Map<String, Value>, key: &str, value: Option<&str>| {
        cef.extend(value.map(|value| (key.to_owned(), line(value).into())));
    };
    put(&mut cef, "sourceAddress", Some(&findings.address.to_string()));
    if let Ok(place) = &findings.place {
        put(&mut cef, "sourceCountry", place.country.as_deref());
    }
    if let Ok(owner) = &findings.owner {
        put(&mut cef, "sourceNetworkOwner", owner.holder.as_deref());
        put(&mut cef, "sourceAbuseContact", owner.abuse.as_deref());
    }
    add(run, "Source address", cef, &findings.reputation);
    for domain in &findings.domains {
        let mut cef = Map::new();
        put(&mut cef, "sourceDnsDomain", Some(&domain.name));
        if let Ok(confirmed) = domain.confirmed {
            cef.insert("sourceDnsDomainConfirmed".to_owned(), confirmed.into());
        }
        if let Ok(owner) = &domain.owner {
            put(&mut cef, "sourceDnsDomainOwner", owner.holder.as_deref());
            put(&mut cef, "sourceDnsDomainRegistrar", owner.registrar.as_deref());
            put(&mut cef, "sourceDnsDomainRegistered", owner.created.as_deref());
        }
        add(run, "Source domain", cef, &domain.reputation);
    }
}

fn add(run: &Run, name: &str, mut cef: Map<String, Value>, reputation: &Result<Reputation, Gap>) {
    if let Ok(reputation) = reputation {
        cef.insert("maliciousEngines".to_owned(), json!(reputation.malicious));
        cef.insert("suspiciousEngines".to_owned(), json!(reputation.suspicious));
        cef.insert("engines".to_owned(), json!(reputation.engines()));
    }
    // The note has all of it too.
    if let Err(why) = run.add_artifact(name, "enrichment", cef) {
        log::warn(format!("The alert did not get what is known of the {}: {why}", name.to_lowercase()));
    }
}
