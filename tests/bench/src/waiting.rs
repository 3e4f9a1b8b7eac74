//! Runs that wait for a person: how long one takes to go on.

use std::time::{Duration, Instant};

use palisade_model::run::{Position, RunId};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::{
    Failed,
    connection::Connection,
    counts::Counts,
    host::Host,
    site::{self, Site, example},
    table::Times,
};

/// Runs that are answered at the same time.
const UNDER_WAY: usize = 32;
/// One in so many is answered while nothing else happens.
const ALONE: usize = 4;

/// Lets so many runs come to where they wait, replays them, and answers them.
pub(crate) async fn measure(runs: usize) -> Result<(), Failed> {
    let (_site, host) = Site::new().await?;
    let entries = example(&host).await?.entries.len();
    println!(
        "Runs that wait for a person: two systems asked, {entries} entries in the journal of each, {runs} runs"
    );
    let mut connection = Connection::open(&host.source().address).await?;
    for number in 0..runs {
        site::send(&host, &mut connection, &format!("waiting-{number}")).await?;
    }
    let mut admin = host.admin().await?;
    let mut prompts = site::prompts(&mut admin, runs + 1).await?;

    println!(
        "  led to where it waits, by a replay of its journal   {}",
        replays(&host, &prompts).await?.line()
    );
    let loaded = prompts.split_off(prompts.len() / ALONE);
    let before = Counts::settled(&host.api("/status")).await?;
    let times = Times::new(answers(&host, prompts.clone(), entries, 1).await?);
    let alone = Counts::settled(&host.api("/status")).await?;
    println!(
        "  from the answer to the end, one by one              {}           {}",
        times.line(),
        alone.per_run(before, prompts.len() as u64)
    );
    let (count, began) = (loaded.len(), Instant::now());
    let times = Times::new(answers(&host, loaded, entries, UNDER_WAY).await?);
    let per_second = count as f64 / began.elapsed().as_secs_f64();
    let written = Counts::settled(&host.api("/status")).await?.per_run(alone, count as u64);
    println!(
        "  from the answer to the end, {UNDER_WAY} under way            {}  {per_second:>5.0}/s  {written}\n",
        times.line()
    );
    Ok(())
}

/// Replays runs as far as they came, one after the other.
async fn replays(host: &Host, prompts: &[(RunId, Position)]) -> Result<Times, Failed> {
    let mut admin = host.admin().await?;
    let mut times = Vec::with_capacity(prompts.len());
    for (run, _) in prompts {
        let began = Instant::now();
        let replayed = admin.exchange("POST", &format!("/runs/{run}/replay"), "").await?;
        times.push(began.elapsed());
        if replayed["calls"] == 0 || replayed["divergence"] != Value::Null {
            return Err(format!("run {run} does not replay: {replayed}").into());
        }
    }
    Ok(Times::new(times))
}

/// Answers prompts, so many under way at the same time: the time of each until its run has ended.
async fn answers(
    host: &Host,
    prompts: Vec<(RunId, Position)>,
    entries: usize,
    under_way: usize,
) -> Result<Vec<Duration>, Failed> {
    let mut people = JoinSet::new();
    for person in 0..under_way {
        let mut admin = host.admin().await?;
        let own: Vec<_> = prompts.iter().skip(person).step_by(under_way).copied().collect();
        people.spawn(async move {
            let mut times = Vec::with_capacity(own.len());
            for prompt in own {
                let began = Instant::now();
                site::answer(&mut admin, prompt, entries).await?;
                times.push(began.elapsed());
            }
            Ok::<_, Failed>(times)
        });
    }
    let mut times = Vec::new();
    while let Some(ended) = people.join_next().await {
        times.extend(ended??);
    }
    Ok(times)
}
