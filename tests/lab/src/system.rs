//! The systems that the lab plays.

use serde::{Deserialize, Serialize};

use crate::{rdap, story};

/// A kind of system, named as in the ledger and in faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum System {
    /// `api.shodan.io`.
    Shodan,
    /// `www.virustotal.com`.
    VirusTotal,
    /// `urlscan.io`.
    UrlScan,
    /// `api.abuseipdb.com`.
    AbuseIpdb,
    /// `geoip.maxmind.com` and `geolite.info`.
    GeoIp,
    /// The bootstrap files of IANA and all RDAP servers.
    Rdap,
    /// All WHOIS servers.
    Whois,
    /// `acme.service-now.com`.
    ServiceNow,
    /// All Windows servers.
    WinRm,
    /// `core.acme.example`, a MobileIron Core server.
    MobileIron,
    /// `login.microsoftonline.com` and `graph.microsoft.com`.
    Intune,
    /// `fw01.acme.example`, a firewall.
    Panos,
    /// `splunk.acme.example`.
    Splunk,
    /// `mail.acme.example`, over SMTP.
    Smtp,
    /// `inventory.acme.example`, an HTTP API that Acme has written for itself.
    Inventory,
    /// A system of nobody's, with an action of every class.
    Actuator,
}

impl System {
    /// Every system.
    pub const ALL: [System; 16] = [
        System::Shodan,
        System::VirusTotal,
        System::UrlScan,
        System::AbuseIpdb,
        System::GeoIp,
        System::Rdap,
        System::Whois,
        System::ServiceNow,
        System::WinRm,
        System::MobileIron,
        System::Intune,
        System::Panos,
        System::Splunk,
        System::Smtp,
        System::Inventory,
        System::Actuator,
    ];

    /// Whether it speaks HTTP.
    pub(crate) fn is_http(self) -> bool {
        !matches!(self, System::Whois | System::Smtp)
    }

    /// The system that answers HTTPS under this name; the name is in lower case and has no port.
    pub(crate) fn at(host: &str) -> Option<System> {
        match host {
            story::SHODAN_HOST => Some(System::Shodan),
            story::VIRUSTOTAL_HOST => Some(System::VirusTotal),
            story::URLSCAN_HOST => Some(System::UrlScan),
            story::ABUSEIPDB_HOST => Some(System::AbuseIpdb),
            story::MAXMIND_HOST | story::GEOLITE_HOST => Some(System::GeoIp),
            story::SERVICENOW_HOST => Some(System::ServiceNow),
            story::MOBILEIRON_HOST => Some(System::MobileIron),
            story::ENTRA_HOST | story::GRAPH_HOST => Some(System::Intune),
            story::PANOS_HOST => Some(System::Panos),
            story::SPLUNK_HOST => Some(System::Splunk),
            story::INVENTORY_HOST => Some(System::Inventory),
            story::ACTUATOR_HOST => Some(System::Actuator),
            _ if rdap::HOSTS.contains(&host) => Some(System::Rdap),
            _ if story::WINDOWS_HOSTS.contains(&host) => Some(System::WinRm),
            _ => None,
        }
    }
}
