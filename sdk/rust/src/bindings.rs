//! What `wit-bindgen` makes of the contract in `wit`. Everything else in this crate is written against it.
#![allow(unsafe_code, reason = "the canonical ABI passes raw pointers; the generator upholds its rules")]
#![allow(missing_docs, unreachable_pub, clippy::all, reason = "generated code has its own style")]

/// The world of connectors.
pub mod connector {
    wit_bindgen::generate!({
        path: "wit",
        world: "connector",
        pub_export_macro: true,
        generate_all,
        additional_derives: [PartialEq],
    });
}

/// The world of playbooks; what both worlds share is generated once, for connectors.
pub mod playbook {
    wit_bindgen::generate!({
        path: "wit",
        world: "playbook",
        pub_export_macro: true,
        additional_derives: [PartialEq],
        with: {
            "palisade:plugin/types@0.2.0": super::connector::palisade::plugin::types,
            "palisade:plugin/log@0.2.0": super::connector::palisade::plugin::log,
            "palisade:plugin/clock@0.2.0": super::connector::palisade::plugin::clock,
            "palisade:plugin/random@0.2.0": super::connector::palisade::plugin::random,
        },
        generate_all,
    });
}
