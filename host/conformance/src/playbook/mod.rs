//! The trial of a playbook: `rehearsal` is its host, which plays everything that it can start; `scene` says on which alert,
//! and what is found; what happens is in a `record`.

mod ends;
mod record;
mod rehearsal;
mod scene;

use std::{collections::BTreeSet, time::Instant};

use palisade_engine::{Compiled, Halt, Playbook, Sandbox};
use palisade_model::{limits::PLUGIN_COMPUTE_TIME, plugin::PlaybookManifest};
use serde_json::{Map, Value};

pub use self::{
    record::{Record, Written},
    rehearsal::{Answers, Rehearsal},
    scene::{Scene, SceneAlert},
};
use crate::{
    cassette::{Case, FailureKind},
    describe::describe,
    generate::{self, Extent},
    limits::PLAYBOOK_CALLS,
    random::Random,
    scorecard::{Scorecard, Tally},
    sentence,
    trial::{Options, TrialError},
};

/// Runs of each scene, and on generated alerts for each label: what is left open differs each time.
const RUNS: u64 = 8;

/// Tries a playbook.
pub(crate) async fn test(
    sandbox: &Sandbox,
    compiled: &Compiled,
    manifest: PlaybookManifest,
    scenes: Vec<Case<Scene>>,
    options: &Options,
) -> Result<Scorecard, TrialError> {
    let described = describe(sandbox, compiled).await;
    let playbook = sandbox.playbook(compiled, &manifest)?;
    let mut trial = Trial::new(&playbook, &manifest, options);
    let label = manifest.labels.first().cloned().unwrap_or_else(|| "alert".to_owned());
    for Case { name, cassette: scene } in &scenes {
        trial.play(&format!("in the cassette `{name}`"), scene, &label, options.seed).await;
    }
    let made_up = |label: &str| format!("on a made-up alert with the label `{label}`");
    for label in manifest.labels.iter().chain(manifest.labels.is_empty().then_some(&label)) {
        for run in 0..RUNS {
            let seed = options.seed.wrapping_add(run);
            let scene = Scene::usual(label, Random::new(seed).below(200) + 1);
            trial.run(&made_up(label), &scene, label, &Answers::Found(seed)).await;
        }
        trial.fail(&made_up(label), &Scene::usual(label, 1), label).await;
    }
    let identity = &manifest.identity;
    let (calls, milliseconds) = (trial.runs, trial.milliseconds);
    Ok(Scorecard {
        plugin: identity.name.to_string(),
        version: identity.version.clone(),
        kind: "playbook",
        seed: options.seed,
        cassettes: scenes.len(),
        calls,
        milliseconds,
        checks: std::iter::once(described).chain(trial.checks()).collect(),
    })
}

/// How an action can fail.
const FAILURES: [FailureKind; 9] = [
    FailureKind::InvalidParameters,
    FailureKind::Authentication,
    FailureKind::NotFound,
    FailureKind::RateLimited,
    FailureKind::Upstream,
    FailureKind::Unavailable,
    FailureKind::Denied,
    FailureKind::Cancelled,
    FailureKind::Plugin,
];

struct Trial<'a> {
    playbook: &'a Playbook,
    manifest: &'a PlaybookManifest,
    configuration: Map<String, Value>,
    runs: u64,
    milliseconds: u64,
    started: BTreeSet<String>,
    /// A run used up its time to compute: another would show nothing new, and takes as long.
    is_spent: bool,
    scenes: Tally,
    ends: Tally,
    sound: Tally,
    declared: Tally,
    parameters: Tally,
    failures: Tally,
    sentences: Tally,
}

impl<'a> Trial<'a> {
    fn new(playbook: &'a Playbook, manifest: &'a PlaybookManifest, options: &Options) -> Self {
        let mut configuration = palisade_engine::defaults(&manifest.configuration);
        configuration.extend(options.configuration.clone().unwrap_or_else(|| {
            // What has no default is made.
            match generate::value(&manifest.configuration, Extent::Least, &mut Random::new(options.seed)) {
                Some(Value::Object(made)) => {
                    made.into_iter().filter(|(name, _)| !configuration.contains_key(name)).collect()
                }
                _ => Map::new(),
            }
        }));
        Self {
            playbook,
            manifest,
            configuration,
            runs: 0,
            milliseconds: 0,
            started: BTreeSet::new(),
            is_spent: false,
            scenes: Tally::new(
                "cassettes",
                "It ends as its cassettes say, and starts each action that it declares in one of them.",
                "mend the playbook, or the cassette if the change is meant",
            ),
            ends: Tally::new("ends", "Each run comes to an end.", "bound every loop and every wait"),
            sound: Tally::new(
                "sound",
                "It never breaks, whatever its actions find: no panic, no trap, no limit of memory.",
                "turn the case that the finding names into a way to end",
            ),
            declared: Tally::new(
                "declared",
                "It starts only the actions and playbooks, and uses only the lists, that it declares.",
                "declare what the finding names",
            ),
            parameters: Tally::new(
                "parameters",
                "The parameters that it sends satisfy the schemas of its needs.",
                "mend the schema of the need, or what is sent",
            ),
            failures: Tally::new(
                "failures",
                "When its actions fail, it goes on to an end of its own, or says why it could not.",
                "handle the failure of each action that you wait for",
            ),
            sentences: Tally::new(
                "sentences",
                "Whatever it says to a person is a sentence.",
                "say what was found or done, in one short sentence",
            ),
        }
    }

