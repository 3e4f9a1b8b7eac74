//! Journals as files: one run leaves this installation, and is looked at in another.
//!
//! The format is lines of JSON: the first has the number of the format and the run, each other one entry of its
//! journal, in order.

use std::sync::Arc;

use axum::{BoxError, Json, body::Body, extract::State, http::StatusCode, response::Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Bytes;
use palisade_model::{
    journal::Entry,
    limits::PAGE_ITEMS,
    run::{Run, RunId, Seq},
};
use palisade_runs::Runs;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{pages, runs};
use crate::{
    caller::Caller,
    extract::Number,
    limits::{BODY_TIME, IMPORT_BYTES},
    problem::Problem,
    server,
};

/// The format that is written and read.
const FORMAT: u32 = 1;

/// The first line.
#[derive(Serialize, Deserialize)]
struct Header {
    palisade_journal: u32,
    run: Run,
}

#[derive(Serialize)]
pub(super) struct Imported {
    run: RunId,
}

/// `GET /runs/{id}/export`: the run as it is now. A run at work goes on meanwhile; what it adds is left out.
pub(super) async fn export(State(edge): server::State, Number(id): Number) -> Result<Response, Problem> {
    let run = runs::find(edge.runs.store(), id)?;
    let mut export = Export { runs: Arc::clone(&edge.runs), run, written: None };
    Ok(pages::answer(move || {
        export.page().inspect_err(|error| {
            tracing::error!(run = export.run.id, error = &**error, "A journal could not be exported.");
        })
    }))
}

/// `POST /runs/import`: keeps a run that was exported elsewhere, to be looked at.
pub(super) async fn import(
    State(edge): server::State,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<Imported>), Problem> {
    let Ok(_permit) = edge.imports.try_acquire() else {
        return Err(Problem::overloaded("another journal is being imported"));
    };
    let receiving = tokio::time::timeout(BODY_TIME, receive(body)).await;
    let (run, entries) = receiving.map_err(|_| Problem::too_slow())??;
    let run = edge.runs.import(run, entries, caller.name()).await?;
    Ok((StatusCode::CREATED, Json(Imported { run })))
}

/// A journal on its way out.
struct Export {
    runs: Arc<Runs>,
    run: Run,
    /// The last entry that was written; none before the first line.
    written: Option<Seq>,
}

impl Export {
    /// The next lines, or nothing behind the last.
    fn page(&mut self) -> Result<Option<Bytes>, BoxError> {
        let mut lines = Vec::new();
        let Some(written) = self.written else {
            self.written = Some(0);
            push(&mut lines, &Header { palisade_journal: FORMAT, run: self.run.clone() })?;
            return Ok(Some(lines.into()));
        };
        if written >= self.run.entries {
            return Ok(None);
        }
        let page = self.runs.store().journal(self.run.id, written + 1, PAGE_ITEMS)?;
        let page: Vec<_> = page.into_iter().filter(|entry| entry.seq <= self.run.entries).collect();
        let Some(last) = page.last() else {
            return Err(format!("the journal of run {} ends after entry {written}", self.run.id).into());
        };
        self.written = Some(last.seq);
        for entry in &page {
            push(&mut lines, entry)?;
        }
        Ok(Some(lines.into()))
    }
}

fn push(lines: &mut Vec<u8>, value: &impl Serialize) -> Result<(), serde_json::Error> {
    serde_json::to_writer(&mut *lines, value)?;
    lines.push(b'\n');
    Ok(())
}

/// Reads a journal as it comes.
async fn receive(body: Body) -> Result<(Run, Vec<Entry>), Problem> {
    let mut body = Limited::new(body, IMPORT_BYTES);
    let mut reader = Reader::default();
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => reader.take(frame.data_ref().map_or(&[], |data| data))?,
            Err(error) if error.is::<LengthLimitError>() => return Err(Problem::too_large(IMPORT_BYTES)),
            Err(error) => return Err(Problem::malformed(format!("the body ended early: {error}"))),
        }
    }
    reader.finish()
}

/// Reads a journal line by line, and keeps no text but that of a line which has not ended. Whether the entries follow
/// from each other is for [`Runs::import`] to say.
#[derive(Default)]
struct Reader {
    open: Vec<u8>,
    run: Option<Run>,
    entries: Vec<Entry>,
}

