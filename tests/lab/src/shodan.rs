//! Shodan's REST API: host information, host search and plan.
//!
//! Source: <https://developer.shodan.io/api> and the errors its Python library handles.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;

use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::call::{Answer, Call};
use crate::story;

/// Results on one page of a search.
const PAGE: usize = 100;

pub(crate) fn answer(call: &Call) -> Answer {
    if call.method != Method::GET {
        return Answer::empty(StatusCode::METHOD_NOT_ALLOWED);
    }
    if call.parameter("key").as_deref() != Some(story::SHODAN_KEY) {
        return unauthorized().authenticated(false);
    }
    let answer = match call.path.as_str() {
        "/api-info" => Answer::json(StatusCode::OK, &plan()),
        "/shodan/host/search" => search(call),
        path => match path.strip_prefix("/shodan/host/") {
            Some(ip) => host(ip, call),
            None => Answer::empty(StatusCode::NOT_FOUND),
        },
    };
    answer.authenticated(true)
}

/// The answer to more than one request in a second.
pub(crate) fn rate_limited() -> Answer {
    error(
        StatusCode::TOO_MANY_REQUESTS,
        "Request rate limit reached (1 request/ second). Please wait a second before trying again and slow down \
         your API calls.",
    )
}

/// A bad key is refused by the web framework in front of the API, in HTML and not in JSON.
fn unauthorized() -> Answer {
    let page = "<html>\n <head>\n  <title>401 Unauthorized</title>\n </head>\n <body>\n  <h1>401 Unauthorized</h1>\n  \
                This server could not verify that you are authorized to access the document you requested.  Either \
                you supplied the wrong credentials (e.g., bad password), or your browser does not understand how to \
                supply the credentials required.<br /><br />\n\n\n\n </body>\n</html>";
    Answer::new(StatusCode::UNAUTHORIZED, "text/html; charset=UTF-8", page)
}

fn host(ip: &str, call: &Call) -> Answer {
    let Ok(ip) = ip.parse::<IpAddr>() else {
        return error(StatusCode::BAD_REQUEST, "Invalid IP");
    };
    let Some(known) = HOSTS.iter().find(|known| known.ip == ip) else {
        return error(StatusCode::NOT_FOUND, "No information available for that IP.");
    };
    let minified = call.parameter("minify").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let body = if minified { &known.minified } else { &known.whole };
    Answer::new(StatusCode::OK, "application/json", body.clone())
}

fn search(call: &Call) -> Answer {
    let query = call.parameter("query").unwrap_or_default();
    if query.trim().is_empty() {
        return Answer::not_played("a Shodan search without a query");
    }
    let page = call.parameter("page").and_then(|page| page.parse().ok()).unwrap_or(1_usize).max(1);
    let terms: Vec<&str> = query.split_whitespace().collect();
    let matches: Vec<&Value> = HOSTS
        .iter()
        .flat_map(|host| &host.banners)
        .filter(|banner| terms.iter().all(|term| fits(banner, term)))
        .collect();
    let shown: Vec<&Value> = matches.iter().skip((page - 1) * PAGE).take(PAGE).copied().collect();
    Answer::json(StatusCode::OK, &json!({ "matches": shown, "total": matches.len() }))
}

/// Whether a banner satisfies one term: a filter such as `hostname:example.com`, or a word of the banner.
fn fits(banner: &Value, term: &str) -> bool {
    let text = |field: &str| banner[field].as_str().unwrap_or_default().to_lowercase();
    let (filter, wanted) = term.split_once(':').unwrap_or(("", term));
    let wanted = wanted.trim_matches('"').to_lowercase();
    match filter {
        "hostname" => banner["hostnames"].as_array().is_some_and(|names| {
            names.iter().any(|name| name.as_str().is_some_and(|name| name.contains(&wanted)))
        }),
        "ip" => text("ip_str") == wanted,
        "port" => wanted.parse::<u64>().ok() == banner["port"].as_u64(),
        "product" | "org" | "isp" | "asn" => text(filter).contains(&wanted),
        _ => text("data").contains(&term.to_lowercase()),
    }
}

fn plan() -> Value {
    json!({
        "scan_credits": 100,
        "usage_limits": { "scan_credits": 100, "query_credits": 100, "monitored_ips": 16 },
        "plan": "dev",
        "https": false,
        "unlocked": true,
        "query_credits": 100,
        "monitored_ips": 0,
        "unlocked_left": 100,
        "telnet": false,
    })
}

fn error(status: StatusCode, message: &str) -> Answer {
    Answer::json(status, &json!({ "error": message }))
}

/// What Shodan knows of one address; rendered once.
struct Host {
    ip: IpAddr,
    banners: Vec<Value>,
    whole: Bytes,
    minified: Bytes,
}

