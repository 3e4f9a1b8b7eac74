//! The one story that all simulated systems tell.
//!
//! On `srv-web-01`, a web server of Acme, the worker process of the web site has started a PowerShell, which has
//! started `updchk.exe`, which keeps a connection open to `updates.cdn-metrics.com` at 203.0.113.66. The domain was
//! registered weeks ago with privacy protection; the address belongs to a small hosting company. Nobody knows
//! anything about [`UNKNOWN_IP`] and [`UNKNOWN_DOMAIN`].
//!
//! Three others knock at all of Acme's doors. [`SCANNER_IP`], which calls itself [`SCANNER_DOMAIN`], is known to be
//! malicious, and so is its domain. [`SURVEYOR_IP`] belongs to a survey of the internet, as its name says and its name's
//! address confirms; nobody holds anything against it. [`PRETENDER_IP`] claims the surveyor's name, which does not lead
//! back to it, and a few engines have found something.
//!
//! And mobile devices of Acme reach [`DROPZONE_DOMAIN`], which is not on the access list, as [`INTRANET_DOMAIN`] is: the
//! phone of `m.keller`, the phone of the executive `a.lindqvist`, and the phone of `j.osei`, which never checks in.
//!
//! All addresses are from the blocks for documentation (RFC 5737, RFC 3849). Who owns them is this story's
//! invention: in truth they belong to nobody. Credentials are the lab's own and open nothing else.

/// The services on the internet that have one name each.
pub(crate) const CLOUD_HOSTS: [&str; 8] = [
    SHODAN_HOST,
    VIRUSTOTAL_HOST,
    ABUSEIPDB_HOST,
    URLSCAN_HOST,
    MAXMIND_HOST,
    GEOLITE_HOST,
    ENTRA_HOST,
    GRAPH_HOST,
];

/// Name of Shodan's API.
pub const SHODAN_HOST: &str = "api.shodan.io";
/// Key of Shodan's API.
pub const SHODAN_KEY: &str = "LABxK3yForPalisade0000000000LAB1";

/// Name of VirusTotal's API.
pub const VIRUSTOTAL_HOST: &str = "www.virustotal.com";
/// Key of VirusTotal's API without a quota.
pub const VIRUSTOTAL_KEY: &str = "1ab0000000000000000000000000000000000000000000000000000000000001";
/// Key of VirusTotal's public API, which takes 4 requests a minute.
pub const VIRUSTOTAL_PUBLIC_KEY: &str = "1ab0000000000000000000000000000000000000000000000000000000000002";

/// Name of urlscan.io.
pub const URLSCAN_HOST: &str = "urlscan.io";
/// Key of urlscan.io's API.
pub const URLSCAN_KEY: &str = "0196d976-1ab0-7aae-8a57-1ab000000001";
/// Name of AbuseIPDB's API.
pub const ABUSEIPDB_HOST: &str = "api.abuseipdb.com";
/// Key of AbuseIPDB's API.
pub const ABUSEIPDB_KEY: &str =
    "1abab05e1db0000000000000000000000000000000000000000000000000000000000000000001ab";

/// Name of MaxMind's GeoIP web services.
pub const MAXMIND_HOST: &str = "geoip.maxmind.com";
/// Name of MaxMind's GeoLite web services.
pub const GEOLITE_HOST: &str = "geolite.info";
/// Account at MaxMind.
pub const MAXMIND_ACCOUNT: &str = "424242";
/// Licence key of [`MAXMIND_ACCOUNT`].
pub const MAXMIND_KEY: &str = "Lab0nly_MaxMindLicenceKey_mmk";

/// Name of the ServiceNow instance.
pub const SERVICENOW_HOST: &str = "acme.service-now.com";
/// User of the ServiceNow instance, for Basic authentication and the password grant.
pub const SERVICENOW_USER: &str = "palisade.integration";
/// Password of [`SERVICENOW_USER`].
pub const SERVICENOW_PASSWORD: &str = "Lab-Only-ServiceNow-1";
/// OAuth client of the ServiceNow instance.
pub const SERVICENOW_CLIENT_ID: &str = "5ea1ab0c11e74a0e9f0d2c3b4a596877";
/// Secret of [`SERVICENOW_CLIENT_ID`].
pub const SERVICENOW_CLIENT_SECRET: &str = "Lab-Only-Client-Secret-1";

