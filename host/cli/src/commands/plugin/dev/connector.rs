//! One try of a connector's action.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use palisade_conformance::{KEY, Recorded, Recorder, Replay, cassette::Cassette};
use palisade_egress::{Gate, HttpError, Outside, Request, Response, StreamEvent, Watch};
use palisade_engine::{Connector, Invocation, Invoked, Outcome};
use palisade_model::{
    Timestamp,
    action::{ActionResult, Effect, ReportStatus},
    asset::{Asset, Network},
    journal::Ended,
    plugin::{ActionSpec, ConnectorManifest},
};
use palisade_runs::open_gate;
use palisade_vault::Secret;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    super::workbench::{Workbench, refused},
    Dev, DevError, Plugin, screen,
};
use crate::{
    context::Context,
    error::Error,
    screen as out,
    style::{BAD, DIM},
};

/// What is kept from one round to the next.
#[derive(Default)]
pub(super) struct Session {
    /// The secrets that were given: a person is asked once.
    secrets: BTreeMap<String, Secret>,
}

/// What is tried: the command line, completed from the cassette that is played and from the connector's own words.
struct Try<'a> {
    action: &'a ActionSpec,
    parameters: Map<String, Value>,
    asset: Asset,
    secrets: BTreeMap<String, Secret>,
    /// The cassette that stands in for the system.
    replay: Option<Replay>,
    key: String,
}

/// What a program is told of a round.
#[derive(Serialize)]
struct Told<'a> {
    action: &'a str,
    parameters: &'a Map<String, Value>,
    requests: Vec<Sent>,
    log: Vec<String>,
    #[serde(flatten)]
    outcome: Ended,
    took_us: u128,
    upstream_us: u128,
    /// Where the system was not asked as the cassette says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    amiss: &'a Vec<String>,
}

/// A request of a round.
#[derive(Clone, Serialize)]
struct Sent {
    method: String,
    url: String,
    /// None if there was no response.
    status: Option<u16>,
    took_us: u128,
}

/// Sees what passes between the connector and the system: shows it, notes it, and hands it on to the recorder.
struct Onlooker {
    shows: bool,
    sent: Mutex<Vec<Sent>>,
    recorder: Recorder,
}

/// Tries an action. Whether it did what its name says, and asked what the cassette says.
pub(super) async fn attempt(
    command: &Dev,
    manifest: &ConnectorManifest,
    plugin: &Plugin,
    workbench: &Workbench,
    session: &mut Session,
    context: &Context,
) -> Result<bool, Error> {
    let planned = Try::new(command, manifest, session)?;
    let loaded = workbench.sandbox.connector(&plugin.compiled, manifest);
    let connector = loaded.map_err(|error| refused(&plugin.project, error))?;
    let onlooker =
        Arc::new(Onlooker { shows: !context.json, sent: Mutex::default(), recorder: Recorder::default() });
    let fields: Vec<_> = planned.secrets.keys().cloned().collect();
    let files = match command.files.is_absolute() {
        true => command.files.clone(),
        false => command.project.join(&command.files),
    };
    let gate =
        open_gate(&planned.asset, manifest, planned.secrets.clone(), &files).map_err(DevError::from)?;
    let gate = Arc::new(gate.with_outside(Outside {
        upstream: planned.replay.as_ref().map(Replay::upstream),
        watch: Some(Arc::clone(&onlooker) as Arc<dyn Watch>),
    }));

    if !context.json {
        out::show(&screen::begins(&planned.action.name, &planned.parameters))?;
    }
    let called = planned.call(&connector, &gate, context).await?;
    let amiss = planned.replay.as_ref().map(Replay::amiss).unwrap_or_default();
    if context.json {
        out::show_json_line(&Told {
            action: &planned.action.name,
            parameters: &planned.parameters,
            requests: onlooker.sent(),
            log: called.log,
            outcome: called.outcome.clone().into(),
            took_us: called.took.as_micros(),
            upstream_us: called.upstream.as_micros(),
            amiss: &amiss,
        })?;
    } else {
        out::show(&screen::ended(&called.outcome, called.took, called.upstream))?;
        out::show(&amiss.iter().map(|why| format!("{BAD}✘{BAD:#} {why}\n")).collect::<String>())?;
    }
    if let Some(file) = &command.record {
        let recorded = Recorded {
            action: &planned.action.name,
            parameters: &planned.parameters,
            configuration: &planned.asset.configuration,
            secrets: &fields,
            key: &planned.key,
            outcome: &called.outcome,
        };
        let scrub = gate.call(Effect::Investigate, &[]);
        record(file, &onlooker.recorder, &recorded, |text| scrub.scrub(text))?;
    }
    let well = matches!(&called.outcome, Ok(report) if report.status == ReportStatus::Success);
    Ok(well && amiss.is_empty())
}

