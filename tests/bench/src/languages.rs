//! What a language costs: the same kind of action, a look-up with one HTTPS request to the lab and JSON in and out, by a
//! connector in each language.

use std::{
    collections::BTreeMap,
    fs,
    sync::Arc,
    time::{Duration, Instant},
};

use palisade_egress::Gate;
use palisade_engine::{Allocation, Connector, Invocation, Outcome};
use palisade_lab::{Lab, LabOptions, System, story};
use palisade_model::{action::Effect, asset::Network};
use palisade_vault::Secret;
use serde_json::{Map, json};

use crate::{
    Failed, plugins,
    table::{Times, show},
};

const WARM_UP: usize = 50;
const ACTIONS: usize = 500;

/// Actions that wait for their answer while the memory is looked at.
const WAITING: usize = 32;
/// Long enough for all of them to be waiting.
const ANSWER_AFTER: Duration = Duration::from_secs(3);

/// A connector, and its look-up.
struct Example {
    language: &'static str,
    package: &'static str,
    action: &'static str,
    /// What is looked up: the parameter, and its value.
    of: (&'static str, &'static str),
    key: &'static str,
    system: System,
}

static EXAMPLES: [Example; 3] = [
    Example {
        language: "Rust",
        package: "shodan",
        action: "query ip",
        of: ("ip", story::DESTINATION_IP),
        key: story::SHODAN_KEY,
        system: System::Shodan,
    },
    Example {
        language: "JavaScript",
        package: "urlscan",
        action: "lookup domain",
        of: ("domain", story::URLSCAN_HOST),
        key: story::URLSCAN_KEY,
        system: System::UrlScan,
    },
    Example {
        language: "Python",
        package: "abuseipdb",
        action: "check ip",
        of: ("ip", story::DESTINATION_IP),
        key: story::ABUSEIPDB_KEY,
        system: System::AbuseIpdb,
    },
];

pub(crate) async fn measure() -> Result<(), Failed> {
    println!(
        "A look-up in each language: one HTTPS request to the lab, {ACTIONS} in a row, pooled instances"
    );
    let lab = Lab::start(LabOptions::default()).await?;
    for example in &EXAMPLES {
        example.measure(&lab).await?;
    }
    println!();
    Ok(())
}

impl Example {
    async fn measure(&'static self, lab: &Lab) -> Result<(), Failed> {
        let size = fs::metadata(plugins::component(self.package)?)?.len();
        let cache = tempfile::tempdir()?;
        let sandbox = plugins::sandbox(cache.path().to_owned(), Allocation::Pooled)?;
        let began = Instant::now();
        let (connector, manifest) = plugins::connector(&sandbox, self.package).await?;
        let compiled = began.elapsed();
        let network = Network {
            allow: vec!["127.0.0.0/8".parse()?],
            connect_to: lab.connect_to().iter().map(|rule| rule.parse()).collect::<Result<_, _>>()?,
            ca: Some(lab.ca_pem().to_owned()),
        };
        let secrets = BTreeMap::from([("api_key".to_owned(), Secret::new(self.key.to_owned())?)]);
        let bound = Arc::new((connector, plugins::gate(&manifest, Map::new(), secrets, network)?));

        let mut times = Vec::new();
        for round in 0..WARM_UP + ACTIONS {
            let began = Instant::now();
            self.look_up(&bound).await?;
            if round >= WARM_UP {
                times.push(began.elapsed());
            }
        }
        let memory = self.memory_of_waiting(lab, &bound).await?;
        println!("  {:<10} {}", self.language, Times::new(times).line());
        println!(
            "             file {:.2} MB, compiled and described in {}, {:.1} MiB for each action that waits",
            size as f64 / 1e6,
            show(compiled),
            memory / WAITING as f64,
        );
        Ok(())
    }

    /// By how many MiB this process grows while so many actions wait for their answer.
    async fn memory_of_waiting(
        &'static self,
        lab: &Lab,
        bound: &Arc<(Connector, Arc<Gate>)>,
    ) -> Result<f64, Failed> {
        lab.set_latency(self.system, ANSWER_AFTER);
        let before = resident_mib()?;
        let waiting = [(); WAITING].map(|()| {
            let bound = Arc::clone(bound);
            tokio::spawn(async move { self.look_up(&bound).await })
        });
        tokio::time::sleep(ANSWER_AFTER / 2).await;
        let during = resident_mib()?;
        for action in waiting {
            action.await??;
        }
        lab.set_latency(self.system, Duration::ZERO);
        Ok(during - before)
    }

    async fn look_up(&self, bound: &(Connector, Arc<Gate>)) -> Result<(), Failed> {
        let (connector, gate) = bound;
        let (parameter, value) = self.of;
        let invocation = Invocation {
            action: self.action,
            parameters: &json!({ parameter: value }),
            idempotency_key: "bench",
            attempt: 1,
            resume: None,
            cancelled: false,
        };
        match connector.invoke(gate.call(Effect::Investigate, &[]), invocation).await.outcome? {
            Outcome::Done(_) => Ok(()),
            Outcome::Pending { message, .. } => Err(message.into()),
        }
    }
}

/// Memory that this process has, the shared part included.
fn resident_mib() -> Result<f64, Failed> {
    let status = fs::read_to_string("/proc/self/status")?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: f64 = resident.ok_or("the kernel does not tell")?.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024.0)
}
