//! Connectors: typed actions on one kind of system.
//!
//! ```
//! use std::time::Duration;
//!
//! use palisade_sdk::{
//!     Failure,
//!     connector::{Action, Call, Connector, Done, HttpAccess, Secret},
//! };
//! use schemars::JsonSchema;
//! use serde::{Deserialize, Serialize};
//!
//! palisade_sdk::connector!(connector);
//!
//! fn connector() -> Connector<Configuration> {
//!     Connector::new("example", "1.0.0")
//!         .about("Looks addresses up in Example")
//!         .publisher("Palisade")
//!         .vendor("Example")
//!         .product("Example Reputation")
//!         .http(
//!             HttpAccess::to_host("api.example.com")
//!                 .methods(["GET"])
//!                 .secret_in_header("api_key", "x-api-key")
//!                 .because("It answers the look-ups."),
//!         )
//!         .action(
//!             Action::investigate("ip reputation", ip_reputation)
//!                 .about("Asks what is known of an address.")
//!                 .time_limit(Duration::from_secs(20)),
//!         )
//! }
//!
//! #[derive(Deserialize, JsonSchema)]
//! struct Configuration {
//!     api_key: Secret,
//! }
//!
//! #[derive(Deserialize, JsonSchema)]
//! struct IpReputation {
//!     ip: std::net::IpAddr,
//! }
//!
//! #[derive(Deserialize, Serialize, JsonSchema)]
//! struct Reputation {
//!     score: u8,
//! }
//!
//! fn ip_reputation(call: &Call<Configuration>, asked: IpReputation) -> Result<Done<Reputation>, Failure> {
//!     let found: Reputation = call
//!         .http()
//!         .get("https://api.example.com/v1/ip")
//!         .segment(asked.ip.to_string())
//!         .header("x-api-key", &call.configuration.api_key)
//!         .send()?
//!         .ok()?
//!         .json()?;
//!     Ok(Done::success(format!("{} scores {}.", asked.ip, found.score), found))
//! }
//! ```

mod access;
mod action;
mod call;
mod file;
mod outcome;
mod secret;
mod state;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

pub use access::{HttpAccess, TcpAccess};
pub use action::Action;
pub use call::Call;
pub use file::File;
pub use outcome::{Answer, Done, Outcome, Pending, Verdict};
pub use secret::Secret;
pub use state::State;

use crate::{
    Failure,
    bindings::connector::{
        self as world,
        palisade::plugin::{connector_descriptor as descriptor, types::Identity},
    },
    schema,
};

/// What a connector is, can do, and must be able to reach. `C` is the asset's configuration.
pub struct Connector<C> {
    name: &'static str,
    version: &'static str,
    description: &'static str,
    publisher: &'static str,
    vendor: &'static str,
    product: &'static str,
    actions: Vec<Action<C>>,
    http: Vec<HttpAccess>,
    tcp: Vec<TcpAccess>,
    reveal: Vec<descriptor::Reveal>,
    files: Vec<descriptor::FileCapability>,
}

impl<C: DeserializeOwned + JsonSchema> Connector<C> {
    /// A connector without actions. The name has lower-case letters, digits and `-`; the version is semantic.
    pub fn new(name: &'static str, version: &'static str) -> Self {
        Self {
            name,
            version,
            description: "",
            publisher: "",
            vendor: "",
            product: "",
            actions: Vec::new(),
            http: Vec::new(),
            tcp: Vec::new(),
            reveal: Vec::new(),
            files: Vec::new(),
        }
    }

    /// One sentence on what it is for.
    #[must_use]
    pub fn about(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    /// Who publishes the connector.
    #[must_use]
    pub fn publisher(mut self, publisher: &'static str) -> Self {
        self.publisher = publisher;
        self
    }

    /// Maker of the system it talks to.
    #[must_use]
    pub fn vendor(mut self, vendor: &'static str) -> Self {
        self.vendor = vendor;
        self
    }

    /// The system it talks to.
    #[must_use]
    pub fn product(mut self, product: &'static str) -> Self {
        self.product = product;
        self
    }

    /// HTTP servers it must be able to call.
    #[must_use]
    pub fn http(mut self, access: HttpAccess) -> Self {
        self.http.push(access);
        self
    }

    /// TCP servers it must be able to open a stream to.
    #[must_use]
    pub fn tcp(mut self, access: TcpAccess) -> Self {
        self.tcp.push(access);
        self
    }

    /// A secret that the connector must hold itself, because the protocol leaves no other way; `reason` is one
    /// sentence for the operator.
    #[must_use]
    pub fn reveal(mut self, field: &str, reason: &str) -> Self {
        self.reveal.push(descriptor::Reveal { field: field.to_owned(), reason: reason.to_owned() });
        self
    }

    /// A file that it reads, named in this configuration field; `reason` is one sentence for the operator.
    #[must_use]
    pub fn reads_file(mut self, field: &str, reason: &str) -> Self {
        self.files.push(descriptor::FileCapability { field: field.to_owned(), reason: reason.to_owned() });
        self
    }

    /// One thing it can do.
    #[must_use]
    pub fn action(mut self, action: Action<C>) -> Self {
        self.actions.push(action);
        self
    }

    /// The description that the contract asks for.
    pub fn describe(self) -> world::Descriptor {
        world::Descriptor {
            identity: Identity {
                name: self.name.to_owned(),
                version: self.version.to_owned(),
                description: self.description.to_owned(),
                publisher: self.publisher.to_owned(),
            },
            vendor: self.vendor.to_owned(),
            product: self.product.to_owned(),
            configuration: schema::text_of::<C>(),
            actions: self.actions.iter().map(Action::describe).collect(),
            capabilities: descriptor::Capabilities {
                http: self.http.into_iter().map(HttpAccess::describe).collect(),
                tcp: self.tcp.into_iter().map(TcpAccess::describe).collect(),
                reveal: self.reveal,
                files: self.files,
            },
        }
    }

    /// Runs one action. No schema is built on this path.
    ///
    /// # Errors
    ///
    /// The action's own failure; [`Failure::InvalidParameters`] when there is no such action, or when its
    /// parameters or the configuration do not fit their types.
    pub fn invoke(self, invocation: &world::Invocation) -> Result<world::Outcome, Failure> {
        let (action, call) = self.begin(invocation)?;
        action.run(&call, &invocation.parameters)
    }

    /// Finds out whether a call took effect; an action without [`verified_by`](Action::verified_by) does not know.
    ///
    /// # Errors
    ///
    /// The same as for [`invoke`](Self::invoke).
    pub fn verify(self, invocation: &world::Invocation) -> Result<world::Verdict, Failure> {
        let (action, call) = self.begin(invocation)?;
        action.verify(&call, &invocation.parameters)
    }

    fn begin(&self, invocation: &world::Invocation) -> Result<(&Action<C>, Call<C>), Failure> {
        let action =
            self.actions.iter().find(|action| action.name == invocation.action).ok_or_else(|| {
                Failure::invalid(format!("{} has no action named `{}`", self.name, invocation.action))
            })?;
        let configuration = serde_json::from_str(&invocation.configuration)
            .map_err(|error| Failure::invalid(format!("the asset's configuration does not fit: {error}")))?;
        Ok((action, Call::new(configuration, invocation)))
    }
}
