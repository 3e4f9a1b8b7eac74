//! `run query`.

use std::time::Duration;

use palisade_sdk::{
    Failure,
    connector::{Call, Done, Outcome, Pending},
    log,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{
    Configuration,
    job::{self, Job, Order},
    results::Results,
    server::Server,
    spl,
};

/// How long the host waits before it looks at a job again.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

#[derive(Deserialize, JsonSchema)]
pub(crate) struct RunQuery {
    /// Search in Splunk's language. Text from an alert belongs in quotes, its own quotes and backslashes escaped.
    #[schemars(length(min = 1, max = 65536))]
    query: String,
    /// Command that the query continues, for example `tstats`; `search` unless the query begins with one.
    command: Option<String>,
    /// Fields to return, separated by commas; all without it.
    display: Option<String>,
    /// Earliest time, for example `-24h@h`, or in seconds since 1970.
    start_time: Option<String>,
    /// Latest time, in the same forms.
    end_time: Option<String>,
    /// How much Splunk finds out about events beyond what the search needs.
    #[serde(default)]
    search_mode: SearchMode,
    /// How many results at most.
    #[serde(default = "results_default")]
    #[schemars(range(min = 1, max = 10_000))]
    max_results: u32,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum SearchMode {
    Fast,
    #[default]
    Smart,
    Verbose,
}

impl SearchMode {
    fn name(&self) -> &'static str {
        match self {
            Self::Fast => "fast",
            Self::Smart => "smart",
            Self::Verbose => "verbose",
        }
    }
}

fn results_default() -> u32 {
    1_000
}

pub(crate) fn run(
    call: &Call<Configuration>,
    RunQuery { query, command, display, start_time, end_time, search_mode, max_results }: RunQuery,
) -> Result<Outcome<Results>, Failure> {
    let search = spl::search(command.as_deref(), &query)?;
    let order = Order {
        search: &search,
        earliest: start_time.as_deref(),
        latest: end_time.as_deref(),
        level: search_mode.name(),
        results_max: max_results,
    };
    let server = Server::new(call)?;
    let Some(sid) = call.resume.clone() else {
        let sid = job::begin(&server, &order)?;
        return Ok(again(sid, "Splunk has begun to search"));
    };
    match job::look(&server, &sid)? {
        Job::Running(_) if call.cancelled => {
            Ok(again(sid, "Splunk stops the search by itself when nobody asks for it any longer"))
        }
        Job::Running(progress) => Ok(again(sid, &format!("Splunk has searched {:.0} %", progress * 100.0))),
        Job::Done(total) => {
            let fields = display.as_deref().unwrap_or_default().split(',').map(str::trim);
            let fields: Vec<_> = fields.filter(|field| !field.is_empty()).collect();
            let found = Results::read(&server, sid, search, &fields, (total, max_results))?;
            Ok(Outcome::Done(done(found)))
        }
        Job::Gone if call.cancelled => Err(Failure::not_found("Splunk has stopped the search")),
        // Nobody looked for so long that Splunk has given it up. A search changes nothing, so it may run again.
        Job::Gone => {
            log::warn(format!("Splunk does not keep the job {sid} any longer; the search begins anew."));
            Ok(again(job::begin(&server, &order)?, "Splunk has begun to search again"))
        }
    }
}

fn again(sid: String, message: &str) -> Outcome<Results> {
    Outcome::Pending(Pending { after: LOOK_AGAIN, token: sid, message: message.to_owned() })
}

fn done(found: Results) -> Done<Results> {
    let (sid, count, truncated) = (found.sid.clone(), found.results.len(), found.truncated);
    let more = if truncated { "; there are more" } else { "" };
    Done::success(format!("Results of the search: {count}{more}."), found)
        .fact("sid", sid)
        .fact("count", count)
        .fact("truncated", truncated)
}
