//! One request and its response.

use std::time::Duration;

use palisade_egress::{HttpError, limits::HEADER_BYTES};
use palisade_model::{action::Effect, limits::HTTP_RESPONSE_BYTES, plugin::Read};

use crate::lab::{Answer, Lab, Server, get, ok, request, with_header};

#[tokio::test]
async fn a_request_arrives_as_written_with_the_hosts_own_fields() {
    let server = Server::http(|_| ok("pong")).await;
    let call = Lab::configured(&server, &[]).call();
    let mut ping = with_header(request("POST", &server.url("/a/../b?q=%20&r")), "X-One", "1");
    ping = with_header(ping, "Accept-Encoding", "gzip");
    ping.body = b"ping".to_vec();

    let response = call.send(ping).await.unwrap();

    assert_eq!((response.status, response.body.as_slice()), (200, b"pong".as_slice()));
    assert_eq!(response.headers, [("content-length".to_owned(), "4".to_owned())]);
    let version = env!("CARGO_PKG_VERSION");
    let port = server.port;
    assert_eq!(
        server.request(),
        format!(
            "POST /a/../b?q=%20&r HTTP/1.1\r\nx-one: 1\r\naccept-encoding: identity\r\nuser-agent: palisade/{version}\r\n\
             host: 127.0.0.1:{port}\r\ncontent-length: 4\r\n\r\nping"
        )
    );
    assert!(call.upstream() > Duration::ZERO);
}

#[tokio::test]
async fn calls_of_one_gate_share_a_connection() {
    let server = Server::http(|_| ok("")).await;
    let gate = Lab::configured(&server, &[]).gate();
    for _ in 0..3 {
        let call = gate.call(Effect::Investigate, &[]);
        call.send(get(&server.url("/"))).await.unwrap();
    }
    assert_eq!((server.requests().len(), server.connections()), (3, 1));
}

#[tokio::test]
async fn an_unsafe_request_is_never_sent_twice() {
    let server = Server::http(|_| Answer::Close).await;
    let call = Lab::configured(&server, &[]).call();

    let post = call.send(request("POST", &server.url("/block"))).await.unwrap_err();
    assert!(matches!(post, HttpError::Unreachable(_)), "{post:?}");
    assert_eq!(server.requests().len(), 1);

    let get = call.send(get(&server.url("/"))).await.unwrap_err();
    assert!(matches!(get, HttpError::Unreachable(_)), "{get:?}");
    assert_eq!(server.requests().len(), 3, "a safe one is sent once more, and no more than that");
}

