//! Playbook: an address probes our systems. Who is it? What is known of the address and of its domain is looked up side
//! by side. A malicious source goes to a person, with a ticket; a benign one is closed, with the evidence; and where the
//! look-ups fail or disagree, the alert stays open and says why.
//!
//! Nothing is closed that was not looked into: not because a look-up failed, and not because of a name that the source has
//! given itself.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod findings;
mod report;
mod settings;
mod source;
#[cfg(test)]
mod tests;
mod verdict;

use std::net::IpAddr;

use casework::{
    SHORT_DESCRIPTION_CHARS_MAX, create_ticket, escalate, file_ticket, is_internal, raise_severity,
    text::{VALUE_CHARS_MAX, line, shortened},
};
use palisade_sdk::{
    log,
    playbook::{AlertStatus, ListEntry, Playbook, Run},
};

use crate::{findings::Findings, settings::Settings, source::Source, verdict::Verdict};

palisade_sdk::playbook!(playbook);

/// The custom list of scanners that we run ourselves, or let run.
const KNOWN_SCANNERS: &str = "known-scanners";

/// The custom list of our own networks that have public addresses.
const OWN_NETWORKS: &str = "own-networks";

/// What alerts about reconnaissance are labelled: ours, and the classes of Suricata's rules for it, which are
/// `attempted-recon`, `successful-recon-limited`, `successful-recon-largescale` and `network-scan`.
const LABELS: [&str; 5] = [
    "reconnaissance",
    "attempted-information-leak",
    "information-leak",
    "large-scale-information-leak",
    "detection-of-a-network-scan",
];

/// The playbook as the host sees it.
pub fn playbook() -> Playbook {
    let playbook = Playbook::new("ip-performing-reconnaissance", env!("CARGO_PKG_VERSION"), handle)
        .about("Finds out who probes our systems, hands over who is malicious, and closes who is not.")
        .publisher("Palisade")
        .need(create_ticket())
        .configured_by::<Settings>()
        .looks_into(KNOWN_SCANNERS)
        .looks_into(OWN_NETWORKS)
        .manual_minutes(20);
    let playbook = findings::needs().into_iter().fold(playbook, Playbook::need);
    LABELS.into_iter().fold(playbook, Playbook::label)
}

fn handle(run: &Run) -> Result<String, String> {
    let settings: Settings = run.configuration()?;
    let source = Source::from(&run.artifacts());
    let Some(address) = source.address else {
        return Ok(leave_open(run, &settings, "the alert names no source address that can be looked up", ""));
    };
    if let Some(scanner) = entry(run, KNOWN_SCANNERS, address) {
        return Ok(known_scanner(run, &settings, &source, address, &scanner));
    }
    if is_internal(address) || entry(run, OWN_NETWORKS, address).is_some() {
        return Ok(inside(run, &settings, &source, address));
    }
    let alert = run.alert();
    let findings = Findings::gather(run, &source, address);
    let verdict = Verdict::on(&source, &findings, alert.received, &settings);
    let evidence = report::evidence(&alert, &source, &findings, &verdict);
    match &verdict {
        Verdict::Malicious { reasons, .. } => {
            let headline = report::headline(&source, &findings, reasons);
            report::enrich(run, &findings);
            run.add_note("Malicious: what was found", &evidence);
            raise_severity(run, settings.severity.into());
            // A person need not wait for the ticket.
            escalate(run, settings.escalate_to.as_deref(), &headline);
            file_ticket(run, &shortened(&headline, SHORT_DESCRIPTION_CHARS_MAX), &evidence)
        }
        Verdict::Benign => {
            run.add_note("Benign: what was found", &evidence);
            run.set_status(AlertStatus::Closed);
            Ok(format!("Closed as benign: neither {address} nor its domain is known for anything bad."))
        }
        Verdict::Undecided { doubts } => {
            let why = report::headline(&source, &findings, doubts);
            Ok(leave_open(run, &settings, &why, &evidence))
        }
    }
}

/// A scan of ours is benign, unless the alert is about others too.
fn known_scanner(
    run: &Run,
    settings: &Settings,
    source: &Source,
    address: IpAddr,
    scanner: &ListEntry,
) -> String {
    let why = format!(
        "{address} is a known scanner: {} put {} on the list {KNOWN_SCANNERS}. {}",
        line(&scanner.by),
        line(&scanner.value),
        line(&scanner.note)
    );
    if source.others > 0 {
        let others =
            format!("{address} is a known scanner, but the alert names {} more sources", source.others);
        return leave_open(run, settings, &others, &why);
    }
    run.add_note("Benign: a known scanner", why.trim_end());
    run.set_status(AlertStatus::Closed);
    format!("Closed as benign: {address} is a known scanner.")
}

/// A scanner inside is worse than one outside: somebody is in. No system outside is asked about our own addresses.
fn inside(run: &Run, settings: &Settings, source: &Source, address: IpAddr) -> String {
    let target = source.target_text(VALUE_CHARS_MAX);
    let why = format!("{address} is inside and probed {target}: it may be under somebody else's control");
    raise_severity(run, settings.severity.into());
    let advice = format!(
        "Nothing was looked up: nobody outside knows who uses {address}. If it is a scanner of ours, put it on the list \
         {KNOWN_SCANNERS}."
    );
    leave_open(run, settings, &why, &advice)
}

/// Leaves the alert for a person, and says why on the alert and in the inbox.
fn leave_open(run: &Run, settings: &Settings, why: &str, evidence: &str) -> String {
    let text = format!("{why}\n\n{evidence}");
    run.add_note("Left open for a person", text.trim_end());
    escalate(run, settings.escalate_to.as_deref(), why);
    format!("Left open for a person: {why}.")
}

/// The entry of a list that the address falls under. A list that the operator does not keep has none.
fn entry(run: &Run, list: &str, address: IpAddr) -> Option<ListEntry> {
    run.find_in(list, &address.to_string()).unwrap_or_else(|why| {
        log::info(format!("The list {list} was not looked into: {why}"));
        None
    })
}
