//! A host with everything installed, and the lab that its assets lead to.

use std::fs;

use palisade_lab::{Lab, LabOptions, story};
use serde_json::{Value, json};

use crate::Host;

/// What a user has after the first hour: a host with connectors, assets and a playbook.
pub struct Site {
    /// The host.
    pub host: Host,
    /// The systems it acts on.
    pub lab: Lab,
}

/// Connectors and the playbook.
const PRODUCT: [&str; 5] = ["shodan", "whois", "servicenow", "windows", "suspicious-outbound-connections"];

impl Site {
    /// Starts a host and a lab, and configures the host with the commands that a user has.
    ///
    /// # Panics
    ///
    /// If anything does not work; the message says what.
    pub async fn start() -> Self {
        let lab = Lab::start(LabOptions::default()).await.expect("the lab starts");
        let site = Self { host: Host::start(), lab };
        site.host.install(&PRODUCT);
        site.asset("shodan", &[], Some(("api_key", story::SHODAN_KEY)));
        site.asset("whois", &[], None);
        let url = format!("url=https://{}", story::SERVICENOW_HOST);
        let user = format!("username={}", story::SERVICENOW_USER);
        site.asset("servicenow", &[&url, &user], Some(("password", story::SERVICENOW_PASSWORD)));
        site.add_windows(story::WINDOWS_PASSWORD);
        site
    }

    /// Configures the asset for the Windows server of the story, with this password.
    pub fn add_windows(&self, password: &str) {
        let url = format!("url=https://{}:5986", story::SOURCE_HOST);
        let user = format!("username={}", story::WINDOWS_USER);
        self.asset("windows", &[&url, &user], Some(("password", password)));
    }

    fn asset(&self, name: &str, settings: &[&str], secret: Option<(&str, &str)>) {
        let options: Vec<_> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
        add_asset(&self.host, &self.lab, name, &options, secret);
    }

    /// What Splunk posts for the story, with another id of the search job, so that it is another alert.
    ///
    /// # Panics
    ///
    /// If the fixture is no JSON.
    pub fn webhook(sid: &str) -> Value {
        let mut webhook: Value =
            serde_json::from_str(include_str!("../../lab/splunk-webhook.json")).expect("the fixture is JSON");
        webhook["sid"] = json!(sid);
        webhook
    }
}

/// `palisade asset add` with the lab behind the real names; the secret comes from the environment.
pub(crate) fn add_asset(host: &Host, lab: &Lab, name: &str, options: &[&str], secret: Option<(&str, &str)>) {
    let ca = host.data().with_file_name("ca.pem");
    fs::write(&ca, lab.ca_pem()).expect("the certificate can be written");
    let mut arguments = vec!["asset".to_owned(), "add".to_owned(), name.to_owned()];
    arguments.extend(options.iter().map(|option| (*option).to_owned()));
    let mut option = |option: &str, value: &str| arguments.extend([option.to_owned(), value.to_owned()]);
    option("--connector", name);
    option("--ca", &ca.to_string_lossy());
    option("--allow-network", "127.0.0.0/8");
    lab.connect_to().iter().for_each(|rule| option("--connect-to", rule));
    if let Some((field, _)) = secret {
        option("--secret", &format!("{field}=env:SECRET_OF_TEST"));
    }
    let mut command = host.command(&arguments);
    command.env("SECRET_OF_TEST", secret.map_or("", |(_, secret)| secret));
    let output = command.output().expect("palisade can be run");
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
}
