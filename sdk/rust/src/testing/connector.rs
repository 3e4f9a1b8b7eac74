use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    Conversation, Exchange,
    host::{self, World},
};
use crate::{
    Failure, Report,
    bindings::connector::{Invocation, Outcome},
    connector::Connector,
    log::Level,
};

/// A connector, and a script of the systems it talks to.
#[must_use = "a test does nothing until an action is invoked"]
pub struct ConnectorTest<C> {
    build: fn() -> Connector<C>,
    configuration: Value,
    attempt: u32,
    resume: Option<String>,
    world: World,
}

/// How a call ended.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Ended {
    /// What the action returned.
    pub outcome: Result<Outcome, Failure>,
    /// What it wrote to the log.
    pub log: Vec<(Level, String)>,
}

impl<C: DeserializeOwned + JsonSchema> ConnectorTest<C> {
    /// The idempotency key of every call.
    pub const IDEMPOTENCY_KEY: &str = "test-key";

    /// Nothing is scripted, and the configuration is an empty object.
    pub fn new(build: fn() -> Connector<C>) -> Self {
        Self {
            build,
            configuration: Value::Object(serde_json::Map::new()),
            attempt: 1,
            resume: None,
            world: World::default(),
        }
    }

    /// The asset's configuration. Give a secret any text: it stands for the placeholder.
    pub fn configuration(mut self, configuration: Value) -> Self {
        self.configuration = configuration;
        self
    }

    /// Which attempt this is; the first unless told otherwise.
    pub fn attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// The call comes back for a pending job.
    pub fn resume(mut self, token: &str) -> Self {
        self.resume = Some(token.to_owned());
        self
    }

    /// The next request of the script.
    pub fn http(mut self, exchange: Exchange) -> Self {
        self.world.http.push_back(exchange);
        self
    }

    /// The next stream of the script.
    pub fn tcp(mut self, conversation: Conversation) -> Self {
        self.world.tcp.push_back(conversation);
        self
    }

    /// Runs one action.
    ///
    /// # Panics
    ///
    /// When the connector departs from the script, or when an action that only investigates sends a request that it
    /// did not declare as a read: the host would refuse it.
    pub fn invoke(mut self, action: &str, parameters: Value) -> Ended {
        let described = (self.build)().describe().actions.into_iter().find(|it| it.name == action);
        self.world.described = described;
        let invocation = Invocation {
            action: action.to_owned(),
            parameters: parameters.to_string(),
            configuration: self.configuration.to_string(),
            idempotency_key: Self::IDEMPOTENCY_KEY.to_owned(),
            attempt: self.attempt,
            resume: self.resume,
        };
        let (outcome, world) = host::within(self.world, || (self.build)().invoke(&invocation));
        assert!(world.http.is_empty(), "requests that were never sent: {:#?}", world.http);
        assert!(world.tcp.is_empty(), "streams that were never opened: {:#?}", world.tcp);
        Ended { outcome, log: world.log }
    }
}

impl Ended {
    /// The report of an action that ran to its end.
    ///
    /// # Panics
    ///
    /// When the action failed or is pending.
    pub fn report(self) -> Report {
        match self.outcome {
            Ok(Outcome::Done(report)) => report.into(),
            other => panic!("the action did not run to its end: {other:?}"),
        }
    }

    /// Why the action could not run to its end.
    ///
    /// # Panics
    ///
    /// When it did, or is pending.
    pub fn failure(self) -> Failure {
        self.outcome.expect_err("the action must fail")
    }
}
