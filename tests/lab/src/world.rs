//! Everything the simulators share and change.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::abuseipdb::AbuseIpdb;
use crate::actuator::Actuator;
use crate::call::{Answer, Call};
use crate::intune::Intune;
use crate::inventory::Inventory;
use crate::limits::DELAY;
use crate::mobileiron::MobileIron;
use crate::panos::Panos;
use crate::servicenow::ServiceNow;
use crate::smtp::Smtp;
use crate::splunk::Splunk;
use crate::urlscan::UrlScan;
use crate::virustotal::VirusTotal;
use crate::winrm::WinRm;
use crate::{Faults, Ledger, System, geoip, rdap, shodan};

/// The state of one lab.
#[derive(Default)]
pub(crate) struct World {
    pub(crate) ledger: Ledger,
    pub(crate) faults: Faults,
    pub(crate) virustotal: VirusTotal,
    pub(crate) urlscan: UrlScan,
    pub(crate) abuseipdb: AbuseIpdb,
    pub(crate) servicenow: ServiceNow,
    pub(crate) winrm: WinRm,
    pub(crate) mobileiron: MobileIron,
    pub(crate) intune: Intune,
    pub(crate) panos: Panos,
    pub(crate) splunk: Splunk,
    pub(crate) smtp: Smtp,
    pub(crate) inventory: Inventory,
    pub(crate) actuator: Actuator,
    /// Milliseconds by system.
    latency: [AtomicU64; System::ALL.len()],
}

impl World {
    /// What this system says to this call.
    pub(crate) fn answer(&self, system: System, call: &Call) -> Answer {
        match system {
            System::Shodan => shodan::answer(call),
            System::VirusTotal => self.virustotal.answer(call),
            System::UrlScan => self.urlscan.answer(call),
            System::AbuseIpdb => self.abuseipdb.answer(call),
            System::GeoIp => geoip::answer(call),
            System::Rdap => rdap::answer(call),
            System::ServiceNow => self.servicenow.answer(call),
            System::WinRm => self.winrm.answer(call),
            System::MobileIron => self.mobileiron.answer(call),
            System::Intune => self.intune.answer(call),
            System::Panos => self.panos.answer(call),
            System::Splunk => self.splunk.answer(call),
            System::Inventory => self.inventory.answer(call),
            System::Actuator => self.actuator.answer(call),
            System::Whois | System::Smtp => Answer::not_played("WHOIS or SMTP over HTTP"),
        }
    }

    pub(crate) fn latency(&self, system: System) -> Duration {
        Duration::from_millis(self.latency[system as usize].load(Ordering::Relaxed))
    }

    /// Longer latencies than an hour are cut to an hour.
    pub(crate) fn set_latency(&self, system: System, latency: Duration) {
        let millis = latency.min(DELAY).as_millis() as u64;
        self.latency[system as usize].store(millis, Ordering::Relaxed);
    }
}