/// Names of the Windows servers; WinRM answers on port 5986.
pub const WINDOWS_HOSTS: [&str; 3] = [SOURCE_HOST, "srv-db-01.acme.example", "wks-0142.acme.example"];
/// User on every Windows server. WinRM takes Basic authentication for local accounts only, so it has no domain.
pub const WINDOWS_USER: &str = "svc-palisade";
/// Password of [`WINDOWS_USER`].
pub const WINDOWS_PASSWORD: &str = "Lab-Only-Windows-1";

/// Name of the MobileIron Core server.
pub const MOBILEIRON_HOST: &str = "core.acme.example";
/// User of the MobileIron Core server.
pub const MOBILEIRON_USER: &str = "svc-palisade-mdm";
/// Password of [`MOBILEIRON_USER`].
pub const MOBILEIRON_PASSWORD: &str = "Lab-Only-MobileIron-1";
/// UUID of a device at MobileIron, the phone of `m.keller`.
pub const MOBILEIRON_DEVICE: &str = "3a45b4d5-d2e5-468c-bf4f-149efff463a9";
/// UUID of a device at MobileIron that never checks in, the phone of `j.osei`.
pub const MOBILEIRON_OFFLINE_DEVICE: &str = "7f0c2f43-8f5e-4c55-8f53-0c1b9a6e2d10";
/// UUID of a device at MobileIron, the phone of `a.lindqvist`.
pub const MOBILEIRON_EXECUTIVE_DEVICE: &str = "c1d9e8a2-64b7-4f0e-9a3c-2b7f5d81e604";

/// Where Microsoft Entra ID hands out tokens.
pub const ENTRA_HOST: &str = "login.microsoftonline.com";
/// Name of Microsoft Graph.
pub const GRAPH_HOST: &str = "graph.microsoft.com";
/// The tenant.
pub const ENTRA_TENANT: &str = "0d7f0a4e-6a0c-4f6e-9a57-2f1f6c1b7a01";
/// A domain of the tenant.
pub const ENTRA_TENANT_DOMAIN: &str = "acme.example";
/// Application in the tenant.
pub const ENTRA_CLIENT_ID: &str = "b8f4c3a2-3d5e-4f6a-8b7c-9d0e1f2a3b4c";
/// Secret of [`ENTRA_CLIENT_ID`].
pub const ENTRA_CLIENT_SECRET: &str = "Lab-Only-Entra-Secret-1";
/// Id of a device at Intune.
pub const INTUNE_DEVICE: &str = "705c034c-034c-705c-4c03-5c704c035c70";
/// User of [`INTUNE_DEVICE`].
pub const INTUNE_DEVICE_USER: &str = "m.keller@acme.example";
/// Id of a device at Intune that never checks in.
pub const INTUNE_OFFLINE_DEVICE: &str = "9b1f6c50-0c6c-4d0a-8a3f-51e0a9b7de02";

/// Name of the firewall's management interface.
pub const PANOS_HOST: &str = "fw01.acme.example";
/// Administrator of the firewall whose key is [`PANOS_KEY`].
pub const PANOS_ADMINISTRATOR: &str = "palisade";
/// API key of [`PANOS_ADMINISTRATOR`].
pub const PANOS_KEY: &str = "LUFRPT1MYWJPbmx5UGFsaXNhZGVLZXkwMDAwMDAwMQ==";
/// Another administrator, who has a change under way that is not finished.
pub(crate) const PANOS_OTHER_ADMINISTRATOR: &str = "m.keller";