    /// Runs a scene as it is, with other data, and with failures.
    async fn play(&mut self, place: &str, scene: &Scene, label: &str, seed: u64) {
        // People answer otherwise each time, and so does what the scene leaves open.
        for run in 0..RUNS {
            if self.is_spent {
                return;
            }
            let end = self.run(place, scene, label, &Answers::Found(seed.wrapping_add(run))).await;
            let amiss = scene.amiss(end.as_ref());
            self.scenes.note(amiss.map(|why| format!("{place}: {why}")));
        }
        self.fail(place, scene, label).await;
    }

    /// Lets every action fail, in each way.
    async fn fail(&mut self, place: &str, scene: &Scene, label: &str) {
        for kind in FAILURES {
            self.run(place, scene, label, &Answers::Fail(ends::fail(kind, None))).await;
        }
        self.run(place, scene, label, &Answers::Refuse).await;
    }

    /// Runs it on an alert; returns how it ended, if it did by itself.
    async fn run(
        &mut self,
        place: &str,
        scene: &Scene,
        label: &str,
        answers: &Answers,
    ) -> Option<Result<String, String>> {
        if self.is_spent {
            return None;
        }
        let mut configuration = self.configuration.clone();
        configuration.extend(scene.configuration.clone());
        let record = Record::default();
        let rehearsal = Rehearsal::new(
            self.manifest,
            scene.clone(),
            scene.alert(label),
            configuration,
            answers.clone(),
            record.clone(),
        );
        let began = Instant::now();
        let end = self.playbook.run(Box::new(rehearsal)).await;
        let took = began.elapsed();
        self.runs += 1;
        self.milliseconds += u64::try_from(took.as_millis()).unwrap_or(0);
        // Nothing lets it wait here: the time was its own.
        self.is_spent = end.is_err() && took >= PLUGIN_COMPUTE_TIME;
        self.look(place, answers, &record.written(), &end);
        end.ok()
    }

    fn look(
        &mut self,
        place: &str,
        answers: &Answers,
        record: &Written,
        end: &Result<Result<String, String>, Halt>,
    ) {
        let broke =
            |tally: &mut Tally, what: &str| tally.broke_at(what, format!("{place}, {answers}: {what}"));
        let started: Vec<_> = record.started().collect();
        if record.undeclared.is_empty() {
            self.declared.held();
        }
        record.undeclared.iter().for_each(|what| broke(&mut self.declared, what));
        record.unfit.iter().for_each(|what| broke(&mut self.parameters, what));
        (0..record.fit).for_each(|_| self.parameters.held());
        let mut said: Vec<&str> = record.said().collect();
        let fails = !matches!(answers, Answers::Found(_)) && !started.is_empty();
        self.started.extend(started);
        match end {
            Ok(Ok(words) | Err(words)) => {
                said.push(words);
                self.ends.held();
                self.sound.held();
                if fails {
                    self.failures.held();
                }
            }
            Err(_) if record.endless => {
                broke(&mut self.ends, &format!("it makes more than {PLAYBOOK_CALLS} calls"));
            }
            Err(Halt::Fault(fault)) => {
                let tally = match (self.is_spent, fails) {
                    (true, _) => &mut self.ends,
                    (false, true) => &mut self.failures,
                    (false, false) => &mut self.sound,
                };
                broke(tally, &fault.to_string());
            }
            Err(Halt::Aside) => broke(&mut self.sound, "it was set aside"),
        }
        for text in said {
            match sentence::wrong(text) {
                Some(wrong) => broke(&mut self.sentences, &wrong),
                None => self.sentences.held(),
            }
        }
    }

    fn checks(self) -> Vec<crate::scorecard::Check> {
        let Self { mut scenes, ends, sound, declared, mut parameters, failures, sentences, .. } = self;
        for need in &self.manifest.needs {
            if !self.started.contains(&format!("{}/{}", need.connector, need.action)) {
                scenes.uncovered(format!("`{}` of {}", need.action, need.connector));
            }
        }
        let silent = self.manifest.needs.iter().filter(|need| need.parameters.is_none()).count();
        if silent > 0 {
            let all = self.manifest.needs.len();
            parameters.remark(format!("{silent} of {all} needs do not say what is sent"));
        }
        [scenes, ends, sound, declared, parameters, failures, sentences].map(Tally::check).into()
    }
}
