use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Answer, Call, Verdict};
use crate::{
    Failure,
    bindings::connector::{
        Outcome as WireOutcome, Verdict as WireVerdict,
        palisade::plugin::connector_descriptor::{self as descriptor, Effect, Read, Retry},
    },
    schema,
};

/// What one call may take unless the action says otherwise.
const TIME_LIMIT_DEFAULT: Duration = Duration::from_secs(30);

/// One thing a connector can do.
///
/// A handler takes the [`Call`] and the action's parameters, and returns [`Done`](super::Done) or
/// [`Outcome`](super::Outcome). The schemas of parameters and output are those of the handler's types.
///
/// ```
/// use std::time::Duration;
///
/// use palisade_sdk::{Failure, connector::{Action, Call, Done}};
/// # #[derive(serde::Deserialize, schemars::JsonSchema)]
/// # struct Configuration { url: String }
/// # #[derive(serde::Deserialize, schemars::JsonSchema)]
/// # struct Address { ip: std::net::IpAddr }
/// # fn block_ip(_: &Call<Configuration>, _: Address) -> Result<Done<()>, Failure> { todo!() }
///
/// let action = Action::contain("block ip", block_ip)
///     .about("Puts an address on the block list.")
///     // Repeating it changes nothing, so the host may do so after a broken connection.
///     .repeatable()
///     .undone_by("unblock ip")
///     .time_limit(Duration::from_secs(60));
/// ```
pub struct Action<C> {
    pub(super) name: &'static str,
    description: &'static str,
    effect: Effect,
    retry: Retry,
    undo: Option<&'static str>,
    time_limit: Duration,
    reads: Vec<Read>,
    parameters: fn() -> String,
    output: fn() -> String,
    handler: Box<Handler<C, WireOutcome>>,
    verifier: Option<Box<Handler<C, WireVerdict>>>,
}

type Handler<C, W> = dyn Fn(&Call<C>, &str) -> Result<W, Failure>;

/// The parameters of an action that takes none.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NoParameters {}

impl<C> Action<C> {
    /// Reads, and changes nothing: the host lets it do nothing else. Repeating it is safe.
    pub fn investigate<P, A>(
        name: &'static str,
        handler: impl Fn(&Call<C>, P) -> Result<A, Failure> + 'static,
    ) -> Self
    where
        P: DeserializeOwned + JsonSchema,
        A: Answer,
    {
        Self::new(name, Effect::Investigate, Retry::Safe, handler)
    }

    /// Keeps something from happening. Repeating it is unsafe, unless the action says otherwise.
    pub fn contain<P, A>(
        name: &'static str,
        handler: impl Fn(&Call<C>, P) -> Result<A, Failure> + 'static,
    ) -> Self
    where
        P: DeserializeOwned + JsonSchema,
        A: Answer,
    {
        Self::new(name, Effect::Contain, Retry::Unsafe, handler)
    }

    /// Puts something right. Repeating it is unsafe, unless the action says otherwise.
    pub fn correct<P, A>(
        name: &'static str,
        handler: impl Fn(&Call<C>, P) -> Result<A, Failure> + 'static,
    ) -> Self
    where
        P: DeserializeOwned + JsonSchema,
        A: Answer,
    {
        Self::new(name, Effect::Correct, Retry::Unsafe, handler)
    }

    /// Changes something that is neither, such as a ticket. Repeating it is unsafe, unless the action says
    /// otherwise.
    pub fn generic<P, A>(
        name: &'static str,
        handler: impl Fn(&Call<C>, P) -> Result<A, Failure> + 'static,
    ) -> Self
    where
        P: DeserializeOwned + JsonSchema,
        A: Answer,
    {
        Self::new(name, Effect::Generic, Retry::Unsafe, handler)
    }

    /// The action `test connectivity`: checks that the asset works, and changes nothing. It has no parameters.
    pub fn test<A: Answer>(handler: impl Fn(&Call<C>) -> Result<A, Failure> + 'static) -> Self {
        Self::new("test connectivity", Effect::Test, Retry::Safe, move |call, _: NoParameters| handler(call))
            .about("Checks that the system can be reached with the asset's configuration.")
    }

    fn new<P, A>(
        name: &'static str,
        effect: Effect,
        retry: Retry,
        handler: impl Fn(&Call<C>, P) -> Result<A, Failure> + 'static,
    ) -> Self
    where
        P: DeserializeOwned + JsonSchema,
        A: Answer,
    {
        let handler = move |call: &Call<C>, parameters: &str| {
            handler(call, read(name, parameters)?)?.into_outcome().into_wire()
        };
        Self {
            name,
            description: "",
            effect,
            retry,
            undo: None,
            time_limit: TIME_LIMIT_DEFAULT,
            reads: Vec::new(),
            parameters: schema::text_of::<P>,
            output: schema::text_of::<A::Data>,
            handler: Box::new(handler),
            verifier: None,
        }
    }

