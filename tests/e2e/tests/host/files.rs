//! Files that the operator gives to assets.

use std::{fs, path::Path};

use palisade_e2e::Host;

/// A database of MaxMind's, made to test readers.
fn database(name: &str) -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap();
    fs::read(root.join("plugins/geoip/tests/databases/good").join(name)).unwrap()
}

#[test]
fn an_asset_answers_from_the_file_that_lies_there_now() {
    let host = Host::start();
    host.install(&["geoip"]);
    let screen = host.text(&["plugin", "inspect", "geoip"]);
    assert!(screen.contains("FILE  the one in `database`"), "{screen}");
    let add = |name: &str| {
        let setting = format!("database={name}");
        host.palisade(&["asset", "add", "geoip", "--connector", "geoip", "--set", &setting])
    };
    for name in ["../key", "/etc/passwd", ".."] {
        let refused = add(name);
        let words = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && words.contains("is not a name of a file"), "{words}");
    }
    assert!(add("City.mmdb").status.success());

    let test = || {
        let output = host.palisade(&["asset", "test", "geoip"]);
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    let absent = test();
    assert!(absent.contains("`City.mmdb` in the host's directory for files cannot be read"), "{absent}");
    // As `geoipupdate` puts a new one in place.
    let files = host.data().join("files");
    for (file, kind) in [("GeoIP2-City-Test.mmdb", "GeoIP2-City"), ("GeoLite2-ASN-Test.mmdb", "GeoLite2-ASN")]
    {
        fs::write(files.join("new"), database(file)).unwrap();
        fs::rename(files.join("new"), files.join("City.mmdb")).unwrap();
        let tested = test();
        assert!(tested.contains(&format!("The file is a database {kind}, made ")), "{tested}");
    }
}
