//! A host with very many waiting runs: its start, its memory, and a day on which all of them come due at once.

use std::time::{Duration, Instant};

use palisade_model::{SignedDuration, Timestamp, run::RunId};
use serde_json::Value;

use crate::{
    Failed,
    connection::Connection,
    counts::Status,
    host::{Admin, Host},
    site::{self, Example, Site, example},
    stock,
    table::{Times, show},
};

/// How long the host is watched while it works off what is due.
const WATCH: Duration = Duration::from_secs(30);
/// Time between two questions of somebody who looks at the host meanwhile.
const LOOK: Duration = Duration::from_millis(10);
/// How long ago everything came due: the host was down that long.
const OUTAGE: SignedDuration = SignedDuration::from_hours(1);
/// Time until the runs come due that are to wait.
const FAR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Starts a host with so many waiting runs of which none is due, and one with as many that are all due.
pub(crate) async fn measure(runs: usize) -> Result<(), Failed> {
    println!("Restart with {runs} runs that wait for a person");
    let (site, example) = site_with_example().await?;
    let (host, took) = start(&site).await?;
    println!("  ready with one waiting run    {:>9}, {} MiB", show(took), host.child.peak_memory_mib());
    drop(host);

    let (first, last) = fill(&site, &example, runs, Timestamp::now().checked_add(FAR)?).await?;
    let (host, took) = start(&site).await?;
    println!("  ready with all of them        {:>9}, {} MiB", show(took), host.child.peak_memory_mib());
    let mut admin = host.admin().await?;
    let began = Instant::now();
    admin.get("/tasks?limit=100").await?;
    println!("  the first 100 of what waits   {:>9}", show(began.elapsed()));
    let began = Instant::now();
    let middle = first + (last - first) / 2;
    site::answer(&mut admin, (middle, example.prompt), example.entries.len()).await?;
    println!(
        "  from an answer to the end     {:>9}, {} MiB",
        show(began.elapsed()),
        host.child.peak_memory_mib()
    );
    drop(host);

    let (site, example) = site_with_example().await?;
    let (first, last) = fill(&site, &example, runs, Timestamp::now().checked_sub(OUTAGE)?).await?;
    let (host, took) = start(&site).await?;
    println!("  ready when all are due        {:>9}", show(took));
    let (worked_off, newcomer) = tokio::try_join!(work_off(&host, first, last), newcomer(&host))?;
    println!(
        "  ended {} in {}: {:.0}/s, {}, {} MiB",
        worked_off.runs,
        show(worked_off.took),
        worked_off.runs as f64 / worked_off.took.as_secs_f64(),
        worked_off.written,
        host.child.peak_memory_mib()
    );
    println!(
        "  GET /status meanwhile         {}  worst {}",
        worked_off.looks.line(),
        show(worked_off.looks.percentile(100))
    );
    println!(
        "  an alert that comes meanwhile: acknowledged after {}, at its prompt after {}",
        show(newcomer.acknowledged),
        show(newcomer.waits)
    );
    Ok(())
}

async fn site_with_example() -> Result<(Site, Example), Failed> {
    let (site, host) = Site::new().await?;
    let example = example(&host).await?;
    Ok((site, example))
}

async fn fill(site: &Site, example: &Example, runs: usize, due: Timestamp) -> Result<(RunId, RunId), Failed> {
    let began = Instant::now();
    let span = stock::fill(&site.data().join("store"), example, runs, due).await?;
    println!("  (the store was filled in {})", show(began.elapsed()));
    Ok(span)
}

/// Starts a host; the time is from the start of the process to its first answer.
async fn start(site: &Site) -> Result<(Host, Duration), Failed> {
    let began = Instant::now();
    let host = Host::serve(site.data())?;
    host.admin().await?.get("/status").await?;
    Ok((host, began.elapsed()))
}

/// What the host did while it was watched.
struct WorkedOff {
    runs: u64,
    took: Duration,
    /// What the store did for each run.
    written: String,
    looks: Times,
}

/// Looks at the host all the time, until every run of these has ended or the time is over.
async fn work_off(host: &Host, first: RunId, last: RunId) -> Result<WorkedOff, Failed> {
    let (mut admin, began) = (host.admin().await?, Instant::now());
    let (mut looks, mut before) = (Vec::new(), None);
    loop {
        let look = Instant::now();
        let Status { store: counts } = serde_json::from_value(admin.get("/status").await?)?;
        looks.push(look.elapsed());
        let before = *before.get_or_insert(counts);
        let done = newest(&mut admin, "succeeded").await?;
        let all = done == Some(last) && newest(&mut admin, "running").await?.is_none();
        if all || began.elapsed() > WATCH {
            // They go on in the order of their numbers, so all but those at work are before the newest that has ended.
            let runs = done.map_or(0, |done| done + 1 - first);
            let written = counts.per_run(before, runs);
            return Ok(WorkedOff { runs, took: began.elapsed(), written, looks: Times::new(looks) });
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// The run with the largest number that stands so.
async fn newest(admin: &mut Admin, status: &str) -> Result<Option<RunId>, Failed> {
    let list = admin.get(&format!("/runs?status={status}&limit=1")).await?;
    Ok(list.pointer("/runs/0/id").and_then(Value::as_u64))
}

/// What became of an alert that came while the host had much to do.
struct Newcomer {
    acknowledged: Duration,
    waits: Duration,
}

async fn newcomer(host: &Host) -> Result<Newcomer, Failed> {
    let mut connection = Connection::open(&host.source().address).await?;
    let mut admin = host.admin().await?;
    let began = Instant::now();
    let alert = site::send(host, &mut connection, "newcomer").await?;
    let acknowledged = began.elapsed();
    loop {
        let runs = admin.get(&format!("/runs?alert={alert}")).await?;
        if runs.pointer("/runs/0/status").and_then(Value::as_str) == Some("waiting") {
            return Ok(Newcomer { acknowledged, waits: began.elapsed() });
        }
        tokio::time::sleep(LOOK).await;
    }
}
