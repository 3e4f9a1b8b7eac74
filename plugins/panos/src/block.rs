//! Blocking and unblocking: a change of the candidate configuration, a commit, and a look at the running configuration.

use std::net::IpAddr;

use palisade_sdk::{
    Failure,
    connector::{Call, Done, Outcome},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Configuration,
    api::Firewall,
    commit::{self, Standing},
    config::{Blocked, List, Vsys},
    xml,
};

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Address {
    /// IPv4 or IPv6 address.
    ip: IpAddr,
    /// Virtual system of the firewall.
    #[serde(default = "vsys")]
    #[schemars(regex(pattern = r"^vsys[0-9]{1,3}$"))]
    vsys: String,
    /// Whether traffic from the address is meant, not traffic to it.
    #[serde(default)]
    is_source_address: bool,
}

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Url {
    /// URL; with its path, only what is below that.
    #[schemars(length(min = 1))]
    url: String,
    /// Virtual system of the firewall.
    #[serde(default = "vsys")]
    #[schemars(regex(pattern = r"^vsys[0-9]{1,3}$"))]
    vsys: String,
}

/// What was changed.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Changed {
    /// The address or URL as the firewall has it.
    value: String,
    /// The rule that denies what is on its list.
    rule: String,
    /// The firewall's commit job; nothing if there was nothing to commit.
    job: Option<u64>,
}

pub(crate) fn vsys() -> String {
    "vsys1".to_owned()
}

type Ended = Result<Outcome<Changed>, Failure>;

pub(crate) fn block_ip(call: &Call<Configuration>, asked: Address) -> Ended {
    let Address { ip, vsys, is_source_address } = asked;
    change(call, &vsys, &Blocked::address(List::of(is_source_address), ip), true)
}

pub(crate) fn unblock_ip(call: &Call<Configuration>, asked: Address) -> Ended {
    let Address { ip, vsys, is_source_address } = asked;
    change(call, &vsys, &Blocked::address(List::of(is_source_address), ip), false)
}

pub(crate) fn block_url(call: &Call<Configuration>, Url { url, vsys }: Url) -> Ended {
    change(call, &vsys, &Blocked::url(&url)?, true)
}

pub(crate) fn unblock_url(call: &Call<Configuration>, Url { url, vsys }: Url) -> Ended {
    change(call, &vsys, &Blocked::url(&url)?, false)
}

fn change(call: &Call<Configuration>, vsys: &str, blocked: &Blocked, wanted: bool) -> Ended {
    let firewall = Firewall::new(call);
    let vsys = Vsys::named(vsys)?;
    let Some(token) = &call.resume else {
        if wanted {
            put_up(&firewall, &vsys, blocked.list)?;
            let (place, element) = vsys.entry(blocked);
            firewall.set(&place, &element)?;
        } else {
            firewall.delete(&vsys.place(blocked))?;
        }
        return Ok(Outcome::Pending(commit::gather(&firewall)?));
    };

    let value = &blocked.value;
    let end = |job| Changed { value: value.clone(), rule: blocked.list.rule().to_owned(), job };
    let what = if wanted { "blocked" } else { "unblocked" };
    let done = match commit::go_on(&firewall, token)? {
        Standing::Pending(pending) => return Ok(Outcome::Pending(pending)),
        Standing::Ended { job } => match contradiction(&firewall, &vsys, blocked, wanted)? {
            None => Done::success(format!("{value} is {what}."), end(job)),
            Some(why) => Done::failed(format!("{value} is not {what}: {why}."), end(job)),
        },
        Standing::Refused { job, words } => {
            let message = format!(
                "{value} is not {what}: the firewall refused commit job {job}. The change stays in the candidate \
                 configuration: {words}"
            );
            Done::failed(message, end(Some(job)))
        }
        Standing::LeftRunning { job } => {
            let message = format!(
                "Commit job {job} runs on, because a firewall cannot stop a commit: {value} will be {what} when it ends."
            );
            Done::failed(message, end(Some(job)))
        }
        Standing::LeftUncommitted => {
            let administrator = &call.configuration.administrator;
            let message = format!(
                "Nothing commits the change now, but it stays in the candidate configuration: {value} will be {what} by \
                 the next commit for {administrator}."
            );
            Done::failed(message, end(None))
        }
    };
    Ok(Outcome::Done(done.fact("value", value.as_str())))
}

/// Sees to it that the candidate configuration has the list, and on top of all other rules the one that denies it.
fn put_up(firewall: &Firewall<'_>, vsys: &Vsys, list: List) -> Result<(), Failure> {
    for (place, element) in vsys.list(list) {
        firewall.set(&place, &element)?;
    }
    let names = rule_names(firewall, vsys)?;
    let place = names.iter().position(|name| name == list.rule());
    let is_ours = |name: &String| List::ALL.iter().any(|list| list.rule() == name);
    if place.is_none() {
        firewall.set(&vsys.rule(list), &list.rule_element())?;
    }
    // An attempt may have ended between the making of the rule and this.
    match place {
        Some(place) if names[..place].iter().all(is_ours) => Ok(()),
        _ => firewall.move_to_top(&vsys.rule(list)),
    }
}

fn rule_names(firewall: &Firewall<'_>, vsys: &Vsys) -> Result<Vec<String>, Failure> {
    let Some(answer) = firewall.candidate(&vsys.rule_names())?.ok_if_present()? else {
        return Ok(Vec::new());
    };
    let document = answer.document()?;
    Ok(document.descendants().filter_map(|node| node.attribute("name")).map(str::to_owned).collect())
}

/// What of the running configuration contradicts what was wanted, if anything does.
fn contradiction(
    firewall: &Firewall<'_>,
    vsys: &Vsys,
    blocked: &Blocked,
    wanted: bool,
) -> Result<Option<&'static str>, Failure> {
    let is_listed = firewall.running(&vsys.place(blocked))?.ok_if_present()?.is_some();
    Ok(match (is_listed, wanted) {
        (false, true) => Some("the running configuration does not have it"),
        (true, false) => Some("the running configuration still has it"),
        (false, false) => None,
        (true, true) => match firewall.running(&vsys.rule(blocked.list))?.ok_if_present()? {
            None => Some("the running configuration does not have the rule"),
            Some(rule) => {
                let document = rule.document()?;
                let disabled = xml::find(document.root(), "disabled").and_then(xml::text);
                disabled.is_some_and(|disabled| disabled == "yes").then_some("somebody has disabled the rule")
            }
        },
    })
}
