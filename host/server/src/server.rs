//! Listening, connections and routes.

use std::{convert::Infallible, io, net::SocketAddr, path::PathBuf, sync::Arc};

use axum::{Router, extract::Request};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use palisade_model::{
    Timestamp,
    audit::{HOST, Record, What},
    plugin::Digest,
};
use palisade_runs::Runs;
use palisade_store::{Durability, StoreError};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tower_service::Service;

use crate::{
    api,
    caller::Caller,
    head::HeadFile,
    ingest,
    limits::{BATCHES, CONNECTIONS, HEAD_EVERY, HEADER_TIME, IMPORTS, INGESTS, STOP_TIME, VERIFICATIONS},
    logins::Logins,
    problem::Problem,
    tokens::{NewTokens, TokenError, Tokens, hash},
    users::Users,
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
    edge: Arc<Edge>,
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
    /// The users, or the audit log.
    #[error("the users cannot be read, or the start cannot be put on the record")]
    Store(#[from] StoreError),
}

/// What every handler sees.
pub(crate) struct Edge {
    pub(crate) runs: Arc<Runs>,
    pub(crate) users: Users,
    pub(crate) head: HeadFile,
    pub(crate) ingests: Semaphore,
    pub(crate) batches: Semaphore,
    pub(crate) imports: Semaphore,
    pub(crate) verifications: Semaphore,
    pub(crate) started: Timestamp,
    tokens: Tokens,
    logins: Logins,
}

impl Edge {
    /// Who holds this token; none if it is nobody's who may use the API.
    pub(crate) fn caller(&self, token: Option<&str>) -> Option<Caller> {
        let token = token.map(hash);
        let caller = token.as_ref().and_then(|token| match self.users.with(token) {
            Some(user) => Some(user.into()),
            None => self.tokens.is_admin(token).then(Caller::admin),
        });
        self.note(token.as_ref(), caller.as_ref().map(Caller::name));
        caller
    }

    /// Whether this token is one for sources of alerts.
    pub(crate) fn may_ingest(&self, token: Option<&str>) -> bool {
        let token = token.map(hash);
        let source = token.as_ref().and_then(|token| self.tokens.source(token));
        self.note(token.as_ref(), source);
        source.is_some()
    }

    /// Puts it on the record that somebody came with a token, or with none that is anybody's.
    fn note(&self, token: Option<&Digest>, who: Option<&str>) {
        match (token, who) {
            (Some(token), Some(who)) => self.logins.came(self.runs.store(), who, token),
            _ => self.logins.refused(self.runs.store()),
        }
    }

    /// Puts on the record what the host itself does.
    async fn record(&self, what: What) -> Result<(), StoreError> {
        let record = Record::new(Timestamp::now(), HOST, what);
        self.runs.store().record(record, Durability::Durable).await?;
        Ok(())
    }

    /// Keeps the head of the audit log. What is wrong with it is logged, and `palisade audit verify` says it too.
    pub(crate) fn keep_head(&self) {
        if let Err(error) = self.head.renew(self.runs.store()) {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "The head of the audit log is not kept."
            );
        }
    }
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
        let users = Users::open(runs.store())?;
        let listener = TcpListener::bind(options.listen).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let edge = Arc::new(Edge {
            runs,
            users,
            head: HeadFile::new(&options.data),
            ingests: Semaphore::new(INGESTS),
            batches: Semaphore::new(BATCHES),
            imports: Semaphore::new(IMPORTS),
            verifications: Semaphore::new(VERIFICATIONS),
            started: Timestamp::now(),
            tokens,
            logins: Logins::default(),
        });
        edge.record(What::HostStarted { version: env!("CARGO_PKG_VERSION").into() }).await?;
        edge.keep_head();
        let routes = Router::new()
            .merge(ingest::routes())
            .nest("/api/v1", api::routes(&edge))
            .fallback(async |request: Request| {
                Problem::not_found(format!("there is nothing at {}", request.uri().path()))
            })
            .method_not_allowed_fallback(async |request: Request| {
                Problem::method(format!("{} does nothing at {}", request.method(), request.uri().path()))
            })
            .with_state(Arc::clone(&edge));
        Ok(Self { listener, address, routes, edge, new_tokens })
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
        let keeper = tokio::spawn(keep_record(Arc::clone(&self.edge)));
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
        self.edge.runs.stop().await;
        keeper.abort();
        self.edge.logins.tell_all(self.edge.runs.store());
        if let Err(error) = self.edge.record(What::HostStopped).await {
            tracing::error!(error = &error as &dyn std::error::Error, "The stop is not on the record.");
        }
        self.edge.keep_head();
    }
}

/// Keeps what of the record is not written at once: refused tokens, and how far the audit log goes.
async fn keep_record(edge: Arc<Edge>) {
    let mut ticks = tokio::time::interval(HEAD_EVERY);
    loop {
        ticks.tick().await;
        let edge = Arc::clone(&edge);
        // It waits for the disk.
        let kept = tokio::task::spawn_blocking(move || {
            edge.logins.tell(edge.runs.store());
            edge.keep_head();
        });
        kept.await.ok();
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
