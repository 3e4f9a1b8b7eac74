//! The host's functions: the component's imports on wasm, the scripted ones of [`crate::testing`] elsewhere.

#[cfg(target_arch = "wasm32")]
pub(crate) use crate::bindings::connector::palisade::plugin::{clock, http, log, random, tcp};
#[cfg(target_arch = "wasm32")]
pub(crate) use crate::bindings::playbook::palisade::plugin::{
    actions, alerts, configuration, history, lists, playbooks, prompts, steps,
};

#[cfg(not(target_arch = "wasm32"))]
pub(crate) use crate::testing::host::{
    actions, alerts, clock, configuration, history, http, lists, log, playbooks, prompts, random, steps, tcp,
};
