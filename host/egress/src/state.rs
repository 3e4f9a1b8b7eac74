//! What the calls on one asset keep for one another; the contract's `state` interface.
//!
//! It stays in memory and dies with the gate. A connector that fills it has filled its own: what does not fit is refused.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use palisade_model::limits::{
    SECRET_BYTES_MIN, STATE_BYTES, STATE_CONFIDENTIAL, STATE_KEY_BYTES, STATE_KEYS, STATE_TIME_MAX,
    STATE_VALUE_BYTES,
};

use crate::scrub::Confidential;

/// What the calls on one asset keep for one another.
#[derive(Default)]
pub(crate) struct State(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    values: BTreeMap<String, Value>,
    /// The latest [`STATE_CONFIDENTIAL`], whatever has become of their keys: a call that has one may still be at work.
    confidential: Arc<VecDeque<Arc<Confidential>>>,
}

struct Value {
    text: String,
    until: Instant,
}

/// Why a value is not kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// The key is none.
    #[error("a key of the state has 1 to {STATE_KEY_BYTES} bytes and no control characters")]
    Key,
    /// The value is too long.
    #[error("the value has {0} bytes; at most {STATE_VALUE_BYTES} are kept")]
    Value(usize),
    /// It would be found in texts that have nothing to do with it.
    #[error("a confidential value has at least {SECRET_BYTES_MIN} bytes, else nothing can be scrubbed of it")]
    TooShort,
    /// There are too many keys.
    #[error("the asset keeps {STATE_KEYS} values already, and no more")]
    Keys,
    /// There is too much.
    #[error("the asset keeps at most {STATE_BYTES} bytes, and this would be more")]
    Bytes,
}

impl State {
    pub(crate) fn get(&self, key: &str, now: Instant) -> Option<String> {
        self.kept().values.get(key).filter(|value| now < value.until).map(|value| value.text.clone())
    }

    pub(crate) fn put(
        &self,
        key: &str,
        text: String,
        time: Duration,
        confidential: bool,
        now: Instant,
    ) -> Result<(), StateError> {
        if key.is_empty() || key.len() > STATE_KEY_BYTES || key.contains(char::is_control) {
            return Err(StateError::Key);
        }
        if text.len() > STATE_VALUE_BYTES {
            return Err(StateError::Value(text.len()));
        }
        if confidential && text.len() < SECRET_BYTES_MIN {
            return Err(StateError::TooShort);
        }
        let mut kept = self.kept();
        kept.values.retain(|_, value| now < value.until);
        let others = kept.values.iter().filter(|(other, _)| *other != key);
        let (keys, bytes) = others.fold((1, key.len() + text.len()), |(keys, bytes), (key, value)| {
            (keys + 1, bytes + key.len() + value.text.len())
        });
        if keys > STATE_KEYS {
            return Err(StateError::Keys);
        }
        if bytes > STATE_BYTES {
            return Err(StateError::Bytes);
        }
        if confidential {
            kept.hide(key, &text);
        }
        kept.values.insert(key.to_owned(), Value { text, until: now + time.min(STATE_TIME_MAX) });
        Ok(())
    }

    pub(crate) fn remove(&self, key: &str) {
        self.kept().values.remove(key);
    }

    /// What is to be scrubbed.
    pub(crate) fn confidential(&self) -> Arc<VecDeque<Arc<Confidential>>> {
        Arc::clone(&self.kept().confidential)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// Scrubs a value from now on. The same one again is the latest again.
    fn hide(&mut self, key: &str, text: &str) {
        let hidden = Arc::make_mut(&mut self.confidential);
        let value = match hidden.iter().position(|hidden| hidden.value() == text) {
            Some(place) => hidden.remove(place),
            None => Some(Arc::new(Confidential::new(key, text.to_owned()))),
        };
        hidden.extend(value);
        if hidden.len() > STATE_CONFIDENTIAL {
            hidden.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn put(state: &State, key: &str, text: &str) -> Result<(), StateError> {
        state.put(key, text.to_owned(), MINUTE, false, Instant::now())
    }

    #[test]
    fn a_value_is_there_until_its_time_is_over_or_it_is_removed() {
        let (state, now) = (State::default(), Instant::now());
        state.put("token", "one".into(), MINUTE, false, now).unwrap();
        assert_eq!(state.get("token", now + Duration::from_secs(59)).as_deref(), Some("one"));
        assert_eq!(state.get("token", now + MINUTE), None);
        state.put("token", "two".into(), Duration::MAX, false, now).unwrap();
        let day = Duration::from_secs(24 * 60 * 60);
        assert_eq!(state.get("token", now + day - MINUTE).as_deref(), Some("two"));
        assert_eq!(state.get("token", now + day), None);
        state.remove("token");
        assert_eq!(state.get("token", now), None);
    }

    #[test]
    fn there_is_room_for_so_much_and_what_expired_makes_some() {
        let (state, now) = (State::default(), Instant::now());
        for number in 0..STATE_KEYS {
            state.put(&number.to_string(), "x".into(), MINUTE, false, now).unwrap();
        }
        assert_eq!(state.put("more", "x".into(), MINUTE, false, now), Err(StateError::Keys));
        state.put("0", "in place of another".into(), MINUTE, false, now).unwrap();
        state.put("more", "x".into(), MINUTE, false, now + MINUTE).unwrap();

        let state = State::default();
        let large = "x".repeat(STATE_VALUE_BYTES);
        let fit =
            (0..STATE_KEYS).take_while(|number| put(&state, &number.to_string(), &large).is_ok()).count();
        assert_eq!(fit, STATE_BYTES / (STATE_VALUE_BYTES + 2));
        assert_eq!(put(&state, "more", &large), Err(StateError::Bytes));
        put(&state, "0", &large).unwrap();
    }

    #[test]
    fn what_cannot_be_kept_is_refused() {
        let state = State::default();
        for key in ["", "a\nb", &"x".repeat(STATE_KEY_BYTES + 1)] {
            assert_eq!(put(&state, key, "x"), Err(StateError::Key));
        }
        let long = "x".repeat(STATE_VALUE_BYTES + 1);
        assert_eq!(put(&state, "key", &long), Err(StateError::Value(long.len())));
        let short = state.put("key", "12345".into(), MINUTE, true, Instant::now());
        assert_eq!(short, Err(StateError::TooShort));
        assert_eq!(state.get("key", Instant::now()), None);
    }

    #[test]
    fn a_confidential_value_stays_hidden_after_its_key_is_gone_until_many_came_after() {
        let (state, now) = (State::default(), Instant::now());
        let keep = |text: &str| state.put("token", text.to_owned(), MINUTE, true, now).unwrap();
        let is_hidden = |text: &str| state.confidential().iter().any(|hidden| hidden.value() == text);
        keep("token-first");
        for number in 1..STATE_CONFIDENTIAL {
            keep(&format!("token-{number}"));
        }
        state.remove("token");
        assert!(is_hidden("token-first"));
        keep("token-first");
        keep("token-last");
        assert!(is_hidden("token-first") && !is_hidden("token-1"));
        assert_eq!(state.confidential().len(), STATE_CONFIDENTIAL);
    }
}
