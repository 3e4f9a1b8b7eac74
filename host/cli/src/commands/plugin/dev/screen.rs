//! What a round looks like.

use std::{fmt::Write as _, path::Path, time::Duration};

use palisade_egress::{HttpError, Request, Response, StreamEvent};
use palisade_engine::LogLine;
use palisade_model::{
    action::{ActionResult, Report, ReportStatus},
    journal::LogLevel,
    plugin::Manifest,
};
use serde_json::{Map, Value};

use crate::{
    capabilities,
    limits::DATA_LINES,
    printable,
    style::{BAD, BOLD, BUSY, DIM, GOOD, WARN},
    time,
};

/// The plugin that was built.
pub(super) fn built(manifest: &Manifest, size: usize, took: &str) -> String {
    let identity = manifest.identity();
    format!(
        "{GOOD}✔{GOOD:#} {BOLD}{}{BOLD:#} {}  {DIM}{}, {}, built in {took}{DIM:#}\n",
        identity.name,
        printable::line(&identity.version),
        manifest.kind(),
        capabilities::bytes(size as u64)
    )
}

/// The action that is about to run.
pub(super) fn begins(action: &str, parameters: &Map<String, Value>) -> String {
    let parameters = printable::line(&Value::Object(parameters.clone()).to_string());
    format!("{BUSY}▸{BUSY:#} {BOLD}{}{BOLD:#}  {DIM}{parameters}{DIM:#}\n", printable::line(action))
}

/// The cassette that a playbook is rehearsed on.
pub(super) fn scene(file: &Path, about: Option<&str>) -> String {
    let about = printable::line(about.unwrap_or_default());
    let file = file.strip_prefix(".").unwrap_or(file);
    format!("{BUSY}▸{BUSY:#} {BOLD}{}{BOLD:#}  {DIM}{about}{DIM:#}\n", file.display())
}

/// A request that was sent, and what came of it.
pub(super) fn exchange(request: &Request, answer: &Result<Response, HttpError>, took: Duration) -> String {
    let took = duration(took);
    let (method, url) = (printable::line(&request.method), printable::line(&request.url));
    match answer {
        Ok(response) => {
            let status = response.status;
            let style = if status < 400 { GOOD } else { WARN };
            format!("  {method} {url}  {style}{status}{style:#}  {DIM}{took}{DIM:#}\n")
        }
        Err(error) => {
            format!(
                "  {method} {url}  {BAD}{}{BAD:#}  {DIM}{took}{DIM:#}\n",
                printable::line(&error.to_string())
            )
        }
    }
}

/// What happened with a stream.
pub(super) fn stream(number: u64, event: &StreamEvent<'_>) -> String {
    let what = match event {
        StreamEvent::Opened { host, port, error } => match error {
            None => format!("opened to {}:{port}", printable::line(host)),
            Some(error) => format!("{BAD}{}{BAD:#}", printable::line(&error.to_string())),
        },
        StreamEvent::Sent(bytes) => format!("sent {}", capabilities::bytes(bytes.len() as u64)),
        StreamEvent::Received([]) => "was ended by the other side".to_owned(),
        StreamEvent::Received(bytes) => format!("got {}", capabilities::bytes(bytes.len() as u64)),
        StreamEvent::Secured => "is TLS now".to_owned(),
        StreamEvent::Broke(error) => format!("{BAD}{}{BAD:#}", printable::line(&error.to_string())),
    };
    format!("  TCP {number}  {what}\n")
}

/// A line that the plugin logged.
pub(super) fn log(line: &LogLine) -> String {
    let (style, word) = match line.level {
        LogLevel::Debug => (DIM, "debug"),
        LogLevel::Info => (DIM, "info"),
        LogLevel::Warn => (WARN, "warn"),
        LogLevel::Error => (BAD, "error"),
    };
    format!("  {style}{word}{style:#}  {}\n", printable::line(&line.message))
}

/// That a job of the vendor is not done yet.
pub(super) fn pending(message: &str, after: Duration) -> String {
    format!(
        "  {BUSY}pending{BUSY:#}  {}  {DIM}again in {}{DIM:#}\n",
        printable::line(message),
        duration(after)
    )
}

/// How an action ended, and all that it found.
pub(super) fn ended(outcome: &ActionResult, took: Duration, upstream: Duration) -> String {
    let took = format!("{DIM}{}, of which the system took {}{DIM:#}", duration(took), duration(upstream));
    match outcome {
        Ok(report) => {
            let (mark, style) = match report.status {
                ReportStatus::Success => ("✔", GOOD),
                ReportStatus::Failed => ("✘", BAD),
            };
            let message = printable::line(&report.message);
            format!("{style}{mark}{style:#} {BOLD}{message}{BOLD:#}  {took}\n{}", found(report))
        }
        Err(failure) => format!("{BAD}✘{BAD:#} {}  {took}\n", printable::line(&failure.to_string())),
    }
}

/// Summary and data of a report.
fn found(report: &Report) -> String {
    let mut text = String::new();
    if let Some(summary) = report.summary.as_object().filter(|summary| !summary.is_empty()) {
        for (name, value) in summary {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let _ = writeln!(text, "  {DIM}{}{DIM:#}  {}", printable::line(name), printable::line(&value));
        }
    }
    if report.data.is_null() {
        return text;
    }
    let data = serde_json::to_string_pretty(&report.data).unwrap_or_default();
    let data = printable::json(&data);
    let mut lines = data.lines();
    for line in lines.by_ref().take(DATA_LINES) {
        let _ = writeln!(text, "  {line}");
    }
    match lines.count() {
        0 => {}
        more => {
            let _ = writeln!(text, "  {DIM}{more} more lines; --json has them all{DIM:#}");
        }
    }
    text
}

fn duration(time: Duration) -> String {
    time::duration(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use palisade_model::action::Failure;
    use serde_json::json;

    use super::*;

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn what_was_found_is_shown_and_not_obeyed() {
        let report = Report {
            status: ReportStatus::Success,
            message: "It has\u{1b}[2J a score.".into(),
            summary: json!({ "score": 90 }),
            data: json!({ "lines": vec![1; DATA_LINES] }),
        };
        let shown = plain(&ended(&Ok(report), Duration::from_millis(12), Duration::from_millis(8)));
        let begin = "✔ It has␛[2J a score.  12 ms, of which the system took 8 ms\n  score  90\n  {\n    \"lines\": [\n";
        assert!(shown.starts_with(begin), "{shown}");
        assert!(shown.ends_with("  4 more lines; --json has them all\n"), "{shown}");
    }

    #[test]
    fn a_failure_says_why() {
        let failure = Failure::NotFound { message: "no such address".into() };
        let shown = plain(&ended(&Err(failure), Duration::ZERO, Duration::ZERO));
        assert!(shown.starts_with("✘ not found: no such address"), "{shown}");
    }
}
