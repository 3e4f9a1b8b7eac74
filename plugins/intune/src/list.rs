use palisade_sdk::{
    Failure,
    connector::{Call, Done},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Configuration, device::Device, graph::Graph};

/// How many devices one request asks for.
const PAGE_DEVICES: u32 = 100;

/// How many devices a list may have.
const LIST_DEVICES_MAX: u32 = 1_000;

#[derive(Deserialize, JsonSchema)]
pub(crate) struct Asked {
    /// Only devices of the user with this user principal name.
    user: Option<String>,
    /// Only devices of the user with this mail address.
    email: Option<String>,
    /// How many at most.
    #[serde(default = "page_devices")]
    #[schemars(range(min = 1, max = 1000))]
    max_results: u32,
}

/// The devices that were found.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Devices {
    /// Whether there are more than were asked for.
    more: bool,
    /// Those that were asked for.
    devices: Vec<Device>,
}

fn page_devices() -> u32 {
    PAGE_DEVICES
}

pub(crate) fn managed_devices(
    call: &Call<Configuration>,
    Asked { user, email, max_results }: Asked,
) -> Result<Done<Devices>, Failure> {
    let wanted = max_results.clamp(1, LIST_DEVICES_MAX);
    let graph = Graph::log_in(call)?;
    let filter = filter(&[("userPrincipalName", user), ("emailAddress", email)]);
    let mut page = graph.first_page(filter.as_deref(), wanted.min(PAGE_DEVICES))?;
    let mut devices = page.value;
    // A page may be short, or even empty, and not be the last; each costs one of the requests that the list is worth.
    let mut pages_left = wanted.div_ceil(PAGE_DEVICES);
    while let Some(next) = page.next.as_deref().filter(|_| devices.len() < wanted as usize && pages_left > 0)
    {
        page = graph.next_page(next)?;
        devices.append(&mut page.value);
        pages_left -= 1;
    }
    let more = page.next.is_some() || devices.len() > wanted as usize;
    devices.truncate(wanted as usize);
    let count = devices.len();
    let message = format!("Devices found: {count}{}.", if more { ", and there are more" } else { "" });
    Ok(Done::success(message, Devices { more, devices }).fact("count", count).fact("more", more))
}

/// An OData filter; a quote in a literal is doubled.
fn filter(wanted: &[(&str, Option<String>)]) -> Option<String> {
    let conditions: Vec<_> = wanted
        .iter()
        .filter_map(|(property, value)| {
            Some(format!("{property} eq '{}'", value.as_ref()?.replace('\'', "''")))
        })
        .collect();
    Some(conditions.join(" and ")).filter(|filter| !filter.is_empty())
}
