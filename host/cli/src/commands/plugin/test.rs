//! `palisade plugin test`

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use clap::Args;
use palisade_conformance::{Check, Options, Scorecard, Verdict};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{read, workbench::Workbench};
use crate::{
    context::Context,
    error::Error,
    exit::Exit,
    printable,
    progress::Spinner,
    screen,
    style::{BAD, BOLD, DIM, GOOD, WARN},
};

/// Which plugin to try, and on what.
#[derive(Args)]
pub(crate) struct Test {
    /// The component
    file: PathBuf,
    /// Directory of its cassettes [default: `cassettes` beside the component, else in this directory]
    #[arg(long, value_name = "DIR")]
    cassettes: Option<PathBuf>,
    /// File with the configuration for generated calls, a JSON object without secrets [default: generated]
    #[arg(long, value_name = "FILE")]
    configuration: Option<PathBuf>,
    /// Try only this action; may be given several times
    #[arg(long = "action", value_name = "NAME")]
    actions: Vec<String>,
    /// What generated calls are made from; the same number makes the same calls
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

pub(super) async fn run(command: Test, context: &Context) -> Result<Exit, Error> {
    let component = read(&command.file)?;
    let beside = command.file.parent().unwrap_or(Path::new("")).join("cassettes");
    let usual = if beside.is_dir() { beside } else { PathBuf::from("cassettes") };
    if let Some(directory) = command.cassettes.as_ref().filter(|directory| !directory.is_dir()) {
        return Err(Error::Missing {
            what: format!("there is no directory {}", directory.display()),
            next: "write a cassette into it, or leave --cassettes out; docs/conformance.md shows one"
                .to_owned(),
        });
    }
    let cassettes = command.cassettes.clone().unwrap_or(usual);
    let options = Options {
        configuration: command.configuration.as_deref().map(configuration).transpose()?,
        cassettes: cassettes.clone(),
        actions: command.actions,
        seed: command.seed,
    };
    let workbench = Workbench::new()?;
    let spinner = Spinner::new(format!("Trying {}", command.file.display()));
    let scorecard = palisade_conformance::test(&workbench.sandbox, &component, &options).await;
    drop(spinner);
    let scorecard =
        scorecard.map_err(|error| Error::Trial { path: command.file, source: Box::new(error) })?;
    if context.json {
        screen::show_json(&Printed { holds: scorecard.holds(), scorecard: &scorecard })?;
    } else {
        screen::show(&card(&scorecard, &cassettes))?;
    }
    Ok(if scorecard.holds() { Exit::Done } else { Exit::Failed })
}

/// A scorecard for programs.
#[derive(Serialize)]
struct Printed<'a> {
    /// Whether no check is broken; what the exit code says too.
    holds: bool,
    #[serde(flatten)]
    scorecard: &'a Scorecard,
}

fn configuration(file: &Path) -> Result<Map<String, Value>, Error> {
    let text =
        fs::read(file).map_err(|source| Error::File { what: "read", path: file.to_owned(), source })?;
    serde_json::from_slice(&text).map_err(|error| Error::Usage {
        what: format!("{} is no JSON object: {error}", file.display()),
        next: "write the asset's configuration in it, as {\"url\": \"https://…\"}".to_owned(),
    })
}

/// A scorecard as a person reads it: a line for each check, what is to be done about some, and how it went, with the
/// cassettes of this directory.
fn card(scorecard: &Scorecard, cassettes: &Path) -> String {
    let Scorecard { plugin, version, kind, .. } = scorecard;
    let mut card = format!("{BOLD}{plugin}{BOLD:#} {} ({kind})\n\n", printable::line(version));
    let width = scorecard.checks.iter().map(|check| check.name.len()).max().unwrap_or(0);
    for check in &scorecard.checks {
        card.push_str(&format!("{} {:<width$}  {}\n", mark(check.verdict), check.name, seen(check)));
    }
    for check in scorecard.with(Verdict::Fail) {
        card.push_str(&details(check));
    }
    card.push_str(&uncovered(scorecard));
    card.push_str(&summary(scorecard, cassettes));
    card
}

/// What was seen, as loud as it matters.
fn seen(check: &Check) -> String {
    let seen = printable::line(&check.seen);
    match check.verdict {
        Verdict::Pass | Verdict::NotApplicable => format!("{DIM}{seen}{DIM:#}"),
        Verdict::Fail | Verdict::NotCovered => seen,
    }
}

fn mark(verdict: Verdict) -> String {
    match verdict {
        Verdict::Pass => format!("{GOOD}✔{GOOD:#}"),
        Verdict::Fail => format!("{BAD}✘{BAD:#}"),
        Verdict::NotCovered => format!("{WARN}–{WARN:#}"),
        Verdict::NotApplicable => format!("{DIM}–{DIM:#}"),
    }
}

