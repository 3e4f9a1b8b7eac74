//! Each simulated system, called as its clients call it: over TLS, by its real name.
#![allow(clippy::unwrap_used)]

mod client;
mod faults;
mod rdap;
mod servicenow;
mod shodan;
mod whois;
mod winrm;
