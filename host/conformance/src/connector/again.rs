//! What is called twice: with the same key, with another, on the same asset, to see whether it took effect, to take it back.

use std::mem;

use palisade_engine::Schema;
use palisade_model::{
    action::{Failure, Retry},
    plugin::ActionSpec,
};
use serde_json::Value;

use super::{
    Reference, Trial,
    cases::{Played, Prepared, told},
    habits::{Setting, breaks},
    named,
};
use crate::{
    labels::{KEY, OTHER_KEY},
    recorder::Record,
    scorecard::{Check, Tally},
    system::System,
};

/// Header fields that differ between two requests that are the same.
const VOLATILE: [&str; 5] = ["date", "nonce", "timestamp", "request-id", "signature"];

impl Trial<'_> {
    pub(super) async fn repeat(&mut self, checks: &mut Vec<Check>) {
        let mut keys = Tally::new(
            "same key",
            "The same idempotency key makes the same requests, and where it matters another key makes others.",
            "derive what identifies the request from the idempotency key, and nothing from time or chance",
        );
        let mut state = Tally::new(
            "state",
            "It works without what it kept in earlier calls, and with it.",
            "treat what is kept as a hint that may be absent or out of date",
        );
        for action in self.actions.clone() {
            let Some(reference) = self.references.get(action.name.as_str()).cloned() else {
                state.uncovered(named(action));
                if is_repeated(action) {
                    keys.uncovered(named(action));
                }
                continue;
            };
            if is_repeated(action) {
                keys.note(
                    self.compare_keys(action, &reference)
                        .await
                        .map(|why| format!("{}: {why}", named(action))),
                );
            }
            if let Some(finding) = self.keep(action, &reference).await {
                state.note(finding.map(|why| format!("{}: {why}", named(action))));
            }
        }
        checks.extend([keys.check(), state.check()]);
    }

    async fn compare_keys(&mut self, action: &ActionSpec, reference: &Reference) -> Option<String> {
        let mut requests = Vec::new();
        for key in [KEY, KEY, OTHER_KEY] {
            let seen = self.stage.run(reference.order(action, key), &reference.system()).await.ok()?;
            let place = if key == KEY { "called again with its key" } else { "called with another key" };
            self.habits.look(action, reference.setting(place), &seen);
            requests.push(sent(&seen.record));
        }
        let [first, second, other] = requests.as_slice() else { return None };
        if let Some((one, two)) = first.iter().zip(second).find(|(one, two)| one != two) {
            return Some(format!("with the same key it sent {one}, and then {two}"));
        }
        if first.len() != second.len() {
            return Some(format!(
                "with the same key it sent {} requests, and then {}",
                first.len(),
                second.len()
            ));
        }
        if action.retry != Retry::Keyed {
            return None;
        }
        if !first.iter().any(|request| request.contains(KEY)) {
            return Some("its retry is `keyed`, and the key is in none of its requests".to_owned());
        }
        (first == other).then(|| "with another key it sends the same".to_owned())
    }

    /// Calls twice on one asset, so that the second call has what the first kept.
    async fn keep(&mut self, action: &ActionSpec, reference: &Reference) -> Option<Option<String>> {
        let cassette = reference.cassette.as_ref()?;
        let system = System::lenient(cassette);
        let (gate, recorder) = self.stage.gate(&reference.setup, &system).ok()?;
        let mut first = None;
        for place in ["called before", "called a second time on its asset"] {
            system.rewind(cassette);
            let seen = self.stage.run_on(&gate, &recorder, reference.order(action, KEY)).await;
            self.habits.look(action, reference.setting(place), &seen);
            // What breaks is told of every call.
            let outcome = seen.outcome.filter(|outcome| !matches!(outcome, Err(Failure::Plugin { .. })))?;
            match (first.take(), outcome) {
                (None, Ok(report)) => first = Some(report.status),
                (Some(status), Ok(report)) if status == report.status => {}
                (Some(_), outcome) => {
                    return Some(Some(format!(
                        "the first call went well, and a second one on the same asset ended as {}",
                        told(&outcome)
                    )));
                }
                (None, Err(_)) => return None,
            }
        }
        Some(None)
    }

    /// Asks of each action that can tell whether it took effect.
    pub(super) async fn verify(&mut self, checks: &mut Vec<Check>) {
        let mut tally = Tally::new(
            "verify",
            "Asked whether a call took effect, it answers, and changes nothing.",
            "let `verify` only look, and say `unknown` where the system cannot tell",
        );
        for action in self.actions.iter().filter(|action| action.verifies) {
            let Some(reference) = self.references.get(action.name.as_str()).cloned() else {
                tally.uncovered(named(action));
                continue;
            };
            for system in [reference.system(), System::fake()] {
                let Ok(mut seen) = self.stage.verify(reference.order(action, KEY), &system).await else {
                    continue;
                };
                let denied = mem::take(&mut seen.record.denied).into_iter().next();
                let setting = reference.setting("asked whether it took effect");
                self.habits.look(action, Setting { told: true, ..setting }, &seen);
                tally.note(denied.or_else(|| breaks(&seen)).map(|why| format!("{}: {why}", named(action))));
            }
        }
        checks.push(tally.check());
    }

    /// Whether what takes an action back does so.
    pub(super) fn undo(&mut self, cases: &[Prepared], played: &[Option<Played>], checks: &mut Vec<Check>) {
        let mut tally = Tally::new(
            "undo",
            "What takes an action back takes the same parameters, and changes something.",
            "give the undo the parameters of the action, and let it send what reverts it",
        );
        for action in self.actions.clone() {
            let Some(undo) = action.undo.as_ref().and_then(|undo| self.stage.manifest.action(undo)) else {
                continue;
            };
            let Ok(schema) = Schema::new("undo", &undo.parameters) else { continue };
            let of = |name: &str| {
                let name = name.to_owned();
                cases.iter().zip(played).filter(move |(case, _)| case.cassette.action == name)
            };
            let mut seen = false;
            for (case, _) in of(&action.name) {
                let parameters = Value::Object(case.cassette.parameters.clone());
                tally.note(schema.check(&parameters).err().map(|why| {
                    format!(
                        "{} does not take the parameters of {} {}: {why}",
                        named(undo),
                        named(action),
                        case.place()
                    )
                }));
            }
            for (_, played) in of(&undo.name) {
                // A case in which there was nothing to take back changes nothing, and rightly so.
                if played.as_ref().is_some_and(|played| played.well && played.changed) {
                    seen = true;
                    tally.held();
                }
            }
            if !seen {
                tally.uncovered(format!("{} in which something is taken back", named(undo)));
            }
        }
        checks.push(tally.check());
    }
}

/// Whether the host may send it a second time by itself.
fn is_repeated(action: &ActionSpec) -> bool {
    action.effect.mutates() && action.retry != Retry::Unsafe
}

/// Each request as a text, without what differs each time; and what was sent on streams.
fn sent(record: &Record) -> Vec<String> {
    let volatile = |name: &str| VOLATILE.iter().any(|volatile| name.to_ascii_lowercase().contains(volatile));
    let requests = record.exchanges.iter().map(|(request, _)| {
        let mut headers: Vec<_> = request.headers.iter().filter(|(name, _)| !volatile(name)).collect();
        headers.sort();
        let body = String::from_utf8_lossy(&request.body);
        format!("{} {} {headers:?} {body}", request.method, request.url)
    });
    let streams = record.streams.values().map(|stream| {
        let said: Vec<_> =
            stream.turns.iter().filter(|turn| matches!(turn, crate::cassette::Turn::Sends(_))).collect();
        format!("{}:{} {said:?}", stream.host, stream.port)
    });
    requests.chain(streams).collect()
}
