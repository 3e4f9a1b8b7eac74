//! Whether the destination may be reached.

use casework::text::line;
use palisade_sdk::playbook::Run;

use crate::{ACCESS_LIST, violation::Destination};

/// What the access list says of a destination.
#[derive(Debug)]
pub(crate) enum Access {
    /// It is on the list: which entry it falls under.
    Listed(String),
    /// It is not.
    Unlisted,
    /// Nobody can say, for this reason.
    Unknown(String),
}

/// A destination is on the list if its name or its address is: what may be reached by one of them may be reached.
pub(crate) fn check(run: &Run, destination: &Destination) -> Access {
    let address = destination.address.map(|address| address.to_string());
    let values: Vec<_> = destination.name.iter().chain(&address).collect();
    if values.is_empty() {
        return Access::Unknown(
            "The alert names no destination that could be on the access list.".to_owned(),
        );
    }
    for value in values {
        match run.find_in(ACCESS_LIST, value) {
            Ok(Some(entry)) => {
                let note = line(&entry.note);
                let note = if note.is_empty() { String::new() } else { format!(" ({note})") };
                let (value, entry, by) = (line(value), line(&entry.value), line(&entry.by));
                return Access::Listed(format!(
                    "{value} is on the access list, as {entry}{note}, put there by {by}."
                ));
            }
            Ok(None) => {}
            Err(why) => {
                let why = line(&why);
                return Access::Unknown(format!(
                    "Nobody can say whether {destination} may be reached: {why}"
                ));
            }
        }
    }
    Access::Unlisted
}
