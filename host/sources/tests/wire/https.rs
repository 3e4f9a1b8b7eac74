//! A component at a URL.

use palisade_sources::{Options, SourceError, sha256};

use crate::server::{Answer, Server, answer, fetch, missing, ok};

const COMPONENT: &[u8] = b"\0asm a component";

fn reply(head: &str) -> Answer {
    match head.split(' ').nth(1).unwrap() {
        "/plugin.wasm?token=s3cret" | "/unsigned.wasm" => ok(COMPONENT),
        "/plugin.wasm.minisig?token=s3cret" => ok(b"untrusted comment: signed\n"),
        "/forbidden.wasm" => ok(COMPONENT),
        "/forbidden.wasm.minisig" => answer("403 Forbidden", &[], b""),
        "/moved.wasm" => answer("302 Found", &["location: /unsigned.wasm"], b""),
        "/down.wasm" => answer("302 Found", &["location: http://localhost/unsigned.wasm"], b""),
        "/large.wasm" => Answer::Endless(b"HTTP/1.1 200 OK\r\ncontent-length: 500000000\r\n\r\n".to_vec()),
        _ => missing(),
    }
}

#[tokio::test]
async fn a_component_is_fetched_with_its_signature() {
    let (server, ca) = Server::https(reply).await;
    let options = || Options { ca: Some(ca.clone()), ..Options::default() };
    let at = |path: &str| format!("https://localhost:{}{path}#sha256={}", server.port, sha256(COMPONENT));
    let fetched = fetch(&at("/plugin.wasm?token=s3cret"), options()).await.unwrap();
    assert_eq!(fetched.component, COMPONENT);
    assert_eq!(fetched.signature.as_deref(), Some("untrusted comment: signed\n"));
    // A query often is a token, and what is told here ends in a lock file.
    assert_eq!(fetched.source, format!("https://localhost:{}/plugin.wasm", server.port));
    for path in ["/unsigned.wasm", "/forbidden.wasm", "/moved.wasm"] {
        assert_eq!(fetch(&at(path), options()).await.unwrap().signature, None, "{path}");
    }
    let missing = fetch(&at("/none.wasm"), options()).await.unwrap_err();
    assert!(matches!(missing, SourceError::Status { status: 404, .. }), "{missing:?}");
    let down = fetch(&at("/down.wasm"), options()).await.unwrap_err();
    assert!(down.to_string().contains("would give up TLS"), "{down}");
    let large = fetch(&at("/large.wasm"), options()).await.unwrap_err();
    assert!(matches!(large, SourceError::TooLarge { .. }), "{large:?}");
    let other = format!("https://localhost:{}/unsigned.wasm#sha256={}", server.port, sha256(b"other"));
    let other = fetch(&other, options()).await.unwrap_err();
    assert!(matches!(other, SourceError::OtherDigest { .. }), "{other:?}");
}

#[tokio::test]
async fn nobody_is_trusted_who_does_not_prove_their_name() {
    let (server, ca) = Server::https(reply).await;
    let at =
        |host: &str| format!("https://{host}:{}/unsigned.wasm#sha256={}", server.port, sha256(COMPONENT));
    let unknown = fetch(&at("localhost"), Options::default()).await.unwrap_err();
    assert!(matches!(unknown, SourceError::Tls { .. }), "{unknown:?}");
    assert!(unknown.next().unwrap().contains("--ca"), "{unknown:?}");
    let other_name =
        fetch(&at("127.0.0.1"), Options { ca: Some(ca), ..Options::default() }).await.unwrap_err();
    assert!(matches!(other_name, SourceError::Tls { .. }), "{other_name:?}");
    assert_eq!(server.asked(), [""; 0]);
    let no_ca = Options { ca: Some("not PEM".to_owned()), ..Options::default() };
    assert!(matches!(fetch(&at("localhost"), no_ca).await.unwrap_err(), SourceError::Ca(_)));
}
