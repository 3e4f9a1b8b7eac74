//! What is known of a request that may change something when its call fails.

use std::time::Duration;

use palisade_egress::Call;
use palisade_model::{action::Effect, plugin::Read};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    lab::{Answer, Lab, Server, get, named, ok, request},
    tcp::listen,
};

/// Whether something left that may change something, and whether that was not answered.
fn known(call: &Call) -> (bool, bool) {
    (call.may_have_changed(), call.is_unanswered())
}

const NOTHING_LEFT: (bool, bool) = (false, false);
const ANSWERED: (bool, bool) = (true, false);
const UNANSWERED: (bool, bool) = (true, true);

#[tokio::test]
async fn a_server_that_ends_the_connection_after_the_request_leaves_it_unanswered() {
    let server = Server::http(|_| Answer::Close).await;
    let call = Lab::configured(&server, &[]).call();
    call.send(request("POST", &server.url("/"))).await.unwrap_err();
    assert_eq!((server.requests().len(), known(&call)), (1, UNANSWERED));
}

#[tokio::test]
async fn an_answer_is_an_answer_whatever_its_status() {
    let server =
        Server::http(|_| Answer::Bytes(b"HTTP/1.1 500 Oh\r\ncontent-length: 2\r\n\r\nno".to_vec())).await;
    let call = Lab::configured(&server, &[]).call();
    assert_eq!(call.send(request("POST", &server.url("/"))).await.unwrap().status, 500);
    assert_eq!(known(&call), ANSWERED);
}

#[tokio::test]
async fn half_an_answer_is_none() {
    let server =
        Server::http(|_| Answer::Last(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab".to_vec())).await;
    let call = Lab::configured(&server, &[]).call();
    call.send(request("POST", &server.url("/"))).await.unwrap_err();
    assert_eq!(known(&call), UNANSWERED);
}

#[tokio::test]
async fn what_never_had_a_connection_never_left() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = Server::http(|_| ok("")).await;
    let mut lab = Lab::configured(&server, &[]);
    let url = format!("http://{}/", listener.local_addr().unwrap());
    // Nobody listens there any more, so the connection is refused.
    drop(listener);
    lab.asset.configuration.insert("url".to_owned(), url.clone().into());
    let call = lab.call();
    call.send(request("POST", &url)).await.unwrap_err();
    assert_eq!(known(&call), NOTHING_LEFT, "refused by the server");

    call.send(request("POST", "https://elsewhere.example/")).await.unwrap_err();
    assert_eq!(known(&call), NOTHING_LEFT, "refused by policy");
}

#[tokio::test]
async fn a_server_that_does_not_prove_itself_gets_no_request() {
    let (server, _) = Server::https(&["a.example"], |_| ok("")).await;
    let (_, other_ca) = crate::lab::acceptor(&["a.example"]);
    let lab = Lab::new().declare(named("a.example"), &[]).in_place_of(&["a.example"], &server, &other_ca);
    let call = lab.call();
    call.send(request("POST", "https://a.example/")).await.unwrap_err();
    assert_eq!(known(&call), NOTHING_LEFT);
}

#[tokio::test]
async fn a_call_that_is_abandoned_while_it_waits_is_unanswered() {
    let server = Server::http(|_| Answer::Silence).await;
    let call = Lab::configured(&server, &[]).call();
    let mut post = request("POST", &server.url("/"));
    post.timeout = Some(Duration::from_millis(50));
    call.send(post).await.unwrap_err();
    assert_eq!(known(&call), UNANSWERED);

    let call = Lab::configured(&server, &[]).call();
    let before = server.requests().len();
    tokio::select! {
        _ = call.send(request("POST", &server.url("/"))) => panic!("the server never answers"),
        () = async { while server.requests().len() == before { tokio::task::yield_now().await } } => {}
    }
    assert_eq!(known(&call), UNANSWERED);
}

#[tokio::test]
async fn what_only_reads_leaves_no_doubt() {
    let server = Server::http(|_| Answer::Close).await;
    let gate = Lab::configured(&server, &[]).gate();
    let reads = [Read { method: "POST".to_owned(), path: "/wsman".to_owned() }];
    let call = gate.call(Effect::Generic, &reads);
    call.send(get(&server.url("/"))).await.unwrap_err();
    call.send(request("POST", &server.url("/wsman"))).await.unwrap_err();
    assert_eq!(known(&call), NOTHING_LEFT);
}

#[tokio::test]
async fn a_stream_is_answered_when_bytes_come_back() {
    let (listener, lab) = listen().await;
    let call = lab.call();
    let mut stream = call.connect("ldap.example", 389).await.unwrap();
    let (mut server, _) = listener.accept().await.unwrap();
    assert_eq!(known(&call), NOTHING_LEFT);
    for _ in 0..2 {
        stream.write(b"bind").await.unwrap();
        stream.write(b"more").await.unwrap();
        assert_eq!(known(&call), UNANSWERED);
        server.read_exact(&mut [0; 8]).await.unwrap();
        server.write_all(b"bound").await.unwrap();
        assert_eq!(stream.read(100).await.unwrap(), b"bound");
        assert_eq!(known(&call), ANSWERED);
    }
    stream.write(b"modify").await.unwrap();
    drop(server);
    let ended = stream.read(100).await;
    assert!(ended.is_err() || ended.unwrap().is_empty());
    drop(stream);
    assert_eq!(known(&call), UNANSWERED);

    let reader = lab.gate().call(Effect::Investigate, &[]);
    let mut stream = reader.connect("ldap.example", 389).await.unwrap();
    stream.write(b"search").await.unwrap();
    assert_eq!(known(&reader), NOTHING_LEFT);
}
