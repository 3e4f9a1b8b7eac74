//! Redirects, and what they take along.

use palisade_egress::{Authorization, HttpError, Request};
use palisade_model::plugin::{HostPattern, SecretPlace};

use crate::lab::{Answer, Lab, Server, get, named, ok, placeholder, redirect, request, with_header};

/// A server at these names that sends `/` on to this place.
async fn server(location: &'static str) -> (Server, Lab) {
    let hosts = ["a.example", "b.example", "x.a.example", "y.a.example"];
    let (server, ca) = Server::https(&hosts, move |request| {
        if request.starts_with("GET / ") { redirect(302, location) } else { ok("there") }
    })
    .await;
    let lab = Lab::new().in_place_of(&hosts, &server, &ca);
    (server, lab)
}

fn places() -> [SecretPlace; 2] {
    [SecretPlace::Header("x-key".to_owned()), SecretPlace::Authorization]
}

fn with_secrets(request: Request, placeholder: &str) -> Request {
    let mut request = with_header(request, "x-key", placeholder);
    request = with_header(request, "cookie", "session=1");
    request = with_header(request, "x-plain", "1");
    request.authorization = Some(Authorization::Bearer(placeholder.to_owned()));
    request.body = b"body".to_vec();
    request
}

#[tokio::test]
async fn within_an_origin_everything_goes_along() {
    let (server, lab) = server("there").await;
    let call = lab.declare(named("a.example"), &places()).call();
    let request = with_secrets(get("https://a.example/"), &placeholder(&call));
    assert_eq!(call.send(request).await.unwrap().body, b"there");
    let [first, second]: [String; 2] = server.requests().try_into().unwrap();
    assert_eq!(first.replacen("GET / ", "GET /there ", 1), second);
}

#[tokio::test]
async fn another_server_gets_no_secrets_though_it_has_a_capability_for_them() {
    let (server, lab) = server("https://b.example/there").await;
    let call = lab.declare(named("a.example"), &places()).declare(named("b.example"), &places()).call();
    call.send(with_secrets(get("https://a.example/"), &placeholder(&call))).await.unwrap();
    let second = &server.requests()[1];
    assert!(second.starts_with("GET /there HTTP/1.1\r\nx-plain: 1\r\n"), "{second}");
    for gone in ["x-key", "authorization", "cookie", "body"] {
        assert!(!second.contains(gone), "{gone}: {second}");
    }
}

#[tokio::test]
async fn another_server_of_the_same_capability_gets_its_secrets() {
    let (server, lab) = server("https://x.a.example/there").await;
    let call = lab.declare(named("*.example"), &places()).call();
    call.send(with_secrets(get("https://a.example/"), &placeholder(&call))).await.unwrap();
    let second = &server.requests()[1];
    assert!(second.contains("x-key: ") && second.contains("authorization: Bearer "), "{second}");
    assert!(!second.contains("cookie") && !second.contains("body"), "{second}");
}

#[tokio::test]
async fn below_a_configured_pattern_secrets_go_along_and_no_further() {
    for (location, kept) in [("https://y.a.example/there", true), ("https://a.example/there", false)] {
        let (server, lab) = server(location).await;
        let mut lab = lab
            .declare(HostPattern::Configured("url".to_owned()), &places())
            .declare(named("a.example"), &places());
        lab.asset.configuration.insert("url".to_owned(), "https://*.a.example".into());
        let call = lab.call();
        call.send(with_secrets(get("https://x.a.example/"), &placeholder(&call))).await.unwrap();
        let second = &server.requests()[1];
        assert!(second.starts_with("GET /there "), "{second}");
        for secret in ["x-key: ", "authorization: Bearer "] {
            assert_eq!(second.contains(secret), kept, "{location}: {second}");
        }
    }
}

#[tokio::test]
async fn every_hop_is_judged_anew() {
    for (location, reason) in [
        ("https://evil.example/", "GET to https://evil.example is not among"),
        ("http://b.example/", "which would give up TLS"),
        ("https://b.example:8443/", "is not among"),
        ("https://b.example/?q=p%26ss%20%22w%C3%B6rd%22%2F%3C1%3E", "with the secret `key` in the URL"),
    ] {
        let (server, lab) = server(location).await;
        let call = lab.declare(named("a.example"), &places()).declare(named("b.example"), &places()).call();
        let error = call.send(get("https://a.example/")).await.unwrap_err();
        assert!(matches!(&error, HttpError::Denied(text) if text.contains(reason)), "{location}: {error:?}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn only_get_and_head_follow_and_not_forever() {
    let server = Server::http(|_| redirect(307, "/again")).await;
    let call = Lab::configured(&server, &[]).call();
    let response = call.send(request("POST", &server.url("/"))).await.unwrap();
    assert_eq!((response.status, server.requests().len()), (307, 1));
    let error = call.send(get(&server.url("/"))).await.unwrap_err();
    assert!(
        matches!(&error, HttpError::Unreachable(text) if text.contains("more than 5 times")),
        "{error:?}"
    );
    assert_eq!(server.requests().len(), 7);
}

#[tokio::test]
async fn a_redirect_does_not_lead_inside() {
    let inside = Server::http(|_| ok("inside")).await;
    let (outside, ca) = Server::https(&["a.example"], move |_| redirect(302, "https://localhost/")).await;
    let mut lab = Lab::new().in_place_of(&["a.example"], &outside, &ca).declare(HostPattern::Anywhere, &[]);
    // The server itself stands on 127.0.0.1; what is not granted is the other loopback address.
    lab.asset.network.allow = vec!["127.0.0.1/32".parse().unwrap()];
    lab.asset.network.connect_to.push(format!("localhost:443:127.0.0.2:{}", inside.port).parse().unwrap());
    let error = lab.call().send(get("https://a.example/")).await.unwrap_err();
    assert!(matches!(&error, HttpError::Denied(text) if text.contains("127.0.0.2")), "{error:?}");
    assert_eq!(inside.connections(), 0);
}

#[tokio::test]
async fn an_unusable_location_is_an_error() {
    let server = Server::http(|_| {
        Answer::Bytes(b"HTTP/1.1 302 F\r\nlocation: https://a@b/\r\ncontent-length: 0\r\n\r\n".to_vec())
    })
    .await;
    let error = Lab::configured(&server, &[]).call().send(get(&server.url("/"))).await.unwrap_err();
    assert!(matches!(&error, HttpError::Invalid(text) if text.contains("user name")), "{error:?}");
}
