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

impl Drop for Spinner {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
