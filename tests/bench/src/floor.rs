//! The floor: a plain Rust server that does for each alert what the host does, without plugins, policy or checks.
//!
//! It replays one real run: the same requests, three systems side by side and then the ticket, and the same writes to
//! the same store with the same durability.

use std::{path::Path, sync::Arc};

use axum::{Router, body::Bytes, extract::State, routing::post};
use http_body_util::Full;
use hyper::Request;
use palisade_lab::System;
use palisade_model::{
    Timestamp,
    alert::NewAlert,
    plugin::Digest,
    run::{ActionStarted, Event, RunId},
};
use palisade_store::{Append, Appended, Durability, NewRun, SledStore, Store, Write};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Failed, plain::Plain};

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

struct Floor {
    template: Template,
    plain: Plain,
    store: SledStore,
}

/// Serves until killed; the address is the first line on standard output.
pub(crate) async fn serve(template: &Path, data: &Path) -> Result<(), Failed> {
    let template: Template = serde_json::from_slice(&std::fs::read(template)?)?;
    let plain = Plain::new(&template.ca, &template.connect_to)?;
    let floor = Arc::new(Floor { template, plain, store: SledStore::open(data)? });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    Ok(axum::serve(listener, Router::new().route("/alert", post(take_in)).with_state(floor)).await?)
}

async fn take_in(State(floor): State<Arc<Floor>>, body: Bytes) -> Result<String, String> {
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

impl Floor {
    /// What the host does for one alert.
    async fn run(&self, alert: u64, marker: &str) -> Result<(), Failed> {
        let new = NewRun {
            playbook: "floor".to_owned().try_into()?,
            digest: Digest::from_bytes([0; 32]),
            started: Timestamp::now(),
        };
        let run = *self.store.handle_alert(alert, vec![new]).await?.first().ok_or("no run was made")?;
        let ticket = |event: &Event| matches!(event, Event::ActionStarted(ActionStarted { connector, .. }) if connector == "servicenow");
        let split = self.template.events.iter().position(ticket).ok_or("the recorded run has no ticket")?;
        let (before, from_ticket) = self.template.events.split_at(split);

        let of = |systems: &'static [System]| self.requests(systems, marker);
        let (device, owner, services) =
            tokio::join!(of(&[System::WinRm]), of(&[System::Rdap, System::Whois]), of(&[System::Shodan]));
        device?;
        owner?;
        services?;
        // As the host writes them: all up to the ticket's start in one, its end, and the rest with the conclusion.
        let ([start], after) = from_ticket.split_at(1) else {
            return Err("the recorded run has no ticket".into());
        };
        let ([end], rest) = after.split_at(1) else { return Err("the recorded ticket has no end".into()) };
        let mut seq = 0;
        self.write(run, &mut seq, before.iter().chain([start])).await?;
        of(&[System::ServiceNow]).await?;
        let ended = self.write(run, &mut seq, [end]);
        self.write(run, &mut seq, rest).await?;
        ended.await?;
        Ok(())
    }

    fn write<'a>(
        &self,
        run: RunId,
        seq: &mut u64,
        events: impl IntoIterator<Item = &'a Event>,
    ) -> Write<u64> {
        let events: Vec<_> = events.into_iter().map(|event| (Timestamp::now(), event.clone())).collect();
        let expected = *seq;
        *seq += events.len() as u64;
        self.store.append(Append { run, expected, events, durability: Durability::Durable })
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

/// The lab's name of a system, as in its ledger.
pub(crate) fn name(system: &System) -> String {
    serde_json::to_value(system).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}
