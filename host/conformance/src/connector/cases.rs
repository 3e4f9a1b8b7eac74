//! Cassettes, played as they are.

use palisade_model::{
    action::{ActionResult, ReportStatus},
    plugin::ActionSpec,
};
use serde_json::Value;

use super::{Reference, Trial, habits::Setting, named};
use crate::{
    cassette::{Case, Cassette, Expected, FailureKind},
    labels::{KEY, label},
    matching,
    scorecard::{Check, Tally},
    stage::{Order, Seen, Setup, Stage},
    system::System,
    trial::TrialError,
};

/// A cassette that fits the connector, its labels filled in.
pub(super) struct Prepared {
    name: String,
    pub(super) cassette: Cassette,
    pub(super) setup: Setup,
    /// The system's answers have a secret in them: then the connector is not to blame where it says one.
    pub(super) echoes: bool,
}

/// What came of a cassette.
pub(super) struct Played {
    /// Tokens of the times that its action was pending.
    pub(super) tokens: Vec<String>,
    /// It sent and ended as the cassette says.
    pub(super) expected: bool,
    /// And it ended well.
    pub(super) well: bool,
    /// Whether something was sent that may change something.
    pub(super) changed: bool,
}

impl Prepared {
    pub(super) fn all(stage: &Stage, cases: Vec<Case>) -> Result<Vec<Self>, TrialError> {
        let prepare = |case: Case| {
            let Case { name, cassette } = case;
            Self::new(stage, name.clone(), &cassette).map_err(|why| TrialError::Misfit { name, why })
        };
        cases.into_iter().map(prepare).collect()
    }

    fn new(stage: &Stage, name: String, cassette: &Cassette) -> Result<Self, String> {
        let manifest = &stage.manifest;
        if manifest.action(&cassette.action).is_none() {
            return Err(format!("the plugin has no action `{}`", cassette.action));
        }
        let required = manifest.configuration.get("required").and_then(Value::as_array).into_iter().flatten();
        let mut secrets: Vec<_> = required.filter_map(Value::as_str).map(str::to_owned).collect();
        secrets.retain(|field| manifest.secrets.contains(field));
        let mut configuration = cassette.configuration.clone();
        for field in &manifest.secrets {
            match configuration.remove(field) {
                Some(value) if value != label(field) => {
                    return Err(format!(
                        "no secret may stand in it: write \"{}\" for `{field}`",
                        label(field)
                    ));
                }
                Some(_) if !secrets.contains(field) => secrets.push(field.clone()),
                _ => {}
            }
        }
        let responses: Vec<_> = cassette.exchanges.iter().map(|exchange| &exchange.response).collect();
        let echoes = serde_json::to_string(&responses).is_ok_and(|text| text.contains("[secret:"));
        let cassette = cassette.filled(&stage.labels).map_err(|error| error.to_string())?;
        let setup = Setup { configuration, secrets };
        stage.gate(&setup, &System::fake()).map_err(|error| error.to_string())?;
        Ok(Self { name, cassette, setup, echoes })
    }

    /// Where a call of it is found, for [`Setting`].
    pub(super) fn place(&self) -> String {
        format!("in the cassette `{}`", self.name)
    }

    pub(super) fn setting<'a>(&self, place: &'a str) -> Setting<'a> {
        Setting { echoes: self.echoes, ..Setting::at(place) }
    }

    /// The call that the cassette is of.
    pub(super) fn order<'a>(&'a self, action: &'a ActionSpec) -> Order<'a> {
        Order { setup: &self.setup, action, parameters: &self.cassette.parameters, key: KEY }
    }
}

