//! A registry that lies is found out, and costs neither memory nor time.

use palisade_model::limits::COMPONENT_BYTES;
use palisade_sources::{SourceError, limits::MANIFEST_BYTES, sha256};
use serde_json::json;

use crate::server::{Answer, Kept, Server, answer, fetch, ok, plain, pull};

/// Serves this plugin, but answers as `lie` says where it says something.
async fn lying(kept: &Kept, lie: impl Fn(&str) -> Option<Answer> + Send + Sync + 'static) -> Server {
    let kept = kept.clone();
    Server::http(move |head| lie(head).unwrap_or_else(|| kept.reply(head))).await
}

fn is_manifest(head: &str) -> bool {
    head.contains("/manifests/")
}

fn is_component(head: &str) -> bool {
    head.contains(&format!("/blobs/sha256:{}", sha256(&Kept::new().component)))
}

#[tokio::test]
async fn an_honest_one_is_believed() {
    let kept = Kept::new();
    let server = lying(&kept, |_| None).await;
    let reference = kept.reference(&server);
    let fetched = pull(&reference).await.unwrap();
    assert_eq!(fetched.component, kept.component);
    assert_eq!(fetched.digest, sha256(&kept.component));
    assert_eq!(fetched.signature.as_deref(), Some("untrusted comment: signed\n"));
    assert_eq!(fetched.source, reference);
}

#[tokio::test]
async fn another_digest_is_refused_wherever_it_is() {
    let kept = Kept::new();
    let other = lying(&kept, |head| is_manifest(head).then(|| ok(b"{}"))).await;
    let error = pull(&kept.reference(&other)).await.unwrap_err();
    assert!(matches!(&error, SourceError::OtherDigest { what, .. } if what == "the manifest"), "{error:?}");
    assert!(error.to_string().contains(sha256(b"{}").as_str()), "{error}");

    let mut swapped = kept.component.clone();
    swapped[5] ^= 1;
    let other = lying(&kept, move |head| is_component(head).then(|| ok(&swapped))).await;
    let error = pull(&kept.reference(&other)).await.unwrap_err();
    assert!(matches!(&error, SourceError::OtherDigest { what, .. } if what == "the component"), "{error:?}");

    let config = sha256(&kept.config);
    let other = lying(&kept, move |head| head.contains(config.as_str()).then(|| ok(b"{}"))).await;
    let error = pull(&kept.reference(&other)).await.unwrap_err();
    assert!(
        matches!(&error, SourceError::OtherDigest { what, .. } if what == "the configuration"),
        "{error:?}"
    );

    let short = lying(&kept, |head| is_component(head).then(|| ok(b"\0asm"))).await;
    let error = pull(&kept.reference(&short)).await.unwrap_err();
    assert!(matches!(error, SourceError::OtherDigest { .. }), "{error:?}");
}

