//! What a configuration may have, and what a commit checks.

use std::net::IpAddr;

use super::device::VSYS;
use super::tree::{Element, steps};

/// Everything below a virtual system that is played, from which everything above follows.
const PATHS: [&str; 24] = [
    "tag/entry/color",
    "tag/entry/comments",
    "address/entry/ip-netmask",
    "address/entry/fqdn",
    "address/entry/description",
    "address/entry/tag/member",
    "address-group/entry/static/member",
    "address-group/entry/dynamic/filter",
    "address-group/entry/description",
    "profiles/custom-url-category/entry/description",
    "profiles/custom-url-category/entry/list/member",
    "profiles/custom-url-category/entry/type",
    "rulebase/security/rules/entry/from/member",
    "rulebase/security/rules/entry/to/member",
    "rulebase/security/rules/entry/source/member",
    "rulebase/security/rules/entry/destination/member",
    "rulebase/security/rules/entry/source-user/member",
    "rulebase/security/rules/entry/category/member",
    "rulebase/security/rules/entry/application/member",
    "rulebase/security/rules/entry/service/member",
    "rulebase/security/rules/entry/action",
    "rulebase/security/rules/entry/description",
    "rulebase/security/rules/entry/disabled",
    "rulebase/security/rules/entry/log-end",
];

/// Whether this path of tags may exist.
pub(super) fn knows(path: &str) -> bool {
    PATHS
        .iter()
        .any(|known| known.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// What is wrong with elements at a path of tags, if anything is: one element, or one name.
pub(super) fn fault(path: &str, elements: &[Element]) -> Option<String> {
    elements.iter().find_map(|element| {
        let path = format!("{path}/{}", element.tag);
        if !knows(&path) {
            return Some(format!("{} unexpected here", element.tag));
        }
        let name = element.name.as_deref();
        if let Some(name) = name.filter(|name| !is_name(&path, name)) {
            return Some(format!("'{name}' is not a valid name"));
        }
        if path == "address/entry/ip-netmask" && !is_netmask(&element.text) {
            return Some(format!("ip-netmask '{}' is invalid", element.text));
        }
        fault(&path, &element.children)
    })
}

/// Names have 63 characters, those of URL categories 31.
pub(super) fn is_name(path: &str, name: &str) -> bool {
    let most = if path.starts_with("profiles/custom-url-category") { 31 } else { 63 };
    (1..=most).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" ._-".contains(&byte))
}

fn is_netmask(text: &str) -> bool {
    let (address, length) = text.split_once('/').unwrap_or((text, "0"));
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    length.parse::<u8>().is_ok_and(|length| length <= if address.is_ipv4() { 32 } else { 128 })
}

/// Why a configuration cannot be the running one.
pub(super) fn faults(configuration: &Element) -> Vec<String> {
    let place = steps(VSYS).expect("the lab's own XPath is played");
    let Some(vsys) = configuration.select(&place).into_iter().next() else { return Vec::new() };
    let names = |path: &str| -> Vec<&str> {
        vsys.at(path).iter().filter_map(|entry| entry.name.as_deref()).collect()
    };
    let addresses = [names("address/entry"), names("address-group/entry")].concat();
    let (tags, categories) = (names("tag/entry"), names("profiles/custom-url-category/entry"));
    let refer = |what: &str, entry: &Element, column: &str, known: &[&str]| -> Vec<String> {
        let name = entry.name.as_deref().unwrap_or_default();
        let is_unknown = |member: &&str| *member != "any" && !known.contains(member) && !is_netmask(member);
        let unknown = entry.texts(&format!("{column}/member")).into_iter().filter(is_unknown);
        unknown
            .map(|member| {
                format!("vsys1 -> {what} -> {name} -> {column} '{member}' is not a valid reference")
            })
            .collect()
    };
    let mut faults = Vec::new();
    for rule in vsys.at("rulebase/security/rules/entry") {
        for (column, known) in
            [("source", &addresses), ("destination", &addresses), ("category", &categories)]
        {
            faults.extend(refer("rulebase -> security -> rules", rule, column, known));
        }
    }
    for address in vsys.at("address/entry") {
        faults.extend(refer("address", address, "tag", &tags));
    }
    for group in vsys.at("address-group/entry") {
        faults.extend(refer("address-group", group, "static", &addresses));
        if group.at("dynamic").is_empty() && group.at("static/member").is_empty() {
            let name = group.name.as_deref().unwrap_or_default();
            faults.push(format!("vsys1 -> address-group -> {name} is invalid: it has no members"));
        }
    }
    faults
}

/// The addresses and URLs that a rule denies and no one has disabled: of address groups their members, static ones and
/// those with the tag that a dynamic group is of, and of URL categories their URLs.
pub(super) fn denied(configuration: &Element) -> Vec<String> {
    let place = steps(VSYS).expect("the lab's own XPath is played");
    let Some(vsys) = configuration.select(&place).into_iter().next() else { return Vec::new() };
    let named =
        |path: &str, name: &str| vsys.at(path).into_iter().find(|entry| entry.name.as_deref() == Some(name));
    let address =
        |entry: &Element| entry.texts("ip-netmask").into_iter().map(str::to_owned).collect::<Vec<_>>();
    let of_group = |group: &Element| -> Vec<String> {
        let tags: Vec<_> =
            group.texts("dynamic/filter").iter().map(|tag| tag.trim_matches('\'').to_owned()).collect();
        let has_tag =
            |entry: &&Element| entry.texts("tag/member").iter().any(|tag| tags.iter().any(|it| it == tag));
        let tagged = vsys.at("address/entry").into_iter().filter(has_tag).flat_map(address);
        let members = group.texts("static/member").into_iter();
        tagged.chain(members.filter_map(|name| named("address/entry", name)).flat_map(address)).collect()
    };
    let mut denied = Vec::new();
    let is_denied = |rule: &&Element| rule.texts("action") == ["deny"] && rule.texts("disabled") != ["yes"];
    for rule in vsys.at("rulebase/security/rules/entry").into_iter().filter(is_denied) {
        for member in rule.texts("source/member").into_iter().chain(rule.texts("destination/member")) {
            denied.extend(named("address-group/entry", member).map(of_group).unwrap_or_default());
            denied.extend(named("address/entry", member).map(address).unwrap_or_default());
        }
        for category in rule.texts("category/member") {
            let category = named("profiles/custom-url-category/entry", category);
            denied.extend(category.iter().flat_map(|it| it.texts("list/member")).map(str::to_owned));
        }
    }
    denied
}

/// Whether something refers to the entry of this name, which therefore cannot be deleted.
pub(super) fn is_referred_to(configuration: &Element, kind: &str, name: &str) -> bool {
    let place = steps(VSYS).expect("the lab's own XPath is played");
    let columns: &[&str] = match kind {
        "address" | "address-group" => &[
            "rulebase/security/rules/entry/source/member",
            "rulebase/security/rules/entry/destination/member",
            "address-group/entry/static/member",
        ],
        "custom-url-category" => &["rulebase/security/rules/entry/category/member"],
        "tag" => &["address/entry/tag/member"],
        _ => &[],
    };
    let vsys = configuration.select(&place);
    columns.iter().any(|column| vsys.iter().any(|vsys| vsys.texts(column).contains(&name)))
}
