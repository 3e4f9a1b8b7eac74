//! One after the other: actions that contain or correct the same thing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use palisade_model::{action::Effect, name::Name};
use serde_json::{Map, Value};
use tokio::sync::OwnedMutexGuard;

use crate::action::Prepared;

/// What actions act on at the moment. Two runs may ask for the same at once, such as for the wipe of one phone; the second
/// is to see what the first has done, and a connector can look only before it acts.
#[derive(Default)]
pub(crate) struct Targets(Mutex<HashMap<Target, Weak<tokio::sync::Mutex<()>>>>);

/// The same asset, and the same in what the action cannot do without. Other parameters, such as a reason, do not make it
/// another target.
#[derive(PartialEq, Eq, Hash)]
struct Target {
    asset: Name,
    parameters: String,
}

/// The turn at a target, until it is dropped.
pub(crate) type Turn = OwnedMutexGuard<()>;

/// Another has the turn.
pub(crate) struct Taken;

impl Targets {
    /// Takes the turn of an action, if it is of those that have turns: tickets and messages need none. It is not waited for:
    /// a run that waits is to hold nothing.
    pub(crate) fn turn(&self, action: &Prepared) -> Result<Option<Turn>, Taken> {
        if !matches!(action.spec().effect, Effect::Contain | Effect::Correct) {
            return Ok(None);
        }
        let lock = {
            let mut targets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            targets.retain(|_, lock| lock.strong_count() > 0);
            let target = Target::of(action);
            let known = targets.get(&target).and_then(Weak::upgrade);
            known.unwrap_or_else(|| {
                let lock = Arc::default();
                targets.insert(target, Arc::downgrade(&lock));
                lock
            })
        };
        lock.try_lock_owned().map(Some).map_err(|_| Taken)
    }
}

impl Target {
    fn of(action: &Prepared) -> Self {
        let required = action.spec().parameters.get("required").and_then(Value::as_array);
        let mut parameters = action.parameters.clone();
        if let (Some(required), Value::Object(all)) = (required, &mut parameters) {
            let kept: Map<_, _> = all
                .iter()
                .filter(|(name, _)| required.iter().any(|required| required == name.as_str()))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            if !kept.is_empty() {
                *all = kept;
            }
        }
        Self { asset: action.asset.asset.name.clone(), parameters: parameters.to_string() }
    }
}
