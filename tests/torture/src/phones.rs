use std::{
    thread,
    time::{Duration, Instant},
};

use palisade_e2e::Site;
use palisade_lab::{Fault, FaultKind, System, story};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{Random, Tally, program::PERSON};

/// What the playbook that wipes mobile devices needs.
const PACKAGES: [&str; 5] = ["mobileiron", "ldap", "panos", "servicenow", "unauthorized-mobile-access"];

/// Attempts enough that none of them is the last: each kill takes one.
const ASSET_OPTIONS: [&str; 4] = ["--attempts", "20", "--give-up-after", "15m"];

/// The ticket is written soon, nobody waits for a device, and every alert counts.
const SETTINGS: [&str; 4] =
    ["settle_seconds:=1", "wipe_seconds:=0", "same_visit_seconds:=0", "block_seconds:=0"];

/// Networks outside, of which each site is one address: what is inside is blocked by its name (RFC 5737).
const OUTSIDE: [&str; 3] = ["192.0.2", "198.51.100", "203.0.113"];

/// Addresses taken of each.
const SITES: usize = 250;

/// The longest life of a host.
const LIFE: Duration = Duration::from_millis(1_200);

/// Time that a system takes for an answer, so that kills find something under way.
const LATENCY: Duration = Duration::from_millis(25);

/// Of a hundred hosts, those whose next wipe is not answered, although it happens.
const RESETS: u64 = 25;

/// Time that everything gets to come to its end once nobody kills any more.
const PATIENCE: Duration = Duration::from_secs(90);

/// Time between two looks.
const LOOK: Duration = Duration::from_millis(2);

/// A round of kills while the devices of repeat offenders are wiped: each alert is about a device of its own and a site of
/// its own, and each has a host that is killed at a random moment after it was acknowledged.
#[derive(Clone, Copy, Debug)]
pub struct Phones {
    /// Decides on moments and mishaps.
    pub seed: u64,
    /// Devices, alerts and kills.
    pub count: usize,
}

/// One device, and the site that it reached.
struct Phone {
    uuid: String,
    user: String,
    address: String,
    alert: u64,
}

impl Phones {
    /// Runs it, and judges when everything is quiet. `progress` is told about each kill.
    ///
    /// # Panics
    ///
    /// If a host does not start, or stops to answer without having been killed.
    pub fn run(self, mut progress: impl FnMut(usize)) -> Tally {
        let runtime = Runtime::new().expect("threads can be had");
        let _entered = runtime.enter();
        let mut site = runtime.block_on(Site::with_more(&PACKAGES, self.count, &ASSET_OPTIONS));
        configure(&site);
        let mut random = Random::of(self.seed, "phones");
        let mut phones = Vec::new();
        let mut in_doubt = 0;
        for number in 0..self.count {
            if random.percent(RESETS) {
                reset_after_a_wipe(&site);
            }
            phones.push(Phone::violates(number, &site));
            in_doubt += live(&site, &mut random);
            site = site.kill_and_restart();
            progress(number + 1);
        }
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline && !is_quiet(&site) {
            in_doubt += attend(&site);
            thread::sleep(LOOK);
        }
        let mut tally = Tally { kills: self.count, in_doubt, ..Tally::default() };
        let denied = site.lab.denied();
        for phone in &phones {
            phone.judge(&mut tally, &site, &denied);
        }
        if !tally.is_good() {
            tally.findings.push(format!("log:\n{}", site.host.log()));
        }
        tally
    }
}

/// Every user has done it before, and the policy lets the playbook decide.
fn configure(site: &Site) {
    site.lab.set_commit_time(Duration::from_millis(300));
    for system in [System::MobileIron, System::Panos, System::ServiceNow] {
        site.lab.set_latency(system, LATENCY);
    }
    let options = SETTINGS.iter().flat_map(|setting| ["--set", setting]);
    let configure = ["playbook", "configure", "unauthorized-mobile-access"];
    site.host.text(&configure.into_iter().chain(options).collect::<Vec<_>>());
    site.host.text(&["list", "add", "access-list", story::ACCESS_LIST_ENTRY]);
    site.host.text(&["list", "create", "executives"]);
    site.host.text(&["list", "create", "repeat-offenders"]);
}

/// The device is wiped, and nobody hears of it.
fn reset_after_a_wipe(site: &Site) {
    let path_prefix = Some("/api/v1/dm/devices/wipe".to_owned());
    let kind = FaultKind::ResetAfterEffect;
    let fault = Fault { system: System::MobileIron, path_prefix, times: Some(1), kind };
    site.lab.faults().arm(fault).expect("there is room for it");
}

/// Lets the host work until its time is up, or until it has sent so many requests. Returns how many doubts there were.
fn live(site: &Site, random: &mut Random) -> usize {
    let end = Instant::now() + random.part_of(LIFE);
    let requests = || site.lab.ledger().from(0).map_or(0, |entries| entries.len());
    let last = requests() + 1 + random.below(8) as usize;
    let by_requests = random.percent(60);
    let mut in_doubt = 0;
    while Instant::now() < end && !(by_requests && requests() >= last) {
        in_doubt += attend(site);
        thread::sleep(LOOK);
    }
    in_doubt
}

