use std::fmt::{self, Display};

/// A short sum of all that a program was told so far. It goes along with everything the program does, so a run that is
/// told something else when it goes on from its journal is found out by its next call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen(u64);

impl Seen {
    pub(crate) fn nothing() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    /// Adds what it was told: FNV-1a, which needs no tables and has no seed.
    pub(crate) fn add(&mut self, told: impl AsRef<[u8]>) {
        for byte in told.as_ref() {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        }
    }
}

impl Display for Seen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}
