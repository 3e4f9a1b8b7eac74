//! Simulators of the vendor systems that Palisade's connectors talk to.
//!
//! A [`Lab`] plays Shodan, AbuseIPDB, RDAP and WHOIS servers, a ServiceNow instance, a few Windows servers, a MobileIron Core server,
//! Intune and a firewall on free ports of 127.0.0.1. A connector calls them by their real names (`https://api.shodan.io/...`); the host's `connect_to`
//! setting, in curl's format, leads those names to the lab, and TLS is verified against the lab's own authority. Beside
//! them there is one system of nobody's, which has an action of every class.
//!
//! The simulators are as strict as the originals: they refuse what the vendor refuses, with the vendor's status and
//! body. Where the lab cannot do what the vendor can, it answers 501 and says so rather than make something up.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod abuseipdb;
mod actuator;
mod call;
mod control;
mod faults;
mod geoip;
mod identifier;
mod intune;
mod inventory;
mod lab;
mod ledger;
mod limits;
mod mobileiron;
mod panos;
mod rdap;
mod server;
mod servicenow;
mod shodan;
mod smtp;
mod splunk;
pub mod story;
mod system;
mod tls;
mod urlscan;
mod virustotal;
mod whois;
mod winrm;
mod world;

pub use faults::{Fault, FaultError, FaultKind, Faults};
pub use lab::{Lab, LabOptions, StartError};
pub use ledger::{Entry, Ledger, Overflow};
pub use smtp::Mail;
pub use system::System;
pub use tls::TlsError;
