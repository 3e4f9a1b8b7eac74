use std::{collections::BTreeMap, time::Duration};

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    Conversation, Exchange, Stream, TcpError,
    host::{self, World},
    stream::Dial,
};
use crate::{
    Failure, Report,
    bindings::connector::{Invocation, Outcome, Verdict, palisade::plugin::connector_descriptor::Effect},
    connector::{Connector, Pending},
    log::Level,
};

/// A connector, and a script of the systems it talks to.
///
/// Requests and streams come in the order of the script; each test is one call, in which nothing of another is left.
///
/// ```
/// # use palisade_sdk::{Failure, connector::{Action, Call, Connector, Done}};
/// use palisade_sdk::testing::{ConnectorTest, Exchange};
/// use serde_json::json;
/// # #[derive(serde::Deserialize, schemars::JsonSchema)]
/// # struct Configuration { url: String }
/// # #[derive(serde::Deserialize, schemars::JsonSchema)]
/// # struct Nothing {}
/// # fn count(call: &Call<Configuration>, _: Nothing) -> Result<Done<u64>, Failure> {
/// #     Ok(Done::success("Counted.", call.http().get(&call.configuration.url).send()?.ok()?.json()?))
/// # }
/// # fn connector() -> Connector<Configuration> {
/// #     Connector::new("example", "1.0.0").action(Action::investigate("count", count))
/// # }
///
/// let test = || ConnectorTest::new(connector).configuration(json!({ "url": "https://api.example.com" }));
/// let counted = test().http(Exchange::get("https://api.example.com").answer_json(200, json!(3)));
/// assert_eq!(counted.invoke("count", json!({})).report().data, 3);
/// let refused = test().http(Exchange::get("https://api.example.com").answer(403, "not yours"));
/// assert_eq!(refused.invoke("count", json!({})).failure(), Failure::Authentication("not yours".into()));
/// ```
#[must_use = "a test does nothing until an action is invoked"]
pub struct ConnectorTest<C> {
    build: fn() -> Connector<C>,
    configuration: Value,
    attempt: u32,
    resume: Option<String>,
    cancelled: bool,
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
    /// The asset's state afterwards.
    pub state: BTreeMap<String, Kept>,
}

/// A value of an asset's state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The value.
    pub value: String,
    /// How long it is kept, as the connector asked for.
    pub time_to_live_ms: u64,
    /// Whether the host scrubs it from what the connector logs and returns.
    pub confidential: bool,
}

/// What came of the question whether a call took effect.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Verified {
    /// The connector's word.
    pub verdict: Result<Verdict, Failure>,
    /// What it wrote to the log.
    pub log: Vec<(Level, String)>,
}

impl<C: DeserializeOwned + JsonSchema> ConnectorTest<C> {
    /// The idempotency key of every call.
    pub const IDEMPOTENCY_KEY: &str = "test-key";

    /// The time of every call, in milliseconds since 1970.
    pub const NOW_MS: u64 = host::START_MS;

