//! The connector with an asset of a running slapd.

use std::sync::Arc;

use palisade_sdk::testing::ConnectorTest;
use palisade_servers::{BASE, NAME, PASSWORD, Slapd, USER};
use serde_json::{Value, json};
use tokio_rustls::rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

use crate::stream::Socket;

/// An asset of this server, a few fields of it changed.
pub(crate) fn test(slapd: &Slapd, changes: &Value) -> ConnectorTest<ldap::Configuration> {
    let mut configuration = json!({
        "server": NAME, "directory": "openldap", "base_dn": BASE, "username": USER, "password": PASSWORD,
    });
    for (field, value) in changes.as_object().unwrap() {
        configuration[field] = value.clone();
    }
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(slapd.ca_pem().as_bytes()).unwrap()).unwrap();
    let tls = Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth());
    let (ldap, ldaps) = (slapd.ldap_port(), slapd.ldaps_port());
    ConnectorTest::new(ldap::connector).configuration(configuration).tcp_by(move |host, port| {
        let port = match port {
            389 => ldap,
            636 => ldaps,
            other => panic!("nothing is at port {other}"),
        };
        Ok(Box::new(Socket::open(host, port, Arc::clone(&tls))))
    })
}
