//! Where a plugin comes from and who signed it, below what it may do.

use std::fmt::Write as _;

use palisade_model::signer::SignedBy;
use palisade_package::{Package, Signature};

use crate::{
    printable::line,
    style::{BOLD, DIM, GOOD, WARN},
};

/// What a package says of itself, and a line on its signature.
pub(crate) fn screen(package: &Package, signature: &str) -> String {
    let contents = package.sbom.as_ref().map(|sbom| {
        let parts = if sbom.components == 1 { "part" } else { "parts" };
        format!("{} {parts} {DIM}({}){DIM:#}", sbom.components, line(&sbom.format))
    });
    let text = |text: &Option<String>| text.as_deref().map(line);
    let lines = [
        ("Authors", text(&package.authors)),
        ("Licence", text(&package.licence)),
        ("Source", text(&package.source)),
        ("Revision", text(&package.revision)),
        ("Homepage", text(&package.homepage)),
        ("Contents", contents),
        ("Signature", Some(signature.to_owned())),
    ];
    let mut screen = format!("\n{BOLD}Package{BOLD:#}\n");
    for (what, value) in lines {
        if let Some(value) = value {
            let _ = writeln!(screen, "  {what:<9}  {value}");
        }
    }
    screen
}

/// What a host thinks of a signature.
pub(crate) fn judged(signed_by: &SignedBy) -> String {
    match signed_by {
        SignedBy::Trusted(signer) => {
            format!("{GOOD}by {}{GOOD:#}, which is trusted for it {DIM}({}){DIM:#}", signer.name, signer.key)
        }
        SignedBy::Unknown { key } => format!("{WARN}by key {key}, which is not trusted{WARN:#}"),
        SignedBy::Nobody => format!("{WARN}none{WARN:#}"),
    }
}

/// What a signature says, where nobody knows which keys are trusted.
pub(crate) fn unjudged(signature: Option<&Signature>) -> String {
    match signature {
        Some(signature) => {
            let (key, comment) = (signature.key(), line(signature.comment()));
            format!("by key {key}, it says {DIM}({comment}){DIM:#}; `palisade plugin verify` checks it")
        }
        None => "none".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use palisade_package::Sbom;

    use super::*;

    #[test]
    fn what_a_package_says_is_shown_and_not_obeyed() {
        let package = Package {
            licence: Some("Apache-2.0".into()),
            authors: Some("Ad\u{202e}a".into()),
            sbom: Some(Sbom { format: "CycloneDX 1.5".into(), components: 1 }),
            ..Package::default()
        };
        let text = screen(&package, &judged(&SignedBy::Nobody));
        assert_eq!(
            anstream::adapter::strip_str(&text).to_string(),
            "\nPackage\n  Authors    Ad\\u{202e}a\n  Licence    Apache-2.0\n  Contents   1 part (CycloneDX 1.5)\n  \
             Signature  none\n"
        );
    }
}