static HOSTS: LazyLock<[Host; 2]> = LazyLock::new(|| {
    let destination = Owner {
        ip: Ipv4Addr::new(203, 0, 113, 66),
        hostnames: &[story::DESTINATION_DOMAIN],
        domains: &[story::REGISTERED_DOMAIN],
        org: story::HOSTER,
        asn: story::HOSTER_AS,
        city: "Amsterdam",
        country: ("NL", "Netherlands"),
    };
    let harmless = Owner {
        ip: Ipv4Addr::new(198, 51, 100, 7),
        hostnames: &["www.example.net"],
        domains: &["example.net"],
        org: "Example Networks LLC",
        asn: "AS64500",
        city: "Chicago",
        country: ("US", "United States"),
    };
    let ssh = Service {
        port: 22,
        product: "OpenSSH",
        version: "8.9p1 Ubuntu 3ubuntu0.10",
        module: "ssh",
        data: "SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.10\nKey type: ecdsa-sha2-nistp256\n",
        cpe: "cpe:/a:openbsd:openssh:8.9p1",
    };
    let https = Service {
        port: 443,
        product: "nginx",
        version: "1.18.0",
        module: "https",
        data: "HTTP/1.1 404 Not Found\r\nServer: nginx/1.18.0 (Ubuntu)\r\nContent-Length: 0\r\n\r\n",
        cpe: "cpe:/a:f5:nginx:1.18.0",
    };
    let panel = Service { port: 8443, ..https };
    [destination.host(&[ssh, https, panel]), harmless.host(&[https])]
});

struct Owner {
    ip: Ipv4Addr,
    hostnames: &'static [&'static str],
    domains: &'static [&'static str],
    org: &'static str,
    asn: &'static str,
    city: &'static str,
    country: (&'static str, &'static str),
}

#[derive(Clone, Copy)]
struct Service {
    port: u16,
    product: &'static str,
    version: &'static str,
    module: &'static str,
    data: &'static str,
    cpe: &'static str,
}

impl Owner {
    fn host(&self, services: &[Service]) -> Host {
        let banners: Vec<Value> = services.iter().map(|service| self.banner(service)).collect();
        let ports: Vec<u16> = services.iter().map(|service| service.port).collect();
        let mut record = json!({
            "region_code": null,
            "tags": [],
            "ip": u32::from(self.ip),
            "area_code": null,
            "domains": self.domains,
            "hostnames": self.hostnames,
            "country_code": self.country.0,
            "country_name": self.country.1,
            "city": self.city,
            "latitude": 52.37403,
            "longitude": 4.88969,
            "org": self.org,
            "isp": self.org,
            "asn": self.asn,
            "os": null,
            "ports": ports,
            "last_update": "2026-11-19T04:41:17.205311",
            "ip_str": self.ip.to_string(),
        });
        let minified = Bytes::from(record.to_string());
        record["data"] = json!(banners);
        Host { ip: IpAddr::V4(self.ip), whole: Bytes::from(record.to_string()), minified, banners }
    }

    fn banner(&self, service: &Service) -> Value {
        let mut banner = json!({
            "_shodan": {
                "id": "6f1d3f0a-3a49-4d3c-9b52-0f3a9c1f7f5e",
                "region": "eu",
                "options": {},
                "module": service.module,
                "crawler": "d905ab419aeb10e9c57a336c7e1aa9629ae4a733",
                "ptr": true,
            },
            "hash": -1_463_294_860 + i64::from(service.port),
            "ip": u32::from(self.ip),
            "ip_str": self.ip.to_string(),
            "port": service.port,
            "transport": "tcp",
            "product": service.product,
            "version": service.version,
            "cpe": [service.cpe],
            "data": service.data,
            "timestamp": "2026-11-19T04:41:17.205311",
            "asn": self.asn,
            "org": self.org,
            "isp": self.org,
            "os": null,
            "info": null,
            "opts": {},
            "hostnames": self.hostnames,
            "domains": self.domains,
            "location": {
                "city": self.city,
                "region_code": null,
                "area_code": null,
                "longitude": 4.88969,
                "latitude": 52.37403,
                "country_code": self.country.0,
                "country_name": self.country.1,
            },
        });
        if service.module == "https" {
            banner["ssl"] = json!({
                "cert": {
                    "subject": { "CN": self.hostnames[0] },
                    "issuer": { "C": "US", "O": "Let's Encrypt", "CN": "R11" },
                    "issued": "20261028031501Z",
                    "expires": "20270126031500Z",
                    "expired": false,
                    "serial": 311_402_865_211_u64,
                },
                "versions": ["-SSLv2", "-SSLv3", "-TLSv1", "-TLSv1.1", "TLSv1.2", "TLSv1.3"],
                "cipher": { "version": "TLSv1.3", "bits": 256, "name": "TLS_AES_256_GCM_SHA384" },
            });
            banner["http"] = json!({ "status": 404, "server": "nginx/1.18.0 (Ubuntu)", "title": null });
        }
        banner
    }
}
