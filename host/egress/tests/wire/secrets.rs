//! Where secrets go, and that they do not come back.

use palisade_egress::{Authorization, HttpError, Request};
use palisade_model::{action::Effect, limits::HTTP_REQUEST_BYTES, plugin::SecretPlace};

use crate::lab::{Answer, Lab, SECRET, Server, get, ok, placeholder, request, with_header};

/// Builds a request around a placeholder.
type Build<'a> = &'a dyn Fn(&str) -> Request;

fn everywhere() -> [SecretPlace; 4] {
    [
        SecretPlace::Header("X-Key".to_owned()),
        SecretPlace::Query("key".to_owned()),
        SecretPlace::Authorization,
        SecretPlace::Body,
    ]
}

fn with_body(url: &str, content_type: &str, body: &str) -> Request {
    let mut request = with_header(request("POST", url), "content-type", content_type);
    request.body = body.as_bytes().to_vec();
    request
}

#[tokio::test]
async fn a_placeholder_becomes_the_secret_where_it_is_declared() {
    let server = Server::http(|_| ok("")).await;
    let gate = Lab::configured(&server, &everywhere()).gate();
    let url = server.url("/x");
    let authorized = |authorization| Request { authorization: Some(authorization), ..get(&url) };
    // p&ss "wörd"/<1>
    let cases: [(Build<'_>, &str); 8] = [
        (
            &|key| with_header(get(&url), "x-key", &format!("Token {key}")),
            "x-key: Token p&ss \"wörd\"/<1>\r\n",
        ),
        (&|key| get(&format!("{url}?a=1&key={key}&b")), "?a=1&key=p%26ss%20%22w%C3%B6rd%22%2F%3C1%3E&b HTTP"),
        (
            &|key| authorized(Authorization::Bearer(key.to_owned())),
            "authorization: Bearer p&ss \"wörd\"/<1>\r\n",
        ),
        (
            &|key| authorized(Authorization::Basic { user: "admin".to_owned(), password: key.to_owned() }),
            "authorization: Basic YWRtaW46cCZzcyAid8O2cmQiLzwxPg==\r\n",
        ),
        (
            &|key| with_body(&url, "application/x-www-form-urlencoded", &format!("k={key}&l")),
            "\r\n\r\nk=p%26ss%20%22w%C3%B6rd%22%2F%3C1%3E&l",
        ),
        (
            &|key| with_body(&url, "application/json", &format!(r#"{{"k":"{key}"}}"#)),
            "\r\n\r\n{\"k\":\"p&ss \\\"wörd\\\"/<1>\"}",
        ),
        (
            &|key| with_body(&url, "application/soap+xml", &format!("<k>{key}</k>")),
            "<k>p&amp;ss &quot;wörd&quot;/&lt;1&gt;</k>",
        ),
        (&|key| with_body(&url, "text/plain", key), "\r\n\r\np&ss \"wörd\"/<1>"),
    ];
    for (request, expected) in cases {
        let call = gate.call(Effect::Generic, &[]);
        call.send(request(&placeholder(&call))).await.unwrap();
        let arrived = server.requests().pop().unwrap();
        assert!(arrived.contains(expected), "{expected:?} is not in {arrived:?}");
    }
}

#[tokio::test]
async fn a_placeholder_anywhere_else_is_refused() {
    let server = Server::http(|_| ok("")).await;
    let url = server.url("/x");
    let call = Lab::configured(&server, &[]).call();
    let key = placeholder(&call);
    let mut basic = get(&url);
    basic.authorization = Some(Authorization::Basic { user: key.clone(), password: String::new() });
    let mut bearer = get(&url);
    bearer.authorization = Some(Authorization::Bearer(key.clone()));
    for (request, place) in [
        (get(&server.url(&format!("/{key}"))), "the path of the URL"),
        (get(&format!("{url}?{key}=1")), "the name of a query parameter"),
        (get(&format!("{url}?key={key}")), "the query parameter key"),
        (with_header(get(&url), &key, "1"), "the name of a header field"),
        (with_header(get(&url), "x-key", &key), "the header field x-key"),
        (basic, "the user name of the authorization"),
        (bearer, "the authorization"),
        (with_body(&url, "text/plain", &format!("alert text: {key}")), "the body"),
    ] {
        let error = call.send(request).await.unwrap_err();
        let expected = format!("the secret `key` may not stand in {place} of a request");
        assert!(matches!(&error, HttpError::Denied(text) if text.contains(&expected)), "{place}: {error:?}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn each_place_is_for_its_own_name_and_field() {
    let server = Server::http(|_| ok("")).await;
    let url = server.url("/x");
    let call = Lab::configured(&server, &everywhere()).call();
    let key = placeholder(&call);
    for request in [
        with_header(get(&url), "x-key2", &key),
        with_header(get(&url), "authorization", &format!("Bearer {key}")),
        get(&format!("{url}?Key={key}")),
        get(&format!("{url}?a={key}&key=1")),
    ] {
        let error = call.send(request).await.unwrap_err();
        assert!(matches!(error, HttpError::Denied(_)), "{error:?}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn the_placeholder_of_another_call_names_nothing() {
    let server = Server::http(|_| ok("")).await;
    let lab = Lab::configured(&server, &everywhere());
    let other = placeholder(&lab.call());
    lab.call().send(with_header(get(&server.url("/")), "x-key", &other)).await.unwrap();
    assert!(server.request().contains(&format!("x-key: {other}\r\n")));
}

#[tokio::test]
async fn many_placeholders_do_not_become_a_flood() {
    let server = Server::http(|_| ok("")).await;
    let mut lab = Lab::configured(&server, &everywhere());
    lab.secret = "x".repeat(1_000);
    let call = lab.call();
    let flood = placeholder(&call).repeat(HTTP_REQUEST_BYTES / 1_000 + 1);
    let error = call.send(with_body(&server.url("/"), "text/plain", &flood)).await.unwrap_err();
    assert!(matches!(&error, HttpError::Invalid(text) if text.contains("with its secrets")), "{error:?}");
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn an_echo_brings_no_secret_back() {
    let server = Server::http(|request| {
        let body = request.replace("\r\n", "\n");
        let path = request.split(' ').nth(1).unwrap();
        let length = body.len();
        Answer::Bytes(
            format!("HTTP/1.1 404 No\r\nx-path: {path}\r\ncontent-length: {length}\r\n\r\n{body}")
                .into_bytes(),
        )
    })
    .await;
    let call = Lab::configured(&server, &everywhere()).call();
    let key = placeholder(&call);
    let mut request = with_header(get(&format!("{}?key={key}", server.url("/"))), "x-key", &key);
    request.authorization = Some(Authorization::Basic { user: "admin".to_owned(), password: key });

    let response = call.send(request).await.unwrap();

    assert!(
        response.headers.contains(&("x-path".to_owned(), "/?key=[secret:key]".to_owned())),
        "{response:?}"
    );
    let body = String::from_utf8(response.body).unwrap();
    assert!(body.contains("GET /?key=[secret:key] HTTP/1.1\n"), "{body}");
    assert!(body.contains("x-key: [secret:key]\n"), "{body}");
    assert!(body.contains("authorization: Basic YWRtaW46[secret:key]"), "{body}");
    assert!(!body.contains(SECRET), "{body}");
}

#[tokio::test]
async fn a_compressed_answer_is_refused_for_nothing_could_be_found_in_it() {
    let server = Server::http(|_| {
        Answer::Bytes(
            b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n\x1f\x8b".to_vec(),
        )
    })
    .await;
    let error = Lab::configured(&server, &[]).call().send(get(&server.url("/"))).await.unwrap_err();
    assert!(matches!(&error, HttpError::Denied(text) if text.contains("compressed")), "{error:?}");
}
