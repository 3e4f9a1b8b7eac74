//! What a connector may send, and where its secret may stand.

use palisade_model::{action::Failure, asset::Network};
use serde_json::{Value, json};

use crate::{
    bound::{Bound, SECRET, hostile, none},
    server::Server,
};

/// The host's reason to deny a request.
async fn denial(connector: &Bound, action: &str, request: Value) -> String {
    match connector.failure(action, request).await {
        Failure::Denied { message } => message,
        other => panic!("it is not denied: {other:?}"),
    }
}

fn get(url: &str) -> Value {
    json!({ "method": "GET", "url": url })
}

#[tokio::test]
async fn only_what_was_declared_is_sent() {
    let server = Server::start().await;
    let connector = hostile(json!({ "url": server.url })).await;
    let echo = format!("{}/echo", server.url);

    let undeclared = denial(&connector, "request", get("https://third.example/")).await;
    assert!(
        undeclared.contains("https://third.example is not among the connector's capabilities"),
        "{undeclared}"
    );
    let method = denial(&connector, "request", json!({ "method": "DELETE", "url": echo })).await;
    assert!(method.contains("for this server it declared only GET, POST"), "{method}");
    let post = denial(&connector, "read", json!({ "method": "POST", "url": echo })).await;
    assert!(post.contains("an action that only reads may not send POST /echo"), "{post}");
    let disguised =
        json!({ "method": "GET", "url": echo, "headers": { "X-HTTP-Method-Override": "DELETE" } });
    let disguised = denial(&connector, "read", disguised).await;
    assert!(disguised.contains("x-http-method-override"), "{disguised}");
    let elsewhere =
        denial(&connector, "request", get(&format!("{}/to?http://127.0.0.2:1/", server.url))).await;
    assert!(elsewhere.contains("redirects elsewhere"), "{elsewhere}");

    let sent: Vec<_> = server.requests();
    assert_eq!(sent.len(), 1, "only the request that was redirected may have left: {sent:#?}");
    assert!(connector.report("read", get(&echo)).await.data["text"].as_str().unwrap().starts_with("200\n"));
}

#[tokio::test]
async fn addresses_off_the_public_internet_need_a_grant() {
    for (url, ungranted) in [
        ("http://127.0.0.1:9", "127.0.0.1"),
        ("http://10.0.0.1", "10.0.0.1"),
        ("http://[::ffff:192.168.0.1]", "192.168.0.1"),
        ("http://169.254.169.254", "169.254.169.254"),
    ] {
        let network = Network::default();
        let connector =
            Bound::new("hostile-connector", json!({ "url": url }), &[("token", SECRET)], network).await;
        let message = denial(&connector, "request", get(&format!("{url}/"))).await;
        assert!(message.contains(ungranted), "{message}");
    }
    // A grant for this machine is none for the cloud's metadata.
    let connector = hostile(json!({ "url": "http://169.254.169.254" })).await;
    denial(&connector, "request", get("http://169.254.169.254/latest/meta-data/")).await;
}

#[tokio::test]
async fn a_secret_stands_only_where_it_was_declared() {
    let server = Server::start().await;
    let connector = hostile(json!({ "url": server.url })).await;
    let echo = format!("{}/echo", server.url);
    for misplaced in [
        get(&format!("{}/$SECRET", server.url)),
        get(&format!("{echo}?q=$SECRET")),
        get("https://$SECRET.example/"),
        json!({ "method": "GET", "url": echo, "headers": { "x-other": "$SECRET" } }),
        json!({ "method": "GET", "url": echo, "headers": { "$SECRET": "x" } }),
        json!({ "method": "GET", "url": echo, "user": "$SECRET", "password": "x" }),
        json!({ "method": "GET", "url": echo, "bearer": "$SECRET" }),
        json!({ "method": "POST", "url": echo, "body": "it is $SECRET" }),
        json!({ "method": "GET", "url": "https://other.example/", "headers": { "x-token": "$SECRET" } }),
    ] {
        let message = denial(&connector, "request", misplaced.clone()).await;
        assert!(!message.contains("palisade.") && !message.contains(SECRET), "{misplaced}: {message}");
    }
    assert_eq!(server.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn a_connector_sees_its_secret_nowhere() {
    let server = Server::start().await;
    let connector = hostile(json!({ "url": server.url })).await;

    let invoked = connector.invoke("tell the placeholder", none()).await;
    let [line] = invoked.log.as_slice() else { panic!("{} lines", invoked.log.len()) };
    assert_eq!(line.message, "it is [secret:token]");
    let report = connector.report("tell the placeholder", none()).await;
    assert_eq!(report.data["text"], "[secret:token]");

    // The server gets the secret and sends it back, in a header field and in the body.
    let echoed = json!({ "method": "POST", "url": format!("{}/echo", server.url), "headers": { "x-token": "$SECRET" } });
    let report = connector.report("request", echoed).await;
    let text = report.data["text"].as_str().unwrap();
    assert!(server.requests()[0].contains(&format!("x-token: {SECRET}")), "{:?}", server.requests());
    assert_eq!(text.matches("x-token: [secret:token]").count(), 2, "{text}");
    assert!(!text.contains(SECRET), "{text}");
}

#[tokio::test]
async fn a_redirect_takes_no_secret_along() {
    let (first, second) = (Server::start().await, Server::start().await);
    let connector = hostile(json!({ "url": first.url })).await;
    let request = json!({
        "method": "GET",
        "url": format!("{}/to?{}/echo", first.url, second.url),
        "headers": { "x-token": "$SECRET" },
    });
    denial(&connector, "request", request).await;
    assert_eq!(second.requests(), Vec::<String>::new());
}
