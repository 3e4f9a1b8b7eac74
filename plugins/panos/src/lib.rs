//! Connector for firewalls with PAN-OS 10 and 11: addresses and URLs, blocked and unblocked.
//!
//! API: the PAN-OS XML API, <https://docs.paloaltonetworks.com/ngfw/api>. A change is made in the candidate
//! configuration, and a commit, which is a job of the firewall, makes it the running one.
//!
//! # One commit for many changes
//!
//! A commit takes a firewall from seconds to minutes, and there may be only one at a time. An action therefore makes its
//! change, notes the highest job number, and gives others a moment to do the same (`commit::GATHER`). When it comes back
//! it looks for a commit of this administrator with a higher number: that was enqueued after the change was in the
//! candidate configuration, so it carries the change, whether a firewall takes the configuration when a commit is
//! enqueued or when it starts. The action waits for that commit, whatever became of it; if there is none, it starts one.
//! No clocks are compared, and two that start one at once do no harm: the second commit finds nothing left to do.
//!
//! However the change got there, an action succeeds only after it has read it back from the running configuration.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod api;
mod block;
mod commit;
mod config;
mod list;
#[cfg(test)]
mod tests;
mod xml;

use std::time::Duration;

use palisade_sdk::{
    Failure,
    connector::{Action, Call, Connector, Done, HttpAccess, Secret},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::Firewall;

palisade_sdk::connector!(connector);

/// Several small requests; the management plane of a busy firewall takes seconds for each.
const TIME_LIMIT: Duration = Duration::from_secs(90);

/// The connector as the host sees it.
pub fn connector() -> Connector<Configuration> {
    Connector::new("panos", env!("CARGO_PKG_VERSION"))
        .about("Blocks and unblocks addresses and URLs on a Palo Alto Networks firewall.")
        .publisher("Palisade")
        .vendor("Palo Alto Networks")
        .product("PAN-OS")
        .http(
            HttpAccess::to_configured("url")
                // The API takes everything by either method; this connector reads by GET and changes by POST, so that
                // the host can tell them apart.
                .methods(["GET", "POST"])
                .secret_in_header("api_key", api::KEY_HEADER)
                .because("The firewall's XML API has its configuration and its jobs."),
        )
        // Repeated, each sets what is set or deletes what is gone, and the commit after it has nothing to do.
        .action(
            Action::contain("block ip", block::block_ip)
                .about("Denies all traffic to an address, or from it, and commits.")
                .repeatable()
                .undone_by("unblock ip")
                .time_limit(TIME_LIMIT),
        )
        .action(
            Action::correct("unblock ip", block::unblock_ip)
                .about("Takes an address off the block list, and commits.")
                .repeatable()
                .undone_by("block ip")
                .time_limit(TIME_LIMIT),
        )
        .action(
            Action::contain("block url", block::block_url)
                .about("Denies all traffic to a URL and what is below it, and commits.")
                .repeatable()
                .undone_by("unblock url")
                .time_limit(TIME_LIMIT),
        )
        .action(
            Action::correct("unblock url", block::unblock_url)
                .about("Takes a URL off the block list, and commits.")
                .repeatable()
                .undone_by("block url")
                .time_limit(TIME_LIMIT),
        )
        .action(
            Action::investigate("list blocked", list::blocked)
                .about("Lists what these actions block in the running configuration.")
                .time_limit(TIME_LIMIT),
        )
        .action(Action::test(test_connectivity))
}

/// What an asset needs: the firewall, and an administrator of its own, whose role lets it use the XML API for
/// configuration, operational requests and commits.
#[derive(Deserialize, JsonSchema)]
pub struct Configuration {
    /// The firewall's management interface, for example `https://fw01.example.com`.
    url: String,
    /// Name of the administrator that the key belongs to. Only its changes are committed, and nobody else's.
    administrator: String,
    /// The administrator's API key.
    api_key: Secret,
}

/// What the firewall says of itself.
#[derive(Serialize, JsonSchema)]
struct System {
    /// Its name.
    hostname: Option<String>,
    /// Its model.
    model: Option<String>,
    /// Version of PAN-OS.
    version: Option<String>,
}

fn test_connectivity(call: &Call<Configuration>) -> Result<Done<System>, Failure> {
    let answer = Firewall::new(call).operate("<show><system><info></info></system></show>")?.ok()?;
    let document = answer.document()?;
    let text = |name| xml::find(document.root(), name).and_then(xml::text);
    let system = System { hostname: text("hostname"), model: text("model"), version: text("sw-version") };
    let version =
        system.version.clone().ok_or_else(|| Failure::upstream("the firewall does not say what it is"))?;
    Ok(Done::success(format!("The firewall accepts the key: PAN-OS {version}."), system)
        .fact("version", version))
}
