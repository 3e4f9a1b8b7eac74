//! What a playbook asks of its host while it runs.

use std::pin::Pin;

use palisade_model::{
    action::ActionResult,
    alert::{Alert, AlertChange},
    earlier::Earlier,
    journal::LogLevel,
    list::{self, Found},
    name::Name,
    prompt::Answers,
    run::Position,
};

use serde_json::{Map, Value};

use crate::fault::Fault;

/// A future in a box, as the methods of [`RunHost`] return them.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a run does for its playbook. The order of the calls is the playbook's own.
pub trait RunHost: Send + 'static {
    /// The alert as it stands for this run.
    fn alert(&self) -> &Alert;
    /// The playbook's configuration, with the defaults of what was left out.
    fn configuration(&self) -> &Map<String, Value>;
    /// Looks into a custom list.
    fn find_in_list(&mut self, list: Name, value: String) -> Result<Found, Stop>;
    /// Adds to a custom list. What stands in its place if it cannot is no [`Found::Entry`].
    fn add_to_list(&mut self, list: Name, value: list::Value, note: String) -> Result<Found, Stop>;
    /// Counts alerts that came before.
    fn count_earlier(&mut self, which: Earlier) -> Result<u32, Stop>;
    /// Changes the alert.
    fn change(&mut self, change: AlertChange) -> Result<(), Stop>;
    /// Adds a note to the alert.
    fn note(&mut self, title: String, text: String) -> Result<(), Stop>;
    /// Starts an action and returns its step.
    fn start(&mut self, action: StartAction) -> BoxFuture<'_, Result<Position, Stop>>;
    /// Asks a person and returns the step.
    fn ask(&mut self, prompt: AskPrompt) -> BoxFuture<'_, Result<Position, Stop>>;
    /// Starts another playbook and returns the step.
    fn start_playbook(&mut self, name: String) -> BoxFuture<'_, Result<Position, Stop>>;
    /// Waits until one of these steps has ended, or until the deadline (milliseconds since 1970), which an empty list
    /// always has.
    fn wait(
        &mut self,
        steps: Vec<Position>,
        deadline: Option<u64>,
    ) -> BoxFuture<'_, Result<Option<Position>, Stop>>;
    /// How a step ended that was waited for.
    fn result(&mut self, step: Position) -> Result<ActionResult, Stop>;
    /// Writes a line of log.
    fn log(&mut self, level: LogLevel, message: String) -> Result<(), Stop>;
    /// The time, in milliseconds since 1970.
    fn now(&mut self) -> Result<u64, Stop>;
    /// Random bytes.
    fn random(&mut self, count: u32) -> Result<Vec<u8>, Stop>;
}

/// An action that a playbook asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartAction {
    /// Name of the connector.
    pub connector: String,
    /// Name of the action.
    pub action: String,
    /// The asset to act on; none for the connector's default.
    pub asset: Option<String>,
    /// Its parameters, as the playbook wrote them.
    pub parameters: String,
    /// Milliseconds from its success until the host takes it back.
    pub undo_after_ms: Option<u64>,
}

/// A question that a playbook asks, not checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskPrompt {
    /// The person or role that is asked.
    pub to: Option<String>,
    /// The question.
    pub question: String,
    /// What counts as an answer.
    pub answer: Answers,
    /// Milliseconds until the default stands.
    pub time_limit_ms: u64,
    /// What stands when nobody answered in time, as the playbook wrote it.
    pub default: String,
}

/// Why a playbook is stopped at a call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// It cannot go on, and the run ends with this sentence.
    #[error("{0}")]
    Broken(String),
    /// Nothing is wrong: the host sets the run aside, and leads a fresh instance to the same place later.
    #[error("the host set the run aside")]
    Aside,
}

/// Why a playbook did not come to its own end.
#[derive(Debug)]
pub enum Halt {
    /// It broke.
    Fault(Fault),
    /// The host set it aside.
    Aside,
}