/// Decides on what nobody else knows, as the systems have it. Returns how often.
fn attend(site: &Site) -> usize {
    let tasks = site.host.get("/tasks?limit=500")["tasks"].take();
    let doubts = tasks.as_array().into_iter().flatten().filter(|task| task["to_do"] == "decide");
    doubts.filter(|task| decide(site, &task["run"], &task["position"])).count()
}

fn decide(site: &Site, run: &Value, step: &Value) -> bool {
    let story = site.host.get(&format!("/runs/{run}"));
    let is_start = |entry: &&Value| entry["event"] == "action-started" && entry["position"] == *step;
    let Some(started) = story["entries"].as_array().into_iter().flatten().find(is_start) else {
        return false;
    };
    let decision = if has_happened(site, started) { "done" } else { "not-done" };
    let body = json!({ "decision": decision, "by": PERSON });
    site.host.post(&format!("/runs/{run}/steps/{step}/decision"), &body).status == 200
}

/// What a person would see who looks into the system.
fn has_happened(site: &Site, started: &Value) -> bool {
    let parameters = &started["parameters"];
    let text = |name: &str| parameters[name].as_str().unwrap_or_default();
    let tickets = || site.lab.tickets().into_iter();
    match started["action"].as_str() {
        Some("wipe device") => site.lab.device_status(text("uuid")) != Some("ACTIVE"),
        Some("create ticket") => {
            tickets().any(|ticket| ticket["short_description"] == parameters["short_description"])
        }
        Some("add work note") => {
            tickets().filter(|ticket| ticket["number"] == parameters["id"]).any(|ticket| {
                let notes = ticket["journal"].as_array().into_iter().flatten();
                notes.filter_map(|note| note["value"].as_str()).any(|note| note.starts_with(text("note")))
            })
        }
        action => panic!("{action:?} may be repeated, and nobody need decide on it"),
    }
}

fn is_over(run: &Value) -> bool {
    ["succeeded", "failed", "cancelled"].iter().any(|status| run["status"] == *status)
}

fn is_quiet(site: &Site) -> bool {
    let runs = site.host.get("/runs?limit=500");
    site.host.get("/status")["store"]["waiting"] == 0
        && runs["runs"].as_array().into_iter().flatten().all(is_over)
}

impl Phone {
    /// Registers a device, and posts an alert about it.
    fn violates(number: usize, site: &Site) -> Self {
        let uuid = format!("00000000-0000-4000-8000-{number:012x}");
        let user = format!("u{number:04}");
        let address = format!("{}.{}", OUTSIDE[number / SITES % OUTSIDE.len()], number % SITES + 1);
        site.lab.enroll_device(&uuid, &user);
        site.host.text(&["list", "add", "repeat-offenders", &user]);
        let mut webhook = Site::mobile_webhook(&format!("search-{number}"));
        let row = &mut webhook["result"];
        row["deviceExternalId"] = json!(uuid);
        row["sourceUserName"] = json!(user);
        row["dest"] = json!(address);
        row["dest_ip"] = json!(address);
        let alert = site.host.splunk(&webhook)["alert"].as_u64().expect("a receipt has a number");
        Self { uuid, user, address, alert }
    }

    /// One run that ended well, one wipe, and the site blocked.
    fn judge(&self, tally: &mut Tally, site: &Site, denied: &[String]) {
        let Self { uuid, user, address, alert } = self;
        tally.alerts += 1;
        let found = site.host.get(&format!("/alerts/{alert}"));
        let runs: Vec<_> = found["runs"].as_array().cloned().unwrap_or_default();
        tally.lost += usize::from(runs.is_empty());
        let wipe = format!("/api/v1/dm/devices/wipe/{uuid}");
        let ledger = site.lab.ledger().of(System::MobileIron).expect("the ledger is whole");
        let wipes = ledger.iter().filter(|entry| entry.path == wipe).count();
        let is_blocked = denied.iter().any(|denied| denied.starts_with(&format!("{address}/")));
        tally.mutating += wipes.min(1) + usize::from(is_blocked);
        tally.repeated += wipes.saturating_sub(1);
        tally.missing += usize::from(wipes == 0) + usize::from(!is_blocked);
        let mut is_good = wipes == 1 && is_blocked && runs.len() == 1;
        for run in &runs {
            let replayed = site.host.post(&format!("/runs/{}/replay", run["id"]), &json!({}));
            let diverged = replayed.status != 200 || !replayed.json()["divergence"].is_null();
            let is_right = run["status"] == "succeeded";
            tally.concluded += usize::from(is_right);
            tally.stuck += usize::from(!is_over(run));
            tally.wrong += usize::from(is_over(run) && !is_right);
            tally.diverged += usize::from(diverged);
            is_good &= is_right && !diverged;
        }
        tally.wrong += runs.len().saturating_sub(1);
        if !is_good {
            let journals: Vec<_> =
                runs.iter().map(|run| site.host.get(&format!("/runs/{}", run["id"])).to_string()).collect();
            tally.findings.push(format!(
                "{user}'s {uuid}: wipes {wipes}, {address} blocked: {is_blocked}, alert {alert}:\n{}",
                journals.join("\n")
            ));
        }
    }
}
