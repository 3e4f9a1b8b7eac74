//! Raw TCP.

use palisade_egress::TcpError;
use palisade_model::{
    action::Effect,
    limits::{TCP_READ_BYTES, TCP_STREAMS, TCP_TOTAL_BYTES},
    plugin::{Reveal, TcpCapability},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::lab::{Lab, SECRET, acceptor, named, placeholder};

/// A lab that may open streams to `ldap.example:389`, which this listener stands for.
pub(crate) async fn listen() -> (TcpListener, Lab) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut lab = Lab::new();
    let host = named("ldap.example");
    lab.manifest.capabilities.tcp.push(TcpCapability { host, ports: vec![389], reason: String::new() });
    let port = listener.local_addr().unwrap().port();
    lab.asset.network.connect_to.push(format!("ldap.example:389:127.0.0.1:{port}").parse().unwrap());
    (listener, lab)
}

async fn accept(listener: &TcpListener) -> TcpStream {
    listener.accept().await.unwrap().0
}

#[tokio::test]
async fn a_stream_carries_bytes_both_ways_and_ends() {
    let (listener, lab) = listen().await;
    let mut stream = lab.call().connect("LDAP.example", 389).await.unwrap();
    let mut server = accept(&listener).await;
    stream.write(b"ping").await.unwrap();
    let mut ping = [0; 4];
    server.read_exact(&mut ping).await.unwrap();
    assert_eq!(&ping, b"ping");
    server.write_all(b"pong").await.unwrap();
    drop(server);
    assert_eq!(stream.read(3).await.unwrap(), b"pon");
    assert_eq!(stream.read(3).await.unwrap(), b"g");
    assert_eq!(stream.read(3).await.unwrap(), b"");
}

#[tokio::test]
async fn what_is_not_declared_or_not_granted_is_not_reached() {
    let (_listener, mut lab) = listen().await;
    for (host, port) in [("ldap.example", 636), ("other.example", 389), ("ldap.example:389", 389), ("", 389)]
    {
        let error = lab.call().connect(host, port).await.err().unwrap();
        assert!(matches!(error, TcpError::Denied(_)), "{host}:{port}: {error:?}");
    }
    lab.asset.network.allow.clear();
    let error = lab.call().connect("ldap.example", 389).await.err().unwrap();
    assert!(
        matches!(&error, TcpError::Denied(text) if text.contains("--allow-network 127.0.0.0/8")),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_stream_becomes_tls_for_the_name_it_was_opened_for() {
    let (listener, mut lab) = listen().await;
    for (name, proven) in [("ldap.example", true), ("other.example", false)] {
        let (acceptor, ca) = acceptor(&[name]);
        lab.asset.network.ca = Some(ca);
        let mut stream = lab.call().connect("ldap.example", 389).await.unwrap();
        let server = accept(&listener).await;
        let server = tokio::spawn(async move {
            let mut server = acceptor.accept(server).await?;
            server.write_all(b"hello").await?;
            server.flush().await
        });
        match stream.start_tls().await {
            Ok(()) => {
                assert!(proven);
                assert_eq!(stream.read(100).await.unwrap(), b"hello");
                server.await.unwrap().unwrap();
            }
            Err(error) => {
                assert!(!proven && matches!(error, TcpError::Tls(_)), "{error:?}");
                assert!(matches!(stream.write(b"x").await, Err(TcpError::Unreachable(_))), "it is closed");
            }
        }
    }
}

#[tokio::test]
async fn a_secret_that_was_not_revealed_neither_goes_out_nor_comes_back() {
    let (listener, mut lab) = listen().await;
    let call = lab.call();
    let mut stream = call.connect("ldap.example", 389).await.unwrap();
    let mut server = accept(&listener).await;
    let error = stream.write(format!("PASS {}", placeholder(&call)).as_bytes()).await.unwrap_err();
    assert!(matches!(&error, TcpError::Denied(text) if text.contains("`key`")), "{error:?}");
    server.write_all(SECRET.as_bytes()).await.unwrap();
    drop(server);
    let mut read = Vec::new();
    loop {
        let bytes = stream.read(100).await.unwrap();
        if bytes.is_empty() {
            break;
        }
        read.extend(bytes);
    }
    assert_eq!(read, b"[secret:key]");

    lab.manifest.capabilities.reveal.push(Reveal { field: "key".to_owned(), reason: String::new() });
    let mut stream = lab.call().connect("ldap.example", 389).await.unwrap();
    accept(&listener).await.write_all(SECRET.as_bytes()).await.unwrap();
    assert_eq!(stream.read(100).await.unwrap(), SECRET.as_bytes(), "what was revealed may come back");
}

#[tokio::test]
async fn a_call_has_a_bounded_number_of_streams() {
    let (_listener, lab) = listen().await;
    let call = lab.gate().call(Effect::Investigate, &[]);
    let mut streams = Vec::new();
    for _ in 0..TCP_STREAMS {
        streams.push(call.connect("ldap.example", 389).await.unwrap());
    }
    assert!(matches!(call.connect("ldap.example", 389).await, Err(TcpError::Denied(_))));
    streams.pop();
    assert!(call.connect("ldap.example", 389).await.is_ok());
}

#[tokio::test]
async fn a_call_reads_a_bounded_number_of_bytes() {
    let (listener, lab) = listen().await;
    let mut stream = lab.call().connect("ldap.example", 389).await.unwrap();
    let mut server = accept(&listener).await;
    tokio::spawn(async move { while server.write_all(&[b'x'; TCP_READ_BYTES]).await.is_ok() {} });
    let mut total = 0;
    let error = loop {
        match stream.read(u32::MAX).await {
            Ok(bytes) => {
                assert!(bytes.len() <= TCP_READ_BYTES);
                total += bytes.len();
            }
            Err(error) => break error,
        }
    };
    assert!(total <= TCP_TOTAL_BYTES && total > TCP_TOTAL_BYTES - TCP_READ_BYTES);
    assert!(matches!(error, TcpError::Denied(_)), "{error:?}");
}
