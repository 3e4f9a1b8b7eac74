use crate::{Failure, bindings::connector::palisade::plugin::files as wire, host};

/// A file that the operator has given to the asset. It is opened at the first use in a call, and stays the same file until
/// the call ends, also when another takes its name meanwhile.
///
/// ```
/// use palisade_sdk::{Failure, connector::Call};
/// # struct Configuration {}
///
/// /// The last bytes of the file, where its index is.
/// fn index(call: &Call<Configuration>) -> Result<Vec<u8>, Failure> {
///     let file = call.file("database");
///     let size = file.size()?;
///     file.read(size.saturating_sub(4096), 4096)
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct File {
    field: &'static str,
}

impl File {
    pub(super) fn new(field: &'static str) -> Self {
        Self { field }
    }

    /// Its bytes.
    ///
    /// # Errors
    ///
    /// [`Failure::Denied`] when the connector does not declare it or the asset names none, [`Failure::Unavailable`] when it
    /// cannot be read.
    pub fn size(self) -> Result<u64, Failure> {
        host::files::size(self.field).map_err(failure)
    }

    /// Reads from this place on: at most 1 MiB, and fewer bytes than `length` beyond that only at the end of the file.
    ///
    /// # Errors
    ///
    /// As [`size`](Self::size).
    pub fn read(self, offset: u64, length: u32) -> Result<Vec<u8>, Failure> {
        host::files::read(self.field, offset, length).map_err(failure)
    }
}

fn failure(error: wire::Error) -> Failure {
    match error {
        wire::Error::Denied(message) => Failure::Denied(message),
        wire::Error::Unreadable(message) => Failure::Unavailable(message),
    }
}
