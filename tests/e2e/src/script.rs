//! What a run does, written down step by step for the playbook `script`.

use ::script::{FIELD, Kind, Operation, Program};
use serde_json::{Map, Value, json};

/// A program for the playbook `script`. Its steps are numbered from 1, as in the run's journal.
#[derive(Clone, Debug, Default)]
pub struct Script {
    program: Program,
    steps: usize,
    /// CEF fields of the alert beside the program.
    cef: Map<String, Value>,
}

impl Script {
    /// Does nothing so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// Starts an action.
    #[must_use]
    pub fn act(self, action: Kind, tag: &str) -> Self {
        self.start(Operation::Act { action, tag: tag.to_owned() })
    }

    /// Starts an action, and waits for it: if it fails, so does the run.
    #[must_use]
    pub fn act_and_wait(self, action: Kind, tag: &str) -> Self {
        let script = self.act(action, tag);
        let step = script.steps;
        script.wait(step)
    }

    /// Starts an action, has the host take it back so many milliseconds after its success, and waits for its end.
    #[must_use]
    pub fn act_for(self, action: Kind, tag: &str, ms: u64) -> Self {
        let script = self.start(Operation::ActFor { action, tag: tag.to_owned(), ms });
        let step = script.steps;
        script.wait(step)
    }

    /// Has the alert be about this: a CEF field and its value.
    #[must_use]
    pub fn about(mut self, field: &str, value: &str) -> Self {
        self.cef.insert(field.to_owned(), value.into());
        self
    }

    /// Asks somebody for yes or no; after so many milliseconds it is "no".
    #[must_use]
    pub fn ask(self, to: &str, question: &str, time_limit_ms: u64) -> Self {
        self.start(Operation::Ask { to: Some(to.to_owned()), question: question.to_owned(), time_limit_ms })
    }

    /// Starts `script` with this program.
    #[must_use]
    pub fn child(self, script: Script) -> Self {
        self.start(Operation::Child { program: script.program })
    }

    /// Waits for a step; if it failed, so does the run.
    #[must_use]
    pub fn wait(self, step: usize) -> Self {
        self.then(Operation::Wait { step: step - 1 })
    }

    /// Waits for a step, whatever became of it.
    #[must_use]
    pub fn wait_for_the_end_of(self, step: usize) -> Self {
        self.then(Operation::WaitAny { steps: vec![step - 1] })
    }

    /// Lets some time pass.
    #[must_use]
    pub fn sleep(self, ms: u64) -> Self {
        self.then(Operation::WaitUntil { steps: Vec::new(), ms })
    }

    /// Does something that is no step.
    #[must_use]
    pub fn then(mut self, operation: Operation) -> Self {
        self.program.operations.push(operation);
        self
    }

    fn start(mut self, operation: Operation) -> Self {
        self.steps += 1;
        self.then(operation)
    }

    /// An alert that carries it.
    pub(crate) fn alert(&self, id: &str) -> Value {
        let mut cef = self.cef.clone();
        cef.insert(FIELD.to_owned(), self.program.to_text().into());
        let artifact = json!({ "cef": cef });
        json!({ "id": id, "name": id, "label": "script", "artifacts": [artifact] })
    }
}
