use crate::bindings::connector::palisade::plugin::connector_descriptor::{
    HostPattern, HttpCapability, SecretPlace, SecretUse, TcpCapability,
};

/// HTTP servers that a connector must be able to call, how, and with which secrets.
///
/// ```
/// use palisade_sdk::connector::HttpAccess;
///
/// let api = HttpAccess::to_configured("url")
///     .methods(["GET", "POST"])
///     .secret_in_authorization("password")
///     .because("The API has the cases.");
/// let downloads = HttpAccess::to_host("*.cdn.example.com").methods(["GET"]).because("Reports are kept there.");
/// ```
pub struct HttpAccess {
    capability: HttpCapability,
}

impl HttpAccess {
    /// One host name, or `*.example.com` for the names below it.
    pub fn to_host(name: &str) -> Self {
        Self::to(HostPattern::Named(name.to_owned()))
    }

    /// The server of the URL in this configuration field, or of each URL if it is a list; a host there may be
    /// `*.example.com`, every server below that name.
    pub fn to_configured(field: &str) -> Self {
        Self::to(HostPattern::Configured(field.to_owned()))
    }

    /// Any public host; may carry no secrets.
    pub fn to_anywhere() -> Self {
        Self::to(HostPattern::Anywhere)
    }

    fn to(host: HostPattern) -> Self {
        let capability =
            HttpCapability { host, methods: Vec::new(), secrets: Vec::new(), reason: String::new() };
        Self { capability }
    }

    /// HTTP methods, upper case.
    #[must_use]
    pub fn methods<const N: usize>(mut self, methods: [&str; N]) -> Self {
        self.capability.methods = methods.map(str::to_owned).into();
        self
    }

    /// This configuration field may stand anywhere in the header of this name.
    #[must_use]
    pub fn secret_in_header(self, field: &str, name: &str) -> Self {
        self.secret(field, SecretPlace::Header(name.to_owned()))
    }

    /// This configuration field may be the value of this query parameter.
    #[must_use]
    pub fn secret_in_query(self, field: &str, name: &str) -> Self {
        self.secret(field, SecretPlace::Query(name.to_owned()))
    }

    /// This configuration field may be the password of Basic authentication, or the token of Bearer.
    #[must_use]
    pub fn secret_in_authorization(self, field: &str) -> Self {
        self.secret(field, SecretPlace::Authorization)
    }

    /// This configuration field may stand in the body; the host encodes it for the body's content type.
    #[must_use]
    pub fn secret_in_body(self, field: &str) -> Self {
        self.secret(field, SecretPlace::Body)
    }

    fn secret(mut self, field: &str, place: SecretPlace) -> Self {
        self.capability.secrets.push(SecretUse { field: field.to_owned(), place });
        self
    }

    /// Why, in one sentence for the operator.
    #[must_use]
    pub fn because(mut self, reason: &str) -> Self {
        reason.clone_into(&mut self.capability.reason);
        self
    }

    pub(super) fn describe(self) -> HttpCapability {
        self.capability
    }
}

/// TCP servers that a connector must be able to open a stream to.
///
/// ```
/// use palisade_sdk::connector::TcpAccess;
///
/// let whois = TcpAccess::to_host("whois.example.net", [43]).because("WHOIS is no HTTP.");
/// let directory = TcpAccess::to_configured("server", [389, 636]).because("The directory answers the look-ups.");
/// ```
pub struct TcpAccess {
    capability: TcpCapability,
}

impl TcpAccess {
    /// One host name, or `*.example.com` for the names below it.
    pub fn to_host<const N: usize>(name: &str, ports: [u16; N]) -> Self {
        Self::to(HostPattern::Named(name.to_owned()), ports)
    }

    /// The value of this configuration field, `host` or `host:port`.
    pub fn to_configured<const N: usize>(field: &str, ports: [u16; N]) -> Self {
        Self::to(HostPattern::Configured(field.to_owned()), ports)
    }

    /// Any public host.
    pub fn to_anywhere<const N: usize>(ports: [u16; N]) -> Self {
        Self::to(HostPattern::Anywhere, ports)
    }

    fn to<const N: usize>(host: HostPattern, ports: [u16; N]) -> Self {
        Self { capability: TcpCapability { host, ports: ports.into(), reason: String::new() } }
    }

    /// Why, in one sentence for the operator.
    #[must_use]
    pub fn because(mut self, reason: &str) -> Self {
        reason.clone_into(&mut self.capability.reason);
        self
    }

    pub(super) fn describe(self) -> TcpCapability {
        self.capability
    }
}
