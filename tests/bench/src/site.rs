//! A host whose runs ask two systems and then a person.

use std::{path::PathBuf, time::Duration};

use palisade_lab::{Lab, LabOptions, story};
use palisade_model::{
    alert::Alert,
    journal::{Entry, Event},
    prompt::Task,
    run::{Position, Run, RunId},
};
use script::{FIELD, Kind, Operation, Program};
use serde::Deserialize;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    Failed,
    connection::Connection,
    host::{Admin, Host},
};

/// Time until a prompt's default stands: longer than any measurement.
const TIME_LIMIT: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// Time between two looks whether runs wait.
const LOOK: Duration = Duration::from_millis(10);
/// Tasks in one page of the list, which is the most.
const PAGE: usize = 500;

/// The data of a host, and what its asset leads to.
pub(crate) struct Site {
    directory: TempDir,
    lab: Lab,
}

/// A run that waits for a person, with its alert and its journal.
pub(crate) struct Example {
    pub(crate) run: Run,
    pub(crate) alert: Alert,
    pub(crate) entries: Vec<Entry>,
    /// The step that is the prompt.
    pub(crate) prompt: Position,
}

impl Site {
    /// Sets a host up: the playbook, its connector, and an asset.
    pub(crate) async fn new() -> Result<(Self, Host), Failed> {
        let lab = Lab::start(LabOptions::default()).await?;
        let site = Self { directory: tempfile::tempdir()?, lab };
        let host = Host::serve(site.data())?;
        host.install(&["actuator", "script"])?;
        let asset = json!({
            "connector": "actuator",
            "configuration": { "url": format!("https://{}", story::ACTUATOR_HOST) },
            "network": {
                "allow": ["127.0.0.0/8"],
                "connect_to": site.lab.connect_to(),
                "ca": site.lab.ca_pem(),
            },
        });
        host.admin().await?.exchange("PUT", "/assets/actuator", &asset.to_string()).await?;
        Ok((site, host))
    }

    /// Where the host has its data.
    pub(crate) fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }
}

/// Sends an alert whose run asks two systems and then a person. Returns the alert's number.
pub(crate) async fn send(host: &Host, connection: &mut Connection, id: &str) -> Result<u64, Failed> {
    let facts = |tag: &str| Operation::Act { action: Kind::Facts, tag: tag.to_owned() };
    let ask = Operation::Ask {
        to: Some("tier2".to_owned()),
        question: "Isolate the device?".to_owned(),
        time_limit_ms: u64::try_from(TIME_LIMIT.as_millis())?,
    };
    let note = Operation::Note { text: "Somebody has decided.".to_owned() };
    let (wait, log) =
        (|step| Operation::Wait { step }, |line: &str| Operation::Log { line: line.to_owned() });
    let operations = vec![
        facts("device"),
        facts("owner"),
        wait(0),
        wait(1),
        Operation::Now,
        log("Now a person must decide."),
        ask,
        wait(2),
        note,
    ];
    let program = Program { operations, ..Program::default() };
    let cef = json!({ FIELD: program.to_text() });
    let alert = json!({ "id": id, "name": id, "label": "script", "artifacts": [{ "cef": cef }] });
    let receipt: Value = serde_json::from_slice(&connection.post(&host.source(), &alert.to_string()).await?)?;
    Ok(receipt["alert"].as_u64().ok_or("the receipt tells no alert")?)
}

/// Waits until so many prompts wait for a person and no run is at work.
pub(crate) async fn prompts(admin: &mut Admin, count: usize) -> Result<Vec<(RunId, Position)>, Failed> {
    loop {
        let at_work = admin.get("/runs?status=running&limit=1").await?;
        let mut places: Vec<(RunId, Position)> = Vec::new();
        loop {
            let after = places.last().map(|(run, step)| format!("&after={run}.{step}")).unwrap_or_default();
            let mut page = admin.get(&format!("/tasks?limit={PAGE}{after}")).await?;
            let tasks: Vec<Task> = serde_json::from_value(page["tasks"].take())?;
            if tasks.is_empty() {
                break;
            }
            places.extend(tasks.iter().map(|task| (task.run, task.position)));
        }
        if places.len() >= count && at_work["runs"] == json!([]) {
            return Ok(places);
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// A run with its journal.
#[derive(Deserialize)]
struct Story {
    run: Run,
    entries: Vec<Entry>,
}

/// Lets one alert come to where its run waits.
pub(crate) async fn example(host: &Host) -> Result<Example, Failed> {
    let mut admin = host.admin().await?;
    let id = send(host, &mut Connection::open(&host.source().address).await?, "example").await?;
    prompts(&mut admin, 1).await?;
    let Story { run, entries } = serde_json::from_value(admin.get("/runs/1").await?)?;
    let alert = serde_json::from_value(admin.get(&format!("/alerts/{id}")).await?["alert"].take())?;
    let prompt = entries.iter().find_map(|entry| match &entry.event {
        Event::PromptAsked(asked) => Some(asked.position),
        _ => None,
    });
    Ok(Example { run, alert, entries, prompt: prompt.ok_or("the run has asked nobody")? })
}

/// Answers a prompt, and waits until its run has ended. `entries` is the length of its journal before.
pub(crate) async fn answer(
    admin: &mut Admin,
    (run, step): (RunId, Position),
    entries: usize,
) -> Result<(), Failed> {
    let answer = json!({ "answer": "yes", "by": "bench" }).to_string();
    admin.exchange("POST", &format!("/runs/{run}/steps/{step}/answer"), &answer).await?;
    let mut from = entries + 1;
    loop {
        let news = admin.get(&format!("/runs/{run}/journal?from={from}&wait_ms=10000")).await?;
        match news["run"]["status"].as_str() {
            Some("succeeded") => return Ok(()),
            Some("running" | "waiting") => from += news["entries"].as_array().map_or(0, Vec::len),
            other => return Err(format!("run {run} is {other:?}").into()),
        }
    }
}
