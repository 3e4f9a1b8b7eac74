//! Requests that are answered to their end, also when nobody waits for the answer any more.

use axum::{extract::Request, http::Method, middleware::Next, response::Response};

use crate::problem::Problem;

/// Lets whatever may change something come to its end. hyper drops a handler whose client goes away; what it had handed
/// to the store would be done, and what belongs to it, in memory and behind it, would not. What only reads may be dropped.
pub(crate) async fn to_the_end(request: Request, next: Next) -> Result<Response, Problem> {
    if matches!(*request.method(), Method::GET | Method::HEAD) {
        return Ok(next.run(request).await);
    }
    tokio::spawn(next.run(request)).await.map_err(|error| {
        tracing::error!(%error, "A request was not answered.");
        Problem::unavailable("answering the request failed: see the log of the host")
    })
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{
            Arc,
            atomic::{AtomicUsize, Ordering},
        },
        time::Duration,
    };

    use axum::{Router, body::Body, http::StatusCode, middleware, routing::any};
    use tokio::sync::Semaphore;
    use tower_service::Service;

    use super::*;

    fn request(method: Method, path: &str) -> Request {
        Request::builder().method(method).uri(path).body(Body::empty()).unwrap()
    }

    #[tokio::test]
    async fn a_change_comes_to_its_end_without_its_client() {
        let (go, ended) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
        let handler = {
            let (go, ended) = (Arc::clone(&go), Arc::clone(&ended));
            async move || {
                go.acquire().await.unwrap().forget();
                ended.fetch_add(1, Ordering::SeqCst);
            }
        };
        let mut routes = Router::new().route("/", any(handler)).layer(middleware::from_fn(to_the_end));
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let answer = routes.call(request(method, "/"));
            let gone = tokio::time::timeout(Duration::from_millis(10), answer).await;
            assert!(gone.is_err());
        }
        go.add_permits(3);
        tokio::time::timeout(Duration::from_secs(10), async {
            while ended.load(Ordering::SeqCst) < 2 {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap();
        assert_eq!(go.available_permits(), 1, "what only reads was dropped");
    }

    #[tokio::test]
    async fn a_handler_that_panics_is_answered_for() {
        async fn handler() {
            panic!("as a test wants");
        }
        let mut routes = Router::<()>::new().route("/", any(handler)).layer(middleware::from_fn(to_the_end));
        let answer = routes.call(request(Method::POST, "/")).await.unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
}
