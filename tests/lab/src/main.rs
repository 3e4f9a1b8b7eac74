//! Plays vendor systems until it is told to stop.

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use palisade_lab::{Lab, LabOptions, story};
use palisade_servers::{Resolver, Slapd, has_dnsmasq, has_slapd};
use tokio::signal::unix::{SignalKind, signal};

/// Plays the vendors' systems on 127.0.0.1; an LDAP directory and a DNS resolver are real ones, where slapd and dnsmasq
/// are installed.
///
/// Writes into a directory what a shell script needs to use it, then serves until it is told to stop: `ca.pem`,
/// `connect-to` (one rule a line), a file for each secret (`ldap.password` only where there is a directory), and
/// `lab.json` with everything, written last.
#[derive(Parser)]
#[command(name = "palisade-lab", version)]
struct Arguments {
    /// Directory for these files; made if it is not there.
    #[arg(long)]
    dir: PathBuf,
    /// Milliseconds that every answer takes.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// Port of the simulated systems; any free one if zero.
    #[arg(long, default_value_t = 0)]
    https_port: u16,
    /// Port of the control interface; any free one if zero.
    #[arg(long, default_value_t = 0)]
    control_port: u16,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("palisade-lab: {error}");
            let mut source = error.source();
            while let Some(cause) = source {
                eprintln!("  because: {cause}");
                source = cause.source();
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let lab = Lab::start(LabOptions {
        https_port: arguments.https_port,
        control_port: arguments.control_port,
        latency: Duration::from_millis(arguments.latency_ms),
    })
    .await?;
    let slapd = has_slapd().then(|| Slapd::start(0));
    let resolver = has_dnsmasq().then(|| Resolver::start(story::DNS_RECORDS));
    let mut routes = lab.connect_to();
    routes.extend(slapd.iter().flat_map(Slapd::connect_to));
    routes.extend(resolver.iter().flat_map(Resolver::connect_to));

    std::fs::create_dir_all(&arguments.dir)?;
    let ca = std::path::absolute(arguments.dir.join("ca.pem"))?;
    let directory = slapd.as_ref().map(Slapd::ca_pem).unwrap_or_default();
    std::fs::write(&ca, [lab.ca_pem(), directory].concat())?;
    std::fs::write(arguments.dir.join("connect-to"), routes.join("\n") + "\n")?;
    if slapd.is_some() {
        std::fs::write(arguments.dir.join("ldap.password"), palisade_servers::PASSWORD)?;
    }
    for (name, secret) in [
        ("shodan.key", story::SHODAN_KEY),
        ("virustotal.key", story::VIRUSTOTAL_KEY),
        ("urlscan.key", story::URLSCAN_KEY),
        ("abuseipdb.key", story::ABUSEIPDB_KEY),
        ("maxmind.key", story::MAXMIND_KEY),
        ("splunk.token", story::SPLUNK_TOKEN),
        ("smtp.password", story::MAIL_PASSWORD),
        ("inventory.key", story::INVENTORY_KEY),
        ("servicenow.password", story::SERVICENOW_PASSWORD),
        ("windows.password", story::WINDOWS_PASSWORD),
        ("mobileiron.password", story::MOBILEIRON_PASSWORD),
        ("intune.secret", story::ENTRA_CLIENT_SECRET),
        ("panos.key", story::PANOS_KEY),
    ] {
        std::fs::write(arguments.dir.join(name), secret)?;
    }
    let description = serde_json::to_string_pretty(&lab.description(&ca.to_string_lossy()))?;
    // Last, so that a program which waits for this file finds everything ready.
    std::fs::write(arguments.dir.join("lab.json"), description + "\n")?;

    println!("control  http://{}", lab.control());
    println!("trust    {}", ca.display());
    println!("plays    (in the format of curl's --connect-to)");
    for route in routes {
        println!("  {route}");
    }
    // The real servers end with it, however it is told to.
    let mut told_to_stop = signal(SignalKind::terminate())?;
    tokio::select! {
        stopped = tokio::signal::ctrl_c() => stopped?,
        _ = told_to_stop.recv() => {}
    }
    Ok(())
}
