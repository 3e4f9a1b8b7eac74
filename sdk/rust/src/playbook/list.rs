use crate::{bindings::playbook::palisade::plugin::lists as wire, host};

/// An entry of a custom list.
///
/// ```
/// use palisade_sdk::playbook::Run;
///
/// fn why_it_is_known(run: &Run, host: &str) -> Result<Option<String>, String> {
///     Ok(run.find_in("known-hosts", host)?.map(|entry| format!("{} says {}", entry.by, entry.note)))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListEntry {
    /// A text, an address, a network, or the names below one: `*.example.com`.
    pub value: String,
    /// Why it is there.
    pub note: String,
    /// Who put it there.
    pub by: String,
}

impl From<wire::Entry> for ListEntry {
    fn from(wire::Entry { value, note, by }: wire::Entry) -> Self {
        Self { value, note, by }
    }
}

pub(super) fn find(list: &str, value: &str) -> Result<Option<ListEntry>, String> {
    Ok(host::lists::find(list, value)?.map(ListEntry::from))
}

pub(super) fn add(list: &str, value: &str, note: &str) -> Result<(), String> {
    host::lists::add(list, value, note)
}
