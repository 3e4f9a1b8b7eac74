//! Alerts to tickets: the real host as a child process, and the floor as another.

use std::{
    collections::HashMap,
    fs,
    io::BufRead as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use palisade_lab::{Lab, LabOptions, System, story};
use palisade_model::{
    Timestamp,
    alert::Alert,
    run::{Entry, Event},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    sync::Notify,
    task::JoinSet,
};

use crate::{
    Failed,
    floor::{self, RECORDED, Recorded, Template},
    plugins,
    table::{Times, peak_memory_mib, ratio, show},
};

/// Alerts of the loaded phase.
const ALERTS: usize = 1_500;
/// Alerts under way at the same time in it.
const UNDER_WAY: usize = 32;
/// Alerts of the quiet phase, one after the other.
const QUIET: usize = 150;
/// Alerts before anything is counted.
const WARM_UP: usize = 60;
/// Time for one phase; far more than it takes.
const PHASE_TIME: Duration = Duration::from_secs(300);
/// Time between two looks at the lab.
const LOOK: Duration = Duration::from_millis(1);

pub(crate) async fn measure() -> Result<(), Failed> {
    println!("Alerts to tickets: Splunk webhook in, four systems asked, ServiceNow ticket out");
    let lab = Lab::start(LabOptions::default()).await?;
    let directory = tempfile::tempdir()?;
    let host = Host::start(&lab, directory.path())?;
    let template = host.record(&lab, directory.path()).await?;
    let floor = Floor::start(&template, directory.path())?;

    let ours = phases(&lab, &host.ingest()).await?;
    let plain = phases(&lab, &floor.ingest()).await?;
    for (name, phases, process) in [("palisade", &ours, &host.child), ("plain Rust", &plain, &floor.child)] {
        println!(
            "  {name:<10} {UNDER_WAY} under way  {}  {:>5.0}/s",
            phases.loaded.line(),
            phases.per_second
        );
        println!(
            "  {:<10} one by one    {}  peak memory {} MiB",
            "",
            phases.quiet.line(),
            peak_memory_mib(process.id())
        );
    }
    println!(
        "  ratio: throughput {:.2}, median under load {:.2}, median one by one {:.2}",
        plain.per_second / ours.per_second,
        ratio(ours.loaded.percentile(50), plain.loaded.percentile(50)),
        ratio(ours.quiet.percentile(50), plain.quiet.percentile(50)),
    );
    let overhead = host.overhead(QUIET)?;
    println!(
        "  platform overhead (alert received to run concluded, less the vendors' time) {}",
        overhead.line()
    );
    println!("  commits to disk per alert {:.2}, all phases together", host.syncs_per_alert().await?);
    Ok(())
}

struct Phases {
    loaded: Times,
    per_second: f64,
    quiet: Times,
}

async fn phases(lab: &Lab, ingest: &Ingest) -> Result<Phases, Failed> {
    phase(lab, ingest, "warm", WARM_UP, UNDER_WAY).await?;
    let (loaded, took) = phase(lab, ingest, "load", ALERTS, UNDER_WAY).await?;
    let (quiet, _) = phase(lab, ingest, "quiet", QUIET, 1).await?;
    Ok(Phases { loaded, per_second: ALERTS as f64 / took.as_secs_f64(), quiet })
}

/// Sends alerts, so many under way at the same time, until all have a ticket. An alert's time is from sending it to the
/// lab's answer to its ticket.
async fn phase(
    lab: &Lab,
    ingest: &Ingest,
    name: &str,
    alerts: usize,
    under_way: usize,
) -> Result<(Times, Duration), Failed> {
    lab.ledger().clear();
    let began = Instant::now();
    let tickets = Arc::new(Tickets::default());
    let mut senders = JoinSet::new();
    for sender in 0..under_way {
        let (ingest, tickets, name) = (ingest.clone(), Arc::clone(&tickets), name.to_owned());
        senders.spawn(async move {
            let mut connection = Connection::open(&ingest.address).await?;
            let mut times = Vec::new();
            for number in (sender..alerts).step_by(under_way) {
                let sent = Timestamp::now();
                let marker = format!("bench-{name}-{number}-end");
                connection.post(&ingest, &alert(&marker)).await?;
                times.push(Duration::try_from(tickets.of(&marker).await.duration_since(sent))?);
            }
            Ok::<_, Failed>(times)
        });
    }
    let mut times = Vec::with_capacity(alerts);
    let mut read = 0;
    while !senders.is_empty() {
        let entries = lab.ledger().from(read)?;
        read += entries.len();
        tickets.take(&entries);
        while let Some(ended) = senders.try_join_next() {
            times.extend(ended??);
        }
        if began.elapsed() > PHASE_TIME {
            return Err(format!("not all of {alerts} alerts had a ticket after {PHASE_TIME:?}").into());
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok((Times::new(times), began.elapsed()))
}

/// When which alert got its ticket.
#[derive(Default)]
struct Tickets {
    created: Mutex<HashMap<String, Timestamp>>,
    more: Notify,
}

impl Tickets {
    fn take(&self, entries: &[palisade_lab::Entry]) {
        let mut created = self.created.lock().unwrap_or_else(PoisonError::into_inner);
        for entry in
            entries.iter().filter(|entry| entry.system == System::ServiceNow && entry.method == "POST")
        {
            let marker = entry.body.find("bench-").map(|begin| &entry.body[begin..]);
            let marker = marker.and_then(|rest| rest.find("-end").map(|end| &rest[..end + "-end".len()]));
            if let Some(marker) = marker {
                created.insert(marker.to_owned(), entry.at);
            }
        }
        drop(created);
        self.more.notify_waiters();
    }

    async fn of(&self, marker: &str) -> Timestamp {
        loop {
            let more = self.more.notified();
            if let Some(at) = self.created.lock().unwrap_or_else(PoisonError::into_inner).remove(marker) {
                return at;
            }
            more.await;
        }
    }
}

/// A Splunk webhook as Splunk sends it.
fn alert(marker: &str) -> String {
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

/// Where alerts are sent.
#[derive(Clone)]
struct Ingest {
    address: String,
    path: String,
}

/// One connection that alerts are sent over; the same few lines for host and floor.
struct Connection(BufReader<TcpStream>);

impl Connection {
    async fn open(address: &str) -> Result<Self, Failed> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self(BufReader::new(stream)))
    }

    async fn post(&mut self, ingest: &Ingest, body: &str) -> Result<(), Failed> {
        let length = body.len();
        let request = format!(
            "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}",
            ingest.path, ingest.address,
        );
        self.request(&request).await.map(drop)
    }

    async fn request(&mut self, request: &str) -> Result<Vec<u8>, Failed> {
        self.0.get_mut().write_all(request.as_bytes()).await?;
        let mut status = String::new();
        self.0.read_line(&mut status).await?;
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).await?;
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await?;
        if status.starts_with("HTTP/1.1 2") {
            Ok(body)
        } else {
            Err(format!("{}: {}", status.trim(), String::from_utf8_lossy(&body)).into())
        }
    }
}

/// A child process, killed when it is no longer needed.
struct Process(Child);

impl Process {
    fn id(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

struct Floor {
    child: Process,
    address: String,
}

impl Floor {
    fn start(template: &Path, directory: &Path) -> Result<Self, Failed> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("floor")
            .args([template, &directory.join("floor")])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut address = String::new();
        let output = child.stdout.take().ok_or("the floor has no output")?;
        let child = Process(child);
        std::io::BufReader::new(output).read_line(&mut address)?;
        Ok(Self { child, address: address.trim().to_owned() })
    }

    fn ingest(&self) -> Ingest {
        Ingest { address: self.address.clone(), path: "/alert".into() }
    }
}

struct Host {
    child: Process,
    program: PathBuf,
    data: PathBuf,
    address: String,
}

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
    fn start(lab: &Lab, directory: &Path) -> Result<Self, Failed> {
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
        let assets: [(&str, Vec<String>, Option<(&str, &str)>); 4] = [
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

    fn ingest(&self) -> Ingest {
        let token = fs::read_to_string(self.data.join("ingest.token")).unwrap_or_default();
        Ingest { address: self.address.clone(), path: format!("/ingest/splunk/{}", token.trim()) }
    }

    /// Lets one alert through and writes down what it took.
    async fn record(&self, lab: &Lab, directory: &Path) -> Result<PathBuf, Failed> {
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

    /// For the newest runs: from the alert's arrival to the conclusion, less the time that the vendors took on the
    /// longest way through the run.
    fn overhead(&self, runs: usize) -> Result<Times, Failed> {
        let mut times = Vec::with_capacity(runs);
        let newest = (WARM_UP + ALERTS + QUIET + 1) as u64;
        for run in newest - runs as u64 + 1..=newest {
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
                        side_by_side = side_by_side.max(ended.upstream_us)
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

    /// Syncs of the store for each alert, over everything that this host did.
    async fn syncs_per_alert(&self) -> Result<f64, Failed> {
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
        Ok(syncs / (WARM_UP + ALERTS + QUIET + 1) as f64)
    }
}
