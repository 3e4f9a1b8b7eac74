use std::net::IpAddr;

use palisade_sdk::{Failure, connector::Call};

use crate::{Configuration, Target, item::Item, wsman::Wsman};

/// The asset's server, known to be the machine that the action is about.
pub(crate) struct Machine<'a> {
    pub(crate) wsman: Wsman<'a>,
    /// Its `Win32_ComputerSystem`.
    pub(crate) computer: Item,
    pub(crate) name: String,
    /// Of all its network adapters that are in use.
    pub(crate) addresses: Vec<String>,
}

impl<'a> Machine<'a> {
    /// Asks the server who it is, and holds that against who it should be.
    pub(crate) fn reach(call: &'a Call<Configuration>, target: Target) -> Result<Self, Failure> {
        let wsman = Wsman::new(call);
        let computer = wsman
            .query("SELECT Name,DNSHostName,Domain,DomainRole,Manufacturer,Model,UserName,TotalPhysicalMemory FROM Win32_ComputerSystem")?
            .into_iter()
            .next()
            .ok_or_else(|| Failure::upstream("the server has no Win32_ComputerSystem"))?;
        let name = computer.text("Name").ok_or_else(|| Failure::upstream("the server has no name"))?;
        let adapters =
            wsman.query("SELECT IPAddress FROM Win32_NetworkAdapterConfiguration WHERE IPEnabled = TRUE")?;
        let addresses = adapters.iter().flat_map(|adapter| adapter.texts("IPAddress")).collect();

        let machine = Self { wsman, computer, name, addresses };
        if let Some(asked) = target.ip_hostname
            && !machine.is(asked.trim(), host_of(&call.configuration.url))
        {
            let (name, addresses) = (&machine.name, machine.addresses.join(", "));
            return Err(Failure::not_found(format!(
                "this asset's server is {name} ({addresses}), not {asked}: that machine needs an asset of its own"
            )));
        }
        Ok(machine)
    }

    /// Whether the machine goes by this name or address. The asset's own name for it counts too.
    fn is(&self, asked: &str, host: &str) -> bool {
        if let Ok(asked) = asked.parse::<IpAddr>() {
            let known = self.addresses.iter().map(String::as_str).chain([host]);
            return known
                .filter_map(|address| address.parse::<IpAddr>().ok())
                .any(|address| address == asked);
        }
        let dns_name = self.computer.text("DNSHostName");
        let short = [Some(self.name.as_str()), dns_name.as_deref()];
        let domain = self.computer.text("Domain");
        host.eq_ignore_ascii_case(asked)
            || short.into_iter().flatten().any(|name| {
                let full = domain.as_ref().map(|domain| format!("{name}.{domain}"));
                name.eq_ignore_ascii_case(asked) || full.is_some_and(|full| full.eq_ignore_ascii_case(asked))
            })
    }
}

/// The host in a URL, without port and without an IPv6 address's brackets.
fn host_of(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = after_scheme.split(['/', '?', '#']).next().unwrap_or(after_scheme);
    match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next().unwrap_or(bracketed),
        None => authority.split(':').next().unwrap_or(authority),
    }
}
