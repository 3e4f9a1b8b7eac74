//! The few colours, by what they mean. `anstream` leaves them out where nobody sees them.

use anstyle::{AnsiColor, Style};
use palisade_model::alert::Severity;

/// It went well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// It went wrong.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// Look twice.
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default().bold();
/// It is under way.
pub(crate) const BUSY: Style = AnsiColor::Cyan.on_default();
/// Of less interest.
pub(crate) const DIM: Style = Style::new().dimmed();
/// The name of something.
pub(crate) const BOLD: Style = Style::new().bold();

/// How loud a severity is.
pub(crate) fn of_severity(severity: Severity) -> Style {
    match severity {
        Severity::Critical | Severity::High => BAD,
        Severity::Medium => WARN,
        Severity::Low | Severity::Informational => Style::new(),
    }
}