/// Name of the Splunk search head; its management port is 8089.
pub const SPLUNK_HOST: &str = "splunk.acme.example";
/// Authentication token of Splunk.
pub const SPLUNK_TOKEN: &str = "eyJraWQiOiJsYWIifQ.eyJzdWIiOiJwYWxpc2FkZSJ9.TGFiT25seVNwbHVua1Rva2Vu";
/// User of Splunk.
pub const SPLUNK_USER: &str = "palisade";
/// Password of [`SPLUNK_USER`].
pub const SPLUNK_PASSWORD: &str = "Lab-Only-Splunk-1";
/// The notable event of the story.
pub const NOTABLE_EVENT: &str =
    "57B0A5D6-1C4B-4E0F-9A55-6E3C1D0F2A11@@notable@@3c0f5d8e7b6a49281c3d5e7f90a1b2c3";

/// Name of the mail server; it takes messages on port 587 with STARTTLS, and on port 465.
pub const MAIL_HOST: &str = "mail.acme.example";
/// User of the mail server, and the only sender.
pub const MAIL_USER: &str = "palisade@acme.example";
/// Password of [`MAIL_USER`].
pub const MAIL_PASSWORD: &str = "Lab-Only-Mail-1";

/// Name of the inventory that Acme has written for itself.
pub const INVENTORY_HOST: &str = "inventory.acme.example";
/// Key of the inventory: as Bearer token, as `X-Api-Key`, or as password of [`INVENTORY_USER`].
pub const INVENTORY_KEY: &str = "Lab-Only-Inventory-Key-1";
/// User of the inventory.
pub const INVENTORY_USER: &str = "palisade";

/// Name of the system that tests of the host act on.
pub const ACTUATOR_HOST: &str = "actuator.acme.example";

/// The server that connects out.
pub const SOURCE_HOST: &str = "srv-web-01.acme.example";
/// Address of [`SOURCE_HOST`].
pub const SOURCE_IP: &str = "10.20.30.41";
/// Where it connects to.
pub const DESTINATION_IP: &str = "203.0.113.66";
/// The name of [`DESTINATION_IP`].
pub const DESTINATION_DOMAIN: &str = "updates.cdn-metrics.com";
/// The part of [`DESTINATION_DOMAIN`] that somebody has registered.
pub const REGISTERED_DOMAIN: &str = "cdn-metrics.com";
/// What `updchk.exe` asks for there.
pub const DESTINATION_URL: &str = "https://updates.cdn-metrics.com/v2/check";
/// A page that imitates Acme's login.
pub const PHISHING_URL: &str = "https://updates.cdn-metrics.com/acme/login";
/// MD5 of `updchk.exe`.
pub const BEACON_MD5: &str = "6b1f0c3d9a5e42780b94d1c6f3a7e852";
/// SHA-256 of `updchk.exe`.
pub const BEACON_SHA256: &str = "9c41d0e7a2b85f36c1d94e07ab63f8521e7d0c94b5a68f23d17c0e9ab4f65832";
/// An address of a company that is not suspicious.
pub const HARMLESS_IP: &str = "198.51.100.7";
/// A domain under a country's top-level domain without RDAP.
pub const WHOIS_ONLY_DOMAIN: &str = "metrics-relay.it";
/// An address that scans, and is known to.
pub const SCANNER_IP: &str = "203.0.113.120";
/// The name of [`SCANNER_IP`].
pub const SCANNER_DOMAIN: &str = "probe7.bulk-scan.com";
/// An address that surveys the internet.
pub const SURVEYOR_IP: &str = "198.51.100.30";
/// The name of [`SURVEYOR_IP`].
pub const SURVEYOR_DOMAIN: &str = "census.open-survey.com";
/// An address that claims [`SURVEYOR_DOMAIN`].
pub const PRETENDER_IP: &str = "203.0.113.44";
/// Where no mobile device of Acme may go.
pub const DROPZONE_DOMAIN: &str = "files.quick-drop.com";
/// The address of [`DROPZONE_DOMAIN`].
pub const DROPZONE_IP: &str = "203.0.113.80";
/// Where every mobile device of Acme may go.
pub const INTRANET_DOMAIN: &str = "intranet.acme.example";
/// The names on Acme's access list.
pub const ACCESS_LIST_ENTRY: &str = "*.acme.example";
/// The user who is among the executives.
pub const EXECUTIVE: &str = "a.lindqvist";

