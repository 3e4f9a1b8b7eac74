//! A whole action: `query ip` of Shodan through the engine, and the same request in plain Rust.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use palisade_egress::Gate;
use palisade_engine::{Allocation, Connector, Invocation, Outcome};
use palisade_lab::{Lab, LabOptions, story};
use palisade_model::{action::Effect, asset::Network};
use palisade_vault::Secret;
use serde_json::{Map, Value, json};

use crate::{
    Failed,
    plain::Plain,
    plugins,
    table::{Times, ratio, show},
};

const WARM_UP: usize = 100;
const ACTIONS: usize = 1_500;

pub(crate) async fn measure() -> Result<(), Failed> {
    println!("An action: `query ip` of Shodan, one HTTPS request to the lab, {ACTIONS} in a row");
    let lab = Lab::start(LabOptions::default()).await?;
    let cache = tempfile::tempdir()?;
    let sandbox = plugins::sandbox(cache.path().to_owned(), Allocation::Pooled)?;
    let (connector, manifest) = plugins::connector(&sandbox, "shodan").await?;
    let network = Network {
        allow: vec!["127.0.0.0/8".parse()?],
        connect_to: lab.connect_to().iter().map(|rule| rule.parse()).collect::<Result<_, _>>()?,
        ca: Some(lab.ca_pem().to_owned()),
    };
    let secrets = BTreeMap::from([("api_key".to_owned(), Secret::new(story::SHODAN_KEY.to_owned())?)]);
    let gate = plugins::gate(&manifest, Map::new(), secrets, network)?;
    let plain = Plain::new(lab.ca_pem(), &lab.connect_to())?;

    // In turns, so that whatever else the machine does meets both alike.
    let (mut ours, mut sent, mut floor) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..WARM_UP + ACTIONS {
        let (action, request, by_hand) =
            (engine(&connector, &gate).await?, egress(&gate).await?, hand(&plain).await?);
        if round >= WARM_UP {
            ours.push(action);
            sent.push(request);
            floor.push(by_hand);
        }
    }
    let (ours, sent, floor) = (Times::new(ours), Times::new(sent), Times::new(floor));
    println!("  palisade   {}", ours.line());
    println!(
        "    of which the request, with policy, secret and scrubbing: p50 {}",
        show(sent.percentile(50))
    );
    println!("  plain Rust {}", floor.line());
    println!("  ratio at the median {:.2}\n", ratio(ours.percentile(50), floor.percentile(50)));
    Ok(())
}

async fn engine(connector: &Connector, gate: &Arc<Gate>) -> Result<Duration, Failed> {
    let began = Instant::now();
    let parameters = json!({ "ip": story::DESTINATION_IP });
    let invocation = Invocation {
        action: "query ip",
        parameters: &parameters,
        idempotency_key: "bench",
        attempt: 1,
        resume: None,
        cancelled: false,
    };
    match connector.invoke(gate.call(Effect::Investigate, &[]), invocation).await.outcome? {
        Outcome::Done(_) => Ok(began.elapsed()),
        Outcome::Pending { message, .. } => Err(message.into()),
    }
}

/// The request alone, without a plugin.
async fn egress(gate: &Arc<Gate>) -> Result<Duration, Failed> {
    let began = Instant::now();
    let call = gate.call(Effect::Investigate, &[]);
    let key = call.configuration()["api_key"].as_str().ok_or("the key has no placeholder")?.to_owned();
    let request = palisade_egress::Request {
        method: "GET".into(),
        url: format!("https://{}/shodan/host/{}?key={key}", story::SHODAN_HOST, story::DESTINATION_IP),
        headers: Vec::new(),
        authorization: None,
        body: Vec::new(),
        timeout: None,
    };
    std::hint::black_box(call.send(request).await?);
    Ok(began.elapsed())
}

/// What a script would do: send, parse, keep what matters.
async fn hand(plain: &Plain) -> Result<Duration, Failed> {
    let began = Instant::now();
    let url = format!(
        "https://{}/shodan/host/{}?key={}",
        story::SHODAN_HOST,
        story::DESTINATION_IP,
        story::SHODAN_KEY
    );
    let answer = plain.send(Request::get(url).body(Full::<Bytes>::default())?).await?;
    let host: Value = serde_json::from_slice(&answer)?;
    let summary = json!({ "ports": host["ports"], "hostnames": host["hostnames"], "country_name": host["country_name"] });
    std::hint::black_box((host, summary));
    Ok(began.elapsed())
}