#[tokio::test]
async fn a_connection_that_the_server_closed_meanwhile_is_not_noticed_by_a_safe_request() {
    let server =
        Server::http(|_| Answer::Last(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec())).await;
    let call = Lab::configured(&server, &[]).call();
    for _ in 0..5 {
        assert_eq!(call.send(get(&server.url("/"))).await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_in_time_is_given_up() {
    let server = Server::http(|request| {
        if request.starts_with("GET /half") {
            Answer::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab".to_vec())
        } else {
            Answer::Silence
        }
    })
    .await;
    let call = Lab::configured(&server, &[]).call();
    for path in ["/", "/half"] {
        let mut request = get(&server.url(path));
        request.timeout = Some(Duration::from_millis(50));
        let error = call.send(request).await.unwrap_err();
        assert!(matches!(&error, HttpError::Timeout(text) if text.contains("within 50 ms")), "{error:?}");
    }
}

#[tokio::test]
async fn a_response_has_bounds() {
    let server = Server::http(|request| {
        if request.starts_with("GET /announced") {
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", HTTP_RESPONSE_BYTES + 1);
            Answer::Bytes(head.into_bytes())
        } else if request.starts_with("GET /endless") {
            let mut answer = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
            answer.resize(answer.len() + HTTP_RESPONSE_BYTES + 1, b'x');
            Answer::Last(answer)
        } else if request.starts_with("GET /headers") {
            Answer::Bytes(
                format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(4 * HEADER_BYTES)).into_bytes(),
            )
        } else {
            Answer::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n".to_vec())
        }
    })
    .await;
    let call = Lab::configured(&server, &[]).call();
    for path in ["/announced", "/endless", "/headers"] {
        let error = call.send(get(&server.url(path))).await.unwrap_err();
        assert!(matches!(error, HttpError::TooLarge(_)), "{path}: {error:?}");
    }
}

#[tokio::test]
async fn a_response_that_ends_early_is_not_a_response() {
    let server =
        Server::http(|_| Answer::Last(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab".to_vec())).await;
    let error = Lab::configured(&server, &[]).call().send(get(&server.url("/"))).await.unwrap_err();
    assert!(matches!(error, HttpError::Unreachable(_)), "{error:?}");
    assert_eq!(server.requests().len(), 1, "once an answer began, nothing is sent again");
}

#[tokio::test]
async fn an_action_that_only_reads_sends_nothing_else() {
    let server = Server::http(|_| ok("")).await;
    let gate = Lab::configured(&server, &[]).gate();
    let reads = [Read { method: "POST".to_owned(), path: "/wsman".to_owned() }];
    for effect in [Effect::Investigate, Effect::Test] {
        let call = gate.call(effect, &reads);
        call.send(get(&server.url("/"))).await.unwrap();
        call.send(request("POST", &server.url("/wsman?x=1"))).await.unwrap();
        let before = server.requests().len();
        for refused in [
            request("POST", &server.url("/wsman/")),
            request("POST", &server.url("/wsman/../block")),
            request("POST", &server.url("//wsman")),
            request("DELETE", &server.url("/wsman")),
            with_header(get(&server.url("/")), "X-HTTP-Method-Override", "DELETE"),
        ] {
            let error = call.send(refused).await.unwrap_err();
            assert!(matches!(error, HttpError::Denied(_)), "{error:?}");
        }
        assert_eq!(server.requests().len(), before);
    }
}

#[tokio::test]
async fn what_could_smuggle_a_request_is_refused() {
    let server = Server::http(|_| ok("")).await;
    let call = Lab::configured(&server, &[]).call();
    let url = server.url("/");
    for (name, value) in [
        ("Host", "evil.example"),
        ("content-length", "0"),
        ("Transfer-Encoding", "chunked"),
        ("connection", "x-one"),
        ("upgrade", "h2c"),
        ("te", "trailers"),
        ("proxy-authorization", "x"),
        ("expect", "100-continue"),
        ("x y", "1"),
        ("x:", "1"),
        ("x\r\ny", "1"),
        ("", "1"),
        ("x", "1\r\ny: 2"),
        ("x", "1\n"),
        ("x", "1\0"),
    ] {
        let error = call.send(with_header(get(&url), name, value)).await.unwrap_err();
        assert!(matches!(error, HttpError::Invalid(_)), "{name:?}: {value:?}: {error:?}");
    }
    for method in ["get", "G ET", "GET\r\n", "", "CONNECT", "TRACE"] {
        let error = call.send(request(method, &url)).await.unwrap_err();
        assert!(matches!(error, HttpError::Invalid(_)), "{method:?}: {error:?}");
    }
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_name_that_leads_inside_is_denied_without_a_grant() {
    let server = Server::http(|_| ok("")).await;
    let mut lab = Lab::configured(&server, &[]);
    lab.asset.network.allow.clear();
    for host in ["localhost", "127.0.0.1"] {
        let url = format!("http://{host}:{}/", server.port);
        lab.asset.configuration.insert("url".to_owned(), url.clone().into());
        let error = lab.call().send(get(&url)).await.unwrap_err();
        assert!(matches!(&error, HttpError::Denied(text) if text.contains("--allow-network ")), "{error:?}");
    }
    assert_eq!(server.connections(), 0);
}
