pub use crate::bindings::playbook::palisade::plugin::steps::StepId;

/// Something that the run has started and can wait for: an action ([`Started`](super::Started)), a prompt
/// ([`Asked`](super::Asked)), another playbook ([`Child`](super::Child)).
///
/// ```
/// use palisade_sdk::playbook::{Action, Prompt, Run};
///
/// fn handle(run: &Run) -> Result<String, String> {
///     let scan = run.start(Action::new("scanner", "scan host").parameter("host", "web1"));
///     let stop = run.ask(Prompt::choice("Stop waiting for the scan?", ["yes", "no"], "no"));
///     match run.wait_any(&[&scan, &stop]) {
///         0 => Ok(scan.wait()?.message),
///         _ => Ok("Nobody waits for the scan.".into()),
///     }
/// }
/// ```
pub trait Step {
    /// Its number in this run; later steps have larger ones.
    fn id(&self) -> StepId;
}
