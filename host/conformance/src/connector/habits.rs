//! What holds for every call, whoever made it and whatever the system answered.

use std::{collections::BTreeSet, time::Duration};

use palisade_model::{action::Failure, limits::PLUGIN_MEMORY_BYTES, plugin::ActionSpec};

use super::named;
use crate::{
    labels::Labels,
    limits::MEMORY_CLOSE,
    scorecard::{Check, Tally},
    sentence,
    stage::Seen,
};

/// Under which circumstances a call was made.
#[derive(Clone, Copy)]
pub(super) struct Setting<'a> {
    /// What an author must know to find the call again, behind the name of the action: `from answer 1 on (garbage)`.
    pub(super) place: &'a str,
    /// The system itself told a secret.
    pub(super) echoes: bool,
    /// The system sent more than the host takes, which the host then forbids.
    pub(super) flooded: bool,
    /// Another check tells how the call broke, if it did.
    pub(super) told: bool,
}

impl<'a> Setting<'a> {
    /// A usual one.
    pub(super) fn at(place: &'a str) -> Self {
        Self { place, echoes: false, flooded: false, told: false }
    }
}

/// What every call is held to.
pub(super) struct Habits {
    reach: Tally,
    read_only: Tally,
    output: Tally,
    sound: Tally,
    sentences: Tally,
    secrets: Tally,
    time_limit: Tally,
    memory: Tally,
    labels: Labels,
    /// Actions that reached a system, and that gave a report.
    reached: BTreeSet<String>,
    reported: BTreeSet<String>,
    /// Actions that broke: calls that could break again show nothing new, and a loop takes its time.
    broken: BTreeSet<String>,
    /// Actions that came to an end without breaking.
    sane: BTreeSet<String>,
    /// Each action, and whether it only reads.
    actions: Vec<(String, bool)>,
    pub(super) calls: u64,
    pub(super) time: Duration,
    slowest: Duration,
    memory_bytes: usize,
}

impl Habits {
    pub(super) fn new(actions: &[&ActionSpec], secrets: &[String]) -> Self {
        Self {
            reach: Tally::new(
                "reach",
                "It asks for no server, method, secret or place that it does not declare.",
                "declare what the finding names, or do not ask for it",
            ),
            read_only: Tally::new(
                "read-only",
                "Actions that only read send nothing else.",
                "declare the request under the action's reads if it changes nothing, else give the action another effect",
            ),
            output: Tally::new(
                "output",
                "What it reports satisfies the output schema of its action.",
                "mend the schema or the report",
            ),
            sound: Tally::new(
                "sound",
                "It never breaks, whatever it is asked and answered: no panic, no trap, no limit.",
                "turn the case that the finding names into a failure",
            ),
            sentences: Tally::new(
                "sentences",
                "Whatever it says of a report or a failure is a sentence for a person.",
                "say what happened, to what, and what the system said, in one short sentence",
            ),
            secrets: Tally::new(
                "secrets",
                "No secret appears in what it logs or returns.",
                "leave the secret, and whatever holds it such as a URL, out of logs, messages and data",
            ),
            time_limit: Tally::new(
                "time limit",
                "Each call ends within the time limit of its action.",
                "raise the action's time limit, give its requests less time, or return `pending` and come back",
            ),
            memory: Tally::new(
                "memory",
                "It stays well below the memory of one instance.",
                "hold less at the same time: read in pieces, and let go of what is done with",
            ),
            labels: Labels::new(secrets),
            reached: BTreeSet::new(),
            reported: BTreeSet::new(),
            actions: actions.iter().map(|action| (action.name.clone(), !action.effect.mutates())).collect(),
            broken: BTreeSet::new(),
            sane: BTreeSet::new(),
            calls: 0,
            time: Duration::ZERO,
            slowest: Duration::ZERO,
            memory_bytes: 0,
        }
    }

