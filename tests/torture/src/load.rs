use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use palisade_model::alert::AlertId;
use script::Program;

use crate::Api;

/// Time between two attempts to reach a host that has just been killed, or is just starting.
const AGAIN: Duration = Duration::from_millis(10);

/// An alert, and what is to become of it.
#[derive(Clone, Debug)]
pub struct Case {
    /// The source's own id for it.
    pub id: String,
    /// What its run does.
    pub program: Program,
    /// Its number, once a host has acknowledged it.
    pub alert: Option<AlertId>,
}

/// Alerts on their way to a host that is not always there. Any number of threads send them, each alert with the same id
/// until it is acknowledged, as a source does.
#[derive(Debug)]
pub struct Load {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    cases: Vec<Case>,
    /// The next alert to be taken by a sender.
    next: usize,
    /// Alerts that may be sent so far.
    allowed: usize,
    /// Alerts that are acknowledged.
    acknowledged: usize,
    api: Option<Api>,
    /// Nobody waits for it any more.
    ended: bool,
}

impl Load {
    /// These alerts, none of which may be sent yet.
    pub fn new(cases: Vec<Case>) -> Self {
        let state = State { cases, next: 0, allowed: 0, acknowledged: 0, api: None, ended: false };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Lets the first so many alerts be sent, to this host; none while there is no host.
    pub fn open(&self, api: Option<Api>, allowed: usize) {
        let mut state = self.state();
        state.allowed = allowed.min(state.cases.len());
        state.api = api;
        self.changed.notify_all();
    }

    /// Sends alerts until the load has ended.
    pub fn send(&self) {
        while let Some((taken, id, program)) = self.take() {
            loop {
                let Some(api) = self.wait_for(|state| state.api.clone()) else { return };
                if let Some(alert) = api.send_alert(&id, &program) {
                    let mut state = self.state();
                    state.cases[taken].alert = Some(alert);
                    state.acknowledged += 1;
                    break;
                }
                thread::sleep(AGAIN);
            }
        }
    }

    /// The next alert that may be sent.
    fn take(&self) -> Option<(usize, String, Program)> {
        self.wait_for(|state| {
            (state.next < state.allowed).then(|| {
                state.next += 1;
                let Case { id, program, .. } = state.cases[state.next - 1].clone();
                (state.next - 1, id, program)
            })
        })
    }

    /// Waits until there is something; nothing when the load has ended.
    fn wait_for<T>(&self, mut look: impl FnMut(&mut State) -> Option<T>) -> Option<T> {
        let mut state = self.state();
        loop {
            if state.ended {
                return None;
            }
            if let Some(found) = look(&mut state) {
                return Some(found);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lets the senders go when it is dropped, whatever they still have: a panic must not wait for them.
    pub(crate) fn ends_when_dropped(&self) -> impl Drop {
        Ending(self)
    }

    /// Whether all alerts are acknowledged.
    pub fn is_acknowledged(&self) -> bool {
        let state = self.state();
        state.acknowledged == state.cases.len()
    }

    /// How many alerts are acknowledged.
    pub fn acknowledged(&self) -> usize {
        self.state().acknowledged
    }

    /// The alerts.
    pub fn cases(&self) -> Vec<Case> {
        self.state().cases.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a load when it is dropped.
struct Ending<'a>(&'a Load);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.state().ended = true;
        self.0.changed.notify_all();
    }
}