    /// Nothing is scripted, and the configuration is an empty object.
    pub fn new(build: fn() -> Connector<C>) -> Self {
        Self {
            build,
            configuration: Value::Object(serde_json::Map::new()),
            attempt: 1,
            resume: None,
            cancelled: false,
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

    /// The run was cancelled while the job was pending.
    pub fn cancelled(mut self) -> Self {
        self.cancelled = true;
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

    /// Opens every stream like this instead of by a script, for tests against a system that really runs.
    pub fn tcp_by(mut self, dial: impl Fn(&str, u16) -> Result<Box<dyn Stream>, TcpError> + 'static) -> Self {
        self.world.dial = Some(Dial::new(dial));
        self
    }

    /// An earlier call has kept this value.
    pub fn state(mut self, key: &str, value: &str) -> Self {
        let kept = Kept { value: value.to_owned(), time_to_live_ms: u64::MAX, confidential: false };
        self.world.state.insert(key.to_owned(), kept);
        self
    }

    /// The asset names a file in this configuration field, and this is what is in it.
    pub fn file(mut self, field: &str, content: impl Into<Vec<u8>>) -> Self {
        self.world.files.insert(field.to_owned(), content.into());
        self
    }

    /// Runs one action.
    ///
    /// # Panics
    ///
    /// When the connector departs from the script, or when an action that only investigates sends a request that it
    /// did not declare as a read: the host would refuse it.
    pub fn invoke(self, action: &str, parameters: Value) -> Ended {
        let (outcome, World { log, state, .. }) = self.enter(action, parameters, false, Connector::invoke);
        Ended { outcome, log, state }
    }

    /// Asks whether a call of this action took effect.
    ///
    /// # Panics
    ///
    /// When the connector departs from the script, or sends a request that may change something.
    pub fn verify(self, action: &str, parameters: Value) -> Verified {
        let (verdict, World { log, .. }) = self.enter(action, parameters, true, Connector::verify);
        Verified { verdict, log }
    }

    fn enter<T>(
        mut self,
        action: &str,
        parameters: Value,
        only_reads: bool,
        enter: fn(Connector<C>, &Invocation) -> Result<T, Failure>,
    ) -> (Result<T, Failure>, World) {
        let descriptor = (self.build)().describe();
        self.world.declared_files =
            descriptor.capabilities.files.into_iter().map(|file| file.field).collect();
        let mut described = descriptor.actions.into_iter().find(|it| it.name == action);
        if let Some(action) = described.as_mut().filter(|_| only_reads) {
            action.effect = Effect::Investigate;
        }
        self.world.described = described;
        let invocation = Invocation {
            action: action.to_owned(),
            parameters: parameters.to_string(),
            configuration: self.configuration.to_string(),
            idempotency_key: Self::IDEMPOTENCY_KEY.to_owned(),
            attempt: self.attempt,
            resume: self.resume,
            cancelled: self.cancelled,
        };
        let (result, world) = host::within(self.world, || enter((self.build)(), &invocation));
        assert!(world.http.is_empty(), "requests that were never sent: {:#?}", world.http);
        assert!(world.tcp.is_empty(), "streams that were never opened: {:#?}", world.tcp);
        (result, world)
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

    /// When to come back for a job of the system that is not finished.
    ///
    /// # Panics
    ///
    /// When the action ran to its end, or failed.
    pub fn pending(self) -> Pending {
        match self.outcome {
            Ok(Outcome::Pending(pending)) => Pending {
                after: Duration::from_millis(pending.after_ms),
                token: pending.token,
                message: pending.message,
            },
            other => panic!("the action is not pending: {other:?}"),
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

impl Verified {
    /// The report of a call that happened.
    ///
    /// # Panics
    ///
    /// When the verdict is another one.
    pub fn report(self) -> Report {
        match self.verdict {
            Ok(Verdict::Happened(report)) => report.into(),
            other => panic!("the call did not happen, or nobody knows: {other:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Deserialize;
    use serde_json::json;

    use super::*;
    use crate::{
        connector::{Action, Call, Done, Verdict as Word},
        testing::Exchange,
    };

    const URL: &str = "https://api.example.com/notes";

    #[derive(Deserialize, JsonSchema)]
    struct Nothing {}

    #[derive(Deserialize, JsonSchema)]
    struct Note {
        text: String,
    }

    fn connector() -> Connector<Nothing> {
        let add = |call: &Call<Nothing>, note: Note| {
            call.http().post(URL).body("text/plain", note.text).send()?.ok()?;
            Ok(Done::success("Added.", 1_u64))
        };
        let look = |call: &Call<Nothing>, note: Note| {
            let found: Option<String> =
                call.http().get(URL).query("key", &call.idempotency_key).send()?.json()?;
            Ok(match found {
                Some(text) if text == note.text => Word::Happened(Done::success("Added.", 1_u64)),
                Some(text) => Word::Unknown(format!("there is `{text}`")),
                None => Word::DidNotHappen,
            })
        };
        let change = |call: &Call<Nothing>, _: Nothing| -> Result<Word<u64>, Failure> {
            call.http().post(URL).send()?;
            Ok(Word::DidNotHappen)
        };
        let nothing = |_: &Call<Nothing>, _: Nothing| Ok(Done::success("", 1_u64));
        Connector::new("test", "1.0.0")
            .action(Action::generic("add note", add).verified_by(look))
            .action(Action::generic("lie", nothing).verified_by(change))
            .action(Action::generic("forget", nothing))
    }

    fn found(text: Option<&str>) -> Verified {
        ConnectorTest::new(connector)
            .http(Exchange::get(&format!("{URL}?key=test-key")).answer_json(200, json!(text)))
            .verify("add note", json!({ "text": "x" }))
    }

    #[test]
    fn a_verdict_comes_as_the_handler_gave_it() {
        assert_eq!(found(Some("x")).report().data, json!(1));
        assert_eq!(found(None).verdict, Ok(Verdict::DidNotHappen));
        assert_eq!(found(Some("y")).verdict, Ok(Verdict::Unknown("there is `y`".into())));
        let described: Vec<_> = connector().describe().actions.iter().map(|action| action.verifies).collect();
        assert_eq!(described, [true, true, false]);
    }

    #[test]
    fn an_action_that_cannot_be_verified_does_not_know() {
        let verdict = ConnectorTest::new(connector).verify("forget", json!({})).verdict;
        assert_eq!(verdict, Ok(Verdict::Unknown("`forget` has no way to find out".into())));
    }

    fn keeper() -> Connector<Nothing> {
        let keep = |call: &Call<Nothing>, _: Nothing| {
            let before = call.state().get("cursor");
            call.state().put("cursor", "2", Duration::from_secs(60)).map_err(Failure::upstream)?;
            call.state()
                .put_confidential("token", "secret", Duration::from_secs(1))
                .map_err(Failure::upstream)?;
            call.state().remove("old");
            Ok(Done::success("Kept.", before))
        };
        Connector::new("test", "1.0.0").action(Action::investigate("keep", keep))
    }

    #[test]
    fn what_a_call_keeps_the_next_one_finds() {
        let ended =
            ConnectorTest::new(keeper).state("cursor", "1").state("old", "x").invoke("keep", json!({}));
        let kept = |value: &str, time_to_live_ms, confidential| Kept {
            value: value.to_owned(),
            time_to_live_ms,
            confidential,
        };
        let expected = [("cursor", kept("2", 60_000, false)), ("token", kept("secret", 1_000, true))];
        assert_eq!(ended.state, expected.map(|(key, kept)| (key.to_owned(), kept)).into());
        assert_eq!(ended.report().data, json!("1"));
    }

    fn reader() -> Connector<Nothing> {
        let read = |call: &Call<Nothing>, _: Nothing| {
            let file = call.file("list");
            Ok(Done::success("Read.", (file.size()?, file.read(1, 2)?, file.read(9, 1)?)))
        };
        let peek = |call: &Call<Nothing>, _: Nothing| Ok(Done::success("", call.file("other").size()?));
        Connector::new("test", "1.0.0")
            .reads_file("list", "It has what is looked up.")
            .action(Action::investigate("read", read))
            .action(Action::investigate("peek", peek))
    }

    #[test]
    fn a_file_is_read_in_pieces() {
        let report = ConnectorTest::new(reader).file("list", *b"abcd").invoke("read", json!({})).report();
        assert_eq!(report.data, json!([4, b"bc", b""]));
        let failure = ConnectorTest::new(reader).invoke("read", json!({})).failure();
        assert_eq!(failure, Failure::Denied("the asset's `list` names no file".into()));
    }

    #[test]
    #[should_panic(expected = "`other` is not among the files that the connector reads")]
    fn a_file_must_be_declared() {
        ConnectorTest::new(reader).file("other", *b"").invoke("peek", json!({}));
    }

    #[test]
    #[should_panic(expected = "may only read")]
    fn who_verifies_may_only_read() {
        ConnectorTest::new(connector).http(Exchange::post(URL)).verify("lie", json!({}));
    }
}