fn details(check: &Check) -> String {
    let mut details = format!("\n{} {BOLD}{}{BOLD:#}: {}\n", mark(check.verdict), check.name, check.sentence);
    for finding in &check.findings {
        details.push_str(&format!("    {}\n", printable::line(finding)));
    }
    if let Some(next) = &check.next {
        details.push_str(&format!("  {BOLD}next{BOLD:#}: {}\n", printable::line(next)));
    }
    details
}

/// What to do about checks that are not covered; one cassette often covers many.
fn uncovered(scorecard: &Scorecard) -> String {
    let mut by_next: Vec<(&str, Vec<&str>)> = Vec::new();
    for check in scorecard.with(Verdict::NotCovered) {
        let next = check.next.as_deref().unwrap_or_default();
        match by_next.iter_mut().find(|(known, _)| *known == next) {
            Some((_, names)) => names.push(&check.name),
            None => by_next.push((next, vec![&check.name])),
        }
    }
    let told = |(next, names): &(&str, Vec<&str>)| {
        let names = names.join(", ");
        let mark = mark(Verdict::NotCovered);
        format!(
            "\n{mark} {BOLD}{names}{BOLD:#}: not covered\n  {BOLD}next{BOLD:#}: {}\n",
            printable::line(next)
        )
    };
    let mut text: String = by_next.iter().map(told).collect();
    if by_next.iter().any(|(next, _)| next.contains("cassette")) {
        text.push_str(&format!("\n{DIM}{}{DIM:#}\n", help(scorecard.kind)));
    }
    text
}

/// What a cassette is, for whoever reads the word for the first time.
fn help(kind: &str) -> &'static str {
    match kind {
        "connector" => {
            "A cassette says what a system was asked and answered: docs/conformance.md shows one, and `palisade plugin dev \
             --record` writes one."
        }
        _ => "A cassette is an alert and what is found about it: docs/conformance.md shows one.",
    }
}

fn summary(scorecard: &Scorecard, directory: &Path) -> String {
    let Scorecard { cassettes, calls, seed, .. } = scorecard;
    let counts = [
        (Verdict::Pass, "holds", "hold"),
        (Verdict::Fail, "does not", "do not"),
        (Verdict::NotCovered, "is not covered", "are not covered"),
        (Verdict::NotApplicable, "does not apply", "do not apply"),
    ];
    let counts: Vec<_> = counts
        .into_iter()
        .filter_map(|(verdict, one, several)| match scorecard.with(verdict).count() {
            0 => None,
            1 => Some(format!("1 {one}")),
            count => Some(format!("{count} {several}")),
        })
        .collect();
    let verdict = if scorecard.holds() { format!("{GOOD}✔{GOOD:#}") } else { format!("{BAD}✘{BAD:#}") };
    let time = Duration::from_millis(scorecard.milliseconds);
    let directory = printable::line(&directory.display().to_string());
    let played = match cassettes {
        0 => format!("no cassettes in {directory}"),
        1 => format!("1 cassette of {directory}"),
        count => format!("{count} cassettes of {directory}"),
    };
    format!(
        "\n{verdict} Of {} checks {}; {calls} calls in {:.1} s, {played}, seed {seed}.\n",
        scorecard.checks.len(),
        counts.join(", "),
        time.as_secs_f64()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, verdict: Verdict) -> Check {
        let (findings, next) = match verdict {
            Verdict::Fail => (vec!["`block ip` \u{1b}[2J".to_owned()], Some("mend it".to_owned())),
            Verdict::NotCovered => (Vec::new(), Some("write a cassette for `x`".to_owned())),
            _ => (Vec::new(), None),
        };
        Check {
            name: name.to_owned(),
            sentence: "It holds.",
            verdict,
            seen: "held 2 times".to_owned(),
            findings,
            next,
        }
    }

    #[test]
    fn a_card_says_what_holds_what_does_not_and_what_to_do() {
        let scorecard = Scorecard {
            plugin: "shodan".to_owned(),
            version: "0.1.0".to_owned(),
            kind: "connector",
            seed: 7,
            cassettes: 2,
            calls: 31,
            milliseconds: 1_250,
            checks: vec![
                check("reach", Verdict::Pass),
                check("garbage", Verdict::Fail),
                check("undo", Verdict::NotCovered),
                check("state", Verdict::NotCovered),
                check("pending", Verdict::NotApplicable),
            ],
        };
        let card = card(&scorecard, Path::new("my/cassettes"));
        let card = anstream::adapter::strip_str(&card).to_string();
        for part in [
            "✔ reach    held 2 times\n",
            "\n✘ garbage: It holds.\n    `block ip` ␛[2J\n  next: mend it\n",
            "\n– undo, state: not covered\n  next: write a cassette for `x`\n",
            "\nA cassette says what a system was asked",
            "\n✘ Of 5 checks 1 holds, 1 does not, 2 are not covered, 1 does not apply; 31 calls in 1.2 s, 2 cassettes of my/cassettes, seed 7.\n",
        ] {
            assert!(card.contains(part), "{part:?} in {card}");
        }
    }
}
