//! What a component says of itself is believed only as far as it was checked.

use std::error::Error;

use palisade_e2e::built;
use palisade_model::plugin::Manifest;

use crate::bound::sandbox;

async fn describe(variant: &str) -> Result<Manifest, String> {
    let sandbox = sandbox();
    let compiled = sandbox.compile(&built::variant("hostile-connector", variant)).await.unwrap();
    sandbox.describe(&compiled).await.map_err(|error| {
        let mut words = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            words = format!("{words}: {cause}");
            source = cause.source();
        }
        words
    })
}

#[tokio::test]
async fn lies_are_refused_and_the_reason_is_told() {
    for (variant, expected) in [
        ("schema with reference", "`$ref` is not accepted"),
        ("schema that is no JSON", "configuration: it is not JSON"),
        ("action twice", "actions: at most 256 are accepted, and none twice"),
        ("many actions", "actions: at most 256 are accepted, and none twice"),
        ("no actions", "a connector without actions can do nothing"),
        ("verify what only reads", "it changes nothing, so there is no effect that could be verified"),
        ("no time limit", "its time limit must be from 1 to 300000 ms"),
        ("secret to anywhere", "a secret must not go anywhere: name its hosts"),
        ("all of com", "\"*.com\" is no host name"),
        ("secret without place", "secret `token`: no capability says how it is used"),
        ("secret as file", "file: `token` is no plain configuration field"),
        ("number as file", "file: the configuration field `count` is no text"),
        ("file of no field", "file: `nothing` is no plain configuration field"),
        ("file twice", "files: at most 256 are accepted, and none twice"),
        ("name with path", "\"../../etc/passwd\" is not a name"),
        ("escape in text", "description: it must be one line"),
        ("escape in place", "it must be one line"),
        ("long text", "vendor: it must be one line of 1 to 1024 bytes"),
    ] {
        let refusal = describe(variant).await.expect_err(variant);
        assert!(
            refusal.starts_with("what the plugin says of itself is not acceptable: "),
            "{variant}: {refusal}"
        );
        assert!(refusal.contains(expected), "{variant}: {refusal}");
        assert!(!refusal.contains('\u{1b}'), "{variant}: {refusal:?}");
    }
}

#[tokio::test]
async fn a_component_that_breaks_while_it_describes_itself_is_refused() {
    for (variant, expected) in [
        ("loop", "the component: it "),
        ("panic", "it said: panicked at"),
        ("too much text", "the component: "),
        // What could differ between the question whether to install it and its installation.
        ("other each time", "a plugin that describes itself can reach nothing"),
    ] {
        let refusal = describe(variant).await.expect_err(variant);
        assert!(refusal.starts_with("the plugin broke while describing itself: "), "{variant}: {refusal}");
        assert!(refusal.contains(expected), "{variant}: {refusal}");
    }
    assert!(describe("honest").await.is_ok());
}

#[tokio::test]
async fn a_component_reaches_nothing_while_it_describes_itself() {
    let Ok(Manifest::Connector(manifest)) = describe("call out").await else { panic!("it is refused") };
    assert_eq!(manifest.vendor, "denied: a plugin that describes itself can reach nothing");
    let Ok(Manifest::Connector(manifest)) = describe("keep and read").await else { panic!("it is refused") };
    let nothing = "a plugin that describes itself can reach nothing";
    assert_eq!(manifest.vendor, format!("Err({nothing:?}), None, Err(Error::Denied({nothing:?}))"));
}
