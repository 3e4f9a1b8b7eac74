//! Where a connector may go: its declared capabilities, read against one asset's configuration.

use std::fmt;

use palisade_model::plugin::{Capabilities, HostPattern, SecretPlace};
use serde_json::{Map, Value};

use crate::{
    gate::GateError,
    limits::DENIAL_ITEMS,
    secrets::Secrets,
    servers::Servers,
    url::{self, Origin, Scheme},
};

/// The port of `https`, the only way to servers that the operator did not configure.
const HTTPS_PORT: u16 = 443;

/// What one connector may reach for one asset.
pub(crate) struct Policy {
    http: Vec<HttpRule>,
    tcp: Vec<TcpRule>,
}

/// One HTTP capability.
pub(crate) struct HttpRule {
    hosts: Hosts,
    methods: Vec<String>,
    /// Indices of secrets, and where each may stand.
    secrets: Vec<(usize, SecretPlace)>,
}

struct TcpRule {
    hosts: Hosts,
    ports: Vec<u16>,
}

enum Hosts {
    Named(String),
    /// What a name must end with, the dot included; the name without it is not meant.
    Below(String),
    /// The servers of the URLs in the configuration.
    Origins {
        field: String,
        servers: Vec<Servers>,
    },
    /// The host in the configuration.
    Host {
        field: String,
        host: String,
    },
    /// The configuration has no value for the field: no host.
    NotSet {
        field: String,
    },
    Anywhere,
}

/// The capabilities that allow one request. Its secrets may stand only where one of these says.
#[derive(Clone)]
pub(crate) struct Grant<'a>(Vec<&'a HttpRule>);

impl Policy {
    pub(crate) fn new(
        capabilities: &Capabilities,
        configuration: &Map<String, Value>,
        secrets: &Secrets,
    ) -> Result<Self, GateError> {
        let http = capabilities
            .http
            .iter()
            .map(|capability| {
                let hosts = match &capability.host {
                    HostPattern::Named(name) => Hosts::named(name)?,
                    HostPattern::Configured(field) => configured_origins(field, configuration)?,
                    HostPattern::Anywhere => Hosts::Anywhere,
                };
                let secrets: Vec<_> = capability
                    .secrets
                    .iter()
                    // A secret that the operator left out has no placeholder, so there is nothing to allow.
                    .filter_map(|r#use| Some((secrets.index(&r#use.field)?, lower_case(r#use.place.clone()))))
                    .collect();
                if matches!(hosts, Hosts::Anywhere) && !secrets.is_empty() {
                    return Err(GateError::SecretAnywhere);
                }
                Ok(HttpRule { hosts, methods: capability.methods.clone(), secrets })
            })
            .collect::<Result<_, _>>()?;
        let tcp = capabilities
            .tcp
            .iter()
            .map(|capability| {
                let (hosts, port) = match &capability.host {
                    HostPattern::Named(name) => (Hosts::named(name)?, None),
                    HostPattern::Configured(field) => configured_host(field, configuration)?,
                    HostPattern::Anywhere => (Hosts::Anywhere, None),
                };
                // A port that the operator wrote is the operator's decision.
                let ports = port.map_or_else(|| capability.ports.clone(), |port| vec![port]);
                Ok(TcpRule { hosts, ports })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { http, tcp })
    }

    /// The capabilities under which this method may be sent to this server; otherwise the reason for a person.
    pub(crate) fn http(&self, method: &str, origin: &Origin) -> Result<Grant<'_>, String> {
        let mut grant = Vec::new();
        let mut methods = Vec::new();
        for rule in self.http.iter().filter(|rule| rule.hosts.contain_origin(origin)) {
            if rule.methods.iter().any(|declared| declared == method) {
                grant.push(rule);
            } else {
                methods.extend(rule.methods.iter().map(String::as_str));
            }
        }
        if !grant.is_empty() {
            return Ok(Grant(grant));
        }
        if !methods.is_empty() {
            let declared = methods.join(", ");
            return Err(format!(
                "{method} to {origin} is not among the connector's capabilities: for this server it declared only \
                 {declared}; its author has to declare {method} as well"
            ));
        }
        let declared =
            list(self.http.iter().map(|rule| format!("{} to {}", rule.methods.join(", "), rule.hosts)), "; ");
        Err(format!(
            "{method} to {origin} is not among the connector's capabilities: it declared {declared}; its author has \
             to declare this server, or the operator to set it in the asset's configuration"
        ))
    }

    /// Whether a stream to this port may be opened; otherwise the reason for a person.
    pub(crate) fn tcp(&self, host: &str, port: u16) -> Result<(), String> {
        if self.tcp.iter().any(|rule| rule.hosts.contain(host) && rule.ports.contains(&port)) {
            return Ok(());
        }
        let declared = self.tcp.iter().map(|rule| {
            let ports: Vec<_> = rule.ports.iter().map(u16::to_string).collect();
            format!("port {} of {}", ports.join(", "), rule.hosts)
        });
        let declared = list(declared, "; ");
        Err(format!(
            "a stream to port {port} of {host} is not among the connector's capabilities: it declared {declared}; its \
             author has to declare it, or the operator to set it in the asset's configuration"
        ))
    }
}

impl<'a> Grant<'a> {
    /// Whether the secret of this index may stand in a place like this.
    pub(crate) fn allows(&self, secret: usize, place: impl Fn(&SecretPlace) -> bool) -> bool {
        self.0
            .iter()
            .flat_map(|rule| &rule.secrets)
            .any(|(index, declared)| *index == secret && place(declared))
    }

