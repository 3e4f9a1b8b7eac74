//! Alerts to tickets: the real host as a child process, and the floor as another.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use palisade_lab::{Lab, LabOptions, System};
use palisade_model::Timestamp;
use tokio::{sync::Notify, task::JoinSet};

use crate::{
    Failed,
    connection::{Connection, Endpoint},
    counts::Counts,
    floor::Floor,
    recording::{self, alert},
    table::{Times, ratio},
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
    let host = recording::start(&lab, directory.path())?;
    let template = recording::record(&host, &lab, directory.path()).await?;
    let floor = Floor::start(&template, directory.path())?;

    let ours = phases(&lab, &host.splunk(), &host.api("/status")).await?;
    let plain = phases(&lab, &floor.at("/alert"), &floor.at("/status")).await?;
    for (name, phases, process) in [("palisade", &ours, &host.child), ("plain Rust", &plain, &floor.child)] {
        println!(
            "  {name:<10} {UNDER_WAY} under way  {}  {:>5.0}/s  {}",
            phases.loaded.times.line(),
            phases.per_second(),
            phases.loaded.written
        );
        println!(
            "  {:<10} one by one    {}           {}  peak memory {} MiB",
            "",
            phases.quiet.times.line(),
            phases.quiet.written,
            process.peak_memory_mib()
        );
    }
    println!(
        "  ratio: throughput {:.2}, median under load {:.2}, median one by one {:.2}",
        plain.per_second() / ours.per_second(),
        ratio(ours.loaded.times.percentile(50), plain.loaded.times.percentile(50)),
        ratio(ours.quiet.times.percentile(50), plain.quiet.times.percentile(50)),
    );
    let all = WARM_UP + ALERTS + QUIET + 1;
    let overhead = recording::overhead(&host, all - QUIET + 1..=all)?;
    println!(
        "  platform overhead (alert received to run concluded, less the vendors' time) {}",
        overhead.line()
    );
    println!();
    Ok(())
}

struct Phases {
    loaded: Phase,
    quiet: Phase,
}

impl Phases {
    fn per_second(&self) -> f64 {
        ALERTS as f64 / self.loaded.took.as_secs_f64()
    }
}

/// What came of one phase.
struct Phase {
    times: Times,
    took: Duration,
    /// What the store did for each run.
    written: String,
}

async fn phases(lab: &Lab, ingest: &Endpoint, status: &Endpoint) -> Result<Phases, Failed> {
    phase(lab, ingest, status, "warm", WARM_UP, UNDER_WAY).await?;
    Ok(Phases {
        loaded: phase(lab, ingest, status, "load", ALERTS, UNDER_WAY).await?,
        quiet: phase(lab, ingest, status, "quiet", QUIET, 1).await?,
    })
}

/// Sends alerts, so many under way at the same time, until all have a ticket. An alert's time is from sending it to the
/// lab's answer to its ticket.
async fn phase(
    lab: &Lab,
    ingest: &Endpoint,
    status: &Endpoint,
    name: &str,
    alerts: usize,
    under_way: usize,
) -> Result<Phase, Failed> {
    lab.ledger().clear();
    let before = Counts::settled(status).await?;
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
    let took = began.elapsed();
    let written = Counts::settled(status).await?.per_run(before, alerts as u64);
    Ok(Phase { times: Times::new(times), took, written })
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
