use std::time::Duration;

use palisade_sdk::{
    Failure, clock, log,
    playbook::{self, Action, Earlier, Playbook, Prompt, Run, Step},
    random,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    program::{End, FIELD, Kind, OFFENDERS, Operation, Program, Severity, WATCHED},
    seen::Seen,
};

palisade_sdk::playbook!(playbook);

/// The playbook as the host sees it.
pub(crate) fn playbook() -> Playbook {
    let playbook = Playbook::new("script", env!("CARGO_PKG_VERSION"), handle)
        .about("Does what its alert says.")
        .publisher("Palisade")
        .label("script")
        .starts("script")
        .configured_by::<Settings>()
        .looks_into(WATCHED)
        .adds_to(OFFENDERS);
    Kind::ALL
        .into_iter()
        .chain([Kind::Off])
        .fold(playbook, |playbook, kind| playbook.needs("actuator", kind.action()))
}

/// What an operator may configure. It is only repeated.
#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(default)]
struct Settings {
    /// How many earlier alerts are too many.
    most: u32,
    /// Who is told.
    team: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self { most: 3, team: "tier2".to_owned() }
    }
}

fn handle(run: &Run) -> Result<String, String> {
    let artifacts = run.artifacts();
    let text = artifacts.0.iter().rev().find_map(|artifact| artifact.cef.get(FIELD)?.as_str());
    let text = text.ok_or_else(|| format!("the alert has no artifact with the field `{FIELD}`"))?;
    let program: Program =
        serde_json::from_str(text).map_err(|error| format!("this is no program: {error}"))?;

    let mut interpreter = Interpreter { run, steps: Vec::new(), seen: Seen::nothing() };
    for operation in &program.operations {
        interpreter.execute(operation)?;
    }
    match program.end {
        End::Succeeded => Ok(format!("came to its end, seen {}", interpreter.seen)),
        End::Failed => Err(format!("was told to fail, seen {}", interpreter.seen)),
    }
}

struct Interpreter<'a> {
    run: &'a Run,
    steps: Vec<Started>,
    seen: Seen,
}

/// A step that was started.
enum Started {
    Action(playbook::Started),
    Prompt(playbook::Asked),
    Child(playbook::Child),
}

impl Started {
    fn as_step(&self) -> &dyn Step {
        match self {
            Self::Action(action) => action,
            Self::Prompt(prompt) => prompt,
            Self::Child(child) => child,
        }
    }

    /// What it told when it ended.
    fn wait(&self) -> Result<String, Failure> {
        Ok(match self {
            Self::Action(action) => {
                let report = action.wait()?;
                format!("{} {}", report.message, report.data)
            }
            Self::Prompt(prompt) => {
                let answer = prompt.wait()?;
                format!("{} {:?}", answer.value, answer.by)
            }
            Self::Child(child) => {
                let conclusion = child.wait()?;
                format!("{} {}", conclusion.message, conclusion.run)
            }
        })
    }
}

impl Interpreter<'_> {
    fn execute(&mut self, operation: &Operation) -> Result<(), String> {
        let run = self.run;
        match operation {
            Operation::Act { action, tag } => {
                let action = self.action(*action, tag);
                self.steps.push(Started::Action(run.start(action)));
            }
            Operation::ActFor { action, tag, ms } => {
                let action = self.action(*action, tag).undo_after(Duration::from_millis(*ms));
                self.steps.push(Started::Action(run.start(action)));
            }
            Operation::Ask { to, question, time_limit_ms } => {
                let question = format!("{question} (seen {})", self.seen);
                let prompt = Prompt::choice(question, ["yes", "no"], "no")
                    .within(Duration::from_millis(*time_limit_ms));
                let prompt = match to {
                    Some(to) => prompt.to(to),
                    None => prompt,
                };
                self.steps.push(Started::Prompt(run.ask(prompt)));
            }
            Operation::Child { program } => {
                let cef = Map::from_iter([(FIELD.to_owned(), Value::String(program.to_text()))]);
                run.add_artifact("program", "program", cef)?;
                self.steps.push(Started::Child(run.start_playbook("script")));
            }
            Operation::Wait { step } => {
                let told = self.step(*step)?.wait();
                let told = told.map_err(|failure| format!("step {step} failed: {}", failure.sentence()))?;
                self.seen.add(told);
            }
            Operation::WaitAny { steps } => {
                let first = run.wait_any(&self.those(steps)?);
                self.seen.add(first.to_string());
            }
            Operation::WaitUntil { steps, ms } => {
                let deadline = clock::now_ms() + ms;
                let first = run.wait_until(&self.those(steps)?, deadline);
                self.seen.add(format!("{first:?} {deadline}"));
            }
            Operation::Now => self.seen.add(clock::now_ms().to_string()),
            Operation::Random { count } => self.seen.add(random::bytes(*count)),
            Operation::Note { text } => run.add_note("script", &format!("{text}, seen {}", self.seen)),
            Operation::Severity { severity } => run.set_severity(sdk(*severity)),
            Operation::Log { line } => log::info(format!("{line}, seen {}", self.seen)),
            Operation::Look { list, value } => self.seen.add(format!("{:?}", run.find_in(list, value))),
            Operation::List { list, value, note } => {
                self.seen.add(format!("{:?}", run.add_to(list, value, note)));
            }
            Operation::CountEarlier { label, field, value, within_ms, severity } => {
                let since_ms = clock::now_ms().saturating_sub(*within_ms);
                let severity = sdk(*severity);
                let count = run.count_earlier(&Earlier { label, field, value, since_ms, severity });
                self.seen.add(format!("{count:?}"));
            }
            Operation::Escalate { to, summary } => run.escalate(to.as_deref(), summary),
            Operation::Configuration => {
                let settings: Settings = run.configuration()?;
                let settings = serde_json::to_string(&settings).map_err(|error| error.to_string())?;
                run.add_note("configuration", &settings);
                self.seen.add(settings);
            }
        }
        Ok(())
    }

    fn action(&self, kind: Kind, tag: &str) -> Action {
        Action::new("actuator", kind.action()).parameter("tag", tag).parameter("seen", self.seen.to_string())
    }

    fn step(&self, step: usize) -> Result<&Started, String> {
        self.steps.get(step).ok_or_else(|| format!("the program has not started step {step}"))
    }

    fn those(&self, steps: &[usize]) -> Result<Vec<&dyn Step>, String> {
        steps.iter().map(|step| self.step(*step).map(Started::as_step)).collect()
    }
}

fn sdk(severity: Severity) -> playbook::Severity {
    match severity {
        Severity::Low => playbook::Severity::Low,
        Severity::Medium => playbook::Severity::Medium,
        Severity::High => playbook::Severity::High,
    }
}
