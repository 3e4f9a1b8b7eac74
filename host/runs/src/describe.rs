//! Calls of a playbook in words, to put what a journal says beside what was asked for.

use palisade_engine::StartAction;
use palisade_model::{
    alert::AlertChange,
    earlier::Earlier,
    journal::{ActionStarted, Event},
    name::Name,
    run::Position,
};

/// Bytes of a call in words.
const CALL_BYTES: usize = 1_000;

/// A call that a journal has.
pub(crate) fn call(event: &Event) -> String {
    let words = match event {
        Event::AskedTime { .. } => "ask for the time".to_owned(),
        Event::AskedRandom { bytes } => random(u32::try_from(bytes.len() / 2).unwrap_or(u32::MAX)),
        Event::AskedList { list, value, .. } => look(list, value),
        Event::ListChanged { list, entry } => addition(list, entry.value.as_str()),
        Event::AskedHistory { which, .. } => earlier(which),
        Event::Log { level, message, .. } => format!("log at {level:?}: {message}"),
        Event::AlertChanged(AlertChange::Note(new)) => note(&new.title),
        Event::AlertChanged(change) => format!("change the alert: {}", json(change)),
        Event::ActionStarted(ActionStarted { connector, action, wanted, parameters, .. }) => {
            action_of(connector, action, wanted.as_deref(), &parameters.to_string())
        }
        Event::PromptAsked(asked) => question(&asked.prompt.question),
        Event::ChildStarted(child) => playbook(&child.playbook),
        Event::Waited(waited) => wait(&waited.steps, waited.until),
        other => format!("no call: {}", json(other)),
    };
    bounded(words)
}

pub(crate) fn start(request: &StartAction) -> String {
    bounded(action_of(&request.connector, &request.action, request.asset.as_deref(), &request.parameters))
}

fn action_of(connector: &str, action: &str, asset: Option<&str>, parameters: &str) -> String {
    let asset = asset.map_or_else(String::new, |asset| format!(" @{asset}"));
    format!("start {connector}/{action}{asset} with {parameters}")
}

pub(crate) fn note(title: &str) -> String {
    bounded(format!("add the note {title:?}"))
}

pub(crate) fn question(question: &str) -> String {
    bounded(format!("ask {question:?}"))
}

pub(crate) fn playbook(name: &str) -> String {
    bounded(format!("start the playbook `{name}`"))
}

pub(crate) fn look(list: &Name, value: &str) -> String {
    bounded(format!("look for {value:?} in the list `{list}`"))
}

pub(crate) fn addition(list: &Name, value: &str) -> String {
    bounded(format!("add {value:?} to the list `{list}`"))
}

pub(crate) fn earlier(which: &Earlier) -> String {
    bounded(format!("count earlier alerts: {}", json(which)))
}

pub(crate) fn random(count: u32) -> String {
    format!("ask for {count} random bytes")
}

pub(crate) fn wait(steps: &[Position], until: Option<u64>) -> String {
    let until = until.map_or_else(String::new, |ms| format!(" until {ms}"));
    bounded(format!("wait for {steps:?}{until}"))
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

fn bounded(mut words: String) -> String {
    if words.len() > CALL_BYTES {
        words.truncate(words.floor_char_boundary(CALL_BYTES));
        words.push('…');
    }
    words
}
