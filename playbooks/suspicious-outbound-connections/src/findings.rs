//! What the look-ups found, as far as the ticket tells it. All of it may be absent, and all of it is others' words.

use casework::Owner;
use schemars::JsonSchema;
use serde::Deserialize;

/// What was found; for each look-up without a result, one line that says why.
#[derive(Debug)]
pub(crate) struct Findings {
    pub(crate) device: Result<Device, String>,
    pub(crate) owner: Result<Owner, String>,
    pub(crate) services: Result<Host, String>,
}

impl Findings {
    /// Days since the destination was registered, if they are fewer than these.
    pub(crate) fn young_days(&self, received_ms: u64, limit_days: u32) -> Option<u64> {
        let age = self.owner.as_ref().ok()?.age_days(received_ms);
        age.filter(|days| *days < u64::from(limit_days))
    }

    /// Whether the versions of the destination's services suggest at least so many vulnerabilities.
    pub(crate) fn is_vulnerable(&self, vulnerabilities_at: u32) -> bool {
        let found = self.services.as_ref().map_or(0, |host| host.vulnerabilities.len());
        vulnerabilities_at > 0 && found >= vulnerabilities_at as usize
    }
}

/// The source device, by `windows: get system info`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Device {
    pub(crate) name: String,
    pub(crate) domain: Option<String>,
    pub(crate) role: Option<String>,
    pub(crate) operating_system: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) last_boot: Option<String>,
    pub(crate) user: Option<String>,
}

/// The destination's services, by `shodan: query ip`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Host {
    pub(crate) organization: Option<String>,
    pub(crate) asn: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) hostnames: Vec<String>,
    pub(crate) ports: Vec<u16>,
    pub(crate) vulnerabilities: Vec<String>,
    pub(crate) services: Vec<Service>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Service {
    pub(crate) port: u16,
    pub(crate) transport: String,
    pub(crate) product: Option<String>,
    pub(crate) version: Option<String>,
}
