//! The asset's own count of its requests, so that none is sent that would only be refused.
//!
//! It is an aid and no lock: calls that count at the very same moment, and whoever else uses the key, may still get the
//! vendor's refusal, which is waited for as well.

use std::time::Duration;

use palisade_sdk::{Failure, RateLimit, clock, connector::Call, log};

use crate::Configuration;

/// Under this key the asset's state has when requests were sent: milliseconds since 1970, as a list in JSON.
const SENT_KEY: &str = "sent";
/// The minute that the quota is for, and a second more, as a request takes a while to arrive there.
const WINDOW: Duration = Duration::from_secs(61);

/// Takes one request out of the minute's quota.
///
/// # Errors
///
/// `RateLimited` if it is used up; says when there will be one again.
pub(crate) fn take(call: &Call<Configuration>) -> Result<(), Failure> {
    let limit = call.configuration.requests_per_minute;
    let Ok(limit @ 1..) = usize::try_from(limit) else { return Ok(()) };
    let (now, window) = (clock::now_ms(), WINDOW.as_millis() as u64);
    let mut sent: Vec<u64> =
        call.state().get(SENT_KEY).and_then(|sent| serde_json::from_str(&sent).ok()).unwrap_or_default();
    // A clock that was set back would make the future a minute that does not pass.
    sent.retain(|then| *then <= now && now - *then < window);
    if let Some(before_the_last) = sent.len().checked_sub(limit) {
        return Err(Failure::RateLimited(RateLimit {
            retry_after_ms: Some(sent[before_the_last] + window - now),
            message: format!(
                "the asset has sent its {limit} requests of this minute (`requests_per_minute`)"
            ),
        }));
    }
    sent.push(now);
    if let Err(why) = call.state().put(SENT_KEY, &serde_json::json!(sent).to_string(), WINDOW) {
        log::warn(format!("requests are not counted: {why}"));
    }
    Ok(())
}
