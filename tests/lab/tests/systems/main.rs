//! Each simulated system, called as its clients call it: over TLS, by its real name.
#![allow(clippy::unwrap_used)]

mod abuseipdb;
mod client;
mod faults;
mod geoip;
mod intune;
mod inventory;
mod mobileiron;
mod panos;
mod rdap;
mod servicenow;
mod shodan;
mod smtp;
mod splunk;
mod urlscan;
mod virustotal;
mod whois;
mod winrm;
