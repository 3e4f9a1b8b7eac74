//! Unit tests without a host: the other side of every import is a script.
//!
//! A [`ConnectorTest`] plays the systems that a connector talks to, a [`PlaybookTest`] the alert, the actions, the people and
//! the other playbooks. What a plugin does beyond its script, or leaves out of it, fails the test. One thread runs one test
//! at a time.
//!
//! ```
//! use palisade_sdk::{
//!     Failure,
//!     connector::{Action, Call, Connector, Done},
//!     testing::{ConnectorTest, Exchange},
//! };
//! use schemars::JsonSchema;
//! use serde::Deserialize;
//! use serde_json::json;
//!
//! #[derive(Deserialize, JsonSchema)]
//! struct Configuration {
//!     url: String,
//! }
//!
//! #[derive(Deserialize, JsonSchema)]
//! struct CountHosts {
//!     domain: String,
//! }
//!
//! fn connector() -> Connector<Configuration> {
//!     Connector::new("example", "1.0.0").action(Action::investigate("count hosts", count_hosts))
//! }
//!
//! fn count_hosts(call: &Call<Configuration>, asked: CountHosts) -> Result<Done<u64>, Failure> {
//!     let url = &call.configuration.url;
//!     let count = call.http().get(url).path("count").query("domain", &asked.domain).send()?.ok()?.json()?;
//!     Ok(Done::success(format!("{} has {count} hosts.", asked.domain), count))
//! }
//!
//! let test = ConnectorTest::new(connector)
//!     .configuration(json!({ "url": "https://api.example.com" }))
//!     .http(Exchange::get("https://api.example.com/count?domain=example.org").answer_json(200, json!(3)));
//! let report = test.invoke("count hosts", json!({ "domain": "example.org" })).report();
//! assert_eq!(report.message, "example.org has 3 hosts.");
//! ```

#![allow(clippy::needless_pass_by_value, reason = "a script reads best with `json!` in place")]

mod connector;
mod exchange;
pub(crate) mod host;
mod playbook;
mod stream;

pub use connector::{ConnectorTest, Ended, Kept, Verified};
pub use exchange::{Conversation, Exchange};
pub use playbook::{Change, PlaybookTest, Played};
pub use stream::Stream;

pub use crate::{
    bindings::{
        connector::{
            Verdict,
            palisade::plugin::{http::Error as HttpError, tcp::Error as TcpError},
        },
        playbook::palisade::plugin::prompts::{Answer as Answers, Prompt as AskedPrompt},
    },
    log::Level,
};
