//! Who is believed to be a server.

use palisade_egress::HttpError;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::lab::{Lab, Server, get, named, ok};

#[tokio::test]
async fn a_private_ca_is_believed_only_by_the_asset_that_has_it() {
    let (server, ca) = Server::https(&["a.example"], |_| ok("hello")).await;
    let mut lab = Lab::new().declare(named("a.example"), &[]).in_place_of(&["a.example"], &server, &ca);
    let response = lab.call().send(get("https://a.example/")).await.unwrap();
    assert_eq!(response.body, b"hello");
    assert!(server.request().contains("host: a.example\r\n"), "the name stays that of the original");

    lab.asset.network.ca = None;
    let error = lab.call().send(get("https://a.example/")).await.unwrap_err();
    assert!(matches!(&error, HttpError::Tls(text) if text.contains("this is a.example")), "{error:?}");
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_certificate_for_another_name_proves_nothing() {
    let (server, ca) = Server::https(&["b.example", "127.0.0.1"], |_| ok("")).await;
    let lab = Lab::new().declare(named("a.example"), &[]).in_place_of(&["a.example"], &server, &ca);
    let error = lab.call().send(get("https://a.example/")).await.unwrap_err();
    assert!(matches!(error, HttpError::Tls(_)), "{error:?}");
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_is_not_spoken_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"220 mail.example ESMTP\r\n").await.unwrap();
        let mut received = Vec::new();
        // However the client leaves, what it said until then is there.
        let _ = stream.read_to_end(&mut received).await;
        received
    });
    let mut lab = Lab::new().declare(named("a.example"), &[]);
    lab.asset.network.connect_to.push(format!("a.example:443:127.0.0.1:{port}").parse().unwrap());
    let error = lab.call().send(get("https://a.example/secret-path")).await.unwrap_err();
    assert!(matches!(error, HttpError::Tls(_)), "{error:?}");
    assert!(!String::from_utf8_lossy(&server.await.unwrap()).contains("secret-path"));
}
