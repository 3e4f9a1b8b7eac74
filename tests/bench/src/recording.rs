//! The host of the pipeline: set up with the commands that a user has, and one of its runs written down.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use palisade_lab::{Lab, System, story};
use palisade_model::{
    alert::Alert,
    journal::{Entry, Event},
};
use serde::Deserialize;
use serde_json::json;

use crate::{
    Failed,
    connection::Connection,
    floor::{self, RECORDED, Recorded, Template},
    host::Host,
    table::{Times, show},
};

/// A Splunk webhook as Splunk sends it.
pub(crate) fn alert(marker: &str) -> String {
    json!({
        "sid": marker,
        "search_name": "Suspicious Outbound Connection",
        "app": "search",
        "owner": "admin",
        "results_link": format!("https://splunk.acme.example/app/search/@go?sid={marker}"),
        "result": {
            "src": story::SOURCE_IP, "src_host": story::SOURCE_HOST, "dest": story::DESTINATION_IP,
            "dest_dns": story::DESTINATION_DOMAIN, "dest_port": "443", "severity": "high",
        },
    })
    .to_string()
}

/// An asset: name, settings, and a secret's field and value.
type Asset = (&'static str, Vec<String>, Option<(&'static str, &'static str)>);

/// What `run show --json` says.
#[derive(Deserialize)]
struct Shown {
    entries: Vec<Entry>,
}

/// What `alert show --json` says.
#[derive(Deserialize)]
struct AlertShown {
    alert: Alert,
}

/// Starts a host and installs everything.
pub(crate) fn start(lab: &Lab, directory: &Path) -> Result<Host, Failed> {
    let host = Host::serve(directory.join("data"))?;
    host.install(&["shodan", "whois", "servicenow", "windows", "suspicious-outbound-connections"])?;
    let ca = directory.join("ca.pem");
    fs::write(&ca, lab.ca_pem())?;
    let assets: [Asset; 4] = [
        ("shodan", vec![], Some(("api_key", story::SHODAN_KEY))),
        ("whois", vec![], None),
        (
            "servicenow",
            vec![
                format!("url=https://{}", story::SERVICENOW_HOST),
                format!("username={}", story::SERVICENOW_USER),
            ],
            Some(("password", story::SERVICENOW_PASSWORD)),
        ),
        (
            "windows",
            vec![
                format!("url=https://{}:5986", story::SOURCE_HOST),
                format!("username={}", story::WINDOWS_USER),
            ],
            Some(("password", story::WINDOWS_PASSWORD)),
        ),
    ];
    for (name, settings, secret) in assets {
        let mut add = vec!["asset".to_owned(), "add".into(), name.into(), "--connector".into(), name.into()];
        for setting in settings {
            add.extend(["--set".to_owned(), setting]);
        }
        if let Some((field, secret)) = secret {
            let file = directory.join(format!("{name}.secret"));
            fs::write(&file, secret)?;
            add.extend(["--secret".to_owned(), format!("{field}=@{}", file.display())]);
        }
        add.extend([
            "--ca".to_owned(),
            ca.display().to_string(),
            "--allow-network".into(),
            "127.0.0.0/8".into(),
        ]);
        for rule in lab.connect_to() {
            add.extend(["--connect-to".to_owned(), rule]);
        }
        host.palisade(&add)?;
    }
    Ok(host)
}

/// Lets one alert through and writes down what it took.
pub(crate) async fn record(host: &Host, lab: &Lab, directory: &Path) -> Result<PathBuf, Failed> {
    lab.ledger().clear();
    let ingest = host.splunk();
    Connection::open(&ingest.address).await?.post(&ingest, &alert(RECORDED)).await?;
    tokio::task::block_in_place(|| host.palisade(&["run", "watch", "--alert", "1"].map(str::to_owned)))?;
    let shown: Shown =
        serde_json::from_str(&host.palisade(&["--json", "run", "show", "1"].map(str::to_owned))?)?;
    let alert: AlertShown =
        serde_json::from_str(&host.palisade(&["--json", "alert", "show", "1"].map(str::to_owned))?)?;
    let requests = lab.ledger().entries()?.into_iter().map(|entry| Recorded {
        system: floor::name(&entry.system),
        method: entry.method,
        url: format!(
            "https://{}{}{}{}",
            entry.host,
            if entry.system == System::WinRm { ":5986" } else { "" },
            entry.path,
            if entry.query.is_empty() { String::new() } else { format!("?{}", entry.query) }
        ),
        headers: entry.header_values.into_iter().collect(),
        body: entry.body,
    });
    let template = Template {
        ca: lab.ca_pem().to_owned(),
        connect_to: lab.connect_to(),
        requests: requests.collect(),
        alert: alert.alert.content,
        events: shown.entries.into_iter().map(|entry| entry.event).collect(),
    };
    println!(
        "  one alert is {} requests and {} journal entries",
        template.requests.len(),
        template.events.len()
    );
    let path = directory.join("template.json");
    fs::write(&path, serde_json::to_vec(&template)?)?;
    Ok(path)
}

/// For these runs: from the alert's arrival to the conclusion, less the time that the vendors took on the
/// longest way through the run.
pub(crate) fn overhead(host: &Host, runs: std::ops::RangeInclusive<usize>) -> Result<Times, Failed> {
    let mut times = Vec::new();
    for run in runs {
        let shown: Shown = serde_json::from_str(&host.palisade(&[
            "--json".to_owned(),
            "run".into(),
            "show".into(),
            run.to_string(),
        ])?)?;
        let alert: AlertShown = serde_json::from_str(&host.palisade(&[
            "--json".to_owned(),
            "alert".into(),
            "show".into(),
            run.to_string(),
        ])?)?;
        let (mut side_by_side, mut ticket, mut end) = (0, 0, alert.alert.received);
        for entry in &shown.entries {
            match &entry.event {
                Event::ActionEnded(ended) if ended.position <= 3 => {
                    side_by_side = side_by_side.max(ended.upstream_us);
                }
                Event::ActionEnded(ended) => ticket += ended.upstream_us,
                Event::Concluded { .. } => end = entry.at,
                _ => {}
            }
        }
        let whole = Duration::try_from(end.duration_since(alert.alert.received))?;
        times.push(whole.saturating_sub(Duration::from_micros(side_by_side + ticket)));
    }
    let times = Times::new(times);
    if times.percentile(50).is_zero() {
        return Err(format!("the vendors' time exceeds the whole: {}", show(times.percentile(99))).into());
    }
    Ok(times)
}
