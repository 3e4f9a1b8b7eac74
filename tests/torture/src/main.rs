//! `make torture`: hundreds of kills, and a table.

use std::{
    env,
    process::ExitCode,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use clap::Parser;
use palisade_torture::{ALL_POINTS, Phones, Progress, Storm, Sweep, Swept, Tally, one_of_each};
use script::Kind;
use serde_json::json;

/// Kills of a round between two lines of progress.
const KILLS_PER_LINE: usize = 20;

/// Kills the host at random moments under load, then at every write of one program, and judges what became of the work.
#[derive(Parser)]
struct Options {
    /// Decides on programs, mishaps and moments [default: another one each time]
    #[arg(long)]
    seed: Option<u64>,
    /// Kills at random moments
    #[arg(long, default_value_t = 300)]
    kills: usize,
    /// Alerts sent meanwhile
    #[arg(long, default_value_t = 3_000)]
    alerts: usize,
    /// Mobile devices to be wiped, each with a host that is killed meanwhile; 0 to leave that out
    #[arg(long, default_value_t = 40)]
    phones: usize,
    /// Hosts side by side that are killed at every write; 0 to leave that out
    #[arg(long, default_value_t = 3)]
    sweepers: usize,
    /// Kill at this write only
    #[arg(long)]
    point: Option<u64>,
    /// Print the numbers as JSON
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let Options { seed, kills, alerts, phones, sweepers, point, json } = Options::parse();
    if env::var_os("PALISADE_BIN").is_none() || env::var_os("PALISADE_PLUGINS").is_none() {
        eprintln!("Run it with `make torture`, which builds what it needs and says where that is.");
        return ExitCode::from(2);
    }
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let seed = seed.unwrap_or_else(now);
    let command =
        format!("make torture ARGS=\"--seed {seed} --kills {kills} --alerts {alerts} --phones {phones}\"");
    eprintln!("Seed {seed}; to have the same programs again: {command}");

    let began = Instant::now();
    let storm = Storm { seed, kills, alerts }.run(|Progress { kills, acknowledged, in_doubt }| {
        if kills % KILLS_PER_LINE == 0 {
            let time = began.elapsed().as_secs();
            eprintln!("{time:>5} s: {kills} kills, {acknowledged} alerts acknowledged, {in_doubt} doubts");
        }
    });
    let phones = if phones == 0 {
        Tally::default()
    } else {
        Phones { seed, count: phones }.run(|kills| {
            if kills % KILLS_PER_LINE == 0 {
                eprintln!("{:>5} s: {kills} kills while devices are wiped", began.elapsed().as_secs());
            }
        })
    };
    let sweep = if sweepers == 0 { Tally::default() } else { sweep(sweepers, point) };
    let seconds = began.elapsed().as_secs();

    let good = [&storm, &phones, &sweep].iter().all(|tally| tally.is_good());
    if json {
        println!(
            "{:#}",
            json!({
                "seed": seed, "seconds": seconds, "storm": storm, "phones": phones, "sweep": sweep, "good": good,
            })
        );
    } else {
        println!(
            "\nAt random moments, under load\n{storm}\nWhile mobile devices are wiped\n{phones}\n\
             At every write of one program\n{sweep}\n{seconds} s"
        );
    }
    if good {
        return ExitCode::SUCCESS;
    }
    for finding in [&storm, &phones, &sweep].iter().flat_map(|tally| &tally.findings) {
        eprintln!("{finding}\n");
    }
    eprintln!("Not everything survived. Seed {seed}: {command}");
    ExitCode::FAILURE
}

fn sweep(workers: usize, point: Option<u64>) -> Tally {
    let points = point.map_or(ALL_POINTS, |point| point..point + 1);
    let program = one_of_each("one", &Kind::ALL);
    Sweep { program, workers, points }.run(|Swept { point, call }| match call {
        Some(call) => eprintln!("point {point}: killed at {call}"),
        None => eprintln!("point {point}: came to its end"),
    })
}
