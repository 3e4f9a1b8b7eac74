//! A running lab.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::server::{accept, serve_control, serve_systems};
use crate::smtp::{self, Port};
use crate::tls::{Identity, TlsError};
use crate::world::World;
use crate::{Faults, Ledger, Mail, System, rdap, story, whois};

/// How to start a lab.
#[derive(Clone, Copy, Debug, Default)]
pub struct LabOptions {
    /// Port of the simulated systems on 127.0.0.1; zero for a free one.
    pub https_port: u16,
    /// Port of the control interface on 127.0.0.1; zero for a free one.
    pub control_port: u16,
    /// Time that every system takes for every answer.
    pub latency: Duration,
}

/// Why a lab did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No certificates.
    #[error("the lab has no certificates")]
    Tls(#[from] TlsError),
    /// A port is taken or may not be used.
    #[error("the lab cannot listen on 127.0.0.1:{port}")]
    Listen {
        /// The port that was asked for; zero for any.
        port: u16,
        /// What the operating system says.
        source: io::Error,
    },
}

/// A running lab; dropped, it stops and breaks all its connections.
pub struct Lab {
    ca_pem: String,
    https: SocketAddr,
    control: SocketAddr,
    whois: Vec<(&'static str, SocketAddr)>,
    /// With STARTTLS, and with TLS from the beginning.
    smtp: [SocketAddr; 2],
    world: Arc<World>,
    /// The listeners; dropping them ends them.
    _listeners: JoinSet<()>,
}

impl Lab {
    /// Starts all systems; when this returns, they answer. Needs a tokio runtime with time and I/O.
    ///
    /// # Errors
    /// [`StartError`] when a port cannot be had or there is no certificate.
    pub async fn start(options: LabOptions) -> Result<Lab, StartError> {
        let identity = Identity::new()?;
        let world = Arc::new(World::default());
        for system in System::ALL {
            world.set_latency(system, options.latency);
        }
        let mut listeners = JoinSet::new();

        let (listener, https) = listen(options.https_port).await?;
        let (acceptor, systems) = (identity.acceptor.clone(), Arc::clone(&world));
        listeners.spawn(accept(listener, move |stream| {
            serve_systems(stream, acceptor.clone(), Arc::clone(&systems))
        }));

        let (listener, control) = listen(options.control_port).await?;
        let controlled = Arc::clone(&world);
        listeners
            .spawn(accept(listener, move |stream| serve_control(stream, Arc::clone(&controlled), control)));

        let mut whois = Vec::new();
        for server in &whois::SERVERS {
            let (listener, address) = listen(0).await?;
            let asked = Arc::clone(&world);
            listeners.spawn(accept(listener, move |stream| whois::serve(stream, server, Arc::clone(&asked))));
            whois.push((server.name, address));
        }

        let (starttls, starttls_address) = listen(0).await?;
        let (tls, tls_address) = listen(0).await?;
        for (listener, port) in [(starttls, Port::StartTls), (tls, Port::Tls)] {
            let (acceptor, asked) = (identity.acceptor.clone(), Arc::clone(&world));
            listeners.spawn(accept(listener, move |stream| {
                smtp::serve(stream, port, acceptor.clone(), Arc::clone(&asked))
            }));
        }
        let smtp = [starttls_address, tls_address];
        Ok(Lab { ca_pem: identity.ca_pem, https, control, whois, smtp, world, _listeners: listeners })
    }

    /// The certificate of the authority that a client must trust.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// Where all HTTPS systems answer; the host name tells them apart.
    pub fn https(&self) -> SocketAddr {
        self.https
    }

    /// Where the control interface answers, over plain HTTP.
    pub fn control(&self) -> SocketAddr {
        self.control
    }

