//! Whether the destinations may be reached.

use std::net::IpAddr;

use casework::text::line;
use palisade_sdk::playbook::Run;

use crate::{
    ACCESS_LIST,
    violation::{Destination, Site},
};

/// What the access list says of where the device went.
#[derive(Debug)]
pub(crate) enum Access {
    /// All of it is on the list: which entries it falls under.
    Listed(String),
    /// This is not, nor are these others.
    Unlisted(Destination, Vec<Destination>),
    /// Nobody can say, for this reason.
    Unknown(String),
}

/// Nothing that the alert names may be missing from the list: what is on it must not cover up what is not.
pub(crate) fn check(run: &Run, sites: &[Site]) -> Access {
    let (mut listed, mut unlisted) = (Vec::new(), Vec::new());
    for site in sites {
        if let Err(why) = sort(run, site, &mut listed, &mut unlisted) {
            return Access::Unknown(why);
        }
    }
    let mut unlisted = unlisted.into_iter();
    match unlisted.next() {
        Some(first) => Access::Unlisted(first, unlisted.collect()),
        None if listed.is_empty() => {
            Access::Unknown("The alert names no destination that could be on the access list.".to_owned())
        }
        None => Access::Listed(listed.join(" ")),
    }
}

/// Adds the site to what is on the list and what is not. With one name, it is on it by that, and each address by itself:
/// what may be reached by one of them may be reached. With several, nobody can say whose the addresses are.
fn sort(
    run: &Run,
    site: &Site,
    listed: &mut Vec<String>,
    unlisted: &mut Vec<Destination>,
) -> Result<(), String> {
    let mut look = |destination: &Destination| find(run, destination).map(|entry| keep(listed, entry));
    let mut add = |destination: Destination| {
        if !unlisted.contains(&destination) {
            unlisted.push(destination);
        }
    };
    let by_address = |address: &IpAddr| Destination { name: None, address: Some(*address) };
    let by_name = |name: &String| Destination { name: Some(name.clone()), address: None };
    match &site.names[..] {
        [] => {
            for destination in site.addresses.iter().map(by_address) {
                if !look(&destination)? {
                    add(destination);
                }
            }
        }
        [name] if site.addresses.is_empty() => {
            if !look(&by_name(name))? {
                add(by_name(name));
            }
        }
        [name] => {
            for address in &site.addresses {
                let destination = Destination { name: Some(name.clone()), address: Some(*address) };
                if !look(&destination)? {
                    add(destination);
                }
            }
        }
        names => {
            let mut strangers = Vec::new();
            for destination in names.iter().map(by_name) {
                if !look(&destination)? {
                    strangers.push(destination);
                }
            }
            // The addresses are of none that may be reached.
            if strangers.len() == names.len() {
                for address in &site.addresses {
                    if !look(&by_address(address))? {
                        strangers[0].address.get_or_insert(*address);
                    }
                }
            }
            strangers.into_iter().for_each(&mut add);
        }
    }
    for destination in site.bare.iter().map(by_address) {
        if !look(&destination)? {
            add(destination);
        }
    }
    Ok(())
}

/// Whether there is an entry. What it says is kept, once.
fn keep(listed: &mut Vec<String>, entry: Option<String>) -> bool {
    let Some(entry) = entry else { return false };
    if !listed.contains(&entry) {
        listed.push(entry);
    }
    true
}

/// Under which entry the name or the address falls.
fn find(run: &Run, destination: &Destination) -> Result<Option<String>, String> {
    let address = destination.address.map(|address| address.to_string());
    for value in destination.name.iter().chain(&address) {
        let found = run
            .find_in(ACCESS_LIST, value)
            .map_err(|why| format!("Nobody can say whether {destination} may be reached: {}", line(&why)))?;
        if let Some(entry) = found {
            let note = line(&entry.note);
            let note = if note.is_empty() { String::new() } else { format!(" ({note})") };
            let (value, entry, by) = (line(value), line(&entry.value), line(&entry.by));
            return Ok(Some(format!("{value} is on the access list, as {entry}{note}, put there by {by}.")));
        }
    }
    Ok(None)
}