    /// What both grants have in common. A redirect is the first server's decision, and must not hand a secret to a
    /// server for which another capability declares it.
    pub(crate) fn narrowed(mut self, other: &Grant<'a>) -> Self {
        self.0.retain(|rule| other.0.iter().any(|other| std::ptr::eq(*rule, *other)));
        self
    }
}

impl Hosts {
    fn named(pattern: &str) -> Result<Self, GateError> {
        let (name, below) = pattern.strip_prefix("*.").map_or((pattern, false), |suffix| (suffix, true));
        let host = url::host(name).map_err(|source| GateError::Host { host: pattern.to_owned(), source })?;
        Ok(if below { Self::Below(format!(".{host}")) } else { Self::Named(host) })
    }

    fn contain_origin(&self, origin: &Origin) -> bool {
        match self {
            Self::Origins { servers, .. } => servers.iter().any(|servers| servers.contain(origin)),
            _ => origin.scheme == Scheme::Https && origin.port == HTTPS_PORT && self.contain(&origin.host),
        }
    }

    fn contain(&self, host: &str) -> bool {
        match self {
            Self::Named(name) | Self::Host { host: name, .. } => name == host,
            // The suffix begins with a dot, which no label can begin with: what is before it is a whole label.
            Self::Below(suffix) => host.ends_with(suffix.as_str()),
            Self::Anywhere => true,
            Self::Origins { .. } | Self::NotSet { .. } => false,
        }
    }
}

impl fmt::Display for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::Below(suffix) => write!(f, "*{suffix}"),
            Self::Origins { field, servers } => {
                let servers = list(servers.iter().map(Servers::to_string), ", ");
                write!(f, "{servers} (the asset's `{field}`)")
            }
            Self::Host { field, host } => write!(f, "{host} (the asset's `{field}`)"),
            Self::NotSet { field } => write!(f, "the server in the asset's `{field}`, which is not set"),
            Self::Anywhere => f.write_str("any host over https"),
        }
    }
}

