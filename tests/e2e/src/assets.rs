//! What each connector's asset needs to reach the systems of the story.

use palisade_lab::story;
use palisade_servers::{BASE, NAME, PASSWORD, RESOLVER, USER};

/// An asset of the connector of the same name.
pub(crate) struct Asset {
    pub(crate) connector: &'static str,
    /// `--set` options.
    pub(crate) settings: Vec<String>,
    /// Field and value of its secret.
    pub(crate) secret: Option<(&'static str, &'static str)>,
}

/// The asset for the connector in this package; nothing if the package is a playbook.
pub(crate) fn of(package: &str) -> Option<Asset> {
    let (connector, settings, secret): (_, &[(&str, &str)], _) = match package {
        "shodan" => ("shodan", &[], Some(("api_key", story::SHODAN_KEY))),
        "whois" => ("whois", &[], None),
        "servicenow" => (
            "servicenow",
            &[("url", "https://acme.service-now.com"), ("username", story::SERVICENOW_USER)],
            Some(("password", story::SERVICENOW_PASSWORD)),
        ),
        "windows" => (
            "windows",
            &[("url", "https://srv-web-01.acme.example:5986"), ("username", story::WINDOWS_USER)],
            Some(("password", story::WINDOWS_PASSWORD)),
        ),
        "virustotal" => ("virustotal", &[], Some(("api_key", story::VIRUSTOTAL_KEY))),
        "urlscan" => ("urlscan", &[("poll_seconds", "1")], Some(("api_key", story::URLSCAN_KEY))),
        "abuseipdb" => ("abuseipdb", &[], Some(("api_key", story::ABUSEIPDB_KEY))),
        "geoip" => {
            ("geoip", &[("account_id", story::MAXMIND_ACCOUNT)], Some(("license_key", story::MAXMIND_KEY)))
        }
        "dns" => ("dns", &[("resolver", RESOLVER), ("test_domain", story::SCANNER_DOMAIN)], None),
        "ldap" => (
            "ldap",
            &[("server", NAME), ("directory", "openldap"), ("base_dn", BASE), ("username", USER)],
            Some(("password", PASSWORD)),
        ),
        "mobileiron" => (
            "mobileiron",
            &[("url", "https://core.acme.example"), ("username", story::MOBILEIRON_USER)],
            Some(("password", story::MOBILEIRON_PASSWORD)),
        ),
        "intune" => (
            "intune",
            &[("tenant_id", story::ENTRA_TENANT), ("client_id", story::ENTRA_CLIENT_ID)],
            Some(("client_secret", story::ENTRA_CLIENT_SECRET)),
        ),
        "panos" => (
            "panos",
            &[("url", "https://fw01.acme.example"), ("administrator", story::PANOS_ADMINISTRATOR)],
            Some(("api_key", story::PANOS_KEY)),
        ),
        "splunk" => {
            ("splunk", &[("url", "https://splunk.acme.example:8089")], Some(("token", story::SPLUNK_TOKEN)))
        }
        "smtp" => (
            "smtp",
            &[("server", story::MAIL_HOST), ("sender", story::MAIL_USER), ("username", story::MAIL_USER)],
            Some(("password", story::MAIL_PASSWORD)),
        ),
        "http-api" => (
            "http",
            &[("base_url", "https://inventory.acme.example/api/v1"), ("auth", "bearer")],
            Some(("secret", story::INVENTORY_KEY)),
        ),
        _ => return None,
    };
    let settings = settings.iter().map(|(key, value)| format!("{key}={value}")).collect();
    Some(Asset { connector, settings, secret })
}
