//! Listening, connections and routes.

use std::{convert::Infallible, io, net::SocketAddr, path::PathBuf, sync::Arc};

use axum::{Router, extract::Request};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use palisade_model::Timestamp;
use palisade_runs::Runs;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tower_service::Service;

use crate::{
    api, ingest,
    limits::{BATCHES, CONNECTIONS, HEADER_TIME, IMPORTS, INGESTS, STOP_TIME},
    problem::Problem,
    tokens::{NewTokens, TokenError, Tokens},
};

/// Where to listen, and where the data are.
pub struct ServerOptions {
    /// Address and port; port 0 for any.
    pub listen: SocketAddr,
    /// The data directory: tokens are written there at the first start.
    pub data: PathBuf,
}

/// A server that listens and does not answer yet.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    routes: Router,
    runs: Arc<Runs>,
    new_tokens: Option<NewTokens>,
}

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be had.
    #[error("cannot listen on {address}: choose another with `--listen`")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// The tokens are not there.
    #[error("the tokens of this installation cannot be used")]
    Tokens(#[from] TokenError),
}

/// What every handler sees.
pub(crate) struct Edge {
    pub(crate) runs: Arc<Runs>,
    pub(crate) tokens: Tokens,
    pub(crate) ingests: Semaphore,
    pub(crate) batches: Semaphore,
    pub(crate) imports: Semaphore,
    pub(crate) started: Timestamp,
}

/// The edge, shared.
pub(crate) type State = axum::extract::State<Arc<Edge>>;

impl Server {
    /// Takes the address and reads the tokens, or makes them.
    ///
    /// # Errors
    ///
    /// See [`ServeError`].
    pub async fn bind(options: ServerOptions, runs: Arc<Runs>) -> Result<Self, ServeError> {
        let listen = |source| ServeError::Listen { address: options.listen, source };
        let (tokens, new_tokens) = Tokens::open(runs.store(), &options.data).await?;
        let listener = TcpListener::bind(options.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let edge = Arc::new(Edge {
            runs: Arc::clone(&runs),
            tokens,
            ingests: Semaphore::new(INGESTS),
            batches: Semaphore::new(BATCHES),
            imports: Semaphore::new(IMPORTS),
            started: Timestamp::now(),
        });
        let routes = Router::new()
            .merge(ingest::routes())
            .nest("/api/v1", api::routes(&edge))
            .fallback(async |request: Request| {
                Problem::not_found(format!("there is nothing at {}", request.uri().path()))
            })
            .method_not_allowed_fallback(async |request: Request| {
                Problem::method(format!("{} does nothing at {}", request.method(), request.uri().path()))
            })
            .with_state(edge);
        Ok(Self { listener, address, routes, runs, new_tokens })
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the tokens are, if this is the first start.
    pub fn new_tokens(&self) -> Option<&NewTokens> {
        self.new_tokens.as_ref()
    }

    /// Answers until `stop` resolves, then lets the requests and the runs at work come to their end.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let connections = Arc::new(Semaphore::new(CONNECTIONS));
        let graceful = GracefulShutdown::new();
        tokio::pin!(stop);
        loop {
            let permit = tokio::select! {
                () = &mut stop => break,
                permit = Arc::clone(&connections).acquire_owned() => permit,
            };
            let stream = tokio::select! {
                () = &mut stop => break,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    // Out of file descriptors, or a client that left at once: neither ends the server.
                    Err(error) => {
                        tracing::warn!(%error, "A connection could not be accepted.");
                        tokio::task::yield_now().await;
                        continue;
                    }
                },
            };
            let connection = graceful.watch(connection(stream, self.routes.clone()));
            tokio::spawn(async move {
                // A client that breaks its own connection is its own affair.
                connection.await.ok();
                drop(permit);
            });
        }
        drop(self.listener);
        if tokio::time::timeout(STOP_TIME, graceful.shutdown()).await.is_err() {
            tracing::warn!("Requests were still at work when the host stopped.");
        }
        self.runs.stop().await;
    }
}

/// One connection with its limits.
fn connection(
    stream: TcpStream,
    routes: Router,
) -> http1::Connection<
    TokioIo<TcpStream>,
    impl hyper::service::Service<
        hyper::Request<Incoming>,
        Response = axum::response::Response,
        Error = Infallible,
        Future: Send,
    >,
> {
    // Small answers must not wait for the acknowledgement of earlier ones; a socket that cannot do it still works.
    stream.set_nodelay(true).ok();
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        routes.clone().call(request.map(axum::body::Body::new))
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .serve_connection(TokioIo::new(stream), service)
}