fn configured_origins(field: &str, configuration: &Map<String, Value>) -> Result<Hosts, GateError> {
    let field = field.to_owned();
    let read =
        |field, text: &str| Servers::read(text).map_err(|source| GateError::ConfiguredUrl { field, source });
    let servers = match configuration.get(&field) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::String(text)) => vec![read(field.clone(), text)?],
        Some(Value::Array(urls)) => urls
            .iter()
            .enumerate()
            .map(|(place, url)| match url {
                Value::String(text) => read(format!("{field}[{place}]"), text),
                _ => Err(GateError::ConfiguredUrls { field: field.clone() }),
            })
            .collect::<Result<_, _>>()?,
        Some(_) => return Err(GateError::ConfiguredUrls { field }),
    };
    Ok(if servers.is_empty() { Hosts::NotSet { field } } else { Hosts::Origins { field, servers } })
}

fn configured_host(
    field: &str,
    configuration: &Map<String, Value>,
) -> Result<(Hosts, Option<u16>), GateError> {
    let field = field.to_owned();
    match configuration.get(&field) {
        None | Some(Value::Null) => Ok((Hosts::NotSet { field }, None)),
        Some(Value::String(text)) => match url::host_and_port(text) {
            Ok((host, port)) => Ok((Hosts::Host { field, host }, port)),
            Err(source) => Err(GateError::ConfiguredHost { field, source }),
        },
        Some(_) => Err(GateError::ConfiguredType { field }),
    }
}

/// Header names have no case (RFC 9110, section 5.1); all else has.
fn lower_case(place: SecretPlace) -> SecretPlace {
    match place {
        SecretPlace::Header(name) => SecretPlace::Header(name.to_ascii_lowercase()),
        other => other,
    }
}

