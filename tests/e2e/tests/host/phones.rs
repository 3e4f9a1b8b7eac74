//! A site whose mobile devices are watched: their management, a real directory, a firewall, and who may reach what.

use palisade_e2e::{Site, wait};
use palisade_lab::{System, story};
use serde_json::{Value, json};

/// What the playbook needs.
const PACKAGES: [&str; 5] = ["mobileiron", "ldap", "panos", "servicenow", "unauthorized-mobile-access"];

/// The playbook may do what it decides.
pub(crate) const ALLOWED: &str = r#"
[[rule]]
name = "the playbook decides"
playbook = ["unauthorized-mobile-access"]
then = "allow"
"#;

/// Nobody waits for a device to obey, each alert counts, and a ticket waits until the block is in place.
const SETTINGS: [&str; 5] =
    ["wipe_seconds:=0", "same_visit_seconds:=0", "settle_seconds:=60", "block_seconds:=0", "approver=tier2"];

/// The site, and how many alerts it has had.
pub(crate) struct Phones {
    pub(crate) site: Site,
    alerts: u32,
}

impl Phones {
    /// With this policy, and more settings.
    pub(crate) async fn start(policy: &str, settings: &[&str]) -> Self {
        let site = Site::with(&PACKAGES).await;
        site.lab.set_commit_time(std::time::Duration::ZERO);
        let phones = Self { site, alerts: 0 };
        phones.set_policy(policy);
        for settings in [&SETTINGS[..], settings] {
            let options = settings.iter().flat_map(|setting| ["--set", setting]);
            let configure = ["playbook", "configure", "unauthorized-mobile-access"];
            phones.site.host.text(&configure.into_iter().chain(options).collect::<Vec<_>>());
        }
        for (list, value) in [("access-list", story::ACCESS_LIST_ENTRY), ("executives", story::EXECUTIVE)] {
            phones.site.host.text(&["list", "add", list, value, "--note", "for the test"]);
        }
        phones.site.host.text(&["list", "create", "repeat-offenders"]);
        phones
    }

    /// Writes the policy file.
    pub(crate) fn set_policy(&self, policy: &str) {
        std::fs::write(self.site.host.data().join("policy.toml"), policy).unwrap();
    }

    /// Says that this user has done it before.
    pub(crate) fn has_done_it_before(&self, user: &str) {
        self.site.host.text(&["list", "add", "repeat-offenders", user]);
    }

    /// Posts what Splunk posts, its row changed, and returns the run that handles it.
    pub(crate) fn violation(&mut self, change: impl FnOnce(&mut Value)) -> u64 {
        self.alerts += 1;
        let mut webhook = Site::mobile_webhook(&format!("search-{}", self.alerts));
        change(&mut webhook["result"]);
        let receipt = self.site.host.splunk(&webhook);
        self.site.host.run_on(receipt["alert"].as_u64().unwrap())
    }

    /// Posts a violation by this device and user.
    pub(crate) fn violation_by(&mut self, device: &str, user: &str) -> u64 {
        self.violation(|row| {
            row["deviceExternalId"] = json!(device);
            row["sourceUserName"] = json!(user);
        })
    }

    /// Waits until the run has ended, and returns its status and its last word.
    pub(crate) fn end(&self, run: u64) -> (String, String) {
        let run = self.site.host.ended(run)["run"].take();
        let text = |field: &str| run[field].as_str().unwrap_or_default().to_owned();
        (text("status"), text("message"))
    }

    /// Waits until the inbox has this, and returns it.
    pub(crate) fn until_inbox_has(&self, words: &str) -> String {
        wait::until("the inbox has it", || {
            let inbox = self.site.host.text(&["inbox"]);
            inbox.contains(words).then_some(inbox)
        })
    }

    /// Waits until a note on the alert says this.
    pub(crate) fn until_noted(&self, alert: u64, words: &str) {
        wait::until("the alert says so", || {
            let notes = self.site.host.get(&format!("/alerts/{alert}"))["alert"]["notes"].to_string();
            notes.contains(words).then_some(())
        });
    }

    /// Waits until there are so many tickets, and returns the description of the last.
    pub(crate) fn until_ticket(&self, number: usize) -> String {
        let ticket =
            wait::until("the ticket is there", || self.site.lab.tickets().into_iter().nth(number - 1));
        ticket["description"].as_str().unwrap().to_owned()
    }

    /// Wipes that were asked for of this device, answered or not.
    pub(crate) fn wipes(&self, device: &str) -> usize {
        self.asked(System::MobileIron).iter().filter(|asked| **asked == format!("PUT wipe/{device}")).count()
    }

    /// What a system was asked, in order: the method, and the end of the path.
    pub(crate) fn asked(&self, system: System) -> Vec<String> {
        let entries = self.site.lab.ledger().of(system).unwrap();
        let end = |path: &str| path.trim_start_matches("/api/v1/dm/devices/").to_owned();
        entries.iter().map(|entry| format!("{} {}", entry.method, end(&entry.path))).collect()
    }

    /// What the firewall denies now.
    pub(crate) fn denied(&self) -> Vec<String> {
        self.site.lab.denied()
    }

    /// Whether the directory was asked about this user.
    pub(crate) fn is_looked_up(&self, user: &str) -> bool {
        let slapd = self.site.slapd.as_ref().unwrap();
        slapd.log().contains(&format!("filter=\"(uid={user})\""))
    }
}