    /// Where each WHOIS server answers.
    pub fn whois(&self) -> &[(&'static str, SocketAddr)] {
        &self.whois
    }

    /// Leads every real name to the lab, in the format of curl's `--connect-to`.
    pub fn connect_to(&self) -> Vec<String> {
        let https = self.https;
        let named = [
            story::SERVICENOW_HOST,
            story::MOBILEIRON_HOST,
            story::PANOS_HOST,
            story::INVENTORY_HOST,
            story::ACTUATOR_HOST,
        ];
        let on_443 = story::CLOUD_HOSTS
            .iter()
            .chain(&named)
            .chain(&rdap::HOSTS)
            .map(|host| format!("{host}:443:{https}"));
        let on_5986 = story::WINDOWS_HOSTS.iter().map(|host| format!("{host}:5986:{https}"));
        let on_43 = self.whois.iter().map(|(server, address)| format!("{server}:43:{address}"));
        let on_8089 = [format!("{}:8089:{https}", story::SPLUNK_HOST)];
        let for_mail = [587, 465].into_iter().zip(self.smtp);
        let for_mail = for_mail.map(|(port, address)| format!("{}:{port}:{address}", story::MAIL_HOST));
        on_443.chain(on_5986).chain(on_43).chain(on_8089).chain(for_mail).collect()
    }

    /// Where the mail server takes messages: with STARTTLS, and with TLS from the beginning.
    pub fn smtp(&self) -> [SocketAddr; 2] {
        self.smtp
    }

    /// What was asked so far.
    pub fn ledger(&self) -> &Ledger {
        &self.world.ledger
    }

    /// What goes wrong from now on.
    pub fn faults(&self) -> &Faults {
        &self.world.faults
    }

    /// Sets the time that a system takes for every answer, at most one hour.
    pub fn set_latency(&self, system: System, latency: Duration) {
        self.world.set_latency(system, latency);
    }

    /// URLs that urlscan.io was given to open, oldest first.
    pub fn scanned(&self) -> Vec<String> {
        self.world.urlscan.scanned()
    }

    /// Lets the scans of urlscan.io be finished at once, those to come too; otherwise one is when its result was asked for.
    pub fn finish_scans(&self) {
        self.world.urlscan.finish();
    }

    /// ServiceNow's incidents, oldest first, each with its journal entries as `journal`.
    pub fn tickets(&self) -> Vec<Value> {
        self.world.servicenow.tickets()
    }

    /// The comments of addresses reported to AbuseIPDB, oldest first.
    pub fn reported(&self) -> Vec<String> {
        self.world.abuseipdb.comments()
    }

    /// Messages that the mail server took, oldest first.
    pub fn mails(&self) -> Vec<Mail> {
        self.world.smtp.mails()
    }

    /// Changes of notable events at Splunk, oldest first.
    pub fn reviews(&self) -> Vec<Value> {
        self.world.splunk.reviews()
    }

    /// Events that were sent to Splunk, oldest first.
    pub fn events(&self) -> Vec<Value> {
        self.world.splunk.events()
    }

    /// Lets Splunk forget all its search jobs, as it does after a while.
    pub fn forget_jobs(&self) {
        self.world.splunk.forget_jobs();
    }

    /// What was changed at the system of nobody's, in order: a kind and the tag of each, as in `pages p1`.
    pub fn effects(&self) -> Vec<String> {
        self.world.actuator.effects()
    }

    /// Lets the jobs of the system of nobody's come to their end, those to come too.
    pub fn finish_jobs(&self) {
        self.world.actuator.finish_jobs();
    }

    /// Lets every mobile device that is not offline do what waits for it, at MobileIron and at Intune.
    pub fn check_in_devices(&self) {
        self.world.mobileiron.check_in();
        self.world.intune.check_in();
    }

    /// Registers another device at MobileIron, of this user.
    pub fn enroll_device(&self, uuid: &str, user: &str) {
        self.world.mobileiron.enroll(uuid, user);
    }

    /// The status of the device with this UUID at MobileIron, such as `WIPE_PENDING`.
    pub fn device_status(&self, uuid: &str) -> Option<&'static str> {
        self.world.mobileiron.status(uuid)
    }

    /// Whether the device with this UUID at MobileIron is locked.
    pub fn is_device_locked(&self, uuid: &str) -> bool {
        self.world.mobileiron.is_locked(uuid)
    }

    /// The addresses and URLs that the firewall denies in its running configuration, in order.
    pub fn denied(&self) -> Vec<String> {
        self.world.panos.denied()
    }

    /// Sets the time that a commit of the firewall takes, a second unless told otherwise; also for those under way.
    pub fn set_commit_time(&self, time: Duration) {
        self.world.panos.set_commit_time(time);
    }

    /// Lets every access token of ServiceNow expire now; refresh tokens stay good.
    pub fn expire_tokens(&self) {
        self.world.servicenow.expire_tokens();
    }

    /// Where everything is and how to get in, for programs outside; `ca` is where the authority's certificate was
    /// written.
    pub fn description(&self, ca: &str) -> Value {
        let whois: serde_json::Map<_, _> = self
            .whois
            .iter()
            .map(|(server, address)| ((*server).to_owned(), json!(address.to_string())))
            .collect();
        json!({
            "ca": ca,
            "https": self.https.to_string(),
            "control": format!("http://{}", self.control),
            "whois": whois,
            "connect_to": self.connect_to(),
            "shodan": { "key": story::SHODAN_KEY },
            "virustotal": { "key": story::VIRUSTOTAL_KEY, "public_key": story::VIRUSTOTAL_PUBLIC_KEY },
            "urlscan": { "key": story::URLSCAN_KEY },
            "abuseipdb": { "key": story::ABUSEIPDB_KEY },
            "maxmind": { "account": story::MAXMIND_ACCOUNT, "key": story::MAXMIND_KEY },
            "splunk": {
                "url": format!("https://{}:8089", story::SPLUNK_HOST),
                "token": story::SPLUNK_TOKEN,
                "notable_event": story::NOTABLE_EVENT,
            },
            "smtp": { "server": story::MAIL_HOST, "user": story::MAIL_USER, "password": story::MAIL_PASSWORD },
            "inventory": {
                "url": format!("https://{}/api/v1", story::INVENTORY_HOST),
                "key": story::INVENTORY_KEY,
            },
            "servicenow": {
                "url": format!("https://{}", story::SERVICENOW_HOST),
                "user": story::SERVICENOW_USER,
                "password": story::SERVICENOW_PASSWORD,
                "client_id": story::SERVICENOW_CLIENT_ID,
                "client_secret": story::SERVICENOW_CLIENT_SECRET,
            },
            "mobileiron": {
                "url": format!("https://{}", story::MOBILEIRON_HOST),
                "user": story::MOBILEIRON_USER,
                "password": story::MOBILEIRON_PASSWORD,
            },
            "intune": {
                "tenant": story::ENTRA_TENANT,
                "client_id": story::ENTRA_CLIENT_ID,
                "client_secret": story::ENTRA_CLIENT_SECRET,
            },
            "panos": {
                "url": format!("https://{}", story::PANOS_HOST),
                "administrator": story::PANOS_ADMINISTRATOR,
                "key": story::PANOS_KEY,
            },
            "windows": {
                "hosts": story::WINDOWS_HOSTS,
                "port": 5986,
                "user": story::WINDOWS_USER,
                "password": story::WINDOWS_PASSWORD,
            },
        })
    }
}

async fn listen(port: u16) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { port, source };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}
