//! HTTP as the host does it: one whole request, one whole response, under the operator's policy.

mod request;
mod response;
mod retry_after;

pub use request::{Client, Request};
pub use response::Response;
