use std::net::IpAddr;

use palisade_sdk::{Failure, connector::Call, log};

use crate::{
    Configuration, Target,
    item::Item,
    server::Server,
    wsman::{Refused, Wsman},
};

/// A server of the asset, known to be the machine that the action is about.
pub(crate) struct Machine<'a> {
    pub(crate) wsman: Wsman<'a>,
    /// Its `Win32_ComputerSystem`.
    pub(crate) computer: Item,
    pub(crate) name: String,
}

impl<'a> Machine<'a> {
    /// Asks the server who it is, and holds that against who it should be.
    pub(crate) fn reach(call: &'a Call<Configuration>, target: Target) -> Result<Self, Failure> {
        let Target { ip_hostname } = target;
        let asked = ip_hostname.as_deref().map(str::trim);
        let server = Server::find(&call.configuration.url, "ip_hostname", asked)?;
        let wsman = Wsman::new(call, &server);
        let computer = wsman
            .query("SELECT Name,DNSHostName,Domain,DomainRole,Manufacturer,Model,UserName,TotalPhysicalMemory FROM Win32_ComputerSystem")?
            .into_iter()
            .next()
            .ok_or_else(|| Failure::upstream("the server has no Win32_ComputerSystem"))?;
        let name = computer.text("Name").ok_or_else(|| Failure::upstream("the server has no name"))?;

        let machine = Self { wsman, computer, name };
        match (server.picked, asked) {
            (Some(name), _) => machine.confirm_name(&name)?,
            (None, Some(asked)) => machine.confirm(asked, host_of(&server.url))?,
            (None, None) => {}
        }
        Ok(machine)
    }

    /// Fails unless this is the machine of the name that led here: an alias may lead to any machine. Only the first label
    /// counts, for the domain of a machine need not be where DNS has it, and a machine without one has a workgroup.
    fn confirm_name(&self, name: &str) -> Result<(), Failure> {
        let label = name.split('.').next().unwrap_or(name);
        if self.is_called(label) {
            return Ok(());
        }
        Err(Failure::not_found(format!(
            "{name} leads to {}, which does not call itself that: ask for a machine by its own name",
            self.name
        )))
    }

    /// Fails unless this is the machine that was asked for. The asset's own name or address for it counts too.
    fn confirm(&self, asked: &str, host: &str) -> Result<(), Failure> {
        if self.is_called(asked) || host.eq_ignore_ascii_case(asked) || same_address(host, asked) {
            return Ok(());
        }
        let addresses = self.addresses()?;
        if addresses.iter().any(|address| same_address(address, asked)) {
            return Ok(());
        }
        let name = &self.name;
        let known = if addresses.is_empty() { "addresses unknown".to_owned() } else { addresses.join(", ") };
        Err(Failure::not_found(format!(
            "this asset's server is {name} ({known}), not {asked}: that machine needs an asset of its own"
        )))
    }

    /// Whether this is its name, with or without its domain.
    fn is_called(&self, asked: &str) -> bool {
        let dns_name = self.computer.text("DNSHostName");
        let domain = self.computer.text("Domain");
        [Some(&self.name), dns_name.as_ref()].into_iter().flatten().any(|name| {
            let full = domain.as_ref().map(|domain| format!("{name}.{domain}"));
            name.eq_ignore_ascii_case(asked) || full.is_some_and(|full| full.eq_ignore_ascii_case(asked))
        })
    }

    /// The addresses of all its network adapters that are in use; none, if the account may not know them.
    pub(crate) fn addresses(&self) -> Result<Vec<String>, Failure> {
        match self.wsman.ask("SELECT IPAddress FROM Win32_NetworkAdapterConfiguration WHERE IPEnabled = TRUE")
        {
            Ok(adapters) => Ok(adapters.iter().flat_map(|adapter| adapter.texts("IPAddress")).collect()),
            Err(Refused::Fault(Failure::Upstream(error))) => {
                log::warn(format!("{} does not tell its addresses: {}", self.name, error.message));
                Ok(Vec::new())
            }
            Err(refused) => Err(refused.into()),
        }
    }
}

/// Whether both are addresses, and the same, however written.
fn same_address(one: &str, other: &str) -> bool {
    matches!((one.parse::<IpAddr>(), other.parse::<IpAddr>()), (Ok(one), Ok(other)) if one == other)
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
