use std::net::IpAddr;

use palisade_sdk::Failure;

/// A server that the asset's URL names.
#[derive(Debug, PartialEq)]
pub(crate) struct Server {
    /// Its URL, without a path.
    pub(crate) url: String,
    /// The name by which it was picked out of many; nothing, if the asset has this server only.
    pub(crate) picked: Option<String>,
}

impl Server {
    /// The asset's only server; or, if a `*` stands for many in the URL, the one that is asked for in this field.
    pub(crate) fn find(url: &str, field: &str, asked: Option<&str>) -> Result<Self, Failure> {
        let url = url.trim_end_matches('/');
        let Some((scheme, rest)) = url.split_once("://*.") else {
            return Ok(Self { url: url.to_owned(), picked: None });
        };
        let (parent, port) = rest.split_at(rest.find([':', '/']).unwrap_or(rest.len()));
        let asked = asked.ok_or_else(|| {
            Failure::invalid(format!(
                "this asset has all servers below {parent}: `{field}` must be the host name of one"
            ))
        })?;
        let name = full_name(asked, parent)?;
        Ok(Self { url: format!("{scheme}://{name}{port}"), picked: Some(name) })
    }
}

/// The name of a host below `parent`; what is asked for may lack that end of it.
fn full_name(asked: &str, parent: &str) -> Result<String, Failure> {
    if asked.parse::<IpAddr>().is_ok() {
        return Err(Failure::invalid(format!(
            "{asked} is an address, and this asset has its servers by name: give the host name, such as srv01.{parent}"
        )));
    }
    // The name comes from an alert: nothing in it may end the host in the URL.
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    let name = asked.to_ascii_lowercase();
    if !name.split('.').all(is_label) {
        return Err(Failure::invalid(format!("{asked:?} is no host name, such as srv01.{parent}")));
    }
    if !name.contains('.') {
        return Ok(format!("{name}.{parent}"));
    }
    if name.ends_with(&format!(".{}", parent.to_ascii_lowercase())) {
        return Ok(name);
    }
    Err(Failure::not_found(format!(
        "this asset has the servers below {parent}, and {asked} is not one: it needs an asset of its own"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANY: &str = "https://*.Corp.example:5986/";

    #[test]
    fn a_name_takes_the_place_of_the_star() {
        for (asked, url) in [
            ("SRV01", "https://srv01.Corp.example:5986"),
            ("srv01.corp.EXAMPLE", "https://srv01.corp.example:5986"),
            ("srv01.berlin.corp.example", "https://srv01.berlin.corp.example:5986"),
        ] {
            assert_eq!(Server::find(MANY, "it", Some(asked)).unwrap().url, url);
        }
        let without_port = Server::find("https://*.corp.example", "it", Some("a")).unwrap();
        assert_eq!(without_port.url, "https://a.corp.example");
        let only = Server::find("https://srv01.corp.example:5986/", "it", Some("10.0.0.5")).unwrap();
        assert_eq!(only, Server { url: "https://srv01.corp.example:5986".to_owned(), picked: None });
    }

    #[test]
    fn what_names_no_server_below_is_refused() {
        for (asked, words) in [
            (None, "`it` must be the host name"),
            (Some("10.0.0.5"), "give the host name"),
            (Some("fe80::1"), "give the host name"),
            (Some(""), "no host name"),
            (Some("*"), "no host name"),
            (Some("[fe80::1]"), "no host name"),
            (Some("evil.example/.corp.example"), "no host name"),
            (Some("evil.example#.corp.example"), "no host name"),
            (Some("evil.example:443?.corp.example"), "no host name"),
            (Some("user@srv01.corp.example"), "no host name"),
            (Some("srv01..corp.example"), "no host name"),
            (Some("srv01.\u{441}orp.example"), "no host name"),
        ] {
            let failure = Server::find(MANY, "it", asked).unwrap_err();
            assert!(matches!(&failure, Failure::InvalidParameters(it) if it.contains(words)), "{failure:?}");
        }
        for elsewhere in
            ["corp.example", "srv01.corp.example.evil.example", "evilcorp.example", "srv01.berlin"]
        {
            let failure = Server::find(MANY, "it", Some(elsewhere)).unwrap_err();
            assert!(matches!(failure, Failure::NotFound(_)), "{elsewhere}: {failure:?}");
        }
    }
}
