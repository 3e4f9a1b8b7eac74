//! Whom a password and a token are shown to.

use palisade_sources::{
    Artifact, Client, Fetched, Login, Logins, OciReference, Options, SourceError, limits::TOKEN_BYTES,
};

use crate::server::{Answer, Kept, Server, answer, fetch, missing, ok, plain};

/// `anna:s3cret`
const BASIC: &str = "authorization: basic yw5uytpzm2nyzxq=";
const BEARER: &str = "authorization: bearer t0ken";

fn login(server: &Server) -> Options {
    let mut logins = Logins::default();
    let anna = Login { user: "anna".to_owned(), password: "s3cret".to_owned() };
    logins.insert(format!("127.0.0.1:{}", server.port), anna);
    Options { logins, ..plain() }
}

/// The requests that carried this.
fn with<'a>(asked: &'a [String], header: &str) -> Vec<&'a str> {
    let carrying = asked.iter().filter(|head| head.to_lowercase().contains(header));
    carrying.map(|head| head.lines().next().unwrap()).collect()
}

/// A registry that lets in whoever shows this, and asks everybody else so.
async fn guarded(kept: &Kept, shows: &'static str, asks: String) -> Server {
    let kept = kept.clone();
    Server::http(move |head| match head.to_lowercase().contains(shows) {
        true => kept.reply(head),
        false => answer("401 Unauthorized", &[&format!("www-authenticate: {asks}")], b""),
    })
    .await
}

