use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What Shodan knows of an address.
#[derive(Deserialize, Serialize, JsonSchema)]
pub(crate) struct Host {
    /// The address.
    pub(crate) ip: String,
    /// Organisation that the address is assigned to.
    pub(crate) organization: Option<String>,
    /// Provider that routes it.
    pub(crate) isp: Option<String>,
    /// Autonomous system, for example `AS64500`.
    pub(crate) asn: Option<String>,
    /// Name of the country.
    pub(crate) country: Option<String>,
    /// Name of the city.
    pub(crate) city: Option<String>,
    /// Operating system.
    pub(crate) operating_system: Option<String>,
    /// Names of the host.
    pub(crate) hostnames: Vec<String>,
    /// Domains of these names.
    pub(crate) domains: Vec<String>,
    /// Open ports, ascending.
    pub(crate) ports: Vec<u16>,
    /// Shodan's own tags, for example `cloud`.
    pub(crate) tags: Vec<String>,
    /// CVE numbers that the versions of the services suggest, unverified ones included.
    pub(crate) vulnerabilities: Vec<String>,
    /// When Shodan last saw the host.
    pub(crate) last_update: Option<String>,
    /// The services, by ascending port.
    pub(crate) services: Vec<Service>,
}

/// One service that Shodan has seen.
#[derive(Deserialize, Serialize, JsonSchema)]
pub(crate) struct Service {
    /// Address it was seen on.
    pub(crate) ip: Option<String>,
    /// Port.
    pub(crate) port: u16,
    /// `tcp` or `udp`.
    pub(crate) transport: String,
    /// Name of the software.
    pub(crate) product: Option<String>,
    /// Version of the software.
    pub(crate) version: Option<String>,
    /// Common name in the subject of its TLS certificate.
    pub(crate) certificate_subject: Option<String>,
    /// Names of the host.
    pub(crate) hostnames: Vec<String>,
    /// Organisation that the address is assigned to.
    pub(crate) organization: Option<String>,
    /// When it was seen.
    pub(crate) timestamp: Option<String>,
}

/// The answer to `/shodan/host/{ip}`, as far as it is used.
#[derive(Deserialize)]
pub(crate) struct HostAnswer {
    ip_str: String,
    org: Option<String>,
    isp: Option<String>,
    asn: Option<String>,
    country_name: Option<String>,
    city: Option<String>,
    os: Option<String>,
    #[serde(default)]
    hostnames: Vec<String>,
    #[serde(default)]
    domains: Vec<String>,
    #[serde(default)]
    ports: Vec<u16>,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    vulns: Vec<String>,
    last_update: Option<String>,
    #[serde(default)]
    data: Vec<Banner>,
}

/// What Shodan keeps of one service, as far as it is used.
#[derive(Deserialize)]
pub(crate) struct Banner {
    ip_str: Option<String>,
    port: u16,
    transport: Option<String>,
    product: Option<String>,
    version: Option<String>,
    ssl: Option<serde_json::Value>,
    #[serde(default)]
    hostnames: Vec<String>,
    org: Option<String>,
    timestamp: Option<String>,
}

impl Host {
    pub(crate) fn from_answer(answer: HostAnswer) -> Self {
        let mut ports = answer.ports;
        ports.sort_unstable();
        let mut services: Vec<_> = answer.data.into_iter().map(Service::from).collect();
        services.sort_by_key(|service| service.port);
        // Shodan marks what it has verified not to apply with an exclamation mark.
        let vulnerabilities = answer.vulns.into_iter().filter(|name| !name.starts_with('!')).collect();
        Self {
            ip: answer.ip_str,
            organization: answer.org,
            isp: answer.isp,
            asn: answer.asn,
            country: answer.country_name,
            city: answer.city,
            operating_system: answer.os,
            hostnames: answer.hostnames,
            domains: answer.domains,
            ports,
            tags: answer.tags,
            vulnerabilities,
            last_update: answer.last_update,
            services,
        }
    }
}

impl From<Banner> for Service {
    fn from(banner: Banner) -> Self {
        let subject = banner.ssl.as_ref().and_then(|ssl| ssl.pointer("/cert/subject/CN")?.as_str());
        Self {
            certificate_subject: subject.map(str::to_owned),
            ip: banner.ip_str,
            port: banner.port,
            transport: banner.transport.unwrap_or_else(|| "tcp".to_owned()),
            product: banner.product,
            version: banner.version,
            hostnames: banner.hostnames,
            organization: banner.org,
            timestamp: banner.timestamp,
        }
    }
}
