//! Bodies of many events, one on each line, as log shippers send them.
//!
//! A shipper that gets no success sends the whole body again, and again; a body with one bad line would then never
//! arrive, and hold up all that come after it. So each line counts by itself: what can be used is kept, and what cannot
//! is named in the answer. Only when there is nothing that can be used is the body refused. A body that comes again is
//! harmless, because every alert in it has the identity that it had before.

use palisade_model::{
    alert::{AlertId, NewAlert},
    limits::{ALERT_BODY_BYTES, EVENTS_PER_BODY, WRITES_PER_COMMIT},
};
use palisade_runs::{Ingested, Runs};
use serde::{Serialize, de::IgnoredAny};
use serde_json::json;

use super::bounds;
use crate::{
    limits::{REFUSAL_BYTES, REFUSALS_LISTED},
    problem::Problem,
};

/// What became of a body. All alerts in it are durable.
#[derive(Default, Serialize)]
pub(crate) struct Receipt {
    /// The alerts, in the order of their lines.
    alerts: Vec<Taken>,
    /// How many events are no alerts.
    skipped: usize,
    /// The first lines that cannot be used.
    refused: Vec<Refused>,
    /// How many lines cannot be used.
    refused_count: usize,
}

#[derive(Serialize)]
struct Taken {
    /// Number of the line, from 1.
    line: usize,
    /// Number of the alert.
    alert: AlertId,
    /// Whether it was received before.
    duplicate: bool,
}

#[derive(Serialize)]
struct Refused {
    line: usize,
    reason: String,
}

/// Maps each line, and keeps what becomes an alert; `map` says nothing of an event that is none.
pub(crate) async fn take_in(
    runs: &Runs,
    body: &[u8],
    map: impl Fn(&[u8]) -> Result<Option<NewAlert>, Problem>,
) -> Result<Receipt, Problem> {
    let lines = lines(body)?;
    let mut receipt = Receipt::default();
    for group in lines.chunks(WRITES_PER_COMMIT) {
        let (mut numbers, mut alerts) = (Vec::new(), Vec::new());
        for &(number, line) in group {
            match map(line).and_then(checked) {
                Ok(Some(alert)) => {
                    numbers.push(number);
                    alerts.push(alert);
                }
                Ok(None) => receipt.skipped += 1,
                Err(problem) => receipt.refuse(number, &problem),
            }
        }
        for (line, ingested) in numbers.into_iter().zip(runs.ingest_all(alerts).await) {
            let (alert, duplicate) = match ingested? {
                Ingested::New(alert) => (alert, false),
                Ingested::Duplicate(alert) => (alert, true),
            };
            receipt.alerts.push(Taken { line, alert, duplicate });
        }
    }
    receipt.log();
    receipt.unless_useless()
}

/// The lines that are not blank, with their numbers. A body that is one value of JSON, however it is laid out, is one
/// line.
fn lines(body: &[u8]) -> Result<Vec<(usize, &[u8])>, Problem> {
    if body.len() <= ALERT_BODY_BYTES && serde_json::from_slice::<IgnoredAny>(body).is_ok() {
        return Ok(vec![(1, body.trim_ascii())]);
    }
    let lines =
        (1..).zip(body.split(|byte| *byte == b'\n')).map(|(number, line)| (number, line.trim_ascii()));
    let lines: Vec<_> = lines.filter(|(_, line)| !line.is_empty()).take(EVENTS_PER_BODY + 1).collect();
    match lines.len() {
        0 => Err(Problem::malformed("the body is empty")),
        1..=EVENTS_PER_BODY => Ok(lines),
        _ => Err(Problem::too_many(EVENTS_PER_BODY)),
    }
}

fn checked(alert: Option<NewAlert>) -> Result<Option<NewAlert>, Problem> {
    alert.as_ref().map_or(Ok(()), bounds::check_alert)?;
    Ok(alert)
}

impl Receipt {
    fn refuse(&mut self, line: usize, problem: &Problem) {
        self.refused_count += 1;
        if self.refused.len() < REFUSALS_LISTED {
            let mut reason = problem.reason();
            reason.truncate(reason.floor_char_boundary(REFUSAL_BYTES));
            self.refused.push(Refused { line, reason });
        }
    }

    /// Tells the operator too: a log shipper does not read what an answer says.
    fn log(&self) {
        if let Some(first) = self.refused.first() {
            tracing::warn!(
                count = self.refused_count,
                line = first.line,
                reason = first.reason,
                "Events of a body cannot be used; the first is named."
            );
        }
    }

    fn unless_useless(self) -> Result<Self, Problem> {
        match self.refused.first() {
            Some(Refused { line, reason }) if self.alerts.is_empty() && self.skipped == 0 => {
                let detail = format!("no line can be used; line {line}: {reason}");
                Err(Problem::invalid("", detail).with("refused", json!(self.refused)))
            }
            _ => Ok(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_numbered_as_an_editor_does() {
        let numbers = |body: &str| {
            lines(body.as_bytes()).unwrap().iter().map(|(number, _)| *number).collect::<Vec<_>>()
        };
        assert_eq!(numbers("{}\n{}\n"), [1, 2]);
        assert_eq!(numbers("\r\n{}\r\n  \nnot JSON"), [2, 4]);
        let pretty = lines(b"\n{\n  \"event_type\": \"alert\"\n}\n").unwrap();
        assert_eq!(pretty, [(1, &b"{\n  \"event_type\": \"alert\"\n}"[..])]);
        assert_eq!(lines(b"\r\n{}\r\n{}").unwrap()[0].1, b"{}");
    }

    #[test]
    fn a_body_without_end_and_one_without_lines_are_refused() {
        assert!(lines(b" \r\n\n").is_err());
        assert_eq!(lines("1\n".repeat(EVENTS_PER_BODY).as_bytes()).unwrap().len(), EVENTS_PER_BODY);
        assert!(lines("1\n".repeat(EVENTS_PER_BODY + 1).as_bytes()).is_err());
    }

    #[test]
    fn what_is_refused_is_told_within_bounds() {
        let mut receipt = Receipt::default();
        for line in 1..=REFUSALS_LISTED + 5 {
            receipt.refuse(line, &Problem::invalid("/alert", "ü".repeat(REFUSAL_BYTES)));
        }
        assert_eq!((receipt.refused.len(), receipt.refused_count), (REFUSALS_LISTED, REFUSALS_LISTED + 5));
        assert!(receipt.refused[0].reason.starts_with("/alert: ü"));
        assert!(receipt.refused[0].reason.len() <= REFUSAL_BYTES);
        assert!(receipt.unless_useless().is_err());
        assert!(Receipt { skipped: 1, ..Receipt::default() }.unless_useless().is_ok());
    }
}