impl<'a> Trial<'a> {
    /// Plays each cassette, and keeps the best of each action.
    pub(super) async fn play(&mut self, cases: &[Prepared], checks: &mut Vec<Check>) -> Vec<Option<Played>> {
        let mut tally = Tally::new(
            "cassettes",
            "It sends what its cassettes say, and makes of the answers what they say.",
            "mend the connector, or record the cassette anew if the change is meant",
        );
        let mut played = Vec::new();
        for case in cases {
            let Some(action) = self.stage.manifest.action(&case.cassette.action) else { continue };
            let system = System::strict(&case.cassette);
            let Ok(seen) = self.stage.run(case.order(action), &system).await else {
                played.push(None);
                continue;
            };
            self.habits.look(action, case.setting(&case.place()), &seen);
            let amiss =
                system.amiss().into_iter().next().or_else(|| unexpected(&case.cassette.outcome, &seen));
            let expected = amiss.is_none();
            let well = expected
                && matches!(&seen.outcome, Some(Ok(report)) if report.status == ReportStatus::Success);
            tally.note(amiss.map(|amiss| format!("{}: {amiss}", case.place())));
            if well {
                self.refer(action, case, system.steps());
            }
            let changed = changed(action, &seen);
            played.push(Some(Played { tokens: seen.tokens, expected, well, changed }));
        }
        for action in self.actions.clone() {
            if !self.references.contains_key(action.name.as_str()) {
                tally.uncovered(named(action));
            }
        }
        checks.push(tally.check());
        played
    }

    fn refer(&mut self, action: &'a ActionSpec, case: &Prepared, steps: usize) {
        let known = self.references.get(action.name.as_str()).map(|known| known.steps);
        if known.is_none_or(|known| known < steps) {
            let reference = Reference {
                setup: case.setup.clone(),
                parameters: case.cassette.parameters.clone(),
                cassette: Some(case.cassette.clone()),
                steps,
                echoes: case.echoes,
            };
            self.references.insert(&action.name, reference);
        }
    }
}

/// How an outcome differs from the expected one.
pub(super) fn unexpected(expected: &Expected, seen: &Seen) -> Option<String> {
    let Some(outcome) = &seen.outcome else { return Some("its job never ends".to_owned()) };
    match (expected, outcome) {
        (Expected::Failure(kind), Err(failure)) if FailureKind::of(failure) == *kind => None,
        (Expected::Failure(kind), _) => {
            Some(format!("it ended as {}, not as `{}`", told(outcome), kind.name()))
        }
        (Expected::Done(_), Err(_)) => Some(format!("it ended as {}", told(outcome))),
        (Expected::Done(expected), Ok(report)) => {
            if report.status != expected.status {
                return Some(
                    format!("its report is {:?}, not {:?}", report.status, expected.status).to_lowercase(),
                );
            }
            if let Some(message) = &expected.message
                && !matching::text(message, &report.message)
            {
                return Some(format!("its sentence is {:?}, not {message:?}", report.message));
            }
            let part = |name: &str, expected: &Option<Value>, seen: &Value| {
                expected.as_ref().and_then(|expected| matching::lacks(expected, seen, name))
            };
            part("summary", &expected.summary, &report.summary)
                .or_else(|| part("data", &expected.data, &report.data))
        }
    }
}

pub(super) fn told(outcome: &ActionResult) -> String {
    match outcome {
        Ok(report) => format!("a report ({})", report.message),
        Err(failure) => format!("`{}` ({failure})", FailureKind::of(failure).name()),
    }
}

/// Whether something was sent that may change something.
pub(super) fn changed(action: &ActionSpec, seen: &Seen) -> bool {
    let unsafe_request = seen.record.exchanges.iter().any(|(request, _)| {
        let path = request.url.split("://").nth(1).and_then(|rest| rest.find('/').map(|at| &rest[at..]));
        let path = path.unwrap_or("/").split(['?', '#']).next().unwrap_or_default();
        let reads = |read: &palisade_model::plugin::Read| {
            read.method == request.method && (read.path == path || read.path.contains('{'))
        };
        !matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS") && !action.reads.iter().any(reads)
    });
    let streams = seen.record.streams.values().any(|stream| !stream.turns.is_empty());
    action.effect.mutates() && (unsafe_request || streams)
}
