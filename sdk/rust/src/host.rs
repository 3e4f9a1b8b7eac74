//! The host's functions: the component's imports on wasm, the scripted ones of [`crate::testing`] elsewhere.

#[cfg(target_arch = "wasm32")]
pub(crate) use crate::bindings::connector::palisade::plugin::{clock, files, http, log, random, state, tcp};
#[cfg(target_arch = "wasm32")]
pub(crate) use crate::bindings::playbook::palisade::plugin::{
    actions, alerts, configuration, history, lists, playbooks, prompts, steps,
};

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use crate::testing::host::{
    actions, alerts, clock, configuration, files, history, http, lists, log, playbooks, prompts, random,
    state, steps, tcp,
};