/// What a resolver knows of all this, in options of dnsmasq. Of other names and addresses under these it knows that they
/// do not exist.
pub const DNS_RECORDS: [&str; 8] = [
    "--local=/com/",
    "--local=/in-addr.arpa/",
    "--host-record=probe7.bulk-scan.com,203.0.113.120",
    "--host-record=census.open-survey.com,198.51.100.30",
    "--ptr-record=44.113.0.203.in-addr.arpa,census.open-survey.com",
    "--host-record=updates.cdn-metrics.com,203.0.113.66",
    "--host-record=files.quick-drop.com,203.0.113.80",
    "--host-record=srv-web-01.acme.example,10.20.30.41",
];

/// An address nobody knows.
pub const UNKNOWN_IP: &str = "192.0.2.200";
/// A domain nobody has registered.
pub const UNKNOWN_DOMAIN: &str = "quiet-harbor-7731.com";

/// The hosting company that holds 203.0.113.0/24.
pub(crate) const HOSTER: &str = "Polder Hosting B.V.";
/// Its autonomous system, from the range for documentation (RFC 5398).
pub(crate) const HOSTER_AS: &str = "AS64496";
/// Its abuse desk.
pub(crate) const HOSTER_ABUSE: &str = "abuse@polder-hosting.example";
/// The registrar of [`REGISTERED_DOMAIN`].
pub(crate) const REGISTRAR: &str = "Northwind Registrar, Inc.";
/// Its abuse desk.
pub(crate) const REGISTRAR_ABUSE: &str = "abuse@northwind-registrar.example";
/// Who holds a domain.
pub(crate) struct Registration {
    pub(crate) domain: &'static str,
    /// The registry's number for it.
    pub(crate) number: u64,
    pub(crate) registered_at: &'static str,
    pub(crate) expires_at: &'static str,
    /// The holder, or who stands in for it.
    pub(crate) organization: &'static str,
    /// Country code and city.
    pub(crate) place: [&'static str; 2],
    /// Whether the holder's name is redacted.
    pub(crate) is_private: bool,
}

/// The domains that are registered under `.com`.
pub(crate) const REGISTRATIONS: [Registration; 4] = [
    Registration {
        domain: REGISTERED_DOMAIN,
        number: 2_974_402_116,
        registered_at: "2026-10-28T03:12:55Z",
        expires_at: "2027-10-28T03:12:55Z",
        organization: PRIVACY,
        place: ["IS", "Reykjavik"],
        is_private: true,
    },
    Registration {
        domain: "bulk-scan.com",
        number: 2_961_118_402,
        registered_at: "2026-08-02T21:40:11Z",
        expires_at: "2027-08-02T21:40:11Z",
        organization: PRIVACY,
        place: ["IS", "Reykjavik"],
        is_private: true,
    },
    Registration {
        domain: "open-survey.com",
        number: 1_687_330_951,
        registered_at: "2011-11-15T08:02:33Z",
        expires_at: "2028-11-15T08:02:33Z",
        organization: "Open Survey Foundation",
        place: ["US", "Ann Arbor"],
        is_private: false,
    },
    Registration {
        domain: "quick-drop.com",
        number: 2_450_772_018,
        registered_at: "2019-10-24T14:20:00Z",
        expires_at: "2027-10-24T14:20:00Z",
        organization: "Quick Drop Ltd.",
        place: ["CY", "Limassol"],
        is_private: false,
    },
];

/// The registration of this name, whatever its case.
pub(crate) fn registration(domain: &str) -> Option<&'static Registration> {
    REGISTRATIONS.iter().find(|known| known.domain.eq_ignore_ascii_case(domain.trim_end_matches('.')))
}

/// Who stands in for holders that do not want to be named.
const PRIVACY: &str = "Privacy Shield Services Ltd.";
