//! What a call costs: an instance, the call, the drop; nothing leaves the process.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use palisade_egress::Gate;
use palisade_engine::{Allocation, Connector, Invocation, Outcome};
use palisade_model::{
    action::{Effect, Failure},
    asset::Network,
};
use serde_json::{Map, Value, json};

use crate::{Failed, plugins, table::Times};

const WARM_UP: usize = 500;
const CALLS: usize = 5_000;

pub(crate) async fn measure() -> Result<(), Failed> {
    println!("A call: instance, call, drop; parameters and result checked against their schemas");
    for (allocation, name) in [(Allocation::Pooled, "pooled"), (Allocation::OnDemand, "on demand")] {
        let cache = tempfile::tempdir()?;
        let sandbox = plugins::sandbox(cache.path().to_owned(), allocation)?;
        if sandbox.allocation() != allocation {
            println!("  {name:<10} not to be had on this machine");
            continue;
        }
        let (connector, manifest) = plugins::connector(&sandbox, "bench-guest").await?;
        let gate = plugins::gate(&manifest, Map::new(), BTreeMap::new(), Network::default())?;
        let noop = Arc::new(Noop { connector, gate, parameters: json!({ "text": "x" }) });

        noop.calls(WARM_UP).await?;
        let times = Times::new(noop.calls(CALLS).await?);
        let began = Instant::now();
        let halves = [(); 2].map(|()| {
            let noop = Arc::clone(&noop);
            tokio::spawn(async move { noop.calls(CALLS).await.map(drop) })
        });
        for half in halves {
            half.await??;
        }
        let per_second = (2 * CALLS) as f64 / began.elapsed().as_secs_f64();
        println!("  {name:<10} {}  two threads {per_second:>6.0}/s", times.line());
    }
    println!();
    Ok(())
}

struct Noop {
    connector: Connector,
    gate: Arc<Gate>,
    parameters: Value,
}

impl Noop {
    async fn calls(&self, count: usize) -> Result<Vec<std::time::Duration>, Failure> {
        let mut times = Vec::with_capacity(count);
        for _ in 0..count {
            let began = Instant::now();
            let invocation = Invocation {
                action: "noop",
                parameters: &self.parameters,
                idempotency_key: "bench",
                attempt: 1,
                resume: None,
                cancelled: false,
            };
            match self.connector.invoke(self.gate.call(Effect::Investigate, &[]), invocation).await.outcome? {
                Outcome::Done(_) => times.push(began.elapsed()),
                Outcome::Pending { message, .. } => return Err(Failure::Unavailable { message }),
            }
        }
        Ok(times)
    }
}
