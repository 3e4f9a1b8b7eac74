use palisade_sdk::{
    Failure,
    connector::{Call, Done},
};
use roxmltree::Node;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Configuration,
    api::Firewall,
    block::vsys,
    config::{List, NEVER, Vsys},
    xml,
};

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Asked {
    /// Virtual system of the firewall.
    #[serde(default = "vsys")]
    #[schemars(regex(pattern = r"^vsys[0-9]{1,3}$"))]
    vsys: String,
}

/// What is blocked in the running configuration.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Lists {
    /// Addresses to which nothing gets.
    destinations: Vec<String>,
    /// Addresses from which nothing comes.
    sources: Vec<String>,
    /// URLs, without their scheme.
    urls: Vec<String>,
}

pub(crate) fn blocked(call: &Call<Configuration>, Asked { vsys }: Asked) -> Result<Done<Lists>, Failure> {
    let firewall = Firewall::new(call);
    let vsys = Vsys::named(&vsys)?;
    let mut lists = Lists { destinations: Vec::new(), sources: Vec::new(), urls: Vec::new() };

    if let Some(answer) = firewall.running(&vsys.addresses())?.ok_if_present()? {
        let document = answer.document()?;
        for entry in document.descendants().filter(|node| node.has_tag_name("entry")) {
            let Some(value) = xml::child(entry, "ip-netmask").and_then(xml::text) else { continue };
            let tags: Vec<_> = xml::child(entry, "tag").into_iter().flat_map(members).collect();
            for (list, values) in
                [(List::Destinations, &mut lists.destinations), (List::Sources, &mut lists.sources)]
            {
                if tags.iter().any(|tag| tag == list.name()) {
                    values.push(value.clone());
                }
            }
        }
    }
    if let Some(answer) = firewall.running(&vsys.urls())?.ok_if_present()? {
        let document = answer.document()?;
        lists.urls = members(document.root()).filter(|url| url != NEVER).collect();
    }

    let (addresses, urls) = (lists.destinations.len() + lists.sources.len(), lists.urls.len());
    let message = format!("Blocked: {addresses} addresses and {urls} URLs.");
    Ok(Done::success(message, lists).fact("addresses", addresses).fact("urls", urls))
}

fn members<'a>(node: Node<'a, 'a>) -> impl Iterator<Item = String> + 'a {
    node.descendants().filter(|node| node.has_tag_name("member")).filter_map(xml::text)
}
