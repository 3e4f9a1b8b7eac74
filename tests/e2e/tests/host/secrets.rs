//! A secret is in the host's memory and in requests to its own system, and nowhere else.

use std::{fs, path::Path};

use palisade_e2e::Site;
use palisade_lab::{Fault, FaultKind, System, story};

const SECRETS: [&str; 3] = [story::SHODAN_KEY, story::SERVICENOW_PASSWORD, story::WINDOWS_PASSWORD];

/// Every file below a directory, with its bytes.
fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
    found
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_is_never_written_down_nor_told() {
    let site = Site::start().await;
    // Shodan quotes the key in an error, Windows refuses a password, and the rest goes well.
    let body = Some(format!("{{\"error\": \"the key {} is not good\"}}", story::SHODAN_KEY));
    let quoting = FaultKind::Status { code: 400, body, retry_after: None };
    let fault = Fault { system: System::Shodan, path_prefix: None, times: None, kind: quoting };
    site.lab.faults().arm(fault).unwrap();
    site.host.splunk(&Site::webhook("secrets"));
    let run = site.host.concluded(1).to_string();
    assert!(run.contains("the key [secret:api_key] is not good"), "{run}");
    for asset in ["shodan", "servicenow", "windows", "whois"] {
        site.host.palisade(&["asset", "test", asset]);
    }

    let told = ["/alerts/1", "/runs/1", "/runs/1/journal", "/assets", "/plugins", "/status", "/audit"]
        .map(|path| (path.to_owned(), site.host.get(path).to_string().into_bytes()));
    // The lab was asked with the real ones, so there was something to leak.
    let asked = format!("{:?}", site.lab.ledger().entries().unwrap());
    assert!(asked.contains(story::SHODAN_KEY), "{asked}");
    let directory = site.host.kill();
    let written = files(directory.path());
    assert!(
        written.iter().any(|(name, bytes)| name.contains("store") && contains(bytes, story::SOURCE_HOST))
    );
    assert!(written.iter().any(|(name, _)| name.ends_with("host.log")));
    for (name, bytes) in told.iter().chain(&written) {
        for secret in SECRETS {
            assert!(!contains(bytes, secret), "{secret} is in {name}");
        }
    }
}