    /// Looks at what was seen of a call.
    pub(super) fn look(&mut self, action: &ActionSpec, setting: Setting<'_>, seen: &Seen) {
        self.calls += seen.calls;
        self.time += seen.time;
        self.slowest = self.slowest.max(seen.slowest);
        self.memory_bytes = self.memory_bytes.max(seen.memory_bytes);
        let name = named(action);
        let broke = |tally: &mut Tally, what: &str| {
            tally.broke_at(format!("{name}: {what}"), format!("{name} {}: {what}", setting.place));
        };

        let asked = !seen.record.exchanges.is_empty() || !seen.record.streams.is_empty();
        if asked {
            self.reached.insert(action.name.clone());
        }
        let forbidden: Vec<_> = seen.record.denied.iter().filter(|_| !setting.flooded).collect();
        for denied in &forbidden {
            let tally = if denied.contains("only reads") { &mut self.read_only } else { &mut self.reach };
            broke(tally, denied);
        }
        if asked && forbidden.is_empty() {
            self.reach.held();
            if !action.effect.mutates() {
                self.read_only.held();
            }
        }

        let mut said: Vec<&str> = seen.words.iter().map(String::as_str).collect();
        match breaks(seen) {
            Some(_) if setting.told => {}
            Some(failure) if is_about_output(&failure) => broke(&mut self.output, &failure),
            Some(failure) => {
                self.broken.insert(action.name.clone());
                broke(&mut self.sound, &failure);
            }
            None => {
                self.sane.insert(action.name.clone());
                self.sound.held();
            }
        }
        match &seen.outcome {
            Some(Ok(report)) => {
                self.reported.insert(action.name.clone());
                self.output.held();
                said.push(&report.message);
            }
            Some(Err(Failure::Plugin { .. })) | None => {}
            Some(Err(failure)) => said.push(words(failure)),
        }
        for text in said {
            match sentence::wrong(text) {
                Some(wrong) => broke(&mut self.sentences, &wrong),
                None => self.sentences.held(),
            }
        }

        if !setting.echoes {
            match self.leak(seen) {
                Some(leak) => broke(&mut self.secrets, &leak),
                None => self.secrets.held(),
            }
        }

        let here = |what: &str| format!("{name} {}: {what}", setting.place);
        match lateness(action, seen) {
            Some(late) => self.time_limit.broke_at(&name, here(&late)),
            None => self.time_limit.held(),
        }
        if seen.memory_bytes > MEMORY_CLOSE {
            let (had, most) = (mebibytes(seen.memory_bytes), mebibytes(PLUGIN_MEMORY_BYTES));
            let close = format!("it has {had} MiB, and an instance gets {most} MiB at most");
            self.memory.broke_at(&name, here(&close));
        } else {
            self.memory.held();
        }
    }

    /// The secret that stands where it must not.
    fn leak(&self, seen: &Seen) -> Option<String> {
        let leak =
            |text: &String, place: &str| Some(format!("{} stands in {place}", self.labels.find(text)?));
        let outcome = seen.outcome.as_ref().map(|outcome| match outcome {
            Ok(report) => format!("{} {} {}", report.message, report.summary, report.data),
            Err(failure) => failure.to_string(),
        });
        let told =
            || seen.tokens.iter().chain(&seen.words).find_map(|text| leak(text, "what it says of a job"));
        let logged = seen.log.iter().find_map(|line| leak(line, "its log"));
        logged.or_else(|| outcome.as_ref().and_then(|text| leak(text, "what it returns"))).or_else(told)
    }

    /// Whether the action is not worth another call.
    pub(super) fn is_broken(&self, action: &ActionSpec) -> bool {
        self.broken.contains(&action.name)
    }

    /// Whether a call of the action came to an end without breaking.
    pub(super) fn is_sane(&self, action: &ActionSpec) -> bool {
        self.sane.contains(&action.name)
    }

    pub(super) fn checks(mut self) -> Vec<Check> {
        for (name, only_reads) in &self.actions {
            let quoted = format!("`{name}`");
            if !self.reached.contains(name) && !self.reported.contains(name) {
                self.reach.uncovered(&quoted);
                if *only_reads {
                    self.read_only.uncovered(&quoted);
                }
            }
            if !self.reported.contains(name) {
                self.output.uncovered(&quoted);
            }
        }
        self.time_limit.remark(format!("slowest {} ms", self.slowest.as_millis()));
        self.memory.remark(format!("at most {} MiB", mebibytes(self.memory_bytes)));
        let Self { reach, read_only, output, sound, sentences, secrets, time_limit, memory, .. } = self;
        [reach, read_only, output, sound, sentences, secrets, time_limit, memory].map(Tally::check).into()
    }
}

/// How a call broke; nothing if it did not.
pub(super) fn breaks(seen: &Seen) -> Option<String> {
    match &seen.outcome {
        Some(Err(Failure::Plugin { message })) => Some(message.clone()),
        _ => None,
    }
}

/// How a call took longer than its action may.
fn lateness(action: &ActionSpec, seen: &Seen) -> Option<String> {
    let limit = Duration::from_millis(action.time_limit_ms);
    if seen.slowest > limit {
        return Some(format!(
            "it took {} ms, and its limit is {} ms",
            seen.slowest.as_millis(),
            limit.as_millis()
        ));
    }
    // Whoever waits once for as long as the limit is cut off there, and that is all that can be done.
    (!limit.is_zero() && seen.waited >= limit).then(|| {
        format!(
            "the system lets it wait for {} s, and it asks once more; by then its limit of {} s is over",
            seen.waited.as_secs(),
            limit.as_secs_f32()
        )
    })
}

pub(super) fn is_about_output(message: &str) -> bool {
    ["violates its own schema", "is not JSON", "is not a JSON object", "its report has"]
        .iter()
        .any(|about| message.contains(about))
}

fn words(failure: &Failure) -> &str {
    match failure {
        Failure::InvalidParameters { message }
        | Failure::Authentication { message }
        | Failure::NotFound { message }
        | Failure::RateLimited { message, .. }
        | Failure::Upstream { message, .. }
        | Failure::Unavailable { message }
        | Failure::Denied { message }
        | Failure::Cancelled { message }
        | Failure::Plugin { message } => message,
    }
}

fn mebibytes(bytes: usize) -> usize {
    bytes.div_ceil(1 << 20)
}
