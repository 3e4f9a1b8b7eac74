//! Plugins in registries, by the distribution specification of the Open Container Initiative
//! (<https://github.com/opencontainers/distribution-spec/blob/main/spec.md>).

pub(crate) mod answers;
pub(crate) mod challenge;
pub(crate) mod manifest;
mod pull;
mod push;
mod reference;
mod registry;

pub use push::Artifact;
pub use reference::OciReference;
pub(crate) use registry::Registry;
