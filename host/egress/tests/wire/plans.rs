//! A call that only plans: it reads, and what would change something is noted and stays here.

use palisade_egress::{Gate, HttpError, TcpError};
use palisade_model::{
    action::Effect,
    limits::{PLANNED_BODY_BYTES, PLANNED_REQUESTS},
    plugin::{Read, SecretPlace},
};

use crate::{
    lab::{Lab, Server, get, ok, placeholder, redirect, request, with_header},
    tcp::listen,
};

const NOT_SENT: &str = "safe mode: this request is planned, and not sent";

fn denied(error: &HttpError) -> &str {
    match error {
        HttpError::Denied(why) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_would_change_something_is_noted_and_not_sent() {
    let server = Server::http(|_| ok("")).await;
    let token = SecretPlace::Header("x-token".to_owned());
    let gate = Lab::configured(&server, &[token, SecretPlace::Body]).gate();
    let reads = [Read { method: "POST".to_owned(), path: "/search".to_owned() }];
    let (call, plan) = gate.planning_call(Effect::Contain, &reads);
    let secret = placeholder(&call);
    let mut block = with_header(request("POST", &server.url("/block?ip=203.0.113.7")), "x-token", &secret);
    block = with_header(block, "content-type", "application/json");
    block.body = format!("{{\"key\":\"{secret}\"}}").into_bytes();
    assert_eq!(denied(&call.send(block).await.unwrap_err()), NOT_SENT);
    let delete = call.send(request("DELETE", &server.url("/"))).await.unwrap_err();
    assert_eq!(denied(&delete), NOT_SENT);
    assert_eq!(server.requests(), [""; 0]);
    assert!(!call.may_have_changed());

    let requests = plan.requests();
    let methods: Vec<_> = requests.iter().map(|request| request.method.as_str()).collect();
    assert_eq!(methods, ["POST", "DELETE"]);
    assert_eq!(requests[0].url, server.url("/block?ip=203.0.113.7"));
    assert_eq!(requests[0].body, "{\"key\":\"[secret:key]\"}");

    // What reads is sent, and so is what is declared to.
    call.send(get(&server.url("/"))).await.unwrap();
    call.send(request("POST", &server.url("/search"))).await.unwrap();
    assert_eq!((server.requests().len(), plan.requests().len()), (2, 2));
}

#[tokio::test]
async fn a_read_is_no_disguise() {
    let server = Server::http(|request| match request.starts_with("GET /away") {
        true => redirect(307, "/there"),
        false => ok(""),
    })
    .await;
    let gate = Lab::configured(&server, &[]).gate();
    let reads = [Read { method: "POST".to_owned(), path: "/search".to_owned() }];
    let (call, plan) = gate.planning_call(Effect::Contain, &reads);
    for field in ["X-HTTP-Method", "x-http-method-override", "X-Method-Override"] {
        let get = with_header(get(&server.url("/")), field, "DELETE");
        call.send(get).await.unwrap_err();
    }
    for path in ["/search/", "/SEARCH", "/search%2f..", "/x/../search/x"] {
        let error = call.send(request("POST", &server.url(path))).await.unwrap_err();
        assert_eq!(denied(&error), NOT_SENT, "{path}");
    }
    assert_eq!(server.requests(), [""; 0]);
    assert_eq!(plan.requests().len(), 4);
    // A redirect leads a read to another read, and nothing else anywhere.
    call.send(get(&server.url("/away"))).await.unwrap();
    let methods: Vec<_> = server.requests().iter().map(|request| request[..3].to_owned()).collect();
    assert_eq!(methods, ["GET", "GET"]);
}

#[tokio::test]
async fn a_stream_is_not_opened() {
    let (_listener, lab) = listen().await;
    let (call, plan) = lab.gate().planning_call(Effect::Correct, &[]);
    let refused = call.connect("ldap.example", 389).await.err().unwrap();
    assert!(matches!(&refused, TcpError::Denied(why) if why == NOT_SENT), "{refused:?}");
    let planned = &plan.requests()[0];
    assert_eq!((planned.method.as_str(), planned.url.as_str()), ("TCP", "ldap.example:389"));
    // What is not declared is not planned either.
    assert!(call.connect("ldap.example", 636).await.is_err());
    assert_eq!(plan.requests().len(), 1);
}

#[tokio::test]
async fn a_plan_is_bounded() {
    let server = Server::http(|_| ok("")).await;
    let (call, plan) = Lab::configured(&server, &[]).gate().planning_call(Effect::Contain, &[]);
    for _ in 0..PLANNED_REQUESTS + 5 {
        let mut post = request("POST", &server.url("/"));
        post.body = "é".repeat(PLANNED_BODY_BYTES).into_bytes();
        call.send(post).await.unwrap_err();
    }
    let requests = plan.requests();
    assert_eq!(requests.len(), PLANNED_REQUESTS);
    assert!(requests.iter().all(|request| request.body.len() <= PLANNED_BODY_BYTES + '…'.len_utf8()));
    assert!(requests[0].body.ends_with('…'));
}

/// What the engine relies on: a plan outlives its call.
#[tokio::test]
async fn a_plan_can_be_read_when_the_call_is_over() {
    let server = Server::http(|_| ok("")).await;
    let gate: std::sync::Arc<Gate> = Lab::configured(&server, &[]).gate();
    let (call, plan) = gate.planning_call(Effect::Generic, &[]);
    call.send(request("POST", &server.url("/"))).await.unwrap_err();
    drop(call);
    assert_eq!(plan.requests().len(), 1);
}