    /// One sentence for a person.
    #[must_use]
    pub fn about(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    /// Repeating it changes nothing, so the host may repeat it when it is not known whether a call arrived.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.retry = Retry::Safe;
        self
    }

    /// Repeating it with the same [`Call::idempotency_key`] changes nothing; the handler sees to that.
    #[must_use]
    pub fn repeatable_by_key(mut self) -> Self {
        self.retry = Retry::Keyed;
        self
    }

    /// Finds out whether a call took effect whose end nobody heard, for an action that is unsafe to repeat. The host asks
    /// before it would ask a person.
    ///
    /// The handler takes the same parameters, and the [`Call`] that was sent with its [`Call::idempotency_key`]; it may only
    /// read. If the call happened, its report has the same data as the action's.
    ///
    /// ```
    /// use palisade_sdk::{Failure, connector::{Action, Call, Done, Verdict}};
    /// # #[derive(serde::Deserialize, schemars::JsonSchema)]
    /// # struct Configuration { url: String }
    /// # #[derive(serde::Deserialize, schemars::JsonSchema)]
    /// # struct Comment { text: String }
    ///
    /// fn add(call: &Call<Configuration>, comment: Comment) -> Result<Done<()>, Failure> {
    ///     let text = format!("{} ({})", comment.text, call.idempotency_key);
    ///     call.http().post(&call.configuration.url).path("comments").body("text/plain", text).send()?.ok()?;
    ///     Ok(Done::success("Added a comment.", ()))
    /// }
    ///
    /// fn verify(call: &Call<Configuration>, _: Comment) -> Result<Verdict<()>, Failure> {
    ///     let comments: Vec<String> =
    ///         call.http().get(&call.configuration.url).path("comments").send()?.ok()?.json()?;
    ///     let mark = format!("({})", call.idempotency_key);
    ///     Ok(match comments.iter().any(|comment| comment.ends_with(&mark)) {
    ///         true => Verdict::Happened(Done::success("Added a comment.", ())),
    ///         false => Verdict::DidNotHappen,
    ///     })
    /// }
    ///
    /// let action = Action::generic("add comment", add).verified_by(verify);
    /// ```
    #[must_use]
    pub fn verified_by<P, O>(
        mut self,
        handler: impl Fn(&Call<C>, P) -> Result<Verdict<O>, Failure> + 'static,
    ) -> Self
    where
        P: DeserializeOwned,
        O: Serialize,
    {
        let name = self.name;
        self.verifier = Some(Box::new(move |call: &Call<C>, parameters: &str| {
            handler(call, read(name, parameters)?)?.into_wire()
        }));
        self
    }

    /// The action that takes this one back, with the same parameters.
    #[must_use]
    pub fn undone_by(mut self, action: &'static str) -> Self {
        self.undo = Some(action);
        self
    }

    /// How long one call may take, waiting included; 30 s unless said otherwise.
    #[must_use]
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// A request that only reads although its method is unsafe: method in upper case, and the exact path without
    /// query, in which a segment `{field}` stands for what the asset has in that configuration field. An investigating action
    /// may send these and the safe methods, and nothing else.
    #[must_use]
    pub fn reads_by(mut self, method: &str, path: &str) -> Self {
        self.reads.push(Read { method: method.to_owned(), path: path.to_owned() });
        self
    }

    pub(super) fn describe(&self) -> descriptor::Action {
        descriptor::Action {
            name: self.name.to_owned(),
            description: self.description.to_owned(),
            parameters: (self.parameters)(),
            output: (self.output)(),
            effect: self.effect,
            retry: self.retry,
            verifies: self.verifier.is_some(),
            undo: self.undo.map(str::to_owned),
            time_limit_ms: u64::try_from(self.time_limit.as_millis()).unwrap_or(u64::MAX),
            reads: self.reads.clone(),
        }
    }

    pub(super) fn run(&self, call: &Call<C>, parameters: &str) -> Result<WireOutcome, Failure> {
        (self.handler)(call, parameters)
    }

    pub(super) fn verify(&self, call: &Call<C>, parameters: &str) -> Result<WireVerdict, Failure> {
        match &self.verifier {
            Some(verify) => verify(call, parameters),
            None => Ok(WireVerdict::Unknown(format!("`{}` has no way to find out", self.name))),
        }
    }
}

fn read<P: DeserializeOwned>(action: &str, parameters: &str) -> Result<P, Failure> {
    serde_json::from_str(parameters)
        .map_err(|error| Failure::invalid(format!("the parameters of `{action}` do not fit: {error}")))
}
