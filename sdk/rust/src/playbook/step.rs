pub use crate::bindings::playbook::palisade::plugin::steps::StepId;

/// Something that the run has started and can wait for: an action ([`Started`](super::Started)), a prompt
/// ([`Asked`](super::Asked)), another playbook ([`Child`](super::Child)).
pub trait Step {
    /// Its number in this run; later steps have larger ones.
    fn id(&self) -> StepId;
}
