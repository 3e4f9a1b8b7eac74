//! A host with everything installed that a test names, and the systems that its assets lead to.

use std::fs;

use palisade_lab::{Lab, LabOptions, story};
use palisade_servers::{Resolver, Slapd};
use serde_json::{Value, json};

use crate::{
    Host,
    assets::{self, Asset},
};

/// What a user has after the first hour: a host with connectors, assets and playbooks.
pub struct Site {
    /// The host.
    pub host: Host,
    /// The vendors' systems that it acts on.
    pub lab: Lab,
    /// The directory that it acts on, if the connector `ldap` is installed.
    pub slapd: Option<Slapd>,
    /// The resolver that it asks, if the connector `dns` is installed. It lives as long as the site.
    resolver: Option<Resolver>,
    asset_options: &'static [&'static str],
}

/// What the first story needs.
const OUTBOUND: [&str; 5] = ["shodan", "whois", "servicenow", "windows", "suspicious-outbound-connections"];

impl Site {
    /// Starts a host and a lab, and configures the host for the first story.
    ///
    /// # Panics
    ///
    /// If anything does not work; the message says what.
    pub async fn start() -> Self {
        Self::with(&OUTBOUND).await
    }

    /// Starts a host with these connectors and playbooks, and the systems that the connectors lead to, and configures the
    /// host with the commands that a user has. Any package of the product may be named.
    ///
    /// # Panics
    ///
    /// If anything does not work; the message says what.
    pub async fn with(packages: &[&str]) -> Self {
        Self::with_more(packages, 0, &[]).await
    }

    /// The same with so many more accounts in the directory, named `u0000` and so on, and with more options of `palisade
    /// asset add` for each asset.
    ///
    /// # Panics
    ///
    /// If anything does not work; the message says what.
    pub async fn with_more(
        packages: &[&str],
        accounts: usize,
        asset_options: &'static [&'static str],
    ) -> Self {
        let lab = Lab::start(LabOptions::default()).await.expect("the lab starts");
        let slapd = packages.contains(&"ldap").then(|| Slapd::start(accounts));
        let resolver = packages.contains(&"dns").then(|| Resolver::start(story::DNS_RECORDS));
        let site = Self { host: Host::start(), lab, slapd, resolver, asset_options };
        site.host.install(packages);
        packages.iter().filter_map(|package| assets::of(package)).for_each(|asset| site.add(&asset));
        site
    }

    /// Configures the asset for the Windows server of the story, with this password.
    pub fn add_windows(&self, password: &'static str) {
        let asset = assets::of("windows").expect("it is a connector");
        self.add(&Asset { secret: Some(("password", password)), ..asset });
    }

    fn add(&self, Asset { connector, settings, secret }: &Asset) {
        let settings = settings.iter().flat_map(|setting| ["--set", setting]);
        let options: Vec<_> = settings.chain(self.asset_options.iter().copied()).collect();
        let (ca_pem, routes) = match (*connector, &self.slapd, &self.resolver) {
            ("ldap", Some(slapd), _) => (slapd.ca_pem(), slapd.connect_to()),
            ("dns", _, Some(resolver)) => (self.lab.ca_pem(), resolver.connect_to()),
            _ => (self.lab.ca_pem(), self.lab.connect_to()),
        };
        add_asset(&self.host, connector, ca_pem, &routes, &options, *secret);
    }

    /// Kills the host as the kernel would, and starts one with the same data. The systems live on.
    #[must_use]
    pub fn kill_and_restart(self) -> Self {
        Self { host: self.host.kill_and_restart(), ..self }
    }

    /// What Splunk posts for the story, with another id of the search job, so that it is another alert.
    ///
    /// # Panics
    ///
    /// If the fixture is no JSON.
    pub fn webhook(sid: &str) -> Value {
        webhook(include_str!("../../lab/splunk-webhook.json"), sid)
    }

    /// What Splunk posts when a mobile device reached what is not on the access list, likewise.
    ///
    /// # Panics
    ///
    /// If the fixture is no JSON.
    pub fn mobile_webhook(sid: &str) -> Value {
        webhook(include_str!("../../lab/mobile-webhook.json"), sid)
    }
}

fn webhook(fixture: &str, sid: &str) -> Value {
    let mut webhook: Value = serde_json::from_str(fixture).expect("the fixture is JSON");
    webhook["sid"] = json!(sid);
    webhook
}

/// `palisade asset add` with these routes behind the real names; the secret comes from the environment.
pub(crate) fn add_asset(
    host: &Host,
    name: &str,
    ca_pem: &str,
    routes: &[String],
    options: &[&str],
    secret: Option<(&str, &str)>,
) {
    let ca = host.data().with_file_name(format!("{name}.pem"));
    fs::write(&ca, ca_pem).expect("the certificate can be written");
    let mut arguments = vec!["asset".to_owned(), "add".to_owned(), name.to_owned()];
    arguments.extend(options.iter().map(|option| (*option).to_owned()));
    let mut option = |option: &str, value: &str| arguments.extend([option.to_owned(), value.to_owned()]);
    option("--connector", name);
    option("--ca", &ca.to_string_lossy());
    option("--allow-network", "127.0.0.0/8");
    routes.iter().for_each(|route| option("--connect-to", route));
    if let Some((field, _)) = secret {
        option("--secret", &format!("{field}=env:SECRET_OF_TEST"));
    }
    let mut command = host.command(&arguments);
    command.env("SECRET_OF_TEST", secret.map_or("", |(_, secret)| secret));
    let output = command.output().expect("palisade can be run");
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
}