fn list(items: impl Iterator<Item = String>, separator: &str) -> String {
    let mut items: Vec<_> = items.take(DENIAL_ITEMS + 1).collect();
    if items.is_empty() {
        return "none".to_owned();
    }
    if items.len() > DENIAL_ITEMS {
        items[DENIAL_ITEMS] = "others".to_owned();
    }
    items.join(separator)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use palisade_model::plugin::{HttpCapability, TcpCapability};
    use serde_json::json;

    use super::*;
    use crate::{gate::tests::manifest, url::Url};

    fn http(host: HostPattern) -> HttpCapability {
        HttpCapability { host, methods: vec!["GET".to_owned()], secrets: Vec::new(), reason: String::new() }
    }

    fn policy(capabilities: &Capabilities) -> Policy {
        let configuration = json!({
            "url": "http://Splunk.corp.example:8089/services",
            "urls": ["https://a.corp.example:5986", "https://*.b.corp.example:5986"],
            "none": [],
            "host": "dc.corp.example",
            "host_port": "dc.corp.example:3269",
        });
        let secrets = Secrets::new(&manifest(), BTreeMap::new());
        Policy::new(capabilities, configuration.as_object().unwrap(), &secrets).unwrap()
    }

    #[test]
    fn a_server_is_reached_only_as_it_was_declared() {
        for (pattern, url, allowed) in [
            (HostPattern::Named("Api.Example.com".into()), "https://api.example.com/x", true),
            (HostPattern::Named("api.example.com".into()), "https://api.example.com:8443/", false),
            (HostPattern::Named("api.example.com".into()), "http://api.example.com/", false),
            (HostPattern::Named("api.example.com".into()), "http://api.example.com:443/", false),
            (HostPattern::Named("api.example.com".into()), "https://api.example.com.evil.example/", false),
            (HostPattern::Named("api.example.com".into()), "https://xapi.example.com/", false),
            (HostPattern::Named("*.example.com".into()), "https://a.example.com/", true),
            (HostPattern::Named("*.example.com".into()), "https://a.b.example.com/", true),
            (HostPattern::Named("*.example.com".into()), "https://example.com/", false),
            (HostPattern::Named("*.example.com".into()), "https://evilexample.com/", false),
            (HostPattern::Configured("url".into()), "http://splunk.corp.example:8089/", true),
            (HostPattern::Configured("url".into()), "https://splunk.corp.example:8089/", false),
            (HostPattern::Configured("url".into()), "http://splunk.corp.example/", false),
            (HostPattern::Configured("absent".into()), "https://splunk.corp.example/", false),
            (HostPattern::Configured("urls".into()), "https://a.corp.example:5986/", true),
            (HostPattern::Configured("urls".into()), "https://x.b.corp.example:5986/", true),
            (HostPattern::Configured("urls".into()), "https://x.a.corp.example:5986/", false),
            (HostPattern::Configured("urls".into()), "https://b.corp.example:5986/", false),
            (HostPattern::Configured("urls".into()), "https://c.corp.example:5986/", false),
            (HostPattern::Configured("none".into()), "https://a.corp.example:5986/", false),
            (HostPattern::Anywhere, "https://rdap.example/", true),
            (HostPattern::Anywhere, "http://rdap.example/", false),
            (HostPattern::Anywhere, "https://rdap.example:8443/", false),
        ] {
            let capabilities = Capabilities { http: vec![http(pattern)], ..Capabilities::default() };
            let origin = Url::parse(url).unwrap().origin;
            assert_eq!(
                policy(&capabilities).http("GET", &origin).is_ok(),
                allowed,
                "{url}: {:?}",
                capabilities.http
            );
        }
    }

    #[test]
    fn a_denial_says_what_was_declared() {
        let capabilities = Capabilities {
            http: vec![
                http(HostPattern::Named("a.example".into())),
                http(HostPattern::Configured("absent".into())),
                http(HostPattern::Configured("urls".into())),
            ],
            ..Capabilities::default()
        };
        let policy = policy(&capabilities);
        let denial = |method, url| policy.http(method, &Url::parse(url).unwrap().origin).err().unwrap();
        let host = denial("GET", "https://b.example/");
        assert!(host.starts_with("GET to https://b.example is not among"), "{host}");
        assert!(
            host.contains("GET to a.example; GET to the server in the asset's `absent`, which is not set"),
            "{host}"
        );
        assert!(
            host.contains(
                "GET to https://a.corp.example:5986, https://*.b.corp.example:5986 (the asset's `urls`)"
            ),
            "{host}"
        );
        let method = denial("DELETE", "https://a.example/");
        assert!(method.contains("for this server it declared only GET"), "{method}");
    }

    #[test]
    fn what_names_no_servers_is_refused_with_its_place() {
        let capabilities = Capabilities {
            http: vec![http(HostPattern::Configured("url".into()))],
            ..Capabilities::default()
        };
        for (url, reason) in [
            (json!("https://*.com"), "`url` is not a URL"),
            (json!(["https://a.example", "https://*"]), "`url[1]` is not a URL"),
            (json!(["https://a.example", 1]), "`url` names servers"),
            (json!([["https://a.example"]]), "`url` names servers"),
            (json!({ "https://a.example": true }), "`url` names servers"),
        ] {
            let configuration = Map::from_iter([("url".to_owned(), url)]);
            let secrets = Secrets::new(&manifest(), BTreeMap::new());
            let error = Policy::new(&capabilities, &configuration, &secrets).err().unwrap().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_stream_goes_to_declared_ports_of_declared_hosts() {
        for (pattern, host, port, allowed) in [
            (HostPattern::Named("whois.iana.org".into()), "whois.iana.org", 43, true),
            (HostPattern::Named("whois.iana.org".into()), "whois.iana.org", 44, false),
            (HostPattern::Configured("host".into()), "dc.corp.example", 43, true),
            (HostPattern::Configured("host_port".into()), "dc.corp.example", 3269, true),
            (HostPattern::Configured("host_port".into()), "dc.corp.example", 43, false),
            (HostPattern::Configured("absent".into()), "dc.corp.example", 43, false),
            (HostPattern::Anywhere, "whois.example", 43, true),
            (HostPattern::Anywhere, "whois.example", 22, false),
        ] {
            let tcp = vec![TcpCapability { host: pattern, ports: vec![43], reason: String::new() }];
            let capabilities = Capabilities { tcp, ..Capabilities::default() };
            let answer = policy(&capabilities).tcp(host, port);
            assert_eq!(answer.is_ok(), allowed, "{host}:{port}: {answer:?}");
        }
    }
}
