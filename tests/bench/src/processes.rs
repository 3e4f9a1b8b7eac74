//! The two child processes: the real host, set up with the commands a user has, and the floor.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use palisade_lab::{Lab, System, story};
use palisade_model::{
    alert::Alert,
    run::{Entry, Event},
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    Failed,
    connection::{Connection, Ingest},
    floor::{self, RECORDED, Recorded, Template},
    plugins,
    table::{Times, show},
};

/// Time between two looks whether the host is up.
const LOOK: Duration = Duration::from_millis(1);

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

/// A child process, killed when it is no longer needed.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// The floor.
pub(crate) struct Floor {
    pub(crate) child: Process,
    address: String,
}

impl Floor {
    pub(crate) fn start(template: &Path, directory: &Path) -> Result<Self, Failed> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("floor")
            .args([template, &directory.join("floor")])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut address = String::new();
        let output = child.stdout.take().ok_or("the floor has no output")?;
        let child = Process(child);
        BufReader::new(output).read_line(&mut address)?;
        Ok(Self { child, address: address.trim().to_owned() })
    }

    pub(crate) fn ingest(&self) -> Ingest {
        Ingest { address: self.address.clone(), path: "/alert".into() }
    }
}

/// The host.
pub(crate) struct Host {
    pub(crate) child: Process,
    program: PathBuf,
    data: PathBuf,
    address: String,
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

impl Host {
    /// Starts the host and installs everything with the commands a user has.
    pub(crate) fn start(lab: &Lab, directory: &Path) -> Result<Self, Failed> {
        let (program, data) = (plugins::release()?.join("palisade"), directory.join("data"));
        let child = Command::new(&program)
            .args(["serve", "--listen", "127.0.0.1:0", "--log", "warn", "--data"])
            .arg(&data)
            .stderr(Stdio::null())
            .spawn()?;
        let mut host = Self { child: Process(child), program, data, address: String::new() };
        host.address = host.wait_for_address()?;

        let mut install = vec!["plugin".to_owned(), "install".into(), "--grant-all".into()];
        for name in ["shodan", "whois", "servicenow", "windows", "suspicious-outbound-connections"] {
            install.push(plugins::component(name)?.display().to_string());
        }
        host.palisade(&install)?;
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
            let mut add =
                vec!["asset".to_owned(), "add".into(), name.into(), "--connector".into(), name.into()];
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

    fn wait_for_address(&mut self) -> Result<String, Failed> {
        let began = Instant::now();
        let file = self.data.join("host.json");
        while began.elapsed() < Duration::from_secs(30) {
            if let Ok(text) = fs::read(&file) {
                let host: Value = serde_json::from_slice(&text)?;
                let url = host["url"].as_str().ok_or("host.json has no url")?;
                return Ok(url.trim_start_matches("http://").to_owned());
            }
            if let Some(status) = self.child.0.try_wait()? {
                return Err(format!("palisade serve ended: {status}").into());
            }
            std::thread::sleep(LOOK);
        }
        Err("palisade serve did not come up within 30 s".into())
    }

    fn palisade(&self, arguments: &[String]) -> Result<String, Failed> {
        let output = Command::new(&self.program).arg("--data").arg(&self.data).args(arguments).output()?;
        if output.status.success() {
            return Ok(String::from_utf8(output.stdout)?);
        }
        Err(format!("palisade {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr)).into())
    }

    pub(crate) fn ingest(&self) -> Ingest {
        let token = fs::read_to_string(self.data.join("ingest.token")).unwrap_or_default();
        Ingest { address: self.address.clone(), path: format!("/ingest/splunk/{}", token.trim()) }
    }

    /// Lets one alert through and writes down what it took.
    pub(crate) async fn record(&self, lab: &Lab, directory: &Path) -> Result<PathBuf, Failed> {
        lab.ledger().clear();
        let ingest = self.ingest();
        Connection::open(&ingest.address).await?.post(&ingest, &alert(RECORDED)).await?;
        tokio::task::block_in_place(|| self.palisade(&["run", "watch", "--alert", "1"].map(str::to_owned)))?;
        let shown: Shown =
            serde_json::from_str(&self.palisade(&["--json", "run", "show", "1"].map(str::to_owned))?)?;
        let alert: AlertShown =
            serde_json::from_str(&self.palisade(&["--json", "alert", "show", "1"].map(str::to_owned))?)?;
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
    pub(crate) fn overhead(&self, runs: std::ops::RangeInclusive<usize>) -> Result<Times, Failed> {
        let mut times = Vec::new();
        for run in runs {
            let shown: Shown = serde_json::from_str(&self.palisade(&[
                "--json".to_owned(),
                "run".into(),
                "show".into(),
                run.to_string(),
            ])?)?;
            let alert: AlertShown = serde_json::from_str(&self.palisade(&[
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

    /// Syncs of the store since the host was started.
    pub(crate) async fn syncs(&self) -> Result<f64, Failed> {
        let token = fs::read_to_string(self.data.join("admin.token"))?;
        let request = format!(
            "GET /api/v1/status HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\r\n",
            self.address,
            token.trim()
        );
        let status = Connection::open(&self.address).await?.request(&request).await?;
        let status: Value = serde_json::from_slice(&status)?;
        let syncs =
            status.pointer("/store/syncs").and_then(Value::as_f64).ok_or("the status tells no syncs")?;
        Ok(syncs)
    }
}
