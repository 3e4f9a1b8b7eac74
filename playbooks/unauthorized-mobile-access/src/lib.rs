//! Playbook: a mobile device of ours reached a site that is not on the access list. The site is blocked at the firewall,
//! the device is wiped through its management, and a ticket tells forensics what was done.
//!
//! The block is the mild step. It happens for every violation, before anything else and whatever becomes of the rest, a
//! person's no to the wipe included: a user who keeps the wipe from reaching the device must not have the site meanwhile.
//! It is the site that is blocked and not the device, which needs the network to hear that it is to be wiped.
//!
//! The wipe is the aggressive step. It happens by itself only to a repeat offender about whom nothing is in doubt;
//! otherwise a person is asked, and silence means no.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod access;
mod decision;
mod desk;
mod mdm;
mod measure;
mod profile;
mod record;
mod settings;
mod story;
#[cfg(test)]
mod tests;
mod ticket;
mod user;
mod violation;

use casework::{escalate, raise_severity};
use palisade_sdk::playbook::{AlertStatus, Need, Playbook, Run, Severity};

use crate::{
    access::Access, decision::Decision, desk::Desk, mdm::Mdm, profile::Profile, record::Record,
    settings::Settings, story::Story, violation::Violation,
};

palisade_sdk::playbook!(playbook);

/// What mobile devices may reach.
const ACCESS_LIST: &str = "access-list";

/// Users whose devices are never wiped without a person.
const EXECUTIVES: &str = "executives";

/// Our own networks that have public addresses.
const OWN_NETWORKS: &str = "own-networks";

/// Users who have done it before.
const REPEAT_OFFENDERS: &str = "repeat-offenders";

/// The playbook as the host sees it.
pub fn playbook() -> Playbook {
    let playbook = Playbook::new("unauthorized-mobile-access", env!("CARGO_PKG_VERSION"), handle)
        .about(
            "Blocks a site that a mobile device must not reach, and wipes the device of a repeat offender.",
        )
        .publisher("Palisade")
        .label("unauthorized-mobile-access")
        .configured_by::<Settings>()
        .looks_into(ACCESS_LIST)
        .looks_into(EXECUTIVES)
        .looks_into(OWN_NETWORKS)
        .adds_to(REPEAT_OFFENDERS)
        .need(profile::need())
        .need(Need::new("panos", "block ip").sends_texts(["ip"]))
        .need(Need::new("panos", "block url").sends_texts(["url"]))
        .need(casework::create_ticket())
        .need(Need::new(desk::ADD_WORK_NOTE.0, desk::ADD_WORK_NOTE.1).sends_texts(["id", "note"]))
        .manual_minutes(90);
    let managements = [Mdm::MobileIron, Mdm::Intune].into_iter();
    managements.flat_map(Mdm::needs).fold(playbook, Playbook::need)
}

fn handle(run: &Run) -> Result<String, String> {
    let settings = match run.configuration::<Settings>() {
        Ok(settings) => settings,
        Err(why) => return Err(leave_open(run, None, why)),
    };
    let artifacts = run.artifacts();
    let violation = match access::check(run, &violation::sites(&artifacts)) {
        Access::Listed(entries) => return Ok(close_as_authorized(run, &entries)),
        Access::Unknown(why) => return Err(leave_open(run, Some(&settings), why)),
        Access::Unlisted(destination, others) => Violation::new(&artifacts, destination, &others),
    };
    run.set_status(AlertStatus::Open);
    // Who works on it already keeps it.
    if run.alert().owner.is_none() {
        run.set_owner(Some(&settings.approver));
    }

    let block = measure::block(run, &settings, &violation.destination);
    let profile = Profile::look_up(run, settings.mdm, &violation);
    let record = Record::look_up(run, &settings, &violation, &profile);
    let severity = if record.is_repeat_offender() { Severity::High } else { Severity::Medium };
    raise_severity(run, severity);
    let story = Story { alert: run.alert(), settings, violation, profile, record };
    if story.record.is_repeat_offender() {
        remember(run, &story);
    }

    let decision = Decision::on(run, &story, &block);
    let wipe = decision.is_to_wipe().then(|| measure::wipe(run, &story));
    Desk::work(run, &story, &decision, &block, wipe.as_ref())
}

/// It was no violation after all, and does not count as one later.
fn close_as_authorized(run: &Run, entries: &str) -> String {
    run.set_severity(Severity::Informational);
    run.add_note("Authorized", entries);
    run.set_status(AlertStatus::Closed);
    format!("Nothing to do: {entries}")
}

/// Whether this is a violation is not known, so nothing is done about it.
fn leave_open(run: &Run, settings: Option<&Settings>, why: String) -> String {
    run.add_note("Left for a person", &why);
    escalate(run, settings.map(|settings| settings.approver.as_str()), &why);
    why
}

/// Only whom both the alert and the management name: an alert alone could say so of anybody.
fn remember(run: &Run, story: &Story) {
    let Some(user) = story.confirmed_user().filter(|_| story.record.listed.is_none()) else { return };
    let note = format!("{}, found by alert {}", story.record.sentence(), story.alert.id);
    if let Err(why) = run.add_to(REPEAT_OFFENDERS, user, &note) {
        run.add_note("Not remembered as a repeat offender", &why);
    }
}
