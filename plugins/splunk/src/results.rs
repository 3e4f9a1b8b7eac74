use palisade_sdk::Failure;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{job, server::Server};

/// How many results one request asks for.
const PAGE_RESULTS: u32 = 500;

/// How many bytes of results are returned: the host takes a report of 4 MiB, with all its texts.
const BYTES_MAX: usize = 3 * 1024 * 1024;

/// What a search found.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Results {
    /// Identifier of the search job.
    pub(crate) sid: String,
    /// The search as Splunk ran it.
    pub(crate) search: String,
    /// How many results the job has, up to the number that was asked for.
    pub(crate) total: u64,
    /// Whether there are more than are returned.
    pub(crate) truncated: bool,
    /// The results, in the search's order: by field, a text, or a list of texts where a field has many values.
    pub(crate) results: Vec<Map<String, Value>>,
}

impl Results {
    /// Reads the results of a job that is done, page by page, within bounds.
    pub(crate) fn read(
        server: &Server<'_>,
        sid: String,
        search: String,
        fields: &[&str],
        (total, wanted): (u64, u32),
    ) -> Result<Self, Failure> {
        let mut found = Self { sid, search, total, truncated: false, results: Vec::new() };
        let available = u32::try_from(total).unwrap_or(u32::MAX).min(wanted);
        let (mut offset, mut bytes) = (0, 0);
        while offset < available {
            let count = PAGE_RESULTS.min(available - offset);
            let page = job::page(server, &found.sid, fields, offset, count)?;
            if page.is_empty() {
                break;
            }
            for result in page.into_iter().take(count as usize) {
                bytes += size(&result);
                if bytes > BYTES_MAX {
                    found.truncated = true;
                    return Ok(found);
                }
                found.results.push(result);
            }
            offset += count;
        }
        found.truncated = (found.results.len() as u64) < total;
        Ok(found)
    }
}

/// Roughly the bytes of it as JSON.
fn size(result: &Map<String, Value>) -> usize {
    serde_json::to_string(result).map_or(0, |text| text.len())
}
