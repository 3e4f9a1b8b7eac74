//! What is done about a violation: a block and a wipe.

use std::{net::IpAddr, time::Duration};

use casework::{is_internal, text::line};
use palisade_sdk::{
    Failure, Report, Status, log,
    playbook::{Action, Run, Started, Step},
};

use crate::{OWN_NETWORKS, mdm::Mdm, settings::Settings, story::Story, user, violation::Destination};

/// A measure that was started, or is not for a playbook to start.
#[derive(Debug)]
pub(crate) struct Measure {
    /// What it is, for a person.
    pub(crate) title: String,
    /// Or why it was not.
    started: Result<Started, String>,
}

/// How a measure stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Standing {
    /// In the words of the system.
    Done(String),
    Pending,
    /// The host is in safe mode: this is what it would send, and has not.
    Planned(String),
    /// Why.
    Failed(String),
}

/// Blocks the destination: by its address, which every firewall knows, or by its name if the alert has nothing else or the
/// address is one of ours: whatever else is behind that must stay in reach.
pub(crate) fn block(run: &Run, settings: &Settings, destination: &Destination) -> Measure {
    let ours = destination.address.filter(|address| is_ours(run, *address));
    let (action, what) = match (destination.address, &destination.name) {
        (Some(address), _) if ours.is_none() => {
            let address = address.to_string();
            (Action::new("panos", "block ip").parameter("ip", address.as_str()), address)
        }
        (Some(address), None) => {
            let why = format!("{address} is an address of ours, which a playbook does not block");
            return Measure { title: format!("Block of {address} at the firewall"), started: Err(why) };
        }
        (_, name) => {
            let name = name.clone().unwrap_or_default();
            (Action::new("panos", "block url").parameter("url", name.as_str()), line(&name))
        }
    };
    let action = match settings.block_seconds {
        0 => action,
        seconds => action.undo_after(Duration::from_secs(seconds)),
    };
    Measure { title: format!("Block of {what} at the firewall"), started: Ok(run.start(action)) }
}

/// Whether the address is inside, or on the list of our own networks. Without the list only what is inside is ours.
fn is_ours(run: &Run, address: IpAddr) -> bool {
    is_internal(address)
        || run.find_in(OWN_NETWORKS, &address.to_string()).map_or_else(
            |why| {
                log::info(format!("The list {OWN_NETWORKS} was not looked into: {why}"));
                false
            },
            |entry| entry.is_some(),
        )
}

/// Wipes the device.
pub(crate) fn wipe(run: &Run, story: &Story) -> Measure {
    let device = story.profile.device.as_ref().map(|device| device.id.as_str());
    let id = device.ok().or(story.violation.device.as_deref()).unwrap_or_default();
    let reason = format!("Reached {}", story.violation.destination);
    let started = Ok(run.start(story.settings.mdm.wipe(id, owner(story), &reason)));
    Measure { title: format!("Wipe of the {}", story.device()), started }
}

/// Whose device it must be, in the words of its management, which wipes no device of anybody else. For want of its own
/// word that is the alert's user, without a Windows domain. Intune knows users by their mail addresses only: the
/// directory's is taken, and without one Intune refuses.
fn owner(story: &Story) -> Option<&str> {
    if let Some(owner) = story.profile.owner() {
        return Some(owner);
    }
    let account = user::account(story.user()?);
    let mail = story.profile.person.as_ref().ok().and_then(|person| person.mail.as_deref());
    match story.settings.mdm {
        Mdm::Intune if !account.contains('@') => mail.or(Some(account)),
        Mdm::Intune | Mdm::MobileIron => Some(account),
    }
}

/// Waits until one of these that are pending has ended, and tells its place. Nothing if none has at this time, in
/// milliseconds since 1970.
pub(crate) fn first_of(run: &Run, measures: &[&Measure], deadline_ms: Option<u64>) -> Option<usize> {
    let steps: Vec<_> =
        measures.iter().filter_map(|measure| Some(measure.started.as_ref().ok()? as &dyn Step)).collect();
    match deadline_ms {
        Some(deadline_ms) => run.wait_until(&steps, deadline_ms),
        None => Some(run.wait_any(&steps)),
    }
}

impl Measure {
    pub(crate) fn is_started(&self) -> bool {
        self.started.is_ok()
    }

    /// How it stands at this time, in milliseconds since 1970, or when it has ended before.
    pub(crate) fn by(&self, run: &Run, deadline_ms: u64) -> Standing {
        match &self.started {
            Ok(started) if run.wait_until(&[started], deadline_ms).is_none() => Standing::Pending,
            _ => self.end(),
        }
    }

    /// How it ended.
    pub(crate) fn end(&self) -> Standing {
        let started = match &self.started {
            Ok(started) => started,
            Err(why) => return Standing::Failed(why.clone()),
        };
        match started.wait() {
            Ok(Report { status: Status::Success, message, summary, .. }) => {
                let planned = summary.get("planned").is_some_and(|planned| *planned == true);
                if planned { Standing::Planned(line(&message)) } else { Standing::Done(line(&message)) }
            }
            Ok(Report { message, .. }) => Standing::Failed(line(&message)),
            Err(Failure::Denied(why)) => Standing::Failed(format!("denied: {}", line(&why))),
            Err(failure) => Standing::Failed(line(&failure.sentence())),
        }
    }
}
