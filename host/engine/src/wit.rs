//! Values on their way between the contract and the model.

use palisade_contract::connector::palisade::plugin::{log, types};
use palisade_model::{
    Timestamp,
    action::{ActionResult, Failure, Report, ReportStatus},
    journal::LogLevel,
    limits::{LOG_LINE_BYTES, REPORT_BYTES},
};
use ring::rand::{SecureRandom, SystemRandom};
use serde_json::Value;

use crate::playbook::Stop;

/// Random bytes of one call.
pub const RANDOM_BYTES: u32 = 4096;

/// A report from a plugin. `clean` scrubs each text before anything looks into it.
pub(crate) fn report(report: types::Report, clean: impl Fn(String) -> String) -> Result<Report, String> {
    let bytes = report_bytes(&report);
    if bytes > REPORT_BYTES {
        return Err(format!("its report has {bytes} bytes; at most {REPORT_BYTES} are accepted"));
    }
    let json = |what: &str, text: String| {
        serde_json::from_str::<Value>(&clean(text))
            .map_err(|error| format!("its {what} is not JSON: {error}"))
    };
    let summary = json("summary", report.summary)?;
    if !summary.is_object() {
        return Err("its summary is not a JSON object".into());
    }
    let status = match report.status {
        types::Status::Success => ReportStatus::Success,
        types::Status::Failed => ReportStatus::Failed,
    };
    let message = line(clean(report.message), LOG_LINE_BYTES);
    Ok(Report { status, message, summary, data: json("data", report.data)? })
}

/// Bytes of what a report found, as JSON text.
pub(crate) fn report_bytes(report: &types::Report) -> usize {
    report.summary.len() + report.data.len()
}

/// A failure from a plugin; `clean` scrubs and bounds its words.
pub(crate) fn failure(failure: types::Failure, clean: impl Fn(String) -> String) -> Failure {
    match failure {
        types::Failure::InvalidParameters(message) => Failure::InvalidParameters { message: clean(message) },
        types::Failure::Authentication(message) => Failure::Authentication { message: clean(message) },
        types::Failure::NotFound(message) => Failure::NotFound { message: clean(message) },
        types::Failure::RateLimited(limit) => {
            Failure::RateLimited { retry_after_ms: limit.retry_after_ms, message: clean(limit.message) }
        }
        types::Failure::Upstream(error) => {
            Failure::Upstream { http_status: error.http_status, message: clean(error.message) }
        }
        types::Failure::Unavailable(message) => Failure::Unavailable { message: clean(message) },
        types::Failure::Denied(message) => Failure::Denied { message: clean(message) },
        types::Failure::Cancelled(message) => Failure::Cancelled { message: clean(message) },
    }
}

/// The result of an action for a playbook. A broken plugin is the system being unavailable: a playbook can do no more
/// about the one than about the other.
pub(crate) fn action_result(result: ActionResult) -> Result<types::Report, types::Failure> {
    match result {
        Ok(report) => Ok(types::Report {
            status: match report.status {
                ReportStatus::Success => types::Status::Success,
                ReportStatus::Failed => types::Status::Failed,
            },
            message: report.message,
            summary: report.summary.to_string(),
            data: report.data.to_string(),
        }),
        Err(failure) => Err(match failure {
            Failure::InvalidParameters { message } => types::Failure::InvalidParameters(message),
            Failure::Authentication { message } => types::Failure::Authentication(message),
            Failure::NotFound { message } => types::Failure::NotFound(message),
            Failure::RateLimited { retry_after_ms, message } => {
                types::Failure::RateLimited(types::RateLimit { retry_after_ms, message })
            }
            Failure::Upstream { http_status, message } => {
                types::Failure::Upstream(types::UpstreamError { http_status, message })
            }
            Failure::Unavailable { message } | Failure::Plugin { message } => {
                types::Failure::Unavailable(message)
            }
            // A person's no is as final to a playbook as the policy's.
            Failure::Denied { message } => types::Failure::Denied(message),
            Failure::Cancelled { message } => types::Failure::Cancelled(message),
        }),
    }
}

/// The level of a line of log.
pub(crate) fn level(level: log::Level) -> LogLevel {
    match level {
        log::Level::Debug => LogLevel::Debug,
        log::Level::Info => LogLevel::Info,
        log::Level::Warn => LogLevel::Warn,
        log::Level::Error => LogLevel::Error,
    }
}

/// One line of log, of at most so many bytes. Control characters become spaces: the line ends on a terminal.
pub(crate) fn line(text: String, max_bytes: usize) -> String {
    let end = text.floor_char_boundary(max_bytes);
    let cut = if end < text.len() { "…" } else { "" };
    if cut.is_empty() && !text.contains(char::is_control) {
        return text;
    }
    let mut line: String = text[..end].chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line.push_str(cut);
    line
}

/// Milliseconds since 1970.
pub fn now() -> u64 {
    u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0)
}

/// Random bytes from the operating system.
///
/// # Errors
///
/// [`Stop::Broken`] if it is asked for more than 4096 at a time, as the contract says, or the system has none.
pub fn random_bytes(count: u32) -> Result<Vec<u8>, Stop> {
    if count > RANDOM_BYTES {
        return Err(Stop::Broken(format!(
            "it asked for {count} random bytes; at most {RANDOM_BYTES} at a time"
        )));
    }
    let mut bytes = vec![0; usize::try_from(count).unwrap_or(0)];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Stop::Broken("the system has no random bytes".into()))?;
    Ok(bytes)
}
