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
                "raise the action's time limit, or return `pending` and come back",
            ),
            memory: Tally::new(
                "memory",
                "It stays well below the memory of one instance.",
                "read less at a time",
            ),
            labels: Labels::new(secrets),
            reached: BTreeSet::new(),
            reported: BTreeSet::new(),
            actions: actions.iter().map(|action| (action.name.clone(), !action.effect.mutates())).collect(),
            broken: BTreeSet::new(),
            calls: 0,
            time: Duration::ZERO,
            slowest: Duration::ZERO,
            memory_bytes: 0,
        }
    }

    /// Looks at what was seen of a call. `echoes` says that the system itself told a secret, `flooded` that it sent more than
    /// the host takes, which the host then forbids.
    pub(super) fn look(&mut self, action: &ActionSpec, seen: &Seen, echoes: bool, flooded: bool) {
        self.calls += seen.calls;
        self.time += seen.time;
        self.slowest = self.slowest.max(seen.slowest);
        self.memory_bytes = self.memory_bytes.max(seen.memory_bytes);
        let here = |what: &str| format!("{}: {what}", named(action));

        let asked = !seen.record.exchanges.is_empty() || !seen.record.streams.is_empty();
        if asked {
            self.reached.insert(action.name.clone());
        }
        let forbidden: Vec<_> = seen.record.denied.iter().filter(|_| !flooded).collect();
        for denied in &forbidden {
            let tally = if denied.contains("only reads") { &mut self.read_only } else { &mut self.reach };
            tally.broke(here(denied));
        }
        if asked && forbidden.is_empty() {
            self.reach.held();
            if !action.effect.mutates() {
                self.read_only.held();
            }
        }

        let mut said: Vec<&str> = seen.words.iter().map(String::as_str).collect();
        match &seen.outcome {
            Some(Ok(report)) => {
                self.reported.insert(action.name.clone());
                self.output.held();
                self.sound.held();
                said.push(&report.message);
            }
            Some(Err(Failure::Plugin { message })) if is_about_output(message) => {
                self.output.broke(here(message));
            }
            Some(Err(Failure::Plugin { message })) => {
                self.broken.insert(action.name.clone());
                self.sound.broke(here(message));
            }
            Some(Err(failure)) => {
                self.sound.held();
                said.push(words(failure));
            }
            None => self.sound.held(),
        }
        for text in said {
            self.sentences.note(sentence::wrong(text).map(|wrong| here(&wrong)));
        }

        if !echoes {
            let outcome = seen.outcome.as_ref().map(|outcome| match outcome {
                Ok(report) => format!("{} {} {}", report.message, report.summary, report.data),
                Err(failure) => failure.to_string(),
            });
            let leak = |text: &String, place: &str| Some(format!("{} in {place}", self.labels.find(text)?));
            let leaks = seen
                .log
                .iter()
                .find_map(|line| leak(line, "its log"))
                .or_else(|| outcome.as_ref().and_then(|outcome| leak(outcome, "what it returns")))
                .or_else(|| {
                    seen.tokens.iter().chain(&seen.words).find_map(|text| leak(text, "what it says of a job"))
                });
            self.secrets.note(leaks.map(|leak| here(&leak)));
        }

        let limit = Duration::from_millis(action.time_limit_ms);
        self.time_limit.note((seen.slowest > limit).then(|| {
            here(&format!("{} ms, more than its limit of {} ms", seen.slowest.as_millis(), limit.as_millis()))
        }));
        self.memory.note((seen.memory_bytes > MEMORY_CLOSE).then(|| {
            here(&format!("{} of {} MiB", mebibytes(seen.memory_bytes), mebibytes(PLUGIN_MEMORY_BYTES)))
        }));
    }

    /// Whether the action is not worth another call.
    pub(super) fn is_broken(&self, action: &ActionSpec) -> bool {
        self.broken.contains(&action.name)
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

fn is_about_output(message: &str) -> bool {
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
