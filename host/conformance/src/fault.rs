//! What can go wrong with a system, how it looks on the wire, and what a connector must make of it.

use http::{
    HeaderValue, StatusCode,
    header::{CONTENT_TYPE, RETRY_AFTER},
};
use palisade_egress::{HttpError, TcpError};
use palisade_model::{
    SignedDuration, Timestamp,
    action::{Failure, Report, ReportStatus, Retry},
    limits::{HTTP_RESPONSE_BYTES, TCP_READ_BYTES},
    plugin::ActionSpec,
};

use crate::{
    cassette::FailureKind::{self, Authentication, Denied, NotFound, RateLimited, Unavailable, Upstream},
    limits::RETRY_AFTER_SECONDS,
};

/// What stands in everything that makes no sense.
pub(crate) const MARK: &str = "palisade-conformance-nonsense";

/// Something that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// This status, with a body that says so.
    Status(u16),
    /// 429 with `Retry-After` in seconds.
    LimitedSeconds,
    /// 429 with `Retry-After` as a date.
    LimitedDate,
    /// No answer in time.
    Timeout,
    /// The connection ends before the answer.
    Reset,
    /// There is no connection.
    Unreachable,
    /// 200, and bytes without a meaning.
    Garbage,
    /// 200, and the first half of the answer.
    Truncated,
    /// 200, and a page for a browser, as a proxy or a login gives it.
    Page,
    /// 200, and more than the host takes.
    Huge,
}

/// All of them: the name of the check, what it asks for, and what happens.
pub(crate) const FAULTS: [(&str, &str, Fault); 15] = [
    ("status 400", "A request that the system does not take is no success.", Fault::Status(400)),
    ("status 401", "Refused credentials are `authentication`.", Fault::Status(401)),
    ("status 403", "A refused permission is `authentication`.", Fault::Status(403)),
    ("status 404", "What is not there is `not-found`, or a report that says so.", Fault::Status(404)),
    (
        "status 429, seconds",
        "Too many calls are `rate-limited`, with the system's time to wait.",
        Fault::LimitedSeconds,
    ),
    ("status 429, date", "A time to wait that is a date is understood.", Fault::LimitedDate),
    ("status 500", "An error of the system is `upstream`.", Fault::Status(500)),
    ("status 503", "A system that is down is `upstream` or `unavailable`.", Fault::Status(503)),
    ("timeout", "A system that does not answer is `unavailable`.", Fault::Timeout),
    ("reset", "A connection that breaks is `unavailable`.", Fault::Reset),
    ("unreachable", "A system that cannot be reached is `unavailable`.", Fault::Unreachable),
    ("garbage", "An answer without a meaning is `upstream`.", Fault::Garbage),
    ("truncated", "Half an answer is `upstream`.", Fault::Truncated),
    ("page", "A page for a browser in place of the answer is `upstream`.", Fault::Page),
    ("huge", "An answer beyond the host's limit is `upstream`.", Fault::Huge),
];

const TEXT: HeaderValue = HeaderValue::from_static("text/plain");

const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>palisade-conformance-nonsense</body></html>\n";

