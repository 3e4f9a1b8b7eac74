//! The host's side of the WIT contract in `wit/`, generated at compile time.
//!
//! A crate of its own, because generated bindings are slow to compile and the contract changes rarely. Functions that
//! wait are asynchronous here and plain on the guest's side. What both worlds import
//! in the same way (types and log) is generated once, in [`connector`].

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
