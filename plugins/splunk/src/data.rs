//! `post data`: one event to an index, through `receivers/simple`. It is made for single events, and the management
//! port takes it with the same account; the HTTP Event Collector needs a port and a token of its own.

use palisade_sdk::{
    Failure,
    connector::{Call, Done},
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{Configuration, server::Server};

#[derive(Deserialize, JsonSchema)]
pub(crate) struct PostData {
    /// The event, as text. Splunk may split lines into events of their own, as the source type says.
    #[schemars(length(min = 1, max = 1_000_000))]
    data: String,
    /// Host that the event is about.
    host: Option<String>,
    /// Index to keep it in; Splunk's default without it.
    index: Option<String>,
    /// Where it comes from.
    #[serde(default = "source_default")]
    source: String,
    /// Its format.
    #[serde(default = "source_type_default")]
    source_type: String,
}

fn source_default() -> String {
    "Palisade".to_owned()
}

fn source_type_default() -> String {
    "Automation/Orchestration Platform".to_owned()
}

pub(crate) fn post(call: &Call<Configuration>, asked: PostData) -> Result<Done<()>, Failure> {
    let server = Server::new(call)?;
    let mut request = server
        .post("/services/receivers/simple")
        .query("source", &asked.source)
        .query("sourcetype", &asked.source_type);
    for (name, value) in [("host", &asked.host), ("index", &asked.index)] {
        if let Some(value) = value {
            request = request.query(name, value);
        }
    }
    server.send(request.body("text/plain", asked.data))?;
    let index = asked.index.as_deref().unwrap_or("the default index");
    Ok(Done::success(format!("Splunk took the event for {index}."), ()))
}