impl Fault {
    /// What a request gets; `usual` is what it would have got, if that is known. None if the fault would not show there:
    /// an answer whose body nobody reads cannot be garbled.
    pub(crate) fn answer(
        self,
        usual: Option<&http::Response<bytes::Bytes>>,
    ) -> Option<Result<http::Response<bytes::Bytes>, HttpError>> {
        let kind = usual.and_then(|usual| usual.headers().get(CONTENT_TYPE)).cloned();
        let kind = kind.unwrap_or(HeaderValue::from_static("application/json"));
        let bodiless =
            usual.is_some_and(|usual| usual.body().is_empty() || usual.status() == StatusCode::NO_CONTENT);
        let ok = |kind: HeaderValue, body: Vec<u8>| Ok(response(StatusCode::OK, kind, body));
        Some(match self {
            Self::Status(status) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                Ok(response(status, TEXT, refusal(status)))
            }
            Self::LimitedSeconds | Self::LimitedDate => {
                let status = StatusCode::TOO_MANY_REQUESTS;
                let mut limited = response(status, TEXT, refusal(status));
                let after = match self {
                    Self::LimitedSeconds => RETRY_AFTER_SECONDS.to_string(),
                    _ => date(Timestamp::now() + SignedDuration::from_secs(RETRY_AFTER_SECONDS)),
                };
                if let Ok(after) = HeaderValue::from_str(&after) {
                    limited.headers_mut().insert(RETRY_AFTER, after);
                }
                Ok(limited)
            }
            Self::Timeout => Err(HttpError::Timeout("the fake does not answer".to_owned())),
            Self::Reset => {
                Err(HttpError::Unreachable("the fake ended the connection before its answer".to_owned()))
            }
            Self::Unreachable => Err(HttpError::Unreachable("no connection to the fake".to_owned())),
            Self::Garbage | Self::Truncated | Self::Page if bodiless => return None,
            Self::Garbage => ok(kind, garbage()),
            Self::Truncated => match usual.map(http::Response::body) {
                Some(body) if is_whole(body) => ok(kind, body[..body.len() / 2].to_vec()),
                // The half of a text is a text.
                Some(_) => return None,
                None => ok(kind, format!("{{\"{MARK}\": [{{\"id\": 1, \"na").into_bytes()),
            },
            Self::Page => ok(HeaderValue::from_static("text/html; charset=utf-8"), PAGE.into()),
            Self::Huge => ok(kind, vec![b' '; HTTP_RESPONSE_BYTES + 1]),
        })
    }

    /// What a read of a stream gets in place of `usual`, and whether the stream goes on; none where the fault is one of HTTP.
    pub(crate) fn bytes(self, usual: Option<&[u8]>) -> Option<(Result<Vec<u8>, TcpError>, bool)> {
        let broken = |what: &str| TcpError::Unreachable(format!("the connection to the fake {what}"));
        Some(match self {
            Self::Status(_) | Self::LimitedSeconds | Self::LimitedDate | Self::Page => return None,
            Self::Timeout => (Err(TcpError::Timeout("the fake sent nothing".to_owned())), false),
            Self::Reset | Self::Unreachable => (Err(broken("broke")), false),
            Self::Garbage => (Ok(garbage()), false),
            Self::Truncated => {
                let usual = usual?;
                (Ok(usual[..usual.len() / 2].to_vec()), false)
            }
            Self::Huge => (Ok(vec![b'0'; TCP_READ_BYTES]), true),
        })
    }

    /// The kinds of failure that are right.
    fn right(self, stream: bool) -> &'static [FailureKind] {
        match self {
            Self::Status(400) => &[FailureKind::InvalidParameters, Upstream, NotFound, Authentication],
            Self::Status(401) => &[Authentication],
            Self::Status(403) => &[Authentication, Denied],
            Self::Status(404) => &[NotFound, Upstream],
            Self::LimitedSeconds | Self::LimitedDate => &[RateLimited],
            Self::Status(503) => &[Upstream, Unavailable],
            Self::Status(_) => &[Upstream],
            Self::Timeout | Self::Reset | Self::Unreachable => &[Unavailable],
            // The end of a stream within an answer is a connection that broke; too much of it the host forbids.
            Self::Garbage | Self::Truncated if stream => &[Upstream, Unavailable],
            Self::Huge if stream => &[Upstream, Unavailable, Denied],
            Self::Garbage | Self::Truncated | Self::Page | Self::Huge => &[Upstream],
        }
    }

    /// What is wrong with how an action ended; nothing if nothing is.
    pub(crate) fn wrong(
        self,
        action: &ActionSpec,
        outcome: &Result<Report, Failure>,
        stream: bool,
    ) -> Option<String> {
        let right = self.right(stream);
        let wanted =
            || right.iter().map(|kind| format!("`{}`", kind.name())).collect::<Vec<_>>().join(" or ");
        match outcome {
            Err(Failure::RateLimited { retry_after_ms, .. }) if right == [RateLimited] => {
                let told = u64::try_from(RETRY_AFTER_SECONDS * 1_000).unwrap_or(0);
                let slack = if self == Self::LimitedDate { 10_000 } else { 0 };
                match retry_after_ms {
                    Some(ms) if (told - slack..=told).contains(ms) => None,
                    Some(ms) => Some(format!("it says to wait {ms} ms, and the system said {told} ms")),
                    None => Some("it drops the system's time to wait".to_owned()),
                }
            }
            Err(failure) if right.contains(&FailureKind::of(failure)) => None,
            Err(failure) => {
                let kind = FailureKind::of(failure).name();
                Some(format!("it fails as `{kind}` and not as {}: {failure}", wanted()))
            }
            Ok(report) if self.may_report(action, report) => None,
            Ok(report) => Some(format!("it does not fail as {}, it reports: {}", wanted(), report.message)),
        }
    }

    fn may_report(self, action: &ActionSpec, report: &Report) -> bool {
        match self {
            // Nothing was found; or what is to go is gone, and going again changes nothing.
            Self::Status(404) => {
                !action.effect.mutates()
                    || report.status == ReportStatus::Failed
                    || action.retry == Retry::Safe
            }
            Self::Status(400) => report.status == ReportStatus::Failed,
            // A connector that hands on what the system says has no opinion on it.
            Self::Garbage | Self::Truncated | Self::Page => report.data.to_string().contains(MARK),
            _ => false,
        }
    }
}

fn response(status: StatusCode, kind: HeaderValue, body: Vec<u8>) -> http::Response<bytes::Bytes> {
    let mut response = http::Response::new(body.into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}

fn refusal(status: StatusCode) -> Vec<u8> {
    format!("The fake answers {}.", status.as_u16()).into_bytes()
}

/// Bytes that are no text, no JSON, no XML, and no message of a binary protocol.
fn garbage() -> Vec<u8> {
    [&b"\xff\xfe\x00\x81"[..], MARK.as_bytes(), b"\x80\xff\r\n"].concat()
}

/// Whether a part of the body can be told from the whole.
fn is_whole(body: &[u8]) -> bool {
    matches!(body.trim_ascii_start().first(), Some(b'{' | b'[' | b'<')) || std::str::from_utf8(body).is_err()
}

/// The time as an HTTP date (RFC 9110, section 5.6.7).
fn date(time: Timestamp) -> String {
    time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