async fn token_server() -> Server {
    Server::http(|head| match head.starts_with("GET /token?") {
        true => ok(br#"{"access_token":"t0ken","expires_in":60}"#),
        false => missing(),
    })
    .await
}

async fn fetched(kept: &Kept, server: &Server, options: Options) -> Result<Fetched, SourceError> {
    fetch(&kept.reference(server), options).await
}

#[tokio::test]
async fn a_password_is_sent_when_it_is_asked_for_and_not_before() {
    let kept = Kept::new();
    let server = guarded(&kept, BASIC, "Basic realm=\"x\"".to_owned()).await;
    let error = fetched(&kept, &server, plain()).await.unwrap_err();
    assert!(matches!(error, SourceError::Unauthorized { .. }), "{error:?}");
    assert_eq!(fetched(&kept, &server, login(&server)).await.unwrap().component, kept.component);
    assert!(!server.asked()[1].to_lowercase().contains("authorization"), "{:?}", server.asked()[1]);
    assert_eq!(with(&server.asked(), BASIC).len(), 3);

    let mut wrong = login(&server);
    let anna = Login { user: "anna".to_owned(), password: "other".to_owned() };
    wrong.logins.insert(format!("127.0.0.1:{}", server.port), anna);
    let error = fetched(&kept, &server, wrong).await.unwrap_err();
    assert!(error.to_string().contains("does not let anna have"), "{error}");
    assert!(!format!("{error:?}").contains("other"), "{error:?}");
}

#[tokio::test]
async fn a_token_is_had_for_a_password_or_for_nothing() {
    let kept = Kept::new();
    let tokens = token_server().await;
    let asks = format!(
        "Bearer realm=\"http://127.0.0.1:{}/token\",service=\"the registry\",scope=\"repository:other:push\"",
        tokens.port
    );
    let server = guarded(&kept, BEARER, asks).await;
    for options in [plain(), login(&server)] {
        assert_eq!(fetched(&kept, &server, options).await.unwrap().component, kept.component);
    }
    let asked = tokens.asked();
    // What the token is for is said by whoever asks for it, not by the registry.
    let scope = "GET /token?service=the%20registry&scope=repository%3Aacme%2Fplugin%3Apull HTTP/1.1";
    assert!(asked.iter().all(|head| head.starts_with(scope)), "{asked:?}");
    assert_eq!(with(&asked, BASIC).len(), 1, "{asked:?}");
    assert_eq!(with(&server.asked(), BASIC), [""; 0]);
}

#[tokio::test]
async fn a_registry_cannot_have_the_password_sent_elsewhere() {
    let kept = Kept::new();
    let elsewhere = token_server().await;
    let asks = format!("Bearer realm=\"http://localhost:{}/token\"", elsewhere.port);
    let server = guarded(&kept, BEARER, asks).await;
    let error = fetched(&kept, &server, login(&server)).await.unwrap_err();
    assert!(matches!(&error, SourceError::TokenServer { server, .. } if server == "localhost"), "{error:?}");
    assert_eq!(elsewhere.asked(), [""; 0]);
    // Unless the operator says that it is the registry's.
    let options = Options { token_server: Some("localhost".to_owned()), ..login(&server) };
    assert_eq!(fetched(&kept, &server, options).await.unwrap().component, kept.component);

    let plain_elsewhere = guarded(&kept, BEARER, "Bearer realm=\"http://192.0.2.7/token\"".to_owned()).await;
    let error = fetched(&kept, &plain_elsewhere, login(&plain_elsewhere)).await.unwrap_err();
    assert!(matches!(error, SourceError::Plain(_)), "{error:?}");
}

#[tokio::test]
async fn a_redirect_takes_no_credentials_along() {
    let kept = Kept::new();
    let storage = {
        let kept = kept.clone();
        Server::http(move |_| ok(&kept.component)).await
    };
    // The same machine, and another server.
    let location = format!("location: http://127.0.0.1:{}/blob?signed", storage.port);
    let server = {
        let kept = kept.clone();
        Server::http(move |head| match kept.reply(head) {
            _ if !head.to_lowercase().contains(BASIC) => {
                answer("401 Unauthorized", &["www-authenticate: Basic"], b"")
            }
            Answer::Bytes(bytes) if bytes.ends_with(&kept.component) => {
                answer("307 Temporary Redirect", &[&location], b"")
            }
            reply => reply,
        })
        .await
    };
    assert_eq!(fetched(&kept, &server, login(&server)).await.unwrap().component, kept.component);
    assert_eq!(with(&storage.asked(), "authorization"), [""; 0]);
    assert_eq!(storage.asked().len(), 1);
}

#[tokio::test]
async fn the_question_of_another_server_is_not_answered() {
    let kept = Kept::new();
    let storage = Server::http(|_| answer("401 Unauthorized", &["www-authenticate: Basic"], b"")).await;
    let location = format!("location: http://127.0.0.1:{}/blob", storage.port);
    let server = {
        let kept = kept.clone();
        Server::http(move |head| match head.contains("/blobs/") {
            true => answer("307 Temporary Redirect", &[&location], b""),
            false => kept.reply(head),
        })
        .await
    };
    let error = fetched(&kept, &server, login(&server)).await.unwrap_err();
    assert!(matches!(error, SourceError::Status { status: 401, .. }), "{error:?}");
    assert_eq!(with(&storage.asked(), "authorization"), [""; 0]);
    assert_eq!(with(&server.asked(), "authorization"), [""; 0]);
}

#[tokio::test]
async fn what_cannot_be_understood_is_said() {
    let kept = Kept::new();
    for asks in
        ["Negotiate", "Bearer", "Bearer realm=\"not a url\"", "Bearer realm=\"http://127.0.0.1:1@x/\""]
    {
        let server = guarded(&kept, BEARER, asks.to_owned()).await;
        let error = fetched(&kept, &server, login(&server)).await.unwrap_err();
        assert!(matches!(error, SourceError::Challenge { .. }), "{asks}: {error:?}");
    }
}

/// A registry that sends for a token to this server.
async fn sending_to(kept: &Kept, tokens: &Server) -> Server {
    guarded(kept, BEARER, format!("Bearer realm=\"http://127.0.0.1:{}/token\"", tokens.port)).await
}

#[tokio::test]
async fn a_token_server_sends_nobody_on() {
    let kept = Kept::new();
    let elsewhere = token_server().await;
    let location = format!("location: http://127.0.0.1:{}/token?x", elsewhere.port);
    let tokens = Server::http(move |_| answer("307 Temporary Redirect", &[&location], b"")).await;
    let server = sending_to(&kept, &tokens).await;
    let error = fetched(&kept, &server, login(&server)).await.unwrap_err();
    assert!(
        matches!(&error, SourceError::Status { status: 307, what, .. } if what == "a token"),
        "{error:?}"
    );
    assert_eq!((with(&tokens.asked(), BASIC).len(), elsewhere.asked()), (1, vec![]));
}

#[tokio::test]
async fn a_token_that_is_none_is_not_shown_to_the_registry() {
    let kept = Kept::new();
    for body in [&b"<html>"[..], b"{\"token\":\"\"}", b"{\"token\":\"a\\r\\nx-admin: yes\"}"] {
        let tokens = Server::http(move |_| ok(body)).await;
        let server = sending_to(&kept, &tokens).await;
        let error = fetched(&kept, &server, login(&server)).await.unwrap_err();
        assert!(matches!(error, SourceError::Challenge { .. }), "{error:?}");
        assert_eq!(server.asked().len(), 1);
    }
    let endless = || Answer::Endless(b"HTTP/1.1 200 OK\r\n\r\n{\"token\":\"".to_vec());
    let tokens = Server::http(move |_| endless()).await;
    let server = sending_to(&kept, &tokens).await;
    let error = fetched(&kept, &server, login(&server)).await.unwrap_err();
    assert!(matches!(error, SourceError::TooLarge { most, .. } if most == TOKEN_BYTES as u64), "{error:?}");
}

#[tokio::test]
async fn an_upload_stays_at_the_registry() {
    let elsewhere = Server::http(|_| answer("201 Created", &[], b"")).await;
    let location = format!("location: http://127.0.0.1:{}/upload", elsewhere.port);
    let server = Server::http(move |head| match head {
        _ if !head.to_lowercase().contains(BASIC) => {
            answer("401 Unauthorized", &["www-authenticate: Basic"], b"")
        }
        _ if head.starts_with("POST ") => answer("202 Accepted", &[&location], b""),
        _ => missing(),
    })
    .await;
    let reference = OciReference::parse(&format!("oci://127.0.0.1:{}/acme/plugin:1", server.port)).unwrap();
    let artifact = Artifact { component: Kept::new().component.into(), ..Artifact::default() };
    let error = Client::new(login(&server)).unwrap().push(&reference, &artifact).await.unwrap_err();
    assert!(matches!(error, SourceError::Upload { .. }), "{error:?}");
    assert_eq!(elsewhere.asked(), [""; 0]);
}
