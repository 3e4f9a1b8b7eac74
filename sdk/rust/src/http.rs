//! HTTP as the host does it: one whole request, one whole response, under the operator's policy.
//!
//! The host resolves and checks the address, verifies TLS, follows redirects of safe methods within the policy, bounds size and
//! time, and puts secrets in place of their placeholders.
//!
//! ```
//! use palisade_sdk::{Failure, connector::Call};
//! # #[derive(serde::Deserialize, schemars::JsonSchema)]
//! # struct Configuration { url: String, token: palisade_sdk::connector::Secret }
//! # #[derive(serde::Deserialize)]
//! # struct Problem { title: String }
//!
//! fn close_case(call: &Call<Configuration>, case: &str) -> Result<u64, Failure> {
//!     call.http()
//!         .post(&call.configuration.url)
//!         .path("cases")
//!         .segment(case)
//!         .query("notify", "no")
//!         .bearer(&call.configuration.token)
//!         .json(&serde_json::json!({ "state": "closed" }))
//!         .send()?
//!         // A status that is no success becomes the failure it stands for, in the system's own words.
//!         .ok_or_words(|answer| Some(answer.json::<Problem>().ok()?.title))?
//!         .json()
//! }
//! ```

mod request;
mod response;
mod retry_after;

pub use request::{Client, Request};
pub use response::Response;
