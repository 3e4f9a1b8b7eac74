//! The trial of a connector.
//!
//! `setups` makes assets, `cases` plays the cassettes, `calls` makes calls of its own, `faults` lets things go wrong,
//! `again` calls twice what may be called twice, `jobs` what is pending. Each looks at what is its own; what holds for every call, whoever made it,
//! is looked at in `habits`.

mod again;
mod calls;
mod cases;
mod faults;
mod habits;
mod jobs;
mod setups;

use std::collections::BTreeMap;

use palisade_engine::{Compiled, Sandbox};
use palisade_model::plugin::{ActionSpec, ConnectorManifest};
use serde_json::{Map, Value};

use self::{
    cases::Prepared,
    habits::{Habits, Setting},
};
use crate::{
    cassette::{Case, Cassette},
    describe::describe,
    labels::Labels,
    random::Random,
    scorecard::Scorecard,
    stage::{Order, Setup, Stage},
    system::System,
    trial::{Options, TrialError},
};

/// Tries a connector.
pub(crate) async fn test(
    sandbox: &Sandbox,
    compiled: &Compiled,
    manifest: ConnectorManifest,
    cases: Vec<Case>,
    options: &Options,
) -> Result<Scorecard, TrialError> {
    let mut checks = vec![describe(sandbox, compiled).await];
    let stage = Stage {
        connector: sandbox.connector(compiled, &manifest)?,
        labels: Labels::new(&manifest.secrets),
        files: options.cassettes.join("files"),
        manifest,
    };
    if let Some(unknown) = options.actions.iter().find(|name| stage.manifest.action(name).is_none()) {
        return Err(TrialError::NoAction(unknown.clone()));
    }
    let is_chosen = |name: &String| options.actions.is_empty() || options.actions.contains(name);
    let actions: Vec<_> = stage.manifest.actions.iter().filter(|action| is_chosen(&action.name)).collect();
    let mut cases = Prepared::all(&stage, cases)?;
    cases.retain(|case| is_chosen(&case.cassette.action));
    let mut trial = Trial {
        habits: Habits::new(&actions, &stage.manifest.secrets),
        stage: &stage,
        actions,
        references: BTreeMap::new(),
        random: Random::new(options.seed),
    };
    let played = trial.play(&cases, &mut checks).await;
    trial.generate(options.configuration.as_ref(), &mut checks).await;
    trial.go_wrong(&mut checks).await;
    trial.repeat(&mut checks).await;
    trial.verify(&mut checks).await;
    trial.undo(&cases, &played, &mut checks);
    trial.resume(&cases, &played, &mut checks).await;

    let Trial { habits, .. } = trial;
    let (calls, time) = (habits.calls, habits.time);
    checks.extend(habits.checks());
    let identity = &stage.manifest.identity;
    Ok(Scorecard {
        plugin: identity.name.to_string(),
        version: identity.version.clone(),
        kind: "connector",
        seed: options.seed,
        cassettes: cases.len(),
        calls,
        milliseconds: u64::try_from(time.as_millis()).unwrap_or(u64::MAX),
        checks,
    })
}

/// A trial under way.
struct Trial<'a> {
    stage: &'a Stage,
    /// Those that are tried.
    actions: Vec<&'a ActionSpec>,
    habits: Habits,
    /// Of each action a call that goes well, or at least reaches the system.
    references: BTreeMap<&'a str, Reference>,
    random: Random,
}

/// A call of an action that is known to go well, or to reach the system.
#[derive(Clone)]
struct Reference {
    setup: Setup,
    parameters: Map<String, Value>,
    /// What the system answers; nothing in particular without it.
    cassette: Option<Cassette>,
    /// Answers that the call takes.
    steps: usize,
    /// The system's answers have a secret in them.
    echoes: bool,
}

impl Reference {
    /// A system that answers the call.
    fn system(&self) -> System {
        self.cassette.as_ref().map_or_else(System::fake, System::lenient)
    }

    /// How a call of it is told of.
    fn setting<'a>(&self, place: &'a str) -> Setting<'a> {
        Setting { echoes: self.echoes, ..Setting::at(place) }
    }

    fn order<'a>(&'a self, action: &'a ActionSpec, key: &'a str) -> Order<'a> {
        Order { setup: &self.setup, action, parameters: &self.parameters, key }
    }
}

/// An action's name as it is told.
fn named(action: &ActionSpec) -> String {
    format!("`{}`", action.name)
}