/// How a call ended, with all the calls for its pending job.
struct Called {
    outcome: ActionResult,
    log: Vec<String>,
    took: Duration,
    upstream: Duration,
}

impl<'a> Try<'a> {
    fn new(command: &Dev, manifest: &'a ConnectorManifest, session: &mut Session) -> Result<Self, Error> {
        let cassette = command.replay.as_deref().map(Cassette::read).transpose().map_err(DevError::from)?;
        let action = action(command, manifest, cassette.as_ref())?;
        // A person who saves a file does not mean to block an address once more.
        if action.effect.mutates() && cassette.is_none() && !command.once {
            return Err(DevError::Again { action: action.name.clone() }.into());
        }
        let parameters = match (&command.parameters, &cassette) {
            (Some(parameters), _) => parameters.object("--parameters")?,
            (None, Some(cassette)) => cassette.parameters.clone(),
            (None, None) => Map::new(),
        };
        let mut configuration = cassette.as_ref().map(|it| it.configuration.clone()).unwrap_or_default();
        let named: Vec<_> =
            manifest.secrets.iter().filter(|field| configuration.remove(*field).is_some()).collect();
        if let Some(given) = &command.configuration {
            configuration.extend(given.object("--configuration")?);
        }
        configuration.extend(command.asset.configuration(manifest)?);

        let (replay, secrets) = match &cassette {
            Some(cassette) => {
                let required =
                    manifest.configuration["required"].as_array().map(Vec::as_slice).unwrap_or_default();
                let set = |field: &&String| {
                    named.contains(field) || required.iter().any(|one| one == field.as_str())
                };
                let set: Vec<_> = manifest.secrets.iter().filter(set).cloned().collect();
                let (replay, secrets) = replay(cassette, &set)?;
                (Some(replay), secrets)
            }
            None => (None, session.secrets(command, manifest)?),
        };
        let asset = Asset {
            name: manifest.identity.name.clone(),
            connector: manifest.identity.name.clone(),
            configuration,
            // Nothing is kept, so nothing is sealed; the names say which are set.
            sealed: secrets.keys().map(|field| (field.clone(), String::new())).collect(),
            network: if replay.is_some() { Network::default() } else { command.asset.network()? },
            retries: Default::default(),
        };
        // A system that knows a key does not do it again: each round means it.
        let key = match replay {
            Some(_) => KEY.to_owned(),
            None => format!("palisade-dev-{}", Timestamp::now().as_microsecond()),
        };
        Ok(Self { action, parameters, asset, secrets, replay, key })
    }

