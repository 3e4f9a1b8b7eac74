//! A search job: begun, looked at, read.

use palisade_sdk::{Failure, UpstreamError};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::server::{Message, Server, words};

/// Where jobs are. To begin one changes nothing but the list of jobs.
pub(crate) const PATH: &str = "/services/search/v2/jobs";

/// Seconds after which Splunk stops a job that nobody asks for: the host may be gone, or the run cancelled, and an
/// action that only reads may send neither `DELETE` nor a `cancel`.
const AUTO_CANCEL_S: &str = "300";

/// Where a job stands.
pub(crate) enum Job {
    /// From 0 to 1.
    Running(f64),
    /// How many results it has.
    Done(u64),
    /// Splunk does not keep it any longer.
    Gone,
}

/// What a job is asked for.
pub(crate) struct Order<'a> {
    pub(crate) search: &'a str,
    pub(crate) earliest: Option<&'a str>,
    pub(crate) latest: Option<&'a str>,
    pub(crate) level: &'a str,
    pub(crate) results_max: u32,
}

/// Begins a job and returns its sid.
pub(crate) fn begin(server: &Server<'_>, order: &Order<'_>) -> Result<String, Failure> {
    #[derive(Deserialize)]
    struct Begun {
        sid: String,
    }

    let results_max = order.results_max.to_string();
    let mut form = vec![
        ("search", order.search),
        ("exec_mode", "normal"),
        ("adhoc_search_level", order.level),
        ("max_count", &results_max),
        ("auto_cancel", AUTO_CANCEL_S),
    ];
    form.extend(order.earliest.map(|time| ("earliest_time", time)));
    form.extend(order.latest.map(|time| ("latest_time", time)));
    let response = server.attempt(server.post(PATH).form(form))?;
    // Splunk has nothing against the request, but against the search.
    if response.status == 400 {
        let why = words(&response).unwrap_or_else(|| "Splunk gives no reason".to_owned());
        return Err(Failure::invalid(format!("Splunk cannot run this search: {why}")));
    }
    Ok(response.ok_or_words(words)?.json::<Begun>()?.sid)
}

/// Looks at a job.
pub(crate) fn look(server: &Server<'_>, sid: &str) -> Result<Job, Failure> {
    #[derive(Deserialize)]
    struct Feed {
        entry: Vec<Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        content: Content,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Content {
        is_done: bool,
        is_failed: bool,
        #[serde(default)]
        done_progress: f64,
        #[serde(default)]
        result_count: u64,
        #[serde(default)]
        messages: Vec<Message>,
    }

    let response = match server.send(server.get(PATH).segment(sid)) {
        Err(Failure::NotFound(_)) => return Ok(Job::Gone),
        response => response?,
    };
    let status = response.status;
    let Some(Entry { content }) = response.json::<Feed>()?.entry.into_iter().next() else {
        return Err(Failure::upstream("Splunk answered without the job that was asked for"));
    };
    if content.is_failed {
        let errors = content.messages.iter().filter(|it| matches!(it.kind.as_str(), "FATAL" | "ERROR"));
        let texts: Vec<_> = errors.map(|message| message.text.as_str()).collect();
        let message = format!("the search failed: {}", texts.join(" "));
        return Err(Failure::Upstream(UpstreamError { http_status: Some(status), message }));
    }
    Ok(if content.is_done { Job::Done(content.result_count) } else { Job::Running(content.done_progress) })
}

/// One page of the results of a job that is done.
pub(crate) fn page(
    server: &Server<'_>,
    sid: &str,
    fields: &[&str],
    offset: u32,
    count: u32,
) -> Result<Vec<Map<String, Value>>, Failure> {
    #[derive(Deserialize)]
    struct Page {
        results: Vec<Map<String, Value>>,
    }

    let mut request = server
        .get(PATH)
        .segment(sid)
        .path("/results")
        .query("count", count.to_string())
        .query("offset", offset.to_string());
    for field in fields {
        request = request.query("f", field);
    }
    Ok(server.send(request)?.json::<Page>()?.results)
}