#[tokio::test]
async fn what_is_larger_than_it_may_be_is_not_read() {
    let kept = Kept::new();
    // It says so.
    let announced = "HTTP/1.1 200 OK\r\ncontent-length: 104857600\r\n\r\n";
    for what in [is_manifest, is_component] {
        let server = lying(&kept, move |head| what(head).then(|| Answer::Endless(announced.into()))).await;
        let error = pull(&kept.reference(&server)).await.unwrap_err();
        assert!(matches!(error, SourceError::TooLarge { .. }), "{error:?}");
    }
    // It does not, and does not end.
    let unannounced = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
    for (what, most) in
        [(is_manifest as fn(&str) -> bool, MANIFEST_BYTES), (is_component, kept.component.len())]
    {
        let server = lying(&kept, move |head| what(head).then(|| Answer::Endless(unannounced.into()))).await;
        let error = pull(&kept.reference(&server)).await.unwrap_err();
        assert!(
            matches!(error, SourceError::TooLarge { most: said, .. } if said == most as u64),
            "{error:?}"
        );
    }
    // A header that does not end.
    let server = lying(&kept, |_| Some(Answer::Endless(b"HTTP/1.1 200 OK\r\nx: ".to_vec()))).await;
    let error = pull(&kept.reference(&server)).await.unwrap_err();
    assert!(matches!(error, SourceError::Unreachable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_size_that_cannot_be_is_refused_before_anything_is_fetched() {
    let mut kept = Kept::new();
    kept.manifest["layers"][0]["size"] = json!(COMPONENT_BYTES + 1);
    let server = lying(&kept, |_| None).await;
    let error = pull(&kept.reference(&server)).await.unwrap_err();
    assert!(matches!(error, SourceError::NotAPlugin { .. }), "{error:?}");
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn paths_in_a_manifest_lead_nowhere() {
    let mut kept = Kept::new();
    kept.manifest["layers"][0]["digest"] = json!("sha256:../../../../../other/repository/blobs/sha256:00");
    let server = lying(&kept, |_| None).await;
    let error = pull(&kept.reference(&server)).await.unwrap_err();
    assert!(error.to_string().contains("not a SHA-256 digest"), "{error}");
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn what_is_no_plugin_is_told_apart() {
    let index = json!({ "schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [] });
    let mut image = Kept::new();
    image.manifest["config"]["mediaType"] = json!("application/vnd.oci.image.config.v1+json");
    let mut config = Kept::new();
    config.config = json!({ "created": "", "architecture": "wasm", "os": "wasip2", "layerDigests": [] })
        .to_string()
        .into();
    config.manifest["config"]["digest"] = json!(format!("sha256:{}", sha256(&config.config)));
    config.manifest["config"]["size"] = json!(config.config.len());
    for (kept, words) in [
        (Kept { manifest: index, ..Kept::new() }, "an index of several manifests"),
        (image, "it is no WebAssembly"),
        (config, "speaks of another component"),
        (Kept { manifest: json!([[[]]]), ..Kept::new() }, "no JSON object"),
    ] {
        let server = lying(&kept, |_| None).await;
        let error = pull(&kept.reference(&server)).await.unwrap_err();
        assert!(matches!(error, SourceError::NotAPlugin { .. }), "{error:?}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test]
async fn a_tag_is_refused_with_what_it_stands_for() {
    let kept = Kept::new();
    let server = lying(&kept, |_| None).await;
    for tag in [":1.2", ""] {
        let error = pull(&format!("oci://127.0.0.1:{}/acme/plugin{tag}", server.port)).await.unwrap_err();
        let SourceError::NotPinned { pinned, .. } = &error else { panic!("{error:?}") };
        assert_eq!(pull(&pinned.to_string()).await.unwrap().component, kept.component);
        assert!(error.next().unwrap().contains(&format!("plugin{tag}@sha256:")), "{error:?}");
    }
    assert!(server.asked()[1].starts_with("GET /v2/acme/plugin/manifests/sha256:"), "{:?}", server.asked());
}

#[tokio::test]
async fn what_is_missing_is_said_in_the_registrys_words() {
    let words = br#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#;
    let kept = Kept::new();
    let server = lying(&kept, |head| is_manifest(head).then(|| answer("404 Not Found", &[], words))).await;
    let error = pull(&kept.reference(&server)).await.unwrap_err();
    assert!(error.to_string().contains("MANIFEST_UNKNOWN manifest unknown"), "{error}");
}

#[tokio::test]
async fn redirects_end() {
    let kept = Kept::new();
    let server = lying(&kept, |head| {
        is_component(head).then(|| answer("307 Temporary Redirect", &["location: ?again"], b""))
    })
    .await;
    // `?again` is at the same path, so it is redirected for ever.
    let error = pull(&kept.reference(&server)).await.unwrap_err();
    assert!(matches!(error, SourceError::Redirect { .. }), "{error:?}");
}

#[tokio::test]
async fn nothing_is_spoken_in_plain_over_a_network() {
    let kept = Kept::new();
    let elsewhere = format!("oci://registry.acme.example/acme/plugin@sha256:{}", sha256(&kept.bytes()));
    let error = fetch(&elsewhere, plain()).await.unwrap_err();
    assert!(matches!(error, SourceError::Plain(_)), "{error:?}");
    let server = lying(&kept, |head| {
        is_component(head).then(|| answer("302 Found", &["location: http://192.0.2.7/blob"], b""))
    })
    .await;
    let error = pull(&kept.reference(&server)).await.unwrap_err();
    assert!(error.to_string().contains("plain HTTP over a network"), "{error}");
}

#[tokio::test]
async fn a_size_that_is_not_that_of_what_comes_is_refused() {
    for (pointer, what) in [("/config/size", "configuration"), ("/layers/0/size", "component")] {
        let mut kept = Kept::new();
        let size = kept.manifest.pointer_mut(pointer).unwrap();
        *size = json!(size.as_u64().unwrap() + 1);
        let server = lying(&kept, |_| None).await;
        let error = pull(&kept.reference(&server)).await.unwrap_err();
        assert!(matches!(error, SourceError::NotAPlugin { .. }), "{error:?}");
        assert!(error.to_string().contains(&format!("says that its {what} has")), "{error}");
        // One byte less than there is, and no more is read.
        *kept.manifest.pointer_mut(pointer).unwrap() = json!(1);
        let server = lying(&kept, |_| None).await;
        let error = pull(&kept.reference(&server)).await.unwrap_err();
        assert!(matches!(error, SourceError::TooLarge { most: 1, .. }), "{error:?}");
    }
}

#[tokio::test]
async fn annotations_count_as_the_manifest_that_they_are_in() {
    let mut kept = Kept::new();
    kept.manifest["annotations"] = json!({ "org.opencontainers.image.title": "x".repeat(MANIFEST_BYTES) });
    let server = lying(&kept, |_| None).await;
    let error = pull(&kept.reference(&server)).await.unwrap_err();
    assert!(matches!(error, SourceError::TooLarge { .. }), "{error:?}");
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn what_is_cut_off_is_no_component() {
    let kept = Kept::new();
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 16\r\n\r\n\0asm";
    let server = lying(&kept, move |head| is_component(head).then(|| Answer::Bytes(cut.to_vec()))).await;
    let error = pull(&kept.reference(&server)).await.unwrap_err();
    assert!(error.to_string().contains("ended before all was there"), "{error}");
}

#[tokio::test]
async fn an_excuse_that_does_not_end_is_not_read() {
    let kept = Kept::new();
    let excuse = b"HTTP/1.1 500 Internal Server Error\r\n\r\n{\"errors\":[{\"message\":\"";
    let server = lying(&kept, move |head| is_component(head).then(|| Answer::Endless(excuse.to_vec()))).await;
    let error = pull(&kept.reference(&server)).await.unwrap_err();
    assert!(
        matches!(&error, SourceError::Status { status: 500, detail, .. } if detail.is_empty()),
        "{error:?}"
    );
}
