//! The floor: a plain Rust server that does for each alert what the host does, without plugins, policy or checks.
//!
//! It replays one real run: the same requests, three systems side by side and then the ticket, and the same writes to
//! the same store with the same durability.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    routing::{get, post},
};
use http_body_util::Full;
use hyper::Request;
use palisade_lab::System;
use palisade_model::{
    Timestamp,
    alert::{AlertId, NewAlert},
    journal::{Began, Event},
    plugin::Digest,
    run::{RunId, Seq},
};
use palisade_store::{Append, Appended, Durability, NewRun, SledStore, Store, Write};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Failed,
    connection::Endpoint,
    counts::{Counts, Status},
    plain::Plain,
    process::Process,
};

/// The text in the recorded run that tells one alert from another.
pub(crate) const RECORDED: &str = "bench-recorded-end";

/// One real run, to be repeated.
#[derive(Serialize, Deserialize)]
pub(crate) struct Template {
    pub(crate) ca: String,
    pub(crate) connect_to: Vec<String>,
    pub(crate) requests: Vec<Recorded>,
    pub(crate) alert: NewAlert,
    pub(crate) events: Vec<Event>,
}

/// One request of it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Recorded {
    pub(crate) system: String,
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

/// The floor as a child process.
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
        let child = Process::new(child);
        BufReader::new(output).read_line(&mut address)?;
        Ok(Self { child, address: address.trim().to_owned() })
    }

    /// A path of it.
    pub(crate) fn at(&self, path: &str) -> Endpoint {
        Endpoint { address: self.address.clone(), path: path.to_owned(), token: String::new() }
    }
}

/// The server.
struct Server {
    template: Template,
    plain: Plain,
    store: SledStore,
}

/// Serves until killed; the address is the first line on standard output.
pub(crate) async fn serve(template: &Path, data: &Path) -> Result<(), Failed> {
    let template: Template = serde_json::from_slice(&std::fs::read(template)?)?;
    let plain = Plain::new(&template.ca, &template.connect_to)?;
    let floor = Arc::new(Server { template, plain, store: SledStore::open(data)? });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let router = Router::new().route("/alert", post(take_in)).route("/status", get(status));
    Ok(axum::serve(listener, router.with_state(floor)).await?)
}

async fn status(State(floor): State<Arc<Server>>) -> Json<Status> {
    let health = floor.store.health();
    Json(Status { store: Counts { commits: health.commits, syncs: health.syncs } })
}

async fn take_in(State(floor): State<Arc<Server>>, body: Bytes) -> Result<String, String> {
    let sent: Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
    let marker = sent["sid"].as_str().ok_or("there is no sid")?.to_owned();
    let alert = NewAlert { source_id: marker.clone(), ..floor.template.alert.clone() };
    match floor.store.append_alert(Timestamp::now(), alert).await.map_err(|error| error.to_string())? {
        Appended::Duplicate(alert) => Ok(alert.to_string()),
        Appended::New(alert) => {
            tokio::spawn(async move {
                if let Err(error) = floor.run(alert, &marker).await {
                    eprintln!("alert {alert}: {error}");
                }
            });
            Ok(alert.to_string())
        }
    }
}

impl Server {
    /// What the host does for one alert.
    async fn run(&self, alert: AlertId, marker: &str) -> Result<(), Failed> {
        let new = NewRun {
            playbook: "floor".to_owned().try_into()?,
            started: Timestamp::now(),
            began: Began::new(
                Digest::from_bytes([0; 32]),
                self.store.alert(alert)?.ok_or("the alert is gone")?,
            ),
        };
        let run = *self.store.handle_alert(alert, vec![new]).await?.first().ok_or("no run was made")?;

        let of = |systems: &'static [System]| self.requests(systems, marker);
        let (device, owner, services) =
            tokio::join!(of(&[System::WinRm]), of(&[System::Rdap, System::Whois]), of(&[System::Shodan]));
        device?;
        owner?;
        services?;
        // As the host writes them: what the run began with is there, all up to the sending of the ticket goes in one
        // durable write, its end in another, and the rest with the conclusion.
        let [Event::Began(_), events @ ..] = self.template.events.as_slice() else {
            return Err("the recorded run has no beginning".into());
        };
        let (sent, events) = through(events, |event| matches!(event, Event::ActionSent { .. }))?;
        let (ended, rest) = through(events, |event| matches!(event, Event::ActionEnded(_)))?;
        let mut seq = 1;
        self.write(run, &mut seq, sent).await?;
        of(&[System::ServiceNow]).await?;
        let ended = self.write(run, &mut seq, ended);
        self.write(run, &mut seq, rest).await?;
        ended.await?;
        Ok(())
    }

    fn write(&self, run: RunId, seq: &mut Seq, events: &[Event]) -> Write<Seq> {
        let events: Vec<_> = events.iter().map(|event| (Timestamp::now(), event.clone())).collect();
        let expected = *seq;
        *seq += events.len() as u64;
        let durability = Durability::Durable;
        // A run belongs to whoever created it, in epoch 1.
        self.store.append(Append {
            run,
            epoch: 1,
            expected,
            events,
            audit: Vec::new(),
            leave: None,
            durability,
        })
    }

    /// The recorded requests to these systems, one after the other; each answer is parsed.
    async fn requests(&self, systems: &[System], marker: &str) -> Result<(), Failed> {
        let names: Vec<_> = systems.iter().map(name).collect();
        for recorded in self.template.requests.iter().filter(|recorded| names.contains(&recorded.system)) {
            let mut request = Request::builder().method(recorded.method.as_str()).uri(&recorded.url);
            for (name, value) in &recorded.headers {
                request = request.header(name, value);
            }
            let body = recorded.body.replace(RECORDED, marker);
            let answer = self.plain.send(request.body(Full::new(body.into()))?).await?;
            // WinRM answers XML; everything else is parsed as a script would.
            std::hint::black_box(serde_json::from_slice::<Value>(&answer).ok());
        }
        Ok(())
    }
}

/// The events up to the first of this kind, that one included, and the others.
fn through(events: &[Event], kind: impl Fn(&Event) -> bool) -> Result<(&[Event], &[Event]), Failed> {
    let place = events.iter().position(kind).ok_or("the recorded run has no ticket")?;
    Ok(events.split_at(place + 1))
}

/// The lab's name of a system, as in its ledger.
pub(crate) fn name(system: &System) -> String {
    serde_json::to_value(system).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}
