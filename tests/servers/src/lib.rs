//! Real servers that a test starts for itself, on free ports of 127.0.0.1 and with data that go with it: an OpenLDAP
//! directory, a dnsmasq resolver, and a registry of plugins. `make test` installs them. A [`Wire`] to one of them remembers
//! what it was asked.
//!
//! A connector reaches them by the names of the lab's story: [`Slapd::connect_to`] and [`Resolver::connect_to`] lead
//! there, in the format of curl's `--connect-to`.

mod directory;
mod registry;
mod resolver;
mod wire;

pub use directory::{BASE, NAME, PASSWORD, Slapd, USER, is_installed as has_slapd};
pub use registry::{REGISTRY_PASSWORD, REGISTRY_USER, Registry};
pub use resolver::{RESOLVER, Resolver, is_installed as has_dnsmasq};
pub use wire::Wire;

use std::net::{Ipv4Addr, TcpListener};

/// A port that nobody has at this moment.
///
/// # Panics
///
/// If there is none.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port can be had");
    listener.local_addr().expect("a listener has an address").port()
}
