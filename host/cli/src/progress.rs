//! Something is under way: a spinner on a terminal, nothing elsewhere.

use indicatif::{ProgressBar, ProgressStyle};

use crate::limits::SPINNER_TICK;

/// A spinner with the time since it began; gone when dropped.
pub(crate) struct Spinner(ProgressBar);

impl Spinner {
    /// Begins to spin on standard error.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        bar.set_message(message.into());
        bar.enable_steady_tick(SPINNER_TICK);
        Self(bar)
    }
}

/// How far something is that is fetched; gone when dropped.
pub(crate) struct Fetching(ProgressBar);

impl Fetching {
    /// Begins on standard error.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        let bar = ProgressBar::no_length();
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {msg}  {bytes} of {total_bytes} ({elapsed})")
        {
            bar.set_style(style);
        }
        bar.set_message(message.into());
        bar.enable_steady_tick(SPINNER_TICK);
        Self(bar)
    }

    /// Tells how many bytes there are, and how many there will be.
    pub(crate) fn at(&self, done: u64, of: Option<u64>) {
        of.into_iter().for_each(|of| self.0.set_length(of));
        self.0.set_position(done);
    }
}

impl Drop for Fetching {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
