use std::{
    fmt::{self, Display},
    net::IpAddr,
};

use casework::{
    host_of,
    text::{line, listed},
};
use palisade_sdk::playbook::{Artifact, Artifacts};

use crate::user;

/// Fields that may name the user, best first. CIM calls whoever made a web request `user`, which becomes
/// `destinationUserName`.
const USER_FIELDS: [&str; 3] = ["sourceUserName", "sourceUserId", "destinationUserName"];

/// What the alert says: which device, whose, and where to. None of it is certain.
#[derive(Debug, PartialEq)]
pub(crate) struct Violation {
    /// The device's id in its management.
    pub(crate) device: Option<String>,
    pub(crate) user: Option<AlertedUser>,
    /// Where the device went, and must not.
    pub(crate) destination: Destination,
    /// What else the alert names, so that it is not certain what it is about. One sentence each.
    pub(crate) doubts: Vec<String>,
    /// Whether the alert names several devices or users: a verdict about one says nothing of the others.
    pub(crate) is_about_several: bool,
}

/// Whom the alert names as the user.
#[derive(Debug, PartialEq)]
pub(crate) struct AlertedUser {
    /// The CEF field that has it.
    pub(crate) field: &'static str,
    pub(crate) name: String,
}

/// Where a device went.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Destination {
    pub(crate) name: Option<String>,
    pub(crate) address: Option<IpAddr>,
}

/// What one event says of where the device went.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Site {
    pub(crate) names: Vec<String>,
    /// With one name, they are its addresses.
    pub(crate) addresses: Vec<IpAddr>,
    /// Addresses in the place of a name. They are of no other name.
    pub(crate) bare: Vec<IpAddr>,
}

impl Violation {
    /// A violation by going to this destination, and to these others that must not be reached either.
    pub(crate) fn new(artifacts: &Artifacts, destination: Destination, others: &[Destination]) -> Self {
        let artifacts = &artifacts.0;
        let devices = named(artifacts, "deviceExternalId");
        let users: Vec<_> = USER_FIELDS
            .into_iter()
            .flat_map(|field| {
                named(artifacts, field).into_iter().map(move |name| AlertedUser { field, name })
            })
            .collect();
        let stranger = users.iter().enumerate().find_map(|(place, one)| {
            users[place + 1..].iter().find(|other| !user::is_same(&one.name, &other.name))
        });
        let several = [("device", devices.get(1)), ("user", stranger.map(|stranger| &stranger.name))];
        let mut doubts: Vec<_> = several
            .into_iter()
            .filter_map(|(what, other)| {
                Some(format!("The alert names more than one {what}, {} too.", line(other?)))
            })
            .collect();
        let is_about_several = !doubts.is_empty();
        let elsewhere: Vec<_> = others.iter().map(Destination::to_string).collect();
        doubts.extend(listed(&elsewhere).map(|elsewhere| {
            format!("The alert names more that is not on the access list, and is not blocked: {elsewhere}.")
        }));
        Self {
            device: devices.into_iter().next(),
            user: users.into_iter().next(),
            destination,
            doubts,
            is_about_several,
        }
    }
}

/// Where the alert says that the device went. Events that name one name and one address between them mean one site.
pub(crate) fn sites(artifacts: &Artifacts) -> Vec<Site> {
    let whole = Site::from(&artifacts.0[..]);
    let addresses = whole.addresses.len() + whole.bare.len();
    if whole.names.len() <= 1 && addresses <= 1 {
        return vec![whole];
    }
    artifacts.0.iter().map(|artifact| Site::from(std::slice::from_ref(artifact))).collect()
}

impl From<&[Artifact]> for Site {
    fn from(artifacts: &[Artifact]) -> Self {
        let domains = named(artifacts, "destinationDnsDomain");
        // A host in the domain is the same site.
        let hosts = named(artifacts, "destinationHostName");
        let hosts = hosts.iter().filter(|host| !domains.iter().any(|domain| is_in(host, domain)));
        let urls = named(artifacts, "requestURL");
        let url_hosts = urls.iter().filter_map(|url| host_of(url));
        let mut site = Self::default();
        for text in named(artifacts, "destinationAddress") {
            if let Ok(address) = text.parse() {
                add(&mut site.addresses, IpAddr::to_canonical(&address));
            }
        }
        for text in domains.iter().chain(hosts).map(String::as_str).chain(url_hosts) {
            match text.parse::<IpAddr>().map(|address| address.to_canonical()) {
                Ok(address) if site.addresses.contains(&address) => {}
                Ok(address) => add(&mut site.bare, address),
                Err(_) => {
                    let name = text.trim_end_matches('.');
                    if !name.is_empty() && !site.names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                        site.names.push(name.to_owned());
                    }
                }
            }
        }
        site
    }
}

fn add(addresses: &mut Vec<IpAddr>, address: IpAddr) {
    if !addresses.contains(&address) {
        addresses.push(address);
    }
}

/// Whether a host is one of the domain: it is below it, or has no domain of its own.
fn is_in(host: &str, domain: &str) -> bool {
    let (host, domain) = (host.trim_end_matches('.'), domain.trim_end_matches('.'));
    let (host, domain) = (host.to_ascii_lowercase(), domain.to_ascii_lowercase());
    let is_label = !host.contains(['.', ':']);
    is_label || host.strip_suffix(&domain).is_some_and(|rest| rest.ends_with('.'))
}

/// Every value of this key, once, in whatever case.
fn named(artifacts: &[Artifact], key: &str) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for value in artifacts.iter().filter_map(|artifact| artifact.cef.get(key)) {
        let values = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
        for text in values.iter().filter_map(|value| value.as_str()).map(str::trim) {
            if !text.is_empty() && !texts.iter().any(|known| known.eq_ignore_ascii_case(text)) {
                texts.push(text.to_owned());
            }
        }
    }
    texts
}

impl Display for Destination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.name, self.address) {
            (Some(name), Some(address)) => write!(formatter, "{} ({address})", line(name)),
            (Some(name), None) => formatter.write_str(&line(name)),
            (None, Some(address)) => write!(formatter, "{address}"),
            (None, None) => formatter.write_str("an unknown destination"),
        }
    }
}
