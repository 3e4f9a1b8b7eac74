//! The host's side of the WIT contract in `wit/`, generated at compile time.
//!
//! A crate of its own, because generated bindings are slow to compile and the contract changes rarely. Functions that
//! wait are asynchronous here and plain on the guest's side. What both worlds import
//! in the same way (types and log) is generated once, in [`connector`]. Of an older version of the contract only that is
//! generated which has changed since.

/// Bindings of the world `connector`.
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
pub mod connector {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "connector",
        imports: {
            "palisade:plugin/http.send": async | trappable,
            "palisade:plugin/tcp.connect": async | trappable,
            "palisade:plugin/tcp.[method]tcp-stream.write": async | trappable,
            "palisade:plugin/tcp.[method]tcp-stream.read": async | trappable,
            "palisade:plugin/tcp.[method]tcp-stream.start-tls": async | trappable,
            "palisade:plugin/files.size": async | trappable,
            "palisade:plugin/files.read": async | trappable,
            default: trappable,
        },
        exports: { default: async },
    });
}

/// Bindings of the world `playbook`.
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
pub mod playbook {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "playbook",
        imports: { default: async | trappable },
        exports: { default: async },
        with: {
            "palisade:plugin/types": crate::connector::palisade::plugin::types,
            "palisade:plugin/log": crate::connector::palisade::plugin::log,
        },
    });
}

/// Bindings of the world `playbook` as version 0.1.0 had it: the descriptor, and everything else as it is today.
#[allow(missing_docs, unreachable_pub, clippy::all, clippy::pedantic)]
pub mod playbook_v0_1_0 {
    wasmtime::component::bindgen!({
        path: "../../wit/released/0.1.0",
        world: "playbook",
        exports: { default: async },
        with: {
            "palisade:plugin/types": crate::connector::palisade::plugin::types,
            "palisade:plugin/log": crate::connector::palisade::plugin::log,
            "palisade:plugin/clock": crate::playbook::palisade::plugin::clock,
            "palisade:plugin/random": crate::playbook::palisade::plugin::random,
            "palisade:plugin/steps": crate::playbook::palisade::plugin::steps,
            "palisade:plugin/actions": crate::playbook::palisade::plugin::actions,
            "palisade:plugin/prompts": crate::playbook::palisade::plugin::prompts,
            "palisade:plugin/playbooks": crate::playbook::palisade::plugin::playbooks,
            "palisade:plugin/configuration": crate::playbook::palisade::plugin::configuration,
            "palisade:plugin/lists": crate::playbook::palisade::plugin::lists,
            "palisade:plugin/history": crate::playbook::palisade::plugin::history,
            "palisade:plugin/alerts": crate::playbook::palisade::plugin::alerts,
        },
    });
}
