//! Answers that are too long for memory: lines of JSON, a page at a time.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    BoxError,
    body::Body,
    http::header,
    response::{IntoResponse, Response},
};
use hyper::body::{Bytes, Frame};

/// An answer of the pages that this reads, until there is none. A page is read when the client has taken the one before.
/// The answer has begun when one cannot be read, so a broken connection is all that the client sees of that: `next` is to
/// say it in the log.
pub(super) fn answer(
    next: impl FnMut() -> Result<Option<Bytes>, BoxError> + Send + Unpin + 'static,
) -> Response {
    ([(header::CONTENT_TYPE, "application/x-ndjson")], Body::new(Pages(next))).into_response()
}

struct Pages<F>(F);

impl<F> hyper::body::Body for Pages<F>
where
    F: FnMut() -> Result<Option<Bytes>, BoxError> + Unpin,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let page = (self.0)();
        Poll::Ready(page.map(|lines| lines.map(Frame::data)).transpose())
    }
}