impl Reader {
    /// Takes what came.
    fn take(&mut self, mut bytes: &[u8]) -> Result<(), Problem> {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = bytes.split_at(end);
            bytes = &rest[1..];
            if self.open.is_empty() {
                self.line(line)?;
            } else {
                self.open.extend_from_slice(line);
                let line = std::mem::take(&mut self.open);
                self.line(&line)?;
            }
        }
        self.open.extend_from_slice(bytes);
        Ok(())
    }

    /// The whole journal.
    fn finish(mut self) -> Result<(Run, Vec<Entry>), Problem> {
        if !self.open.is_empty() {
            let line = std::mem::take(&mut self.open);
            self.line(&line)?;
        }
        let run = self.run.ok_or_else(|| Problem::malformed("there is nothing in it"))?;
        Ok((run, self.entries))
    }

    fn line(&mut self, line: &[u8]) -> Result<(), Problem> {
        if self.run.is_none() {
            let header: Header = self.parse(line)?;
            if header.palisade_journal != FORMAT {
                let found = header.palisade_journal;
                let detail = format!("the journal has format {found}, and this host reads format {FORMAT}");
                return Err(Problem::invalid("/palisade_journal", detail));
            }
            self.run = Some(header.run);
            return Ok(());
        }
        let entry: Entry = self.parse(line)?;
        let place = self.entries.len() as Seq + 1;
        if entry.seq != place {
            let detail = format!("line {}: entry {place} is missing, this is {}", self.number(), entry.seq);
            return Err(Problem::invalid("/seq", detail));
        }
        self.entries.push(entry);
        Ok(())
    }

    fn parse<T: DeserializeOwned>(&self, line: &[u8]) -> Result<T, Problem> {
        serde_json::from_slice(line).map_err(|error| {
            Problem::malformed(format!("line {} is none of a journal: {error}", self.number()))
        })
    }

    /// Number of the line that is being read.
    fn number(&self) -> usize {
        self.entries.len() + if self.run.is_some() { 2 } else { 1 }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn lines() -> Vec<Value> {
        let alert = json!({
            "id": 42, "received": "2026-01-01T00:00:00Z", "status": "new", "source": "ids", "source_id": "1",
            "name": "Beacon", "label": "outbound", "severity": "high", "description": "", "artifacts": [],
        });
        vec![
            json!({ "palisade_journal": 1, "run": {
                "id": 17, "alert": 42, "playbook": "triage", "digest": "ab".repeat(32), "status": "succeeded",
                "started": "2026-01-01T00:00:00Z", "entries": 2, "epoch": 1,
            } }),
            json!({ "seq": 1, "at": "2026-01-01T00:00:00Z", "event": "began", "digest": "ab".repeat(32),
                "alert": alert }),
            json!({ "seq": 2, "at": "2026-01-01T00:00:01Z", "event": "concluded", "status": "succeeded",
                "message": "é" }),
        ]
    }

    fn text(lines: &[Value]) -> String {
        lines.iter().map(|line| format!("{line}\n")).collect()
    }

    fn read(text: &[u8], piece: usize) -> Result<(Run, Vec<Entry>), Problem> {
        let mut reader = Reader::default();
        text.chunks(piece).try_for_each(|bytes| reader.take(bytes))?;
        reader.finish()
    }

    #[test]
    fn a_journal_is_read_however_it_is_cut_on_the_way() {
        let text = text(&lines());
        for piece in [1, 7, text.len()] {
            let (run, entries) = read(text.as_bytes(), piece).unwrap();
            let mut again = Vec::new();
            push(&mut again, &Header { palisade_journal: FORMAT, run }).unwrap();
            entries.iter().for_each(|entry| push(&mut again, entry).unwrap());
            assert_eq!(read(&again, 64).unwrap().1, entries, "what is written is what was read");
        }
        assert!(read(text.trim_end().as_bytes(), 64).is_ok(), "the last line break may be missing");
    }

    #[test]
    fn what_is_no_journal_is_refused() {
        let refused = |what: &str, change: fn(&mut Vec<Value>)| {
            let mut lines = lines();
            change(&mut lines);
            assert!(read(text(&lines).as_bytes(), 64).is_err(), "{what} was taken");
        };
        refused("another format", |lines| lines[0]["palisade_journal"] = json!(2));
        refused("no header", |lines| drop(lines.remove(0)));
        refused("nothing", Vec::clear);
        refused("a gap", |lines| lines[2]["seq"] = json!(3));
        refused("an entry that is none", |lines| lines[2]["event"] = json!("exploded"));
    }
}
