use super::Severity;
use crate::{bindings::playbook::palisade::plugin::history as wire, host};

/// Which of the alerts before that of this run.
///
/// ```
/// use palisade_sdk::{clock, playbook::{Earlier, Run, Severity}};
///
/// fn is_a_repeat_offender(run: &Run, user: &str) -> Result<bool, String> {
///     let yesterday = clock::now_ms() - 24 * 60 * 60 * 1000;
///     let which = Earlier {
///         label: "sign-in",
///         field: "sourceUserName",
///         value: user,
///         since_ms: yesterday,
///         severity: Severity::Low,
///     };
///     Ok(run.count_earlier(&which)? >= 3)
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier<'a> {
    /// Their label.
    pub label: &'a str,
    /// A CEF field that names who or what they are about, for example `sourceUserName`. The contract lists those that are
    /// kept for this.
    pub field: &'a str,
    /// Its value, whatever its case.
    pub value: &'a str,
    /// Received at this time or later, in milliseconds since 1970.
    pub since_ms: u64,
    /// How bad they are at least.
    pub severity: Severity,
}

impl Earlier<'_> {
    pub(super) fn count(&self) -> Result<u32, String> {
        host::history::count(&wire::Query {
            label: self.label.to_owned(),
            field: self.field.to_owned(),
            value: self.value.to_owned(),
            since: self.since_ms,
            severity: self.severity,
        })
    }
}