    /// Calls the action, and calls again as long as its job is pending.
    async fn call(
        &self,
        connector: &Connector,
        gate: &Arc<Gate>,
        context: &Context,
    ) -> Result<Called, Error> {
        let (mut log, mut resume, mut upstream) = (Vec::new(), None, Duration::ZERO);
        let began = Instant::now();
        let parameters = Value::Object(self.parameters.clone());
        loop {
            let invocation = Invocation {
                action: &self.action.name,
                parameters: &parameters,
                idempotency_key: &self.key,
                attempt: 1,
                resume: resume.as_deref(),
                cancelled: false,
            };
            let call = gate.call(self.action.effect, &self.action.reads);
            let invoked: Invoked = connector.invoke(call, invocation).await;
            upstream += invoked.upstream;
            for line in invoked.log {
                if !context.json {
                    out::show(&screen::log(&line))?;
                }
                log.push(line.message);
            }
            let outcome = match invoked.outcome {
                Ok(Outcome::Done(report)) => Ok(report),
                Err(failure) => Err(failure),
                Ok(Outcome::Pending { after, token, message }) => {
                    if !context.json {
                        out::show(&screen::pending(&message, after))?;
                    }
                    // A cassette answers at once, whenever it is asked.
                    if self.replay.is_none() {
                        tokio::time::sleep(after).await;
                    }
                    resume = Some(token);
                    continue;
                }
            };
            return Ok(Called { outcome, log, took: began.elapsed(), upstream });
        }
    }
}

/// The action that is meant.
fn action<'a>(
    command: &Dev,
    manifest: &'a ConnectorManifest,
    cassette: Option<&Cassette>,
) -> Result<&'a ActionSpec, DevError> {
    let named = command.action.as_deref().or(cassette.map(|cassette| cassette.action.as_str()));
    let fits = |action: &&ActionSpec| match named {
        Some(name) => action.name == name,
        None => action.effect == Effect::Test,
    };
    manifest.actions.iter().find(fits).ok_or_else(|| DevError::NoAction {
        connector: manifest.identity.name.clone(),
        action: named.unwrap_or("test connectivity").to_owned(),
        known: manifest.actions.iter().map(|action| action.name.clone()).collect(),
    })
}

/// What stands in for the system of a cassette, and the secrets that it knows.
fn replay(cassette: &Cassette, fields: &[String]) -> Result<(Replay, BTreeMap<String, Secret>), DevError> {
    let unusable = |source| DevError::Json { what: "the cassette".to_owned(), source };
    let replay = Replay::new(cassette, fields).map_err(unusable)?;
    let secret = |(field, value): &(String, String)| Some((field.clone(), Secret::new(value.clone()).ok()?));
    let secrets = replay.secrets().iter().filter_map(secret).collect();
    Ok((replay, secrets))
}

/// Writes what the onlooker has seen to a cassette.
fn record(
    file: &Path,
    recorder: &Recorder,
    recorded: &Recorded<'_>,
    scrub: impl FnOnce(String) -> String,
) -> Result<(), Error> {
    let unusable = |source| DevError::Json { what: "what was recorded".to_owned(), source };
    let cassette = recorder.cassette(recorded, scrub).map_err(unusable)?;
    cassette.write(file).map_err(DevError::from)?;
    out::tell(&format!("{DIM}Recorded in {}.{DIM:#}\n", file.display()));
    Ok(())
}

impl Session {
    /// The connector's secrets. They are read once; again if it requires others now.
    fn secrets(
        &mut self,
        command: &Dev,
        manifest: &ConnectorManifest,
    ) -> Result<BTreeMap<String, Secret>, Error> {
        self.secrets.retain(|field, _| manifest.secrets.contains(field));
        let kept: Vec<_> = self.secrets.keys().cloned().collect();
        if command.asset.lacks_secrets(manifest, &kept)? {
            self.secrets.extend(command.asset.secrets(manifest, &kept)?);
        }
        Ok(self.secrets.clone())
    }
}

impl Onlooker {
    fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Watch for Onlooker {
    fn exchange(&self, request: &Request, answer: &Result<Response, HttpError>, took: Duration) {
        if self.shows {
            // A reader that went away is noticed with the result.
            let _ = out::show(&screen::exchange(request, answer, took));
        }
        self.sent.lock().unwrap_or_else(PoisonError::into_inner).push(Sent {
            method: request.method.clone(),
            url: request.url.clone(),
            status: answer.as_ref().ok().map(|response| response.status),
            took_us: took.as_micros(),
        });
        self.recorder.exchange(request, answer, took);
    }

    fn stream(&self, number: u64, event: StreamEvent<'_>) {
        if self.shows {
            let _ = out::show(&screen::stream(number, &event));
        }
        self.recorder.stream(number, event);
    }
}
